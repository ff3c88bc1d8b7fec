"""One thing that a guardrail found."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "too_large",
    "injection",
    "sensitive",
    "foreign_ticket",
    "policy_contradicted",
    "policy_expired",
    "unsupported",
    "personal_data",
    "promise",
    "markup",
    "language",
    "broken",
]
Severity = Literal["auto", "send"]
"""`auto`: nothing is sent without a person; `send`: nobody should send it without changing it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and a sentence about it for the agent."""

    kind: Kind
    detail: str
    severity: Severity = "auto"

    def __str__(self) -> str:
        return self.detail
