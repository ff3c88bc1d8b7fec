"""Policies with other values: the same brand on a day when a fact reads 21 days instead of 30.

A model that reads its policies follows the system message to the new value; one that learned them by
heart does not. Training uses this to render examples with other values, the evaluation to ask again.
Pure: no model, no disk. What a text says about a fact is found and rewritten by `claims` alone; a
text that cannot be shown to state only the new value afterwards is refused, with the reason.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from support_pipeline.claims import Claim, claims, judge, rewrite
from support_pipeline.policies import PolicyBook, PolicyFact, Unit
from support_pipeline.quantities import Quantity, quantities

Message = Mapping[str, str]

# What shops really promise, by unit; a flip stays within a factor of four of the value that it replaces.
USUAL: dict[str, tuple[int, ...]] = {
    "hours": (1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 36, 48, 72, 96),
    "days": (1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 15, 20, 21, 25, 28, 30, 40, 45, 50, 60, 75, 90, 100, 120, 180, 365),
    "business_days": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 20),
    "weeks": (1, 2, 3, 4, 5, 6, 8, 10, 12),
    "months": (1, 2, 3, 4, 6, 9, 12, 15, 18, 24, 30, 36, 48, 60),
    "years": (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25),
    "percent": (2, 3, 5, 7, 8, 10, 12, 15, 18, 20, 25, 30, 35, 40, 50, 60, 75),
    "count": (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 50, 100),
}  # fmt: skip
NEAR = 4.0
_PRICE_FACTORS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.25, 1.4, 1.6, 1.8, 2.0, 2.4)
_WORDS_OF_A_KIND: tuple[tuple[str, ...], ...] = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("DHL", "UPS", "FedEx", "DPD", "GLS", "USPS", "Royal Mail", "Hermes"),
    ("PayPal", "Klarna", "Apple Pay", "Google Pay", "bank transfer", "credit card"),
    ("e-mail", "phone", "live chat", "text message"),
)
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_HOURS = {"hours": 1, "days": 24, "business_days": 24, "weeks": 168, "months": 720, "years": 8760}
_DATE = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)?\s(?:of\s)?)?(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december)\s\d{1,2}\b|\b\d{1,2}(?:st|nd|rd|th)?\s(?:of\s)?(?:january|february|march|april|may|june|july"
    r"|august|september|october|november|december)\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a fact or a text is not flipped."""

    reason: str


@dataclass(frozen=True, slots=True)
class FlippedFact:
    """A fact as it was, and with another value of the same unit and shape."""

    before: PolicyFact
    after: PolicyFact

    @property
    def topic(self) -> str:
        """What the fact is about."""
        return self.before.topic

    def __str__(self) -> str:
        return f"{self.topic}: {_shown(self.before)!r} to {_shown(self.after)!r}"


@dataclass(frozen=True, slots=True)
class Flip:
    """The book on `day` with other values for some facts.

    In `book` each flipped fact has two versions: the value that it had, up to the day before, and the new
    one from `day` on. So `book.sentences(day)` are the policy lines to show, and `claims.judge` calls the
    old value "superseded" and the new one "current".
    """

    facts: tuple[FlippedFact, ...]
    book: PolicyBook
    day: date

    @property
    def topics(self) -> frozenset[str]:
        """The topics that have another value."""
        return frozenset(fact.topic for fact in self.facts)


@dataclass(frozen=True, slots=True)
class FlippedChat:
    """A chat under a flip: system message and answers changed together, the customer's words untouched.

    `stated` names the flipped topics that the answers speak about; the rest changed in the policies alone.
    """

    messages: tuple[Message, ...]
    stated: tuple[str, ...]


def flip(book: PolicyBook, fact: PolicyFact, day: date, rng: Random) -> Flip | Refused:
    """The book with another value for one fact that is in force on `day`."""
    changed = other_value(book, fact, rng)
    return changed if isinstance(changed, Refused) else with_facts(book, [changed], day)


