"""What people changed, in a chain: each row's hash covers the row before, so none is altered unseen.

Nothing in it may be a customer's: a row could not be erased without breaking the chain.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from support_pipeline.serving.decisions.database import lock, now_stamp
from support_pipeline.serving.decisions.schema import AUDIT

START = "0" * 64
_HASHED = ("at", "actor", "action", "client", "object", "detail", "previous")
_ADDED = AUDIT.insert()
_NEWEST = sa.select(AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)


def append(
    connection: sa.Connection, actor: str, action: str, client: str, what: str, detail: Mapping[str, Any]
) -> None:
    """Adds a row inside the caller's transaction, which does what the row tells."""
    lock(connection)
    row: dict[str, Any] = {
        "at": now_stamp(),
        "actor": actor,
        "action": action,
        "client": client,
        "object": what,
        "detail": dict(detail),
        "previous": connection.execute(_NEWEST).scalar() or START,
    }
    connection.execute(_ADDED, row | {"hash": _hash(row)})


def first_broken(connection: sa.Connection) -> int | None:
    """The id of the first row whose hash or place in the chain is wrong, None when all is whole."""
    previous = START
    for row in connection.execute(AUDIT.select().order_by(AUDIT.c.id)).mappings():
        if row["previous"] != previous or row["hash"] != _hash(dict(row)):
            return int(row["id"])
        previous = row["hash"]
    return None


def _hash(row: Mapping[str, Any]) -> str:
    text = json.dumps([row[name] for name in _HASHED], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
