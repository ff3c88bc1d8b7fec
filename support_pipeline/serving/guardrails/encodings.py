"""Text that is written in a code: base64, base32, hex, percent, escapes, binary, Morse.

A support ticket has no reason to hold readable text in a code, so a passage that decodes to words is
suspicious in itself, and what it says is read as well.
"""

import base64
import binascii
import codecs
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import re2

_MAX_PASSAGES = 24
_MAX_LENGTH = 4096
_READABLE = 0.85

_BASE64 = re2.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32 = re2.compile(r"\b[A-Z2-7]{24,}={0,6}")
_HEX = re2.compile(r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:;-]?){12,}")
_PERCENT = re2.compile(r"(?:[\w.~!*'()-]{0,24}%[0-9A-Fa-f]{2}){3,}[\w.~!*'()%-]{0,200}")
_ESCAPES = re2.compile(r"(?:\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3})[ ]?){4,}")
_BINARY = re2.compile(r"(?:[01]{8}[ ,]?){6,}")
_DECIMAL = re2.compile(r"(?:\b(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])\b[ ,;]{1,2}){12,}")
_MORSE = re2.compile(r"(?:[.·-]{1,5}[ /|]{1,3}){10,}")
_SPACED = re2.compile(r"[ \n\r]+")

_MORSE_LETTERS = dict(
    zip(
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split(),
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)


def decoded(text: str) -> list[str]:
    """The readable texts behind the coded passages of a text; at most a few, each bounded."""
    found: list[str] = []
    for pattern, decode in _CODES:
        for passage in pattern.finditer(text):
            plain = decode(passage.group()[:_MAX_LENGTH])
            if plain and _readable(plain):
                found.append(plain)
            if len(found) >= _MAX_PASSAGES:
                return found
    return found


def _readable(text: str) -> bool:
    """Words rather than bytes or a product code: mostly letters and spaces, with at least one space."""
    if len(text) < 8 or not any(gap in text.strip() for gap in " _-\n"):
        return False
    fitting = sum(char.isalpha() or char in " .,:;!?'\"-_\n" for char in text)
    return fitting >= _READABLE * len(text) and "\ufffd" not in text


def _base64(passage: str) -> str:
    body = passage.rstrip("=").replace("-", "+").replace("_", "/")
    for skip in range(2):  # a letter too many at the front shifts all that follows
        part = body[skip:]
        try:
            text = base64.b64decode(part[: len(part) // 4 * 4] + _rest(part), validate=True)
            plain = text.decode()
        except (binascii.Error, ValueError):
            continue
        if _readable(plain):
            return plain
    return ""


def _rest(part: str) -> str:
    left = len(part) % 4
    return part[len(part) // 4 * 4 :] + "=" * (4 - left) if left > 1 else ""


def _base32(passage: str) -> str:
    body = passage.rstrip("=")
    try:
        return base64.b32decode(body + "=" * (-len(body) % 8)).decode()
    except (binascii.Error, ValueError):
        return ""


def _hex(passage: str) -> str:
    digits = re2.sub(r"0x|\\x|[^0-9A-Fa-f]", "", passage)
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode()
    except ValueError:
        return ""


def _escapes(passage: str) -> str:
    try:
        return codecs.decode(passage.replace(" ", "").encode("ascii", "ignore"), "unicode_escape")
    except ValueError:
        return ""


def _binary(passage: str) -> str:
    return "".join(chr(int(octet, 2)) for octet in re2.findall(r"[01]{8}", passage))


def _decimal(passage: str) -> str:
    return "".join(chr(int(number)) for number in re2.findall(r"\d+", passage))


def _morse(passage: str) -> str:
    words = re2.split(r" ?[/|] ?|  +", passage.replace("·", ".").strip())
    return " ".join("".join(_MORSE_LETTERS.get(sign, "") for sign in word.split()) for word in words)


_CODES: tuple[tuple[Any, Callable[[str], str]], ...] = (
    (_BASE64, _base64),
    (_BASE32, _base32),
    (_HEX, _hex),
    (_PERCENT, unquote),
    (_ESCAPES, _escapes),
    (_BINARY, _binary),
    (_DECIMAL, _decimal),
    (_MORSE, _morse),
)


def wrapped(text: str) -> Iterator[str]:
    """The text, and the text with its lines joined: a code is often broken over lines."""
    yield text
    if "\n" in text:
        yield _SPACED.sub("", text)[:20_000]
