"""What goes wrong in real exports: repeated rows, broken lines, odd types, mangled encodings."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of the export with its line of the answer key."""

    content: bytes
    gold: Row


BROKEN: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("truncated", lambda line: line[: len(line) // 3]),
    ("truncated", lambda line: line[:27]),
    ("garbage", lambda line: b'{"id": 99\xff\xfe\x00, "subject": "\x80\x81\xc3' + line[40:60]),
    (
        "no_id",
        lambda line: b'{"url": "https://demo-outfitters.zendesk.com/api/v2/tickets/", "status": "closed"}',
    ),
    ("no_object", lambda line: b'["id", "status", "subject"]'),
    ("truncated", lambda line: line[:500]),
)


def with_faults(rows: Sequence[tuple[Row, Row]], rng: random.Random) -> list[Line]:
    """The lines of the export, in order, with the faults that a reader has to survive.

    The number of faults grows with the file; the broken lines are always the same six, the last of
    them at the very end, cut off without a line break.
    """
    dented = [(_dented(place, ticket, len(rows)), gold) for place, (ticket, gold) in enumerate(rows)]
    lines = [Line(_bytes(ticket), gold) for ticket, gold in dented]
    lines = _repeated(lines, dented, rng)
    for name, broken in BROKEN[:-1]:
        place = rng.randrange(len(lines))
        lines.insert(place, Line(broken(lines[place].content), _quarantined(name)))
    name, broken = BROKEN[-1]
    return [*lines, Line(broken(lines[0].content), _quarantined(name))]


def _repeated(lines: list[Line], rows: Sequence[tuple[Row, Row]], rng: random.Random) -> list[Line]:
    """Rows that come twice: as a page overlap, or once as they were before the ticket was solved.

    The last of them counts, because it is the newest.
    """
    result = list(lines)
    for place in sorted(rng.sample(range(len(lines)), max(2, len(lines) // 130)), reverse=True):
        ticket, gold = rows[place]
        repeated = {**gold, "fate": "duplicate", "kind": None, "reason": "duplicate"}
        if rng.random() < 0.3 and ticket["comments"] and len(ticket["comments"]) > 1:
            result.insert(place, Line(_bytes(_younger(ticket)), repeated))
        else:
            result.insert(min(len(result), place + rng.randint(1, 40)), lines[place])
            result[place] = Line(lines[place].content, repeated)
    return result


def _younger(ticket: Row) -> Row:
    """The ticket as an earlier page showed it: open, with its first comment only."""
    first = ticket["created_at"]
    return {
        **ticket,
        "status": "open",
        "updated_at": first,
        "generated_timestamp": ticket["generated_timestamp"] - 86_400,
        "metric_set": {**ticket["metric_set"], "solved_at": None, "replies": 0},
        "comments": ticket["comments"][:1],
    }


def _dented(place: int, ticket: Row, count: int) -> Row:
    """Odd types at fixed places: ids as strings, nulls, a field that only the last rows have."""
    if place % max(1, count // 4) == 3:
        ticket = {**ticket, "id": str(ticket["id"])}
    if place % max(1, count // 3) == 5:
        ticket = {**ticket, "satisfaction_rating": None, "external_id": "", "type": None}
    if place >= count - 5:
        ticket = {**ticket, "from_messaging_channel": False}
    return ticket


def mangled(ticket: Row) -> Row:
    """The ticket with its curly quotes read in the wrong encoding, as an old mail gateway does."""
    comments = [
        {name: _mojibake(value) if name.endswith("body") else value for name, value in comment.items()}
        for comment in ticket["comments"]
    ]
    return {**ticket, "comments": comments, "description": _mojibake(ticket["description"])}


def _mojibake(text: str) -> str:
    return text.replace("\u2019", "\u00e2\u20ac\u2122")


def _quarantined(reason: str) -> Row:
    return {"ticket_id": None, "fate": "quarantined", "kind": None, "reason": reason}


def _bytes(ticket: Mapping[str, Any]) -> bytes:
    return json.dumps(ticket, ensure_ascii=False).encode()
