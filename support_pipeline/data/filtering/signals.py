"""Layer one: what the helpdesk itself says about a ticket, by status, resolution and tags.

Helpdesks' own triage tags (`sentiment__very_negative`, `intent__fraud`) and the usual names that
teams give their tags are read; a client's own tag names belong in its YAML.
"""

import re
from collections.abc import Iterable

from support_pipeline.data.filtering.reasons import Reason
from support_pipeline.data.tickets import Ticket

NOT_SUPPORT_STATUS = frozenset({"deleted", "spam"})
OPEN_STATUS = frozenset({"new", "open", "pending", "hold", "on-hold", "snoozed"})
NOT_SUPPORT_CHANNELS = frozenset({"sample_ticket", "outbound", "outbound_email"})

TAG_WORDS: dict[str, Reason] = {
    "fraud": "fraud_dispute",
    "fraudulent": "fraud_dispute",
    "chargeback": "fraud_dispute",
    "chargebacks": "fraud_dispute",
    "payment_dispute": "fraud_dispute",
    "disputed_charge": "fraud_dispute",
    "unauthorized_charge": "fraud_dispute",
    "account_takeover": "fraud_dispute",
    "policy_exception": "policy_exception",
    "exception": "policy_exception",
    "exception_granted": "policy_exception",
    "goodwill": "policy_exception",
    "legal": "emotional_escalation",
    "legal_threat": "emotional_escalation",
    "angry": "emotional_escalation",
    "angry_customer": "emotional_escalation",
    "abusive": "emotional_escalation",
    "vulnerable_customer": "emotional_escalation",
    "multi_issue": "multi_issue",
    "multiple_issues": "multi_issue",
    "spam": "not_support",
    "junk": "not_support",
    "marketing": "not_support",
    "solicitation": "not_support",
    "auto_reply": "not_support",
    "autoreply": "not_support",
    "out_of_office": "not_support",
    "job_application": "not_support",
    "test_ticket": "not_support",
    "escalated": "needs_human",
    "escalation": "needs_human",
    "tier2": "needs_human",
    "tier_2": "needs_human",
    "supervisor": "needs_human",
    "manager_review": "needs_human",
}
PREFIXES = ("intent__", "topic__", "reason__", "cat_", "category__", "type__")
_SEPARATORS = re.compile(r"[\s:/.-]+")


def status_reason(ticket: Ticket) -> tuple[Reason, str] | None:
    """A ticket that its status or channel alone rules out."""
    if ticket.status in NOT_SUPPORT_STATUS:
        return "not_support", f"status {ticket.status}"
    if ticket.channel in NOT_SUPPORT_CHANNELS:
        return "not_support", f"channel {ticket.channel}"
    if ticket.resolved_at is None or ticket.status in OPEN_STATUS:
        return "no_resolution", f"status {ticket.status}"
    return None


def tag_reason(tags: Iterable[str]) -> tuple[Reason, str] | None:
    """The first tag, in the order of the table above, that names a reason."""
    named = {_normal(tag): tag for tag in tags}
    for word, reason in TAG_WORDS.items():
        if word in named:
            return reason, f"tag {named[word]}"
    return None


def resolution_reason(ticket: Ticket) -> tuple[Reason, str] | None:
    """Escalated or reassigned by the vendor's own fields."""
    return None if ticket.resolution == "resolved" else ("needs_human", f"resolution {ticket.resolution}")


def _normal(tag: str) -> str:
    name = _SEPARATORS.sub("_", tag.strip().casefold()).strip("_")
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name
