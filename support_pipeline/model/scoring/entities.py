"""Everything in a text that is true or false of one order, one customer or one shop.

Numbers of orders and parcels, placeholders of redacted data, money, percentages, durations, dates,
addresses of mails and pages, phone numbers and codes. RE2 throughout: model answers and customer
texts are hostile input.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import re2

from support_pipeline.model.scoring.wording import fold, folded
from support_pipeline.quantities import Quantity, quantities

EntityKind = Literal[
    "placeholder",
    "email",
    "url",
    "phone",
    "order",
    "code",
    "money",
    "percent",
    "duration",
    "date",
    "time",
    "number",
]
Needs = tuple[frozenset[str], ...]
_LONGEST_AMOUNT = 20


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity as it stands in the text. Each of `needs` names its equal spellings.

    A range needs both its ends; a date written 05/06 may be read both ways, so it has two spellings.
    """

    kind: EntityKind
    text: str
    needs: Needs

    def supported_by(self, known: frozenset[str]) -> bool:
        """Whether every part is known from a source."""
        return all(spellings & known for spellings in self.needs)


@lru_cache(maxsize=8192)
def entities(text: str) -> tuple[Entity, ...]:
    """The entities of a text, in the order of their kinds. A span belongs to one kind only."""
    flat = folded(text)
    rest = flat.text
    found: list[Entity] = []

    def take(kind: EntityKind, start: int, end: int, needs: Needs) -> None:
        nonlocal rest
        begin, stop = flat.origin(start, end)
        found.append(Entity(kind, text[begin:stop].strip(" .,;:()"), needs))
        rest = rest[:start] + "\x00" * (end - start) + rest[end:]

    for kind, pattern, read in _READERS:
        for match in pattern.finditer(rest):
            if needs := read(match):
                take(kind, match.start(), match.end(), needs)
    for quantity in quantities(rest):
        if needs := _quantity(quantity):
            take(_QUANTITY_KINDS[quantity.kind], quantity.start, quantity.end, needs)
    for match in _BARE.finditer(rest):
        take("number", match.start(1), match.end(1), _one(f"bare:{_amount(match.group(1))}"))
    return tuple(found)


@lru_cache(maxsize=8192)
def known(text: str, *, bare_numbers: bool = False) -> frozenset[str]:
    """All spellings that a source supports. In a ticket, "45.99" without a currency is an amount too."""
    spellings = {spelling for entity in entities(text) for part in entity.needs for spelling in part}
    # An amount with its currency bears out no amount in another one.
    spellings = {spelling for spelling in spellings if not spelling.startswith("number:")}
    # "The 14th" may be any 14th that was named, and a number alone any that was written.
    spellings |= {f"monthday:{s.rsplit('-', 1)[1]}" for s in spellings if s.startswith("date:")}
    spellings |= {f"bare:{_amount(n)}" for n in _FIGURES.findall(fold(text))}
    if bare_numbers:
        spellings |= {f"number:{_amount(n)}" for n in re2.findall(r"\d[\d,]*\.\d+|\d{2,}", _no_money(text))}
    return frozenset(spellings)


_FIGURES = re2.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# Figures of which nothing else is known: a weight, a version, a count. Single digits number lists and steps.
_BARE = re2.compile(
    r"(?:^|[\s(])(\d+(?:,\d{3})*\.\d+|\d{2,}(?:,\d{3})*)(?:$|[\s,;:!?)]|\.(?:\s|$)|-[A-Za-z]|/\x00)"
)


def _no_money(text: str) -> str:
    """The text without its amounts in a named currency."""
    flat = fold(text)
    for entity in entities(text):
        if entity.kind == "money":
            flat = flat.replace(fold(entity.text), " ")
    return flat


def unsupported(text: str, sources: frozenset[str]) -> tuple[Entity, ...]:
    """The entities of an answer that no source knows."""
    return tuple(entity for entity in entities(text) if not entity.supported_by(sources))


_WORDS = {
    "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "twenty-five": 25, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "seventy-five": 75, "eighty": 80, "ninety": 90, "a quarter": 25, "half": 50,
    "a third": 33, "a half": 50, "three quarters": 75,
}  # fmt: skip


def _one(*spellings: str) -> Needs:
    return (frozenset(spellings),)


def _amount(number: str | float) -> str:
    text = str(number).replace(",", "").rstrip(".")
    if len(text) > _LONGEST_AMOUNT:  # a customer may type thousands of digits
        return text
    return f"{round(Decimal(text), 3).normalize():f}"


def _placeholder(match: Any) -> Needs:
    return _one(match.group(0))


def _email(match: Any) -> Needs:
    return _one(f"email:{match.group(0).lower()}")


def _url(match: Any) -> Needs:
    address = re2.sub(r"^(?:https?://)?(?:www\.)?", "", match.group(0).lower().rstrip(".,;:!?)'\"/"))
    return _one(f"url:{address}")


def _phone(match: Any) -> Needs:
    digits = re2.sub(r"\D", "", match.group(0))
    return _one(f"digits:{digits}", f"digits:{digits[-10:]}") if 8 <= len(digits) <= 15 else ()


