"""Whether a release may go live, and how far its drafts may travel on their own. Pure.

The order of the questions: is it newer than what is live, can it answer at all, is it worse than the
bare base model, is it no worse than the champion on the same tickets by more than the margins, does it
lose a critical topic. Only then do targets open `auto`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from support_pipeline.clients import Margins
from support_pipeline.model.verdict.claims import ClaimVerdict, overall
from support_pipeline.model.verdict.comparison import Comparison, compare

MARGINS = Margins()
USABLE = 0.50

RouteCeiling = Literal["approve", "auto"]


@dataclass(frozen=True, slots=True)
class Graded:
    """One ticket's score, with the critical topics that its right answer touches."""

    score: int
    customer_id: str
    critical_topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """A release as the gate sees it: its tickets by pair_id, its verdicts, and whether it answers at all.

    A champion needs only `as_of` and the scores of its answers to the candidate's tickets.
    """

    as_of: str
    tickets: Mapping[str, Graded]
    claims: Sequence[ClaimVerdict] = ()
    stop_rate: float = 1.0
    well_formed: float = 1.0


@dataclass(frozen=True, slots=True)
class Promotion:
    """The decision that a release's manifest carries; `deployed_model` refuses without it."""

    promote: bool
    route_ceiling: RouteCeiling
    reason: str
    comparison: Comparison | None = field(default=None)


def decide_promotion(
    candidate: Contender,
    champion: Contender | None = None,
    *,
    base: Contender | None = None,
    margins: Margins = MARGINS,
) -> Promotion:
    """Promote, or not, with the reason.

    `margins` are how many points of fully correct and of wrong answers the candidate might, at worst,
    lose against the champion (one-sided 95 % each). Without a champion a usable candidate goes live for
    approval. `base` is the bare base model: what is proven worse than that has unlearned something.
    """
    verdict = _verdict(candidate)
    if champion is not None and candidate.as_of < champion.as_of:
        return _refuse(f"release {candidate.as_of} is older than the live one ({champion.as_of}); {verdict}")
    if problem := _unusable(candidate):
        return _refuse(f"unusable: {problem}; {verdict}")
    if base is not None and (untrained := _beaten(base, candidate)):
        return _refuse(f"worse than the bare base model: {untrained}; {verdict}")
    ceiling: RouteCeiling = "auto" if overall(candidate.claims) == "met" else "approve"
    if champion is None:
        return Promotion(True, "approve", f"first release: every draft waits for approval; {verdict}")
    found = compare(_scores(candidate), _scores(champion), _customers(candidate))
    if found is None:
        return _refuse(
            f"no ticket is shared with the champion ({champion.as_of}), so nothing is compared; {verdict}"
        )
    described = _described(found, champion, margins)
    if found.lower < -margins.fully_correct or found.wrong_upper > margins.wrong:
        return _refuse(f"not shown to be non-inferior: {described}; {verdict}", found)
    if lost := _regressions(candidate, champion):
        return _refuse(f"regression in critical topics: {', '.join(lost)}; {verdict}", found)
    return Promotion(True, ceiling, f"non-inferior: {described}; {verdict}", found)


def _refuse(reason: str, comparison: Comparison | None = None) -> Promotion:
    return Promotion(False, "approve", reason, comparison)


def _unusable(candidate: Contender) -> str | None:
    """Written so that NaN, which compares false with everything, is refused too."""
    if not candidate.tickets:
        return "no held-out ticket was answered"
    if not candidate.stop_rate >= USABLE:
        return f"only {candidate.stop_rate:.0%} of its answers come to an end (at least {USABLE:.0%})"
    if not candidate.well_formed >= USABLE:
        return f"only {candidate.well_formed:.0%} of its answers are well-formed (at least {USABLE:.0%})"
    return None


def _verdict(candidate: Contender) -> str:
    open_claims = [f"{claim.name.replace('_', ' ')} {claim.verdict}" for claim in candidate.claims]
    unmet = [
        text for text, claim in zip(open_claims, candidate.claims, strict=True) if claim.verdict != "met"
    ]
    return f"targets {overall(candidate.claims)}" + (f" ({', '.join(unmet)})" if unmet else "")


def _beaten(base: Contender, candidate: Contender) -> str | None:
    found = compare(_scores(base), _scores(candidate), _customers(candidate))
    if found is None or found.lower <= 0:
        return None
    return f"{-found.difference:+.1%} fully correct on {found.tickets} tickets, at best {-found.lower:+.1%}"


def _described(found: Comparison, champion: Contender, margins: Margins) -> str:
    return (
        f"{found.difference:+.1%} fully correct against {champion.as_of} on {found.tickets} shared tickets "
        f"({found.wins} won, {found.losses} lost, McNemar p = {found.mcnemar_p:.2g}), "
        f"at worst {found.lower:+.1%} with a margin of {margins.fully_correct:.0%}; wrong {found.wrong_difference:+.1%}, "
        f"at worst {found.wrong_upper:+.1%} with a margin of {margins.wrong:.0%}"
    )


def _regressions(candidate: Contender, champion: Contender) -> list[str]:
    """Critical topics where the candidate is wrong (1) on more of the shared tickets than the champion."""
    ours, theirs = Counter[str](), Counter[str]()
    for pair_id, ticket in candidate.tickets.items():
        other = champion.tickets.get(pair_id)
        for topic in ticket.critical_topics if other else ():
            ours[topic] += ticket.score == 1
            theirs[topic] += other is not None and other.score == 1
    return [
        f"{topic} ({ours[topic]} wrong, before {theirs[topic]})"
        for topic in sorted(ours)
        if ours[topic] > theirs[topic]
    ]


def _scores(contender: Contender) -> dict[str, int]:
    return {pair_id: ticket.score for pair_id, ticket in contender.tickets.items()}


def _customers(contender: Contender) -> dict[str, str]:
    return {pair_id: ticket.customer_id for pair_id, ticket in contender.tickets.items()}
