"""The policy book: which sentence is in force on which day, and how values are spoken."""

from datetime import date

import pytest

from support_pipeline.policies import PolicyBook, PolicyFact, spoken


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (30, "days", "30 days"),
        (1, "years", "1 year"),
        ("5-7", "business_days", "5 to 7 business days"),
        (15, "percent", "15%"),
        (75, "USD", "$75"),
        (4.5, "EUR", "€4.50"),
        ("store credit", "text", "store credit"),
        ("buy-one-get-one", "text", "buy-one-get-one"),  # a word is not a range
        (3, "count", "3"),
    ],
)
def test_values_are_spoken_as_people_write_them(value: int | float | str, unit: str, text: str) -> None:
    assert spoken(value, unit) == text  # type: ignore[arg-type]


def returns(value: int, start: date | None, end: date | None) -> PolicyFact:
    return PolicyFact(
        topic="returns",
        statement="Returns within {value}.",
        value=value,
        unit="days",
        effective_from=start,
        effective_to=end,
    )


def test_each_day_has_its_version() -> None:
    change = date(2026, 2, 1)
    book = PolicyBook(facts=(returns(30, None, date(2026, 1, 31)), returns(45, change, None)))
    assert book.sentences(date(2026, 1, 31)) == ["Returns within 30 days."]
    assert book.sentences(change) == ["Returns within 45 days."]


def test_versions_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="two versions in force at once"):
        PolicyBook(facts=(returns(30, None, date(2026, 2, 1)), returns(45, date(2026, 2, 1), None)))
