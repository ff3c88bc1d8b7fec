"""What the last release was bad at, the next one sees more of: shares of examples, raised in bounded steps.

Too many invented facts: more examples that say "I cannot know this". Too few hand-overs: more
examples that hand over. What a release did is in its splits' manifest, and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from support_pipeline.data.splits import CANNOT_KNOW_SHARE, ESCALATE_SHARE, Shares

STEP = 0.05
MOST_ESCALATE, MOST_CANNOT_KNOW = 0.30, 0.25


@dataclass(frozen=True, slots=True)
class Remedy:
    """The largest shares that the two kinds may have in training, and why they are not the usual ones."""

    escalate: float = ESCALATE_SHARE
    cannot_know: float = CANNOT_KNOW_SHARE
    reasons: tuple[str, ...] = ()

    @property
    def shares(self) -> Shares:
        """The shares alone."""
        return Shares(self.escalate, self.cannot_know)

    def record(self) -> dict[str, Any]:
        """The remedy as a manifest holds it."""
        return {**asdict(self), "reasons": list(self.reasons)}


def remedy(
    as_of: str, claims: Sequence[Mapping[str, Any]], before: Mapping[str, Any] | None = None
) -> Remedy:
    """The remedy for a report's claims (`manifest.info["claims"]` of release `as_of`).

    A claim that was failed raises its share by one step above `before`, the remedy which that release had
    itself been made with; a claim that was met lets it fall by one; else it stays.
    """
    old = before or {}
    by_name = {claim["name"]: claim for claim in claims}
    escalate, why_escalate = _moved(
        as_of,
        by_name.get("escalation_recall"),
        float(old.get("escalate", ESCALATE_SHARE)),
        (ESCALATE_SHARE, MOST_ESCALATE),
        "hand-overs",
    )
    cannot_know, why_cannot_know = _moved(
        as_of,
        by_name.get("hallucination"),
        float(old.get("cannot_know", CANNOT_KNOW_SHARE)),
        (CANNOT_KNOW_SHARE, MOST_CANNOT_KNOW),
        "cannot-know answers",
    )
    return Remedy(escalate, cannot_know, (*why_escalate, *why_cannot_know))


def _moved(
    as_of: str, claim: Mapping[str, Any] | None, share: float, bounds: tuple[float, float], what: str
) -> tuple[float, tuple[str, ...]]:
    usual, most = bounds
    if claim is None:
        return usual, ()
    step = {"failed": STEP, "met": -STEP}.get(claim["verdict"], 0.0)
    new = round(min(max(share + step, usual), most), 4)
    if new == usual:
        return usual, ()
    seen = "no such ticket" if claim["rate"] is None else f"{claim['rate']:.1%}"
    asked = f"{claim['name'].replace('_', ' ')} {claim['direction']} {claim['target']:.0%}"
    bound = " (the most there may be)" if new == most else ""
    reason = (
        f"{what} may be up to {new:.0%} of training instead of {usual:.0%}{bound}: "
        f"'{asked}' was {claim['verdict']} in release {as_of} with {seen}"
    )
    return new, (reason,)
