"""A month that is over reads the same at any later time, while agents go on deciding."""

import threading
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import polars as pl

from support_pipeline.serving.decisions import Database, DecisionLog
from support_pipeline.serving.decisions import log as log_module
from support_pipeline.serving.decisions.drafts import Choice, decide
from support_pipeline_tests.serving.decisions.conftest import a_draft

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05")


class FastClock(datetime):
    """A clock that runs a month in a tenth of a second, and steps back now and then."""

    started = datetime.now(UTC)
    calls = 0

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        cls.calls += 1
        passed = (datetime.now(UTC) - cls.started).total_seconds()
        back = timedelta(hours=6) if cls.calls % 7 == 0 else timedelta()
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=passed * 300) - back


def test_no_decision_is_missed_or_read_twice(database: Database) -> None:
    drafts = [a_draft(database, number) for number in range(48)]
    log = DecisionLog(database.url)
    frames: dict[str, pl.DataFrame] = {}

    def agent(mine: list[str]) -> None:
        for draft in mine:
            done = Choice(draft, "acme", "approved", "45 days.", "", "ada", "", 1)
            with database.writing() as connection:
                decide(connection, done, hold_seconds=0)

    def pipeline() -> None:
        for month, after in zip(MONTHS, (*MONTHS[1:], "2026-06"), strict=True):
            while FastClock.now().strftime("%Y-%m") < after:
                pass
            frames[month] = log.edits("acme", month)  # read once, the moment it is over

    with patch.object(log_module, "datetime", FastClock):
        FastClock.started = datetime.now(UTC)
        FastClock.fromisoformat = datetime.fromisoformat  # type: ignore[method-assign]
        threads = [threading.Thread(target=agent, args=(drafts[n::3],)) for n in range(3)]
        threads.append(threading.Thread(target=pipeline))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        months = [f"{year}-{month:02d}" for year in range(2026, 2030) for month in range(1, 13)]
        later = {month: log.edits("acme", month) for month in months}
    assert all(frames[month].equals(later[month]) for month in MONTHS)
    read = [draft for frame in later.values() for draft in frame["draft_id"]]
    assert sorted(read) == sorted(drafts)
    assert sum(frame.height > 0 for frame in frames.values()) >= 1, "the reader never met a decision"
