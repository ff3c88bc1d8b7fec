"""A helpdesk's ticket as it stands there now: what the customer is waiting for, and what was written back."""

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from support_pipeline.data.cleaning import clean_message
from support_pipeline.data.cleaning.residue import is_boilerplate
from support_pipeline.data.filtering.turns import act, is_customer_closing
from support_pipeline.data.tickets import Ticket, TicketMessage
from support_pipeline.model.prompt import user_message

CLOCKS_APART = timedelta(minutes=5)
NOTHING_OPEN = frozenset({"closed", "deleted", "spam"})
THREAD = "thread-"
"""How the revisions of fetched tickets begin; those of texts posted to the router do not."""


@dataclass(frozen=True)
class Thread:
    """A ticket, with the raw record it was read from."""

    ticket: Ticket
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """What the customer says and nobody has answered; `text` is empty when nothing is open.

    `revision` changes exactly when the customer writes.
    """

    text: str
    revision: str


def open_turn(ticket: Ticket) -> Turn:
    """The customer's turn, cleaned as the training texts were."""
    names = (*ticket.customer_names, *ticket.agent_names)
    spoken = [one for one in ticket.messages if one.public and one.role in ("customer", "agent", "bot")]
    said = [one.text for one in spoken if one.role == "customer"]
    revision = (
        THREAD
        + hashlib.sha256("\x1e".join([ticket.subject, *said]).encode("utf-8", "replace")).hexdigest()[:32]
    )
    if ticket.status in NOTHING_OPEN or _answered(spoken):
        return Turn("", revision)
    cleaned = [
        clean_message(text, role="customer", names=names, signatures=ticket.signatures).text for text in said
    ]
    asked = [text for text in cleaned if text and not is_customer_closing(text)]
    return Turn(user_message(ticket.subject, "\n\n".join(asked)) if asked else "", revision)


def _answered(spoken: list[TicketMessage]) -> bool:
    """Whether an agent had the last word; notices and "one moment" are no words."""
    for message in reversed(spoken):
        if message.role == "customer":
            return False
        if act(message.text) in ("substance", "question") and not is_boilerplate(message.text):
            return True
    return True


def written(ticket: Ticket, text: str, *, public: bool, since: datetime) -> bool:
    """Whether our text stands in the ticket already, written no earlier than `since`."""
    wanted = _flat(text)
    return any(
        message.public is public
        and message.role in ("agent", "bot", "system")
        and message.at >= since - CLOCKS_APART
        and wanted in _flat(message.text)
        for message in ticket.messages
    )


def _flat(text: str) -> str:
    return "".join(text.split()).casefold()


def markup(text: str) -> str:
    """Plain text as HTML that shows exactly that text."""
    return html.escape(text, quote=False).replace("\n", "<br>")
