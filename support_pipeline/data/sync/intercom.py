"""Intercom: conversations by search on `updated_at`, then each one with its parts.

Sources: Intercom developer documentation, "Search conversations", "Retrieve a conversation", "Rate
limiting". A search result has no parts, so each conversation is fetched, several at a time; the shared
allowance of the headers slows all of them together.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from support_pipeline.data.exports.fields import ident, instant, mapping, rows
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

PER_PAGE = 150
TOGETHER = 8


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """Conversations that changed since the newest one that landed, oldest change first."""
    state: Row = {"until": start, "since": start, **landing.state}
    with ThreadPoolExecutor(TOGETHER) as pool:
        while True:
            try:
                answer = api.post("/conversations/search", _query(state))
            except ApiRefused as refused:
                if not state.get("cursor") or refused.status in (401, 403):
                    raise
                state = {**state, "cursor": None, "since": state["until"]}
                continue  # the cursor has expired: again from the last change seen
            found = [row for row in rows(answer.get("conversations"), "data") if ident(row.get("id"))]
            cursor = mapping(mapping(answer.get("pages")).get("next")).get("starting_after")
            changes = [int(at.timestamp()) for row in found if (at := instant(row.get("updated_at")))]
            until = max([int(state["until"]), *changes])
            state = {"until": until, "since": state["since"] if cursor else until, "cursor": cursor}
            fetched = pool.map(lambda row: _whole(api, row), [row for row in found if _is_news(landing, row)])
            yield Page(state, tickets=[row for row in fetched if row])
            if not cursor:
                return


def _query(state: Row) -> Row:
    paging: Row = {"per_page": PER_PAGE}
    if state.get("cursor"):
        paging["starting_after"] = state["cursor"]
    return {
        "query": {"field": "updated_at", "operator": ">", "value": int(state["since"]) - 1},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": paging,
    }


def _is_news(landing: Landing, row: Row) -> bool:
    known = landing.ticket(ident(row["id"]))
    return known is None or known.get("updated_at") != row.get("updated_at")


def _whole(api: VendorApi, row: Row) -> Row | None:
    try:
        return api.get(f"/conversations/{ident(row['id'])}")
    except ApiRefused as refused:
        if refused.status in (404, 410):  # deleted meanwhile
            return None
        raise


def compose(ticket: Row, messages: list[Row], landing: Landing) -> Row:
    """A conversation is whole as it was fetched."""
    return ticket
