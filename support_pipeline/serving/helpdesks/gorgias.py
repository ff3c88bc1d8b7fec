"""Gorgias: replies and notes are messages of the ticket; a note is one in the channel `internal-note`.

Sources: Gorgias developer documentation, "Create a message", "Create a ticket", "List tickets".
"""

from typing import Any

from support_pipeline.data.exports import READERS, Origin
from support_pipeline.data.exports.fields import ident, mapping, rows
from support_pipeline.errors import ConfigError
from support_pipeline.serving.helpdesks.calling import Api
from support_pipeline.serving.helpdesks.threads import Thread, markup
from support_pipeline.serving.helpdesks.writing import NewTicket

NOTE = "internal-note"


class Gorgias:
    """One Gorgias account; `reply_as` is the mailbox that answers come from."""

    protects = False

    def __init__(self, api: Api, client: str, reply_as: str | None) -> None:
        if not reply_as:
            raise ConfigError(client, ["gorgias api: give reply_as, the mailbox that answers are sent from"])
        self._api, self._client, self._mailbox = api, client, reply_as

    def fetch(self, ticket: str) -> Thread:
        """The ticket with its messages."""
        record = self._api.get(f"/api/tickets/{ticket}")
        return Thread(READERS["gorgias"].read(record, Origin(self._client, "api", 0)), record)

    def reply(self, thread: Thread, text: str, key: str) -> None:
        """A message to the customer, in the ticket's own channel."""
        customer = mapping(thread.record.get("customer")).get("email")
        channel = str(thread.record.get("channel") or "email")
        source = {"type": channel, "from": {"address": self._mailbox}, "to": [{"address": customer}]}
        extra = {"receiver": {"email": customer}, "source": source, "subject": thread.ticket.subject}
        self._message(thread, text, key, channel, **extra)

    def note(self, thread: Thread, text: str, key: str) -> None:
        """An internal note."""
        self._message(thread, text, key, NOTE, source={"type": NOTE}, public=False)

    def _message(self, thread: Thread, text: str, key: str, channel: str, **extra: Any) -> None:
        body = {
            "channel": channel,
            "via": "api",
            "from_agent": True,
            "sender": {"email": self._mailbox},
            "body_text": text,
            "body_html": markup(text),
            "external_id": key,
            **extra,
        }
        self._api.send("POST", f"/api/tickets/{thread.ticket.ticket_id}/messages", body)

    def create(self, new: NewTicket) -> str:
        """A ticket of the customer's words."""
        customer = {"email": new.customer_email, "name": new.customer_name}
        message = {
            "channel": "email",
            "via": "api",
            "from_agent": False,
            "sender": {"email": new.customer_email},
            "source": {
                "type": "email",
                "from": {"address": new.customer_email},
                "to": [{"address": self._mailbox}],
            },
            "subject": new.subject,
            "body_text": new.text,
            "body_html": markup(new.text),
        }
        body = {
            "customer": customer,
            "channel": "email",
            "via": "api",
            "from_agent": False,
            "subject": new.subject,
            "external_id": new.key,
            "tags": [{"name": "support_pipeline"}],
            "messages": [message],
        }
        return ident(self._api.send("POST", "/api/tickets", body).get("id"))

    def created(self, key: str) -> str | None:
        """The ticket that was created with a key."""
        found = rows(self._api.get("/api/tickets", external_id=key).get("data"))
        return next((ident(row.get("id")) for row in found if row.get("external_id") == key), None)
