"""Policy accuracy: the answers that state the policies at stake, and none otherwise than in force.

    metric = evaluate.load("support_pipeline/model/metrics/policy_accuracy")
    metric.compute(predictions=[...], references=[...], tickets=[...], kinds=[...], policies=[...])

`evaluate` copies this file into its own cache, so it imports the package by its full name.
"""

from typing import Any

import datasets
import evaluate

from support_pipeline.model.scoring import score_texts, summarise
from support_pipeline.model.verdict import Share

DESCRIPTION = """\
Of the tickets where a policy is at stake, the share of answers that state it as it is in force."""

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
    policy_accuracy with its exact 95 % bounds, tickets at stake, and the topics missing and contradicted.
"""


class PolicyAccuracy(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
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
            **_bounded("policy_accuracy", summary.policy_accuracy),
            "at_stake": summary.policy_accuracy.total,
            "missing": [list(score.policy.missing) for score in scores],
            "contradicted": [list(score.policy.contradicted) for score in scores],
        }


def _bounded(name: str, share: Share) -> dict[str, Any]:
    return {name: share.rate, f"{name}_lower": share.lower, f"{name}_upper": share.upper}
