"""One answer's score: the minimum over its layers, with all that the totals need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from support_pipeline.model.prompt import escalated_to
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.coverage import coverage_layer
from support_pipeline.model.scoring.form import form_layer
from support_pipeline.model.scoring.grounding import grounding_layer, policy_passages, stated, terms_layer
from support_pipeline.model.scoring.handover import cannot_know_layer, escalation_layer
from support_pipeline.model.scoring.layers import Hallucination, Layer, Points
from support_pipeline.model.scoring.ledger import entity_layer
from support_pipeline.model.scoring.likeness import likeness_layer
from support_pipeline.model.scoring.polarity import polarity_layer
from support_pipeline.model.scoring.promises import PolicyFinding, policy_finding, policy_layer
from support_pipeline.policies import PolicyBook

MUST_ESCALATE = "escalation"


@dataclass(frozen=True, slots=True)
class Score:
    """3 fully right, 2 partly, 1 wrong; the layers carry the evidence.

    `policy_expected` says that a policy is at stake (the human answer states one, or this answer
    contradicts one), `policy_right` that all of them are stated as in force. `escalation_right` is the
    whole decision, the team included. `critical_topics` are the critical facts that a right answer
    states, and "escalation" where a person must decide.
    """

    score: Points
    layers: tuple[Layer, ...]
    hallucinated: tuple[Hallucination, ...]
    policy: PolicyFinding
    escalation_expected: bool
    escalation_made: bool
    escalation_right: bool
    stopped: bool
    well_formed: bool
    critical_topics: tuple[str, ...] = field(default=())

    @property
    def policy_expected(self) -> bool:
        """Whether a policy is at stake in this ticket."""
        return bool(self.policy.expected or self.policy.contradicted)

    @property
    def policy_right(self) -> bool:
        """Whether all that is at stake is stated, and nothing is contradicted."""
        return self.policy_expected and not self.policy.missing and not self.policy.contradicted

    def evidence(self) -> list[str]:
        """Why it is not a 3, the worst layer first."""
        worst = sorted((layer for layer in self.layers if layer.score < 3), key=lambda layer: layer.score)
        return [f"{layer.name}: {line}" for layer in worst for line in layer.evidence]


def score_answer(
    case: Case,
    answer: str,
    *,
    book: PolicyBook,
    today: date,
    teams: Sequence[str],
    stopped: bool,
    brand: str = "",
) -> Score:
    """The score of one answer to a held-out ticket, by the policies in force `today`.

    `teams` and `brand` are names that the system message gives; `stopped` is False for an answer that
    was cut off. A broken answer is not read any further, except for what the totals count.
    """
    form = form_layer(answer, stopped, case.human_answer, case.customer_text)
    policy = policy_finding(book, today, case, answer)
    entities, hallucinated = entity_layer(case, answer, book.sentences(today), (*teams, brand))
    escalation = escalation_layer(case, answer, teams)
    made = escalated_to(answer) is not None
    layers = [form, entities, policy_layer(policy, lenient=made or case.kind == "cannot_know"), escalation]
    policies = policy_passages(book, today, patterns=True)
    layers.append(
        polarity_layer(answer, *book.sentences(today), case.human_answer, policies=list(policies.values()))
    )
    told = (stated(case.customer_text), case.human_answer, brand)
    layers.append(terms_layer(answer, *told, *policy_passages(book, today, patterns=False).values()))
    if case.kind == "cannot_know" and not case.must_escalate:
        layers += [cannot_know_layer(case, answer), grounding_layer(answer, told, list(policies.values()))]
    elif not case.must_escalate and not made:
        layers.append(
            likeness_layer(
                answer,
                case.human_answer,
                case.customer_text,
                settled=policy.settled,
                strayed=bool(policy.beside),
            )
        )
        layers.append(grounding_layer(answer, told, list(policies.values())))
        valueless = [fact.topic for fact in book.in_force(today) if fact.value is None]
        layers.append(coverage_layer(answer, case.human_answer, policies, valueless))
    return Score(
        score=min(layer.score for layer in layers),
        layers=tuple(layers),
        hallucinated=hallucinated,
        policy=policy,
        escalation_expected=case.must_escalate,
        escalation_made=made,
        escalation_right=escalation.score == 3,
        stopped=stopped,
        well_formed=form.score == 3,
        critical_topics=(*policy.critical, *((MUST_ESCALATE,) if case.must_escalate else ())),
    )
