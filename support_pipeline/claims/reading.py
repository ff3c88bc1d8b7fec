"""A policy book compiled for reading: which topics a text may touch, and what it says about them.

One RE2 set decides in a microsecond that most texts touch no topic. What passes is read in full: by
the facts' patterns, and by likeness to the facts' statements.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import re2
from rapidfuzz import fuzz

from support_pipeline.claims.masking import Form, Masked, Sentence, index_of, sentences, slot, wording
from support_pipeline.errors import ConfigError
from support_pipeline.policies import PolicyBook, PolicyFact
from support_pipeline.quantities import Kind, Plain, Quantity, plain, quantities, quantities_in

VERBATIM = 90.0
"""From this likeness on a sentence is the policy's own wording, and an unknown value in it is an old one."""
ALIKE = 82.0
"""From this likeness on a sentence speaks about the policy at all."""

_MAX_BOOKS = 16
_SET_MEMORY = 64 << 20
_ANCHORS = 3
_WORD = re.compile(r"[a-z]{3,}")
_COUNTED = re.compile(r"(?<!\\)\{\d+(?:,\d*)?\}")
_UNIT_NEARBY = re.compile(
    r"\{value\}.{0,24}?(?:day|hour|week|month|year|%|percent|dollar|euro|pound|usd|eur|gbp|"
    r"tage|stunde|woche|monat|jahr|jour|heure|semaine|mois|d[ií]as|hora|mes|años|giorn|settiman|dagen|weken)|[$€£]\\?\]?\??\{value\}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about a topic.

    `values` holds every quantity when the policy's own wording was found (`likeness` says how near, up to
    100); a claim found by pattern has exactly one, and a likeness of 0. `start` and `end` bound
    the quantity, or the whole statement.
    """

    topic: str
    quantity: Quantity
    start: int
    end: int
    sentence: str
    values: tuple[Quantity, ...]
    likeness: float = 0.0

    @property
    def verbatim(self) -> bool:
        """Whether it stands in the policy's own words, at most a few letters off."""
        return self.likeness >= VERBATIM

    def __str__(self) -> str:
        return f"{self.topic}: {self.sentence!r}"


class Version:
    """A fact with its value and its statement made comparable."""

    def __init__(self, fact: PolicyFact) -> None:
        sentence = fact.sentence()
        self.fact = fact
        self.value = _value_of(fact)
        self.values = quantities(sentence)
        self.wording = wording(sentence, self.values)
        self.sentences = sum(1 for _ in sentences(plain(sentence).text))
        self.words = frozenset(_WORD.findall(self.wording))

    def agrees(self, claim: Claim) -> bool:
        """Whether the claim states this version's value."""
        if not claim.likeness:
            return self.value is not None and _same(self.value, claim.quantity)
        return len(claim.values) == len(self.values) and all(
            said.same_value(own) for said, own in zip(claim.values, self.values, strict=True)
        )


def _same(value: Quantity, claimed: Quantity) -> bool:
    if value.unit == "text":
        return value.text.casefold() == " ".join(claimed.text.casefold().split())
    if "count" in (value.unit, claimed.unit):
        # "{value} days" in a pattern: the pattern has seen the unit.
        return value.low == claimed.low and value.high == claimed.high
    return value.same_value(claimed)


def _value_of(fact: PolicyFact) -> Quantity | None:
    if fact.value is None or fact.unit is None:
        return None
    text = str(fact.value)
    if fact.unit == "text":
        return Quantity(0, 0, "text", 0, len(text), text)
    numbers = [float(part.replace(",", "")) for part in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)]
    if numbers:
        return Quantity(min(numbers), max(numbers), fact.unit, 0, len(text), text)
    spelled = quantities(fact.spoken_value())
    return spelled[0] if spelled else None


class _Pattern(NamedTuple):
    topic: str
    kinds: frozenset[Kind]
    regex: Any
    form: Form
    text_value: bool = False


class _Hit(NamedTuple):
    claim: Claim
    length: int
    known: bool


