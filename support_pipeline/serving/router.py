"""Ticket in, {response, confidence, escalate, route, reasons, draft_id} out. Any failure routes to a human.

Confidence is never the model's own word: a band is `high` only by a valid certificate, from a score of
features that the guards and the token probabilities give.
"""

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from support_pipeline.clients import ClientConfig
from support_pipeline.data.cleaning import clean_message
from support_pipeline.data.redaction import Redactor
from support_pipeline.errors import SupportPipelineError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.prompt import escalated_to
from support_pipeline.model.verdict.promotion import RouteCeiling
from support_pipeline.serving.confidence import Binding, Certificate, Novelty, Watch, features
from support_pipeline.serving.engine import Engine, Generation
from support_pipeline.serving.guardrails import (
    Finding,
    inspect_draft,
    inspect_ticket,
    policy_digest,
    too_dense,
    too_large,
)
from support_pipeline.serving.selftest import conversation

log = logging.getLogger(__name__)

Confidence = Literal["high", "medium", "low"]
Route = Literal["agent", "approve", "auto"]

DOUBTFUL_LOGPROB = -0.5
"""Mean log-probability a token below which an answer is called low; uncalibrated, so it only lowers."""


@dataclass(frozen=True)
class RouterAnswer:
    """The router's answer; `reasons` say why it is routed as it is.

    `score`, `features` and `certificate` are what the confidence rests on, to be kept with the draft;
    `policies` is the digest of the policies that it was checked by, `audit` marks a draft that could have
    been sent and is reviewed to keep the certificate honest. What is not `trainable` came of a ticket that
    may have been written to steer the model.
    """

    response: str
    confidence: Confidence
    escalate: bool
    route: Route
    reasons: tuple[str, ...]
    draft_id: str
    score: float | None = None
    features: Mapping[str, float] = field(default_factory=dict)
    certificate: str | None = None
    policies: str = ""
    kinds: tuple[str, ...] = ()
    unsendable: bool = False
    audit: bool = False
    trainable: bool = True

    def contract(self) -> dict[str, Any]:
        """What callers of the router are promised."""
        return {
            "response": self.response,
            "confidence": self.confidence,
            "escalate": self.escalate,
            "route": self.route,
            "reasons": list(self.reasons),
            "draft_id": self.draft_id,
        }


@dataclass(frozen=True)
class Trust:
    """What confidence rests on: a certificate with what is really served, and the watch over it."""

    certificate: Certificate
    binding: Binding
    watch: Watch | None = None

    def void_because(self, policies: str) -> str | None:
        """Why nothing may be sent on it now."""
        now = self.binding.model_copy(update={"policies": policies})
        if (reason := self.certificate.void_because(now)) is not None:
            return reason
        if self.watch is not None and self.watch.ended_because is not None:
            return f"the certificate has ended: {self.watch.ended_because}"
        return None


@dataclass(frozen=True)
class Asking:
    """One ticket to be answered, and with what.

    `version` is the deployment's, `lora` the client's adapter where several share a base, `ceiling` how far
    the release's drafts may travel. Without `trust` nothing is certain enough to be sent.
    """

    config: ClientConfig
    chat: ChatFormat
    engine: Engine
    version: str
    day: date
    deadline_seconds: float = 60.0
    lora: str | None = None
    ceiling: RouteCeiling = "approve"
    trust: Trust | None = None
    cancel: threading.Event | None = None


@dataclass(frozen=True)
class Drafted:
    """A draft with all that is known of it; `draft` and `asked` hold placeholders, `response` does not."""

    asked: str
    draft: str
    response: str
    generation: Generation
    findings: tuple[Finding, ...]


def answer(asking: Asking, ticket_text: str, ticket_id: str = "ask") -> RouterAnswer:
    """Drafts an answer; whatever goes wrong, the ticket goes to a person with the reason."""
    content = f"{asking.version}|{ticket_id}|{ticket_text}"
    draft_id = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    try:
        drafted = draft(asking, ticket_text, ticket_id)
        if isinstance(drafted, Finding):
            return _to_agent(draft_id, [drafted.detail], kinds=(drafted.kind,))
        return _routed(asking, drafted, draft_id)
    except SupportPipelineError as error:
        return _to_agent(draft_id, [f"no draft: {error}"])
    except Exception as error:  # whatever a hostile ticket sets off, a person gets the ticket
        log.exception("draft %s of %s", draft_id, asking.config.id)
        return _to_agent(draft_id, [f"no draft: {type(error).__name__} while it was made; see the log"])


def draft(asking: Asking, ticket_text: str, ticket_id: str = "ask") -> Drafted | Finding:
    """The model's draft and what the guards say; a finding alone where the ticket is not even read.

    Raises:
        EngineError: there is no answer.
    """
    config = asking.config
    if not ticket_text.strip():
        return Finding("broken", "the ticket is empty")
    if large := too_large(ticket_text):
        return large
    own_words = clean_message(ticket_text, role="customer").text
    if not own_words:
        return Finding("broken", "the ticket holds nothing but a quotation or a signature")
    if dense := too_dense(own_words):
        return dense
    redactor = Redactor(ticket_id, keep=config.contacts)
    asked = redactor.redact(own_words)
    generation = _generate(asking, asked)
    text = generation.text.strip()
    found = [*inspect_ticket(ticket_text, config.language)]
    if escalated_to(text) is None:
        found += inspect_draft(config, asking.day, asked, text)
    return Drafted(asked, text, redactor.restore(text), generation, tuple(found))


