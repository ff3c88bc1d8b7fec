"""The kind of an edit, and its word diff."""

import pytest

from support_pipeline.policies import PolicyBook, PolicyFact
from support_pipeline.serving.decisions.edits import classify, word_diff

BOOK = PolicyBook(
    facts=(
        PolicyFact(
            topic="returns",
            statement="Items can be returned within {value} of delivery.",
            value=45,
            unit="days",
            patterns=("return[^.]{0,60}?{value}",),
        ),
    )
)
DRAFT = "Thanks for writing. You can return the boots within 30 days of delivery. Your order 4711-22 ships on 3 May."


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("30 days", "30  days\n", ""),
        ("Thanks for writing.", "Hi Ann, I am so sorry for the trouble!", "tone"),
        ("You can return the boots", "The boots can go back: return them", "tone"),
        ("within 30 days", "within 45 days", "policy"),
        ("4711-22", "4711-23", "fact"),
        ("3 May", "5 May", "fact"),
        (
            "3 May.",
            "3 May. Print the label from your account page and drop the parcel at any shop.",
            "missing_step",
        ),
        (
            "3 May.",
            "3 May. Start here: https://acme.example/returns and enter the code from the invoice.",
            "missing_step",
        ),
        ("3 May.", "3 May.\n\n[Escalated to: Billing]", "escalation"),
    ],
)
def test_the_gravest_difference_names_the_edit(before: str, after: str, kind: str) -> None:
    assert before in DRAFT
    assert classify(DRAFT, DRAFT.replace(before, after), BOOK) == kind


def test_a_handover_that_is_taken_away_is_about_escalation() -> None:
    assert classify("I am sorry.\n\n[Escalated to: Billing]", "We refund it today.", BOOK) == "escalation"


def test_a_word_diff_holds_both_texts() -> None:
    before, after = "within 30 days of delivery.", "within 45 days, of delivery!"
    runs = word_diff(before, after)
    assert "".join(text for what, text in runs if what != "added") == before
    assert "".join(text for what, text in runs if what != "removed") == after
    assert ("removed", "30") in runs and ("added", "45") in runs
