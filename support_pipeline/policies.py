"""The policy book: what the brand promises, with values, units and dates.

One engine, used four times: cleaning (a superseded value is rewritten, a value that never was drops
the pair), the system message (facts in force), scoring (policy accuracy) and the guardrail at send
time. Reading claims out of text lives in `support_pipeline.claims`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Unit = Literal[
    "hours",
    "days",
    "business_days",
    "weeks",
    "months",
    "years",
    "percent",
    "USD",
    "EUR",
    "GBP",
    "count",
    "text",
]
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


class PolicyFact(BaseModel):
    """One policy sentence with at most one value, in force from `effective_from` to `effective_to`.

    The same `topic` may stand several times with other dates: those are its versions. `value` is a
    number (30), a range ("5-7") or a word; `{value}` in the statement shows where it stands.
    Both dates belong to the time in force; None is open-ended.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    statement: Annotated[str, Field(min_length=3)]
    value: int | float | str | None = None
    unit: Unit | None = None
    patterns: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    critical: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> "PolicyFact":
        if "{value}" in self.statement and self.value is None:
            raise ValueError(f"topic '{self.topic}': the statement has {{value}} but no value is given")
        if self.value is not None and self.unit is None:
            raise ValueError(f"topic '{self.topic}': a value needs a unit (days, percent, USD, ...)")
        if self.effective_from and self.effective_to and self.effective_from > self.effective_to:
            raise ValueError(f"topic '{self.topic}': effective_from is later than effective_to")
        return self

    def in_force(self, day: date) -> bool:
        """Whether the fact holds on `day`."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )

    def spoken_value(self) -> str:
        """The value as a person writes it: "30 days", "5 to 7 business days", "$4.99", "15%"."""
        return spoken(self.value, self.unit) if self.value is not None else ""

    def sentence(self) -> str:
        """The statement with its value."""
        return self.statement.replace("{value}", self.spoken_value())


class PolicyBook(BaseModel):
    """All facts of a client, past and present."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    facts: tuple[PolicyFact, ...] = ()

    @model_validator(mode="after")
    def _one_version_at_a_time(self) -> "PolicyBook":
        problems = [
            f"topic '{topic}' has two versions in force at once ({a.spoken_value()!r} and {b.spoken_value()!r}); "
            "give the older one an effective_to"
            for topic, versions in self.by_topic().items()
            for a, b in _overlapping(versions)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def by_topic(self) -> dict[str, tuple[PolicyFact, ...]]:
        """Topic to its versions, in the file's order of topics."""
        topics: dict[str, list[PolicyFact]] = {}
        for fact in self.facts:
            topics.setdefault(fact.topic, []).append(fact)
        return {topic: tuple(versions) for topic, versions in topics.items()}

    def in_force(self, day: date) -> tuple[PolicyFact, ...]:
        """The facts that hold on `day`, in the file's order."""
        return tuple(fact for fact in self.facts if fact.in_force(day))

    def sentences(self, day: date) -> list[str]:
        """The policy lines of the system message on `day`."""
        return [fact.sentence() for fact in self.in_force(day)]

    def state(self, day: date) -> str:
        """A digest of all facts and of which are in force on `day`; books in the same state rewrite alike."""
        current = ",".join(str(place) for place, fact in enumerate(self.facts) if fact.in_force(day))
        return hashlib.sha256(f"{self.model_dump_json()}|{current}".encode()).hexdigest()[:16]


def spoken(value: int | float | str, unit: Unit | None) -> str:
    """A value with its unit in plain English."""
    text = str(value).replace("-", " to ") if unit != "text" else str(value)
    if unit in SYMBOLS:
        return f"{SYMBOLS[unit]}{_money(value)}"
    if unit == "percent":
        return f"{text}%"
    if unit in ("count", "text", None):
        return text
    noun = str(unit).replace("_", " ")
    return f"{text} {noun[:-1] if text == '1' else noun}"


def _money(value: int | float | str) -> str:
    number = float(value)
    return f"{number:.0f}" if number == int(number) else f"{number:.2f}"


def _overlapping(versions: Sequence[PolicyFact]) -> Iterable[tuple[PolicyFact, PolicyFact]]:
    for i, a in enumerate(versions):
        for b in versions[i + 1 :]:
            starts = max(a.effective_from or date.min, b.effective_from or date.min)
            ends = min(a.effective_to or date.max, b.effective_to or date.max)
            if starts <= ends:
                yield a, b
