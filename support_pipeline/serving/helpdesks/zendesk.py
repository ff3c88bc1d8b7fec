"""Zendesk: replies and notes are updates of the ticket; a reply is taken only if the ticket is as it was read.

Sources: Zendesk developer documentation, "Tickets: Update Ticket", "Protecting against ticket update
collisions", "Idempotency", "Ticket Comments".
"""

from typing import Any

from support_pipeline.data.exports import READERS, Origin
from support_pipeline.data.exports.fields import ident, mapping, rows
from support_pipeline.serving.helpdesks.calling import Api
from support_pipeline.serving.helpdesks.threads import Thread, markup
from support_pipeline.serving.helpdesks.writing import NewTicket


class Zendesk:
    """One Zendesk account. `protects`: a repeated reply is refused by Zendesk itself."""

    protects = True

    def __init__(self, api: Api, client: str, reply_as: str | None) -> None:
        self._api, self._client, self._reply_as = api, client, reply_as

    def fetch(self, ticket: str) -> Thread:
        """The ticket with its comments and people."""
        answer = self._api.get(f"/api/v2/tickets/{ticket}.json", include="users")
        comments: list[dict[str, Any]] = []
        users = rows(answer.get("users"))
        params: dict[str, Any] = {"page[size]": 100, "include": "users"}
        while True:
            page = self._api.get(f"/api/v2/tickets/{ticket}/comments.json", **params)
            comments += rows(page.get("comments"))
            users += rows(page.get("users"))
            meta = mapping(page.get("meta"))
            if not meta.get("has_more") or not meta.get("after_cursor"):
                break
            params["page[after]"] = meta["after_cursor"]
        record = {**mapping(answer.get("ticket")), "comments": comments, "users": users}
        return Thread(READERS["zendesk"].read(record, Origin(self._client, "api", 0)), record)

    def reply(self, thread: Thread, text: str, key: str) -> None:
        """A public comment; the ticket waits for the customer."""
        guard = {"safe_update": True, "updated_stamp": thread.record.get("updated_at")}
        self._comment(thread, text, public=True, **guard, status="pending")

    def note(self, thread: Thread, text: str, key: str) -> None:
        """An internal comment."""
        self._comment(thread, text, public=False)

    def _comment(self, thread: Thread, text: str, *, public: bool, **fields: Any) -> None:
        comment: dict[str, Any] = {"html_body": markup(text), "public": public}
        if self._reply_as:
            comment["author_id"] = int(self._reply_as) if self._reply_as.isdigit() else self._reply_as
        body = {"ticket": {"comment": comment, **fields}}
        self._api.send("PUT", f"/api/v2/tickets/{thread.ticket.ticket_id}.json", body)

    def create(self, new: NewTicket) -> str:
        """A ticket of the customer's words."""
        ticket: dict[str, Any] = {
            "subject": new.subject,
            "comment": {"html_body": markup(new.text)},
            "external_id": new.key,
            "tags": ["support_pipeline"],
        }
        if new.customer_email:
            ticket["requester"] = {
                "name": new.customer_name or new.customer_email,
                "email": new.customer_email,
            }
        answer = self._api.send(
            "POST", "/api/v2/tickets.json", {"ticket": ticket}, {"Idempotency-Key": new.key}
        )
        return ident(mapping(answer.get("ticket")).get("id"))

    def created(self, key: str) -> str | None:
        """The ticket that was created with a key."""
        found = rows(self._api.get("/api/v2/tickets.json", external_id=key).get("tickets"))
        return ident(found[0].get("id")) if found else None
