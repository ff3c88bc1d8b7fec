"""Months as the partitions write them: "2026-09"."""

import re
from datetime import UTC, date, datetime, timedelta

from support_pipeline.errors import ConfigError

FIRST_MONTH = "2022-01"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def parse_month(text: str) -> str:
    """A month that a person typed.

    Raises:
        ConfigError: not YYYY-MM, before the first partition, or not complete yet.
    """
    newest = last_complete_month()
    if not _MONTH.fullmatch(text):
        raise ConfigError(f"month '{text}'", [f"is not YYYY-MM, for example {newest}"])
    if not FIRST_MONTH <= text <= newest:
        raise ConfigError(
            f"month '{text}'", [f"lies outside {FIRST_MONTH} .. {newest} (the last complete month)"]
        )
    return text


def last_complete_month(now: datetime | None = None) -> str:
    """The newest month that is over (UTC)."""
    first = (now or datetime.now(UTC)).date().replace(day=1)
    return (first - timedelta(days=1)).strftime("%Y-%m")


def window(as_of: str, months: int) -> list[str]:
    """The months up to and with `as_of`, oldest first, none before the first partition."""
    year, month = int(as_of[:4]), int(as_of[5:])
    found = []
    for _ in range(months):
        found.append(f"{year:04d}-{month:02d}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return [name for name in reversed(found) if name >= FIRST_MONTH]


def months_between(earlier: str, later: str) -> int:
    """How many months the second is after the first; negative when it is before."""
    return (int(later[:4]) - int(earlier[:4])) * 12 + int(later[5:]) - int(earlier[5:])


def last_day(month: str) -> date:
    """The last day of a month: the day on which a release's policies are read."""
    year, number = int(month[:4]), int(month[5:])
    following = date(year + number // 12, number % 12 + 1, 1)
    return following - timedelta(days=1)
