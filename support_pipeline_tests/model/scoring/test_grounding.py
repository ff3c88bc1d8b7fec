"""Conditions, promises and other statements that no source makes, in wordings that no list foresees."""

import pytest

from support_pipeline.model.scoring.grounding import binds
from support_pipeline_tests.model.scoring.answers import HUMAN, TICKET, scored
from support_pipeline_tests.model.scoring.brands import CANNOT_KNOW

HAND_OVER = "A colleague takes over from here.\n\n[Escalated to: Billing]"


@pytest.mark.parametrize(
    "sentence",
    [
        "You must include the original receipt.",
        "Only unworn items with tags can be returned.",
        "Returns have to be approved by phone first.",
        "Items without their original packaging are not accepted.",
        "The return shipping is at your own expense.",
        "Gift wrapping must be removed before you send it.",
        "You can do this only once per year.",
        "It must be sent by registered mail.",
        "Sale items are final.",
        "Approval by our warehouse is a precondition.",
        "As long as you have the receipt, this works.",
        "The warranty covers accidental damage too.",
        "Your next order ships for free.",
        "Our founder will call you back within the hour.",
        "We'll cover the return postage.",
        "I guarantee that it will arrive on time.",
    ],
)
def test_a_condition_or_promise_of_nobody_is_wrong(sentence: str) -> None:
    for answer in (f"{HUMAN} {sentence}", f"{sentence} {HUMAN}"):
        assert scored(answer).score == 1, answer


def test_its_evidence_names_the_sentence() -> None:
    said = "terms: no source makes this condition or promise: 'You must include the original receipt.'"

    assert said in scored(f"{HUMAN} You must include the original receipt.").evidence()


def test_a_condition_hidden_in_a_right_sentence_is_found() -> None:
    assert scored("You can return it within 45 days, but the original receipt must be included.").score == 1


@pytest.mark.parametrize(
    "answer",
    [
        "Simply make sure to return the item no later than 45 days after delivery.",
        "Returns are possible for 45 days after delivery, so there is no need to rush.",
        "I'm sorry, that must be worrying. You have 45 days from delivery to return it.",
        "You can return it within 45 days. Express shipping is $14.95, charged once per order.",
        "You have 45 days to return it. Swapping for another size or color costs nothing.",
    ],
)
def test_policies_in_other_words_are_borne(answer: str) -> None:
    assert scored(answer).score == 3, scored(answer).evidence()


def test_what_the_ticket_or_the_human_states_is_borne_but_not_what_is_asked() -> None:
    answer = f"{HUMAN} You must include the original receipt."

    assert scored(answer, ticket=f"{TICKET} Your mail says to include the original receipt.").score == 3
    assert scored(answer, human=f"{HUMAN} Please include the original receipt.").score == 3
    assert scored(answer, ticket=f"{TICKET} Must I include the original receipt?").score == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Bears ate the shipment.",
        "The ukulele is a lovely choice.",
        "It takes a police report before we can act.",
        "Our shelves are full of it.",
    ],
)
def test_a_statement_that_no_source_speaks_of_is_invented(sentence: str) -> None:
    assert scored(f"{HUMAN} {sentence}").score == 1


@pytest.mark.parametrize(
    "sentence", ["I can imagine how that feels.", "Thanks again, and have a wonderful day!"]
)
def test_politeness_needs_no_source(sentence: str) -> None:
    assert scored(f"{HUMAN} {sentence}").score == 3


@pytest.mark.parametrize(
    ("sentence", "points"),
    [
        ("We don't match prices.", 1),
        ("Gift cards never expire.", 1),
        ("Even after the parcel has shipped you can change the address.", 1),
        ("Between two sizes, take the smaller one.", 1),
        ("An order can't be canceled later than 2 hours after it was placed.", 3),
    ],
)
def test_a_short_denial_of_a_policy_contradicts_it(sentence: str, points: int) -> None:
    score = scored(f"{HUMAN} {sentence}")

    assert score.score == points, score.evidence()


def test_half_of_a_two_part_answer_is_half_right() -> None:
    human = "Exchanges are free and start on the order page. Every product page has a size chart."

    assert scored("Look at the size chart on the product page.", human=human).score == 2
    assert scored("Start the free exchange on the order page.", human=human).score == 2
    assert (
        scored(
            "Start the exchange on the order page; a size chart is on each product page.", human=human
        ).score
        == 3
    )


@pytest.mark.parametrize(
    ("sentence", "points"),
    [
        ("This needs a closer look by a person.", 3),
        ("A colleague will go through everything with you.", 3),
        ("A colleague will call you tomorrow.", 1),
        ("Our legal team needs to give permission first.", 1),
    ],
)
def test_a_hand_over_promises_only_a_person(sentence: str, points: int) -> None:
    score = scored(f"{sentence} {HAND_OVER}", kind="escalate", human=HAND_OVER, ticket="I was charged twice!")

    assert score.score == points, score.evidence()


def test_not_knowing_binds_nobody_but_what_stands_beside_it_may() -> None:
    assert not binds(CANNOT_KNOW)
    assert scored(f"{CANNOT_KNOW} A deposit is required.", human=CANNOT_KNOW, kind="cannot_know").score == 1


def test_one_topics_value_said_of_another_is_a_contradiction() -> None:
    human = "Standard delivery needs 3 to 5 business days to arrive."

    assert "policy" in scored("Refunds arrive within 3 to 5 business days.", human=human).evidence()[0]


@pytest.mark.parametrize(
    ("sentence", "points"),
    [
        ("The minimum for free shipping is $75; orders above that ship free.", 3),
        ("Free shipping kicks in once your basket exceeds $75.", 3),
        ("Only members with $75 qualify.", 1),
        ("A minimum of three items is required.", 1),
    ],
)
def test_a_bound_in_other_words_restates_the_value_that_it_names(sentence: str, points: int) -> None:
    human = "Above $75 per order, standard shipping is free."

    score = scored(sentence, ticket="From which amount is shipping free?", human=human)

    assert score.score == points, score.evidence()
