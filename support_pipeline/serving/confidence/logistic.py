"""A logistic score, small enough to be read: standardised features, a weight each, kept as JSON."""

import math
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

RIDGE = 1.0
_STEPS = 100
_ENOUGH = 1e-9
_CLIP = 5.0


class Logistic(BaseModel):
    """The probability that a draft is right, by its features."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def score(self, features: Mapping[str, float]) -> float:
        """Between 0 and 1. Features beyond five standard deviations count as five."""
        total = self.bias + sum(
            weight * max(-_CLIP, min(_CLIP, (features[name] - mean) / scale))
            for name, mean, scale, weight in zip(self.names, self.mean, self.scale, self.weights, strict=True)
        )
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def fit(rows: Sequence[Mapping[str, float]], right: Sequence[bool], names: Sequence[str]) -> Logistic:
    """By Newton's method with a ridge, so that few rows or a single outcome give a dull score, no error."""
    import numpy as np

    x = np.array([[row[name] for name in names] for row in rows], dtype=float).reshape(len(rows), len(names))
    y = np.array(right, dtype=float)
    mean = x.mean(axis=0) if len(rows) else np.zeros(len(names))
    scale = x.std(axis=0) if len(rows) else np.ones(len(names))
    scale = np.where(scale > _ENOUGH, scale, 1.0)
    z = np.clip((x - mean) / scale, -_CLIP, _CLIP)
    design = np.column_stack([np.ones(len(rows)), z])
    ridge = RIDGE * np.eye(len(names) + 1)
    ridge[0, 0] = 1e-3
    weights = np.zeros(len(names) + 1)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (p - y) + ridge @ weights
        step = np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]) + ridge, gradient)
        weights -= np.clip(step, -2, 2)
        if np.abs(step).max() < _ENOUGH:
            break
    return Logistic(
        names=tuple(names),
        mean=tuple(map(float, mean)),
        scale=tuple(map(float, scale)),
        weights=tuple(map(float, weights[1:])),
        bias=float(weights[0]),
    )
