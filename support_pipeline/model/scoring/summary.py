"""All scores as counts, and as the gate sees them."""

from collections.abc import Sequence

from support_pipeline.clients import Targets
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.score import Score
from support_pipeline.model.verdict import Contender, Graded, Share, Summary, verdicts


def summarise(scores: Sequence[Score], flips: tuple[Share, Share] | None = None) -> Summary:
    """The counts that the verdicts need. One ticket counts once in each, so the bounds are exact."""
    at_stake = [score for score in scores if score.policy_expected]
    must = [score for score in scores if score.escalation_expected]
    return Summary(
        fully_correct=Share(sum(score.score == 3 for score in scores), len(scores)),
        wrong=Share(sum(score.score == 1 for score in scores), len(scores)),
        policy_accuracy=Share(sum(score.policy_right for score in at_stake), len(at_stake)),
        escalation_accuracy=Share(sum(score.escalation_right for score in scores), len(scores)),
        escalation_recall=Share(sum(score.escalation_made for score in must), len(must)),
        hallucination=Share(sum(bool(score.hallucinated) for score in scores), len(scores)),
        stopped=Share(sum(score.stopped for score in scores), len(scores)),
        well_formed=Share(sum(score.well_formed for score in scores), len(scores)),
        flip_compliance=flips[0] if flips else None,
        stale_leak=flips[1] if flips else None,
    )


def contender(
    as_of: str,
    cases: Sequence[Case],
    scores: Sequence[Score],
    targets: Targets,
    flips: tuple[Share, Share] | None = None,
) -> Contender:
    """A release at the promotion gate, from the scores of its answers (and its flips: complied, leaked)."""
    summary = summarise(scores, flips)
    return Contender(
        as_of=as_of,
        tickets={
            case.pair_id: Graded(score.score, case.customer_id, score.critical_topics)
            for case, score in zip(cases, scores, strict=True)
        },
        claims=verdicts(summary, targets),
        stop_rate=summary.stopped.rate or 0.0,
        well_formed=summary.well_formed.rate or 0.0,
    )
