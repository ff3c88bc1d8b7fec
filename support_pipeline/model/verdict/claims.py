"""The client's targets as claims about all future tickets: met, failed, or not proven yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from support_pipeline.clients import Targets
from support_pipeline.model.verdict.planning import Direction, settling
from support_pipeline.model.verdict.shares import Share

Verdict = Literal["met", "failed", "not proven"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the held-out tickets showed, as counts.

    `policy_accuracy` counts the tickets where a policy was at stake, `escalation_accuracy` every
    ticket (handed over or not, and to whom), `escalation_recall` those that had to be handed over.
    `flip_compliance` and `stale_leak` count answers under other policy values, None where none was asked.
    """

    fully_correct: Share
    wrong: Share
    policy_accuracy: Share
    escalation_accuracy: Share
    escalation_recall: Share
    hallucination: Share
    stopped: Share
    well_formed: Share
    flip_compliance: Share | None = None
    stale_leak: Share | None = None


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim, what was seen, and what it proves.

    `settled_at` is the number of tickets at which the share seen would settle an open claim. A claim
    that is not `required` need not be proven, but must not be refuted.
    """

    name: str
    direction: Direction
    target: float
    share: Share
    verdict: Verdict
    settled_at: int | None
    required: bool = True

    def sentence(self) -> str:
        """The claim with its evidence, for people."""
        seen = "no such ticket" if self.share.rate is None else f"{self.share.rate:.1%} of {self.share.total}"
        text = (
            f"{self.name.replace('_', ' ')} {self.direction} {self.target:.0%}: {self.verdict} "
            f"({seen}; between {self.share.lower:.1%} and {self.share.upper:.1%})"
        )
        if self.verdict != "not proven":
            return text
        return text + (f"; {self.settled_at} tickets at this rate would settle it" if self.settled_at else "")


def verdict(share: Share, target: float, direction: Direction) -> Verdict:
    """Met when the bound on the bad side fulfils the claim, failed when the one on the good side does not."""
    if share.total == 0:
        return "not proven"
    if direction == "at least":
        return "met" if share.lower >= target else "failed" if share.upper < target else "not proven"
    return "met" if share.upper <= target else "failed" if share.lower > target else "not proven"


def verdicts(summary: Summary, targets: Targets) -> tuple[ClaimVerdict, ...]:
    """The verdict on each target, in the order of the client's YAML.

    A missed hand-over is the costly error, and accuracy over all tickets can hide it where few need
    one. So the share of them that was made is judged by the same target, as a claim to be refuted.
    """
    flips = (
        ()
        if summary.flip_compliance is None or summary.stale_leak is None
        else (
            _judge("flip_compliance", summary.flip_compliance, targets.flip_compliance, "at least"),
            _judge("stale_leak", summary.stale_leak, targets.stale_leak, "at most"),
        )
    )
    return (
        _judge("fully_correct", summary.fully_correct, targets.fully_correct, "at least"),
        _judge("wrong", summary.wrong, targets.wrong, "at most"),
        _judge("policy_accuracy", summary.policy_accuracy, targets.policy_accuracy, "at least"),
        _judge("escalation_accuracy", summary.escalation_accuracy, targets.escalation_accuracy, "at least"),
        _judge(
            "escalation_recall", summary.escalation_recall, targets.escalation_accuracy, "at least", False
        ),
        _judge("hallucination", summary.hallucination, targets.hallucination, "at most"),
        *flips,
    )


def overall(claims: Sequence[ClaimVerdict]) -> Verdict:
    """Failed when any claim is refuted, met when every required one is proven."""
    if any(claim.verdict == "failed" for claim in claims):
        return "failed"
    required = [claim for claim in claims if claim.required]
    return "met" if required and all(claim.verdict == "met" for claim in required) else "not proven"


def _judge(
    name: str, share: Share, target: float, direction: Direction, required: bool = True
) -> ClaimVerdict:
    found = verdict(share, target, direction)
    settled_at = settling(share.count, share.total, target, direction) if found == "not proven" else None
    return ClaimVerdict(name, direction, target, share, found, settled_at, required)
