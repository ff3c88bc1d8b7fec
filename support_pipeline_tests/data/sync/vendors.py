"""Replay servers: each vendor's API over generated conversations, with faults on demand."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from support_pipeline_tests.data.shapes import SHAPES, Conversation

Row = dict[str, Any]
PAGE = 4
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    at: float = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Replay:
    """One vendor's account: its raw tickets by id, the requests it got, and the faults to come.

    `faults` maps the number of a request (from 0) to the answer it gets instead of the real one, `deleted`
    what is gone for good to when.
    """

    vendor: str
    tickets: dict[str, Row]
    faults: dict[int, httpx.Response] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    deleted: dict[str, int] = field(default_factory=dict)
    ratings: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, vendor: str, conversations: list[Conversation]) -> "Replay":
        return cls(vendor, {str(one.number): SHAPES[vendor](one) for one in conversations})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        fault = self.faults.pop(len(self.asked) - 1, None)
        return fault or ANSWERS[self.vendor](self, request)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def put(self, record: Row) -> None:
        self.tickets[str(record["id"])] = record


def answer(value: object, status: int = 200, /, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(value), headers=headers)


def epoch(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def _cut(rows: list[Row], offset: int, size: int = PAGE) -> tuple[list[Row], int | None]:
    return rows[offset : offset + size], offset + size if offset + size < len(rows) else None


def zendesk(replay: Replay, request: httpx.Request) -> httpx.Response:
    params = request.url.params
    if request.url.path.endswith("/cursor.json"):
        return _zendesk_cursor(replay, params)
    if request.url.path.endswith("ticket_events.json"):
        return _zendesk_events(replay, float(params["start_time"]))
    ticket = replay.tickets.get(request.url.path.split("/")[-2])
    return answer(
        {"comments": ticket["comments"], "meta": {"has_more": False}} if ticket else {},
        200 if ticket else 404,
    )


def _zendesk_cursor(replay: Replay, params: httpx.QueryParams) -> httpx.Response:
    rows = sorted(replay.tickets.values(), key=lambda row: (epoch(row["updated_at"]), row["id"]))
    since, last = float(params.get("start_time", 0)), 0.0
    if cursor := params.get("cursor"):
        since, last = (float(part) for part in cursor.split("|"))
    rest = [row for row in rows if (epoch(row["updated_at"]), row["id"]) > (since, last)]
    page = rest[:PAGE]
    after = f"{epoch(page[-1]['updated_at'])}|{page[-1]['id']}" if page else cursor
    stripped = [
        {k: v for k, v in row.items() if k not in ("comments", "users", "metric_set")} for row in page
    ]
    for row in stripped:
        row["generated_timestamp"] = int(epoch(row["updated_at"]))
    metrics = [
        {"id": 1, "ticket_id": row["id"], **row["metric_set"]} for row in page if row.get("metric_set")
    ]
    users = [user for row in page for user in row.get("users", [])]
    ended = len(rest) <= PAGE
    sides = {"users": users, "groups": [], "metric_sets": metrics}
    return answer({"tickets": stripped, "after_cursor": after, "end_of_stream": ended, **sides})


def _zendesk_events(replay: Replay, since: float) -> httpx.Response:
    comments = [(row["id"], one) for row in replay.tickets.values() for one in row.get("comments") or []]
    comments.sort(key=lambda pair: (epoch(pair[1]["created_at"]), pair[1]["id"]))
    rest = [pair for pair in comments if epoch(pair[1]["created_at"]) >= since]
    page = rest[: PAGE * 5]
    events = [_event(ticket, one) for ticket, one in page]
    end = int(epoch(page[-1][1]["created_at"])) if page else int(since)
    return answer({"ticket_events": events, "end_time": end, "end_of_stream": len(rest) <= PAGE * 5})


def _event(ticket: int, comment: Row) -> Row:
    stamp = int(epoch(comment["created_at"]))
    child = {
        **comment,
        "event_type": "Comment",
        "attachments": [{"id": 1, "content_url": "https://x.example/secret"}],
    }
    return {
        "id": comment["id"],
        "ticket_id": ticket,
        "timestamp": stamp,
        "child_events": [child, {"event_type": "Audit"}],
    }


def gorgias(replay: Replay, request: httpx.Request) -> httpx.Response:
    params, path = request.url.params, request.url.path
    if path.startswith("/api/tickets/"):
        row = replay.tickets.get(path.split("/")[-1])
        return answer(row or {"error": {"msg": "not found"}}, 200 if row else 404)
    stamp = params["order_by"].split(":")[0]
    if path == "/api/messages":
        rows = [message for row in replay.tickets.values() for message in row["messages"]]
    elif path == "/api/events":
        kinds = params.get_list("types")
        rows = [row for row in replay.events if row["type"] in kinds or not kinds]
    else:
        found = [
            row
            for row in replay.tickets.values()
            if params.get("trashed") != "false" or not row["trashed_datetime"]
        ]
        rows = [{k: v for k, v in row.items() if k != "messages"} for row in found]
    rows.sort(key=lambda row: (epoch(row[stamp]), row["id"]), reverse=True)
    cursor = params.get("cursor")
    page, after = _cut(rows, int(cursor or 0))
    used = f"{len(replay.asked) % 40}/40"
    meta = {"next_cursor": None if after is None else str(after)}
    return answer({"data": page, "meta": meta}, 200, **{"x-gorgias-account-api-call-limit": used})


def freshdesk(replay: Replay, request: httpx.Request) -> httpx.Response:
    params, path = request.url.params, request.url.path
    offset = (int(params.get("page", 1)) - 1) * int(params.get("per_page", 30))
    if path.endswith("/conversations"):
        ticket = replay.tickets.get(path.split("/")[-2])
        rows = ticket["conversations"] if ticket else []
    elif path.endswith("/agents"):
        rows = [{"id": 900, "contact": {"name": "Priya Raman"}, "signature": "<p>Priya<br>Acme</p>"}]
    elif path.endswith("/groups"):
        rows = [{"id": 1, "name": "Care"}]
    elif path.endswith("/satisfaction_ratings"):
        rows = [row for row in replay.ratings if epoch(row["created_at"]) >= epoch(params["created_since"])]
    else:
        rows = _freshdesk_list(replay, params)
    return answer(
        rows[offset : offset + int(params.get("per_page", 30))], 200, **{"x-ratelimit-remaining": "5"}
    )


def _freshdesk_list(replay: Replay, params: httpx.QueryParams) -> list[Row]:
    wanted = params.get("filter", "")
    since = epoch(params["updated_since"])
    rows = [row for row in replay.tickets.values() if epoch(row["updated_at"]) >= since]
    rows = [row for row in rows if ("deleted" if row.get("deleted") else "") == wanted]
    rows.sort(key=lambda row: (epoch(row["updated_at"]), row["id"]))
    hidden = ("conversations", "deleted", "responder", "satisfaction_rating")
    return [{k: v for k, v in row.items() if k not in hidden} | {"responder_id": 900} for row in rows]


def intercom(replay: Replay, request: httpx.Request) -> httpx.Response:
    if request.url.path == "/conversations/deleted":
        return _intercom_deleted(replay, request)
    if request.method == "GET":
        row = replay.tickets.get(request.url.path.split("/")[-1])
        return answer(row or {"type": "error.list"}, 200 if row else 404)
    body = json.loads(request.content)
    cursor = body["pagination"].get("starting_after")
    rows = [row for row in replay.tickets.values() if row["updated_at"] > body["query"]["value"]]
    rows.sort(key=lambda row: (row["updated_at"], int(row["id"])))
    page, after = _cut(rows, int(cursor or 0))
    bare = [{k: v for k, v in row.items() if k != "conversation_parts"} for row in page]
    pages = {"next": None if after is None else {"starting_after": str(after)}}
    return answer({"type": "conversation.list", "conversations": bare, "pages": pages})


def _intercom_deleted(replay: Replay, request: httpx.Request) -> httpx.Response:
    size, number = int(request.url.params["per_page"]), int(request.url.params["page"])
    gone = sorted(replay.deleted.items(), key=lambda item: (-item[1], item[0]))
    page = [
        {"type": "conversation", "id": ticket, "metrics_retained": True, "deleted_at": at}
        for ticket, at in gone[(number - 1) * size : number * size]
    ]
    return answer({"type": "conversations.list", "conversations": page, "total_count": len(gone)})


ANSWERS: dict[str, Callable[[Replay, httpx.Request], httpx.Response]] = {
    "zendesk": zendesk,
    "gorgias": gorgias,
    "freshdesk": freshdesk,
    "intercom": intercom,
}
