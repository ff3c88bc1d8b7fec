"""The polarity layer: a sentence that says the opposite of what a policy or the human answer says.

"Sale items can not be returned" shares every word with the policy that they can. Values and topics are
the policy layer's; this one looks only at yes and no.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import re2

from support_pipeline.model.scoring.grounding import meant
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.live import admits_not_knowing
from support_pipeline.model.scoring.wording import fold, sentences

ALIKE = 0.75
"""Two sentences with this share of their content words in common are about the same thing."""
DENIED = 0.5
"""A denial with this share of its words in a policy denies that one."""

_NEGATION = re2.compile(
    r"(?i)\b(?:not|cannot|never|neither|nor|no longer|unable|impossible|without|dropped|scrapped|abolished|discontinued|suspended|stopped|"
    # what has come to an end is not, in whatever words
    r"ended|ceased|halted|withdrawn|terminated|eliminated|phased out|taken down|taken away|removed|vanished|disappeared|come to an end|defunct|obsolete|gone|off the table|stuck with|refuse[sd]?|forever|no|none|nothing|nobody|nowhere|forget (?:about|it))\b|n't\b|\b(?:un(?:available|limited)|in(?:eligible|valid))\b"
)
# "Cannot be returned after 45 days" is the policy in other words, and so is "only if".
_BOUNDED = re2.compile(
    r"(?i)\b(?:after|past|beyond|later|unless|until|if|once|when|outside|except|other than|more than|only|longer|under [$\d]|below|before|without|yet)\b"
)
_NO_LONGER = re2.compile(r"(?i)\bno longer\b|\bn[o']t any ?(?:more|longer)\b")
# "Even after it has shipped" denies the bound instead.
_BOUNDLESS = re2.compile(
    r"(?i)\beven (?:after|if|when|though)\b|\b(?:at )?any ?time(?: you (?:like|want|wish))?(?:[.,!]|$)|\bno matter\b|\bregardless\b|\bunlimited\b"
)
# "No shipping is charged" is what "free" says.
_NO_CHARGE = re2.compile(
    r"(?i)\b(?:no|not|never|nothing|without)\b[^.,;]{0,40}\b(?:charged?|costs?|pay|paid)\b|n't\b[^.,;]{0,40}\b(?:charge|charged|cost|pay)\b"
)
_FREE = re2.compile(r"(?i)\bfree\b")
_SIZES = (re2.compile(r"(?i)\b(?:larger?|bigger|upper)\b"), re2.compile(r"(?i)\b(?:smaller?|lower)\b"))
# "No worries" denies nothing, "no later than" is a bound, and "no extra cost" says free in other words.
_EMPTY = re2.compile(
    r"(?i)\bno (?:worries|problem|matter|rush|doubt|need)\b|\bno (?:extra |additional |hidden |further )?(?:charges?|costs?|fees?)\b"
    r"|\bno(?:t|thing)? (?:less|later|fewer|earlier|sooner)\b|\bno(?:t|thing)? more \w|\bif not\b|\bnot only\b|\bwhy not\b|\bor not\b"
    r"|\b(?:do not|don't) (?:hesitate|worry|mind|forget)\b"
    r"|\b(?:pay|pays|costs?|charge|charged|owe) (?:you )?nothing\b|\bnothing (?:extra|more|to pay)\b"
    r"|(?:\bnot|\bcannot|\w+n't)\b[^.,;]{0,40}\b(?:later|longer|more) than\b|\bnot after\b"
    # a condition: what holds until the parcel ships holds as long as it has not shipped
    r"|\b(?:as|so) long as\b[^.,;]{0,60}?(?:\bnot\b|n't\b)"
)


def polarity_layer(answer: str, *sources: str, policies: Sequence[str] = ()) -> Layer:
    """1 where a sentence of the answer denies what a source states, or states what it denies.

    `sources` are the policies in force and the human answer. A sentence that a source says with the same
    yes or no is borne out, whatever another source says. `policies` are passages that say in which words people
    speak of a policy: a short denial in these words alone denies the policy.
    """
    said = [found for source in sources for found in _stated(source)]
    opposite = [
        f"says the opposite of '{other}': '{sentence}'"
        for sentence, words, denies in _stated(answer)
        if (other := _opposed(sentence, words, denies, said))
    ]
    borne = [words for _, words, denying in said if denying]
    opposite += [
        f"denies a policy ('{policy}'): '{sentence}'"
        for sentence in sentences(answer)
        if (policy := _denied(sentence, policies, borne))
    ]
    return layer("polarity", 1, *opposite) if opposite else right("polarity")


def _denied(sentence: str, policies: Iterable[str], borne: Iterable[frozenset[str]]) -> str | None:
    """The policy whose words a denial is made of, unless a source denies the same."""
    words = meant(_NEGATION.sub(" ", sentence))
    if not words or sentence.endswith("?") or admits_not_knowing(sentence):
        return None
    boundless = bool(_BOUNDLESS.search(sentence))
    bounded = _BOUNDED.search(_NO_LONGER.sub(" ", sentence))
    if not boundless and (not denies(sentence) or bounded):
        return next((p for p in policies if _turned(sentence, p) and _held(words, p) >= DENIED), None)
    free = bool(_NO_CHARGE.search(sentence))
    found = next(
        (
            p
            for p in policies
            if not denies(p) and _held(words, p) >= DENIED and not (free and _FREE.search(p))
        ),
        None,
    )
    return None if any(len(words & others) >= DENIED * len(words) for others in borne) else found


def _held(words: frozenset[str], policy: str) -> float:
    return len(words & meant(policy)) / len(words)


def _turned(sentence: str, policy: str) -> bool:
    large, small = _SIZES
    return any(
        a.search(sentence) and not b.search(sentence) and b.search(policy) and not a.search(policy)
        for a, b in ((large, small), (small, large))
    )


def _opposed(
    spoken: str, words: frozenset[str], denies: bool, said: Iterable[tuple[str, frozenset[str], bool]]
) -> str | None:
    free = bool(_NO_CHARGE.search(spoken))
    alike = [
        (_shared(words, others), sentence, other)
        for sentence, others, other in said
        if not (free and _FREE.search(sentence))
    ]
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
