"""The newest decision of a client is found without reading them all: every decision asks for it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the index."""
    op.create_index("decision_by_client_and_making", "decision", ["client", "made_at"])
