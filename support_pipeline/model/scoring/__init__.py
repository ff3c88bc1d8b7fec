"""Scores of answers to held-out tickets, in layers: the minimum wins, and each carries its evidence."""

from support_pipeline.model.scoring.cases import Case, cases
from support_pipeline.model.scoring.layers import Hallucination, Layer
from support_pipeline.model.scoring.ledger import hallucinations
from support_pipeline.model.scoring.promises import policy_finding
from support_pipeline.model.scoring.score import Score, score_answer
from support_pipeline.model.scoring.summary import contender, summarise
from support_pipeline.model.scoring.texts import score_texts

__all__ = [
    "Case",
    "Hallucination",
    "Layer",
    "Score",
    "cases",
    "contender",
    "hallucinations",
    "policy_finding",
    "score_answer",
    "score_texts",
    "summarise",
]
