"""What is too much for a machine goes to a person unread, and everything else costs little."""

import pytest

from support_pipeline.serving.guardrails.intake import MAX_ASKED, MAX_LINES, MAX_RAW, too_dense, too_large


@pytest.mark.parametrize(
    ("ticket", "reason"),
    [
        ("a" * (MAX_RAW + 1), "above 3,000 a person reads it"),
        ("> x\n" * (MAX_LINES + 1), "more than 400 lines"),
    ],
)
def test_a_large_message_is_not_read(ticket: str, reason: str) -> None:
    found = too_large(ticket)
    assert found is not None and found.kind == "too_large" and reason in found.detail


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("a" * (MAX_ASKED + 1), "above 1,500 a person answers"),
        ("1.1." * 370, "numbers and sentences"),
        ("a@b.c " * 240, "numbers and sentences"),
        ("it is. " * 210, "numbers and sentences"),
        ("\U0001f600" * 1400 + "12 " * 30, ""),
    ],
)
def test_a_dense_question_is_not_drafted_for(asked: str, reason: str) -> None:
    found = too_dense(asked)
    assert (found is None) == (reason == "")
    assert found is None or reason in found.detail


def test_a_long_mail_of_words_is_read() -> None:
    mail = "My jacket arrived with a torn zip and I would like to know what to do about it now. " * 16
    assert too_large(mail) is None
    assert too_dense(mail) is None
