"""What every finder of personal data gives back, and the one form of a text that all of them read."""

import re
from typing import Literal, NamedTuple
from unicodedata import category, decimal, normalize

Type = Literal["EMAIL", "PHONE", "CARD", "IBAN", "ADDRESS", "ORDER", "TRACKING", "CUSTOMER", "AGENT"]


class Span(NamedTuple):
    """A piece of personal data; `value` is what makes two spellings the same."""

    start: int
    end: int
    type: Type
    value: str


Digits = list[tuple[int, int]]
"""Where the unbroken runs of digits of a text start and end; every finder of numbers starts from these."""

_DIGITS = re.compile(r"\d+")


# Letters whose stroke is no accent to Unicode, as people write them on another keyboard.
_STROKED = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i"}


class _Plain(dict[int, str]):
    """One character to one plain character, worked out at its first use."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = plain = _plain(char)
        return plain


class _Folded(dict[int, str]):
    """As `_Plain`, in lower case and without accents."""

    def __missing__(self, code: int) -> str:
        plain = _PLAIN[code].lower()
        base = normalize("NFD", plain)[0] if len(plain) == 1 else plain[0]
        self[code] = folded = _STROKED.get(base, base)
        return folded


def _plain(char: str) -> str:
    digit = decimal(char, None)
    if digit is not None:
        return str(digit)
    if category(char) in ("Zs", "Cf", "Pd"):
        return {"Zs": " ", "Cf": "\u200b", "Pd": "-"}[category(char)]
    compatible = normalize("NFKC", char)
    return compatible if len(compatible) == 1 else char


_PLAIN = _Plain()
_FOLDED = _Folded()


def plain(text: str) -> str:
    """The text with full-width and foreign digits, spaces and dashes made plain; every offset stays."""
    return text if text.isascii() else text.translate(_PLAIN)


def folded(text: str) -> str:
    """The text in lower case without accents; every offset stays."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def digits_of(text: str) -> Digits:
    """The runs of digits of a text."""
    return [found.span() for found in _DIGITS.finditer(text)]
