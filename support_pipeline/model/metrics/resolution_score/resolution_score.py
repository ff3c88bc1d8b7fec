"""Resolution score: support answers as 3 (right), 2 (partly), 1 (wrong).

    metric = evaluate.load("support_pipeline/model/metrics/resolution_score")
    metric.compute(predictions=[...], references=[...], tickets=[...], kinds=[...], policies=[...])

`evaluate` copies this file into its own cache, so it imports the package by its full name.
"""

from typing import Any

import datasets
import evaluate

from support_pipeline.model.scoring import score_texts, summarise
from support_pipeline.model.verdict import Share

DESCRIPTION = """\
Scores each answer 3, 2 or 1 as the minimum over layers: format, entities, policies, escalation, likeness."""

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
    scores and evidence, one an answer; fully_correct and wrong with their exact 95 % bounds.
"""


class ResolutionScore(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
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
            "scores": [score.score for score in scores],
            "evidence": [score.evidence() for score in scores],
            **_bounded("fully_correct", summary.fully_correct),
            **_bounded("wrong", summary.wrong),
        }


def _bounded(name: str, share: Share) -> dict[str, Any]:
    return {name: share.rate, f"{name}_lower": share.lower, f"{name}_upper": share.upper}
