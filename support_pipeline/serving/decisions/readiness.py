"""What the worker last found when it asked every live model a question whose answer is known.

The worker holds the engines and another process is asked whether they answer, so it goes by the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.schema import READINESS

STALE_SECONDS = 90.0
"""After this long without a word the worker counts as gone."""

_WORKER = ""


@dataclass(frozen=True)
class Readiness:
    """Whether a client's engine answers; `engine` names it with its version, `detail` says what is wrong."""

    client: str
    engine: str
    ready: bool
    detail: str = ""


def put(connection: sa.Connection, found: Sequence[Readiness]) -> None:
    """Replaces what was known."""
    connection.execute(READINESS.delete())
    for one in (*found, Readiness(_WORKER, "", True)):
        row = {"engine": one.engine[:255], "ready": one.ready, "detail": one.detail[:2000]}
        connection.execute(READINESS.insert().values(client=one.client, at=now_stamp(), **row))


def problems(connection: sa.Connection) -> list[str]:
    """Which engines do not answer, and why; empty when every live model does."""
    rows = connection.execute(READINESS.select().order_by(READINESS.c.client)).mappings().all()
    heard = [row["at"] for row in rows if row["client"] == _WORKER]
    if not heard or heard[0] < now_stamp(-STALE_SECONDS):
        return [f"no worker has been heard of for {STALE_SECONDS:g} s: is it running?"]
    return [f"{row['client']}: {row['engine']}: {row['detail']}" for row in rows if not row["ready"]]
