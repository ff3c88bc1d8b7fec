"""Which tickets teach an answer, which teach a hand-over, and which teach nothing: one reason each."""

from support_pipeline.data.filtering.classify import Classifier, Conversation, Verdict, classify
from support_pipeline.data.filtering.reasons import ESCALATING, EXCLUDING, PAIRED, REASONS, Reason

__all__ = [
    "ESCALATING",
    "EXCLUDING",
    "PAIRED",
    "REASONS",
    "Classifier",
    "Conversation",
    "Reason",
    "Verdict",
    "classify",
]
