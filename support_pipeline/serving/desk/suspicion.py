"""Tickets that try to give the model orders. Their decisions are kept, but nothing is learned from them.

This is about training alone: what a draft may do is for the guardrails. A ticket that is suspected
wrongly costs one example.
"""

import unicodedata

from support_pipeline.data.filtering.patterns import PatternSet

LOOKED_AT = 64_000
"""Characters of a ticket that are read; more than any customer writes."""

_ORDERS = PatternSet.of(
    {
        "orders to the model": (
            r"\b(ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(previous|prior|above|earlier|all|any|your|the)\b[^.\n]{0,30}"
            r"\b(instruction|prompt|rule|polic|guideline|direction|context|message)",
            r"\b(you are|act|behave|respond|answer) (now|as if|as though)\b[^.\n]{0,60}\b(no|without|unrestricted|developer|admin|system|dan)\b",
            r"\b(system|developer|initial) (prompt|message|instruction)",
            r"\b(reveal|print|show|repeat|output|tell me)\b[^.\n]{0,40}\b(your|the) (prompt|instructions|rules|system)",
            r"\bnew (instructions?|rules?|polic(y|ies))\s*:",
            r"\b(jailbreak|prompt injection|do anything now)\b",
            r"\b(reply|respond|answer|say|write)\b[^.\n]{0,20}\b(only|exactly|verbatim)\b[^.\n]{0,10}[\"'“:]",
            r"\bpretend (to be|you|that you)\b",
        ),
        "control tokens": (
            r"<\|[a-z_]{2,40}\|>",
            r"\[/?inst\]|<</?sys>>|</?s>",
            r"(?m)^\s*(###\s*)?(system|assistant)\s*:",
            r"\[escalated to:",
        ),
    }
)


def suspicions(text: str) -> list[str]:
    """Why a ticket is suspect; empty for nearly every ticket."""
    looked_at = text[:LOOKED_AT]
    shown = "".join(char for char in looked_at if not _hidden(char))
    plain = unicodedata.normalize("NFKC", shown)
    found = _ORDERS.labels(plain)
    # Joiners and directions occur in ordinary names and languages; tags and runs of hidden letters do not.
    if any(0xE0000 <= ord(char) <= 0xE007F for char in looked_at) or len(looked_at) - len(shown) > 12:
        found.append("hidden characters")
    return found


def _hidden(char: str) -> bool:
    return unicodedata.category(char) == "Cf"
