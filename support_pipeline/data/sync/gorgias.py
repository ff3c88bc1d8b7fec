"""Gorgias: tickets, messages and trashed tickets by newest-first lists that stop at what is known.

Sources: Gorgias developer documentation, "List tickets", "List messages", "Rate limits". There is no
"changed since" filter, so each list is read newest first down to the newest row of the last full pass.
`/api/messages` brings all bodies in bulk; a pass that stops half way goes on at its cursor.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from support_pipeline.data.exports.fields import ident, instant, mapping, rows
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

PAGE = 100
OVERLAP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    path: str
    stamp: str
    params: tuple[tuple[str, str], ...] = ()


LISTS = (
    _List("tickets", "/api/tickets", "updated_datetime"),
    _List("trashed", "/api/tickets", "updated_datetime", (("trashed", "true"),)),
    _List("messages", "/api/messages", "created_datetime"),
)


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """What changed since the last full pass of each list."""
    state = landing.state
    for listed in LISTS:
        for page in _pass(api, listed, state, start):
            state = page.state
            yield page


def _pass(api: VendorApi, listed: _List, state: Row, start: int) -> Iterator[Page]:
    known: Row = {"until": start, **state.get(listed.name, {})}
    while True:
        try:
            answer = _ask(api, listed, known.get("cursor"))
        except ApiRefused as refused:
            if not known.get("cursor") or refused.status in (401, 403):
                raise
            known = {**known, "cursor": None}
            continue  # the cursor has expired: the pass starts again
        found = rows(answer.get("data"))
        stamps = [at.timestamp() for row in found if (at := instant(row.get(listed.stamp)))]
        known = {**known, "newest": max([known.get("newest") or 0, *stamps])}
        known["cursor"] = mapping(answer.get("meta")).get("next_cursor")
        over = not known["cursor"] or not stamps or min(stamps) < known["until"] - OVERLAP_SECONDS
        if over:
            known = {"until": max(known["until"], known["newest"]), "cursor": None, "newest": 0}
        state = {**state, listed.name: known}
        yield _page(listed, state, [row for row in found if _fresh(row, listed, start)])
        if over:
            return


def _ask(api: VendorApi, listed: _List, cursor: str | None) -> Row:
    params = {"limit": PAGE, "order_by": f"{listed.stamp}:desc", **dict(listed.params)}
    return api.get(listed.path, **params, **({"cursor": cursor} if cursor else {}))


def _fresh(row: Row, listed: _List, start: int) -> bool:
    at = instant(row.get(listed.stamp))
    return bool(ident(row.get("id"))) and (at is None or at.timestamp() >= start - OVERLAP_SECONDS)


def _page(listed: _List, state: Row, found: list[Row]) -> Page:
    if listed.name == "messages":
        return Page(
            state, messages=[(ident(row.get("ticket_id")), row) for row in found if row.get("ticket_id")]
        )
    return Page(state, tickets=found)


def compose(ticket: Row, messages: list[Row], landing: Landing) -> Row:
    """The ticket as GET /api/tickets/ID has it: messages inside."""
    return {**ticket, "messages": sorted(messages, key=lambda row: str(instant(row.get("created_datetime"))))}
