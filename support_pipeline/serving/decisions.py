"""The decision log: what agents did with drafts. Append-only; a decision is durable before it is acknowledged.

One SQLAlchemy path for SQLite (WAL, synchronous=FULL: WAL with NORMAL loses acknowledged rows on
a power cut) and any other database by URL. `agent_edits` reads it by month.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError

Action = Literal["approved", "edited", "rejected"]

EDIT_SCHEMA = pl.Schema(
    {
        "draft_id": pl.String(),
        "ticket_id": pl.String(),
        "client": pl.String(),
        "decided_at": pl.Datetime("us", "UTC"),
        "customer_id": pl.String(),
        "customer_text": pl.String(),
        "draft_text": pl.String(),
        "final_text": pl.String(),
        "action": pl.String(),
        "reason": pl.String(),
        "agent": pl.String(),
        "model": pl.String(),
        "trainable": pl.Boolean(),
    }
)

METADATA = sa.MetaData()
DECISION = sa.Table(
    "decision",
    METADATA,
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
    sa.Index("decision_by_client_and_time", "client", "decided_at"),
)


@dataclass(frozen=True)
class Decision:
    """One agent's decision on one draft; a draft is decided once. `decided_at` is UTC."""

    draft_id: str
    ticket_id: str
    client: str
    decided_at: datetime
    customer_id: str
    customer_text: str
    draft_text: str
    final_text: str
    action: Action
    reason: str
    agent: str
    model: str
    trainable: bool = True


@dataclass(frozen=True)
class DecisionLog:
    """The log at a database URL."""

    url: str

    @classmethod
    def default(cls, store_folder: Path) -> "DecisionLog":
        """The log named by SUPPORT_PIPELINE_DECISIONS, `decisions.db` in a local store without it."""
        return cls(os.environ.get("SUPPORT_PIPELINE_DECISIONS", f"sqlite:///{store_folder / 'decisions.db'}"))

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _durable)
        return engine

    def _absent(self) -> bool:
        # Reading must not create a database file.
        database = sa.make_url(self.url)
        return database.get_backend_name() == "sqlite" and not Path(database.database or "").exists()

    def record(self, decision: Decision) -> None:
        """Appends a decision; it is on disk when this returns.

        Raises:
            SupportPipelineError: the draft has been decided before, or the log cannot be written.
        """
        row = {**vars(decision), "decided_at": _stamp(decision.decided_at)}
        try:
            METADATA.create_all(self._engine)
            with self._engine.begin() as connection:
                connection.execute(DECISION.insert().values(**row))
        except sa.exc.IntegrityError as error:
            raise SupportPipelineError(
                f"draft '{decision.draft_id}' of client '{decision.client}' has been decided already; the log keeps "
                "the first decision."
            ) from error
        except sa.exc.SQLAlchemyError as error:
            raise self._unusable("written", error) from error

    def edits(self, client: str, month: str) -> pl.DataFrame:
        """The decisions of a client in a UTC month as rows of `EDIT_SCHEMA`, oldest first."""
        if self._absent():
            return pl.DataFrame(schema=EDIT_SCHEMA)
        try:
            with self._engine.connect() as connection:
                if not sa.inspect(connection).has_table(DECISION.name):
                    return pl.DataFrame(schema=EDIT_SCHEMA)
                query = (
                    DECISION.select()
                    .where(DECISION.c.client == client, DECISION.c.decided_at.startswith(month))
                    .order_by(DECISION.c.decided_at, DECISION.c.draft_id)
                )
                rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(query).mappings()]
        except sa.exc.SQLAlchemyError as error:
            raise self._unusable("read", error) from error
        parsed = [{**row, "decided_at": datetime.fromisoformat(row["decided_at"])} for row in rows]
        return pl.DataFrame(parsed, schema=EDIT_SCHEMA)

    def _unusable(self, verb: str, error: sa.exc.SQLAlchemyError) -> SupportPipelineError:
        shown = sa.make_url(self.url).render_as_string(hide_password=True)
        return SupportPipelineError(
            f"the decision log {shown} cannot be {verb}: {error.__cause__ or error}. Check SUPPORT_PIPELINE_DECISIONS."
        )

    @staticmethod
    def digest(frame: pl.DataFrame) -> str:
        """The digest of a month's decisions."""
        return hashlib.sha256(frame.write_ndjson().encode()).hexdigest()


def _stamp(at: datetime) -> str:
    # Fixed width and UTC, so that text order is time order in every database.
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
