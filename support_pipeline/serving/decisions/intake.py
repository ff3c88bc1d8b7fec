"""Tickets and webhook deliveries come in: stored with the job that answers them, in one transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import outbox
from support_pipeline.serving.decisions.database import now_stamp, storable
from support_pipeline.serving.decisions.schema import DELIVERY, TICKET


class KeyReused(SupportPipelineError):
    """An idempotency key came again with another request."""


@dataclass(frozen=True)
class Arrival:
    """One ticket, or one delivery about one.

    `source` is a helpdesk's name or "api". `content` is what the worker reads the ticket from: a
    whole record, or nothing when it is fetched by API. `delivery_id` makes the delivery count once.
    """

    client: str
    source: str
    external_id: str
    delivery_id: str
    subject: str = ""
    text: str = ""
    customer_id: str = ""
    customer_name: str = ""
    customer_email: str = ""
    thread: Sequence[Mapping[str, Any]] = ()
    content: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (
            "external_id",
            "delivery_id",
            "subject",
            "text",
            "customer_id",
            "customer_name",
            "customer_email",
        ):
            object.__setattr__(self, name, storable(getattr(self, name)))

    @cached_property
    def ticket(self) -> str:
        """The id of the ticket in these tables."""
        return _short(self.client, self.source, self.external_id)

    @cached_property
    def digest(self) -> str:
        """What was said, to tell a repetition from another request under the same key."""
        said = [self.external_id, self.subject, self.text, self.customer_email, dict(self.content)]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()

    @cached_property
    def draft_id(self) -> str:
        """The id of the draft that answers exactly this text (tickets of the API)."""
        return draft_id(self.ticket, revision_of(self.subject, self.text))


def revision_of(*said: str) -> str:
    """The revision of a conversation, by what has been said in it."""
    return _short(*said)


def draft_id(ticket: str, revision: str) -> str:
    """One ticket at one revision has one draft, however often it is asked for."""
    return _short(ticket, revision)[:16]


def take_in(connection: sa.Connection, arrival: Arrival) -> bool:
    """Stores an arrival and its `answer` job. False: this delivery was here before, nothing changed.

    Raises:
        KeyReused: the delivery id came before with other content.
    """
    same = {"client": arrival.client, "source": arrival.source, "delivery_id": arrival.delivery_id}
    said = {"digest": arrival.digest, "ticket": arrival.ticket, "received_at": now_stamp()}
    if connection.execute(_new_delivery(connection.dialect.name), same | said).first() is None:
        known: str | None = connection.execute(_KNOWN, same).scalar()
        if arrival.source == "api" and known != arrival.digest:
            raise KeyReused(
                f"the key '{arrival.delivery_id}' was used for another request. Send a new key, or the same request."
            )
        return False
    keep_ticket(connection, arrival)
    key = _short(arrival.client, arrival.source, arrival.delivery_id)
    outbox.put(connection, "answer", arrival.client, arrival.ticket, f"answer:{key}", arrival.content)
    return True


def keep_ticket(connection: sa.Connection, arrival: Arrival) -> None:
    """The ticket as it is known now; words that a delivery does not carry stay as they are."""
    row: dict[str, Any] = {
        "subject": arrival.subject,
        "text": arrival.text,
        "customer_id": arrival.customer_id[:255],
        "customer_name": arrival.customer_name[:255],
        "customer_email": arrival.customer_email[:255],
        "thread": [dict(message) for message in arrival.thread],
    }
    fixed = {
        "id": arrival.ticket,
        "client": arrival.client,
        "source": arrival.source,
        "external_id": arrival.external_id,
        "received_at": now_stamp(),
    }
    if connection.execute(_new_ticket(connection.dialect.name), fixed | row).first() is not None:
        return
    known = {name: value for name, value in row.items() if value}
    if known:
        connection.execute(TICKET.update().where(TICKET.c.id == arrival.ticket).values(**known))


# Built once: building a statement costs more than running it.
_KNOWN = sa.select(DELIVERY.c.digest).where(
    *(DELIVERY.c[name] == sa.bindparam(name) for name in ("client", "source", "delivery_id"))
)


@lru_cache(maxsize=2)
def _new_delivery(dialect: str) -> sa.Insert:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(DELIVERY)
    keys = ["client", "source", "delivery_id"]
    found: sa.Insert = insert.on_conflict_do_nothing(index_elements=keys).returning(DELIVERY.c.client)
    return found


@lru_cache(maxsize=2)
def _new_ticket(dialect: str) -> sa.Insert:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(TICKET)
    found: sa.Insert = insert.on_conflict_do_nothing(index_elements=["id"]).returning(TICKET.c.id)
    return found


def ticket_of(connection: sa.Connection, ticket: str) -> dict[str, Any]:
    """The row of a ticket."""
    return dict(connection.execute(TICKET.select().where(TICKET.c.id == ticket)).mappings().one())


def _short(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
