"""What one layer of the score says: its points and why."""

from dataclasses import dataclass
from typing import Literal

Points = Literal[1, 2, 3]
LayerName = Literal[
    "format",
    "entities",
    "policy",
    "polarity",
    "escalation",
    "cannot_know",
    "likeness",
    "grounding",
    "terms",
    "coverage",
    "judge",
]


@dataclass(frozen=True, slots=True)
class Layer:
    """Points of one layer (3 right, 2 partly, 1 wrong) with the evidence for anything below 3."""

    name: LayerName
    score: Points
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hallucination:
    """One thing in an answer that no source supports."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.text}'"


def layer(name: LayerName, score: Points, *evidence: str) -> Layer:
    """A layer; evidence that repeats is said once."""
    return Layer(name, score, tuple(dict.fromkeys(evidence)))


def right(name: LayerName) -> Layer:
    """A layer with nothing to object to."""
    return Layer(name, 3)