class Reader:
    """One compiled book."""

    def __init__(self, book: PolicyBook) -> None:
        self.topics = {topic: [Version(fact) for fact in facts] for topic, facts in book.by_topic().items()}
        self._gate = re2.Set.SearchSet(_options())
        self._behind: list[_Pattern | Version] = []
        self._add_patterns()
        self._add_statements()
        if self._behind:
            self._gate.Compile()

    def claims(self, text: str) -> Iterator[Claim]:
        """The claims of a text, in order."""
        if not self._behind:
            return
        flat = plain(text)
        open_doors = self._gate.Match(flat.text)
        if not open_doors:
            return
        behind = [self._behind[i] for i in open_doors]
        patterns = [entry for entry in behind if isinstance(entry, _Pattern)]
        versions = _likely([entry for entry in behind if isinstance(entry, Version)])
        if not patterns and not versions:
            return
        found = tuple(quantities_in(flat, text))
        stated = list(_stated(versions, flat, text, found))
        by_pattern = [
            claim
            for claim in self._by_pattern(patterns, flat, text, found)
            if not any(whole.start <= claim.start < whole.end for whole in stated)
        ]
        yield from sorted([*stated, *by_pattern], key=lambda claim: (claim.start, claim.topic))

    # The gate: for every pattern a looser one, for every statement its rarest words.

    def _add_patterns(self) -> None:
        problems = []
        for topic, versions in self.topics.items():
            for pattern in dict.fromkeys(
                pattern for version in versions for pattern in version.fact.patterns
            ):
                try:
                    compiled, loose = _compiled(topic, pattern, versions)
                    self._gate.Add(loose)
                    self._behind.append(compiled)
                except re2.error as error:
                    problems.append(f"topic '{topic}': pattern {pattern!r} is no RE2 pattern ({error})")
        if problems:
            raise ConfigError("policies", problems)

    def _add_statements(self) -> None:
        stated = [v for versions in self.topics.values() for v in versions if v.values and len(v.words) >= 3]
        common = Counter(word for version in stated for word in version.words)
        for version in stated:
            for anchor in sorted(version.words, key=lambda word: (common[word], -len(word), word))[:_ANCHORS]:
                self._gate.Add(anchor)
                self._behind.append(version)

    # By pattern.

    def _by_pattern(
        self, patterns: Sequence[_Pattern], flat: Plain, text: str, found: Sequence[Quantity]
    ) -> Iterator[Claim]:
        masks = {form: Masked(flat, found, form) for form in {pattern.form for pattern in patterns}}
        read = {form: mask.sentences() for form, mask in masks.items()}
        hits: dict[tuple[int, int], list[_Hit]] = {}
        for pattern in patterns:
            if not pattern.regex.search(masks[pattern.form].text):
                continue
            for sentence in read[pattern.form]:
                for match in pattern.regex.finditer(sentence.text):
                    quantity = _claimed(pattern, match, sentence, flat, text, found)
                    if quantity:
                        claim = _pattern_claim(pattern, quantity, sentence, flat, text)
                        hit = _Hit(claim, match.end() - match.start(), self._known(claim))
                        hits.setdefault((claim.start, claim.end), []).append(hit)
        for rivals in hits.values():
            # One quantity, one topic: the one that knows the value, else the tightest match.
            yield min(rivals, key=lambda hit: (not hit.known, hit.length, hit.claim.topic)).claim

    def _known(self, claim: Claim) -> bool:
        return any(version.agrees(claim) for version in self.topics[claim.topic])


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _SET_MEMORY
    return options


def _compiled(topic: str, pattern: str, versions: Sequence[Version]) -> tuple[_Pattern, str]:
    """A fact's pattern, and a looser one for the gate.

    The gate's has no counted repetitions, which would make one big automaton of a book of patterns.
    """
    values = [version.value for version in versions if version.value]
    kinds = frozenset(value.kind for value in values if value.unit != "text")
    words = sorted({value.text for value in values if value.unit == "text"}, key=len, reverse=True)
    options = _options()
    if words and not kinds:
        written = pattern.replace("{value}", "(" + "|".join(map(re2.escape, words)) + ")")
        return _Pattern(topic, kinds, re2.compile(written, options), "plain", text_value=True), written
    loose = _COUNTED.sub("*", pattern.replace("{value}", ".+"))
    if "{value}" not in pattern:
        return _Pattern(topic, kinds, re2.compile(pattern, options), "plain"), loose
    form: Form = "number" if _UNIT_NEARBY.search(pattern) else "whole"
    return _Pattern(topic, kinds, re2.compile(pattern.replace("{value}", slot(kinds)), options), form), loose


