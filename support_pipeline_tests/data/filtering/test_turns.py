import pytest

from support_pipeline.data.filtering.turns import act, is_customer_closing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Items can be returned within 30 days of delivery.", "substance"),
        ("We have a 30-day return window that starts on delivery.", "substance"),
        ("You're welcome to return it as long as the tag is on.", "substance"),
        ("Our express rate is $12.95 per order.", "substance"),
        ("I'm sorry, but sale items cannot be exchanged.", "substance"),
        ("Did you try this? https://help.example.com/a/77", "substance"),
        ("You're welcome! Is there anything else I can help with? Have a great day.", "courtesy"),
        ("My pleasure. Enjoy your boots.", "courtesy"),
        ("Thank you for contacting us. We appreciate your patience.", "courtesy"),
        ("This ticket has been closed. If you still need help, reply to this message.", "notice"),
        (
            "Because of many orders our response times are longer at the moment. Thank you for waiting.",
            "notice",
        ),
        ("We have received your request. A member of our team will get back to you.", "notice"),
        ("One moment please.", "holding"),
        ("I will look into this and update you within the hour.", "holding"),
        ("I have noted your concern and will personally follow up.", "holding"),
        ("Could you please share the order number?", "question"),
        ("Sorry to hear that. Which size did you order?", "question"),
        ("", "nothing"),
    ],
)
def test_message_is_the_most_that_any_of_its_sentences_does(text: str, expected: str) -> None:
    assert act(text) == expected


@pytest.mark.parametrize(
    "text", ["Thanks!", "ok great, thank you so much", "No, that's all. Bye", "Sent from my iPhone", ""]
)
def test_closings_say_nothing(text: str) -> None:
    assert is_customer_closing(text)


@pytest.mark.parametrize("text", ["Thanks, where is my order?", "ok but it is broken", "42", "refund"])
def test_closings_with_a_request_are_none(text: str) -> None:
    assert not is_customer_closing(text)
