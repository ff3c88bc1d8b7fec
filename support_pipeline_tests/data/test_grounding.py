"""An answer says only what somebody who read the question can know."""

import pytest

from support_pipeline.data.grounding import ground

ASKED = "Where is <ORDER_417>? Regards, <CUSTOMER_305>"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Hi <CUSTOMER_999>, it ships free.", "Hi, it ships free."),
        ("Hello <CUSTOMER_999>!\n\nIt ships free.", "Hello!\n\nIt ships free."),
        ("Dear <CUSTOMER_999>,\n\nIt ships free.", "It ships free."),
        ("<CUSTOMER_999>, it ships free.", "it ships free."),
        ("Thank you, <CUSTOMER_999>. It ships free.", "Thank you. It ships free."),
        ("This is <AGENT_118> from the shop. It ships free.", "It ships free."),
        ("Hi <CUSTOMER_305>, <ORDER_417> ships free.", "Hi <CUSTOMER_305>, <ORDER_417> ships free."),
        ("It ships free.", "It ships free."),
    ],
)
def test_a_name_that_the_question_does_not_give_is_left_out(answer: str, text: str) -> None:
    found = ground(answer, ASKED)
    assert found.text == text
    assert found.missing == ()


@pytest.mark.parametrize("mark", ["<TRACKING_882>", "<ORDER_111>", "<ADDRESS_222>", "<EMAIL_333>"])
def test_a_number_that_the_question_does_not_give_is_reported(mark: str) -> None:
    found = ground(f"Hi <CUSTOMER_999>, yours is {mark}.", ASKED)
    assert found.text == f"Hi, yours is {mark}."
    assert found.missing == (mark,)
