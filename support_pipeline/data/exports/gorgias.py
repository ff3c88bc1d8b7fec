"""Gorgias: one ticket with its messages to a canonical ticket.

Sources: Gorgias developer documentation, "Ticket object", "Message object", "Events". A message is
public only if its `public` flag, its channel and its source agree, and if it was really sent.
"""

import re
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
    one_line,
    outcome,
    plain,
    rows,
    says_escalated,
    stars,
)
from support_pipeline.data.exports.html import body_to_text
from support_pipeline.data.exports.reader import Origin, Reader, Record, Unreadable
from support_pipeline.data.tickets import Resolution, Role, Ticket, TicketMessage

INTERNAL = "internal-note"
STATUSES = frozenset({"open", "closed", "new", "pending", "solved"})
CHANNELS = {
    "contact_form": "web",
    "help-center": "web",
    "chat": "chat",
    "whatsapp": "chat",
    "facebook": "social",
    "facebook-messenger": "social",
    "facebook-mention": "social",
    "facebook-recommendations": "social",
    "instagram-comment": "social",
    "instagram-direct-message": "social",
    "instagram-ad-comment": "social",
    "instagram-mention": "social",
    "twitter": "social",
    "twitter-direct-message": "social",
    "tiktok-shop": "social",
    "aircall": "phone",
}
MOVES = (("ticket-assigned", "ticket-reassigned"), ("ticket-team-assigned",))
"""Events that give a ticket to somebody: a second person, or a second team, is a reassignment."""
_TICKET_FIELD = re.compile(r"(?:^|_)(?:ids?|tickets?|into|target|primary)$")
_NO_TICKET = re.compile(r"user|agent|customer|message|integration|account|rule|team")
_STAYS = re.compile(r"into|target|primary|main|parent|destination|surviv")
_GOES = re.compile(r"merged|source|from|secondary|child|duplicate")


def read(record: Record, origin: Origin) -> Ticket:
    """One raw ticket.

    Raises:
        Unreadable: no id, no time, or a message in the place of a ticket.
    """
    ticket_id = ident(record.get("id"))
    if not ticket_id:
        raise Unreadable("no ticket id")
    if ident(record.get("ticket_id")) and "messages" not in record:
        raise Unreadable("a message, not a ticket")
    created = instant(record.get("created_datetime")) or instant(record.get("opened_datetime"))
    updated = (
        instant(record.get("updated_datetime")) or instant(record.get("last_message_datetime")) or created
    )
    created = created or updated
    if created is None or updated is None:
        raise Unreadable("neither created_datetime nor updated_datetime is a time")
    customer = mapping(record.get("customer")) or mapping(record.get("requester"))
    tags = lower_tags(record.get("tags"))
    status = _status(record)
    closed = instant(record.get("closed_datetime"))
    return Ticket(
        client=origin.client,
        vendor="gorgias",
        ticket_id=ticket_id,
        created_at=created,
        updated_at=updated,
        resolved_at=closed or updated if status == "closed" else None if status in STATUSES else closed,
        status=status,
        channel=_channel(record.get("channel")),
        subject=one_line(record.get("subject")),
        language=language_code(record.get("language")) or language_code(customer.get("language")),
        tags=tags,
        satisfaction=stars(_score(record.get("satisfaction_survey"))),
        resolution=_resolution(record, tags),
        customer_id=ident(customer.get("id")),
        thread_id=_thread(record, ticket_id),
        customer_names=_customer_names(record, customer),
        agent_names=_agent_names(record),
        signatures=_signatures(record),
        messages=in_order(_messages(record, created)),
        source_file=origin.file,
        source_line=origin.line,
    )


def _status(record: Record) -> str:
    if instant(record.get("trashed_datetime")) or record.get("trashed_datetime") is True:
        return "deleted"
    if flag(record.get("spam")) or str(record.get("status")).lower() == "spam":
        return "spam"
    status = str(record.get("status") or "").strip().lower()
    return status if status in STATUSES else "unknown"


def _channel(value: object) -> str:
    name = str(value or "unknown").strip().lower()
    return CHANNELS.get(name, name)


def _score(survey: object) -> object:
    return survey.get("score") if isinstance(survey, dict) else survey


def _resolution(record: Record, tags: tuple[str, ...]) -> Resolution:
    events = rows(record.get("events"), "data", "events")
    kinds = [str(event.get("type") or "").lower() for event in events]
    team = mapping(record.get("assignee_team")).get("name")
    moved = any(len(_assignees(events, kinds, who) - {""}) > 1 for who in MOVES)
    return outcome(
        escalated=says_escalated([*tags, team]) or "ticket-handed-over" in kinds,
        needs_human="ticket-reopened" in kinds or moved,
    )


def _assignees(events: list[dict[str, Any]], kinds: list[str], moves: tuple[str, ...]) -> set[str]:
    """Whom the events of one kind name; `user_id` beside `data` is who did it, so it is not looked at."""
    return {
        _assignee(mapping(event.get("data")))
        for event, kind in zip(events, kinds, strict=True)
        if kind in moves
    }


def _assignee(about: Record) -> str:
    places = ("assignee_user", "assignee_user_id", "assignee_team", "assignee_team_id", "user_id", "team_id")
    found = next((about[name] for name in places if about.get(name)), None)
    return ident(found.get("id")) if isinstance(found, dict) else ident(found)


