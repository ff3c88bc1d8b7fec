"""Freshdesk: one ticket of the API or of the XML account export to a canonical ticket.

Sources: Freshdesk developer documentation, "Tickets" and "Conversations"; Freshworks help, "Export
your account data". The XML uses other names (`display-id`, `notes`) for the same things.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from support_pipeline.data.exports.fields import (
    flag,
    ident,
    in_order,
    instant,
    language_code,
    lower_tags,
    mapping,
    names,
    number,
    one_line,
    outcome,
    plain,
    rows,
    says_escalated,
)
from support_pipeline.data.exports.html import body_to_text
from support_pipeline.data.exports.reader import Origin, Reader, Record, Unreadable
from support_pipeline.data.tickets import Resolution, Role, Ticket, TicketMessage

STATUSES = {
    "2": "open",
    "3": "pending",
    "4": "solved",
    "5": "closed",
    "open": "open",
    "pending": "pending",
    "resolved": "solved",
    "closed": "closed",
    "waiting on customer": "pending",
    "waiting on third party": "hold",
}
CHANNELS = {
    "1": "email",
    "2": "web",
    "3": "phone",
    "4": "other",
    "5": "social",
    "6": "social",
    "7": "chat",
    "9": "web",
    "10": "email",
    "13": "chat",
    "portal": "web",
    "feedback widget": "web",
    "outbound email": "email",
    "twitter": "social",
    "facebook": "social",
}
OUTBOUND = frozenset({"10", "outbound email"})
REPLY, NOTE, FORWARD = "0", "2", "8"
_MERGED = re.compile(
    r"\b(?:merged?|zusammengef\w+|fusionn?\w*|combinad\w+|unificad\w+|samengevoegd\w*|unit[oaie]\b|mesclad\w+|sammanfog\w+|"
    r"sl\u00e5tts samman|sl\u00e5et sammen|yhdistet\w+|po\u0142\u0105czon\w+|scalon\w+|slou\u010d\w+|birle\u015ftir\w+|"
    r"\u043e\u0431\u044a\u0435\u0434\u0438\u043d\w+|\u7d71\u5408|\u5408\u5e76|\u5408\u4f75|\ubcd1\ud569)"
    r"[^\n\d]{0,60}?(?:#|\b(?:tickets?|billets?|incidencias?|bilet\w*|biljett\w*|z\u0142oszeni\w*|tiketu?)\b[^\n\d]{0,25}|/tickets/|"
    r"\u30c1\u30b1\u30c3\u30c8\D{0,10}|\u5de5\u5355\D{0,10}|\ud2f0\ucf13\D{0,10})(\d+)",
    re.IGNORECASE,
)
"""The note that a merge leaves, in the account's language; the vendor exports no field for a merge."""
_MERGE_NOTE = 400


def read(record: Record, origin: Origin) -> Ticket:
    """One raw ticket with its conversations.

    Raises:
        Unreadable: no id, no time, or a conversation in the place of a ticket.
    """
    record = mapping(record.get("helpdesk_ticket")) or record
    ticket_id = ident(record.get("display_id")) or ident(record.get("id"))
    if not ticket_id:
        raise Unreadable("no ticket id")
    if "ticket_id" in record and "incoming" in record:
        raise Unreadable("a conversation, not a ticket")
    created, updated = instant(record.get("created_at")), instant(record.get("updated_at"))
    stats = {**mapping(record.get("ticket_states")), **mapping(record.get("stats"))}
    resolved = instant(stats.get("resolved_at")) or instant(stats.get("closed_at"))
    created, updated = created or updated or resolved, updated or resolved or created
    if created is None or updated is None:
        raise Unreadable("neither created_at nor updated_at is a time")
    tags = lower_tags(record.get("tags") or record.get("ticket_tags"))
    status = _status(record)
    requester = mapping(record.get("requester"))
    return Ticket(
        client=origin.client,
        vendor="freshdesk",
        ticket_id=ticket_id,
        created_at=created,
        updated_at=updated,
        resolved_at=_resolved(status, resolved, updated),
        status=status,
        channel=_channel(record),
        subject=one_line(record.get("subject")),
        language=language_code(requester.get("language")) or language_code(record.get("language")),
        tags=tags,
        satisfaction=_satisfaction(record),
        resolution=_resolution(record, stats, tags),
        customer_id=ident(record.get("requester_id")) or ident(requester.get("id")),
        thread_id=_thread(record, ticket_id),
        customer_names=_customer_names(record, requester),
        agent_names=_agent_names(record),
        signatures=_signatures(record),
        messages=in_order(_messages(record, created)),
        source_file=origin.file,
        source_line=origin.line,
    )


def _status(record: Record) -> str:
    if flag(record.get("spam")):
        return "spam"
    if flag(record.get("deleted")):
        return "deleted"
    for name in ("status", "status_name"):
        if found := STATUSES.get(ident(record.get(name)).lower()):
            return found
    return "unknown"


def _resolved(status: str, resolved: datetime | None, updated: datetime) -> datetime | None:
    if status in ("solved", "closed"):
        return resolved or updated
    return None if status in ("open", "pending", "hold") else resolved


def _channel(record: Record) -> str:
    name = ident(record.get("source")).lower() or ident(record.get("source_name")).lower()
    return CHANNELS.get(name) or (name if name and not name.isdigit() else "other" if name else "unknown")


def _satisfaction(record: Record) -> str | None:
    """The newest rating: -103 to 103 (100 is neutral), or 1 happy, 2 neutral, 3 unhappy in old accounts."""
    ratings = rows(record.get("satisfaction_ratings")) or rows([record.get("satisfaction_rating")])
    values = mapping(ratings[-1].get("ratings")) if ratings else {}
    given = values.get("default_question", next(iter(values.values()), None)) if ratings else None
    score = number(given if ratings else record.get("satisfaction_rating"))
    if score is None:
        return None
    if score < 0 or score == 3:
        return "bad"
    return "good" if score > 100 or score == 1 else None


