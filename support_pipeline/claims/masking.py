"""A text prepared for comparison: its sentences, and its quantities hidden behind tokens."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from support_pipeline.quantities import Kind, Plain, Quantity, plain

Form = Literal["whole", "number", "plain"]
"""How a pattern wants quantities: as one token, only their numbers as one token, or spelled out."""

LETTER: dict[Kind, str] = {"time": "T", "percent": "P", "money": "M", "count": "C"}
_OPEN, _CLOSE, _FIRST = "\ue000", "\ue001", 0xE100
_MAX_TOKENS = 2000

_UNIT_TAIL = re.compile(
    r"[\s-]{0,2}(?:(?:business|working|work|week|calendar|office|banking|consecutive|full)[\s-]?)?"
    r"(?:hours?|hrs?|h|days?|weeks?|wks?|months?|mos?|years?|yrs?|weekdays?|minutes?|mins?|%|per\s?cent|percent|"
    r"usd|eur|gbp|dollars?|euros?|pounds?|[$€£])\Z"
)
_FIGURES = re.compile(r"[^\d]{0,3}?(\d(?:.*\d)?\)?)")
_STOP = re.compile(r"[.!?]+[\"')\]]{0,3}(?=\s|\Z)|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b[a-z]|\b(?:eg|ie|e\.g|i\.e|no|nr|st|dr|mr|mrs|ms|ltd|inc|etc|approx|vs|incl|excl|max|min))\Z"
)
_NOT_WORD = re.compile(r"[^a-z0-9#%$€£]+")


class Sentence(NamedTuple):
    """A sentence of a plain text; `text` may hold tokens, the offsets never do."""

    text: str
    start: int
    end: int


def slot(kinds: Iterable[Kind]) -> str:
    """The RE2 pattern that matches a token of these kinds, its number in a group."""
    letters = "".join(sorted({LETTER[kind] for kind in kinds} | {"C"}))
    return rf"{_OPEN}[{letters}]([\x{{E100}}-\x{{F8FF}}]){_CLOSE}"


def index_of(token: str) -> int:
    """Which quantity a slot's group stands for."""
    return ord(token) - _FIRST


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a plain text start and end.

    "e.g." and initials end none, and a question of a word or two ("Returns?") belongs to its answer.
    """
    start = 0
    for stop in _STOP.finditer(text):
        if stop.group() == "." and _ABBREVIATION.search(text, max(start, stop.start() - 8), stop.start()):
            continue
        if stop.group() == "?" and len(text[start : stop.start()].split()) <= 2:
            continue
        yield from _trimmed(text, start, stop.end())
        start = stop.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


class Masked:
    """A plain text as patterns of one form read it."""

    def __init__(self, flat: Plain, found: Sequence[Quantity], form: Form) -> None:
        self._flat = flat
        self._tokens: list[tuple[int, int, str]] = []
        for i, quantity in enumerate(found[:_MAX_TOKENS] if form != "plain" else ()):
            start, end = _backward(flat, quantity.start), _backward(flat, quantity.end)
            if form == "number":
                start, end = _number_part(flat.text, start, end)
            self._tokens.append((start, end, f"{_OPEN}{LETTER[quantity.kind]}{chr(_FIRST + i)}{_CLOSE}"))
        self.text = self._between(0, len(flat.text))

    def sentences(self) -> list[Sentence]:
        """The sentences, with tokens."""
        return [Sentence(self._between(start, end), start, end) for start, end in sentences(self._flat.text)]

    def _between(self, start: int, end: int) -> str:
        text = self._flat.text
        if not self._tokens:
            return text[start:end]
        parts: list[str] = []
        at = start
        for begin, stop, token in self._tokens:
            if at <= begin and stop <= end:
                parts += text[at:begin], token
                at = stop
        return "".join([*parts, text[at:end]])


def _backward(flat: Plain, at: int) -> int:
    """An offset of the original text as one of the plain text."""
    return at if flat.offsets is None else bisect_left(flat.offsets, at)


def _number_part(text: str, start: int, end: int) -> tuple[int, int]:
    """A quantity without its unit or currency sign."""
    figures = _FIGURES.match(text, start, end)
    tail = _UNIT_TAIL.search(text[start:end])
    if figures:
        return figures.start(1), figures.end(1)
    return start, start + tail.start() if tail and tail.start() > 0 else end


def wording(text: str, found: Iterable[Quantity], start: int = 0) -> str:
    """A statement without its values, case and punctuation; `start` is where `text` begins for `found`."""
    parts: list[str] = []
    at = 0
    for quantity in found:
        parts += text[at : quantity.start - start], " # "
        at = quantity.end - start
    parts.append(text[at:])
    return _NOT_WORD.sub(" ", plain("".join(parts)).text).strip()
