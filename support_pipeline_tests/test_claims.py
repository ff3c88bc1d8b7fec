"""What texts say about policies: found, judged, put right."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.claims import Verdict, claims, judge, rewrite
from support_pipeline.errors import ConfigError
from support_pipeline.policies import PolicyBook, PolicyFact
from support_pipeline_tests.growth import costs_no_more_than_its_length

OLD, NEW = date(2024, 5, 1), date(2026, 5, 1)
NEW_YEAR = date(2026, 1, 1)

RETURNS = (r"\breturn(?:s|ed)?\b.{0,60}{value}", r"{value}.{0,20}\breturn")

BOOK = PolicyBook(
    facts=(
        PolicyFact(
            topic="returns", statement="Belts can come back within {value} of delivery.", value=21, unit="days",
            patterns=RETURNS, effective_to=date(2025, 12, 31),
        ),
        PolicyFact(
            topic="returns", statement="Belts can come back within {value} of delivery.", value=40, unit="days",
            patterns=RETURNS, effective_from=NEW_YEAR,
        ),
        PolicyFact(
            topic="refund-time", statement="We pay the money back {value} after the parcel has reached us.",
            value="3-6", unit="business_days", patterns=(r"\b(?:refund|money back|pay\w* back)\b.{0,60}{value}",),
        ),
        PolicyFact(
            topic="shipping", statement="Sending a parcel inside the country costs {value}.", value=4.5, unit="USD",
            patterns=(r"\b(?:shipping|postage)\b.{0,30}{value}",),
        ),
        PolicyFact(
            topic="students", statement="Students pay {value} less.", value=12, unit="percent",
            patterns=(r"\bstudents?\b.{0,40}{value}", r"{value}.{0,20}student discount"),
        ),
        PolicyFact(
            topic="warranty", statement="The warranty covers {value}.", value=2, unit="years",
            patterns=(r"warranty.{0,40}{value} years?",),
        ),
        PolicyFact(
            topic="label", statement="The return label is {value}.", value="free", unit="text",
            patterns=(r"label is {value}",), effective_from=NEW_YEAR,
        ),
        PolicyFact(
            topic="label", statement="The return label is {value}.", value="paid by you", unit="text",
            patterns=(r"label is {value}",), effective_to=date(2025, 12, 31),
        ),
    )
)  # fmt: skip


def said(text: str, book: PolicyBook = BOOK) -> list[tuple[str, str]]:
    return [(claim.topic, claim.quantity.text) for claim in claims(book, text)]


def verdicts(text: str, day: date = NEW, book: PolicyBook = BOOK) -> list[Verdict]:
    return [judge(book, claim, day) for claim in claims(book, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You may return it within 40 days.", [("returns", "40 days")]),
        ("There is a 40-day return window.", [("returns", "40-day")]),
        ("Returns are possible for forty days.", [("returns", "forty days")]),
        ("Returns? You have ４０\u00a0days.", [("returns", "４０\u00a0days")]),
        (
            "The refund takes between 3 and 6 business days.",
            [("refund-time", "between 3 and 6 business days")],
        ),
        ("Shipping is $4.50 and students get 12% off.", [("shipping", "$4.50"), ("students", "12%")]),
        ("Our warranty holds for 2 years.", [("warranty", "2 years")]),
        ("The label is free for you.", [("label", "free")]),
        # The quantity belongs to the topic that knows it, however many patterns reach it.
        (
            "Once your return is here, the refund takes 3-6 business days.",
            [("refund-time", "3-6 business days")],
        ),
        ("You can return it for a refund within 40 days.", [("returns", "40 days")]),
    ],
)
def test_claims_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I ordered 5 days ago and want to return it.",
        "I have been waiting for my refund for the last 2 weeks.",
        "You want to return it. Your parcel arrives in 5 days.",
        "Return it please.\n40 days is a long time.",
        "We sell 40 colours of belts.",
        "Shipping takes 3 days.",
        "Return item 40 please.",
        "",
        "40",
    ],
)
def test_numbers_about_other_things_are_no_claims(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("Return it within 40 days.", NEW, "current"),
        ("Return it within 40 days.", OLD, "superseded"),
        ("Return it within 21 days.", NEW, "superseded"),
        ("Return it within three weeks.", NEW, "superseded"),
        ("Return it within 21 days.", OLD, "current"),
        ("Return it within 90 days.", NEW, "never"),
        ("Return it within 40 hours.", NEW, "never"),
        ("Refunds? The refund takes 3 to 6 days.", NEW, "current"),
        ("The refund takes 6 days.", NEW, "never"),
        ("Shipping costs $4.5.", NEW, "current"),
        ("Shipping costs €4.50.", NEW, "never"),
        ("The label is paid by you.", NEW, "superseded"),
    ],
)
def test_a_claim_is_judged_by_the_day(text: str, day: date, expected: Verdict) -> None:
    assert verdicts(text, day) == [expected]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Return it within 21 days of delivery, please.", "Return it within 40 days of delivery, please."),
        ("The 21-day return window is over.", "The 40-day return window is over."),
        ("Returns: twenty-one days.", "Returns: 40 days."),
        ("Return it within twenty-one (21) days.", "Return it within 40 days."),
        ("Return it within 3 weeks.", "Return it within 40 days."),
        ("return it within 2１ days — thanks", "return it within 40 days — thanks"),
        ("The label is paid by you.", "The label is free."),
    ],
)
def test_a_superseded_value_is_replaced_in_its_own_form(text: str, after: str) -> None:
    rewritten = rewrite(BOOK, text, NEW)
    assert rewritten.text == after
    assert len(rewritten.changes) == 1
    assert rewritten.errors == ()
    assert rewrite(BOOK, after, NEW).changes == ()


def test_what_is_right_today_stays_even_if_it_was_wrong_on_the_tickets_day() -> None:
    text = "Return it within 40 days."
    assert rewrite(BOOK, text, NEW).text == text


def test_what_never_was_is_an_error_and_stays_for_people_to_see() -> None:
    rewritten = rewrite(BOOK, "Return it within 90 days, shipping is $4.50.", NEW)
    assert rewritten.text == "Return it within 90 days, shipping is $4.50."
    assert [claim.topic for claim in rewritten.errors] == ["returns"]


def test_a_policy_that_ended_cannot_be_stated() -> None:
    gift = PolicyFact(
        topic="gift", statement="Holiday gifts: {value}.", value=60, unit="days", patterns=(r"gifts?.{0,20}{value}",),
        effective_to=date(2025, 1, 31),
    )  # fmt: skip
    rewritten = rewrite(PolicyBook(facts=(gift,)), "Gifts have 60 days.", NEW)
    assert rewritten.changes == ()
    assert [claim.topic for claim in rewritten.errors] == ["gift"]


SENTENCES = PolicyBook(
    facts=tuple(
        PolicyFact(topic=f"rule-{i}", statement=statement)
        for i, statement in enumerate(
            [
                "Once the parcel has been scanned at our dock, the amount goes back to the card within 4 to 9 working days.",
                "A customer may hold up to 3 open repairs at a time, and each repair is kept for 60 days.",
                "Express parcels inside the country leave our dock within 12 hours of the payment.",
                "Standard parcels inside the country leave our dock within 48 hours of the payment.",
                "Colours on screens may differ from the colours of the goods.",
            ]
        )
    )
)


@pytest.mark.parametrize(
    ("stale", "topic"),
    [
        (
            "Once the parcel has been scanned at our dock, the amount goes back to the card within 14 to 9 working days.",
            "rule-0",
        ),
        (
            "once the parcel has been scanned at our dock the amount goes back to your card within 20 working days",
            "rule-0",
        ),
        (
            "A customer may hold up to 5 open repairs at a time, and each repair is kept for 60 days.",
            "rule-1",
        ),
        (
            "A customer may hold up to 3 open repairs at a time, and each repair is kept for 90 days.",
            "rule-1",
        ),
        ("Express parcels inside the country leave our dock within 24 hours of the payment.", "rule-2"),
        (
            "Standard parcels inside the country leave our dok within two days and 3 hours of the payment.",
            "rule-3",
        ),
    ],
)
def test_a_policys_own_sentence_with_another_number_is_an_old_version(stale: str, topic: str) -> None:
    text = f"Hello Ana,\n\n{stale}\n\nAnything else?"
    (claim,) = claims(SENTENCES, text)
    assert claim.topic == topic
    assert claim.verbatim
    assert judge(SENTENCES, claim, NEW) == "superseded"
    rewritten = rewrite(SENTENCES, text, NEW)
    assert verdicts(rewritten.text, NEW, SENTENCES) == ["current"]
    assert rewritten.text.startswith("Hello Ana,\n\n")
    assert rewritten.text.endswith("\n\nAnything else?")


@pytest.mark.parametrize("fact", [fact for fact in SENTENCES.facts if any(map(str.isdigit, fact.statement))])
def test_a_policys_own_sentence_is_left_alone(fact: PolicyFact) -> None:
    text = f"{fact.statement.lower()} Is that fine with you in 5 days?"
    assert rewrite(SENTENCES, text, NEW).text == text
    assert verdicts(text, NEW, SENTENCES) == ["current"]


@pytest.mark.parametrize(
    "text",
    [
        "Priority parcels abroad leave our dock within 12 hours of the payment.",
        "The amount goes back to the card.",
        "I paid 48 hours ago and my parcel has not left your dock.",
        "We keep 60 belts.",
    ],
)
def test_another_sentence_is_not_taken_for_a_policy(text: str) -> None:
    assert said(text, SENTENCES) == []


def test_a_statement_of_several_sentences_is_one_claim() -> None:
    book = PolicyBook(
        facts=(
            PolicyFact(
                topic="hours",
                statement="The desk answers for 9 hours a day. It opens at 08:30 in the morning.",
            ),
        )
    )
    text = "The desk answers for 11 hours a day. It opens at 08:30 in the morning."
    assert (
        rewrite(book, text, NEW).text
        == "The desk answers for 9 hours a day. It opens at 08:30 in the morning."
    )


def test_a_pattern_without_a_slot_takes_the_quantity_next_to_it() -> None:
    book = PolicyBook(
        facts=(
            PolicyFact(
                topic="returns",
                statement="Back in {value}.",
                value=40,
                unit="days",
                patterns=(r"\bsend it back\b",),
            ),
        )
    )
    assert said("You can send it back for 40 days, it costs $5.", book) == [("returns", "40 days")]


def test_a_pattern_that_writes_the_unit_itself_is_understood() -> None:
    book = PolicyBook(
        facts=(
            PolicyFact(
                topic="returns",
                statement="Back in {value}.",
                value=40,
                unit="days",
                patterns=(r"back within {value}[- ]days?",),
            ),
        )
    )
    assert verdicts("back within forty days", NEW, book) == ["current"]
    assert verdicts("back within 40-days, or back within forty (40) days", NEW, book) == [
        "current",
        "current",
    ]
    assert rewrite(book, "back within 41 days", NEW).errors


def test_a_pattern_that_is_no_re2_is_the_users_to_cure() -> None:
    book = PolicyBook(
        facts=(
            PolicyFact(topic="x", statement="x {value}", value=1, unit="days", patterns=(r"(?=x){value}",)),
        )
    )
    with pytest.raises(ConfigError, match="topic 'x'.*no RE2 pattern"):
        claims(book, "x 1 day")


def test_an_empty_book_says_nothing() -> None:
    assert said("Return it within 40 days.", PolicyBook()) == []


@given(
    st.text(max_size=120),
    st.sampled_from(["Return it within 21 days.", "The refund takes 9 days.", "", "Shipping: $9"]),
)
def test_rewriting_twice_changes_nothing_more(noise: str, sentence: str) -> None:
    once = rewrite(BOOK, f"{noise}\n{sentence}\n{noise}", NEW)
    again = rewrite(BOOK, once.text, NEW)
    assert again.text == once.text
    for claim in claims(BOOK, noise):
        assert 0 <= claim.start <= claim.end <= len(noise)


@pytest.mark.parametrize("piece", ["return it within 21 days. ", "return ", "1 day ", "refund 3 to "])
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    assert costs_no_more_than_its_length(lambda text: rewrite(BOOK, text, NEW), piece, 200)


WINDOW = "Belts can come back within 90 days of delivery."
OPEN_PAST = PolicyFact(
    topic="returns", statement="Belts can come back within {value} of delivery.", value=40, unit="days",
    effective_from=NEW_YEAR,
)  # fmt: skip


@pytest.mark.parametrize(
    ("book", "verdict"),
    [
        (BOOK, "never"),  # every day has its value, and none of them is 90
        (PolicyBook(facts=(OPEN_PAST,)), "superseded"),  # the book does not say what held before
        (
            PolicyBook(facts=(PolicyFact(topic="returns", statement=WINDOW.replace("90", "40")),)),
            "superseded",
        ),
        (PolicyBook(facts=(OPEN_PAST.model_copy(update={"effective_from": None}),)), "never"),
    ],
)
def test_an_unknown_value_is_old_only_where_the_book_leaves_a_day_open(
    book: PolicyBook, verdict: Verdict
) -> None:
    (claim,) = claims(book, WINDOW)
    assert judge(book, claim, NEW) == verdict
