"""What happens to a certificate in use: a shift of the scores ends it, and so do wrong audits.

The scores of recent tickets are compared with those it was proven on (population stability index). The
audits are a bet against it (an e-process, Ville's inequality): while the promise holds, the chance that
the bet ever wins 1/delta times its stake is at most delta. An ended certificate stays ended.
"""

import math
import threading
from bisect import bisect_right
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from support_pipeline.artifacts import Store, write_atomically
from support_pipeline.serving.confidence.certificate import Certificate

RECENT = 200
_ENOUGH = 100
_BINS = 8
_SHIFTED = 0.20
_SURE = 1e-4
_STAKES = (0.1, 0.2, 0.4, 0.8)
_FLUSH_EVERY = 20


class WatchState(BaseModel):
    """What is kept on disk."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: str
    scores: tuple[float, ...] = ()
    audits: int = 0
    wrong: int = 0
    wealth: tuple[float, ...] = (1.0,) * len(_STAKES)
    ended_because: str | None = None


class Watch:
    """Watches one client's certificate; safe to call from several threads of one process."""

    def __init__(self, store: Store, certificate: Certificate) -> None:
        self._path = (
            store.root / "deployments" / f"{certificate.client}.watch.{certificate.binding.model[:12]}.json"
        )
        self._certificate = certificate
        self._lock = threading.Lock()
        self._unsaved = 0
        self._state = self._load()

    @property
    def state(self) -> WatchState:
        """What was seen so far."""
        return self._state

    @property
    def ended_because(self) -> str | None:
        """Why the certificate has ended; None while it holds."""
        return self._state.ended_because

    def saw(self, score: float) -> None:
        """A ticket's score."""
        with self._lock:
            scores = (*self._state.scores, round(score, 6))[-RECENT:]
            self._state = self._state.model_copy(update={"scores": scores})
            self._unsaved += 1
            shifted = self._unsaved % _FLUSH_EVERY == 0 and self._shift()
            if shifted:
                self._end(f"the scores of recent tickets have moved ({shifted})")
            if self._unsaved % _FLUSH_EVERY == 0:
                self._save()

    def audited(self, wrong: bool) -> None:
        """The outcome of a draft that could have been sent and was reviewed instead; saved at once."""
        with self._lock:
            state = self._state
            limit = min(0.5, self._certificate.alpha / max(self._certificate.coverage, 1e-9))
            wealth = tuple(
                money * (1 + stake / limit * (float(wrong) - limit))
                for money, stake in zip(state.wealth, _STAKES, strict=True)
            )
            self._state = state.model_copy(
                update={"wealth": wealth, "audits": state.audits + 1, "wrong": state.wrong + wrong}
            )
            if sum(wealth) / len(wealth) >= 1 / self._certificate.delta:
                self._end(f"{self._state.wrong} of {self._state.audits} audited drafts were wrong")
            self._save()

    def _shift(self) -> str | None:
        recent, reference = self._state.scores, self._certificate.reference
        if len(recent) < _ENOUGH or len(reference) < _BINS:
            return None
        index = stability_index(reference, recent)
        # Under no change the index times this is chi-squared: small samples always differ a little.
        surprise = index / (1 / len(reference) + 1 / len(recent))
        if index > _SHIFTED and _chi_squared_tail(surprise, _BINS - 1) < _SURE:
            return f"stability index {index:.2f} over {len(recent)} tickets"
        return None

    def _end(self, reason: str) -> None:
        if self._state.ended_because is None:
            self._state = self._state.model_copy(update={"ended_because": reason})

    def _load(self) -> WatchState:
        fresh = WatchState(certificate=self._certificate.id)
        try:
            found = WatchState.model_validate_json(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return fresh
        except (ValidationError, UnicodeDecodeError):
            # What cannot be read may have been an end.
            return fresh.model_copy(update={"ended_because": f"{self._path} is corrupt; certify again"})
        return found if found.certificate == fresh.certificate else fresh

    def _save(self) -> None:
        write_atomically(self._path, self._state.model_dump_json() + "\n")


def stability_index(reference: Sequence[float], recent: Sequence[float]) -> float:
    """The population stability index between two samples, over bins of equal share of the reference."""
    ordered = sorted(reference)
    edges = [ordered[len(ordered) * i // _BINS] for i in range(1, _BINS)]
    return sum(
        (after - before) * math.log(after / before)
        for before, after in zip(_shares(reference, edges), _shares(recent, edges), strict=True)
    )


def _shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    counts = [0.5] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return [count / sum(counts) for count in counts]


def _chi_squared_tail(value: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, value))
