"""Zendesk: one ticket of the JSON export (or of an API page) to a canonical ticket.

Sources: Zendesk developer documentation, "Tickets", "Ticket Comments", "Ticket Metrics",
"Incremental Exports" and "Exporting ticket, user, or organization data".
"""

import re
from collections.abc import Mapping
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
    stars,
)
from support_pipeline.data.exports.html import html_to_text
from support_pipeline.data.exports.reader import Origin, Reader, Record, Unreadable
from support_pipeline.data.tickets import Role, Ticket, TicketMessage

STATUSES = frozenset({"new", "open", "pending", "hold", "solved", "closed", "deleted"})
CHANNELS = {
    "native_messaging": "chat",
    "messaging": "chat",
    "chat_transcript": "chat",
    "answer_bot": "chat",
    "mail": "email",
    "web_form": "web",
    "web form": "web",
    "web_widget": "web",
    "help_center": "web",
    "mobile_sdk": "web",
    "twitter": "social",
    "twitter_dm": "social",
    "facebook": "social",
    "instagram_dm": "social",
    "whatsapp": "chat",
    "voice": "phone",
}
SYSTEM_CHANNELS = frozenset({"rule", "system", "trigger", "automation", "logmein", "side_conversation"})
BOT_CHANNELS = frozenset({"answer_bot", "answer_bot_for_agents", "answer_bot_for_sdk", "ai_agent", "bot"})
PRIVATE_CHANNELS = frozenset({"side_conversation"})
"""Colleagues among themselves; as a whole ticket's channel, the ticket that a side conversation opened."""
COMMENT_TYPES = frozenset({"Comment", "VoiceComment", "VoiceApiComment", "TpeVoiceComment", ""})
STAFF = frozenset({"agent", "admin"})
_MERGED = re.compile(r"merged into (?:request|ticket) #?(\d+)", re.IGNORECASE)
MERGED_TAG = "closed_by_merge"
_NUMBER = re.compile(r"#(\d+)")


def read(record: Record, origin: Origin) -> Ticket:
    """One raw ticket, its comments inside or missing.

    Raises:
        Unreadable: no id, or no time at all.
    """
    record = (
        {**record, **mapping(record.get("ticket"))} if "ticket" in record and "id" not in record else record
    )
    ticket_id = ident(record.get("id"))
    if not ticket_id:
        raise Unreadable("no ticket id")
    metrics = _metrics(record, ticket_id)
    created = instant(record.get("created_at"))
    updated = instant(record.get("updated_at")) or instant(record.get("generated_timestamp")) or created
    created = created or updated
    if created is None or updated is None:
        raise Unreadable("neither created_at nor updated_at is a time")
    people = {ident(user.get("id")): user for user in rows(record.get("users"))}
    requester = ident(record.get("requester_id")) or ident(mapping(record.get("requester")).get("id"))
    tags = lower_tags(record.get("tags"))
    status = str(record.get("status") or "").strip().lower()
    status = status if status in STATUSES else "unknown"
    solved = instant(metrics.get("solved_at")) or instant(record.get("solved_at"))
    return Ticket(
        client=origin.client,
        vendor="zendesk",
        ticket_id=ticket_id,
        created_at=created,
        updated_at=updated,
        resolved_at=_resolved(status, solved, updated),
        status=status,
        channel=_channel(record),
        subject=_subject(record),
        language=_language(record, tags),
        tags=tags,
        satisfaction=_satisfaction(record.get("satisfaction_rating")),
        resolution=_resolution(record, metrics, tags),
        customer_id=requester,
        thread_id=_thread(record, tags, ticket_id),
        customer_names=_customer_names(record, people, requester),
        agent_names=_agent_names(record, people),
        signatures=tuple(dict.fromkeys(filter(None, map(_signature, people.values())))),
        messages=in_order(_messages(record, people, requester, created)),
        source_file=origin.file,
        source_line=origin.line,
    )


def _metrics(record: Record, ticket_id: str) -> Mapping[str, Any]:
    own = record.get("metric_set") or record.get("metrics")
    if isinstance(own, dict):
        return own
    sets = rows(record.get("metric_sets"))
    return next((row for row in sets if ident(row.get("ticket_id")) == ticket_id), {})


def _resolved(status: str, solved: Any, updated: Any) -> Any:
    if status in ("solved", "closed"):
        return solved or updated
    return solved if status in ("deleted", "unknown") else None


def _channel(record: Record) -> str:
    via = record.get("via")
    raw = via if isinstance(via, str) else mapping(via).get("channel")
    name = str(raw or "unknown").strip().lower()
    return CHANNELS.get(name, name)


def _subject(record: Record) -> str:
    subject = one_line(record.get("subject"))
    return subject or one_line(record.get("raw_subject"))


def _language(record: Record, tags: tuple[str, ...]) -> str | None:
    """The language of intelligent triage (a tag), or the requester's locale."""
    for tag in tags:
        if tag.startswith("language__") and (code := language_code(tag.removeprefix("language__"))):
            return code
    return language_code(record.get("language")) or language_code(record.get("locale"))


def _satisfaction(rating: object) -> str | None:
    score = mapping(rating).get("score") if isinstance(rating, dict) else rating
    text = str(score or "").strip().lower()
    if text.startswith(("good", "bad")):
        return "good" if text.startswith("good") else "bad"
    return stars(score)


