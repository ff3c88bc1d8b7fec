"""Intercom: one conversation with its parts to a canonical ticket.

Sources: Intercom developer documentation, "Conversations" and "Conversation parts". Bodies are HTML;
most parts are events without a body and no messages.
"""

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
    outcome,
    rows,
    says_escalated,
    stars,
)
from support_pipeline.data.exports.html import body_to_text
from support_pipeline.data.exports.reader import Origin, Reader, Record, Unreadable
from support_pipeline.data.tickets import Resolution, Role, Ticket, TicketMessage

STATES = {"open": "open", "closed": "closed", "snoozed": "pending", "resolved": "solved", "submitted": "new"}
CHANNELS = {
    "conversation": "chat",
    "push": "chat",
    "in_app": "chat",
    "facebook": "social",
    "instagram": "social",
    "twitter": "social",
    "whatsapp": "chat",
    "phone_call": "phone",
    "phone_switch": "phone",
}
CUSTOMERS = frozenset({"user", "lead", "contact", "visitor"})
STAFF = frozenset({"admin", "team", "teammate"})
BOTS = frozenset({"bot", "workflow", "operator", "fin"})
AMONG_TEAMS = frozenset({"back-office", "tracker"})
"""Categories of tickets that a team opens for itself; customers see none of it."""
HANDED_OVER = frozenset({"escalated", "negative_feedback", "procedure_handoff"})


def read(record: Record, origin: Origin) -> Ticket:
    """One raw conversation.

    Raises:
        Unreadable: no id, no time, or another kind of object.
    """
    kind = record.get("type")
    if kind not in (None, "conversation", "ticket"):
        raise Unreadable(f"a {kind}, not a conversation")
    ticket_id = ident(record.get("id"))
    if not ticket_id:
        raise Unreadable("no conversation id")
    created, updated = instant(record.get("created_at")), instant(record.get("updated_at"))
    created, updated = created or updated, updated or created
    if created is None or updated is None:
        raise Unreadable("neither created_at nor updated_at is a time")
    parts = _parts(record)
    source = mapping(record.get("source"))
    tags = lower_tags(mapping(record.get("tags")).get("tags") or record.get("tags"))
    state = str(record.get("state") or "").lower()
    status = "deleted" if flag(record.get("deleted")) else STATES.get(state, "unknown")
    people = _people(record, source, parts)
    return Ticket(
        client=origin.client,
        vendor="intercom",
        ticket_id=ticket_id,
        created_at=created,
        updated_at=updated,
        resolved_at=_resolved(record, status, parts, updated),
        status=status,
        channel=_channel(source),
        subject=_subject(record, source),
        language=_language(record),
        tags=tags,
        satisfaction=stars(mapping(record.get("conversation_rating")).get("rating")),
        resolution=_resolution(record, tags),
        customer_id=_customer(people),
        thread_id=_thread(record, parts) or ticket_id,
        customer_names=names(person.get("name") for person in people if _is(person, CUSTOMERS)),
        agent_names=names(person.get("name") for person in people if _is(person, STAFF)),
        signatures=_signatures(record),
        messages=_messages(source, parts, created, hidden=_is_hidden(record)),
        source_file=origin.file,
        source_line=origin.line,
    )


def _parts(record: Record) -> list[dict[str, Any]]:
    return rows(record.get("conversation_parts"), "conversation_parts", "data") or rows(
        record.get("ticket_parts"), "ticket_parts"
    )


def _is(person: Record, kinds: frozenset[str]) -> bool:
    return str(person.get("type") or "").lower() in kinds


def _people(record: Record, source: Record, parts: list[dict[str, Any]]) -> list[Record]:
    """Everyone named, the first author first; contacts of the conversation count as customers."""
    contacts = [{**contact, "type": "contact"} for contact in rows(record.get("contacts"), "contacts")]
    admins = [{**admin, "type": "admin"} for admin in rows(record.get("teammates"), "teammates", "admins")]
    authors = [mapping(part.get("author")) for part in parts]
    return [mapping(source.get("author")), *authors, *contacts, *admins]


def _customer(people: list[Record]) -> str:
    return next((ident(person.get("id")) for person in people if _is(person, CUSTOMERS)), "")


def _resolved(record: Record, status: str, parts: list[dict[str, Any]], updated: datetime) -> datetime | None:
    if status not in ("closed", "solved", "unknown"):
        return None
    closed = instant(mapping(record.get("statistics")).get("last_close_at"))
    closings = (instant(part.get("created_at")) for part in parts if part.get("part_type") == "close")
    closed = closed or max((at for at in closings if at), default=None)
    return closed or (None if status == "unknown" else updated)


