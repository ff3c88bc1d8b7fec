"""Months: which are complete, which a release reads."""

from datetime import UTC, date, datetime

import pytest

from support_pipeline.errors import ConfigError
from support_pipeline.stages.months import last_complete_month, last_day, parse_month, window


def test_the_last_complete_month_is_never_the_running_one() -> None:
    assert last_complete_month(datetime(2026, 3, 1, 0, 0, tzinfo=UTC)) == "2026-02"
    assert last_complete_month(datetime(2026, 1, 31, 23, 59, tzinfo=UTC)) == "2025-12"


def test_a_window_ends_with_its_release_and_crosses_years() -> None:
    assert window("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert window("2022-02", 18) == ["2022-01", "2022-02"], "no month before the first partition"


def test_last_days() -> None:
    assert [last_day(month) for month in ("2026-02", "2024-02", "2025-12")] == [
        date(2026, 2, 28),
        date(2024, 2, 29),
        date(2025, 12, 31),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-13", "is not YYYY-MM"),
        ("september", "is not YYYY-MM"),
        ("2026-9", "is not YYYY-MM"),
        ("2999-01", "last complete month"),
        ("1999-01", "lies outside"),
    ],
)
def test_a_month_that_cannot_be_is_refused_with_the_cure(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_month(text)
