"""Simulated agents: they know the human answer, approve a draft that is right, and correct one that is not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from support_pipeline.clients import ClientConfig
from support_pipeline.model.scoring import Case, score_answer
from support_pipeline.serving.decisions import Decision
from support_pipeline.serving.router import RouterAnswer

AGENT = "simulated agent"
FULL_SCORE = 3


@dataclass(frozen=True)
class Asked:
    """A ticket of the answer key, as a customer asks it and a person answered it."""

    ticket_id: str
    at: datetime
    kind: str
    intent: str
    text: str
    human_answer: str


def asked_of(config: ClientConfig, row: Mapping[str, Any], at: datetime) -> Asked | None:
    """A row of the answer key as a ticket; None when it is no pair."""
    text = row.get("customer_clean")
    if row.get("fate") != "pair" or not text:
        return None
    team = config.escalation.team(str(row["reason"]))
    answers = {"escalate": f"[Escalated to: {team}]", "cannot_know": config.filters.cannot_know_answer}
    human = answers.get(row["kind"]) or row.get("resolution_clean")
    if not human:
        return None
    return Asked(
        str(row["ticket_id"]), at, str(row["kind"]), str(row.get("intent") or "unknown"), text, str(human)
    )


def decide(config: ClientConfig, asked: Asked, answer: RouterAnswer, model: str, day: date) -> Decision:
    """What the agent does with a draft: approves what scores 3 of 3, writes the human answer over the rest."""
    case = Case(asked.ticket_id, asked.ticket_id, asked.kind, asked.intent, asked.text, asked.human_answer)
    score = score_answer(
        case,
        answer.response,
        book=config.book,
        today=day,
        teams=config.escalation.names(),
        stopped=True,
        brand=config.brand,
    )
    right = score.score == FULL_SCORE
    return Decision(
        draft_id=answer.draft_id,
        ticket_id=asked.ticket_id,
        client=config.id,
        decided_at=asked.at,
        customer_id=asked.ticket_id,
        customer_text=asked.text,
        draft_text=answer.response,
        final_text=answer.response if right else asked.human_answer,
        action="approved" if right else "edited",
        reason="" if right else "; ".join(score.evidence())[:500],
        agent=AGENT,
        model=model,
    )


def play(
    config: ClientConfig,
    tickets: Sequence[Asked],
    ask: Callable[[Asked], RouterAnswer],
    model: str,
    day: date,
    record: Callable[[Decision], None],
) -> tuple[int, int]:
    """Asks every ticket and records every decision; how many there were, and how many were corrections."""
    corrected = 0
    for asked in tickets:
        decision = decide(config, asked, ask(asked), model, day)
        record(decision)
        corrected += decision.action != "approved"
    return len(tickets), corrected
