"""A customer out of the desk's tables: words and names go, that something was decided stays.

The audit chain needs no erasing: it names drafts, people and clients, and holds no word of a customer.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import audit
from support_pipeline.serving.decisions.database import BUSY_MILLISECONDS, Database, lock, now_stamp
from support_pipeline.serving.decisions.schema import DECISION, DELIVERY, DRAFT, JOB, TICKET, UNDONE

ACTOR = "support-pipeline erase"
_AT_WORK = ("taken", "calling")
_DECIDED = dict.fromkeys(("customer_id", "customer_text", "draft_text", "final_text", "reason"), "") | {
    "trainable": False
}
_DRAFTED: dict[str, Any] = {"asked": "", "response": "", "reasons": [], "evidence": {}}
_TICKET: dict[str, Any] = dict.fromkeys(
    ("subject", "text", "customer_id", "customer_name", "customer_email"), ""
) | {"thread": []}


class AtWork(SupportPipelineError):
    """A worker is at a ticket of the customer right now, and would write its words again."""


@dataclass(frozen=True)
class Seen:
    """A customer at the desk: tickets by the helpdesk's id, and the months in which their decisions took effect."""

    tickets: frozenset[str]
    months: frozenset[str]
    decisions: int


def look(database: Database, client: str, customer: str, tickets: Collection[str]) -> Seen:
    """Looks for a customer, by id and by the tickets that are known to be theirs.

    Raises:
        AtWork: a worker is at one of the tickets.
    """
    if database.absent:
        return Seen(frozenset(), frozenset(), 0)
    database.migrate()
    with database.reading() as connection:
        mine = _Whose(client, customer, tickets)
        _refuse_if_at_work(connection, mine)
        known = connection.execute(sa.select(TICKET.c.external_id).where(mine.tickets)).scalars().all()
        query = sa.select(DECISION.c.ticket_id, DECISION.c.decided_at).where(mine.decided(DECISION))
        decided = connection.execute(query).all()
    found = frozenset({*known, *(row.ticket_id for row in decided)})
    return Seen(found, frozenset(row.decided_at[:7] for row in decided), len(decided))


def erase(
    database: Database, client: str, customer: str, tickets: Collection[str], mark: str
) -> dict[str, int]:
    """Blanks what the tables hold of a customer, and shrinks a SQLite file; rows by table.

    Jobs that had no effect yet are cancelled and open drafts closed, deliveries are deleted. `mark` stands for
    the customer in the audit chain, which tells of the erasure.

    Raises:
        AtWork: a worker is at one of the tickets.
    """
    if database.absent:
        return {}
    database.migrate()
    with database.writing() as connection:
        lock(connection)
        mine = _Whose(client, customer, tickets)
        _refuse_if_at_work(connection, mine)
        done = {name: count for name, count in _erased(connection, mine) if count}
        if done:
            audit.append(connection, ACTOR, "erased", client, mark, done)
    if done:
        _shrink(database)
    return done


class _Whose:
    """The conditions that pick a customer's rows."""

    def __init__(self, client: str, customer: str, tickets: Collection[str]) -> None:
        self._client, self._customer, self._known = client, customer.strip().lower(), sorted(tickets)
        self.tickets = sa.and_(
            TICKET.c.client == client, self._by(TICKET.c.customer_id, TICKET.c.external_id)
        )
        self.ticket_ids = sa.select(TICKET.c.id).where(self.tickets)
        self.drafts = DRAFT.c.ticket.in_(self.ticket_ids)
        self.draft_ids = sa.select(DRAFT.c.id).where(self.drafts)
        self.deliveries = sa.and_(DELIVERY.c.client == client, DELIVERY.c.ticket.in_(self.ticket_ids))
        # Audits are counts of right and wrong: they say nothing of the customer, and the certificate's watch needs them.
        self.jobs = sa.and_(
            JOB.c.client == client,
            JOB.c.kind != "audit",
            sa.or_(JOB.c.ref.in_(self.ticket_ids), JOB.c.ref.in_(self.draft_ids)),
        )

    def decided(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The rows of `decision` or `undone`."""
        theirs = self._by(table.c.customer_id, table.c.ticket_id)
        return sa.and_(table.c.client == self._client, sa.or_(theirs, table.c.draft_id.in_(self.draft_ids)))

    def _by(self, customer: sa.Column[Any], ticket: sa.Column[Any]) -> sa.ColumnElement[bool]:
        return sa.or_(sa.func.lower(customer) == self._customer, ticket.in_(self._known))


def _refuse_if_at_work(connection: sa.Connection, mine: _Whose) -> None:
    busy = sa.select(JOB.c.taken_until).where(mine.jobs, JOB.c.state.in_(_AT_WORK))
    until = connection.execute(busy).scalars().first()
    if until is not None:
        raise AtWork(
            "a worker is at a ticket of this customer right now, and would write its words again. Erase again when "
            f"it is done; what a worker that has died had taken is free after {until[:19]} UTC."
        )


def _erased(connection: sa.Connection, mine: _Whose) -> list[tuple[str, int]]:
    """Each table's rows; tickets last, since they tell whose the others are."""
    never = JOB.update().where(mine.jobs, JOB.c.state.in_(("waiting", "unsure", "failed")))
    closed = DRAFT.update().where(mine.drafts, DRAFT.c.state.in_(("pending", "auto")))
    connection.execute(never.values(state="cancelled", done_at=now_stamp()))
    connection.execute(closed.values(state="superseded", version=DRAFT.c.version + 1))
    changes: tuple[tuple[str, sa.Update | sa.Delete], ...] = (
        ("job", JOB.update().where(mine.jobs).values(payload={}, result="")),
        ("decision", DECISION.update().where(mine.decided(DECISION)).values(**_DECIDED)),
        ("undone", UNDONE.update().where(mine.decided(UNDONE)).values(**_DECIDED)),
        ("draft", DRAFT.update().where(mine.drafts).values(**_DRAFTED)),
        ("delivery", DELIVERY.delete().where(mine.deliveries)),
        ("ticket", TICKET.update().where(mine.tickets).values(**_TICKET)),
    )
    return [(name, connection.execute(change).rowcount) for name, change in changes]


def _shrink(database: Database) -> None:
    """Or the words stay in free pages of the file."""
    if not database.is_sqlite:
        return
    # Not by the engine: it begins a transaction, and a file is not shrunk within one.
    shrinking = sqlite3.connect(database.file, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
    for order in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        shrinking.execute(order)
    shrinking.close()
