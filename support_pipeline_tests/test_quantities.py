"""Quantities however people spell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.quantities import Quantity, plain, quantities
from support_pipeline_tests.growth import costs_no_more_than_its_length


def read(text: str) -> list[tuple[float, float, str, str]]:
    return [(q.low, q.high, q.unit, q.text) for q in quantities(text)]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("within 30 days of it", 30, 30, "days"),
        ("a 14-day trial", 14, 14, "days"),
        ("30days", 30, 30, "days"),
        ("within 14d of it", 14, 14, "days"),
        ("14 (fourteen) days", 14, 14, "days"),
        ("costs EUR 6.50 now", 6.5, 6.5, "EUR"),
        ("costs 6€50 now", 6.5, 6.5, "EUR"),
        ("GBP 5 to GBP 7", 5, 7, "GBP"),
        ("in between 5 and 7 days", 5, 7, "days"),
        ("48h", 48, 48, "hours"),
        ("5 to 7 business days", 5, 7, "business_days"),
        ("5-7 working days", 5, 7, "business_days"),
        ("5–7 weekdays", 5, 7, "business_days"),
        ("between 5 and 7 days", 5, 7, "days"),
        ("3 days to 5 days", 3, 5, "days"),
        ("three or four weeks", 3, 4, "weeks"),
        ("7 to 5 days", 5, 7, "days"),
        ("14 calendar days", 14, 14, "days"),
        ("thirty days", 30, 30, "days"),
        ("Forty-Five Days", 45, 45, "days"),
        ("one hundred and eighty days", 180, 180, "days"),
        ("a hundred days", 100, 100, "days"),
        ("thirty (30) days", 30, 30, "days"),
        ("a fortnight", 2, 2, "weeks"),
        ("two fortnights", 4, 4, "weeks"),
        ("an hour", 1, 1, "hours"),
        ("half an hour", 0.5, 0.5, "hours"),
        ("a couple of weeks", 2, 2, "weeks"),
        ("30 minutes", 0.5, 0.5, "hours"),
        ("2 yrs", 2, 2, "years"),
        ("15% off", 15, 15, "percent"),
        ("15 per cent", 15, 15, "percent"),
        ("10 to 15 percent", 10, 15, "percent"),
        ("$4.99", 4.99, 4.99, "USD"),
        ("US$ 1,250.50", 1250.5, 1250.5, "USD"),
        ("4,99 €", 4.99, 4.99, "EUR"),
        ("£20–£30", 20, 30, "GBP"),
        ("20 pounds sterling", 20, 20, "GBP"),
        ("$2k", 2000, 2000, "USD"),
        ("3 items", 3, 3, "count"),
        ("innerhalb von 30 Tagen", 30, 30, "days"),
        ("3 bis 5 Werktage", 3, 5, "business_days"),
        ("sous 5 à 7 jours ouvrés", 5, 7, "business_days"),
        ("en 24 horas", 24, 24, "hours"),
        ("2 años", 2, 2, "years"),
        ("14 giorni", 14, 14, "days"),
        ("binnen 14 dagen", 14, 14, "days"),
        ("10 Prozent", 10, 10, "percent"),
        # What the eye takes for the same.
        ("３０ days", 30, 30, "days"),
        ("30\u00a0days", 30, 30, "days"),
        ("3\u200b0 da\u00adys", 30, 30, "days"),
        ("30 dаys", 30, 30, "days"),
        ("٣٠ days", 30, 30, "days"),
        ("5 − 7 days", 5, 7, "days"),
        ("＄１５", 15, 15, "USD"),
        ("1½ hours", 1.5, 1.5, "hours"),
    ],
)
def test_one_quantity(text: str, low: float, high: float, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.low, found.high, found.unit) == (low, high, unit)
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    "text",
    [
        "no numbers here",
        "anyone",
        "someone often",
        "weekend",
        "the tend-ency",
        "version 1.2.3.4",
        "CA$ 30",
        "per day",
    ],
)
def test_nothing_to_compare(text: str) -> None:
    assert [q for q in quantities(text) if q.unit != "count"] == []


def test_two_units_are_two_quantities() -> None:
    assert read("2 weeks or 14 days, from $5") == [
        (2, 2, "weeks", "2 weeks"),
        (14, 14, "days", "14 days"),
        (5, 5, "USD", "$5"),
    ]


@pytest.mark.parametrize(
    "text", ["5 days ago", "for the last two weeks", "it is 3 days late", "I have been waiting 9 days"]
)
def test_the_past_is_marked(text: str) -> None:
    assert [q.past for q in quantities(text)] == [True]


@pytest.mark.parametrize("text", ["within 5 days", "the 5 days after delivery", "in two weeks"])
def test_a_promise_is_not_past(text: str) -> None:
    assert [q.past for q in quantities(text)] == [False]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("2 weeks", "14 days", True),
        ("24 hours", "1 day", True),
        ("1 year", "12 months", True),
        ("1 month", "30 days", True),
        ("5-7 days", "5 to 7 business days", True),
        ("a week", "5 business days", True),
        ("30 days", "30 business days", True),
        ("2 weeks", "10 business days", True),
        ("5 days", "5-7 days", False),
        ("30 days", "30 %", False),
        ("$5", "€5", False),
        ("4 weeks", "1 month", False),
        ("14 days", "15 days", False),
    ],
)
def test_what_counts_as_the_same(a: str, b: str, same: bool) -> None:
    (one,), (other,) = quantities(a), quantities(b)
    assert one.same_value(other) is same
    assert other.same_value(one) is same


@given(st.text(max_size=200))
def test_offsets_belong_to_the_given_text(text: str) -> None:
    flat = plain(text)
    assert flat.offsets is None or len(flat.offsets) == len(flat.text)
    for quantity in quantities(text):
        assert isinstance(quantity, Quantity)
        assert text[quantity.start : quantity.end] == quantity.text
        assert quantity.low <= quantity.high


@given(
    st.integers(1, 9999),
    st.sampled_from(["days", "business days", "weeks", "hours", "%"]),
    st.text("ab \u00e9", max_size=9),
)
def test_a_written_number_is_read_back(value: int, unit: str, around: str) -> None:
    found = [q for q in quantities(f"{around} {value} {unit} {around}") if q.unit != "count"]
    assert [q.low for q in found] == [value]


@pytest.mark.parametrize("piece", ["1.1.", "one hundred and ", "5 to ", "$1,", "twenty-", "1 1"])
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    assert costs_no_more_than_its_length(quantities, piece, 1000)