def _order(match: Any) -> Needs:
    number = re2.sub(r"[^0-9A-Za-z]", "", next(g for g in match.groups() if g)).upper()
    digits = re2.sub(r"\D", "", number)
    return _one(f"id:{number}", *([f"digits:{digits}"] if len(digits) >= 4 else []))


def _code(match: Any) -> Needs:
    return _one(f"id:{next(g for g in match.groups() if g)}")


def _short_phone(match: Any) -> Needs:
    return _one(f"digits:{re2.sub(r'[^0-9]', '', match.group(1))}")


def _spoken_email(match: Any) -> Needs:
    return _one(f"email:{match.group(1)}@{match.group(2)}.{match.group(3)}".lower())


def _worded_percent(match: Any) -> Needs:
    return _one(f"percent:{_WORDS[(match.group(1) or match.group(2)).lower()]}")


def _fortnight(match: Any) -> Needs:
    return _one("hours:336")


def _monthday(match: Any) -> Needs:
    return _one(f"monthday:{int(match.group(1))}")


def _coupon(match: Any) -> Needs:
    return _one(f"id:{next(g for g in match.groups() if g).upper()}")


def _other_money(match: Any) -> Needs:
    number = _amount(match.group(2) or match.group(3))
    sign = (match.group(1) or match.group(4)).upper().rstrip(".")
    return _one(f"money:{_CURRENCIES.get(sign, sign)}:{number}", f"number:{number}")


_CURRENCIES = {"₹": "INR", "RS": "INR", "RUPEE": "INR", "RUPEES": "INR", "CENT": "CENTS"}
# Hours that a unit of time stands for; months and years are counted as months as well.
_HOURS = {"hours": 1, "days": 24, "weeks": 168, "months": 720, "years": 8760}
_QUANTITY_KINDS: dict[str, EntityKind] = {"time": "duration", "percent": "percent", "money": "money"}


def _quantity(quantity: Quantity) -> Needs:
    """Both ends of a quantity. A bare count is no entity, and a whole (100 %) says nothing."""
    if quantity.kind == "count" or (quantity.kind == "percent" and quantity.high == 100):
        return ()
    ends = tuple(_spellings(quantity, value) for value in dict.fromkeys((quantity.low, quantity.high)))
    # Two ends from two sources make no range.
    return (
        (*ends, frozenset(f"{low} to {high}" for low in ends[0] for high in ends[1]))
        if len(ends) == 2
        else ends
    )


def _spellings(quantity: Quantity, value: float) -> frozenset[str]:
    if quantity.kind == "money":
        return frozenset({f"money:{quantity.unit}:{_amount(value)}", f"number:{_amount(value)}"})
    if quantity.kind == "percent":
        return frozenset({f"percent:{_amount(value)}"})
    if quantity.unit == "business_days":
        # Seven business days are no week, but who says seven days means them.
        return frozenset({f"workdays:{_amount(value)}", f"days:{_amount(value)}"})
    hours = {f"hours:{_amount(value * _HOURS[quantity.unit])}"}
    if quantity.unit == "days":
        hours.add(f"days:{_amount(value)}")
    if quantity.unit in ("months", "years"):
        hours.add(f"months:{_amount(value * (12 if quantity.unit == 'years' else 1))}")
    return frozenset(hours)


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if month != "may" else month for month in _MONTHS) + "|sept"


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower()[:3]))


def _named_date(match: Any) -> Needs:
    day, name = (match.group(1), match.group(2)) if match.group(1) else (match.group(4), match.group(3))
    return _one(f"date:{_month_number(name)}-{int(day)}")


def _number_date(match: Any) -> Needs:
    if match.group(1):
        return _one(f"date:{int(match.group(2))}-{int(match.group(3))}")
    first, second = int(match.group(4)), int(match.group(5))
    if (first, second) == (24, 7):
        return ()
    readings = [
        f"date:{m}-{d}" for m, d in ((first, second), (second, first)) if m <= 12 and 1 <= d <= 31 and m
    ]
    return _one(*readings) if readings else ()


def _named_day(match: Any) -> Needs:
    return _one(f"day:{match.group(1).lower()}")


def _month_alone(match: Any) -> Needs:
    return _one(f"month:{_month_number(match.group(1))}")


def _time(match: Any) -> Needs:
    hour, minute, half = int(match.group(1)), int(match.group(2) or 0), match.group(3).lower()[0]
    return _one(f"time:{hour % 12 + (12 if half == 'p' else 0)}:{minute:02}")


def _clock(match: Any) -> Needs:
    if match.group(4):
        return _one(f"time:{'0' if match.group(4).lower() == 'midnight' else '12'}:00")
    seconds = match.group(3) if match.group(3) not in (None, "00") else None
    return _one(f"time:{int(match.group(1))}:{match.group(2)}" + (f":{seconds}" if seconds else ""))


_N = r"(\d+(?:,\d{3})*(?:\.\d+)?)"
_HOSTS = r"(?:com|net|org|io|co|store|shop|example|app|help|info|eu|us|uk|de|ca|au|in)"
_NOUN = r"(?:order|tracking|ticket|case|reference|ref|invoice|confirmation|parcel|shipment|rma)"

