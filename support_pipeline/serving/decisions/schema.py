"""The tables. Times are fixed-width UTC text, so that text order is time order in every database.

A change here is also a migration in `migrations/versions`; a test holds the two equal.
"""

from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()

ID, NAME, STAMP, SHORT = sa.String(64), sa.String(255), sa.String(32), sa.String(16)
CLIENT = sa.String(63)
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")

DELIVERY = sa.Table(
    "delivery",
    METADATA,
    sa.Column("client", CLIENT, primary_key=True),
    sa.Column("source", SHORT, primary_key=True),
    sa.Column("delivery_id", NAME, primary_key=True),
    sa.Column("digest", ID, nullable=False),
    sa.Column("ticket", ID, nullable=False),
    sa.Column("received_at", STAMP, nullable=False),
)

TICKET = sa.Table(
    "ticket",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("client", CLIENT, nullable=False),
    sa.Column("source", SHORT, nullable=False),
    sa.Column("external_id", NAME, nullable=False),
    sa.Column("received_at", STAMP, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("customer_id", NAME, nullable=False),
    sa.Column("customer_name", NAME, nullable=False),
    sa.Column("customer_email", NAME, nullable=False),
    sa.Column("thread", sa.JSON, nullable=False),
    sa.UniqueConstraint("client", "source", "external_id", name="ticket_once"),
)

DRAFT = sa.Table(
    "draft",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("ticket", ID, sa.ForeignKey("ticket.id"), nullable=False),
    sa.Column("client", CLIENT, nullable=False),
    sa.Column("revision", ID, nullable=False),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("response", sa.Text, nullable=False),
    sa.Column("confidence", SHORT, nullable=False),
    sa.Column("escalate", sa.Boolean, nullable=False),
    sa.Column("route", SHORT, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("suspicious", sa.Boolean, nullable=False),
    sa.Column("unsendable", sa.Boolean, nullable=False),
    sa.Column("audit", sa.Boolean, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("state", SHORT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", STAMP, nullable=False),
    sa.UniqueConstraint("ticket", "revision", name="draft_once"),
    sa.CheckConstraint("route in ('agent', 'approve', 'auto')", name="draft_route"),
    sa.CheckConstraint("confidence in ('high', 'medium', 'low')", name="draft_confidence"),
    sa.CheckConstraint(
        "state in ('pending', 'approved', 'edited', 'rejected', 'auto', 'superseded')", name="draft_state"
    ),
    sa.Index("draft_by_state", "client", "state", "created_at"),
)

_DECIDED: list[tuple[str, Any]] = [
    ("draft_id", ID),
    ("ticket_id", NAME),
    ("client", CLIENT),
    ("decided_at", STAMP),
    ("customer_id", NAME),
    ("customer_text", sa.Text()),
    ("draft_text", sa.Text()),
    ("final_text", sa.Text()),
    ("action", SHORT),
    ("reason", sa.Text()),
    ("agent", NAME),
    ("model", sa.String(128)),
    ("trainable", sa.Boolean()),
    ("kind", SHORT),
    ("made_at", STAMP),
    ("key", NAME),
]

DECISION = sa.Table(
    "decision",
    METADATA,
    *(sa.Column(name, kind, primary_key=name == "draft_id", nullable=False) for name, kind in _DECIDED[:13]),
    sa.Column("kind", SHORT, nullable=False, server_default=""),
    sa.Column("made_at", STAMP, nullable=False, server_default=""),
    sa.Column("key", NAME, nullable=False, server_default=""),
    sa.CheckConstraint("action in ('approved', 'edited', 'rejected')", name="decision_action"),
    sa.Index("decision_by_client_and_time", "client", "decided_at"),
    sa.Index("decision_by_client_and_making", "client", "made_at"),
)

UNDONE = sa.Table(
    "undone",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    *(sa.Column(name, kind, nullable=False) for name, kind in _DECIDED),
    sa.Column("undone_at", STAMP, nullable=False),
    sa.Column("undone_by", NAME, nullable=False),
)

JOB = sa.Table(
    "job",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("kind", SHORT, nullable=False),
    sa.Column("client", CLIENT, nullable=False),
    sa.Column("ref", ID, nullable=False),
    sa.Column("send_key", NAME, nullable=False, unique=True),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("state", SHORT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", STAMP, nullable=False),
    sa.Column("owner", NAME, nullable=False),
    sa.Column("taken_until", STAMP, nullable=False),
    sa.Column("begun_at", STAMP, nullable=False),
    sa.Column("done_at", STAMP, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.CheckConstraint("kind in ('answer', 'note', 'reply', 'create', 'audit')", name="job_kind"),
    sa.CheckConstraint(
        "state in ('waiting', 'taken', 'calling', 'unsure', 'done', 'cancelled', 'failed')", name="job_state"
    ),
    sa.Index("job_due", "state", "not_before"),
    sa.Index("job_by_ref", "ref"),
)

PERSON = sa.Table(
    "person",
    METADATA,
    sa.Column("email", NAME, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("password", NAME, nullable=False),
    sa.Column("role", SHORT, nullable=False),
    sa.Column("clients", sa.JSON, nullable=False),
    sa.Column("shortcuts", sa.Boolean, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", STAMP, nullable=False),
    sa.CheckConstraint("role in ('admin', 'agent')", name="person_role"),
)

SESSION = sa.Table(
    "session",
    METADATA,
    sa.Column("token_sha256", ID, primary_key=True),
    sa.Column("email", NAME, sa.ForeignKey("person.email"), nullable=False),
    sa.Column("csrf", ID, nullable=False),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
)

API_KEY = sa.Table(
    "api_key",
    METADATA,
    sa.Column("sha256", ID, primary_key=True),
    sa.Column("client", CLIENT, nullable=False),
    sa.Column("name", NAME, nullable=False),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
    sa.Column("revoked_at", STAMP, nullable=False),
)

SWITCH = sa.Table(
    "switch",
    METADATA,
    sa.Column("client", CLIENT, primary_key=True),
    sa.Column("stopped", sa.Boolean, nullable=False),
    sa.Column("by", NAME, nullable=False),
    sa.Column("at", STAMP, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

READINESS = sa.Table(
    "readiness",
    METADATA,
    sa.Column("client", CLIENT, primary_key=True),
    sa.Column("engine", NAME, nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", STAMP, nullable=False),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("at", STAMP, nullable=False),
    sa.Column("actor", NAME, nullable=False),
    sa.Column("action", SHORT, nullable=False),
    sa.Column("client", CLIENT, nullable=False),
    sa.Column("object", NAME, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("previous", ID, nullable=False, unique=True),
    sa.Column("hash", ID, nullable=False),
)
