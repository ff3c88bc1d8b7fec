"""The same ticket under another policy value: which values are asked, and what an answer did with them."""

from collections import Counter

import pytest

from support_pipeline.model.policy_flips import (
    FlippedTicket,
    compliance,
    flipped_tickets,
    judge_flip,
    leaks,
)
from support_pipeline.model.prompt import system_message
from support_pipeline.model.scoring import Case
from support_pipeline_tests.model.scoring.brands import TODAY, demo, right_answers

RETURN = "You can return it within 45 days of delivery."


def asked(
    answer: str = RETURN, ticket: str = "How long can I return my boots?", wanted: int = 6
) -> list[FlippedTicket]:
    config = demo()
    system = system_message(config.brand, config.book.sentences(TODAY), config.escalation.names())
    contents = zip(("system", "user", "assistant"), (system, ticket, answer), strict=True)
    chat = [{"role": role, "content": content} for role, content in contents]
    case = Case("p1", "c1", "answer", "return", ticket, answer)
    return flipped_tickets([chat], [case], config.book, TODAY, wanted)


def test_each_flip_states_another_value_and_only_that() -> None:
    found = asked()

    assert len(found) == 6 and {ticket.topic for ticket in found} == {"return_window"}
    values = [ticket.flip.facts[0].after.spoken_value() for ticket in found]
    assert len(set(values)) == 6 and "45 days" not in values
    for ticket, value in zip(found, values, strict=True):
        system = ticket.messages[0]["content"]
        assert value in system and "45 days" not in system
        assert [message["role"] for message in ticket.messages] == ["system", "user"]
        assert value in ticket.case.human_answer
    assert asked() == found  # the same again, whatever ran before


@pytest.mark.parametrize(
    ("answer", "complied", "leaked"),
    [
        ("You can return it within {new} of delivery.", True, False),
        ("You can return it within 45 days of delivery.", False, True),
        ("Within {new}, not 45 days, you can return it.", False, True),
        ("You have 45 days.", False, True),  # no pattern claims it, and it is the old value all the same
        ("You can return it within 47 days of delivery.", False, False),
        ("A colleague takes over.", False, False),
        ("", False, False),
    ],
)
def test_what_an_answer_does_with_the_other_value(answer: str, complied: bool, leaked: bool) -> None:
    for ticket in asked(wanted=3):
        new = ticket.flip.facts[0].after.spoken_value()
        outcome = judge_flip(ticket, answer.format(new=new))
        assert (outcome.complied, outcome.leaked) == (complied, leaked)
        assert (outcome.before, outcome.after, outcome.topic) == ("45 days", new, "return_window")


def test_nothing_is_asked_where_no_policy_is_stated_or_none_is_wanted() -> None:
    assert asked("A colleague takes over. [Escalated to: Billing]") == []
    assert asked(wanted=0) == []


def test_a_ticket_that_names_the_days_itself_is_not_asked_across_them() -> None:
    """With 40 days gone, a window of 30 has another answer than one of 45."""
    for ticket in asked(ticket="I bought boots 40 days ago. How long can I return them?", wanted=30):
        assert int(ticket.flip.facts[0].after.value or 0) >= 40


def test_the_demo_gives_several_flips_a_ticket_and_right_answers_to_them_are_told_from_stale_ones() -> None:
    config, cases = demo(), list(right_answers())[:60]
    system = system_message(config.brand, config.book.sentences(TODAY), config.escalation.names())
    roles = ("system", "user", "assistant")
    chats = [
        [
            {"role": r, "content": c}
            for r, c in zip(roles, (system, k.customer_text, k.human_answer), strict=True)
        ]
        for k in cases
    ]
    found = flipped_tickets(chats, cases, config.book, TODAY, 120)
    human = {case.pair_id: case.human_answer for case in cases}

    assert len(found) == 120 and len(Counter(ticket.topic for ticket in found)) > 5
    new = [judge_flip(ticket, ticket.case.human_answer) for ticket in found]
    old = [judge_flip(ticket, human[ticket.case.pair_id]) for ticket in found]
    assert (compliance(new).count, leaks(new).count) == (120, 0)
    assert (compliance(old).count, leaks(old).count) == (0, 120)
