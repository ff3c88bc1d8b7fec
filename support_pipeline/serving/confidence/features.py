"""What is known of a draft besides its words: the inputs of the confidence score.

All of it comes from outside the model's own judgement: how sure each token was, what the guards found,
how new the ticket is, how long things are. The model's word for its confidence is not asked.
"""

import math
from collections.abc import Mapping, Sequence

from support_pipeline.serving.confidence.novelty import Novelty
from support_pipeline.serving.engine import Generation
from support_pipeline.serving.guardrails import Finding

FEATURES_VERSION = "1"

NAMES = (
    "mean_logprob",
    "min_logprob",
    "low_logprob",
    "margin",
    "answer_tokens",
    "ticket_words",
    "unknown_words",
    "unknown_sentence",
    "findings",
)
"""In the order of the score's weights."""

_CERTAIN = 0.0
_FLOOR = -20.0


def features(
    asked: str, generation: Generation, findings: Sequence[Finding], novelty: Novelty
) -> Mapping[str, float] | None:
    """The features of a draft, None where the engine gave no usable log-probabilities."""
    logprobs = [max(_FLOOR, value) for value in generation.logprobs]
    if not logprobs or any(not math.isfinite(value) for value in logprobs):
        return None
    unknown, worst = novelty.of(asked)
    return {
        "mean_logprob": sum(logprobs) / len(logprobs),
        "min_logprob": min(logprobs),
        "low_logprob": sorted(logprobs)[len(logprobs) // 10],
        "margin": _margin(generation),
        "answer_tokens": math.log1p(generation.generated_tokens or len(logprobs)),
        "ticket_words": math.log1p(len(asked.split())),
        "unknown_words": unknown,
        "unknown_sentence": worst,
        "findings": float(len(findings)),
    }


def _margin(generation: Generation) -> float:
    """How far the best token was ahead of the second, at the closest call (in log-probability)."""
    gaps = [
        ordered[0] - max(_FLOOR, ordered[1])
        for top in generation.top_logprobs
        if len(ordered := sorted(top, reverse=True)) > 1
    ]
    return min(gaps) if gaps else _CERTAIN
