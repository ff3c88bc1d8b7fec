"""What a text says about the policies, whether that holds, and the text as it should read.

A claim is found in two ways. By a fact's `patterns` (RE2; `{value}` is the slot for the quantity), and
by likeness: a sentence that reads like a fact's statement once the values of both are masked. The
second needs no patterns, so a policy that is only a sentence is recognised too.

Quantities about other things ("I ordered 5 days ago") are no claims: a quantity counts only inside a
pattern's match or a policy's own wording, and never when it is told as past.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from support_pipeline.claims.reading import ALIKE, VERBATIM, Claim, Version, reader_of
from support_pipeline.policies import PolicyBook, PolicyFact, spoken
from support_pipeline.quantities import Quantity

__all__ = ["ALIKE", "VERBATIM", "Change", "Claim", "Rewritten", "Verdict", "claims", "judge", "rewrite"]

Verdict = Literal["current", "superseded", "never"]

_ADJECTIVE = re.compile(
    r"-(?:(?:business|working|calendar)[ -])?(?:hour|day|week|month|year)\Z", re.IGNORECASE
)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """One value put right."""

    topic: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.before!r} to {self.after!r}"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text that states the day's policies; `errors` are claims that cannot be put right."""

    text: str
    changes: tuple[Change, ...] = ()
    errors: tuple[Claim, ...] = ()


class _Edit(NamedTuple):
    start: int
    end: int
    change: Change


def claims(book: PolicyBook, text: str) -> tuple[Claim, ...]:
    """The claims of a text about the book's topics, in order."""
    return tuple(reader_of(book).claims(text))


def judge(book: PolicyBook, claim: Claim, day: date) -> Verdict:
    """Whether a claim holds on `day`, held on another, or never did.

    A policy's own sentence with a value that the book does not know is taken for an old version of it,
    unless the book tells the value of every day up to `day`: then it never was.
    """
    versions = reader_of(book).topics[claim.topic]
    holding = [version for version in versions if version.agrees(claim)]
    if any(version.fact.in_force(day) for version in holding):
        return "current"
    return "superseded" if holding or (claim.verbatim and not _all_told(versions, day)) else "never"


def _all_told(versions: Sequence[Version], day: date) -> bool:
    """Whether the versions have values and leave no day open until `day`; a date left out means "always"."""
    facts = sorted((version.fact for version in versions), key=lambda fact: fact.effective_from or date.min)
    if any(fact.value is None for fact in facts):
        return False
    known = date.min
    for fact in facts:
        if (fact.effective_from or date.min) > known:
            return False
        if fact.effective_to is None or fact.effective_to >= day:
            return True
        known = fact.effective_to + timedelta(days=1)
    return False


def rewrite(book: PolicyBook, text: str, day: date) -> Rewritten:
    """The text with every superseded value replaced by the one in force on `day`.

    `day` is the day whose policy the text shall state: today, or the release's. The ticket's own day
    need not be given: what was right then and is superseded now is rewritten, what is right now stays
    even if it was wrong then, and what never was is an error on any day. A topic with no version
    in force on `day` cannot be rewritten, so stating it is an error too.
    """
    edits: list[_Edit] = []
    errors: list[Claim] = []
    for claim in claims(book, text):
        verdict = judge(book, claim, day)
        if verdict == "current":
            continue
        current = _in_force(reader_of(book).topics[claim.topic], day)
        mended = _edits(claim, current, text) if current and verdict == "superseded" else []
        edits += mended
        if not mended:
            errors.append(claim)
    return Rewritten(_edited(text, edits), tuple(edit.change for edit in edits), tuple(errors))


def _in_force(versions: Sequence[Version], day: date) -> Version | None:
    return next((version for version in versions if version.fact.in_force(day)), None)


def _edited(text: str, edits: Iterable[_Edit]) -> str:
    for start, end, change in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        text = text[:start] + change.after + text[end:]
    return text


def _edits(claim: Claim, current: Version, text: str) -> list[_Edit]:
    if claim.likeness:
        return _statement_edits(claim, current, text)
    if current.value is None:
        return []
    after = _in_form(claim.quantity, current.value, current.fact)
    return [_Edit(claim.start, claim.end, Change(claim.topic, claim.quantity.text, after))]


def _statement_edits(claim: Claim, current: Version, text: str) -> list[_Edit]:
    """Value by value where they pair up, else the whole statement anew."""
    if len(claim.values) != len(current.values):
        before = text[claim.start : claim.end]
        return [_Edit(claim.start, claim.end, Change(claim.topic, before, current.fact.sentence()))]
    return [
        _Edit(old.start, old.end, Change(claim.topic, old.text, new.text))
        for old, new in zip(claim.values, current.values, strict=True)
        if not old.same_value(new)
    ]


def _in_form(old: Quantity, new: Quantity, fact: PolicyFact) -> str:
    """The new value, written the way the old one was: "30-day" to "45-day", "5–7 days" to "3–5 days"."""
    assert fact.value is not None
    adjective = _ADJECTIVE.search(old.text)
    figures = _FIGURE.findall(old.text)
    wanted = [new.low] if new.low == new.high else [new.low, new.high]
    if old.unit == "count" and new.unit != "text":
        return "-".join(_figure(value, new) for value in wanted)
    plural_stays = adjective or (old.high == 1) == (new.high == 1)
    if old.unit == new.unit and len(figures) == len(wanted) and plural_stays and "(" not in old.text:
        written = iter([_figure(value, new) for value in wanted])
        return _FIGURE.sub(lambda _: next(written), old.text)
    text = spoken(fact.value, fact.unit)
    if adjective and new.kind == "time":
        number, _, unit = text.replace(" business ", "-business ").rpartition(" ")
        return f"{number.replace(' to ', '-')}-{unit.removesuffix('s')}"
    return text


def _figure(value: float, quantity: Quantity) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.2f}" if quantity.kind == "money" else f"{value:g}"
