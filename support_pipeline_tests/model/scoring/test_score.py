"""Scores of single answers: one table per layer, with the reason."""

import pytest

from support_pipeline.model.scoring import cases, contender, summarise
from support_pipeline_tests.model.scoring.answers import HUMAN, TICKET, scored
from support_pipeline_tests.model.scoring.brands import CANNOT_KNOW, demo


@pytest.mark.parametrize(
    "answer",
    [
        HUMAN,
        "Our return window is 45 days, counted from delivery.",
        "From the day of delivery you have forty-five days to get your jacket back to us.",  # no pattern knows it
        "Thanks for contacting Demo Outfitters! Returns are accepted for 45 days after delivery.",
        "Order <ORDER_417> can be returned within 45 days of delivery. It arrived on 5 May.",
        "Hello <CUSTOMER_999>, you can send it back within 45 days.",  # the number of a name is nobody's to know
        "You paid $129, and you can return it within 45 days of delivery.",
        "Please send it back within 45 days of delivery if it has been delivered.",  # a condition
    ],
)
def test_right_answers_score_3(answer: str) -> None:
    score = scored(answer)

    assert score.score == 3, score.evidence()
    assert score.policy_right and not score.hallucinated


@pytest.mark.parametrize(
    ("answer", "points", "reason"),
    [
        ("", 1, "format: the answer is empty"),
        (HUMAN + "<|eot_id|>", 1, "format: template residue '<|eot_id|>'"),
        ("Dear [Customer Name], " + HUMAN, 1, "format: template residue '[Customer Name]'"),
        (HUMAN + " of delivery of delivery of delivery", 1, "format: repeats 'of delivery'"),
        ("You can return order <ORDER_418> within 45 days.", 1, "entities: placeholder '<ORDER_418>' is in no source"),
        ("You can return it within 45 days, until June 19.", 1, "entities: date 'June 19' is in no source"),
        ("Return it within 45 days. A fee of $4.50 applies.", 1, "entities: money '$4.50' is in no source"),
        ("Return it within 45 days with code BACK10.", 1, "entities: code 'code BACK10' is in no source"),
        ("Return the tent within 45 days.", 1, "entities: product 'tent' is in no source"),
        ("Hi Naomi, return it within 45 days.", 1, "entities: name 'Naomi' is in no source"),
        ("Return it within 45 days. It left our warehouse.", 1, "entities: parcel 'It left our warehouse.' is in no source"),
        ("You can return it within 30 days of delivery.", 1, "policy: says '30 days' of return_window (an old value; in force: 45 days)"),
        ("You can return it within 60 days of delivery.", 1, "policy: says '60 days' of return_window (never in force; in force: 45 days)"),
        ("You can return your jacket after delivery.", 1, "policy: does not state return_window (critical)"),
        ("Invoices can be downloaded as a PDF under Account > Orders.", 1, "policy: does not state return_window (critical)"),
        ("A colleague takes over. [Escalated to: Billing]", 2, "escalation: handed over to Billing without need"),
    ],
)  # fmt: skip
def test_faults_cost_points_with_their_evidence(answer: str, points: int, reason: str) -> None:
    score = scored(answer)

    assert (score.score, reason in score.evidence()) == (points, True), score.evidence()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("You can return it within 45 days of", "format: breaks off: '...You can return it within 45 days of'"),
        ("Thanks for writing! You can return your jacket within 45", "format: breaks off: '...ng! You can return your jacket within 45'"),
        ("Hi [NAME], " + HUMAN, "format: template residue '[NAME]'"),
        ("Dear <CUSTOMER_NAME>, " + HUMAN, "format: template residue '<CUSTOMER_NAME>'"),
        ("Hi %FIRSTNAME%, " + HUMAN, "format: template residue '%FIRSTNAME%'"),
        (HUMAN + " TODO", "format: template residue 'TODO'"),
        ("Internal note: this one complains a lot. " + HUMAN, "format: a word among colleagues 'Internal note'"),
        (HUMAN + " Do not tell the customer that we lost it.", "format: a word among colleagues 'Do not tell the customer'"),
        (HUMAN + " @sarah can you look at this?", "format: a word among colleagues '@sarah'"),
        (TICKET, "format: tells the customer's own words back"),
        (HUMAN + " It came by next week.", "entities: date 'next week' is in no source"),
        (HUMAN + " We close at 16:30.", "entities: time '16:30' is in no source"),
        (HUMAN + " See bit.ly/3xYz9.", "entities: url 'bit.ly/3xYz9' is in no source"),
        (HUMAN + " Two of them are still on the shelf.", "entities: stock 'Two of them are still on the shelf.' is in no source"),
    ],
)  # fmt: skip
def test_no_right_answer_reads_like_this(answer: str, reason: str) -> None:
    score = scored(answer)

    assert (score.score, reason in score.evidence()) == (1, True), score.evidence()


def test_two_values_from_two_sources_make_no_range() -> None:
    human = "A refund takes 2 to 3 days, and 5 to 7 days by cheque."

    assert (
        "entities: duration '2 to 7 days' is in no source"
        in scored("It takes 2 to 7 days.", human=human).evidence()
    )


