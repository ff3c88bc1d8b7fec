"""The certificate of a deployment: a score, thresholds, what they were proven on, and what they are bound to.

Whatever it is bound to (model, adapter, template, policies, guards, engine) may not change, and neither
may the traffic; the certificate is void when it does. Without a valid one nothing is sent by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from upath import UPath

from support_pipeline.artifacts import Store, digest, write_atomically
from support_pipeline.errors import ArtifactError
from support_pipeline.serving.confidence.features import FEATURES_VERSION, NAMES
from support_pipeline.serving.confidence.logistic import Logistic, fit
from support_pipeline.serving.confidence.novelty import Novelty
from support_pipeline.serving.confidence.thresholds import certified, tickets_needed
from support_pipeline.serving.guardrails import GUARDRAILS_VERSION

Source = Literal["validation", "approval"]

ASSUMPTION = (
    "This holds as long as new tickets are like those it was proven on (exchangeable). It is watched, not "
    "guaranteed: a shift of the scores, or audits that turn out wrong, end the certificate."
)
WRONG = (
    "A validation answer is wrong when it scores 1 of 3; a reviewed draft, when the agent rejected it or changed a "
    "fact in it (number, date, price, link, promise) or more than a fifth of its words."
)
MEDIUM_ALPHA = 0.20
_FIT_SHARE = 3  # one row of three fits the score, the others prove the thresholds


class Binding(BaseModel):
    """What a certificate is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    adapter: str
    template: str
    policies: str
    engine: str
    guardrails: str = GUARDRAILS_VERSION
    features: str = FEATURES_VERSION

    def differs(self, other: "Binding") -> list[str]:
        """What is not the same in both."""
        mine, theirs = self.model_dump(), other.model_dump()
        return [name for name in mine if mine[name] != theirs[name]]


@dataclass(frozen=True)
class Labelled:
    """A draft with its features and whether it turned out wrong. `sendable`: no guard stopped it."""

    id: str
    features: Mapping[str, float]
    sendable: bool
    wrong: bool
    source: Source


class Certificate(BaseModel):
    """P(wrong and sent) <= alpha with confidence 1 - delta, from `send_from` on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client: str
    version: str
    binding: Binding
    alpha: float
    delta: float
    score: Logistic
    novelty: Novelty
    send_from: float | None
    doubt_below: float
    tickets: int
    sent: int = 0
    wrong_sent: int = 0
    risk_upper: float | None = None
    wrong_upper: float | None = None
    sources: dict[str, int] = {}
    reference: tuple[float, ...] = ()
    reason: str = ""
    assumption: str = ASSUMPTION
    wrong_means: str = WRONG
    made_at: datetime

    @property
    def id(self) -> str:
        """Names the certificate in drafts and in the watch."""
        return digest(self.model_dump(mode="json", exclude={"made_at"}))[:16]

    @property
    def coverage(self) -> float:
        """The share of tickets that it lets go out."""
        return self.sent / self.tickets if self.tickets else 0.0

    def void_because(self, binding: Binding) -> str | None:
        """Why it does not hold for what is served now; None when it does."""
        if changed := self.binding.differs(binding):
            return f"the certificate was made for another {', another '.join(changed)}"
        if self.send_from is None:
            return f"nothing could be certified: {self.reason}"
        return None

    def sentence(self) -> str:
        """The promise, for people."""
        if self.send_from is None:
            return f"No certificate: {self.reason}"
        return (
            f"At most {self.alpha:.0%} of tickets are answered wrongly and sent, with {1 - self.delta:.0%} confidence: "
            f"{self.wrong_sent} of {self.sent} sent were wrong among {self.tickets} reviewed tickets "
            f"(bound {self.risk_upper:.1%}). {self.assumption}"
        )


def certify(
    rows: Sequence[Labelled],
    binding: Binding,
    novelty: Novelty,
    *,
    client: str,
    version: str,
    alpha: float,
    delta: float,
    extra_fit: Sequence[Labelled] = (),
) -> Certificate:
    """Fits the score on a third of the rows (and on `extra_fit`), and proves the thresholds on the others.

    Rows are told apart by their id, never by their outcome. `extra_fit` may come from anywhere: what the
    score was fitted on does not enter the proof.
    """
    unique = {row.id: row for row in rows}
    ordered = sorted(unique.values(), key=lambda row: digest([version, row.id]))
    to_fit = [*ordered[::_FIT_SHARE], *extra_fit]
    to_prove = [row for i, row in enumerate(ordered) if i % _FIT_SHARE]
    score = fit([row.features for row in to_fit], [not row.wrong for row in to_fit], NAMES)
    scores = [score.score(row.features) if row.sendable else None for row in to_prove]
    wrong = [row.wrong for row in to_prove]
    found = certified(scores, wrong, alpha, delta)
    doubtful = certified(scores, wrong, max(alpha, MEDIUM_ALPHA), delta)
    return Certificate(
        client=client,
        version=version,
        binding=binding,
        alpha=alpha,
        delta=delta,
        score=score,
        novelty=novelty,
        send_from=found.score if found else None,
        doubt_below=doubtful.score if doubtful else 0.0,
        tickets=len(to_prove),
        sent=found.sent if found else 0,
        wrong_sent=found.wrong if found else 0,
        risk_upper=found.risk_upper if found else None,
        wrong_upper=found.wrong_upper if found else None,
        sources={
            source: sum(row.source == source for row in unique.values())
            for source in ("validation", "approval")
        },
        reference=tuple(sorted(round(score.score(row.features), 6) for row in to_prove)),
        reason="" if found else _why_none(len(to_prove), sum(s is not None for s in scores), alpha, delta),
        made_at=datetime.now(UTC),
    )


def _why_none(tickets: int, sendable: int, alpha: float, delta: float) -> str:
    needed = tickets_needed(alpha, delta)
    if tickets < needed:
        return (
            f"{tickets} tickets to prove it on, at least {needed} are needed for {alpha:.0%} with "
            f"{1 - delta:.0%} confidence. Approve more drafts, then certify again."
        )
    if not sendable:
        return f"no draft of {tickets} passed the guards"
    return f"even the surest drafts were wrong too often in {tickets} tickets"


def certificate_file(store: Store, client: str, fingerprint: str) -> UPath:
    """Where the certificate of a model is kept: beside the deployment, so that a rollback finds its own."""
    return store.root / "deployments" / f"{client}.certificate.{fingerprint[:12]}.json"


def read_certificate(store: Store, client: str, fingerprint: str) -> Certificate | None:
    """The certificate of a client's model (by its GGUF artifact's fingerprint), None when there is none.

    Raises:
        ArtifactError: the file is there and cannot be read.
    """
    path = certificate_file(store, client, fingerprint)
    try:
        return Certificate.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: is corrupt. Delete it and certify '{client}' again.") from error


def write_certificate(store: Store, certificate: Certificate) -> None:
    """Keeps a certificate beside the deployment."""
    path = certificate_file(store, certificate.client, certificate.binding.model)
    write_atomically(path, certificate.model_dump_json(indent=1) + "\n")