def _claimed(
    pattern: _Pattern, match: Any, sentence: Sentence, flat: Plain, text: str, found: Sequence[Quantity]
) -> Quantity | None:
    """The quantity that a match of a pattern is about."""
    if pattern.text_value:
        start, end = flat.origin(sentence.start + match.start(1), sentence.start + match.end(1))
        return Quantity(0, 0, "text", start, end, text[start:end])
    if pattern.form == "plain":
        return _nearest(pattern, match, sentence, flat, found)
    quantity = found[index_of(match.group(1))]
    # A bare number counts only where the pattern itself brings the unit.
    fits = quantity.kind in pattern.kinds or (quantity.kind == "count" and pattern.form == "number")
    return quantity if fits and not quantity.past else None


def _nearest(
    pattern: _Pattern, match: Any, sentence: Sentence, flat: Plain, found: Sequence[Quantity]
) -> Quantity | None:
    """What a pattern without a slot speaks of: the quantity in its group, in its match, or next to it."""
    group = 1 if match.re.groups else 0
    begin = sentence.start + match.start(group)
    start, end = flat.origin(begin, max(sentence.start + match.end(group), begin + 1))
    first, last = flat.origin(sentence.start, sentence.end)
    near = [q for q in found if first <= q.start < last and q.kind in pattern.kinds and not q.past]
    if group:
        near = [q for q in near if q.start < end and start < q.end]
    return min(near, key=lambda q: max(q.start - end, start - q.end, 0), default=None)


def _pattern_claim(
    pattern: _Pattern, quantity: Quantity, sentence: Sentence, flat: Plain, text: str
) -> Claim:
    start, end = flat.origin(sentence.start, sentence.end)
    return Claim(pattern.topic, quantity, quantity.start, quantity.end, text[start:end], (quantity,))


# By likeness.


def _likely(anchored: Sequence[Version]) -> list[Version]:
    """Versions of which at least two anchors stand in the text; a typo may hide the third."""
    counts = Counter(map(id, anchored))
    return [
        version
        for version in {id(version): version for version in anchored}.values()
        if counts[id(version)] > 1
    ]


def _stated(
    versions: Sequence[Version], flat: Plain, text: str, found: Sequence[Quantity]
) -> Iterator[Claim]:
    """The best reading of every stretch of text that reads like a statement."""
    if not versions or not found:
        return
    parts = list(sentences(flat.text))
    matches = [
        claim
        for version in versions
        for i in range(len(parts))
        if (claim := _alike(version, flat, text, parts[i : i + version.sentences], found))
    ]
    taken: list[Claim] = []
    for claim in sorted(matches, key=lambda claim: -claim.likeness):
        if not any(other.start < claim.end and claim.start < other.end for other in taken):
            taken.append(claim)
    yield from taken


def _alike(
    version: Version, flat: Plain, text: str, window: Sequence[tuple[int, int]], found: Sequence[Quantity]
) -> Claim | None:
    """A claim, when the sentences of `window` read like the version's statement."""
    start, end = flat.origin(window[0][0], window[-1][1])
    if not 0.5 < (end - start) / max(1, len(version.wording)) < 2:
        return None
    inside = tuple(quantity for quantity in found if start <= quantity.start and quantity.end <= end)
    if not inside:
        return None
    said = wording(text[start:end], inside, start)
    likeness = fuzz.ratio(said, version.wording, score_cutoff=ALIKE)
    if likeness < ALIKE or not _same_subject(said, version):
        return None
    return Claim(version.fact.topic, inside[0], start, end, text[start:end], inside, likeness)


def _same_subject(said: str, version: Version) -> bool:
    """Nearly all long words in common: "standard" for "express" is another policy, a typo is not."""
    words = frozenset(_WORD.findall(said))
    missing, extra = version.words - words, words - version.words
    strange = sum(_unlike(word, missing) for word in extra)
    lost = sum(_unlike(word, extra) for word in missing)
    return strange + lost <= len(version.words) // 8


def _unlike(word: str, others: frozenset[str]) -> bool:
    return len(word) > 3 and not any(fuzz.ratio(word, other) >= 75 for other in others)


_READERS: dict[int, tuple[PolicyBook, Reader]] = {}


def reader_of(book: PolicyBook) -> Reader:
    """The compiled book. Books are few, live long and never change, so identity is their key."""
    known = _READERS.get(id(book))
    if known and known[0] is book:
        return known[1]
    if len(_READERS) >= _MAX_BOOKS:
        _READERS.clear()
    reader = Reader(book)
    _READERS[id(book)] = (book, reader)
    return reader
