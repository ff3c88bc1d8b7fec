"""What a policy's value can be: a length of time, an amount, a share, a place, a rule.

Values are drawn from wide ranges on purpose: a model that guesses the usual "30 days" must be
wrong far more often than one that reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

CURRENCIES = (
    "${}",
    "${}",
    "${}",
    "€{}",
    "€{}",
    "£{}",
    "£{}",
    "{} EUR",
    "CA${}",
    "A${}",
    "{} kr",
    "CHF {}",
    "{} USD",
)
WORDS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    10: "ten",
    14: "fourteen",
}
WEEKDAYS = (
    "Monday to Friday",
    "Monday through Friday",
    "Monday to Saturday",
    "seven days a week",
    "weekdays",
    "Mon-Fri",
)


@dataclass(frozen=True)
class Value:
    """`text` is how the policy and the answer say it; `adjective` is its form before a noun.

    `number` is set where a customer's own number can be judged against it, in `unit`. A value of two `parts` is told in
    both, wherever they stand.
    """

    text: str
    adjective: str
    number: int | None = None
    unit: str = ""
    parts: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What a right answer holds."""
        return self.parts or (self.text,)


Maker: TypeAlias = Callable[[Random, str], Value]


def _counted(number: int, unit: str, rng: Random, words: float = 0.08) -> Value:
    said = WORDS[number] if number in WORDS and rng.random() < words else str(number)
    plural = unit if number == 1 else f"{unit}s"
    return Value(f"{said} {plural}", f"{said}-{unit}", number, unit)


def span(unit: str, low: int, high: int, usual: tuple[int, ...] = ()) -> Maker:
    """A length of time such as "30 days"; `usual` values are drawn half the time."""

    def make(rng: Random, currency: str) -> Value:
        common = bool(usual) and rng.random() < 0.5
        return _counted(rng.choice(usual) if common else rng.randint(low, high), unit, rng)

    return make


def either(*makers: Maker) -> Maker:
    """One of several makers, drawn anew for each brand."""
    return lambda rng, currency: rng.choice(makers)(rng, currency)


def duration(low: int, high: int, unit: str = "business day") -> Maker:
    """A duration, more often a range: "5 to 7 business days", "3-5 working days"."""

    def make(rng: Random, currency: str) -> Value:
        named = rng.choice((unit, unit, unit, "working day", "day")) if unit == "business day" else unit
        first = rng.randint(low, high)
        if rng.random() < 0.35:
            return _counted(first, named, rng)
        joint = rng.choice((" to ", " to ", "-", "-", "–"))
        last = first + rng.randint(1, 5)
        return Value(f"{first}{joint}{last} {named}s", f"{first}{joint}{last} {named}")

    return make


def money(low: int, high: int, cents: float = 0.4) -> Maker:
    """An amount in the brand's currency."""

    def make(rng: Random, currency: str) -> Value:
        whole = rng.randint(low, high)
        if high > 40 and rng.random() < 0.5:
            whole = max(5, whole // 5 * 5)
        amount = (
            f"{whole}.{rng.choice(('99', '95', '50', '90', '49'))}" if rng.random() < cents else str(whole)
        )
        text = currency.format(amount)
        return Value(text, text, whole, "money")

    return make


def percent(low: int, high: int) -> Maker:
    """A share: "15%", seldom "15 percent"."""

    def make(rng: Random, currency: str) -> Value:
        text = f"{rng.randint(low, high)}{rng.choice(('%', '%', '%', ' percent'))}"
        return Value(text, text)

    return make


def count(low: int, high: int, noun: str) -> Maker:
    """A plain number of things: "3 attempts"."""
    return lambda rng, currency: _counted(rng.randint(low, high), noun, rng, words=0.3)


def clock(low: int, high: int) -> Maker:
    """A time of the day, hours from `low` to `high` of 24."""

    def make(rng: Random, currency: str) -> Value:
        hour, minute = rng.randint(low, high), rng.choice(("", "", ":30"))
        short = f"{(hour - 1) % 12 + 1}{minute}{rng.choice((' ', ''))}{'am' if hour < 12 else 'pm'}"
        text = rng.choice(
            (short, short, f"{hour:02d}{minute or ':00'}", short.replace("m", ".m.").replace("p.", "p."))
        )
        return Value(text, text)

    return make


def opening_hours(rng: Random, currency: str) -> Value:
    """When people answer: "Monday to Friday, 9 am to 6 pm"."""
    first, last = rng.randint(6, 11), rng.randint(3, 10)
    hours = rng.choice(
        (f"{first} am to {last} pm", f"{first}am-{last}pm", f"{first:02d}:00 to {last + 12}:00")
    )
    zone = rng.choice(("", "", "", " CET", " Eastern time", " GMT", " Pacific time"))
    text = f"{rng.choice(WEEKDAYS)}, {hours}{zone}"
    return Value(text, text)


def wording(*texts: str) -> Maker:
    """A value in words: a rule, a place, a list."""

    def make(rng: Random, currency: str) -> Value:
        text = rng.choice(texts)
        return Value(text, text)

    return make


def listing(names: tuple[str, ...], low: int, high: int) -> Maker:
    """A list in words, drawn anew: "swimwear, hats and gift cards"."""

    def make(rng: Random, currency: str) -> Value:
        chosen = rng.sample(names, rng.randint(low, high))
        text = chosen[0] if len(chosen) == 1 else f"{', '.join(chosen[:-1])} and {chosen[-1]}"
        return Value(text, text)

    return make