def _channel(source: Record) -> str:
    name = str(source.get("type") or "unknown").strip().lower()
    return CHANNELS.get(name, name)


def _subject(record: Record, source: Record) -> str:
    subject = body_to_text(source.get("subject")) or body_to_text(record.get("title"))
    return " ".join(subject.split())


def _language(record: Record) -> str | None:
    attributes = mapping(record.get("custom_attributes"))
    contacts = rows(record.get("contacts"), "contacts")
    places = [attributes.get("language"), attributes.get("Language"), record.get("language")]
    places += [
        contact.get(name)
        for contact in contacts
        for name in ("language_override", "language", "browser_language")
    ]
    return next((code for code in map(language_code, places) if code), None)


def _resolution(record: Record, tags: tuple[str, ...]) -> Resolution:
    statistics = mapping(record.get("statistics"))
    state = str(mapping(record.get("ai_agent")).get("resolution_state") or "").lower()
    team = record.get("team_assignee") or record.get("team")
    named = mapping(team).get("name") if isinstance(team, dict) else team
    reopened = (number(statistics.get("count_reopens")) or 0) > 0
    moved = (number(statistics.get("count_assignments")) or 0) > 1
    return outcome(state in HANDED_OVER or says_escalated([*tags, named]), reopened or moved)


def _thread(record: Record, parts: list[dict[str, Any]]) -> str:
    """The conversation this one was merged into or continues, where the export names it.

    The parts `merged_primary_conversation` and `merged_secondary_conversation` carry only a time, so most
    merges cannot be followed. Only conversations of one contact can be merged, and a customer's tickets
    are never split apart, so nothing leaks by that.
    """
    places: list[object] = [record.get("merged_into"), record.get("merged_into_conversation_id")]
    for part in parts:
        if "merged" in str(part.get("part_type") or ""):
            about = {**mapping(part.get("metadata")), **mapping(part.get("event_details"))}
            places += [
                about.get(name) for name in ("primary_conversation_id", "merged_into", "conversation_id")
            ]
    return next((ident(place) for place in places if ident(place)), "")


def _is_hidden(record: Record) -> bool:
    """A ticket that is not shared with the customer, or of a kind that never is."""
    category = mapping(record.get("ticket_type")).get("category") or record.get("category")
    kind = str(category or "").strip().lower().replace("_", "-").replace(" ", "-")
    return kind in AMONG_TEAMS or flag(record.get("is_shared", record.get("ticket_shared"))) is False


def _messages(
    source: Record, parts: list[dict[str, Any]], created: datetime, hidden: bool
) -> tuple[TicketMessage, ...]:
    first: list[TicketMessage] = []
    if text := _text(source):
        first.append(TicketMessage(created, _role(source, "customer"), not hidden, text))
    later: list[TicketMessage] = []
    at = created
    for part in parts:
        at = instant(part.get("created_at")) or at
        text = _text(part)
        if text:
            role = _role(part, "system")
            later.append(TicketMessage(at, role, not hidden and _public(part, role), text))
    return (*first, *in_order(later))


def _text(part: Record) -> str:
    return "" if flag(part.get("redacted")) else body_to_text(part.get("body"))


def _role(part: Record, unknown: Role) -> Role:
    author = mapping(part.get("author"))
    if _is(author, BOTS) or flag(author.get("from_ai_agent")) or flag(author.get("is_ai_answer")):
        return "bot"
    if _is(author, CUSTOMERS):
        return "customer"
    return "agent" if _is(author, STAFF) else unknown


def _public(part: Mapping[str, Any], role: Role) -> bool:
    """A comment is public; a note never; text on another kind of part only when a customer wrote it."""
    kind = str(part.get("part_type") or "").lower()
    return kind == "comment" or (role == "customer" and "note" not in kind)


def _signatures(record: Record) -> tuple[str, ...]:
    found = (
        body_to_text(admin.get("signature")) for admin in rows(record.get("teammates"), "teammates", "admins")
    )
    return tuple(dict.fromkeys(filter(None, found)))


READER = Reader(
    vendor="intercom",
    read=read,
    page_keys=("conversations", "data", "tickets"),
    columns={
        "conversation id": "id",
        "id": "id",
        "conversation started at": "created_at",
        "created at": "created_at",
        "last updated at": "updated_at",
        "updated at": "updated_at",
        "last closed at": "statistics.last_close_at",
        "conversation last closed at": "statistics.last_close_at",
        "state": "state",
        "conversation status": "state",
        "channel": "source.type",
        "title": "title",
        "conversation tags": "tags",
        "tags": "tags",
        "conversation rating": "conversation_rating.rating",
    },
)
