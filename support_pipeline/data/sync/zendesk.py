"""Zendesk: tickets by the cursor export, comments in bulk by ticket events.

Sources: Zendesk developer documentation, "Incremental Exports", "Ticket Comments". Deleted tickets
come in the cursor export with status `deleted`; their comments are left out of the drop. The events
export pages by time and repeats rows; landing them twice changes nothing. Should one second hold more
than a page can, its comments are fetched ticket by ticket.
"""

from collections.abc import Iterator
from typing import Any

from support_pipeline.data.exports.fields import ident, instant, mapping, rows
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

TICKETS = "/api/v2/incremental/tickets/cursor.json"
EVENTS = "/api/v2/incremental/ticket_events.json"
TOO_RECENT_SECONDS = 70
OVERLAP_SECONDS = 300
FILL_BATCH = 50
PRIVACY = frozenset({"CommentPrivacyChange", "CommentRedactEvent"})


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """All that changed since the landed state: tickets, then comments, then what is still missing."""
    state: Row = {"tickets_until": start, "events_until": start, **landing.state}
    for page in _tickets(api, state):
        state = page.state
        yield page
    for page in _events(api, landing, state):
        state = page.state
        yield page
    yield from _missing(api, landing, state)


def _tickets(api: VendorApi, state: Row) -> Iterator[Page]:
    while True:
        try:
            answer = api.get(TICKETS, **_place(api, state), include="users,groups,metric_sets", per_page=1000)
        except ApiRefused as refused:
            if not state.get("cursor") or refused.status in (401, 403):
                raise
            state = {**state, "cursor": None, "tickets_until": int(state["tickets_until"]) - OVERLAP_SECONDS}
            continue  # the cursor has expired: again from the last time seen
        found = rows(answer.get("tickets"))
        seen = [int(row.get("generated_timestamp") or 0) for row in found]
        state = {**state, "cursor": answer.get("after_cursor") or state.get("cursor")}
        state["tickets_until"] = max([int(state["tickets_until"]), *seen])
        yield Page(state, tickets=found, others=_others(answer))
        if answer.get("end_of_stream", True):
            return


def _place(api: VendorApi, state: Row) -> Row:
    """The cursor, or a start: the export refuses one in the last minute."""
    if state.get("cursor"):
        return {"cursor": state["cursor"]}
    return {"start_time": max(min(int(state["tickets_until"]), int(api.now()) - TOO_RECENT_SECONDS), 0)}


def _others(answer: Row) -> list[tuple[str, Row]]:
    metrics = [("metric_set", {**row, "id": row.get("ticket_id")}) for row in rows(answer.get("metric_sets"))]
    return [(name[:-1], row) for name in ("users", "groups") for row in rows(answer.get(name))] + metrics


def _events(api: VendorApi, landing: Landing, state: Row) -> Iterator[Page]:
    while api.now() - int(state["events_until"]) > TOO_RECENT_SECONDS:
        since = int(state["events_until"])
        answer = api.get(EVENTS, start_time=since, include="comment_events")
        events = rows(answer.get("ticket_events"))
        until = int(answer.get("end_time") or since)
        stuck = until <= since and not answer.get("end_of_stream", True)
        crowded = {ident(event.get("ticket_id")) for event in events} if stuck else set()
        state = {**state, "events_until": since + 1 if stuck else max(until, since)}
        stale = {ident(event.get("ticket_id")) for event in events if _changes_privacy(event)} | crowded
        comments = [pair for event in events for pair in _comments(event) if pair[0] not in stale]
        yield Page(state, messages=comments, stale=frozenset(stale - {""}))
        if answer.get("end_of_stream", True) or not events:
            return


def _changes_privacy(event: Row) -> bool:
    return any(_kind(child) in PRIVACY for child in rows(event.get("child_events")))


def _kind(child: Row) -> object:
    """`event_type` as the export documents it; `type` as the audits name the same kinds."""
    return child.get("event_type") or child.get("type")


def _comments(event: Row) -> Iterator[tuple[str, Row]]:
    for child in rows(event.get("child_events")):
        if _kind(child) == "Comment" and ident(child.get("id")):
            at = child.get("created_at") or event.get("created_at") or event.get("timestamp")
            author = child.get("author_id") or event.get("updater_id")
            yield (
                ident(event.get("ticket_id")),
                {**child, "type": "Comment", "created_at": at, "author_id": author},
            )


def _missing(api: VendorApi, landing: Landing, state: Row) -> Iterator[Page]:
    """Comments of changed tickets that the events did not bring: before the start, or hidden since."""
    tried: set[str] = set()
    while missing := [one for one in landing.without_messages(FILL_BATCH + len(tried)) if one not in tried]:
        for ticket in missing:
            tried.add(ticket)
            if (landing.ticket(ticket) or {}).get("status") != "deleted":
                yield Page(
                    state,
                    messages=[(ticket, row) for row in _of_ticket(api, ticket)],
                    whole=frozenset({ticket}),
                )


def _of_ticket(api: VendorApi, ticket: str) -> list[Row]:
    found: list[Row] = []
    params: dict[str, Any] = {"page[size]": 100}
    while True:
        try:
            answer = api.get(f"/api/v2/tickets/{ticket}/comments.json", **params)
        except ApiRefused as refused:
            if refused.status in (404, 410):
                return found
            raise
        found += [row for row in rows(answer.get("comments")) if ident(row.get("id"))]
        meta = mapping(answer.get("meta"))
        if not meta.get("has_more") or not meta.get("after_cursor"):
            return found
        params["page[after]"] = meta["after_cursor"]


def compose(ticket: Row, comments: list[Row], landing: Landing) -> Row:
    """The ticket as the JSON export has it: comments, users, group and metrics inside."""
    deleted = ticket.get("status") == "deleted"
    comments = [] if deleted else sorted(comments, key=lambda row: str(instant(row.get("created_at"))))
    people = [
        ticket.get("requester_id"),
        ticket.get("assignee_id"),
        *(row.get("author_id") for row in comments),
    ]
    users = [landing.other("user", one) for one in dict.fromkeys(ident(one) for one in people) if one]
    group = landing.other("group", ident(ticket.get("group_id")))
    metrics = ticket.get("metric_set") or landing.other("metric_set", ident(ticket.get("id")))
    return {
        **ticket,
        "comments": comments,
        "users": [user for user in users if user],
        "groups": [group] if group else [],
        "metric_set": metrics,
    }