def with_facts(book: PolicyBook, changed: Sequence[FlippedFact], day: date) -> Flip:
    """The book in which all of `changed` have their new value from `day` on."""
    by_topic = {fact.topic: fact for fact in changed}
    facts: list[PolicyFact] = []
    for fact in book.facts:
        flipped = by_topic.get(fact.topic)
        if flipped is None:
            facts.append(fact)
        elif fact == flipped.before:
            earlier, on = {"effective_from": None, "effective_to": day - timedelta(days=1)}, day
            facts.append(flipped.before.model_copy(update=earlier))
            facts.append(flipped.after.model_copy(update={"effective_from": on, "effective_to": None}))
    return Flip(tuple(changed), PolicyBook(facts=tuple(facts)), day)


def other_value(book: PolicyBook, fact: PolicyFact, rng: Random) -> FlippedFact | Refused:
    """The fact with another value: same unit, same shape, plausible, and no value that the book states elsewhere.

    (A value that another fact has could be copied from there and still look right.)
    """
    template = _with_slot(fact)
    if isinstance(template, Refused):
        return template
    candidates = [value for value in _candidates(book, template) if value != template.value]
    after = [template.model_copy(update={"value": value}) for value in candidates]
    taken = [value for other in book.facts if (value := value_of(other))]
    fresh = [one for one in after if not any(_same(one, value) for value in taken)]
    if not fresh:
        return Refused(f"no other plausible value is known for {_shown(fact)!r}")
    return FlippedFact(fact, rng.choice(fresh))


def _same(fact: PolicyFact, value: Quantity) -> bool:
    own = value_of(fact)
    if own is None:
        return False
    if own.unit == "text" or value.unit == "text":
        return own.unit == value.unit and own.text.casefold() == value.text.casefold()
    return own.same_value(value)


def value_of(fact: PolicyFact) -> Quantity | None:
    """The value that a fact states, whether it is given apart or only stands in the sentence."""
    if fact.unit == "text" and fact.value is not None:
        return Quantity(0, 0, "text", 0, 0, str(fact.value))
    found = quantities(fact.spoken_value() if fact.value is not None else fact.sentence())
    return found[0] if len(found) == 1 else None


def _shown(fact: PolicyFact) -> str:
    return fact.spoken_value() or fact.sentence()


def _with_slot(fact: PolicyFact) -> PolicyFact | Refused:
    """The fact with `{value}` where its value stands, also when the sentence spells it out."""
    if "{value}" in fact.statement:
        return fact
    own = value_of(fact)
    if own is None:
        return Refused("the fact states no single value")
    if own.unit == "text":
        at = fact.statement.find(own.text)
        spans = [(at, at + len(own.text))] if at >= 0 else []
        value = fact.value
    else:
        stated = [one for one in quantities(fact.statement) if one.same_value(own)]
        spans = [(one.start, one.end) for one in stated]
        value = fact.value if fact.value is not None else _plain_value(own)
    if len(spans) != 1:
        return Refused("the statement does not show the value exactly once")
    start, end = spans[0]
    statement = f"{fact.statement[:start]}{{value}}{fact.statement[end:]}"
    return fact.model_copy(update={"statement": statement, "value": value, "unit": fact.unit or own.unit})


def _plain_value(own: Quantity) -> int | float | str:
    return _tidy(own.low) if own.low == own.high else f"{own.low:g}-{own.high:g}"


def _tidy(number: float) -> int | float:
    return int(number) if number == int(number) else round(number, 2)


# Candidates


def _candidates(book: PolicyBook, fact: PolicyFact) -> list[int | float | str]:
    text = str(fact.value)
    if fact.unit == "text":
        return [*_words_like(book, fact.topic, text)]
    span = _RANGE.fullmatch(text.strip())
    if span:
        return [*_ranges(float(span.group(1)), float(span.group(2)), fact.unit)]
    if not _NUMBER.fullmatch(text.strip()):
        return []
    number = float(text.replace(",", ""))
    return [*(_prices(number) if fact.unit in ("USD", "EUR", "GBP") else _numbers(number, fact.unit))]


def _words_like(book: PolicyBook, topic: str, word: str) -> Iterable[str]:
    yield from (str(one.value) for one in book.facts if one.topic == topic and str(one.value) != word)
    for words in _WORDS_OF_A_KIND:
        if word.casefold() in {one.casefold() for one in words}:
            yield from words


def _numbers(number: float, unit: Unit | None) -> list[int | float]:
    usual = USUAL[unit or "count"]
    return [value for value in usual if value != number and number / NEAR <= value <= number * NEAR]


