"""What a ticket must not make the model do, and what a draft must not say: checked without a model.

Deterministic, in linear time, at send time. A finding never stops a person; it takes the draft off
every automatic path. `inspect_ticket` reads what came in, `inspect_draft` what would go out.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

from support_pipeline.claims import claims, judge
from support_pipeline.clients import ClientConfig
from support_pipeline.data.redaction import PLACEHOLDER
from support_pipeline.model.scoring import hallucinations
from support_pipeline.model.scoring.live import admits_not_knowing
from support_pipeline.policies import PolicyBook
from support_pipeline.serving.guardrails.finding import Finding, Kind, Severity
from support_pipeline.serving.guardrails.form import form, wrong_language
from support_pipeline.serving.guardrails.injection import injections
from support_pipeline.serving.guardrails.intake import MAX_DRAFT, too_dense, too_large
from support_pipeline.serving.guardrails.personal import personal_data
from support_pipeline.serving.guardrails.policy import policy_findings, states_policy
from support_pipeline.serving.guardrails.promises import promises
from support_pipeline.serving.guardrails.sensitive import sensitive

__all__ = [
    "GUARDRAILS_VERSION",
    "Finding",
    "Kind",
    "Severity",
    "inspect_draft",
    "inspect_ticket",
    "policy_digest",
    "steers",
    "too_dense",
    "too_large",
]

GUARDRAILS_VERSION = "4"
"""Raise it when the guards decide otherwise: certificates are bound to it."""


def inspect_ticket(ticket: str, language: str) -> list[Finding]:
    """What is wrong with a ticket as it came: instructions, sensitive subjects, another language."""
    found = [*injections(ticket), *sensitive(ticket)]
    if foreign := wrong_language(ticket, language):
        found.append(
            Finding("foreign_ticket", f"the ticket {foreign}, the client's language is '{language}'")
        )
    return found


def steers(ticket: str) -> bool:
    """Whether a ticket may have been written to steer the model: it gives orders, or is too large to be read.

    Nothing is learned from such a ticket.
    """
    return too_large(ticket) is not None or bool(injections(ticket))


def inspect_draft(config: ClientConfig, day: date, ticket: str, draft: str) -> list[Finding]:
    """What is wrong with a draft by the policies in force on `day`; both texts with placeholders.

    Call it again at send time when `policy_digest` has changed since the draft was made.
    """
    if len(draft) > MAX_DRAFT:
        return [Finding("broken", f"the draft has {len(draft):,} characters", "send")]
    book, policies = config.book, config.book.sentences(day)
    found = form(draft, config.language, [*policies, *config.contacts])
    found += policy_findings(book, day, draft, ticket)
    found += _unsupported(
        draft, ticket, policies, (*config.escalation.names(), config.brand), config.contacts
    )
    found += personal_data(draft, ticket, config.contacts)
    borne = [claim.sentence.strip() for claim in claims(book, draft) if judge(book, claim, day) == "current"]
    found += promises(draft, [*policies, config.filters.cannot_know_answer or "", config.brand], borne)
    if not found and not states_policy(book, day, draft) and not admits_not_knowing(draft):
        found.append(Finding("unsupported", "states no policy in force, so nothing bears it out"))
    return list(dict.fromkeys(found))


def policy_digest(book: PolicyBook, day: date) -> str:
    """The digest of the policies in force on a day, each with its patterns and its time."""
    facts = "\n".join(fact.model_dump_json() for fact in book.in_force(day))
    return hashlib.sha256(facts.encode()).hexdigest()


def _unsupported(
    draft: str, ticket: str, policies: Sequence[str], names: Sequence[str], contacts: Sequence[str]
) -> list[Finding]:
    """Entities that no source bears out. The ticket is read only where the policies alone do not do."""
    sources = [*policies, *contacts]
    found = hallucinations(draft, "", policies=sources, teams=names)
    if found:
        known = PLACEHOLDER.findall(ticket)
        found = hallucinations(draft, ticket, policies=sources, teams=names, granted=known)
    return [
        Finding("unsupported", f"says what neither the ticket nor a policy supports: {entity.text}", "send")
        for entity in found
    ]
