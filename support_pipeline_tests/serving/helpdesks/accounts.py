"""Contract servers: one account of each vendor, which keeps what is written to it.

They hold to the vendors' documented requests: a wrong path, field or value is refused as the vendor does it.
Faults are given by the number of the write: an answer instead of the effect, or an effect without an answer.
"""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from support_pipeline_tests.data.shapes import SHAPES, Conversation, Said

Row = dict[str, Any]
SETTINGS: dict[str, dict[str, object]] = {
    "zendesk": {"subdomain": "acme", "token_env": "TOKEN", "email_env": "EMAIL", "reply_as": "900"},
    "gorgias": {
        "subdomain": "acme",
        "token_env": "TOKEN",
        "email_env": "EMAIL",
        "reply_as": "care@acme.example",
    },
    "freshdesk": {"subdomain": "acme", "token_env": "TOKEN"},
    "intercom": {"token_env": "TOKEN", "reply_as": "900"},
}
ENVIRONMENT = {"TOKEN": "secret-token", "EMAIL": "bot@acme.example"}


def now() -> datetime:
    return datetime.now(UTC)


def asking(number: int = 7, text: str = "How long can I return my boots?") -> Conversation:
    """A conversation in which the customer waits for an answer."""
    return Conversation(number, "Ada Lind", "Returns", (Said(now(), "customer", True, text),), now())


def record_of(vendor: str, one: Conversation) -> Row:
    """The vendor's record of an open conversation."""
    record = SHAPES[vendor](one)
    if vendor == "zendesk":
        record |= {"status": "open", "metric_set": {}}
    elif vendor == "gorgias":
        record |= {"status": "open", "closed_datetime": None}
        record["customer"]["email"] = "ada@example.com"
    elif vendor == "freshdesk":
        record |= {"status": 2, "stats": {}}
    else:
        record |= {"state": "open", "open": True}
    return record


@dataclass
class Account:
    """One vendor's account. `written` lists what reached a ticket: (kind, ticket, text)."""

    vendor: str
    tickets: dict[str, Row] = field(default_factory=dict)
    written: list[tuple[str, str, str]] = field(default_factory=list)
    writes: int = 0
    refusals: dict[int, httpx.Response] = field(default_factory=dict)
    silences: set[int] = field(default_factory=set)
    keys: dict[str, Row] = field(default_factory=dict)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def put(self, one: Conversation) -> None:
        self.tickets[str(one.number)] = record_of(self.vendor, one)

    def customer_writes(self, ticket: str, text: str) -> None:
        MESSAGES[self.vendor](self.tickets[ticket], "customer", text, True)

    def sent(self, kind: str = "reply") -> list[str]:
        return [text for what, _, text in self.written if what == kind]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert "authorization" in request.headers
        if request.method == "GET" or request.url.path.endswith("/search"):
            return ACCOUNTS[self.vendor](self, request)
        number, self.writes = self.writes, self.writes + 1
        if number in self.refusals:
            return self.refusals[number]
        answer = ACCOUNTS[self.vendor](self, request)
        if number in self.silences:
            raise httpx.ReadTimeout("no answer", request=request)
        return answer

    def took(self, kind: str, ticket: str, markup: str) -> None:
        text = html.unescape(re.sub(r"<br\s*/?>", "\n", markup))
        self.written.append((kind, ticket, text))


def answer(value: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(value))


def _iso() -> str:
    return now().isoformat().replace("+00:00", "Z")


def _to_zendesk(record: Row, role: str, text: str, public: bool) -> None:
    author = record["requester_id"] if role == "customer" else 900
    comment = {"id": len(record["comments"]) + 5000, "type": "Comment", "author_id": author, "public": public}
    record["comments"].append({**comment, "html_body": text, "created_at": _iso(), "via": {"channel": "api"}})
    record["updated_at"] = _iso()


def _to_gorgias(record: Row, role: str, text: str, public: bool) -> None:
    channel = "email" if public else "internal-note"
    message = {
        "id": len(record["messages"]) + 5000,
        "ticket_id": record["id"],
        "public": public,
        "channel": channel,
    }
    stamps = {"created_datetime": _iso(), "sent_datetime": _iso(), "failed_datetime": None}
    record["messages"].append(
        {
            **message,
            **stamps,
            "from_agent": role == "agent",
            "via": "api",
            "body_html": text,
            "sender": {"id": 1},
        }
    )
    record["updated_datetime"] = _iso()


def _to_freshdesk(record: Row, role: str, text: str, public: bool) -> None:
    entry = {"id": len(record["conversations"]) + 5000, "incoming": role == "customer", "private": not public}
    user = {"user_id": record["requester_id"] if role == "customer" else 900}
    record["conversations"].append({**entry, **user, "source": 0, "body": text, "created_at": _iso()})


def _to_intercom(record: Row, role: str, text: str, public: bool) -> None:
    parts = record["conversation_parts"]["conversation_parts"]
    author = {"type": "user" if role == "customer" else "admin", "id": "900"}
    stamp = int(now().timestamp())
    kind = "comment" if public else "note"
    parts.append(
        {"id": str(len(parts) + 5000), "part_type": kind, "body": text, "created_at": stamp, "author": author}
    )


MESSAGES: dict[str, Callable[[Row, str, str, bool], None]] = {
    "zendesk": _to_zendesk,
    "gorgias": _to_gorgias,
    "freshdesk": _to_freshdesk,
    "intercom": _to_intercom,
}


def _new_ticket(account: Account, subject: str, text: str) -> Row:
    number = 9000 + len(account.tickets)
    account.put(Conversation(number, "Ada Lind", subject, (Said(now(), "customer", True, text),), now()))
    account.written.append(("create", str(number), text))
    return account.tickets[str(number)]