def merge_named(event: Record) -> tuple[str, list[str]]:
    """(the ticket merged into, those that were merged) as far as a merge event's `data` names them.

    The vendor does not document these names, so they are told by their words.
    """
    into, gone = "", []
    for name, value in mapping(event.get("data")).items():
        if not _TICKET_FIELD.search(name) or _NO_TICKET.search(name):
            continue
        found = [ident(mapping(one).get("id") if isinstance(one, dict) else one) for one in _listed(value)]
        ids = [one for one in found if one.isdecimal()]
        if _STAYS.search(name):
            into = into or next(iter(ids), "")
        elif _GOES.search(name):
            gone += ids
    return into, gone


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _thread(record: Record, ticket_id: str) -> str:
    """The ticket that this one was merged into, by field or event; else its own id."""
    places = [
        record.get("merged_into_id"),
        record.get("merged_into"),
        mapping(record.get("meta")).get("merged_into"),
    ]
    for event in rows(record.get("events"), "data"):
        if "merged" in str(event.get("type")):
            places.append(merge_named(event)[0])
    found = (ident(place) for place in places if not isinstance(place, dict | list))
    return next((place for place in found if place), ticket_id)


def _messages(record: Record, created: datetime) -> list[TicketMessage]:
    raw = rows(record.get("messages"), "data", "messages")
    stamps_sending = any(message.get("sent_datetime") for message in raw)
    messages: list[TicketMessage] = []
    at = created
    for message in raw:
        text = _text(message)
        if not text:
            continue
        at = instant(message.get("created_datetime")) or instant(message.get("sent_datetime")) or at
        role = _role(message)
        shown = _public(message, role) and (role == "customer" or _was_sent(message, stamps_sending))
        messages.append(TicketMessage(at, role, shown, text))
    return messages


def _text(message: Record) -> str:
    """What the vendor left after taking quotes away; the whole body where it did not (or left nothing)."""
    for name in ("stripped_text", "body_text"):
        if text := plain(message.get(name)):
            return text
    return body_to_text(message.get("stripped_html")) or body_to_text(message.get("body_html"))


def _role(message: Record) -> Role:
    sender = mapping(message.get("sender"))
    if flag(message.get("from_agent")) is not True:
        return "customer"
    automatic = ident(message.get("rule_id")) or str(message.get("via") or "").lower() == "rule"
    return "bot" if automatic or _is_bot(sender) else "agent"


def _is_bot(sender: Record) -> bool:
    name = f" {str(sender.get('name') or '').lower()} "
    return flag(sender.get("is_bot")) is True or any(
        word in name for word in (" bot ", " ai agent ", "gorgias bot")
    )


def _public(message: Record, role: Role) -> bool:
    places = (message.get("channel"), message.get("via"), mapping(message.get("source")).get("type"))
    if any(str(place or "").strip().lower().replace("_", "-") == INTERNAL for place in places):
        return False
    shown = flag(message.get("public"))
    return role == "customer" if shown is None else shown


def _was_sent(message: Record, stamps_sending: bool) -> bool:
    """False for a reply that failed, or has no sending time in a ticket whose other messages have one."""
    if message.get("failed_datetime"):
        return False
    return not (stamps_sending and "sent_datetime" in message and not message["sent_datetime"])


def _people(record: Record, from_agent: bool) -> list[Any]:
    found = [m for m in rows(record.get("messages")) if (flag(m.get("from_agent")) is True) is from_agent]
    return [mapping(message.get("sender")).get("name") for message in found] + [
        mapping(mapping(message.get("source")).get("from")).get("name") for message in found
    ]


def _customer_names(record: Record, customer: Record) -> tuple[str, ...]:
    full = " ".join(str(customer.get(part) or "") for part in ("firstname", "lastname"))
    return names([customer.get("name"), full, *_people(record, from_agent=False)])


def _agent_names(record: Record) -> tuple[str, ...]:
    assignee = mapping(record.get("assignee_user"))
    full = " ".join(str(assignee.get(part) or "") for part in ("firstname", "lastname"))
    return names([assignee.get("name"), full, *_people(record, from_agent=True)])


def _signatures(record: Record) -> tuple[str, ...]:
    cut = [
        plain(m.get("stripped_signature")) for m in rows(record.get("messages")) if flag(m.get("from_agent"))
    ]
    own = mapping(record.get("assignee_user")).get("signature")
    return tuple(dict.fromkeys(filter(None, [*cut, body_to_text(own)])))


READER = Reader(
    vendor="gorgias",
    read=read,
    page_keys=("data", "tickets"),
    columns={
        "id": "id",
        "ticket id": "id",
        "subject": "subject",
        "status": "status",
        "channel": "channel",
        "tags": "tags",
        "language": "language",
        "created": "created_datetime",
        "created datetime": "created_datetime",
        "creation date": "created_datetime",
        "updated": "updated_datetime",
        "updated datetime": "updated_datetime",
        "last update": "updated_datetime",
        "closed": "closed_datetime",
        "closed datetime": "closed_datetime",
        "closed date": "closed_datetime",
        "customer": "customer.name",
        "customer name": "customer.name",
        "customer email": "customer.email",
        "customer id": "customer.id",
        "assignee": "assignee_user.name",
        "assignee user": "assignee_user.name",
        "assignee team": "assignee_team.name",
        "survey score": "satisfaction_survey.score",
        "satisfaction survey score": "satisfaction_survey.score",
    },
)
