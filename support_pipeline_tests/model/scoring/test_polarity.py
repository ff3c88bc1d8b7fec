"""Yes and no: the same words with the other answer."""

import pytest

from support_pipeline.model.scoring.polarity import denies, polarity_layer

SOURCES = (
    "Items can be returned within 45 days of delivery.",
    "Exchanges for another size are free and start on the order page.",
    "Sale items cannot be exchanged.",
)


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("Items can be returned within 45 days of delivery.", 3),
        ("Items cannot be returned within 45 days of delivery.", 1),
        ("Items can't be returned within 45 days of delivery.", 1),
        ("Exchanges for another size are not free, and start on the order page.", 1),
        ("No extra cost: exchanges for another size are free and start on the order page.", 3),
        ("Sale items can be exchanged.", 1),
        ("Sale items can not be exchanged.", 3),
        ("Sale items can never be exchanged.", 3),
        ("Items can be returned no later than 45 days after delivery.", 3),
        ("Can items not be returned within 45 days of delivery?", 3),  # a question claims nothing
        ("I cannot see your order from here.", 3),  # about something else
        ("No worries!", 3),
        ("", 3),
    ],
)
def test_a_sentence_that_says_the_opposite_is_wrong(answer: str, points: int) -> None:
    found = polarity_layer(answer, *SOURCES)
    assert found.score == points
    assert bool(found.evidence) == (points == 1)


def test_what_one_source_says_too_is_borne_out() -> None:
    human = "Items can not be returned within 45 days of delivery where the seal is broken."
    assert (
        polarity_layer(
            "Items can not be returned within 45 days of delivery where the seal is broken.", *SOURCES, human
        ).score
        == 3
    )


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It is not free", True),
        ("It isn't impossible", False),
        ("Don't hesitate to write", False),
        ("It is unavailable", True),
    ],
)
def test_two_negations_cancel_out(sentence: str, expected: bool) -> None:
    assert denies(sentence) is expected
