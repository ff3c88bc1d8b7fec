"""What a vendor module offers: one `Reader`, whose `read` makes a canonical ticket of one raw record.

Reading is pure: no disk, no clock. A record that makes no ticket raises `Unreadable` with a short
reason; the caller quarantines it and goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support_pipeline.data.tickets import Ticket

Record = Mapping[str, Any]


class Unreadable(Exception):
    """A raw record that makes no ticket; the message is the reason shown in the quarantine."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands: the client it belongs to, its file and its line (or place in a page)."""

    client: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Reader:
    """One vendor's way into tickets.

    `page_keys` name the list of records in a JSON page; `shared` name lists that a page holds once for
    all of its records (sideloads); `columns` map lower-case CSV headings to dotted places in a raw
    record; `xml_tag` is the element of one ticket in an XML export.
    """

    vendor: str
    read: Callable[[Record, Origin], Ticket]
    page_keys: tuple[str, ...]
    shared: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    xml_tag: str = ""
