"""Escalation accuracy: the answers that hand over where a person must decide, and only there.

    metric = evaluate.load("support_pipeline/model/metrics/escalation_accuracy")
    metric.compute(predictions=[...], references=[...], tickets=[...], kinds=[...], policies=[...])

`evaluate` copies this file into its own cache, so it imports the package by its full name.
"""

from typing import Any

import datasets
import evaluate

from support_pipeline.model.scoring import score_texts, summarise
from support_pipeline.model.verdict import Share

DESCRIPTION = """\
The share of answers that hand over, or do not, as the human did, and to the same team."""

INPUTS = """
Args:
    predictions: the model's answers.
    references: the human answers.
    tickets: the customers' texts.
    kinds: answer, escalate, cannot_know or edit; default answer.
    policies: the `policies` of a client's YAML; default none.
    today: the day whose policies count, "YYYY-MM-DD"; default today.
    teams: the teams that may take over; default those in the references.
    stopped: whether each answer came to an end; default yes.
Returns:
    escalation_accuracy and escalation_recall with their exact 95 % bounds, and whether each answer is right.
"""


class EscalationAccuracy(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
    """See the module's text."""

    def _info(self) -> evaluate.MetricInfo:
        columns = ("predictions", "references", "tickets")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({name: datasets.Value("string") for name in columns}),
        )

    def _compute(
        self, predictions: list[str], references: list[str], tickets: list[str], **settings: Any
    ) -> dict[str, Any]:
        scores = score_texts(predictions, references, tickets, **settings)
        summary = summarise(scores)
        return {
            **_bounded("escalation_accuracy", summary.escalation_accuracy),
            **_bounded("escalation_recall", summary.escalation_recall),
            "right": [score.escalation_right for score in scores],
        }


def _bounded(name: str, share: Share) -> dict[str, Any]:
    return {name: share.rate, f"{name}_lower": share.lower, f"{name}_upper": share.upper}
