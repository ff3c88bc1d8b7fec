"""Freshdesk: replies, private notes, tickets. A created ticket is found again by its tag.

Sources: Freshdesk developer documentation, "Create a Reply", "Create a Note", "Create a Ticket",
"Filter Tickets".
"""

from typing import Any

from support_pipeline.data.exports import READERS, Origin
from support_pipeline.data.exports.fields import ident, rows
from support_pipeline.serving.helpdesks.calling import Api
from support_pipeline.serving.helpdesks.threads import Thread, markup
from support_pipeline.serving.helpdesks.writing import NewTicket

OPEN, LOW, PORTAL = 2, 1, 2
PER_PAGE = 100


class Freshdesk:
    """One Freshdesk account."""

    protects = False

    def __init__(self, api: Api, client: str, reply_as: str | None) -> None:
        self._api, self._client, self._reply_as = api, client, reply_as

    def fetch(self, ticket: str) -> Thread:
        """The ticket with its conversations."""
        record = self._api.get(f"/api/v2/tickets/{ticket}", include="requester,stats")
        conversations: list[dict[str, Any]] = []
        page = 1
        while True:
            path = f"/api/v2/tickets/{ticket}/conversations"
            batch = rows(self._api.get(path, page=page, per_page=PER_PAGE))
            conversations += batch
            if len(batch) < PER_PAGE:
                break
            page += 1
        whole = {**record, "conversations": conversations}
        return Thread(READERS["freshdesk"].read(whole, Origin(self._client, "api", 0)), whole)

    def reply(self, thread: Thread, text: str, key: str) -> None:
        """A reply to the customer."""
        body: dict[str, Any] = {"body": markup(text)}
        if self._reply_as:
            body |= (
                {"user_id": int(self._reply_as)}
                if self._reply_as.isdigit()
                else {"from_email": self._reply_as}
            )
        self._api.send("POST", f"/api/v2/tickets/{thread.ticket.ticket_id}/reply", body)

    def note(self, thread: Thread, text: str, key: str) -> None:
        """A private note."""
        body = {"body": markup(text), "private": True}
        self._api.send("POST", f"/api/v2/tickets/{thread.ticket.ticket_id}/notes", body)

    def create(self, new: NewTicket) -> str:
        """A ticket of the customer's words."""
        body = {
            "email": new.customer_email,
            "name": new.customer_name or new.customer_email,
            "subject": new.subject or "(no subject)",
            "description": markup(new.text),
            "status": OPEN,
            "priority": LOW,
            "source": PORTAL,
            "tags": ["support_pipeline", new.key],
        }
        return ident(self._api.send("POST", "/api/v2/tickets", body).get("id"))

    def created(self, key: str) -> str | None:
        """The ticket that was created with a key."""
        found = rows(self._api.get("/api/v2/search/tickets", query=f"\"tag:'{key}'\"").get("results"))
        return ident(found[0].get("id")) if found else None