_READERS: tuple[tuple[EntityKind, Any, Callable[[Any], Needs]], ...] = (
    ("placeholder", re2.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>"), _placeholder),
    ("email", re2.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _email),
    (
        "email",
        re2.compile(rf"(?i)\b([\w.+-]+) (?:at|\(at\)|\[at\]) ([\w-]+) (?:dot|\(dot\)|\[dot\]) {_HOSTS.replace('?:', '', 1)}\b"),
        _spoken_email,
    ),
    (
        "url",
        re2.compile(rf"(?i)https?://[^\s<>\"]+|www\.[^\s<>\"]+|\b(?:[a-z0-9-]+\.)+(?:{_HOSTS}\b(?:/[^\s<>\"]*)?|[a-z]{{2,}}/[^\s<>\"]+)"),
        _url,
    ),
    ("phone", re2.compile(r"\+\d[\d ().-]{6,18}\d|\(\d{3}\) ?\d{3}[ .-]\d{4}\b|\b(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}\b"), _phone),
    ("phone", re2.compile(r"(?i)\b(?:call|phone|dial|ring|fax|ext(?:ension)?\.?)\b[^.!?\d]{0,24}(\d[\d -]{1,14}\d)\b"), _short_phone),
    ("date", re2.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b|\b(\d{1,2})/(\d{1,2})(?:/\d{2,4})?\b"), _number_date),
    (
        "order",
        re2.compile(
            rf"(?i)#\s?([A-Z]{{0,4}}-?\d{{3,}}[\dA-Z-]*)|\b(\d{{3}}-\d{{7}}-\d{{7}})\b|\b(1Z[0-9A-Z]{{16}})\b"
            rf"|\b{_NOUN}(?: (?:number|no\.?|id|nr\.?|code))?(?: is)?:? ?#?(\d?[A-Z]{{0,4}}-?\d{{3,}}[\dA-Z-]*)\b"
            r"|\b([A-Z]{1,5}-\d{3,}[A-Z0-9-]*|\d?[A-Z]{1,5}\d{4,}[A-Z0-9-]*)\b|\b(\d{6,})\b"
        ),
        _order,
    ),
    (
        "money",
        re2.compile(
            rf"(?i)(₹|\b(?:INR|Rs\.?|CAD|AUD|CHF|JPY)) ?{_N}|\b{_N} ?(₹|(?:INR|rupees?|rs|CAD|AUD|CHF|JPY|cents?)\b)"
        ),
        _other_money,
    ),
    (
        "date",
        re2.compile(
            rf"(?i)\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b|\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b"
        ),
        _named_date,
    ),
    ("date", re2.compile(r"(?i)\b(?:on|by|until|before|after|from|the) (?:the )?(\d{1,2})(?:st|nd|rd|th)\b"), _monthday),
    (
        "percent",
        re2.compile(
            rf"(?i)\b({'|'.join(word for word in _WORDS if ' ' not in word and word != 'half')}) ?(?:%|per ?cent)"
            r"|\b(a quarter|half|a half|a third|three quarters) (?:of (?:the|your)|off|the price)\b"
        ),
        _worded_percent,
    ),
    ("duration", re2.compile(r"(?i)\bfortnights?\b"), _fortnight),
    ("date", re2.compile(r"(?i)\b((?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tonight|yesterday)s?\b"), _named_day),
    (
        "date",
        re2.compile(
            r"(?i)\b((?:next|this|last|past|coming|following) (?:week|weekend|month|quarter|year|morning|afternoon|evening|night|fall|spring|summer|winter)"
            r"|(?:by|before|until|later|earlier|arrives?|for|due|ships?|call you|up with you) today|today (?:by|before|at)|today (?:morning|afternoon|evening))\b"
        ),
        _named_day,
    ),
    ("date", re2.compile(r"\b(January|February|April|June|July|August|September|October|November|December)\b"), _month_alone),
    ("time", re2.compile(r"(?i)\b(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\b"), _time),
    ("time", re2.compile(r"(?i)\b(\d{1,2}):(\d{2})(?::(\d{2}))?\b|\b(noon|midday|midnight)\b"), _clock),
    (
        "code",
        re2.compile(
            r"(?i:\b(?:code|voucher|coupon)(?: is)?:? \"?'?)((?i:[a-z]+\d+))\b|\b(?i:enter|use|apply|type|redeem)(?: the)?(?: code)? \"?'?([A-Z][A-Z0-9]{4,})\b"
        ),
        _coupon,
    ),
    ("code", re2.compile(r"\b([A-Z]{3,}\d{1,3})\b|(?:[Cc]ode|[Vv]oucher|[Cc]oupon):? \"?'?([A-Z0-9]{4,})\b"), _code),
)  # fmt: skip


def described(found: Iterable[Entity]) -> list[str]:
    """Evidence lines: the kind and the words."""
    return [f"{entity.kind} '{entity.text}'" for entity in found]
