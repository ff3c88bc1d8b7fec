"""Tickets, drafts, the outbox, people, keys and the audit chain beside the log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Adds the tables, and to the log what an edit was about and when it was made."""
    for name, kind in (("kind", sa.String(16)), ("made_at", sa.String(32)), ("key", sa.String(255))):
        op.add_column("decision", sa.Column(name, kind, nullable=False, server_default=""))
    op.create_table(
        "api_key",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("revoked_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("object", sa.String(255), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("client", sa.String(63), primary_key=True),
        sa.Column("source", sa.String(16), primary_key=True),
        sa.Column("delivery_id", sa.String(255), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ticket", sa.String(64), nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("send_key", sa.String(255), nullable=False, unique=True),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("taken_until", sa.String(32), nullable=False),
        sa.Column("begun_at", sa.String(32), nullable=False),
        sa.Column("done_at", sa.String(32), nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.CheckConstraint("kind in ('answer', 'note', 'reply', 'create', 'audit')", name="job_kind"),
        sa.CheckConstraint(
            "state in ('waiting', 'taken', 'calling', 'unsure', 'done', 'cancelled', 'failed')",
            name="job_state",
        ),
    )
    op.create_index("job_by_ref", "job", ["ref"])
    op.create_index("job_due", "job", ["state", "not_before"])
    op.create_table(
        "person",
        sa.Column("email", sa.String(255), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("clients", sa.JSON, nullable=False),
        sa.Column("shortcuts", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.CheckConstraint("role in ('admin', 'agent')", name="person_role"),
    )
    op.create_table(
        "switch",
        sa.Column("client", sa.String(63), primary_key=True),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("customer_id", sa.String(255), nullable=False),
        sa.Column("customer_name", sa.String(255), nullable=False),
        sa.Column("customer_email", sa.String(255), nullable=False),
        sa.Column("thread", sa.JSON, nullable=False),
        sa.UniqueConstraint("client", "source", "external_id", name="ticket_once"),
    )
    op.create_table(
        "undone",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("draft_id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(255), nullable=False),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("customer_id", sa.String(255), nullable=False),
        sa.Column("customer_text", sa.Text, nullable=False),
        sa.Column("draft_text", sa.Text, nullable=False),
        sa.Column("final_text", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("trainable", sa.Boolean, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("undone_at", sa.String(32), nullable=False),
        sa.Column("undone_by", sa.String(255), nullable=False),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ticket", sa.String(64), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("client", sa.String(63), nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("escalate", sa.Boolean, nullable=False),
        sa.Column("route", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("suspicious", sa.Boolean, nullable=False),
        sa.Column("unsendable", sa.Boolean, nullable=False),
        sa.Column("audit", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.CheckConstraint("confidence in ('high', 'medium', 'low')", name="draft_confidence"),
        sa.UniqueConstraint("ticket", "revision", name="draft_once"),
        sa.CheckConstraint("route in ('agent', 'approve', 'auto')", name="draft_route"),
        sa.CheckConstraint(
            "state in ('pending', 'approved', 'edited', 'rejected', 'auto', 'superseded')", name="draft_state"
        ),
    )
    op.create_index("draft_by_state", "draft", ["client", "state", "created_at"])
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("email", sa.String(255), sa.ForeignKey("person.email"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
    )
