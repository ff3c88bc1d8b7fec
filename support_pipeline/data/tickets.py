"""The canonical ticket and pair: the two tables of the data half, declared once.

A ticket is one resolved conversation of any vendor; a pair is what training needs of it. Both are
Parquet tables; inside the code a row is a frozen dataclass.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

Role = Literal["customer", "agent", "bot", "system"]
Resolution = Literal["resolved", "escalated", "needs_human"]
Kind = Literal["answer", "escalate", "cannot_know", "edit"]
EditClass = Literal["tone", "fact", "policy", "missing_step", "escalation"]
"""What an agent's edit put right."""

INSTANT = pl.Datetime("us", "UTC")


MESSAGE_SCHEMA = pl.Struct({"at": INSTANT, "role": pl.String(), "public": pl.Boolean(), "text": pl.String()})

TICKET_SCHEMA = pl.Schema(
    {
        "client": pl.String(),
        "vendor": pl.String(),
        "ticket_id": pl.String(),
        "created_at": INSTANT,
        "updated_at": INSTANT,
        "resolved_at": INSTANT,
        "status": pl.String(),
        "channel": pl.String(),
        "subject": pl.String(),
        "language": pl.String(),
        "tags": pl.List(pl.String()),
        "satisfaction": pl.String(),
        "resolution": pl.String(),
        "customer_id": pl.String(),
        "thread_id": pl.String(),
        "customer_names": pl.List(pl.String()),
        "agent_names": pl.List(pl.String()),
        "signatures": pl.List(pl.String()),
        "messages": pl.List(MESSAGE_SCHEMA),
        "source_file": pl.String(),
        "source_line": pl.Int64(),
    }
)

PAIR_SCHEMA = pl.Schema(
    {
        "pair_id": pl.String(),
        "ticket_id": pl.String(),
        "client": pl.String(),
        "resolved_at": INSTANT,
        "customer_text": pl.String(),
        "resolution_text": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "intent": pl.String(),
        "customer_id": pl.String(),
        "thread_id": pl.String(),
        "source_digest": pl.String(),
        "edit_class": pl.String(),
    }
)

POLICY_STATE = "policy_state"
"""Parquet metadata of a pair table: the state of the policy book that its answers follow."""

EXCLUDED_SCHEMA = pl.Schema(
    {"ticket_id": pl.String(), "resolved_at": INSTANT, "reason": pl.String(), "detail": pl.String()}
)


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """One message as plain text; `public` is False for internal notes by every signal of the vendor."""

    at: datetime
    role: Role
    public: bool
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """One conversation. Times are UTC; `resolved_at` is None while nobody has solved it.

    `status` is new, open, pending, hold, solved, closed, deleted, spam or unknown. `satisfaction` is good,
    bad or None. `customer_id` is the vendor's id of the requester; `thread_id` ties follow-ups and
    merged tickets together (the ticket's own id when it stands alone). `signatures` are the agents'
    signature fields where the vendor exports them.
    """

    client: str
    vendor: str
    ticket_id: str
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    status: str
    channel: str
    subject: str
    language: str | None
    tags: tuple[str, ...]
    satisfaction: str | None
    resolution: Resolution
    customer_id: str
    thread_id: str
    customer_names: tuple[str, ...]
    agent_names: tuple[str, ...]
    signatures: tuple[str, ...]
    messages: tuple[TicketMessage, ...]
    source_file: str
    source_line: int

    @property
    def month(self) -> str:
        """The history partition: the month in which it was resolved (last touched, if never)."""
        return month_of(self.resolved_at or self.updated_at)

    def row(self) -> dict[str, Any]:
        """The ticket as a row of `TICKET_SCHEMA`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Pair:
    """One training example before it is rendered.

    `kind` says what it teaches (answer, escalate, cannot_know, edit); `reason` is the filter's
    verdict on the ticket (`answerable`, or why a person had to decide); `source_digest` ties it to
    the ticket's exact content. `edit_class` is the `EditClass` of an edit, empty when it was not said.
    """

    pair_id: str
    ticket_id: str
    client: str
    resolved_at: datetime
    customer_text: str
    resolution_text: str
    kind: Kind
    reason: str
    intent: str
    customer_id: str
    thread_id: str
    source_digest: str
    edit_class: str = ""

    def row(self) -> dict[str, Any]:
        """The pair as a row of `PAIR_SCHEMA`."""
        return {name: getattr(self, name) for name in PAIR_SCHEMA}


@dataclass(frozen=True, slots=True)
class Excluded:
    """A ticket that became no pair, with its one reason."""

    ticket_id: str
    resolved_at: datetime
    reason: str
    detail: str = field(default="")


def ticket_from_row(row: dict[str, Any]) -> Ticket:
    """The inverse of `Ticket.row`."""
    messages = tuple(TicketMessage(**message) for message in row["messages"])
    lists = ("tags", "customer_names", "agent_names", "signatures")
    return Ticket(**{**row, **{name: tuple(row[name]) for name in lists}, "messages": messages})


def month_of(at: datetime) -> str:
    """The UTC month of a time, as "2026-09"."""
    return at.astimezone(UTC).strftime("%Y-%m")


def pair_id(client: str, vendor: str, ticket_id: str) -> str:
    """A stable id: the same ticket gives the same pair at every release."""
    return hashlib.sha256(f"{client}|{vendor}|{ticket_id}".encode()).hexdigest()[:16]
