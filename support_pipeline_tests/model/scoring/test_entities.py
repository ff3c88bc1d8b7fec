"""What counts as an entity, and which spellings are the same."""

import time

import pytest

from support_pipeline.model.scoring.entities import entities, known, unsupported
from support_pipeline.model.scoring.form import form_problems
from support_pipeline.model.scoring.ledger import hallucinations
from support_pipeline.model.scoring.live import live_claims
from support_pipeline.model.scoring.names import invented_names
from support_pipeline.model.scoring.products import invented


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("<TRACKING_042> and <ORDER_417>", ["placeholder", "placeholder"]),
        ("order DO-10482, #4821, 502-2345678-9012345, 1Z999AA10123456784", ["order"] * 4),
        ("$14.95, 45 dollars, €5, Rs. 500", ["money"] * 4),
        ("15%, 15 per cent", ["percent", "percent"]),
        ("a 100% refund", []),  # a whole says nothing
        ("thirty days, two weeks, 24 hours", ["duration"] * 3),
        ("May 5, 5th of May, 2026-05-05, Tuesday, tomorrow", ["date"] * 5),
        ("9am to 5:30 pm", ["time", "time"]),
        ("help@shop.example, https://shop.example/returns, shop.com", ["email", "url", "url"]),
        ("+1 (800) 555-0123", ["phone"]),
        ("use code WELCOME or SAVE20", ["code", "code"]),
        ("We are here 24/7. You may return 2 items.", []),
    ],
)
def test_kinds(text: str, kinds: list[str]) -> None:
    assert sorted(entity.kind for entity in entities(text)) == sorted(kinds)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("within 2 weeks", "within 14 days"),
        ("a year", "12 months"),
        ("within 5\u00a0to\u00a07 business days", "5-7 business days"),  # no-break spaces
        ("May 5", "on 5/5"),
        ("order 4821", "my order #4821"),
        ("$45.99", "I paid 45.99"),
        ("https://www.shop.example/faq", "shop.example/faq"),
        ("+1 800 555 0123", "(800) 555-0123"),
    ],
)
def test_equal_spellings_support_each_other(answer: str, source: str) -> None:
    assert unsupported(answer, known(source, bare_numbers=True)) == ()


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("within 15 days", "within 14 days"),
        ("5 to 10 days", "5 to 7 days"),
        ("order 4822", "my order #4821"),
        ("$45", "it weighs 4 kg"),
        ("shop.example.evil.com", "shop.example"),
        ("shop.example/refund-form", "shop.example"),
    ],
)
def test_other_values_do_not(answer: str, source: str) -> None:
    assert len(unsupported(answer, known(source, bare_numbers=True))) == 1


def test_entities_stand_in_the_original_text() -> None:
    answer = "It costs\u00a0\u200b$\u200b99.50 — really."

    assert [entity.text for entity in entities(answer)] == ["$\u200b99.50"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("stock", "Yes, it is in stock in your size."),
        ("stock", "Only four pairs left."),
        ("stock", "It should be back on Friday."),
        ("parcel", "Your order has shipped."),
        ("parcel", "The carrier had a delay in Duluth."),
        ("parcel", "<ORDER_417> is out for delivery."),
        ("refund", "Your refund was sent."),
        ("refund", "I pushed your refund through just now."),
        ("action", "I have cancelled your order."),
        ("action", "I'll refund the full amount."),
        ("record", "I can see that your parcel is late."),
        ("record", "According to our records, it came."),
    ],
)
def test_live_claims(kind: str, text: str) -> None:
    assert kind in {claim.kind for claim in live_claims(text)}


@pytest.mark.parametrize(
    "text",
    [
        "I can't see whether your order has shipped.",
        "Once your order has shipped, you get an e-mail.",
        "Has your parcel been delivered?",
        "Please tell us if it was delivered damaged.",
        "The address can be changed until the parcel ships.",
        "Your refund will be issued within 5 business days after the return arrives.",
        "We have a 45-day return window that starts when your order is delivered.",
        "Thanks, we have received your message.",
        "Express shipping is available for $14.95.",
        "Standard shipping takes 3 to 5 business days.",
    ],
)
def test_conditions_questions_and_policies_are_no_live_claims(text: str) -> None:
    assert live_claims(text) == ()


def test_repeating_the_ticket_is_no_invention() -> None:
    ticket = "My jacket arrived damaged today."

    assert hallucinations("I'm sorry that your jacket has arrived damaged.", ticket) == ()
    assert [h.kind for h in hallucinations("Your jacket has left our warehouse.", ticket)] == ["parcel"]


@pytest.mark.parametrize(
    ("answer", "source", "found"),
    [
        ("Return the tent.", "My tents leak.", []),
        ("Return the tent.", "My jacket leaks.", ["tent"]),
        ("Your rucksack is fine.", "The backpack", []),
        ("Please watch for our e-mail, and call our phone line.", "", []),
    ],
)
def test_goods(answer: str, source: str, found: list[str]) -> None:
    assert invented(answer, source) == found


def test_names_begin_with_a_capital_inside_a_sentence() -> None:
    answer = "Hi Ann, Hope you are well. Our Ridgeline series is PERFECT."

    assert invented_names(answer, "the ridgeline jacket") == ["Ann"]


@pytest.mark.parametrize(
    "text",
    ["1.1.1." * 4000, "a@" * 8000, "the the " * 3000, "$1,000," * 3000, "<ORDER_" * 3000, "is " * 7000],
)
def test_hostile_text_takes_its_length(text: str) -> None:
    started = time.perf_counter()
    entities(text)
    live_claims(text)
    form_problems(text, True)
    hallucinations(text, text)

    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Write to anna at demo-returns dot com.", "email"),
        ("Call 555-0199 for this.", "phone"),
        ("That is thirty percent off.", "percent"),
        ("You save a quarter of the price.", "percent"),
        ("It takes a fortnight.", "duration"),
        ("It ends on the 14th.", "date"),
        ("Use the code: autumn20.", "code"),
        ("Enter WELCOMEBACK at checkout.", "code"),
        ("It weighs 2.4 kg.", "number"),
        ("We have 250 stores.", "number"),
        ("It costs €75.", "money"),
    ],
)
def test_figures_in_any_clothes_need_a_source(answer: str, kind: str) -> None:
    sources = known("I paid $75 on March 3 for 12 pairs.", bare_numbers=True) | known(
        "Returns within 45 days."
    )
    assert [entity.kind for entity in unsupported(answer, sources)] == [kind]
    assert unsupported(answer, sources | known(answer)) == ()


@pytest.mark.parametrize(
    "answer",
    [
        "On the 3rd you paid for 12 pairs.",
        "1. Open the page. 2. Click.",
        "$75 it was.",
        "The 45 days run.",
        "Half the battle.",
    ],
)
def test_figures_that_a_source_names_are_borne_out(answer: str) -> None:
    sources = known("I paid $75 on March 3 for 12 pairs.", bare_numbers=True) | known(
        "Returns within 45 days."
    )
    assert unsupported(answer, sources) == ()


@pytest.mark.parametrize(
    ("answer", "borne_out"),
    [
        ("It takes 7 business days.", True),
        ("It takes 7 days.", True),
        ("It takes a week.", False),
        ("It takes 168 hours.", False),
        ("It takes 2 weeks.", False),
        ("It takes 10 business days.", True),
    ],
)
def test_business_days_are_no_weeks(answer: str, borne_out: bool) -> None:
    sources = known("Refunds take 7 business days, exchanges 10 business days.")
    assert (unsupported(answer, sources) == ()) == borne_out
