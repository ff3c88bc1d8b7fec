from datetime import date

import pytest

from support_pipeline.data.filtering.live import ANSWERS, cannot_know, live_topic
from support_pipeline.policies import PolicyFact


@pytest.mark.parametrize(
    ("question", "reply", "topic"),
    [
        ("Where is my parcel?", "It left our warehouse yesterday and is with the carrier in Reno.", "order"),
        ("When will order AB-12345 arrive?", "Tracking shows that it is out for delivery today.", "order"),
        ("Is my parcel still out for delivery?", "Your parcel left Reno on Wednesday.", "order"),
        ("Do you have it in stock in size M?", "Yes, we have three left in that size this morning.", "stock"),
        (
            "I sent it back. Has my refund been issued?",
            "I can see that the refund went out on Tuesday.",
            "refund",
        ),
        # Rules are no live facts, and live facts that nobody asked for do not count.
        ("When will my order arrive?", "Standard delivery takes 3 to 5 business days.", None),
        ("When do I get my money back?", "Refunds are issued within 5 days once the return arrives.", None),
        ("How can I wash the jacket?", "It was shipped yesterday. Wash it at 30 degrees.", None),
        ("Where is my parcel?", "You can follow it on the order page.", None),
        (
            "The parcel came. When does the time for returns run out?",
            "It is 30 days, counted from delivery.",
            None,
        ),
    ],
)
def test_both_sides_must_show_live_data(question: str, reply: str, topic: str | None) -> None:
    assert live_topic(question, reply) == topic


def test_answers_vary_by_ticket_and_never_by_run() -> None:
    said = {cannot_know("order", str(number), []) for number in range(40)}
    assert said == set(ANSWERS["order"])
    assert cannot_know("order", "7", []) == cannot_know("order", "7", [])


def test_a_policy_in_force_is_added_and_the_clients_own_words_win() -> None:
    fact = PolicyFact(
        topic="shipping_time", statement="Parcels take {value}.", value="3-5", unit="business_days"
    )
    assert fact.in_force(date(2026, 1, 1))
    assert cannot_know("order", "7", [fact]).endswith("Parcels take 3 to 5 business days.")
    assert cannot_know("order", "7", [fact], "We cannot see that.") == "We cannot see that."
