"""Text made comparable: one form of spaces, quotes, dashes and digits. Letters keep their case, which names need."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import re2

_SIGNS = {"’": "'", "‘": "'", "“": '"', "”": '"', "\u2212": "-"}
_SENTENCE_END = re2.compile(r"[.!?](?:\s+|$)|\n+|;\s+")
# A link or an agent's initials ("^JR", "/AX") end a sentence too, where a capital follows.
_INITIALS = r"(?:[*^/-]|~ ?)[A-Za-z]{2,12}"
_RUN_ON = re2.compile(rf"(https?://\S+(?:\s+{_INITIALS})?\s+|\s{_INITIALS}\s+)[A-Z@]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in plain characters; `offsets[i]` is where its character `i` came from, None where nothing moved."""

    text: str
    offsets: tuple[int, ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original span of a span of the folded text."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


@lru_cache(maxsize=8192)
def folded(text: str) -> Folded:
    """Compatibility forms (NFKC), plain quotes and dashes, nothing invisible."""
    if text.isascii():
        return Folded(text)
    chars: list[str] = []
    offsets: list[int] = []
    for i, char in enumerate(text):
        for part in char if char < "\x80" else _plain(char):
            chars.append(part)
            offsets.append(i)
    return Folded("".join(chars), tuple(offsets))


def fold(text: str) -> str:
    """The folded text alone."""
    return folded(text).text


def sentences(text: str) -> list[str]:
    """Folded text cut at full stops, question marks, lines, semicolons and agents' initials (the marks stay)."""
    text = fold(text)
    cuts = [match.end() for match in _SENTENCE_END.finditer(text)]
    cuts = sorted({*cuts, *(match.end(1) for match in _RUN_ON.finditer(text))})
    pieces = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [piece for piece in pieces if piece]


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    return "-" if category == "Pd" else _SIGNS.get(char) or unicodedata.normalize("NFKC", char)
