"""Intercom: comments and notes are replies of an admin; a conversation begins with a contact.

Sources: Intercom developer documentation, "Reply to a conversation", "Create a conversation",
"Search conversations", "Search contacts". A conversation carries no key of ours, so the key stands as a
reference line in its first message.
"""

from support_pipeline.data.exports import READERS, Origin
from support_pipeline.data.exports.fields import ident, rows
from support_pipeline.errors import ConfigError
from support_pipeline.serving.helpdesks.calling import Api
from support_pipeline.serving.helpdesks.threads import Thread, markup
from support_pipeline.serving.helpdesks.writing import NewTicket


class Intercom:
    """One Intercom workspace; `reply_as` is the admin id that answers are written by."""

    protects = False

    def __init__(self, api: Api, client: str, reply_as: str | None) -> None:
        if not reply_as:
            raise ConfigError(
                client, ["intercom api: give reply_as, the admin id that answers are written by"]
            )
        self._api, self._client, self._admin = api, client, reply_as

    def fetch(self, ticket: str) -> Thread:
        """The conversation with its parts."""
        record = self._api.get(f"/conversations/{ticket}")
        return Thread(READERS["intercom"].read(record, Origin(self._client, "api", 0)), record)

    def reply(self, thread: Thread, text: str, key: str) -> None:
        """A comment that the customer reads."""
        self._part(thread, text, "comment")

    def note(self, thread: Thread, text: str, key: str) -> None:
        """A note for the team."""
        self._part(thread, text, "note")

    def _part(self, thread: Thread, text: str, kind: str) -> None:
        body = {"message_type": kind, "type": "admin", "admin_id": self._admin, "body": markup(text)}
        self._api.send("POST", f"/conversations/{thread.ticket.ticket_id}/reply", body)

    def create(self, new: NewTicket) -> str:
        """A conversation of the customer's words."""
        said = f"{new.subject}\n\n{new.text}" if new.subject else new.text
        body = {
            "from": {"type": "contact", "id": self._contact(new)},
            "body": f"{said}\n\nReference: {new.key}",
        }
        answer = self._api.send("POST", "/conversations", body)
        return ident(answer.get("conversation_id") or answer.get("id"))

    def _contact(self, new: NewTicket) -> str:
        query = {"query": {"field": "email", "operator": "=", "value": new.customer_email}}
        found = rows(self._api.search("/contacts/search", query).get("data"))
        if found:
            return ident(found[0].get("id"))
        contact = {"role": "user", "email": new.customer_email, "name": new.customer_name}
        return ident(self._api.send("POST", "/contacts", contact).get("id"))

    def created(self, key: str) -> str | None:
        """The conversation that was created with a key."""
        query = {"query": {"field": "source.body", "operator": "~", "value": key}}
        found = rows(self._api.search("/conversations/search", query).get("conversations"))
        return ident(found[0].get("id")) if found else None
