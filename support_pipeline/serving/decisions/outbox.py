"""Jobs that must happen once: `answer` a ticket, `note`, `reply` or `create` at a helpdesk, count an `audit`.

A job's key is unique, so nothing is queued twice. A worker takes it, looks, and marks it `calling`, on
disk, right before the one request that has an effect. When a worker is gone, what it had only taken
is `waiting` again, and what it was calling is `unsure`: then nothing is sent before somebody has looked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.schema import JOB

JobKind = Literal["answer", "note", "reply", "create", "audit"]
State = Literal["waiting", "taken", "calling", "unsure", "done", "cancelled", "failed"]

TAKEN_SECONDS = 600.0


@dataclass(frozen=True)
class Job:
    """One taken job. `unsure` says that an earlier attempt may have had its effect."""

    id: int
    kind: JobKind
    client: str
    ref: str
    send_key: str
    payload: Mapping[str, Any]
    attempts: int
    begun_at: str
    unsure: bool


@lru_cache(maxsize=2)
def _put(dialect: str) -> sa.Insert:
    # Built once: building a statement costs more than running it.
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(JOB)
    found: sa.Insert = insert.on_conflict_do_nothing(index_elements=["send_key"]).returning(JOB.c.id)
    return found


def put(
    connection: sa.Connection,
    kind: JobKind,
    client: str,
    ref: str,
    send_key: str,
    payload: Mapping[str, Any],
    not_before: str = "",
) -> bool:
    """Queues a job; False when its key is there already."""
    row: dict[str, Any] = {
        "kind": kind,
        "client": client,
        "ref": ref,
        "send_key": send_key,
        "payload": dict(payload),
        "state": "waiting",
        "attempts": 0,
        "not_before": not_before or now_stamp(),
        "owner": "",
        "taken_until": "",
        "begun_at": "",
        "done_at": "",
        "result": "",
    }
    return connection.execute(_put(connection.dialect.name), row).first() is not None


def take(connection: sa.Connection, owner: str, kinds: Sequence[JobKind], limit: int) -> list[Job]:
    """Takes due jobs, oldest first."""
    now = now_stamp()
    due = (
        JOB.select()
        .where(JOB.c.state.in_(("waiting", "unsure")), JOB.c.not_before <= now, JOB.c.kind.in_(kinds))
        .order_by(JOB.c.not_before, JOB.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(due).mappings().all()
    for row in rows:
        connection.execute(
            JOB.update()
            .where(JOB.c.id == row["id"])
            .values(
                state="taken",
                owner=owner,
                attempts=row["attempts"] + 1,
                taken_until=now_stamp(TAKEN_SECONDS),
                begun_at=row["begun_at"] or now,
            )
        )
    return [_job(dict(row)) for row in rows]


def _job(row: Mapping[str, Any]) -> Job:
    names = ("id", "kind", "client", "ref", "send_key", "payload")
    return Job(
        **{name: row[name] for name in names},
        attempts=row["attempts"] + 1,
        begun_at=row["begun_at"] or now_stamp(),
        unsure=row["state"] == "unsure",
    )


def recover(connection: sa.Connection, owner: str, settle_seconds: float) -> None:
    """Frees what a dead worker of this name had taken, and what any worker has held for too long."""
    mine = sa.or_(JOB.c.owner == owner, JOB.c.taken_until < now_stamp())
    connection.execute(JOB.update().where(mine, JOB.c.state == "taken").values(state="waiting", owner=""))
    connection.execute(
        JOB.update()
        .where(mine, JOB.c.state == "calling")
        .values(state="unsure", owner="", not_before=now_stamp(settle_seconds))
    )


def calling(connection: sa.Connection, job: int) -> None:
    """Marks a taken job as about to have its effect; from here on its outcome may be unknown."""
    connection.execute(JOB.update().where(JOB.c.id == job, JOB.c.state == "taken").values(state="calling"))


def finish(
    connection: sa.Connection, job: int, state: State, result: str = "", *, later: float = 0.0
) -> None:
    """What became of a taken job; `later` is when it is due again, in seconds from now."""
    ended = state in ("done", "failed", "cancelled")
    connection.execute(
        JOB.update()
        .where(JOB.c.id == job, JOB.c.state.in_(("taken", "calling", "unsure")))
        .values(
            state=state,
            result=result[:2000],
            owner="",
            not_before=now_stamp(later),
            done_at=now_stamp() if ended else "",
        )
    )


def again(connection: sa.Connection, send_key: str) -> bool:
    """A failed job waits again because a person has looked; False when it had not failed."""
    changed = connection.execute(
        JOB.update()
        .where(JOB.c.send_key == send_key, JOB.c.state == "failed")
        .values(state="waiting", attempts=0, begun_at="", result="", done_at="", not_before=now_stamp())
    )
    return bool(changed.rowcount)


def settle(connection: sa.Connection, send_key: str, result: str) -> bool:
    """A failed job is done because a person says so; False when it had not failed."""
    changed = connection.execute(
        JOB.update()
        .where(JOB.c.send_key == send_key, JOB.c.state == "failed")
        .values(state="done", result=result)
    )
    return bool(changed.rowcount)


def cancel(connection: sa.Connection, send_keys: Iterable[str], why: str) -> list[str]:
    """Cancels jobs that had no effect yet; the keys of those that it was not too late for."""
    done = connection.execute(
        JOB.update()
        .where(JOB.c.send_key.in_(list(send_keys)), JOB.c.state == "waiting")
        .values(state="cancelled", result=why, done_at=now_stamp())
        .returning(JOB.c.send_key)
    )
    return [row.send_key for row in done]
