"""Tickets and pairs for the tests of filtering, pairs and splits, made in one line each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.clients import ClientConfig
from support_pipeline.data.tickets import PAIR_SCHEMA, TICKET_SCHEMA, Role, Ticket, TicketMessage

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def config(**changes: Any) -> ClientConfig:
    """A client with one policy and two teams."""
    settings: dict[str, Any] = {
        "id": "acme",
        "brand": "Acme",
        "sources": [{"vendor": "zendesk", "path": "acme.ndjson"}],
        "policies": [
            {
                "topic": "return_window",
                "statement": "Items can be returned within {value} of delivery.",
                "value": 60,
                "unit": "days",
                "patterns": ["{value} to (?:return|send)"],
                "effective_to": "2026-01-31",
            },
            {
                "topic": "return_window",
                "statement": "Items can be returned within {value} of delivery.",
                "value": 30,
                "unit": "days",
                "effective_from": "2026-02-01",
            },
        ],
        "escalation": {"default": "Senior Support", "teams": {"fraud_dispute": "Fraud Team"}},
    }
    return ClientConfig.model_validate(settings | changes)


def ticket(*messages: tuple[str, str] | str, **changes: Any) -> Ticket:
    """A solved ticket; messages are (role, text), "note" for an internal note, a bare text for the customer."""
    spoken = []
    for place, message in enumerate(messages):
        who, text = ("customer", message) if isinstance(message, str) else message
        role: Role = "agent" if who == "note" else who  # type: ignore[assignment]
        spoken.append(TicketMessage(START + timedelta(minutes=place), role, who != "note", text))
    settings: dict[str, Any] = {
        "client": "acme",
        "vendor": "zendesk",
        "ticket_id": "1",
        "created_at": START,
        "updated_at": START + timedelta(hours=2),
        "resolved_at": START + timedelta(hours=1),
        "status": "solved",
        "channel": "email",
        "subject": "",
        "language": "en",
        "tags": (),
        "satisfaction": None,
        "resolution": "resolved",
        "customer_id": "c1",
        "thread_id": "1",
        "customer_names": ("Jordan Pike",),
        "agent_names": ("Mei Tanaka",),
        "signatures": (),
        "messages": tuple(spoken),
        "source_file": "acme.ndjson",
        "source_line": 1,
    }
    return Ticket(**(settings | changes))


def write_tickets(path: Path, tickets: Sequence[Ticket]) -> Path:
    """A month's tickets.parquet."""
    pl.DataFrame([one.row() for one in tickets], schema=TICKET_SCHEMA, orient="row").write_parquet(path)
    return path


def pair_row(number: int, text: str, **changes: Any) -> dict[str, Any]:
    """A row of pairs.parquet; the number is its age order, its customer and its thread."""
    return {
        "pair_id": f"p{number:05d}",
        "ticket_id": f"t{number}",
        "client": "acme",
        "resolved_at": START + timedelta(hours=number),
        "customer_text": text,
        "resolution_text": f"Answer {number}.",
        "kind": "answer",
        "reason": "answerable",
        "intent": "other",
        "customer_id": f"c{number}",
        "thread_id": f"t{number}",
        "source_digest": "d",
        "edit_class": "",
        **changes,
    }


def write_pairs(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A month's pairs.parquet."""
    pl.DataFrame(list(rows), schema=PAIR_SCHEMA, orient="row").write_parquet(path)
    return path
