"""One ticket of the demo client and its human answer, and the score of another answer to it."""

from support_pipeline.model.scoring import Case, Score, score_answer
from support_pipeline_tests.model.scoring.brands import TODAY, demo

TICKET = "Order <ORDER_417>, $129.00: the rain jacket came on May 5. How long do I have to return it?"
HUMAN = "Hi <CUSTOMER_305>, you can return your jacket within 45 days of delivery."


def scored(
    answer: str, *, kind: str = "answer", ticket: str = TICKET, human: str = HUMAN, stopped: bool = True
) -> Score:
    case = Case("p1", "c1", kind, "return", ticket, human)
    config = demo()
    return score_answer(
        case,
        answer,
        book=config.book,
        today=TODAY,
        teams=config.escalation.names(),
        stopped=stopped,
        brand=config.brand,
    )