def _resolution(record: Record, stats: Mapping[str, Any], tags: tuple[str, ...]) -> Resolution:
    group_id, own = ident(record.get("group_id")), record.get("group")
    groups = [row.get("name") for row in rows(record.get("groups")) if ident(row.get("id")) == group_id]
    named = [record.get("group_name"), mapping(own).get("name") if isinstance(own, dict) else own, *groups]
    raised = any(
        flag(record.get(name)) for name in ("is_escalated", "fr_escalated", "nr_escalated", "isescalated")
    )
    moved = any((number(stats.get(f"{who}_reassigned_count")) or 0) > 0 for who in ("agent", "group"))
    reopened = bool(instant(stats.get("reopened_at"))) or (number(stats.get("reopened_count")) or 0) > 0
    return outcome(raised or says_escalated([*tags, *named]), moved or reopened)


def _thread(record: Record, ticket_id: str) -> str:
    """The ticket it was merged into (a private note says so), its tracker or parent; else its own id."""
    for note in reversed(_conversations(record)):
        found = _MERGED.search(str(note.get("body_text") or note.get("body") or "")[:_MERGE_NOTE])
        if found and flag(note.get("private")) is not False:
            return found.group(1)
    linked = rows([{"id": record.get("parent_id")}, {"id": record.get("tracker_id")}])
    return next((ident(row["id"]) for row in linked if ident(row["id"])), ticket_id)


def _conversations(record: Record) -> list[dict[str, Any]]:
    return rows(record.get("conversations")) or rows(record.get("notes"))


def _messages(record: Record, created: datetime) -> list[TicketMessage]:
    hidden = flag(record.get("private")) is True
    messages: list[TicketMessage] = []
    if text := plain(record.get("description_text")) or body_to_text(
        record.get("description_html") or record.get("description")
    ):
        by_agent = ident(record.get("source")).lower() in OUTBOUND
        messages.append(TicketMessage(created, "agent" if by_agent else "customer", not hidden, text))
    at = created
    later: list[TicketMessage] = []
    for note in _conversations(record):
        text = _text(note)
        if not text or flag(note.get("deleted")):
            continue
        at = instant(note.get("created_at")) or at
        role = _role(note, ident(record.get("requester_id")))
        later.append(TicketMessage(at, role, not hidden and _public(note, role), text))
    return messages + list(in_order(later))


def _text(note: Record) -> str:
    """The plain field first; in the XML export `body` is the plain one, beside `body_html`."""
    text = plain(note.get("body_text"))
    if not text and "body_html" in note:
        text = plain(note.get("body"))
    return text or body_to_text(note.get("body_html") or note.get("body"))


def _role(note: Record, requester: str) -> Role:
    incoming = flag(note.get("incoming"))
    if ident(note.get("automation_id")) or ident(note.get("automation_type_id")):
        return "system"
    if incoming is None:
        return "customer" if requester and ident(note.get("user_id")) == requester else "agent"
    return "customer" if incoming else "agent"


def _public(note: Record, role: Role) -> bool:
    """`private` decides; a forward goes to a third party; a note without the flag is private."""
    source, private = ident(note.get("source")), flag(note.get("private"))
    if private is None:
        return role == "customer" or source == REPLY
    return not private and source != FORWARD


def _customer_names(record: Record, requester: Record) -> tuple[str, ...]:
    incoming = (note.get("from_email") for note in _conversations(record) if flag(note.get("incoming")))
    return names([requester.get("name"), record.get("requester_name"), record.get("name"), *incoming])


def _agent_names(record: Record) -> tuple[str, ...]:
    responder = record.get("responder")
    own = mapping(responder).get("name") if isinstance(responder, dict) else responder
    outgoing = [note for note in _conversations(record) if flag(note.get("incoming")) is False]
    staff = _staff(record)
    return names(
        [
            own,
            record.get("responder_name"),
            *(note.get("from_email") for note in outgoing),
            *(mapping(note.get("user")).get("name") for note in outgoing),
            *(mapping(agent.get("contact")).get("name") or agent.get("name") for agent in staff),
        ]
    )


def _staff(record: Record) -> list[dict[str, Any]]:
    """The agents of this ticket, out of a list that a page may hold for all of its tickets."""
    here = {ident(note.get("user_id")) for note in _conversations(record)} | {
        ident(record.get("responder_id"))
    }
    return [agent for agent in rows(record.get("agents")) if ident(agent.get("id")) in here]


def _signatures(record: Record) -> tuple[str, ...]:
    own = mapping(record.get("responder")).get("signature")
    found = (body_to_text(value) for value in [own, *(agent.get("signature") for agent in _staff(record))])
    return tuple(dict.fromkeys(filter(None, found)))


READER = Reader(
    vendor="freshdesk",
    read=read,
    page_keys=("tickets", "results", "data"),
    shared=("agents", "groups"),
    columns={
        "ticket id": "id",
        "id": "id",
        "subject": "subject",
        "description": "description_text",
        "status": "status_name",
        "source": "source_name",
        "group": "group_name",
        "agent": "responder_name",
        "tags": "tags",
        "created time": "created_at",
        "created at": "created_at",
        "last update time": "updated_at",
        "last updated time": "updated_at",
        "updated at": "updated_at",
        "resolved time": "stats.resolved_at",
        "closed time": "stats.closed_at",
        "full name": "requester.name",
        "requester name": "requester.name",
        "contact id": "requester.id",
        "requester id": "requester_id",
    },
    xml_tag="helpdesk-ticket",
)
