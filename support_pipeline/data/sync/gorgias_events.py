"""Gorgias events: deletions, merges and trash that no list of tickets tells, and the signals of hand-overs.

Certain by the vendor's documentation: an event has `id`, `type`, `created_datetime`, `object_type`, `object_id`
and `data`; the kinds below exist; tickets have carried no `events` of their own since July 2023. Not documented: what
`data` holds for `ticket-merged`, and whether `object_id` is the ticket that stays or the one that goes. So a merge
is followed by what is certain: the ticket is fetched again, and where its messages had landed under another ticket,
that one is fetched too. If it is gone or empty now, it was merged. Ids that `data` names are believed besides.

Only tickets that have landed are followed, and only events since the first list was read: what happened before is
in the lists already. A deletion is final and needs no fetch.
"""

from support_pipeline.data.exports.fields import ident, instant, rows
from support_pipeline.data.exports.gorgias import merge_named
from support_pipeline.data.sync.http import ApiRefused, VendorApi
from support_pipeline.data.sync.landing import Landing, Page, Row

MERGED, DELETED = "ticket-merged", "ticket-deleted"
REFETCHED = frozenset({MERGED, "ticket-trashed", "ticket-untrashed"})
SIGNALS = frozenset({"ticket-assigned", "ticket-team-assigned", "ticket-reopened"})
TYPES = tuple(sorted({DELETED, *REFETCHED, *SIGNALS}))
_KEY = "event-"


def is_event(row: Row) -> bool:
    """Whether a landed row is an event; events lie among the messages of their ticket."""
    return str(row.get("id")).startswith(_KEY)


def followed(api: VendorApi, landing: Landing, state: Row, found: list[Row]) -> Page:
    """One page of events: each beside its ticket, with what it did to that ticket."""
    new = [event for event in map(_landed, found) if event and not _known(landing, event)]
    after = _After(api, landing)
    for event in sorted(new, key=lambda one: str(instant(one.get("created_datetime")))):
        after.take(event, late=_epoch(event) >= float(state["read_since"]))
    return after.page(state, new)


def _landed(event: Row) -> Row | None:
    """The event under a key that no message has; None for one that is no ticket's, or of no interest."""
    kind, ticket = str(event.get("type") or "").lower(), ident(event.get("object_id"))
    about = str(event.get("object_type") or "ticket").lower()
    if kind not in TYPES or about != "ticket" or not ticket:
        return None
    return {**event, "id": f"{_KEY}{ident(event.get('id'))}", "type": kind}


def _known(landing: Landing, event: Row) -> bool:
    return any(row["id"] == event["id"] for row in landing.messages(ident(event["object_id"])))


def _epoch(event: Row) -> float:
    at = instant(event.get("created_datetime"))
    return at.timestamp() if at else float("inf")


class _After:
    """The tickets of a page of events as they are after them."""

    def __init__(self, api: VendorApi, landing: Landing) -> None:
        self._api, self._landing = api, landing
        self._tickets: dict[str, Row] = {}
        self._said: dict[str, list[Row]] = {}

    def take(self, event: Row, late: bool) -> None:
        """Follows one event; `late` when it came after the lists were first read."""
        ticket, kind = ident(event["object_id"]), event["type"]
        if kind == DELETED:
            self._bury(ticket, event.get("created_datetime"))
        if kind in REFETCHED and late:
            self._fetch(ticket, event)
        if kind == MERGED:
            into, gone = merge_named(event)
            for one in [ticket, *gone] if into else gone:
                self._merge(one, into or ticket, event, late)

    def _row(self, ticket: str) -> Row | None:
        return self._tickets.get(ticket) or self._landing.ticket(ticket)

    def _bury(self, ticket: str, at: object) -> None:
        known = self._row(ticket)
        if known is None:
            return
        kept: Row = {
            name: known[name] for name in ("id", "created_datetime", "merged_into_id") if name in known
        }
        stamps = {"updated_datetime": at, "trashed_datetime": at}
        self._tickets[ticket] = known if known.get("deleted") else {**kept, **stamps, "deleted": True}
        self._said[ticket] = []

    def _fetch(self, ticket: str, event: Row) -> None:
        """The ticket as the API has it now, and those whose messages it has taken over."""
        known = self._row(ticket)
        if ticket in self._said or known is None or known.get("deleted"):
            return
        try:
            row = self._api.get(f"/api/tickets/{ticket}")
        except ApiRefused as refused:
            if refused.status not in (404, 410):
                raise
            self._bury(ticket, event.get("created_datetime"))
            return
        said = [one for one in rows(row.pop("messages", None)) if ident(one.get("id"))]
        into = known.get("merged_into_id")
        self._tickets[ticket] = {**row, "id": known["id"], **({"merged_into_id": into} if into else {})}
        self._said[ticket] = said
        owners = {self._landing.owner_of_message(ident(one["id"])) for one in said}
        for owner in sorted(one for one in owners if one and one != ticket):
            self._fetch(owner, event)
            if not self._said.get(owner):
                self._merge(owner, ticket, event, late=False)

    def _merge(self, ticket: str, into: str, event: Row, late: bool) -> None:
        if ticket == into:
            return
        if late:
            self._fetch(ticket, event)
            self._fetch(into, event)
        if known := self._row(ticket):
            self._tickets[ticket] = {**known, "merged_into_id": into}

    def page(self, state: Row, events: list[Row]) -> Page:
        """All of it as a page: fetched tickets whole, every event beside its ticket."""
        beside = [(ident(event["object_id"]), event) for event in events]
        for ticket, said in self._said.items():
            kept = [row for row in self._landing.messages(ticket) if is_event(row)]
            beside += [(ticket, row) for row in [*said, *kept]]
        return Page(state, tickets=list(self._tickets.values()), messages=beside, whole=frozenset(self._said))
