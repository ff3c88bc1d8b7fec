"""What an edit put right: tone, a fact, the policy, a missing step, or who has to answer.

Read from the two texts alone, the gravest first, so that the same edit always has the same kind.
"""

import difflib
import re
from collections.abc import Sequence

from support_pipeline.claims import claims
from support_pipeline.model.prompt import escalated_to
from support_pipeline.model.scoring.entities import entities
from support_pipeline.policies import PolicyBook
from support_pipeline.serving.decisions.log import EditKind

NEW_WORDS = 4
"""A sentence with this many words that the draft has nowhere is more than another wording."""

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POLITE = frozenset(
    """a an and are as at be been being but by can could do for from glad happy have hello help hi i if in is it its just kind
    kindly let me my of on or our out please so sorry thank thanks that the their them there this to us very we will with
    would you your yours apologies apologise apologize regards best dear hope understand appreciate patience again
    frustrating inconvenience welcome day lovely wonderful wish further any anything else know reach reaching contact
    contacting touch getting back more questions question feel free great happily sincerely warm really truly
    how must hear hearing sounds""".split()
)


def classify(draft: str, final: str, book: PolicyBook) -> EditKind:
    """The kind of an edit; empty when nothing but white space was changed."""
    if draft.split() == final.split():
        return ""
    if escalated_to(draft) != escalated_to(final):
        return "escalation"
    if _stated(book, draft) != _stated(book, final):
        return "policy"
    before, after = _facts(draft), _facts(final)
    if (before - after) or (after - before and not _added(draft, final)):
        return "fact"
    if _added(draft, final):
        return "missing_step"
    return "fact" if before != after else "tone"


def _stated(book: PolicyBook, text: str) -> frozenset[tuple[str, tuple[str, ...]]]:
    return frozenset(
        (claim.topic, tuple(f"{value.low}|{value.high}|{value.unit}" for value in claim.values))
        for claim in claims(book, text)
    )


def _facts(text: str) -> frozenset[frozenset[str]]:
    return frozenset(spellings for entity in entities(text) for spellings in entity.needs)


def _added(draft: str, final: str) -> bool:
    """Whether a sentence says something that the draft has no words for."""
    known = set(_words(draft))
    return any(
        len([word for word in dict.fromkeys(_words(sentence)) if word not in known]) >= NEW_WORDS
        for sentence in _SENTENCE.findall(final)
    )


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _POLITE]


def word_diff(before: str, after: str) -> list[tuple[str, str]]:
    """The two texts as runs of words: ("same" | "removed" | "added", text)."""
    old, new = _pieces(before), _pieces(after)
    runs: list[tuple[str, str]] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            runs.append(("same", "".join(old[a:b])))
            continue
        runs += [
            (name, text)
            for name, text in (("removed", "".join(old[a:b])), ("added", "".join(new[c:d])))
            if text
        ]
    return runs


def _pieces(text: str) -> Sequence[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)
