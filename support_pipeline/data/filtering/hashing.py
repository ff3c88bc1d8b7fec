"""Hashed words and character n-grams of many texts at once, in numpy.

One pass over the joined bytes of a batch costs nanoseconds a feature, where a Python loop costs a
microsecond. Letter case, digits' values, punctuation, links and redaction placeholders do not count.
The hashes are this module's own and never change: shipped models and stored clusters rest on them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

_NOISE = re.compile(r"<[A-Z]{2,12}_\d{1,6}>|https?://[^\s\0]+|@\w+")
_MAX_WORD = 32
_GOLDEN = 0x9E3779B97F4A7C15


def _byte_table() -> bytes:
    table = bytearray(range(256))
    for code in range(128):
        char = chr(code)
        table[code] = ord("0") if char.isdigit() else ord(char.lower()) if char.isalpha() else ord(" ")
    table[0] = 0
    table[ord("'")] = 1  # dropped: "didn't" and "didnt" are one word
    return bytes(table)


_TABLE = _byte_table()


def mix(values: U64) -> U64:
    """A finaliser that spreads every bit (splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, sorted; several times faster than numpy's own on many different integers."""
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def _multipliers(count: int, salt: int) -> U64:
    with np.errstate(over="ignore"):
        return mix(
            np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(salt)
        ) | np.uint64(1)


_WORD_MULTIPLIERS = _multipliers(_MAX_WORD, 11)


@dataclass(frozen=True)
class Features:
    """Feature hashes in the order of their texts; `owner` says which text each belongs to."""

    hashes: U64
    owner: NDArray[np.int64]
    texts: int

    @property
    def offsets(self) -> U64:
        """Where each text's hashes start, and the end."""
        return np.searchsorted(self.owner, np.arange(self.texts + 1)).astype(np.uint64)

    def counts(self) -> NDArray[np.int64]:
        """Features of each text."""
        return np.bincount(self.owner, minlength=self.texts)


@dataclass(frozen=True)
class Texts:
    """A batch as bytes: lower-case letters, zeros for digits, single spaces, NUL between texts."""

    data: NDArray[np.uint8]
    owner: NDArray[np.int64]
    texts: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """The texts, normalised."""
        joined = "\0".join(text.replace("\0", " ") for text in texts).replace("’", "'")
        raw = _NOISE.sub(" ", joined).casefold().encode("utf-8", "replace").translate(_TABLE, b"")
        data = np.frombuffer(raw, dtype=np.uint8)
        data = data[data != 1]
        blank = data <= 32
        follows_blank = np.concatenate(([True], blank[:-1])) if len(data) else blank
        data = data[~(follows_blank & (data == 32))]
        ends = np.flatnonzero(data == 0)
        if len(ends) != max(len(texts) - 1, 0):
            raise AssertionError(f"{len(texts)} texts came out as {len(ends) + 1}")
        sizes = np.diff(ends, prepend=0, append=len(data))
        return cls(data, np.repeat(np.arange(len(sizes)), sizes), len(texts))

    def words(self, longest: int = 2) -> Features:
        """Hashes of words, and of word pairs when `longest` is 2."""
        one = self._words()
        if longest < 2 or len(one.hashes) < 2:
            return one
        with np.errstate(over="ignore"):
            two = mix(one.hashes[:-1] * np.uint64(_GOLDEN) + one.hashes[1:])
        same = one.owner[:-1] == one.owner[1:]
        return _merged([one, Features(two[same], one.owner[:-1][same], self.texts)])

    def characters(self, sizes: Sequence[int] = (3, 4, 5)) -> Features:
        """Hashes of character n-grams, which may reach over a space."""
        return _merged([self._grams(size) for size in sizes])

    def _words(self) -> Features:
        inside = self.data > 32
        starts = (
            np.flatnonzero(inside & ~np.concatenate(([False], inside[:-1])))
            if len(inside)
            else np.array([], int)
        )
        if not len(starts):
            return Features(np.array([], np.uint64), np.array([], np.int64), self.texts)
        lengths = np.diff(np.append(starts, len(self.data)))
        place = np.arange(starts[0], len(self.data)) - np.repeat(starts, lengths)
        with np.errstate(over="ignore"):
            values = self.data[starts[0] :].astype(np.uint64) * _WORD_MULTIPLIERS[place % _MAX_WORD]
            values[~inside[starts[0] :]] = 0
            hashes = mix(np.add.reduceat(values, starts - starts[0]))
        return Features(hashes, self.owner[starts], self.texts)

    def _grams(self, size: int) -> Features:
        windows = len(self.data) - size + 1
        if windows <= 0:
            return Features(np.array([], np.uint64), np.array([], np.int64), self.texts)
        multipliers = _multipliers(size, 100 + size)
        with np.errstate(over="ignore"):
            hashes = np.zeros(windows, dtype=np.uint64)
            for place in range(size):
                hashes += self.data[place : place + windows].astype(np.uint64) * multipliers[place]
            hashes = mix(hashes)
        whole = (self.owner[:windows] == self.owner[size - 1 :]) & (self.data[:windows] != 0)
        return Features(hashes[whole], self.owner[:windows][whole], self.texts)


def _merged(parts: Sequence[Features]) -> Features:
    if len(parts) == 1:
        return parts[0]
    owner = np.concatenate([part.owner for part in parts])
    order = np.argsort(owner, kind="stable")
    hashes = np.concatenate([part.hashes for part in parts])
    return Features(hashes[order], owner[order], parts[0].texts)
