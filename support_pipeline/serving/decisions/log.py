"""The decision log: what agents did with drafts. A decision is durable before it is acknowledged.

`decided_at` is when a decision takes effect: when the time to undo it is over. Stamps are given under
the writers' lock and never run backwards, and a month is read under the same lock; so a month that is
over reads the same at any later time, with no row missed and none read twice.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions.database import Database, lock, stamp
from support_pipeline.serving.decisions.schema import DECISION

Action = Literal["approved", "edited", "rejected"]
EditKind = Literal["", "tone", "fact", "policy", "missing_step", "escalation"]

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
        "kind": pl.String(),
    }
)


@dataclass(frozen=True)
class Decision:
    """One agent's decision on one draft; a draft is decided once. `decided_at` is UTC.

    `kind` says what an edit put right (or why a draft was rejected); it is empty for an approval.
    """

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
    kind: EditKind = ""


@dataclass(frozen=True)
class DecisionLog:
    """The log at a database URL."""

    url: str

    @classmethod
    def default(cls, store_folder: Path) -> "DecisionLog":
        """The log named by SUPPORT_PIPELINE_DECISIONS, `decisions.db` in a local store without it."""
        return cls(os.environ.get("SUPPORT_PIPELINE_DECISIONS", f"sqlite:///{store_folder / 'decisions.db'}"))

    @cached_property
    def database(self) -> Database:
        """The database that holds it."""
        return Database(self.url)

    def record(self, decision: Decision) -> None:
        """Appends a decision; it is on disk when this returns.

        Raises:
            SupportPipelineError: the draft has been decided before, or the log cannot be written.
        """
        self.database.migrate()
        row = {**vars(decision), "decided_at": stamp(decision.decided_at)}
        row["made_at"] = row["decided_at"]
        try:
            with self.database.writing() as connection:
                lock(connection)
                connection.execute(DECISION.insert().values(**row))
        except sa.exc.IntegrityError as error:
            raise SupportPipelineError(
                f"draft '{decision.draft_id}' of client '{decision.client}' has been decided already; the log keeps "
                "the first decision."
            ) from error

    def edits(self, client: str, month: str) -> pl.DataFrame:
        """The decisions of a client in a UTC month as rows of `EDIT_SCHEMA`, oldest first."""
        if self.database.absent:
            return pl.DataFrame(schema=EDIT_SCHEMA)
        self.database.migrate()
        columns = [DECISION.c[name] for name in EDIT_SCHEMA]
        query = (
            sa.select(*columns)
            .where(DECISION.c.client == client, DECISION.c.decided_at.startswith(month))
            .order_by(DECISION.c.decided_at, DECISION.c.draft_id)
        )
        # Under the writers' lock: whoever has a stamp has committed, and later stamps are later in time.
        with self.database.writing() as connection:
            lock(connection)
            taken = query.where(DECISION.c.decided_at <= stamp(present(connection, client)))
            rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(taken).mappings()]
        parsed = [{**row, "decided_at": datetime.fromisoformat(row["decided_at"])} for row in rows]
        return pl.DataFrame(parsed, schema=EDIT_SCHEMA)

    @staticmethod
    def digest(frame: pl.DataFrame) -> str:
        """The digest of a month's decisions."""
        return hashlib.sha256(frame.write_ndjson().encode()).hexdigest()


_NEWEST = sa.select(sa.func.max(DECISION.c.made_at)).where(DECISION.c.client == sa.bindparam("of_client"))


def present(connection: sa.Connection, client: str) -> datetime:
    """The time, but never before a decision that was made already: clocks step back, the log does not."""
    newest: str | None = connection.execute(_NEWEST, {"of_client": client}).scalar()
    now = datetime.now(UTC)
    return max(now, datetime.fromisoformat(newest) + timedelta(microseconds=1)) if newest else now
