"""How many tickets of each class there are, and when they come in."""

import random
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

# Class -> tickets per thousand. The first two are answers; the next five are for people.
SHARES: dict[str, int] = {
    "answerable": 640,
    "live_data": 60,
    "fraud_dispute": 34,
    "policy_exception": 36,
    "emotional_escalation": 40,
    "multi_issue": 40,
    "needs_human": 36,
    "no_resolution": 26,
    "deleted": 5,
    "not_support": 21,
    "language": 18,
    "empty": 10,
    "boilerplate_only": 13,
    "placeholder": 8,
    "factual_error": 13,
}
# January first: winter gear, the holidays, and the hiking season.
SEASON = (1.25, 0.85, 0.9, 0.95, 1.1, 1.2, 1.15, 1.05, 0.9, 0.95, 1.55, 1.75)
HOURS = (8, 9, 9, 10, 10, 11, 12, 13, 14, 15, 15, 16, 17, 18, 19, 20, 21, 22)


def classes(count: int) -> list[str]:
    """`count` class names in the given shares; rounding goes to the answerable ones."""
    counts = {name: round(count * share / 1000) for name, share in SHARES.items()}
    counts["answerable"] += count - sum(counts.values())
    return [name for name, times in counts.items() for _ in range(times)]


def month_starts(last_month: str, months: int) -> list[date]:
    """The first days of the `months` months that end with `last_month` ("2026-10")."""
    last = date.fromisoformat(f"{last_month}-01")
    number = last.year * 12 + last.month - 1
    return [date((number - back) // 12, (number - back) % 12 + 1, 1) for back in reversed(range(months))]


def end_of_month(first: date) -> date:
    """The last day of a month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def arrivals(starts: Sequence[date], count: int, rng: random.Random) -> list[datetime]:
    """`count` times of arrival in order, with the season's ups and downs and fewer at weekends."""
    weights = [SEASON[start.month - 1] * (1 + 0.015 * place) for place, start in enumerate(starts)]
    chosen = rng.choices(starts, weights=weights, k=count)
    return sorted(_moment(start, rng) for start in chosen)


def _moment(start: date, rng: random.Random) -> datetime:
    # The last two days stay free, so that nearly all tickets are solved in the month they came in.
    span = end_of_month(start).day - 2
    day = start + timedelta(days=rng.randrange(span))
    if day.weekday() >= 5 and rng.random() < 0.5:
        day = start + timedelta(days=rng.randrange(span))
    return datetime(
        day.year, day.month, day.day, rng.choice(HOURS), rng.randrange(60), rng.randrange(60), tzinfo=UTC
    )
