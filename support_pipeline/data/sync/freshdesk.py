"""Freshdesk: tickets by `updated_since`, conversations ticket by ticket.

Sources: Freshdesk developer documentation, "List All Tickets", "List All Conversations of a Ticket",
"View a List of all Satisfaction Ratings", "Rate Limit". A list ends at page 300, and rows move between pages while it is read; so after each page
the window moves to the last row's `updated_at`, and pages are counted only inside one second. Deleted
and spam tickets have lists of their own. Ratings have one too, in plans that have surveys.
"""

from collections.abc import Iterator
from typing import Any

from support_pipeline.data.exports.fields import ident, instant, rows
from support_pipeline.data.sync.http import ApiRefused, VendorApi, utc_text
from support_pipeline.data.sync.landing import Landing, Page, Row

PER_PAGE = 100
LAST_PAGE = 300
FILTERS = ("", "deleted", "spam")


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """Agents and groups (small, each time), then what changed in each list."""
    state = landing.state
    others = [("agent", row) for row in _all(api, "/api/v2/agents")]
    others += [("group", row) for row in _all(api, "/api/v2/groups")]
    yield Page(state, others=others)
    for name in FILTERS:
        for page in _changed(api, landing, state, name, start):
            state = page.state
            yield page
    yield from _rated(api, landing, start)


def _changed(api: VendorApi, landing: Landing, state: Row, name: str, start: int) -> Iterator[Page]:
    window: Row = {"since": start, "page": 1, **state.get(f"list_{name}", {})}
    while True:
        found = _list(api, name, window)
        full = len(found) >= PER_PAGE
        window = _moved(window, found, full)
        state = {**state, f"list_{name}": window}
        marked = [{**row, **({name: True} if name else {})} for row in found]
        yield Page(state, tickets=[_with_conversations(api, landing, row) for row in marked])
        if not full:
            return


def _list(api: VendorApi, name: str, window: Row) -> list[Row]:
    params: dict[str, Any] = {
        "updated_since": utc_text(window["since"]),
        "order_by": "updated_at",
        "order_type": "asc",
        "per_page": PER_PAGE,
        "page": window["page"],
        "include": "stats,description,requester",
    }
    answer = api.get("/api/v2/tickets", **params, **({"filter": name} if name else {}))
    return [row for row in rows(answer.get("items")) if ident(row.get("id"))]


def _moved(window: Row, found: list[Row], full: bool) -> Row:
    last = max((int(at.timestamp()) for row in found if (at := instant(row.get("updated_at")))), default=0)
    if last > window["since"]:
        return {"since": last, "page": 1}
    if full and window["page"] < LAST_PAGE:
        return {**window, "page": window["page"] + 1}
    return {"since": window["since"] + 1 if full else window["since"], "page": 1}


def _rated(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """Customers' ratings since the newest one seen, a ticket's last one put with it."""
    since = int(landing.state.get("rated_since") or start)
    found = _all(api, "/api/v2/surveys/satisfaction_ratings", created_since=utc_text(since))
    stamped = [(int(at.timestamp()), row) for row in found if (at := instant(row.get("created_at")))]
    newest_of = {ident(row.get("ticket_id")): row for _, row in sorted(stamped, key=lambda one: one[0])}
    rated = [
        {**known, "satisfaction_ratings": [rating]}
        for ticket, rating in newest_of.items()
        if (known := landing.ticket(ticket))
    ]
    newest = max([since, *(at for at, _ in stamped)])
    yield Page({**landing.state, "rated_since": newest}, tickets=rated)


def _with_conversations(api: VendorApi, landing: Landing, ticket: Row) -> Row:
    """The ticket with its conversations; one that did not change is not fetched again."""
    known = landing.ticket(ident(ticket["id"]))
    if known and "satisfaction_ratings" in known:
        ticket = {**ticket, "satisfaction_ratings": known["satisfaction_ratings"]}
    if known and known.get("updated_at") == ticket.get("updated_at") and "conversations" in known:
        return {**ticket, "conversations": known["conversations"]}
    if ticket.get("deleted"):
        return {**ticket, "conversations": []}
    return {**ticket, "conversations": _all(api, f"/api/v2/tickets/{ident(ticket['id'])}/conversations")}


def _all(api: VendorApi, path: str, **params: str) -> list[Row]:
    found: list[Row] = []
    for page in range(1, LAST_PAGE + 1):
        try:
            batch = rows(api.get(path, per_page=PER_PAGE, page=page, **params).get("items"))
        except ApiRefused as refused:
            if refused.status in (
                403,
                404,
            ):  # no right to list agents, no surveys, or the ticket is gone meanwhile
                return found
            raise
        found += batch
        if len(batch) < PER_PAGE:
            return found
    return found


def compose(ticket: Row, messages: list[Row], landing: Landing) -> Row:
    """The ticket with its agents (names, signatures) and its group."""
    staff = [ticket.get("responder_id"), *(row.get("user_id") for row in rows(ticket.get("conversations")))]
    agents = [landing.other("agent", one) for one in dict.fromkeys(ident(one) for one in staff) if one]
    group = landing.other("group", ident(ticket.get("group_id")))
    return {**ticket, "agents": [one for one in agents if one], "groups": [group] if group else []}
