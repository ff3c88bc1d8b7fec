"""Gorgias: tickets, messages and events by newest-first lists that stop at what is known.

Sources: Gorgias developer documentation, "List tickets", "List messages", "List events", "The event object",
"Rate limits". Tickets and messages have no "changed since" filter, so each list is read newest first down to the
newest row of the last full pass; a pass that stops half way goes on at its cursor. `/api/messages` brings all
bodies in bulk. Trashed tickets are in the list of tickets unless it is asked to leave them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from support_pipeline.data.exports.fields import ident, instant, mapping, rows
from support_pipeline.data.sync.gorgias_events import TYPES, followed, is_event
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

PAGE = 100
OVERLAP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class _List:
    """One list; `narrow` is a filter that an older account may refuse, `optional` a list it may not have."""

    name: str
    path: str
    stamp: str
    params: tuple[tuple[str, str], ...] = ()
    narrow: tuple[str, ...] = ()
    optional: bool = False


LISTS = (
    _List("tickets", "/api/tickets", "updated_datetime"),
    _List("messages", "/api/messages", "created_datetime"),
    _List("events", "/api/events", "created_datetime", (("object_type", "Ticket"),), TYPES, optional=True),
)


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """What changed since the last full pass of each list."""
    state: Row = {"read_since": api.now(), **landing.state}
    for listed in LISTS:
        for page in _pass(api, landing, listed, state, start):
            state = page.state
            yield page


def _pass(api: VendorApi, landing: Landing, listed: _List, state: Row, start: int) -> Iterator[Page]:
    known: Row = {"until": start, **state.get(listed.name, {})}
    narrow = listed.narrow
    while True:
        try:
            answer = _ask(api, listed, narrow, known.get("cursor"))
        except ApiRefused as refused:
            if known.get("cursor") and refused.status not in (401, 403):
                known = {**known, "cursor": None}
                continue  # the cursor has expired: the pass starts again
            if narrow and refused.status in (400, 422):
                narrow = ()
                continue  # a kind of event that this account does not know: all kinds, sorted out here
            if listed.optional and refused.status in (403, 404):
                return
            raise
        found = rows(answer.get("data"))
        stamps = [at.timestamp() for row in found if (at := instant(row.get(listed.stamp)))]
        known = {**known, "newest": max([known.get("newest") or 0, *stamps])}
        known["cursor"] = mapping(answer.get("meta")).get("next_cursor")
        over = not known["cursor"] or not stamps or min(stamps) < known["until"] - OVERLAP_SECONDS
        if over:
            known = {"until": max(known["until"], known["newest"]), "cursor": None, "newest": 0}
        state = {**state, listed.name: known}
        yield _page(api, landing, listed, state, [row for row in found if _fresh(row, listed, start)])
        if over:
            return


def _ask(api: VendorApi, listed: _List, narrow: tuple[str, ...], cursor: str | None) -> Row:
    params: Row = {"limit": PAGE, "order_by": f"{listed.stamp}:desc", **dict(listed.params)}
    if narrow:
        params["types"] = list(narrow)
    return api.get(listed.path, **params, **({"cursor": cursor} if cursor else {}))


def _fresh(row: Row, listed: _List, start: int) -> bool:
    at = instant(row.get(listed.stamp))
    return bool(ident(row.get("id"))) and (at is None or at.timestamp() >= start - OVERLAP_SECONDS)


def _page(api: VendorApi, landing: Landing, listed: _List, state: Row, found: list[Row]) -> Page:
    if listed.name == "events":
        return followed(api, landing, state, found)
    if listed.name == "messages":
        return Page(
            state, messages=[(ident(row.get("ticket_id")), row) for row in found if row.get("ticket_id")]
        )
    return Page(state, tickets=[_with_merge(landing, row) for row in found])


def _with_merge(landing: Landing, row: Row) -> Row:
    """The listed ticket, with the merge that an event has told of: no field of the list does."""
    into = (landing.ticket(ident(row.get("id"))) or {}).get("merged_into_id")
    return {**row, "merged_into_id": into} if into else row


def compose(ticket: Row, messages: list[Row], landing: Landing) -> Row:
    """The ticket with its messages inside (none of a deleted one), and its events beside them."""
    events = [row for row in messages if is_event(row)]
    said = [] if ticket.get("deleted") else [row for row in messages if not is_event(row)]
    return {
        **ticket,
        "messages": sorted(said, key=lambda row: str(instant(row.get("created_datetime")))),
        **({"events": sorted(events, key=_place)} if events else {}),
    }


def _place(event: Row) -> tuple[str, int, str]:
    key = str(event.get("id"))
    return str(instant(event.get("created_datetime"))), len(key), key
