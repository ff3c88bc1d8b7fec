"""The decision log as it first was; databases from before migrations have it already."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the log where it is not."""
    if sa.inspect(op.get_bind()).has_table("decision"):
        return
    op.create_table(
        "decision",
        sa.Column("draft_id", sa.String(64), primary_key=True),
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
        sa.CheckConstraint("action in ('approved', 'edited', 'rejected')", name="decision_action"),
    )
    op.create_index("decision_by_client_and_time", "decision", ["client", "decided_at"])
