"""Small readers of raw values, shared by the vendors: ids, times, flags, names, plain text.

Exports are written by many versions of many systems, so each reader takes what it may meet (a number
or its text, null, a nested list) and answers with one type, or with nothing.
"""

import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from support_pipeline.data.tickets import Resolution, TicketMessage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_DAY_FIRST = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(\S.*)?"
)
_ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})")
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_ESCALATION = re.compile(
    r"(?<![a-z])(?<!no[ _-])(?<!not[ _-])(?<!non[ _-])(?<!de[ _-])escalat|\btier[ _-]?[23]\b"
)


def ident(value: object) -> str:
    """An id as text, whatever type the export gave it; "" when there is none."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def number(value: object) -> float | None:
    """A number, also one written as text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


_FLAGS = dict.fromkeys(("true", "1", "1.0", "yes", "y", "t", "on"), True) | dict.fromkeys(
    ("false", "0", "0.0", "no", "n", "f", "off"), False
)


def flag(value: object) -> bool | None:
    """A yes or no, also one written as text or 0/1; None when it says neither."""
    if isinstance(value, bool) or value is None:
        return value
    return _FLAGS.get(str(value).strip().lower())


def instant(value: object) -> datetime | None:
    """A time in UTC, or None: ISO (space or T, Z, offset or neither), epoch seconds or
    milliseconds (also as text), and day-first forms with or without a zone. No zone means UTC."""
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _epoch(value)


def _written(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _unusual(text.strip())
    if at.tzinfo is UTC:
        return at if _EARLIEST <= at < _LATEST else _unusual(text.strip())
    return _in_utc(at) or _unusual(text.strip())


def _unusual(text: str) -> datetime | None:
    if re.fullmatch(r"\d{9,17}(\.\d+)?", text):
        return _epoch(float(text))
    if text.upper().endswith((" UTC", " GMT")):
        return _written(text[:-4] + "Z")
    if found := _DAY_FIRST.fullmatch(text):
        return _day_first(*found.groups())
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?) ?([+-]\d\d:?\d\d)", text):
        return _in_utc(datetime.fromisoformat(found.group(1)).replace(tzinfo=_zone(found.group(2))))
    return None


def _day_first(day: str, month: str, year: str, *rest: str | None) -> datetime | None:
    hour, minute, second = (int(part or 0) for part in rest[:3])
    try:
        at = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=_zone(rest[3] or ""))
    except ValueError:
        return None
    return _in_utc(at)


def _zone(text: str) -> timezone:
    found = _ZONE.search(text)
    if not found:
        return UTC
    offset = timedelta(hours=int(found.group(2)), minutes=int(found.group(3)))
    return timezone(-offset if found.group(1) == "-" else offset)


def _in_utc(at: datetime) -> datetime | None:
    try:
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return at if _EARLIEST <= at < _LATEST else None


def _epoch(count: float) -> datetime | None:
    for scale in (1, 1_000, 1_000_000):
        if abs(count) / scale < 1e11:
            try:
                return _in_utc(EPOCH + timedelta(seconds=count / scale))
            except (OverflowError, ValueError):
                return None
    return None


def plain(text: object) -> str:
    """Plain text as it is kept: newlines only, no control characters, no blank edges."""
    if not isinstance(text, str):
        return ""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = _CONTROLS.sub("", text).replace("\xa0", " ")
    return text.strip()


def one_line(text: object) -> str:
    """A subject: one line, without the HTML entities that some vendors leave in it."""
    return " ".join(plain(html.unescape(text) if isinstance(text, str) else text).split())


def mapping(value: object) -> Mapping[str, Any]:
    """The value when it is an object, an empty one otherwise (null, a list, text)."""
    return value if isinstance(value, dict) else {}


def rows(value: object, *names: str) -> list[dict[str, Any]]:
    """The objects of a list; also of a list that stands one level deeper under one of `names`."""
    if isinstance(value, dict):
        value = next((value[name] for name in names if isinstance(value.get(name), list)), [])
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def lower_tags(values: object) -> tuple[str, ...]:
    """Tags as sorted, distinct lower-case texts; from a list of texts or of objects with a name."""
    if isinstance(values, str):
        values = re.split(r"[,;]", values)
    if not isinstance(values, list | tuple):
        return ()
    names = (value.get("name") if isinstance(value, dict) else value for value in values)
    return tuple(sorted({str(name).strip().lower() for name in names if name not in (None, "")} - {""}))


def names(values: Iterable[object]) -> tuple[str, ...]:
    """Distinct names of people in order of appearance; addresses give their display name only."""
    found = (_ADDRESS.sub("", value) for value in values if isinstance(value, str))
    cleaned = (re.sub(r"\s+", " ", name).strip(" \t\"'<>()[],;") for name in found)
    return tuple(dict.fromkeys(name for name in cleaned if name))


def language_code(value: object) -> str | None:
    """A two-letter language code out of "en", "en-GB", "pt_BR"; None for anything else."""
    found = (
        re.match(r"([a-z]{2})(?:[-_][a-z]{2,4})?$", value.strip().lower()) if isinstance(value, str) else None
    )
    return found.group(1) if found else None


def says_escalated(texts: Iterable[object]) -> bool:
    """Whether a tag or a group's name says that the ticket was escalated."""
    return any(isinstance(text, str) and _ESCALATION.search(text.lower()) is not None for text in texts)


def outcome(escalated: bool, needs_human: bool) -> Resolution:
    """The resolution by the vendor's structured signals; an escalation outweighs the others."""
    if escalated:
        return "escalated"
    return "needs_human" if needs_human else "resolved"


def stars(value: object) -> str | None:
    """A rating of 1 to 5 as good (4, 5) or bad (1, 2)."""
    score = number(value)
    if score is None or not 1 <= score <= 5:
        return None
    return "good" if score >= 4 else "bad" if score <= 2 else None


def in_order(messages: list[TicketMessage]) -> tuple[TicketMessage, ...]:
    """Messages by time; those of one instant keep the export's order (turned if it is newest first)."""
    if len(messages) > 1 and messages[0].at > messages[-1].at:
        messages = messages[::-1]
    return tuple(sorted(messages, key=lambda message: message.at))
