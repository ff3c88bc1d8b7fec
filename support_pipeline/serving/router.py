"""Ticket in, {response, confidence, escalate, route, reasons, draft_id} out. Any failure routes to a human.

Confidence is never the model's own word. Until a certificate from calibrated features exists for a
deployment nothing is `high`: the band says only what is known to be doubtful.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from support_pipeline.clients import ClientConfig
from support_pipeline.data.redaction import Redactor
from support_pipeline.errors import SupportPipelineError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.prompt import escalated_to
from support_pipeline.serving.engine import Engine, Generation
from support_pipeline.serving.guardrails import findings
from support_pipeline.serving.selftest import conversation

Confidence = Literal["high", "medium", "low"]
Route = Literal["agent", "approve", "auto"]

DOUBTFUL_LOGPROB = -0.5
"""Mean log-probability a token below which an answer is called low; uncalibrated, so it only lowers."""


@dataclass(frozen=True)
class RouterAnswer:
    """The router's answer; `reasons` say why it is routed as it is."""

    response: str
    confidence: Confidence
    escalate: bool
    route: Route
    reasons: tuple[str, ...]
    draft_id: str


@dataclass(frozen=True)
class Asking:
    """One ticket to be answered, and with what. `version` is the deployment's."""

    config: ClientConfig
    chat: ChatFormat
    engine: Engine
    version: str
    day: date
    deadline_seconds: float = 60.0


def answer(asking: Asking, ticket_text: str, ticket_id: str = "ask") -> RouterAnswer:
    """Drafts an answer; whatever goes wrong, the ticket goes to a person with the reason."""
    draft_id = hashlib.sha256(f"{asking.version}|{ticket_id}|{ticket_text}".encode()).hexdigest()[:16]
    if not ticket_text.strip():
        return _to_agent("", draft_id, ["the ticket is empty"])
    redactor = Redactor(ticket_id, keep=asking.config.contacts)
    try:
        asked = redactor.redact(ticket_text)
        generation = _generate(asking, asked)
    except SupportPipelineError as error:
        return _to_agent("", draft_id, [f"no draft: {error}"])
    return _route(asking, asked, generation, draft_id, redactor.restore)


def _generate(asking: Asking, asked: str) -> Generation:
    prompt = asking.chat.text(conversation(asking.config, asking.day, asked), add_generation_prompt=True)
    return asking.engine.generate(
        prompt,
        max_tokens=asking.config.evaluation.max_answer_tokens,
        deadline_seconds=asking.deadline_seconds,
    )


def _route(
    asking: Asking, asked: str, generation: Generation, draft_id: str, restore: Callable[[str], str]
) -> RouterAnswer:
    draft = generation.text.strip()
    response = restore(draft)
    team = escalated_to(draft)
    if team is not None:
        return _to_agent(response, draft_id, [f"the model hands over to {team}"])
    doubts = _doubts(asking, asked, draft, generation)
    if doubts:
        return RouterAnswer(response, "low", False, "agent", tuple(doubts), draft_id)
    return RouterAnswer(
        response,
        "medium",
        False,
        "approve",
        ("no certificate for this deployment: a person approves",),
        draft_id,
    )


def _doubts(asking: Asking, asked: str, draft: str, generation: Generation) -> list[str]:
    config, found = asking.config, []
    if not draft:
        found.append("the draft is empty")
    if generation.stop_reason != "stop":
        found.append(f"the draft is cut off ({generation.stop_reason})")
    logprobs = generation.logprobs
    if not logprobs or any(value != value for value in logprobs):
        found.append("the model gave no token probabilities")
    elif (mean := sum(logprobs) / len(logprobs)) < DOUBTFUL_LOGPROB:
        found.append(f"the model is unsure (mean log-probability {mean:.2f} a token)")
    return [
        *found,
        *findings(config.book, asking.day, asked, draft, (*config.escalation.names(), config.brand)),
    ]


def _to_agent(response: str, draft_id: str, reasons: Sequence[str]) -> RouterAnswer:
    return RouterAnswer(response, "low", True, "agent", tuple(reasons), draft_id)
