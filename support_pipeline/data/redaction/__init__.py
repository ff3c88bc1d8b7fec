"""Personal data to typed placeholders, the same in training and on a live ticket.

`<EMAIL_417>` is TYPE_ and three digits drawn from the ticket's id and the value, so the same value is
the same placeholder all through a ticket and another one in the next ticket. Names come from the
ticket's own people, which beats guessing them. Everything is found by bounded patterns and plain
searches, so hostile text costs no more than its length.

Not covered: people whom the ticket's own fields do not name, and addresses without a street word, a
postcode or an announcing word ("my address is").
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from support_pipeline.data.redaction.addresses import addresses
from support_pipeline.data.redaction.numbers import cards, codes, digit_runs, emails, ibans, spaced_parcels
from support_pipeline.data.redaction.people import Name, introduced, names_of, people
from support_pipeline.data.redaction.spans import Span, Type, digits_of, folded, plain
from support_pipeline.data.remembering import remembered

PLACEHOLDER = re.compile(r"<(?:EMAIL|PHONE|CARD|IBAN|ADDRESS|ORDER|TRACKING|CUSTOMER|AGENT)_\d{3,7}>")

_MAX_PASSES = 6


class Redactor:
    """The placeholders of one ticket. Give every text of the ticket to the same redactor.

    `redact` is idempotent. A placeholder that stands in the input already stays as it is, and never
    becomes the name of a value: whoever types `<EMAIL_417>` does not get an address put in its place.
    """

    def __init__(
        self,
        ticket_id: str,
        customer_names: Iterable[str] = (),
        agent_names: Iterable[str] = (),
        keep: Iterable[str] = (),
    ) -> None:
        """`keep` are texts whose data is nobody's secret: the brand's own address, phone and mailbox."""
        self._ticket_id = ticket_id
        self._names = names_of(customer_names, agent_names)
        self._public = _data_of(tuple(keep))
        self._placeholders: dict[tuple[Type, str], str] = {}
        self._originals: dict[str, str] = {}
        self._foreign: set[str] = set()
        self._taken: Counter[tuple[Type, int]] = Counter()

    @property
    def mapping(self) -> Mapping[str, str]:
        """Placeholder to the original as it was first written."""
        return MappingProxyType(self._originals)

    def redact(self, text: str) -> str:
        """The text with personal data replaced; what was put in is never read again as text."""
        for _ in range(_MAX_PASSES):
            spans = self._spans(text)
            if not spans:
                break
            text = self._replaced(text, spans)
        return text

    def restore(self, text: str) -> str:
        """The text with this ticket's placeholders filled in again; unknown ones stay."""
        return PLACEHOLDER.sub(lambda found: self._originals.get(found.group(), found.group()), text)

    def _spans(self, text: str) -> list[Span]:
        """What to replace, in order and without overlaps; the earlier finder wins."""
        if "<" in text:
            text = PLACEHOLDER.sub(self._blank, text)
        found = [
            span
            for span in _found(text, self._names)
            if "\0" not in text[span.start : span.end] and (span.type, span.value) not in self._public
        ]
        if len(found) < 2:
            return found
        taken = bytearray(len(text))
        kept = []
        for span in found:
            if taken.find(1, span.start, span.end) < 0:
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                kept.append(span)
        return sorted(kept)

    def _blank(self, placeholder: re.Match[str]) -> str:
        """What the finders see of a placeholder: nothing. One that is not ours is never given out."""
        mark = placeholder.group()
        if mark not in self._originals and mark not in self._foreign:
            self._foreign.add(mark)
            kind, _, digits = mark[1:-1].partition("_")
            self._taken[kind, len(digits)] += 1  # type: ignore[index]  # the pattern lists the types
        return "\0" * len(placeholder.group())

    def _replaced(self, text: str, spans: list[Span]) -> str:
        parts: list[str] = []
        at = 0
        for span in spans:
            parts += text[at : span.start], self._placeholder(span, text[span.start : span.end])
            at = span.end
        return "".join([*parts, text[at:]])

    def _placeholder(self, span: Span, original: str) -> str:
        key = (span.type, span.value)
        if key not in self._placeholders:
            placeholder = self._unused(span)
            self._placeholders[key] = placeholder
            self._originals[placeholder] = original
        return self._placeholders[key]

    def _unused(self, span: Span) -> str:
        """The value's own number, or the next free one; more digits once half of the numbers are taken."""
        seed = hashlib.sha256(f"{self._ticket_id}|{span.type}|{span.value}".encode()).digest()
        number = int.from_bytes(seed[:8], "big")
        width = next(width for width in range(3, 8) if self._taken[span.type, width] * 2 < 10**width)
        while True:
            placeholder = f"<{span.type}_{number % 10**width:0{width}d}>"
            if placeholder not in self._originals and placeholder not in self._foreign:
                self._taken[span.type, width] += 1
                return placeholder
            number += 1


def _found(text: str, names: tuple[Name, ...]) -> Iterator[Span]:
    """What the finders see, the surest kind first."""
    yield from _of_anybody(text)
    flat = plain(text)
    yield from introduced(flat, names)
    if names:
        yield from people(flat, folded(text), names)


@remembered
def _of_anybody(text: str) -> tuple[Span, ...]:
    """What is personal whoever the ticket's people are."""
    return tuple(_written(text))


def _written(text: str) -> Iterator[Span]:
    flat = plain(text)
    low = folded(text)
    if "@" in flat or "(at)" in low or "[at]" in low or "{at}" in low or " at " in low or "%40" in low:
        yield from emails(flat)
    if digits := digits_of(flat):
        yield from ibans(flat, digits)
        yield from cards(flat, digits)
        if "1z " in low:
            yield from spaced_parcels(low)
        yield from digit_runs(flat, low, digits)
        yield from codes(flat, low, digits)
        yield from addresses(flat, low, digits)


@lru_cache(maxsize=64)
def _data_of(texts: tuple[str, ...]) -> frozenset[tuple[Type, str]]:
    return frozenset((span.type, span.value) for text in texts for span in _found(text, ()))
