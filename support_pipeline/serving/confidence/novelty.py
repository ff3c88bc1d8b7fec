"""How new a ticket's words are: the share of them that no ticket of the training split holds.

Words are kept as bits of a hash table, so a certificate stays small and holds no customer's words.
"""

import base64
import re
import zlib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from support_pipeline.serving.guardrails.reading import seen

_BITS = 1 << 16
_WORD = re.compile(r"[^\W\d_]{3,}")
_SENTENCE = re.compile(r"[.!?\n]+")
_MIN_WORDS = 4
_MIN_TICKETS = 2


class Novelty(BaseModel):
    """The words that are known; without any, nothing is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bits: str = ""

    @classmethod
    def learn(cls, tickets: Iterable[str], policies: Iterable[str] = ()) -> "Novelty":
        """From the tickets that the model was trained on; a word counts from its second ticket on."""
        counts: dict[int, int] = {}
        for ticket in tickets:
            for word in {_bucket(word) for word in _words(ticket)}:
                counts[word] = counts.get(word, 0) + 1
        table = bytearray(_BITS // 8)
        known = {word for word, count in counts.items() if count >= _MIN_TICKETS}
        known |= {_bucket(word) for policy in policies for word in _words(policy)}
        for word in known:
            table[word // 8] |= 1 << word % 8
        return cls(bits=base64.b64encode(zlib.compress(bytes(table), 9)).decode())

    def of(self, ticket: str) -> tuple[float, float]:
        """The share of unknown words in the ticket, and in its strangest sentence."""
        table = self._table()
        shares = [
            sum(not _holds(table, word) for word in words) / len(words)
            for sentence in _SENTENCE.split(seen(ticket))
            if len(words := _WORD.findall(sentence)) >= _MIN_WORDS
        ]
        words = _words(ticket)
        unknown = sum(not _holds(table, word) for word in words) / len(words) if words else 0.0
        return unknown, max(shares, default=unknown)

    def _table(self) -> bytes:
        return _unpacked(self.bits)


def _words(text: str) -> list[str]:
    return _WORD.findall(seen(text))


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode()) % _BITS


def _holds(table: bytes, word: str) -> bool:
    bucket = _bucket(word)
    return bool(table[bucket // 8] >> bucket % 8 & 1)


_UNPACKED: dict[str, bytes] = {}


def _unpacked(bits: str) -> bytes:
    if bits not in _UNPACKED:
        if len(_UNPACKED) > 64:
            _UNPACKED.clear()
        _UNPACKED[bits] = zlib.decompress(base64.b64decode(bits)) if bits else bytes(_BITS // 8)
    return _UNPACKED[bits]
