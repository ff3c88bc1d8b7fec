"""Quantities in text: lengths of time, percentages, amounts of money, plain counts.

"30 days", "a fortnight", "thirty-day", "5–7 business days", "between 5 and 7 days", "15 per cent",
"€4,99" are one thing however they are spelled: full-width digits, no-break and zero-width spaces and
letters that only look Latin are read as what they look like. Offsets always belong to the text that was given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from unicodedata import category, decimal, normalize

from support_pipeline.policies import Unit

Kind = Literal["time", "percent", "money", "count"]

# A unit in its smallest kin: exact for all but months and years, which policies count as 30 and 365 days.
_HOURS: dict[str, float] = {
    "hours": 1, "days": 24, "business_days": 24, "weeks": 168, "months": 720, "years": 8760,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value or a range (`low` to `high`) with its unit, and where it stands in the text.

    `past` marks what is told, not promised: "5 days ago", "for the last two weeks".
    """

    low: float
    high: float
    unit: Unit
    start: int
    end: int
    text: str
    past: bool = False

    @property
    def kind(self) -> Kind:
        """Which quantities it can be compared with."""
        if self.unit in _HOURS:
            return "time"
        return "percent" if self.unit == "percent" else "count" if self.unit in ("count", "text") else "money"

    def same_value(self, other: "Quantity") -> bool:
        """Whether both mean the same: 2 weeks are 14 days, 24 hours are a day.

        Business days equal plain days of the same number, because people leave the word out; a week
        is then five of them.
        """
        if self.kind != other.kind:
            return False
        if self.kind == "money":
            return self.unit == other.unit and _close(self, other, 1, 1)
        if self.kind != "time" or self.unit == other.unit:
            return _close(self, other, 1, 1)
        if "business_days" in (self.unit, other.unit):
            return _close(self, other, _in_workdays(self.unit), _in_workdays(other.unit))
        if {self.unit, other.unit} == {"months", "years"}:
            return _close(self, other, _in_months(self.unit), _in_months(other.unit))
        if {self.unit, other.unit} == {"weeks", "months"}:
            return False
        return _close(self, other, _HOURS[self.unit], _HOURS[other.unit])


def _close(a: Quantity, b: Quantity, a_size: float, b_size: float) -> bool:
    return abs(a.low * a_size - b.low * b_size) < 1e-6 and abs(a.high * a_size - b.high * b_size) < 1e-6


def _in_workdays(unit: str) -> float:
    return {"hours": 1 / 24, "days": 1, "business_days": 1, "weeks": 5, "months": 30, "years": 365}[unit]


def _in_months(unit: str) -> float:
    return 12 if unit == "years" else 1


