"""When a client's history has to be made outside the monthly schedule: one pure function.

A new client's whole window is one ranged run. The same rule heals what the schedule lost: a month whose
run failed or never began is made once the schedule's day has passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from support_pipeline.attempts import FIRST_WAIT, Attempt, clock, going, next_try, told
from support_pipeline.stages.months import last_complete_month, window

INGESTION_DAY, INGESTION_HOUR = 2, 2
"""Day of the month and hour (UTC) of the monthly ingestion."""
GRACE = timedelta(hours=6)
"""How long the schedule has for it before this rule takes over."""


@dataclass(frozen=True)
class HistoryDue:
    """Whether a history run starts now, over which months, as which try, and why or why not."""

    start: bool
    months: tuple[str, ...]
    reason: str
    attempt: int = 0


def history_due(
    window_months: int,
    present: frozenset[str],
    attempts: Sequence[Attempt],
    now: datetime,
    first_wait: timedelta = FIRST_WAIT,
) -> HistoryDue:
    """Whether a client's history is completed now.

    `present` are the months that have filtered_pairs, `attempts` the client's history runs since its
    history was last complete. Times are UTC.
    """
    newest = last_complete_month(now)
    missing = tuple(month for month in window(newest, window_months) if month not in present)
    if not missing:
        return HistoryDue(False, (), f"history is complete through {newest}")
    told = f"history of {missing[0]}" + (f" .. {missing[-1]}" if len(missing) > 1 else "") + " is missing"
    held = _held(missing, newest, attempts, now, first_wait)
    tries = len(attempts)
    if held:
        return HistoryDue(False, missing, f"{told}; {held}", tries)
    return HistoryDue(True, missing, f"{told}; try {tries + 1}" if tries else told, tries)


def schedule_time(now: datetime) -> datetime:
    """When the monthly ingestion of the last complete month starts."""
    return datetime(now.year, now.month, INGESTION_DAY, INGESTION_HOUR, tzinfo=UTC)


def _held(
    missing: Sequence[str], newest: str, attempts: Sequence[Attempt], now: datetime, first_wait: timedelta
) -> str | None:
    current = going(attempts)
    if current is not None:
        return f"run {current.run_id[:8]} is going"
    if tuple(missing) == (newest,) and now < schedule_time(now) + GRACE:
        return f"the monthly ingestion starts {clock(schedule_time(now))}"
    latest = max(attempts, key=lambda attempt: attempt.at, default=None)
    if latest is not None and latest.outcome == "canceled":
        return f"a person canceled run {latest.run_id[:8]}; launch a backfill by hand"
    after = next_try(attempts, first_wait)
    if after is not None and now < after:
        return f"{told(attempts)}; next try after {clock(after)}"
    return None
