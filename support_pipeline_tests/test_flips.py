"""Another value for a fact, and the texts that state it."""

from datetime import date
from pathlib import Path
from random import Random

import pytest

from support_pipeline.claims import claims, judge
from support_pipeline.clients import load_client
from support_pipeline.flips import (
    FlippedChat,
    FlippedFact,
    Refused,
    flip,
    flip_chat,
    other_value,
    restate,
    value_of,
    with_facts,
)
from support_pipeline.model.prompt import system_message
from support_pipeline.policies import PolicyBook, PolicyFact

DAY = date(2026, 8, 31)
CLIENTS = Path(__file__).parent.parent / "clients"


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    return load_client(CLIENTS / "demo-outfitters.yaml").book


def fact_of(book: PolicyBook, topic: str) -> PolicyFact:
    return next(fact for fact in book.in_force(DAY) if fact.topic == topic)


def to(book: PolicyBook, topic: str, value: int | float | str) -> FlippedFact:
    fact = fact_of(book, topic)
    return FlippedFact(fact, fact.model_copy(update={"value": value}))


def chat(book: PolicyBook, question: str, answer: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": system_message("Shop", book.sentences(DAY), ["Billing"])},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


def one_fact(statement: str, value: int | float | str | None, unit: str | None) -> PolicyFact:
    return PolicyFact.model_validate({"topic": "t", "statement": statement, "value": value, "unit": unit})


class TestValues:
    @pytest.mark.parametrize(
        "topic", ["return_window", "refund_time", "express_fee", "restocking_fee", "gift_card"]
    )
    def test_keep_unit_and_shape_and_are_stated_by_no_other_fact(self, book: PolicyBook, topic: str) -> None:
        fact = fact_of(book, topic)
        stated = [value for other in book.facts if (value := value_of(other))]
        for seed in range(40):
            changed = other_value(book, fact, Random(seed))
            assert isinstance(changed, FlippedFact)
            new = value_of(changed.after)
            assert new is not None and changed.after.unit == fact.unit
            assert not any(new.same_value(value) for value in stated)
            assert type(changed.after.value) is type(fact.value)

    def test_are_the_same_for_the_same_seed(self, book: PolicyBook) -> None:
        fact = fact_of(book, "warranty")
        drawn = [other_value(book, fact, Random(7)) for _ in range(2)]
        assert drawn[0] == drawn[1]

    def test_a_range_stays_a_range_and_a_price_keeps_its_cents(self, book: PolicyBook) -> None:
        shipping = other_value(book, fact_of(book, "standard_shipping"), Random(1))
        express = other_value(book, fact_of(book, "express_fee"), Random(1))
        assert isinstance(shipping, FlippedFact) and isinstance(express, FlippedFact)
        assert isinstance(shipping.after.value, str) and "-" in shipping.after.value
        assert str(express.after.value).endswith(".95")

    def test_a_value_that_only_stands_in_the_sentence_is_found(self) -> None:
        fact = one_fact("Items can be returned within thirty days.", None, None)
        changed = other_value(PolicyBook(facts=(fact,)), fact, Random(2))
        assert isinstance(changed, FlippedFact)
        assert changed.after.unit == "days" and "thirty" not in changed.after.sentence()

    def test_a_word_is_exchanged_for_one_of_its_kind(self) -> None:
        fact = one_fact("Parcels leave with {value}.", "DHL", "text")
        changed = other_value(PolicyBook(facts=(fact,)), fact, Random(2))
        assert isinstance(changed, FlippedFact) and changed.after.value != "DHL"

    @pytest.mark.parametrize(
        ("statement", "value", "unit", "reason"),
        [
            ("Exchanges are free.", None, None, "no single value"),
            ("Returns take 3 days, refunds 5 days.", None, None, "no single value"),
            ("Parcels leave with {value}.", "Hansen & Sons", "text", "no other plausible value"),
            ("Returns within 30 days, for sale items 30 days too.", 30, "days", "exactly once"),
        ],
    )
    def test_facts_that_cannot_be_flipped_say_why(
        self, statement: str, value: int | str | None, unit: str | None, reason: str
    ) -> None:
        fact = one_fact(statement, value, unit)
        refused = other_value(PolicyBook(facts=(fact,)), fact, Random(0))
        assert isinstance(refused, Refused) and reason in refused.reason


class TestTexts:
    def test_every_wording_of_a_claim_changes_in_its_own_form(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21)], DAY)
        text = "You can return it within 45 days. Our 45-day window for a return starts on delivery."
        assert restate(flipped, text) == text.replace("45", "21")

    def test_the_book_calls_the_old_value_superseded(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21)], DAY)
        old, new = (claims(flipped.book, f"You can return it within {days} days.")[0] for days in (45, 21))
        assert judge(flipped.book, old, DAY) == "superseded"
        assert judge(flipped.book, new, DAY) == "current"
        assert "Items can be returned within 21 days of delivery." in flipped.book.sentences(DAY)
        assert not any("45 days" in line for line in flipped.book.sentences(DAY))

    def test_an_old_value_outside_a_claim_refuses_the_text(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21)], DAY)
        refused = restate(flipped, "You can return it within 45 days. Please keep the box for 45 days.")
        assert isinstance(refused, Refused) and "no claim is recognised" in refused.reason

    def test_a_claim_that_may_be_about_two_facts_of_one_value_is_refused(self) -> None:
        two = [
            {"topic": topic, "statement": f"{topic} takes {{value}} once a parcel arrives.", "value": 5, "unit": "days",
             "patterns": ["takes {value}"]}
            for topic in ("refund", "repair")
        ]  # fmt: skip
        book = PolicyBook.model_validate({"facts": two})
        for fact in book.facts:
            flipped = flip(book, fact, DAY, Random(0))
            assert not isinstance(flipped, Refused)
            refused = restate(flipped, "That takes 5 days.")
            assert isinstance(refused, Refused) and "refund or repair" in refused.reason

    def test_a_system_message_that_is_no_list_goes_through_the_claims(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "cancel_window", 6)], DAY)
        text = "You work for a shop. An order can be canceled within 2 hours. Express shipping costs $14.95."
        assert restate(flipped, text) == text.replace("2 hours", "6 hours")


