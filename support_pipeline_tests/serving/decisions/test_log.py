"""The decision log: durable, decided once, read by month with no row missed."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import EDIT_SCHEMA, Decision, DecisionLog


@pytest.fixture
def log(tmp_path: Path) -> DecisionLog:
    return DecisionLog(f"sqlite:///{tmp_path / 'decisions.db'}")


def decision(draft: str, at: datetime, client: str = "acme") -> Decision:
    return Decision(
        draft,
        f"t-{draft}",
        client,
        at,
        "c1",
        "How long?",
        "30 days",
        "45 days",
        "edited",
        "policy",
        "Ada",
        "acme:1",
    )


def test_an_empty_log_reads_as_empty_and_creates_no_file(log: DecisionLog, tmp_path: Path) -> None:
    frame = log.edits("acme", "2026-09")
    assert frame.is_empty()
    assert frame.schema == EDIT_SCHEMA
    assert list(tmp_path.iterdir()) == []


def test_a_month_holds_its_own_decisions_to_the_microsecond(log: DecisionLog) -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)
    for draft, at in {
        "before": start - timedelta(microseconds=1),
        "first": start,
        "last": datetime(2026, 10, 1, tzinfo=UTC) - timedelta(microseconds=1),
        "after": datetime(2026, 10, 1, tzinfo=UTC),
    }.items():
        log.record(decision(draft, at))
    log.record(decision("other client", start, "other"))
    assert log.edits("acme", "2026-09")["draft_id"].to_list() == ["first", "last"]


def test_times_are_kept_in_utc(log: DecisionLog) -> None:
    local = datetime(2026, 9, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    log.record(decision("a", local))
    assert log.edits("acme", "2026-08")["decided_at"].to_list() == [local]


def test_a_draft_is_decided_once(log: DecisionLog) -> None:
    log.record(decision("a", datetime(2026, 9, 1, tzinfo=UTC)))
    with pytest.raises(SupportPipelineError, match="draft 'a' of client 'acme' has been decided already"):
        log.record(decision("a", datetime(2026, 9, 2, tzinfo=UTC)))
    assert log.edits("acme", "2026-09").height == 1


def test_a_decision_is_on_disk_before_it_is_acknowledged(log: DecisionLog) -> None:
    log.record(decision("a", datetime(2026, 9, 1, tzinfo=UTC)))
    with log.database.reading() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_log_that_cannot_be_read_is_named_without_its_password() -> None:
    with pytest.raises(SupportPipelineError, match=r"decision log .*nowhere.* cannot be written") as caught:
        DecisionLog("sqlite:////proc/nowhere/decisions.db").record(
            decision("a", datetime(2026, 9, 1, tzinfo=UTC))
        )
    assert "Check SUPPORT_PIPELINE_DECISIONS" in str(caught.value)


def test_the_same_decisions_have_the_same_digest(log: DecisionLog) -> None:
    log.record(decision("a", datetime(2026, 9, 1, tzinfo=UTC)))
    frame = log.edits("acme", "2026-09")
    assert log.digest(frame) == log.digest(log.edits("acme", "2026-09"))
    assert log.digest(frame) != log.digest(pl.DataFrame(schema=EDIT_SCHEMA))
