"""The ticket's own people in a text: full names, first names, surnames, in any spelling of case.

A name that is also a word (Mark, Will, Rose, Brown) counts only where it is used as a name: with a
capital inside a sentence, after a greeting, or together with the person's other name.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from support_pipeline.data.redaction.spans import Span, Type, folded
from support_pipeline.data.wordlists import ORDINARY_WORDS, words

_PART = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MONTHS = words("april may june july august march")
_TITLES = words("mr mrs ms miss mx dr prof sir madam herr frau mme mlle sr sra jr snr phd")
_NOT_PEOPLE = words(
    """support team customer service care help helpdesk desk admin administrator agent bot assistant sales info contact
    guest visitor user unknown anonymous client shop store company system noreply office staff online the and von van de
    der den da di du la le el del dos das bin ibn al ten ter test account member buyer orders billing success experience
    happiness manager no name null none auto automated automatic automation reply autoreply notification notifications donotreply"""
)
_TEAM = words("support team service helpdesk care")
_GREETING = re.compile(
    r"(?:^|[\s,.!])(?:hi|hello|hey|dear|hiya|heya|thanks|thank you|thx|regards|best|cheers|sincerely|love|morning|afternoon|evening|"
    r"hallo|liebe[rs]?|bonjour|hola|ciao|olá|ola|merci|gracias|danke|name is|i am|i'm|im|this is|mr|mrs|ms|miss|dr|name|"
    r"speak(?:ing)? (?:to|with)|spoke (?:to|with)|ask(?:ed)? for)[\s,.:!;-]{1,4}\Z"
)
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|on|by|of|since|until|till|before|after|this|last|next|early|late|mid|from|to|end|st|nd|rd|th|for)|\d)[\s,-]{1,2}\Z"
)


_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe", "þ": "th"}
)
_NO_SPACES = "\u3040"
_CAPITALISED = r"[^\W\d_a-z](?:['’][^\W\d_]+|[^\W\d_A-Z]+(?:['’-][^\W\d_]+)*)"
_INTRODUCED = re.compile(
    r"(?i:\b(?:(?:my|his|her|their|the)(?: full| real)? name is|name on the (?:order|account|card|parcel) is) )"
    rf"({_CAPITALISED}(?: {_CAPITALISED}){{1,2}})"
)


class Name(NamedTuple):
    """A spelling to look for."""

    needle: str
    type: Type
    ordinary: bool = False


def names_of(customers: Iterable[str], agents: Iterable[str]) -> tuple[Name, ...]:
    """The spellings of all people of a ticket, the longest first; customers before agents."""
    found: dict[str, Name] = {}
    people: tuple[tuple[Type, Iterable[str]], ...] = (("CUSTOMER", customers), ("AGENT", agents))
    for type, names in people:
        for name in names:
            for spelling in _spellings(name, type):
                found.setdefault(spelling.needle, spelling)
    return tuple(sorted(found.values(), key=lambda name: (-len(name.needle), name.needle)))


@lru_cache(maxsize=4096)
def _spellings(name: str, type: Type) -> tuple[Name, ...]:
    return tuple(_spelled(name, type))


def _spelled(name: str, type: Type) -> Iterator[Name]:
    parts = [folded(part) for part in _PART.findall(name)]
    if not parts or not _TEAM.isdisjoint(parts):
        return
    real = [part for part in parts if part not in _TITLES and not _NOT_PEOPLE.issuperset(part.split("-"))]
    if len(real) > 1:
        first, last = real[0], real[-1]
        wholes = [folded(name).strip(), *(joint.join(real) for joint in (" ", "", ".", "_"))]
        yield from (
            Name(whole, type) for whole in (*wholes, f"{first} {last}", f"{last} {first}", f"{last}, {first}")
        )
    if other := _on_another_keyboard(name):
        yield from _spelled(other, type)
    for part in real:
        if joined := re.sub(r"['’-]", "", part) if not part.isalpha() else "":
            yield Name(joined, type, ordinary=joined in ORDINARY_WORDS)
        pieces = [piece for piece in part.split("-") if len(piece) > 2] if "-" in part else []
        for word in (part, *pieces):
            if len(word) > 1:
                yield Name(word, type, ordinary=len(word) < 3 or word in ORDINARY_WORDS)


def _on_another_keyboard(name: str) -> str:
    """The name with its letters written out (Müller as Mueller), or nothing when that changes nothing."""
    written = name.lower().translate(_WRITTEN_OUT)
    return written if written != name.lower() else ""


def people(text: str, low: str, names: tuple[Name, ...]) -> Iterator[Span]:
    """Every use of the names in a text; `low` is the text folded, offset for offset."""
    for name in names:
        needle = name.needle
        at = low.find(needle)
        while at >= 0:
            end = at + len(needle)
            if _whole_word(low, at, _past_genitive(text, low, at, end, name)) and (
                not name.ordinary or _used_as_name(text, low, at, end, name)
            ):
                yield Span(at, end, name.type, needle)
            at = low.find(needle, end)


def introduced(text: str, names: tuple[Name, ...]) -> Iterator[Span]:
    """People whom a text names in full ("my name is Ana Lima") and whom the ticket's own fields do not."""
    if "ame is" not in text and "ame on" not in text:
        return
    known = {name.needle for name in names}
    for found in _INTRODUCED.finditer(text):
        value = folded(found.group(1))
        if value not in known:
            yield Span(*found.span(1), "CUSTOMER", value)


def _past_genitive(text: str, low: str, start: int, end: int, name: Name) -> int:
    """Where the word of a name ends that may have a genitive s: "Peters order"."""
    has = low[end : end + 1] == "s" and text[start].isupper() and not name.ordinary and len(name.needle) > 3
    return end + 1 if has and name.needle + "s" not in ORDINARY_WORDS else end


def _whole_word(low: str, start: int, end: int) -> bool:
    before = low[start - 1] if start else " "
    after = low[end] if end < len(low) else " "
    if low[start] >= _NO_SPACES:  # a script that sets no spaces between words
        return True
    return not (before.isalnum() or before == "_" or after.isalnum() or after == "_")


def _used_as_name(text: str, low: str, start: int, end: int, name: Name) -> bool:
    """Whether a word that is also a name is meant as one here."""
    before, after = low[max(0, start - 24) : start], low[end : end + 12]
    last = not after.strip(" ") or after[0] in ",.!?:;\n)" or after.startswith(("'s", "’s"))
    if last and _GREETING.search(before):
        return True
    if not text[start].isupper() or (
        text[start:end].isupper() and text[max(0, start - 12) : start].isupper()
    ):
        return False
    if name.needle in _MONTHS and (_BEFORE_MONTH.search(before) or after.lstrip(" ,")[:1].isdigit()):
        return False
    if not before.strip(" ") or before.rstrip(" \"'“(*>-")[-1:] in ("", ".", "!", "?", "\n", ":"):
        # The first word has its capital anyway; a name it is when it is called or stands alone.
        return not after.strip() or after[0] in ",:'’\n"
    # "Black Friday", "the Brown Leather belt": part of a longer name of something else.
    return not text[end : end + 2].strip()[:1].isupper()
