"""Where fetched pages land before they become a file drop: one SQLite file a source.

A page and the cursor behind it are written in one transaction, so a kill at any moment loses at most
one page, which is then fetched again; a page that lands twice changes nothing. Tickets whose record or
messages changed are written to the next numbered NDJSON file of the drop, whole (ticket, messages,
people), so that the file readers need to know nothing about APIs.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

Row = dict[str, Any]
Compose = Callable[[Row, list[Row], "Landing"], Row]

STATE_FILE = ".sync.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ticket (id TEXT PRIMARY KEY, record BLOB NOT NULL, changed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS message (ticket TEXT, id TEXT, record BLOB NOT NULL, PRIMARY KEY (ticket, id));
CREATE TABLE IF NOT EXISTS other (kind TEXT, id TEXT, record BLOB NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS message_id ON message (id);
CREATE INDEX IF NOT EXISTS ticket_changed ON ticket (changed) WHERE changed = 1;
"""
_KEPT_OF_ATTACHMENTS = ("id", "name", "file_name", "content_type", "size", "inline")


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer of an API holds, and where to go on after it.

    `messages` and `others` (people, groups, metrics) come as (owner or kind, record). The messages of
    `whole` tickets replace all that were there.
    """

    state: Row
    tickets: list[Row] = field(default_factory=list)
    messages: list[tuple[str, Row]] = field(default_factory=list)
    others: list[tuple[str, Row]] = field(default_factory=list)
    whole: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()


class Landing:
    """The landing place of one source, inside its drop folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._base = sqlite3.connect(folder / STATE_FILE, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._base.close()

    @property
    def state(self) -> Row:
        """Where to go on; empty at first."""
        row = self._base.execute("SELECT value FROM state WHERE key = 'state'").fetchone()
        return dict(orjson.loads(row[0])) if row else {}

    def land(self, page: Page) -> int:
        """Writes a page and its state at once; how many tickets changed by it."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            changed = {str(row["id"]) for row in page.tickets if self._put_ticket(row)}
            for kind, row in page.others:
                self._put("other", kind, str(row["id"]), row)
            for ticket in sorted(page.whole):
                changed |= self._replace(ticket, [row for owner, row in page.messages if owner == ticket])
            for owner, row in page.messages:
                if owner not in page.whole and self._put("message", owner, str(row["id"]), row):
                    changed.add(owner)
            for ticket in page.stale:
                self._base.execute("DELETE FROM message WHERE ticket = ?", (ticket,))
            touched = [(ticket,) for ticket in sorted(changed | page.stale)]
            self._base.executemany("UPDATE ticket SET changed = 1 WHERE id = ?", touched)
            self._set("state", page.state)
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        return len(changed)

    def ticket(self, ticket_id: str) -> Row | None:
        """A landed ticket."""
        row = self._base.execute("SELECT record FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
        return dict(orjson.loads(row[0])) if row else None

    def messages(self, ticket_id: str) -> list[Row]:
        """The landed messages of a ticket, in the order of their ids."""
        query = "SELECT record FROM message WHERE ticket = ? ORDER BY length(id), id"
        return [orjson.loads(row[0]) for row in self._base.execute(query, (ticket_id,))]

    def owner_of_message(self, message_id: str) -> str | None:
        """The ticket under which a message has landed."""
        query = "SELECT ticket FROM message WHERE id = ?"
        row = self._base.execute(query, (message_id,)).fetchone()
        return str(row[0]) if row else None

    def other(self, kind: str, key: object) -> Row | None:
        """A landed person, group or the like."""
        found = self._base.execute("SELECT record FROM other WHERE kind = ? AND id = ?", (kind, str(key)))
        row = found.fetchone()
        return dict(orjson.loads(row[0])) if row else None

    def without_messages(self, limit: int) -> list[str]:
        """Changed tickets for which no message has landed."""
        query = (
            "SELECT id FROM ticket WHERE changed = 1 AND NOT EXISTS"
            " (SELECT 1 FROM message WHERE message.ticket = ticket.id) ORDER BY id LIMIT ?"
        )
        return [row[0] for row in self._base.execute(query, (limit,))]

    def write_drop(self, compose: Compose) -> tuple[Path | None, int]:
        """The changed tickets as the next file of the drop: (its path, how many); none if none changed.

        The file appears whole. Killed before the marks are cleared, the next run writes the same file
        again (with what changed since).
        """
        count = self._base.execute("SELECT count(*) FROM ticket WHERE changed = 1").fetchone()[0]
        if not count:
            return None, 0
        number = self._number() + 1
        path = self.folder / f"{number:06}.ndjson"
        part = path.with_suffix(".tmp")
        with part.open("wb") as target:
            for row in self._composed(compose):
                target.write(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n")
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
        self._base.execute("BEGIN IMMEDIATE")
        self._base.execute("UPDATE ticket SET changed = 0 WHERE changed = 1")
        self._set("number", {"number": number})
        self._base.execute("COMMIT")
        return path, count

    def _composed(self, compose: Compose) -> Iterator[Row]:
        ids = [row[0] for row in self._base.execute("SELECT id FROM ticket WHERE changed = 1 ORDER BY id")]
        for ticket_id in ids:
            yield compose(self.ticket(ticket_id) or {}, self.messages(ticket_id), self)

    def _number(self) -> int:
        row = self._base.execute("SELECT value FROM state WHERE key = 'number'").fetchone()
        return int(orjson.loads(row[0])["number"]) if row else 0

    def _set(self, key: str, value: Mapping[str, Any]) -> None:
        self._base.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, orjson.dumps(value)))

    def _put_ticket(self, row: Row) -> bool:
        content = _bytes(row)
        old = self._base.execute("SELECT record FROM ticket WHERE id = ?", (str(row["id"]),)).fetchone()
        if old and old[0] == content:
            return False
        self._base.execute("INSERT OR REPLACE INTO ticket VALUES (?, ?, 1)", (str(row["id"]), content))
        return True

    def _put(self, table: str, owner: str, key: str, row: Row) -> bool:
        column = "ticket" if table == "message" else "kind"
        content = _bytes(row)
        query = f"SELECT record FROM {table} WHERE {column} = ? AND id = ?"
        old = self._base.execute(query, (owner, key)).fetchone()
        if old and old[0] == content:
            return False
        self._base.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (owner, key, content))
        return True

    def _replace(self, ticket: str, rows: list[Row]) -> set[str]:
        new = {str(row["id"]): _bytes(row) for row in rows}
        found = self._base.execute("SELECT id, record FROM message WHERE ticket = ?", (ticket,))
        if dict(found.fetchall()) == new:
            return set()
        self._base.execute("DELETE FROM message WHERE ticket = ?", (ticket,))
        self._base.executemany(
            "INSERT INTO message VALUES (?, ?, ?)", [(ticket, key, content) for key, content in new.items()]
        )
        return {ticket}


def _bytes(row: Row) -> bytes:
    return orjson.dumps(metadata_only(row), option=orjson.OPT_SORT_KEYS)


def metadata_only(value: Any) -> Any:
    """The record with its attachments reduced to name, type and size: contents are never fetched."""
    if isinstance(value, list):
        return [metadata_only(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _attachments(inner) if key == "attachments" else metadata_only(inner)
        for key, inner in value.items()
    }


def _attachments(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kept = (one for one in value if isinstance(one, dict))
    return [{name: one[name] for name in _KEPT_OF_ATTACHMENTS if name in one} for one in kept]