# Letters of other scripts (Cyrillic, Greek, Turkish) that pass for Latin ones, both in lower case.
_LOOKALIKES = str.maketrans("аеорсхуіјѕһԁӏкмтвнονρικατυχı", "aeopcxyijshdlkmtbhovpikatuxi")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain lower-case spelling; `offsets[i]` is where its character `i` came from."""

    text: str
    offsets: tuple[int, ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original span of a span of the plain text."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


def plain(text: str) -> Plain:
    """The text as it looks, in lower case: digits, dashes, quotes, spaces and look-alike letters made plain."""
    if text.isascii():
        return Plain(text.lower())
    chars: list[str] = []
    offsets: list[int] = []
    for i, char in enumerate(text):
        for part in char.lower() if char < "\x80" else _looks(char):
            chars.append(part)
            offsets.append(i)
    return Plain("".join(chars), tuple(offsets))


@lru_cache(maxsize=8192)
def _looks(char: str) -> str:
    if category(char) in ("Cf", "Mn", "Me"):
        return ""
    digit = decimal(char, None)
    if digit is not None:
        return str(digit)
    if category(char) == "Zs":
        return " "
    if category(char) == "Pd" or char == "−":
        return "-"
    if char in "‘’ʼ＇":
        return "'"
    if char in "“”„«»":
        return '"'
    if char in "½¼¾":
        return {"½": ".5", "¼": ".25", "¾": ".75"}[char]
    return normalize("NFKC", char).lower().translate(_LOOKALIKES)


_TEENS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_WORDS = {word: value for value, word in enumerate(_TEENS)}
_WORDS |= {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "fourty": 40, "ninty": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000}

_WORD = "|".join(sorted((*_WORDS, *_SCALES), key=len, reverse=True))
_SPELLED = rf"(?:(?:a|one)\s(?=hundred|thousand))?(?:{_WORD})(?:(?:\s(?:and\s)?|-)(?:{_WORD})){{0,5}}"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?!\d)|\d{1,9}(?:[.,]\d{1,2})?(?![\d])"
_NUMBER = rf"(?:{_DIGITS}|{_SPELLED})"

# Units of other languages: stems in plain lower case, with what follows them, to the unit.
_FOREIGN: tuple[tuple[str, Unit], ...] = (
    (r"werktage?n?|arbeitstage?n?|bankarbeitstage?n?|jours\souvr[ée]s|jours\souvrables|d[ií]as\sh[áa]biles|d[ií]as\slaborables|"
     r"dias\s[úu]teis|giorni\slavorativi|werkdagen|arbetsdagar|arbejdsdage|virkedager|dni\srobocz(?:ych|e)", "business_days"),
    (r"stunden?|heures?|horas?|ore|uur|uren|timmar|timer|godzin[ay]?", "hours"),
    (r"kalendertage?n?|tage?n?|jours?|d[ií]as?|giorn[oi]|dagen|dag|dagar|dage|dni|dzie[ńn]", "days"),
    (r"wochen?|semaines?|semanas?|settiman[ae]|weken|veckor|uger|tygodni[ea]?", "weeks"),
    (r"monate?n?|mois|mes(?:es)?|mes[ei]|maanden|maand|m[åa]nader|m[åa]neder|miesi[ęe]c[ye]?", "months"),
    (r"jahre?n?|ans|ann[ée]es?|a[ñn]os?|anos?|ann[oi]|jaar|jaren|år|lata?", "years"),
)  # fmt: skip
_FOREIGN_UNIT = [(re.compile(stems), unit) for stems, unit in _FOREIGN]
_TIME = (
    r"(?:(?P<busy>business|working|work|week|office|banking|trading)[\s-]?|(?:calendar|consecutive|full|whole|natural|more|"
    r"additional|extra|short)[\s-])?"
    r"(?P<unit>hours?|hrs?|h(?![\w'])|days?|(?<=\d\d)d(?![\w'])|weekdays?|workdays?|weeks?|wks?|fortnights?|months?|mos?(?![\w'])|years?|yrs?|"
    r"minutes?|mins?|FOREIGN)\b"
)
_CURRENCY = r"us\$|ca\$|a\$|[$€£]|\b(?:usd|eur|gbp)\b"
_CODE = r"usd|eur|gbp|us\sdollars?|dollars?|bucks|euros?|pounds?(?:\ssterling)?|quid|[$€£]"
_RANGE = r"\s?(?:-|to|or|and|through|until|up\sto|~|bis|und|oder|à|et|ou|y|o|al?|tot|en|till|til|do)\s?"
_ENGLISH_TIME = _TIME.replace("|FOREIGN", "").replace("busy", "busy2").replace("unit", "unit2")
_ANY_TIME = _TIME.replace("FOREIGN", "|".join(stems for stems, _ in _FOREIGN))

_QUANTITY = re.compile(
    r"(?<![\w.,$€£#])(?P<whole>\d{1,6})(?P<point>[$€£])(?P<cents>\d\d)(?![\w$€£])|"
    rf"(?<![\w.,])(?P<money>{_CURRENCY})\s?(?P<m1>{_DIGITS})(?:{_RANGE}(?:{_CURRENCY})?\s?(?P<m2>{_DIGITS}))?(?:\s?(?P<k>k)\b)?"
    rf"|(?<![\w.,$€£#])(?:between\s(?=[^.\n]{{1,24}}\band\b))?(?P<n1>{_NUMBER})(?:\s?\((?P<again>\d{{1,5}}|{_SPELLED})\))?"
    rf"(?:(?P<adj1>[\s-]?(?:business|working|calendar)?[\s-]?(?:hours?|days?|weeks?|months?|years?|%))?{_RANGE}(?P<n2>{_NUMBER})(?:\s?\(\d{{1,5}}\))?)?"
    rf"(?:[\s-]{{0,2}}(?:{_ANY_TIME}|(?P<percent>%|per\s?cent\b|percent\b|prozent\b|pour\s?cent\b|por\s?ciento\b|procent\b|pct\b|percentage\spoints?\b)|(?P<code>{_CODE})(?![\w])))?"
    rf"|\b(?P<article>an?|half\san?|a\scouple\sof|couple\sof|a\sfew|each|per|every)[\s-](?:{_ENGLISH_TIME})"
    rf"|\b(?P<fortnight>fortnight)\b",
)
_PAST_AFTER = re.compile(
    r"\s(?:ago|earlier|back\b|old\b|late\b|overdue|already|now\b|passed|have passed|since\b)"
)
_PAST_BEFORE = re.compile(
    r"\b(?:(?:last|past|previous|preceding)"
    r"|(?:been|waited|waiting|waited for|after waiting|delayed by|late by)(?:\s\w+)?)\s(?:the\s)?\Z"
)

_BUSY = re.compile("business|work|office|bank|trading|week")
_UNIT_OF: dict[str, tuple[Unit, float]] = {
    "hour": ("hours", 1), "hr": ("hours", 1), "h": ("hours", 1), "day": ("days", 1), "d": ("days", 1), "weekday": ("business_days", 1),
    "workday": ("business_days", 1), "week": ("weeks", 1), "wk": ("weeks", 1), "fortnight": ("weeks", 2),
    "month": ("months", 1), "mo": ("months", 1), "year": ("years", 1), "yr": ("years", 1),
    "minute": ("hours", 1 / 60), "min": ("hours", 1 / 60),
}  # fmt: skip
_MONEY: dict[str, Unit] = {
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "us dollar": "USD", "buck": "USD", "€": "EUR", "eur": "EUR",
    "euro": "EUR", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pound sterling": "GBP", "pounds sterling": "GBP", "quid": "GBP",
}  # fmt: skip


def quantities(text: str) -> tuple[Quantity, ...]:
    """All quantities of a text, in order."""
    return tuple(quantities_in(plain(text), text))


def quantities_in(flat: Plain, text: str) -> Iterator[Quantity]:
    """As `quantities`, for a text already made plain."""
    at = 0
    while found := _QUANTITY.search(flat.text, at):
        at = found.end()
        if found.group("adj1") and found.group("unit") and _unit_of_range_differs(found):
            # "2 weeks or 14 days" is no range: the first stands alone.
            at = found.end("adj1")
            found = _QUANTITY.match(flat.text, found.start(), at) or found
        read = _read(found)
        if read is None:
            continue
        low, high, unit = read
        start, end = flat.origin(*found.span())
        yield Quantity(low, high, unit, start, end, text[start:end], _is_past(flat.text, *found.span()))


def _is_past(text: str, begin: int, stop: int) -> bool:
    return bool(_PAST_AFTER.match(text, stop) or _PAST_BEFORE.search(text, max(0, begin - 32), begin))


def _unit_of_range_differs(found: re.Match[str]) -> bool:
    first = _bare_unit(found.group("adj1")).rstrip("s")
    return bool(first) and first != found.group("unit").rstrip("s")


def _read(found: re.Match[str]) -> tuple[float, float, Unit] | None:
    if found.group("money"):
        return _read_money(found)
    if found.group("whole"):  # "6€50"
        price = number(f"{found.group('whole')}.{found.group('cents')}")
        return price, price, _MONEY[found.group("point")]
    if found.group("fortnight"):
        return 2, 2, "weeks"
    if found.group("article"):
        return _read_article(found)
    low = number(found.group("n1"))
    high = number(found.group("n2")) if found.group("n2") else low
    unit, size = _unit(found)
    return min(low, high) * size, max(low, high) * size, unit


def _read_money(found: re.Match[str]) -> tuple[float, float, Unit] | None:
    unit = _MONEY.get(found.group("money"))
    if unit is None:
        return None
    size = 1000 if found.group("k") else 1
    low = number(found.group("m1")) * size
    high = number(found.group("m2")) * size if found.group("m2") else low
    return min(low, high), max(low, high), unit


def _read_article(found: re.Match[str]) -> tuple[float, float, Unit] | None:
    article = found.group("article")
    if article in ("each", "per", "every", "a few"):
        return None
    unit, size = _unit_of(found.group("unit2"), found.group("busy2"))
    count = 0.5 if article.startswith("half") else 2 if "couple" in article else 1
    return count * size, count * size, unit


def _unit(found: re.Match[str]) -> tuple[Unit, float]:
    if found.group("unit"):
        return _unit_of(found.group("unit"), found.group("busy"))
    if found.group("percent") or "%" in (found.group("adj1") or ""):
        return "percent", 1
    if found.group("code"):
        return _MONEY[re.sub(r"\s", " ", found.group("code").rstrip("s"))], 1
    if found.group("adj1"):
        return _unit_of(
            re.sub(r"(?i)business|working|calendar|[\s-]", "", found.group("adj1")), found.group("adj1")
        )
    return "count", 1


def _bare_unit(words: str) -> str:
    return re.sub(r"business|working|calendar|[\s-]", "", words)


def _unit_of(word: str, busy: str | None) -> tuple[Unit, float]:
    if word.rstrip("s") not in _UNIT_OF:
        return next(unit for stems, unit in _FOREIGN_UNIT if stems.fullmatch(word)), 1
    unit, size = _UNIT_OF[word.rstrip("s")]
    if unit == "days" and busy and _BUSY.search(busy):
        return "business_days", size
    return unit, size


@lru_cache(maxsize=4096)
def number(text: str) -> float:
    """A number in digits or words: "1,250", "4,99", "forty-five", "one hundred and eighty"."""
    if text[0].isdigit():
        grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text)
        return float(text.replace(",", "") if grouped else text.replace(",", "."))
    total = current = 0
    for word in re.split(r"[\s-]+", text):
        if word in _WORDS:
            current += _WORDS[word]
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0
        elif word in ("a", "one"):
            current += 1
    return float(total + current)
