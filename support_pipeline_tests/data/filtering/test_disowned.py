"""Payments and orders that a customer disowns, and ordinary tickets in nearly the same words."""

import pytest

from support_pipeline.data.filtering.disowned import disowned


@pytest.mark.parametrize(
    "text",
    [
        "My gift card balance is gone. I never used it.",
        "200 points were spent yesterday and I did not spend them.",
        "You took 40 pounds off my card without my permission.",
        "There is a tent ordered in my name with my saved card.",
    ],
)
def test_what_was_taken_and_not_spent_by_the_customer_is_disowned(text: str) -> None:
    assert disowned(text)


@pytest.mark.parametrize(
    "text",
    [
        "I never used it. I bought the tent last week and want to return it.",
        "If I send the charger back opened but unused, do I get all back? I bought it for a colleague.",
        "The jacket is unused with tags, ordered on Friday, paid 80 euros. Can it go back?",
        "I did not order the large, I ordered the small.",
        "I ordered the jacket using my PayPal account. Does the refund go to my bank?",
        "We have bought two tents with my card and one arrived without poles.",
        "My wife bought the boots on my account, how do I return them?",
    ],
)
def test_goods_that_were_not_used_are_ordinary_returns(text: str) -> None:
    assert disowned(text) is None
