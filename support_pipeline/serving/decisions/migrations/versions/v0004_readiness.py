"""What the worker found of the engines, for the router to tell."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "readiness",
        sa.Column("client", sa.String(63), primary_key=True),
        sa.Column("engine", sa.String(255), nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
