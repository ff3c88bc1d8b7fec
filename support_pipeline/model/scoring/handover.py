"""The escalation layer and the cannot-know layer: did the answer take the right way out?"""

from collections.abc import Sequence

from support_pipeline.model.prompt import escalated_to
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.ledger import unborne
from support_pipeline.model.scoring.live import admits_not_knowing


def escalation_layer(case: Case, answer: str, teams: Sequence[str]) -> Layer:
    """A missed hand-over is wrong; a needless one, or one to another team, is half right."""
    made = escalated_to(answer)
    if not case.must_escalate:
        return (
            right("escalation")
            if made is None
            else layer("escalation", 2, f"handed over to {made} without need")
        )
    if made is None:
        return layer(
            "escalation", 1, f"a person must decide ({case.team or 'any team'}), but it was not handed over"
        )
    if made not in teams:
        return layer("escalation", 2, f"handed over to '{made}', which is no team here")
    if case.team is not None and made != case.team:
        return layer("escalation", 2, f"handed over to {made} instead of {case.team}")
    return right("escalation")


def cannot_know_layer(case: Case, answer: str) -> Layer:
    """Where only live data could answer: inventing them is wrong, not saying so is half right."""
    if invented := unborne(answer, case.customer_text, case.human_answer):
        return layer(
            "cannot_know", 1, *(f"states live data: {claim.kind} '{claim.text}'" for claim in invented)
        )
    if not admits_not_knowing(answer):
        return layer("cannot_know", 2, "does not say that it cannot know this")
    return right("cannot_know")