def test_an_answer_that_leaves_out_half_is_half_right() -> None:
    human = "Exchanges for another size or color start on the order page. Invoices are sent by e-mail every Friday."
    found = scored("Exchanges for another size or color start on the order page.", human=human)

    assert found.score == 2
    assert "likeness: leaves out 'Invoices are sent by e-mail every Friday.'" in found.evidence()


def test_another_language_is_no_answer() -> None:
    spanish = (
        "Puede devolver su chaqueta dentro de 45 days después de la entrega, sin ningún problema para usted."
    )
    human = f"{HUMAN} Please keep the tags on, and write to us again whenever you have another question."

    assert "format: is written in 'es', the human answer in 'en'" in scored(spanish, human=human).evidence()


def test_a_sentence_that_no_source_speaks_of_is_not_fully_right() -> None:
    score = scored(f"{HUMAN} The mayor of Boise painted elephants.")

    assert score.score < 3
    assert "grounding: no source speaks of this: 'The mayor of Boise painted elephants.'" in score.evidence()


def test_an_answer_that_was_cut_off_is_wrong() -> None:
    score = scored(HUMAN, stopped=False)

    assert (score.score, score.well_formed, score.stopped) == (1, False, False)
    assert score.evidence() == ["format: the answer never came to an end"]


ANGRY = "I want my money back for <ORDER_417> or I will sue."
HAND_OVER = "A colleague takes over from here.\n\n[Escalated to: Billing]"


@pytest.mark.parametrize(
    ("answer", "points", "reason"),
    [
        (HAND_OVER, 3, None),
        ("I am passing this on to the right people. [Escalated to: Billing]", 3, None),
        ("A colleague takes over from here.", 1, "escalation: a person must decide (Billing), but it was not handed over"),
        ("Somebody will see to it. [Escalated to: Store Managers]", 2, "escalation: handed over to Store Managers instead of Billing"),
        ("Somebody will see to it. [Escalated to: Lawyers]", 2, "escalation: handed over to 'Lawyers', which is no team here"),
    ],
)  # fmt: skip
def test_escalation(answer: str, points: int, reason: str | None) -> None:
    score = scored(answer, kind="escalate", ticket=ANGRY, human=HAND_OVER)

    assert score.score == points
    assert score.evidence() == ([reason] if reason else [])
    assert score.escalation_expected and "escalation" in score.critical_topics


WHERE = "Where is order <ORDER_417>? Is the rain jacket in stock in rust?"


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        (CANNOT_KNOW, 3),
        ("I have no access to parcel data here, so I can't tell where it is.", 3),
        ("Your order <ORDER_417> shipped yesterday.", 1),
        (f"{CANNOT_KNOW} It is in stock.", 1),
        ("Thanks for asking! Exchanges are free.", 2),
        ("Please do not hesitate to write again.", 2),
    ],
)
def test_cannot_know(answer: str, points: int) -> None:
    score = scored(answer, kind="cannot_know", ticket=WHERE, human=CANNOT_KNOW)

    assert score.score == points, score.evidence()


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("Start the exchange on your order page; another size costs nothing.", 3),
        ("Please look at the order page.", 3),  # little, but nothing else
        ("Passwords are reset with the Forgot Password link on the sign-in page.", 1),
    ],
)
def test_likeness_speaks_where_no_policy_value_does(answer: str, points: int) -> None:
    human = "Exchanges for another size or color are free and start on the order page."

    assert scored(answer, ticket="The jacket is too small. Can I swap it?", human=human).score == points


def test_what_the_human_alone_knew_costs_nothing() -> None:
    human = "Your order left our warehouse on Monday, May 4."

    assert scored(human, ticket="Where is it?", human=human).score == 3
    assert scored(human, ticket="Where is it?", human="It is on its way.").score == 1


def test_totals_count_a_ticket_once() -> None:
    scores = [
        scored(HUMAN),
        scored("Return it within 30 days."),
        scored(HAND_OVER, kind="escalate", human=HAND_OVER),
    ]
    summary = summarise(scores)

    assert (summary.fully_correct.count, summary.wrong.count, summary.fully_correct.total) == (2, 1, 3)
    assert (summary.policy_accuracy.count, summary.policy_accuracy.total) == (1, 2)
    assert (summary.escalation_recall.count, summary.escalation_recall.total) == (1, 1)


def test_rows_of_the_index_become_cases() -> None:
    row = {
        "pair_id": "p", "customer_id": None, "kind": "edit", "intent": None,
        "customer_text": "Fraud!", "resolution_text": "We look into it. [Escalated to: Billing]",
    }  # fmt: skip
    (case,) = cases([row])

    assert (case.customer_id, case.intent, case.team, case.must_escalate) == ("p", "unknown", "Billing", True)


def test_a_contender_of_no_tickets_answers_nothing() -> None:
    empty = contender("2026-09", [], [], demo().evaluation.targets)

    assert (empty.stop_rate, empty.well_formed, empty.tickets) == (0.0, 0.0, {})
