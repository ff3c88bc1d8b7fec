"""Runs that were tried for the same thing, and when the next try may begin. Pure; the runs are Dagster's.

A try is counted from the runs themselves, so there is no state of its own to lose: the number of earlier
tries is in the next run's key, and a failed run can neither hide behind its key nor behind a cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Outcome = Literal["going", "succeeded", "failed", "canceled"]

FIRST_WAIT = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=12)


@dataclass(frozen=True)
class Attempt:
    """One run: how it ended and when (when it was made, while it is going). Times are UTC."""

    outcome: Outcome
    at: datetime
    run_id: str = ""


def wait(failures: int, first: timedelta = FIRST_WAIT) -> timedelta:
    """How long to wait after that many failures: twice as long each time, half a day at most."""
    doubled = 1 << min(max(failures - 1, 0), 16)
    return min(first * doubled, LONGEST_WAIT)


def next_try(attempts: Sequence[Attempt], first: timedelta = FIRST_WAIT) -> datetime | None:
    """When the next try may begin; None when it may at once because nothing was tried.

    A run that succeeded counts too: the question is asked because what it was for is not there.
    """
    ended = [attempt.at for attempt in attempts if attempt.outcome in ("failed", "succeeded")]
    return max(ended) + wait(len(ended), first) if ended else None


def going(attempts: Sequence[Attempt]) -> Attempt | None:
    """The run that is queued or running now."""
    return next((attempt for attempt in attempts if attempt.outcome == "going"), None)


def told(attempts: Sequence[Attempt]) -> str:
    """How the finished tries went, for a reason."""
    failed = sum(attempt.outcome == "failed" for attempt in attempts)
    ended = len(attempts) - failed
    return f"failed {failed} times" if not ended else f"{len(attempts)} runs ended without it"


def clock(at: datetime) -> str:
    """A time as the reasons write it."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
