"""A story in the shape of Zendesk's JSON export: one ticket a line, comments, users and metrics inside."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from support_pipeline.demo.tickets.brand import CLIENT, Agent, Customer
from support_pipeline.demo.tickets.story import Post, Story

GROUPS = {"Support": 71, "Escalations": 72}
BRAND_ID = 31


def ticket(story: Story) -> dict[str, Any]:
    """The ticket as Zendesk exports it."""
    comments = [_comment(story, place, post) for place, post in enumerate(story.posts)]
    return {
        "id": story.ticket_id,
        "url": f"https://{CLIENT}.zendesk.com/api/v2/tickets/{story.ticket_id}.json",
        "external_id": None,
        "via": _via(story),
        "created_at": _stamp(story.created),
        "updated_at": _stamp(story.last),
        "generated_timestamp": int(story.last.timestamp()),
        "type": "question",
        "subject": story.subject,
        "raw_subject": story.subject,
        "description": story.posts[0].body if story.posts else None,
        "priority": "high" if story.group == "Escalations" else "normal",
        "status": story.status,
        "recipient": f"support@{CLIENT}.example",
        "requester_id": story.buyer.id,
        "submitter_id": story.buyer.id,
        "assignee_id": story.assignee.id if story.assignee else None,
        "group_id": GROUPS[story.group],
        "is_public": True,
        "tags": list(story.tags),
        "custom_fields": [],
        "satisfaction_rating": {"score": story.satisfaction},
        "brand_id": BRAND_ID,
        "metric_set": _metrics(story),
        "groups": [{"id": number, "name": name} for name, number in GROUPS.items()],
        "users": _users(story),
        "comments": comments or None,
    }


def _via(story: Story) -> dict[str, Any]:
    source: dict[str, Any] = {
        "from": {"address": story.buyer.email, "name": story.buyer.name},
        "to": {},
        "rel": None,
    }
    if story.follows is not None:
        source["rel"] = "follow_up"
        source["from"] |= {"ticket_id": story.follows, "subject": story.subject.removeprefix("Re: ")}
    return {"channel": story.channel, "source": source}


def _metrics(story: Story) -> dict[str, Any]:
    return {
        "solved_at": _stamp(story.solved) if story.solved else None,
        "assignee_stations": story.stations,
        "group_stations": 2 if story.group == "Escalations" else 1,
        "reopens": 0,
        "replies": sum(post.author == "agent" for post in story.posts),
    }


def _users(story: Story) -> list[dict[str, Any]]:
    staff = {post.agent.id: post.agent for post in story.posts if post.agent}
    if story.assignee:
        staff.setdefault(story.assignee.id, story.assignee)
    return [*(_agent(staff[number]) for number in sorted(staff)), _customer(story.buyer)]


def _agent(agent: Agent) -> dict[str, Any]:
    user: dict[str, Any] = {"id": agent.id, "name": agent.name, "role": "agent", "email": agent.email}
    return user | {"signature": agent.signature} if agent.field else user


def _customer(buyer: Customer) -> dict[str, Any]:
    return {"id": buyer.id, "name": buyer.name, "role": "end-user", "email": buyer.email}


def _comment(story: Story, place: int, post: Post) -> dict[str, Any]:
    number = story.ticket_id * 100 + place
    comment = {
        "id": number,
        "type": "Comment",
        "author_id": post.agent.id if post.agent else story.buyer.id,
        "body": post.body,
        "html_body": _html(post),
        "plain_body": post.body,
        "public": post.author != "note",
        "attachments": [_attachment(number, post.attachment)] if post.attachment else [],
        "audit_id": number * 10,
        "via": {"channel": "rule" if post.author == "automatic" else story.channel},
        "created_at": _stamp(post.at),
    }
    if post.look == "html_only":
        del comment["body"], comment["plain_body"]
    return comment


def _attachment(number: int, name: str) -> Mapping[str, Any]:
    url = f"https://{CLIENT}.zendesk.com/attachments/{number}/{name}"
    return {
        "id": number * 7,
        "file_name": name,
        "content_type": "image/jpeg",
        "size": 481_203,
        "content_url": url,
    }


def _html(post: Post) -> str:
    """The comment as mail programs and agents' editors leave it."""
    if post.look == "plain":
        return f'<div class="zd-comment" dir="auto">{_lines(post.body)}</div>'
    parts = [f"<p>{_lines(paragraph)}</p>" for paragraph in post.text.split("\n\n")]
    if post.signature:
        style = ' style="color: #777; font-size: 12px"' if post.agent else ""
        parts.append(f"<div{style}>{_lines(post.signature)}</div>")
    if post.quote:
        parts.append(_html_quote(post.quote))
    return f'<div class="zd-comment zd-comment-pre-styled" dir="auto">{"".join(parts)}</div>'


def _html_quote(quote: str) -> str:
    head, _, rest = quote.partition("\n")
    if not head.endswith("wrote:"):
        return f"<div><hr>{_lines(quote)}</div>"
    inside = "\n".join(line.removeprefix(">").removeprefix(" ") for line in rest.splitlines())
    return (
        f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{escape(head)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{_lines(inside)}</blockquote></div>'
    )


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
