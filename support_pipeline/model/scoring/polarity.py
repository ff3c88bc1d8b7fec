"""The polarity layer: a sentence that says the opposite of what a policy or the human answer says.

"Sale items can not be returned" shares every word with the policy that they can. Values and topics are
the policy layer's; this one looks only at yes and no.
"""

from collections.abc import Iterable
from functools import lru_cache

import re2

from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.wording import fold, sentences

ALIKE = 0.75
"""Two sentences with this share of their content words in common are about the same thing."""

_NEGATION = re2.compile(
    r"(?i)\b(?:not|cannot|never|neither|nor|no longer|unable|impossible|without|no)\b|n't\b|\b(?:un(?:available|limited)|in(?:eligible|valid))\b"
)
# "No worries" denies nothing, "no later than" is a bound, and "no extra cost" says free in other words.
_EMPTY = re2.compile(
    r"(?i)\bno (?:worries|problem|matter|rush|doubt|need)\b|\bno (?:extra |additional |hidden |further )?(?:charges?|costs?|fees?)\b"
    r"|\bno(?:t|thing)? (?:more|less|later|fewer|earlier|sooner)\b|\bif not\b|\bnot only\b|\bwhy not\b|\bor not\b"
    r"|\b(?:do not|don't) (?:hesitate|worry|mind|forget)\b"
    # a condition: what holds until the parcel ships holds as long as it has not shipped
    r"|\b(?:as|so) long as\b[^.,;]{0,60}?(?:\bnot\b|n't\b)"
)


def polarity_layer(answer: str, *sources: str) -> Layer:
    """1 where a sentence of the answer denies what a source states, or states what it denies.

    `sources` are the policies in force and the human answer. A sentence that a source says with the same
    yes or no is borne out, whatever another source says.
    """
    said = [found for source in sources for found in _stated(source)]
    opposite = [
        f"says the opposite of '{other}': '{sentence}'"
        for sentence, words, denies in _stated(answer)
        if (other := _opposed(words, denies, said))
    ]
    return layer("polarity", 1, *opposite) if opposite else right("polarity")


def _opposed(
    words: frozenset[str], denies: bool, said: Iterable[tuple[str, frozenset[str], bool]]
) -> str | None:
    alike = [(_shared(words, others), sentence, other) for sentence, others, other in said]
    same = max((share for share, _, other in alike if other == denies), default=0.0)
    share, sentence = max(
        ((share, sentence) for share, sentence, other in alike if other != denies), default=(0.0, "")
    )
    return sentence if share >= ALIKE and share > same else None


@lru_cache(maxsize=4096)
def _stated(text: str) -> tuple[tuple[str, frozenset[str], bool], ...]:
    """The sentences of a text that say enough, with their content words and whether they deny."""
    found = []
    for sentence in sentences(text):
        words = content_words(sentence)
        if len(words) >= 2 and not sentence.endswith("?"):
            found.append((sentence, words, denies(sentence)))
    return tuple(found)


def denies(sentence: str) -> bool:
    """Whether a sentence holds a negation; two of them cancel out."""
    return len(_NEGATION.findall(_EMPTY.sub(" ", fold(sentence)))) % 2 == 1


def _shared(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b)