def zendesk(account: Account, request: httpx.Request) -> httpx.Response:
    path = request.url.path.removeprefix("/api/v2/").removesuffix(".json")
    if request.method == "GET":
        if path == "tickets":
            found = [
                row
                for row in account.tickets.values()
                if row.get("external_id") == request.url.params["external_id"]
            ]
            return answer({"tickets": found})
        record = account.tickets.get(path.split("/")[1])
        if record is None:
            return answer({"error": "RecordNotFound"}, 404)
        if path.endswith("/comments"):
            return answer(
                {"comments": record["comments"], "users": record["users"], "meta": {"has_more": False}}
            )
        bare = {name: value for name, value in record.items() if name not in ("comments", "users")}
        return answer({"ticket": bare, "users": record["users"]})
    ticket = json.loads(request.content)["ticket"]
    if request.method == "POST" and path == "tickets":
        key = request.headers["Idempotency-Key"]
        if key not in account.keys:
            made = _new_ticket(account, ticket["subject"], html.unescape(ticket["comment"]["html_body"]))
            made["external_id"] = ticket["external_id"]
            account.keys[key] = made
        return answer({"ticket": {"id": account.keys[key]["id"]}}, 201)
    assert request.method == "PUT"
    record = account.tickets[path.split("/")[1]]
    if ticket.get("safe_update") and ticket["updated_stamp"] != record["updated_at"]:
        return answer({"error": "UpdateConflict"}, 409)
    comment = ticket["comment"]
    assert comment["author_id"] == 900
    _to_zendesk(record, "agent", comment["html_body"], comment["public"])
    account.took("reply" if comment["public"] else "note", str(record["id"]), comment["html_body"])
    return answer({"ticket": {"id": record["id"]}})


def gorgias(account: Account, request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if request.method == "GET":
        if path == "/api/tickets":
            key = request.url.params["external_id"]
            return answer(
                {"data": [row for row in account.tickets.values() if row.get("external_id") == key]}
            )
        record = account.tickets.get(path.split("/")[-1])
        return answer(record or {"error": "not found"}, 200 if record else 404)
    body = json.loads(request.content)
    if path == "/api/tickets":
        assert body["customer"]["email"] and not body["from_agent"] and body["messages"][0]["source"]["to"]
        made = _new_ticket(account, body["subject"], body["messages"][0]["body_text"])
        made["external_id"] = body["external_id"]
        return answer(made, 201)
    record = account.tickets[path.split("/")[-2]]
    assert (
        path.endswith("/messages") and body["from_agent"] and body["sender"]["email"] == "care@acme.example"
    )
    public = body["channel"] != "internal-note"
    if public and not body["receiver"]["email"]:
        return answer({"error": {"msg": "receiver is missing"}}, 400)
    assert public or "receiver" not in body
    _to_gorgias(record, "agent", body["body_html"], public)
    account.took("reply" if public else "note", str(record["id"]), body["body_html"])
    return answer({"id": 1}, 201)


def freshdesk(account: Account, request: httpx.Request) -> httpx.Response:
    path = request.url.path.removeprefix("/api/v2/")
    if request.method == "GET":
        if path == "search/tickets":
            wanted = request.url.params["query"].strip('"').removeprefix("tag:").strip("'")
            return answer({"results": [row for row in account.tickets.values() if wanted in row["tags"]]})
        record = account.tickets.get(path.split("/")[1])
        if record is None:
            return answer({}, 404)
        if path.endswith("/conversations"):
            return answer(record["conversations"] if request.url.params["page"] == "1" else [])
        return answer({name: value for name, value in record.items() if name != "conversations"})
    body = json.loads(request.content)
    if path == "tickets":
        assert {"email", "subject", "description", "status", "priority", "source"} <= set(body)
        assert all(len(tag) <= 32 for tag in body["tags"])
        made = _new_ticket(account, body["subject"], html.unescape(body["description"]))
        made["tags"] = body["tags"]
        return answer(made, 201)
    _, number, what = path.split("/")
    record = account.tickets[number]
    public = {"reply": True, "notes": False}[what]
    assert public or body["private"] is True
    _to_freshdesk(record, "agent", body["body"], public)
    account.took("reply" if public else "note", number, body["body"])
    return answer({"id": 1}, 201)


def intercom(account: Account, request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if request.method == "GET":
        record = account.tickets.get(path.split("/")[-1])
        return answer(record or {"type": "error.list"}, 200 if record else 404)
    body = json.loads(request.content)
    if path == "/contacts/search":
        return answer({"data": [{"id": "c1"}] if body["query"]["value"] == "ada@example.com" else []})
    if path == "/conversations/search":
        wanted = body["query"]["value"]
        found = [row for row in account.tickets.values() if wanted in row["source"]["body"]]
        return answer({"conversations": found})
    if path == "/contacts":
        return answer({"id": "c2", "email": body["email"]})
    if path == "/conversations":
        assert body["from"]["type"] == "contact" and body["from"]["id"]
        made = _new_ticket(account, "", body["body"])
        return answer({"type": "user_message", "conversation_id": made["id"]})
    record = account.tickets[path.split("/")[-2]]
    assert (body["type"], body["admin_id"]) == ("admin", "900")
    public = {"comment": True, "note": False}[body["message_type"]]
    _to_intercom(record, "agent", body["body"], public)
    account.took("reply" if public else "note", str(record["id"]), body["body"])
    return answer(record)


ACCOUNTS: dict[str, Callable[[Account, httpx.Request], httpx.Response]] = {
    "zendesk": zendesk,
    "gorgias": gorgias,
    "freshdesk": freshdesk,
    "intercom": intercom,
}
VENDORS = tuple(ACCOUNTS)
