"""Courtesies in words that nobody listed, and statements that only look like one."""

import pytest

from support_pipeline.model.scoring.conduct import factless
from support_pipeline.model.scoring.lexicon import unheard_of
from support_pipeline_tests.model.scoring.answers import HUMAN, scored


@pytest.mark.parametrize(
    "sentence",
    [
        "Hope the little one enjoys it!",
        "Thanks for bearing with us over the weekend.",
        "I would feel the same.",
        "You've been a real trooper.",
        "Your note cheered me up.",
        "Poke me if you need more.",
        "No one likes to be left in the dark.",
        "That must have spoiled your evening.",
        "Cheerfully yours,",
    ],
)
def test_a_courtesy_needs_no_source_whatever_it_is_about(sentence: str) -> None:
    score = scored(f"{HUMAN} {sentence}")

    assert score.score == 3, score.evidence()


@pytest.mark.parametrize(
    "sentence",
    [
        "Enjoy your ukulele!",
        "Sorry that the courier lost it in the depot.",
        "It got lost on the way.",
        "We boxed it up.",
        "It was the last pair.",
        "The driver couldn't find you.",
        "They make no more.",
        "You receive a badge.",
        "We plant a tree in your name.",
        "You lose this benefit by opening the lid.",
    ],
)
def test_a_statement_of_what_happened_is_no_courtesy(sentence: str) -> None:
    assert scored(f"{HUMAN} {sentence}").score == 1


@pytest.mark.parametrize(
    ("answer", "source", "strange"),
    [
        ("Return the parka.", "my jacket", []),
        ("Return the jacket.", "my parka", []),
        ("Return the wheelbarrow.", "my jacket", ["wheelbarrow"]),
        ("Put it in a box with the label.", "my jacket", []),
        ("Please return it.", "", []),
    ],
)
def test_goods_that_no_source_names(answer: str, source: str, strange: list[str]) -> None:
    assert unheard_of(answer, source) == strange


@pytest.mark.parametrize(
    "sentence",
    [
        "You must include a handwritten note.",
        "You should register with the loyalty scheme beforehand.",
        "This is possible only with a handwritten note.",
        "This can be done at a partner kiosk only.",
    ],
)
def test_what_demands_something_of_the_customer_is_no_talk_among_people(sentence: str) -> None:
    assert not factless(sentence)


def test_what_people_must_have_felt_is_none_of_it() -> None:
    assert factless("You should never have had to wait.")
