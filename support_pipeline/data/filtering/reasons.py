"""The closed list of verdicts on a ticket: one reason each, and what becomes of the ticket.

A reason either makes an answer pair, an escalation pair, or excludes the ticket. Adding a reason
means adding it here; the conservation checks, the waterfall and the client rules read this list.
"""

from typing import Literal, get_args

Reason = Literal[
    "answerable",
    "fraud_dispute",
    "policy_exception",
    "emotional_escalation",
    "multi_issue",
    "needs_human",
    "no_resolution",
    "not_support",
    "language",
    "empty",
    "boilerplate_only",
    "personal_data",
    "factual_error",
    "placeholder_left",
    "edited",
    "not_trainable",
]

REASONS: tuple[Reason, ...] = get_args(Reason)

DESCRIPTIONS: dict[Reason, str] = {
    "answerable": "the answer follows from the policies and the customer's message",
    "fraud_dispute": "a payment, order or access that the customer disowns",
    "policy_exception": "a person granted something that the policy does not",
    "emotional_escalation": "threats, abuse or distress that a person has to take over",
    "multi_issue": "more than one request in one ticket",
    "needs_human": "escalated or reassigned by the helpdesk, or handed over in the reply",
    "no_resolution": "never solved, or no agent reply that settles anything",
    "not_support": "spam, sales pitches, automatic replies, deleted or test tickets",
    "language": "not in the client's language",
    "empty": "no customer text that says anything",
    "boilerplate_only": "the agents' replies are only courtesies and automatic notices",
    "personal_data": "personal data that redaction could not replace",
    "factual_error": "the reply states a policy value that was never in force",
    "placeholder_left": "the reply holds an unfilled template placeholder",
    "edited": "a later edit of the same ticket by an agent takes its place",
    "not_trainable": "an agent's decision that is no example: rejected, or marked so",
}

ESCALATING: frozenset[Reason] = frozenset(
    {"fraud_dispute", "policy_exception", "emotional_escalation", "multi_issue", "needs_human"}
)
PAIRED: frozenset[Reason] = ESCALATING | {"answerable"}
EXCLUDING: frozenset[Reason] = frozenset(REASONS) - PAIRED


def is_reason(name: str) -> bool:
    """Whether a client's YAML may use this name."""
    return name in REASONS
