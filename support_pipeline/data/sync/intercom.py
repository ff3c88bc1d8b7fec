"""Intercom: conversations by search on `updated_at`, then each one with its parts, then what was deleted.

Sources: Intercom developer documentation, "Search conversations", "Retrieve a conversation", "List all
deleted conversation IDs", "Rate limiting". A search result has no parts, so each conversation is fetched,
several at a time; the shared allowance of the headers slows all of them together. A deleted conversation
is in no search: of one that had landed only its id and times stay, marked as deleted. The search index lags, so
each pass begins a day before the newest change seen; what is known already is not fetched again. A merge shows as a part
of kind `merged_secondary_conversation`; the vendor does not document where it names the other conversation.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from support_pipeline.data.exports.fields import ident, instant, mapping, rows
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

PER_PAGE = 150
TOGETHER = 8
DELETED_PER_PAGE = 60
LAG_SECONDS = 86_400


def pages(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    """Conversations that changed since the newest one that landed, oldest change first; then deletions."""
    yield from _changed(api, landing, start)
    yield from _deleted(api, landing)


def _changed(api: VendorApi, landing: Landing, start: int) -> Iterator[Page]:
    state: Row = {"until": start, "since": start, **landing.state}
    with ThreadPoolExecutor(TOGETHER) as pool:
        while True:
            try:
                answer = api.post("/conversations/search", _query(state))
            except ApiRefused as refused:
                if not state.get("cursor") or refused.status in (401, 403):
                    raise
                state = {**state, "cursor": None, "since": max(int(state["until"]) - LAG_SECONDS, start)}
                continue  # the cursor has expired: again from the last change seen
            found = [row for row in rows(answer.get("conversations"), "data") if ident(row.get("id"))]
            cursor = mapping(mapping(answer.get("pages")).get("next")).get("starting_after")
            changes = [int(at.timestamp()) for row in found if (at := instant(row.get("updated_at")))]
            until = max([int(state["until"]), *changes])
            since = state["since"] if cursor else max(until - LAG_SECONDS, start)
            state = {**state, "until": until, "since": since, "cursor": cursor}
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


def _deleted(api: VendorApi, landing: Landing) -> Iterator[Page]:
    """Deletions since the last pass, newest first; a pass that stops half way starts again at the newest."""
    until = int(landing.state.get("deleted_until") or 0)
    newest, number = until, 0
    while True:
        number += 1
        try:
            answer = api.get("/conversations/deleted", page=number, per_page=DELETED_PER_PAGE, order="desc")
        except ApiRefused as refused:
            if refused.status in (400, 403, 404):  # no such list in this workspace, or no right to it
                return
            raise
        found = rows(answer.get("conversations"), "data")
        stamped = [(row, int(at.timestamp())) for row in found if (at := instant(row.get("deleted_at")))]
        news = [(row, at) for row, at in stamped if at >= until]
        newest = max([newest, *(at for _, at in news)])
        over = len(news) < len(found) or len(found) < DELETED_PER_PAGE
        state = {**landing.state, "deleted_until": newest} if over else landing.state
        yield Page(state, tickets=[gone for row, at in news if (gone := _tombstone(landing, row, at))])
        if over:
            return


def _tombstone(landing: Landing, row: Row, at: int) -> Row | None:
    known = landing.ticket(ident(row.get("id")))
    if known is None:
        return None
    return {
        "type": "conversation",
        "id": known["id"],
        "created_at": known.get("created_at"),
        "updated_at": at,
        "deleted": True,
    }


def compose(ticket: Row, messages: list[Row], landing: Landing) -> Row:
    """A conversation is whole as it was fetched."""
    return ticket
