"""Tickets as rows of the canonical table, built column by column.

Kept apart from `tickets.py` because only ingestion needs the speed: a data frame made of nested
dictionaries costs ten times as much as one made of flat columns.
"""

from collections.abc import Sequence

import polars as pl

from support_pipeline.data.tickets import MESSAGE_SCHEMA, TICKET_SCHEMA, Ticket

_MESSAGES = "messages"
_PLAIN = [name for name in TICKET_SCHEMA if name != _MESSAGES]


def ticket_frame(tickets: Sequence[Ticket]) -> pl.DataFrame:
    """The tickets as a table of `TICKET_SCHEMA`, in their order."""
    columns = [
        pl.Series(name, [getattr(ticket, name) for ticket in tickets], dtype=TICKET_SCHEMA[name])
        for name in _PLAIN
    ]
    return pl.DataFrame([*columns, _messages(tickets)]).select(TICKET_SCHEMA.names())


def _messages(tickets: Sequence[Ticket]) -> pl.Series:
    flat = [message for ticket in tickets for message in ticket.messages]
    fields = {field.name: field.dtype for field in MESSAGE_SCHEMA.fields}
    message = pl.DataFrame(
        {name: pl.Series([getattr(one, name) for one in flat], dtype=dtype) for name, dtype in fields.items()}
    ).to_struct("message")
    owner = [number for number, ticket in enumerate(tickets) for _ in ticket.messages]
    lists = (
        pl.DataFrame({"owner": pl.Series(owner, dtype=pl.UInt32), "message": message})
        .group_by("owner", maintain_order=True)
        .agg("message")
    )
    every = pl.DataFrame({"owner": pl.int_range(len(tickets), dtype=pl.UInt32, eager=True)})
    joined = every.join(lists, on="owner", how="left", maintain_order="left")["message"]
    empty = pl.Series([[]], dtype=pl.List(MESSAGE_SCHEMA))
    return joined.fill_null(empty).alias(_MESSAGES) if joined.null_count() else joined.alias(_MESSAGES)