def _generate(asking: Asking, asked: str) -> Generation:
    prompt = asking.chat.text(conversation(asking.config, asking.day, asked), add_generation_prompt=True)
    more: dict[str, Any] = {}
    if asking.lora is not None:
        more["lora"] = asking.lora
    if asking.cancel is not None:
        more["cancel"] = asking.cancel
    return asking.engine.generate(
        prompt,
        max_tokens=asking.config.evaluation.max_answer_tokens,
        deadline_seconds=asking.deadline_seconds,
        **more,
    )


def _routed(asking: Asking, drafted: Drafted, draft_id: str) -> RouterAnswer:
    policies = policy_digest(asking.config.book, asking.day)
    novelty = asking.trust.certificate.novelty if asking.trust else Novelty()
    known = features(drafted.asked, drafted.generation, drafted.findings, novelty)
    score = asking.trust.certificate.score.score(known) if asking.trust and known else None
    if score is not None and asking.trust and asking.trust.watch:
        asking.trust.watch.saw(score)
    band, route, reasons, audit = _decided(asking, drafted, draft_id, score, policies)
    team = escalated_to(drafted.draft)
    return RouterAnswer(
        response=drafted.response,
        confidence=band,
        escalate=team is not None,
        route=route,
        reasons=tuple(reasons),
        draft_id=draft_id,
        score=score,
        features=known or {},
        certificate=asking.trust.certificate.id if asking.trust else None,
        policies=policies,
        kinds=tuple(dict.fromkeys(finding.kind for finding in drafted.findings)),
        unsendable=any(finding.severity == "send" for finding in drafted.findings),
        audit=audit,
        trainable=all(finding.kind != "injection" for finding in drafted.findings),
    )


def _decided(
    asking: Asking, drafted: Drafted, draft_id: str, score: float | None, policies: str
) -> tuple[Confidence, Route, Sequence[str], bool]:
    """Band, route, reasons, and whether it is kept back for an audit."""
    if (team := escalated_to(drafted.draft)) is not None:
        handover = [f"the model hands over to {team}", *(finding.detail for finding in drafted.findings)]
        return "low", "agent", handover, False
    if doubts := _doubts(drafted):
        return "low", "agent", doubts, False
    if asking.trust is None:
        return "medium", "approve", ["no certificate for this deployment: a person approves"], False
    if void := asking.trust.void_because(policies):
        return "medium", "approve", [f"{void}: a person approves"], False
    certificate = asking.trust.certificate
    assert score is not None and certificate.send_from is not None
    if score < certificate.doubt_below:
        return "low", "agent", [f"the score {score:.2f} is below {certificate.doubt_below:.2f}"], False
    if score < certificate.send_from:
        return (
            "medium",
            "approve",
            [f"the score {score:.2f} is below the certified {certificate.send_from:.2f}"],
            False,
        )
    held_back = _held_back(asking)
    audit = _is_audited(draft_id, asking.config.routing.audit_rate)
    if held_back is not None:
        return "high", "approve", [certificate.sentence(), held_back], audit
    if audit:
        return "high", "approve", [certificate.sentence(), "kept back for an audit"], True
    return "high", "auto", [certificate.sentence()], False


def _held_back(asking: Asking) -> str | None:
    if asking.config.routing.mode != "auto":
        return "the client approves every draft"
    if asking.ceiling != "auto":
        return "this release may only be approved"
    return None


def _is_audited(draft_id: str, rate: float) -> bool:
    """A random sample that anyone can check: by the draft's id, so it does not change when asked again."""
    return int(hashlib.sha256(f"audit|{draft_id}".encode()).hexdigest()[:8], 16) < rate * 2**32


def _doubts(drafted: Drafted) -> list[str]:
    generation, found = drafted.generation, []
    if not drafted.draft:
        found.append("the draft is empty")
    if generation.stop_reason != "stop":
        found.append(f"the draft is cut off ({generation.stop_reason})")
    logprobs = generation.logprobs
    if not logprobs or any(value != value for value in logprobs):
        found.append("the model gave no token probabilities")
    elif (mean := sum(logprobs) / len(logprobs)) < DOUBTFUL_LOGPROB:
        found.append(f"the model is unsure (mean log-probability {mean:.2f} a token)")
    return [*found, *(finding.detail for finding in drafted.findings)]


def _to_agent(draft_id: str, reasons: Sequence[str], kinds: Sequence[str] = ()) -> RouterAnswer:
    return RouterAnswer(
        "", "low", True, "agent", tuple(reasons), draft_id, kinds=tuple(kinds), trainable=False
    )
