from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.data.exports.fields import (
    flag,
    ident,
    instant,
    language_code,
    lower_tags,
    names,
    one_line,
    plain,
    says_escalated,
    stars,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T12:00:00Z",
        "2026-05-04 12:00:00",
        "2026-05-04T12:00:00.000000+00:00",
        "2026-05-04T14:00:00+02:00",
        "2026-05-04 17:30:00 +0530",
        "2026-05-04 12:00:00 UTC",
        "04-05-2026 12:00:00",  # Freshdesk's daily files put the day first
        "04-05-2026 14:00:00 +0200",
        "04-05-2026 07:00 -05:00",
        int(NOON.timestamp()),
        NOON.timestamp(),
        int(NOON.timestamp() * 1000),
        int(NOON.timestamp() * 1_000_000),
        str(int(NOON.timestamp())),
    ],
)
def test_every_way_to_write_a_time_is_the_same_instant(written: object) -> None:
    assert instant(written) == NOON


@pytest.mark.parametrize(
    "written",
    [None, "", "soon", True, [], {}, "2026-13-45T00:00:00Z", 0, -5, 1e300, "99-99-2026", "0001-01-01"],
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert instant(written) is None


@given(st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2150, 1, 1)))
def test_iso_and_epoch_agree(naive: datetime) -> None:
    at = naive.replace(microsecond=0, tzinfo=UTC)
    assert instant(at.isoformat()) == instant(int(at.timestamp())) == at


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.text()), st.booleans()))
def test_nothing_breaks_the_readers(value: object) -> None:
    assert isinstance(ident(value), str)
    (
        instant(value),
        flag(value),
        language_code(value),
        stars(value),
        plain(value),
        one_line(value),
        lower_tags(value),
    )


@pytest.mark.parametrize(
    ("given_id", "text"), [(7, "7"), ("7", "7"), (7.0, "7"), (" a ", "a"), (None, ""), (True, "")]
)
def test_ids_are_text(given_id: object, text: str) -> None:
    assert ident(given_id) == text


def test_tags_are_lower_case_sorted_and_distinct() -> None:
    assert lower_tags(["VIP", "refund", "vip", None, ""]) == ("refund", "vip")
    assert lower_tags([{"name": "B"}, {"name": "a"}]) == ("a", "b")
    assert lower_tags("One, two;three") == ("one", "three", "two")


def test_names_come_without_addresses() -> None:
    found = names(["Ada Lind", None, '"Ada Lind" <ada@example.com>', "ada@example.com", "  Mei   Tanaka "])
    assert found == ("Ada Lind", "Mei Tanaka")


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("escalated", True),
        ("Escalations", True),
        ("tier_2_escalation", True),
        ("tier 3", True),
        ("not_escalated", False),
        ("de-escalated", False),
        ("no escalation", False),
        ("frontier2", False),
        ("refund", False),
    ],
)
def test_escalation_by_tag_or_group(text: str, raised: bool) -> None:
    assert says_escalated([text]) is raised


def test_plain_text_keeps_lines_and_drops_controls() -> None:
    assert plain(" a\r\nb\rc\x00\x07\xa0d ") == "a\nb\nc d"
    assert one_line("Order &amp; co\n now") == "Order & co now"
