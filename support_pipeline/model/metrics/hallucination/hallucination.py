"""Hallucination: the answers that state something which no source bears out.

    metric = evaluate.load("support_pipeline/model/metrics/hallucination")
    metric.compute(predictions=[...], references=[...], tickets=[...], kinds=[...], policies=[...])

`evaluate` copies this file into its own cache, so it imports the package by its full name.
"""

from typing import Any

import datasets
import evaluate

from support_pipeline.model.scoring import score_texts, summarise
from support_pipeline.model.verdict import Share

DESCRIPTION = """\
The share of answers with an entity or a live claim that neither ticket, policies nor human answer support."""

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
    hallucination with its exact 95 % bounds, and the hallucinated entities of each answer.
"""


class Hallucination(evaluate.Metric):  # type: ignore[misc]  # evaluate ships no types
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
            **_bounded("hallucination", summary.hallucination),
            "entities": [[str(entity) for entity in score.hallucinated] for score in scores],
        }


def _bounded(name: str, share: Share) -> dict[str, Any]:
    return {name: share.rate, f"{name}_lower": share.lower, f"{name}_upper": share.upper}