def _ranges(low: float, high: float, unit: Unit | None) -> list[str]:
    usual = USUAL.get(unit or "count", USUAL["count"])
    return [
        f"{a}-{b}"
        for a in usual
        for b in usual
        if a < b <= max(2 * a + 2, a + 3)
        and (a, b) != (low, high)
        and low / NEAR <= a
        and b <= max(high * 2, high + 3)
    ]


def _prices(price: float) -> list[int | float]:
    """Other prices with the same cents: 14.95 to 9.95, 75 to 50."""
    whole, cents = int(price), round(price - int(price), 2)
    step = 25 if whole >= 200 else 5 if whole >= 40 else 1
    found = {
        max(step, step * round(price * factor / step)) - (1 if cents >= 0.5 else 0)
        for factor in _PRICE_FACTORS
    }
    return [_tidy(value + cents) for value in sorted(found) if value != whole and value + cents > 0]


# Texts


def restate(flipped: Flip, text: str) -> str | Refused:
    """The text with every claim about a flipped fact changed to its new value.

    The policies' own sentences are exchanged as they stand, claims in other words through the claims
    engine. Read again, the text must speak of the same topics as before, state only values that hold
    under the flip, and contain the old value nowhere else.
    """
    listed = _restated_list(flipped, text)
    if listed is not None:
        return listed
    told = claims(flipped.book, text)
    if problem := _ambiguous(flipped, told):
        return Refused(problem)
    written = text
    for fact in flipped.facts:
        written = written.replace(fact.before.sentence(), fact.after.sentence())
    written = rewrite(flipped.book, written, flipped.day).text
    problem = _unfaithful(flipped, told, written)
    return Refused(problem) if problem else written


def _restated_list(flipped: Flip, text: str) -> str | None:
    """The short way for a system message: every policy a line of its own, and no claim on any other line."""
    new = {f"- {fact.before.sentence()}": f"- {fact.after.sentence()}" for fact in flipped.facts}
    known = {f"- {fact.sentence()}" for fact in flipped.book.in_force(flipped.day)} | set(new)
    lines = text.split("\n")
    rest = "\n".join(line for line in lines if line not in known)
    if any(lines.count(line) != 1 for line in new) or claims(flipped.book, rest):
        return None
    return "\n".join(new.get(line, line) for line in lines)


def _ambiguous(flipped: Flip, told: Sequence[Claim]) -> str | None:
    """A claim that reads like one about another fact too, which has the same value."""
    before = {fact.topic: fact.before for fact in flipped.facts}
    in_force = [before.get(fact.topic, fact) for fact in flipped.book.in_force(flipped.day)]
    for claim in told:
        for other in in_force:
            concerned = claim.topic in before or other.topic in before
            if not concerned or claim.verbatim or other.topic == claim.topic:
                continue
            if _same(other, claim.quantity) and _reads_as(other, claim):
                return f"{claim.quantity.text!r} may be about {claim.topic} or {other.topic}"
    return None


def _reads_as(fact: PolicyFact, claim: Claim) -> bool:
    alone = PolicyBook(facts=(fact,))
    return any(one.quantity.same_value(claim.quantity) for one in claims(alone, claim.sentence))


def _unfaithful(flipped: Flip, told: Sequence[Claim], written: str) -> str | None:
    """What keeps the rewritten text from being one of the flipped world, or None."""
    said = claims(flipped.book, written)
    if [claim.topic for claim in told] != [claim.topic for claim in said]:
        return "the text speaks of other topics once it is rewritten"
    for claim in said:
        if claim.topic in flipped.topics and judge(flipped.book, claim, flipped.day) != "current":
            return f"{claim.topic}: still states {claim.quantity.text!r}"
    inside = [(claim.start, claim.end) for claim in said]
    for fact in flipped.facts:
        left = _left_over(fact, written, inside)
        if left:
            return f"{fact.topic}: {left!r} also stands where no claim is recognised"
    return None