def _resolution(record: Record, metrics: Mapping[str, Any], tags: tuple[str, ...]) -> Any:
    group = ident(record.get("group_id"))
    groups = [row.get("name") for row in rows(record.get("groups")) if ident(row.get("id")) == group]
    named = record.get("group")
    own = mapping(named).get("name") if isinstance(named, dict) else named
    escalated = says_escalated([*tags, *groups, own]) or bool(ident(record.get("problem_id")))
    moved = any((number(metrics.get(name)) or 0) > 1 for name in ("assignee_stations", "group_stations"))
    return outcome(escalated, moved or (number(metrics.get("reopens")) or 0) > 0)


def _thread(record: Record, tags: tuple[str, ...], ticket_id: str) -> str:
    """The ticket it follows up, was merged into, or is an incident of; else its own id.

    The comment on a merge is in the account's language; the tag that the vendor puts on the ticket is not.
    """
    source = mapping(mapping(record.get("via")).get("source"))
    parent = ident(record.get("followup_source_id") or record.get("via_followup_source_id"))
    if not parent and source.get("rel") == "follow_up":
        parent = ident(mapping(source.get("from")).get("ticket_id"))
    for comment in reversed(_comments(record)):
        if parent:
            break
        body = str(comment.get("plain_body") or comment.get("body") or "")[:500]
        found = _MERGED.search(body) if comment.get("public") is not True else None
        if MERGED_TAG in tags:
            found = found or _NUMBER.search(body)
        parent = found.group(1) if found else ""
    return parent or ident(record.get("problem_id")) or ticket_id


def _comments(record: Record) -> list[dict[str, Any]]:
    return rows(record.get("comments"), "comments")


def _messages(
    record: Record, people: Mapping[str, Mapping[str, Any]], requester: str, created: Any
) -> list[TicketMessage]:
    hidden = flag(record.get("is_public")) is False or _talks_aside(record)
    messages: list[TicketMessage] = []
    at = created
    for comment in _comments(record):
        text = _text(comment)
        if not text or str(comment.get("type") or "") not in COMMENT_TYPES:
            continue
        at = instant(comment.get("created_at")) or at
        role = _role(comment, people, requester, first=not messages)
        messages.append(TicketMessage(at, role, not hidden and _public(comment, role), text))
    if not messages and (text := plain(record.get("description"))):
        messages.append(TicketMessage(created, "customer", not hidden, text))
    return messages


def _text(comment: Mapping[str, Any]) -> str:
    """The vendor's plain text first; `body` is close to Markdown, so it comes last."""
    text = comment.get("plain_body")
    if isinstance(text, str) and text.strip():
        return plain(text.replace("&nbsp;", " "))
    markup = comment.get("html_body")
    if isinstance(markup, str) and markup.strip():
        return html_to_text(markup)
    return plain(comment.get("body"))


def _role(
    comment: Mapping[str, Any], people: Mapping[str, Mapping[str, Any]], requester: str, first: bool
) -> Role:
    via = _via(comment)
    author = ident(comment.get("author_id"))
    if via in SYSTEM_CHANNELS or author == "-1":
        return "system"
    if via in BOT_CHANNELS:
        return "bot"
    if author and author == requester:
        return "customer"
    known = str(people.get(author, {}).get("role") or "").lower()
    if known:
        return "agent" if known in STAFF else "customer"
    return "customer" if not author and first else "agent"


def _via(comment: Mapping[str, Any]) -> str:
    via = comment.get("via")
    return str(via.get("channel") or "" if isinstance(via, dict) else via or "").lower()


def _public(comment: Mapping[str, Any], role: Role) -> bool:
    """Public only where nothing says otherwise; an agent's comment without the flag is private."""
    shown = flag(comment.get("public"))
    return not _talks_aside(comment) and (role == "customer" if shown is None else shown)


def _talks_aside(record: Mapping[str, Any]) -> bool:
    rel = mapping(mapping(record.get("via")).get("source")).get("rel")
    return _via(record) in PRIVATE_CHANNELS or str(rel or "").lower() in PRIVATE_CHANNELS


def _customer_names(
    record: Record, people: Mapping[str, Mapping[str, Any]], requester: str
) -> tuple[str, ...]:
    sender = mapping(mapping(mapping(record.get("via")).get("source")).get("from"))
    asked = record.get("requester")
    own = mapping(asked).get("name") if isinstance(asked, dict) else asked
    others = (user.get("name") for user in people.values() if str(user.get("role") or "") not in STAFF)
    return names(
        [people.get(requester, {}).get("name"), own, sender.get("name"), sender.get("address"), *others]
    )


def _agent_names(record: Record, people: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    staff = [user for user in people.values() if str(user.get("role") or "") in STAFF]
    assignee = record.get("assignee")
    own = mapping(assignee).get("name") if isinstance(assignee, dict) else assignee
    return names([own, *(user.get("name") for user in staff), *(user.get("alias") for user in staff)])


def _signature(user: Mapping[str, Any]) -> str:
    return plain(user.get("signature"))


READER = Reader(
    vendor="zendesk",
    read=read,
    page_keys=("tickets", "results", "data"),
    shared=("users", "groups", "metric_sets"),
    columns={
        "id": "id",
        "ticket id": "id",
        "requester": "requester.name",
        "requester id": "requester_id",
        "submitter": "submitter",
        "assignee": "assignee",
        "group": "group",
        "subject": "subject",
        "description": "description",
        "tags": "tags",
        "status": "status",
        "via": "via.channel",
        "created at": "created_at",
        "updated at": "updated_at",
        "solved at": "metric_set.solved_at",
        "reopens": "metric_set.reopens",
        "assignee stations": "metric_set.assignee_stations",
        "group stations": "metric_set.group_stations",
        "satisfaction score": "satisfaction_rating.score",
    },
)