class TestChats:
    def test_system_message_and_answer_change_together(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21), to(book, "express_fee", 9.95)], DAY)
        before = chat(book, "How long do I have?", "Items can be sent back within 45 days after delivery.")
        found = flip_chat(flipped, before)
        assert isinstance(found, FlippedChat)
        assert found.stated == ("return_window",)
        system, question, answer = (message["content"] for message in found.messages)
        assert "within 21 days of delivery" in system and "$9.95 per order" in system
        assert "45 days" not in system and "14.95" not in system
        assert question == before[1]["content"]
        assert answer == "Items can be sent back within 21 days after delivery."

    @pytest.mark.parametrize(
        ("question", "answer", "reason"),
        [
            ("It came 40 days ago.", "You can return it within 45 days of delivery.", "lies between"),
            ("Is it really 45 days?", "Yes, you can return it within 45 days.", "lies between"),
            ("It came today.", "You can return it within 45 days, so until 12 October.", "date"),
        ],
    )
    def test_a_conclusion_that_may_change_refuses_the_chat(
        self, book: PolicyBook, question: str, answer: str, reason: str
    ) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21)], DAY)
        refused = flip_chat(flipped, chat(book, question, answer))
        assert isinstance(refused, Refused) and reason in refused.reason

    def test_an_answer_that_agrees_to_the_old_value_is_refused(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 60)], DAY)
        asked = chat(book, "Is it really 45 days?", "Yes, you can return it within 45 days.")
        refused = flip_chat(flipped, asked)
        assert isinstance(refused, Refused) and "customer names '45 days'" in refused.reason

    def test_what_was_told_and_lies_on_one_side_is_no_hindrance(self, book: PolicyBook) -> None:
        flipped = with_facts(book, [to(book, "return_window", 21)], DAY)
        found = flip_chat(flipped, chat(book, "It came 5 days ago.", "You can return it within 45 days."))
        assert isinstance(found, FlippedChat)