def _left_over(fact: FlippedFact, written: str, inside: Sequence[tuple[int, int]]) -> str | None:
    old = value_of(fact.before)
    if old is None:
        return None
    if old.unit == "text":
        found = re.search(rf"\b{re.escape(old.text)}\b", written, re.IGNORECASE)
        return found.group() if found else None
    for one in quantities(written):
        claimed = any(start <= one.start and one.end <= end for start, end in inside)
        if not claimed and not one.past and one.same_value(old):
            return one.text
    return None


def flip_chat(flipped: Flip, messages: Sequence[Message]) -> FlippedChat | Refused:
    """A chat under the flip, its system message and its answers changed together.

    Refused when the new value may lead to another conclusion than the old one: the customer tells of 40
    days and the window moves from 45 to 30, or the answer names a date or an amount that follows from it.
    """
    if problem := other_conclusion(flipped.facts, flipped.book, messages):
        return Refused(problem)
    changed: list[Message] = []
    for message in messages:
        content = message["content"] if message["role"] == "user" else restate(flipped, message["content"])
        if isinstance(content, Refused):
            return Refused(f"{message['role']} message: {content.reason}")
        changed.append({**message, "content": content})
    if changed == list(messages):
        return Refused("the chat states none of the flipped facts")
    return FlippedChat(tuple(changed), tuple(sorted(_spoken_of(flipped.book, messages) & flipped.topics)))


def _spoken_of(book: PolicyBook, messages: Sequence[Message]) -> set[str]:
    """The topics that the answers make claims about."""
    answers = (message["content"] for message in messages if message["role"] == "assistant")
    return {claim.topic for answer in answers for claim in claims(book, answer)}


def other_conclusion(
    facts: Sequence[FlippedFact], book: PolicyBook, messages: Sequence[Message]
) -> str | None:
    """Why the answers might no longer follow from the policies under the new values, or None."""
    return next(
        (f"{topic}: {problem}" for topic, problem in _conclusions(facts, book, messages).items()), None
    )


def safe(facts: Sequence[FlippedFact], book: PolicyBook, messages: Sequence[Message]) -> list[FlippedFact]:
    """Those facts whose new value leads the answers to no other conclusion."""
    hindered = _conclusions(facts, book, messages)
    return [fact for fact in facts if fact.topic not in hindered]


def _conclusions(
    facts: Sequence[FlippedFact], book: PolicyBook, messages: Sequence[Message]
) -> dict[str, str]:
    """Topic to what speaks against its new value."""
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    customer = [one for m in messages if m["role"] == "user" for one in quantities(m["content"])]
    told = [*customer, *(one for answer in answers for one in _unclaimed(book, answer))]
    spoken_of = _spoken_of(book, messages)
    found: dict[str, str] = {}
    for fact in facts:
        old, new = value_of(fact.before), value_of(fact.after)
        if old is None or new is None or old.unit == "text":
            continue
        between = next((one for one in told if _comparable(one, old) and _crosses(one, old, new)), None)
        if between:
            found[fact.topic] = f"{between.text!r} lies between the old and the new value"
        elif fact.topic in spoken_of and (problem := _derived(old, customer, answers)):
            found[fact.topic] = problem
    return found


def _derived(old: Quantity, customer: Sequence[Quantity], answers: Sequence[str]) -> str | None:
    """What in the answers may have been worked out from the old value, or agrees to it."""
    if named := next((one.text for one in customer if one.same_value(old)), None):
        return f"the customer names {named!r}"
    text = " ".join(answers)
    if old.kind == "time" and (found := _DATE.search(text)):
        return f"the date {found.group()!r} may follow from the value"
    if old.kind == "percent" and any(one.kind == "money" for one in quantities(text)):
        return "an amount of money may follow from the value"
    return None


def _unclaimed(book: PolicyBook, text: str) -> list[Quantity]:
    inside = [(claim.start, claim.end) for claim in claims(book, text)]
    return [
        one
        for one in quantities(text)
        if not any(start <= one.start and one.end <= end for start, end in inside)
    ]


def _comparable(one: Quantity, other: Quantity) -> bool:
    return one.kind == other.kind and (one.kind != "money" or one.unit == other.unit)


def _crosses(told: Quantity, old: Quantity, new: Quantity) -> bool:
    size = _HOURS.get(told.unit, 1), _HOURS.get(old.unit, 1)
    at, low, high = told.high * size[0], old.high * size[1], new.high * size[1]
    return (at <= low) != (at <= high)
