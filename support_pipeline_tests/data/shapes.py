"""Generated conversations, and each vendor's way of writing them down."""

import html
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]

AGENT, AGENT_NAME = 900, "Priya Raman"


@dataclass(frozen=True)
class Said:
    """One message: who, whether the customer may see it, and what."""

    at: datetime
    role: str
    public: bool
    text: str


@dataclass(frozen=True)
class Conversation:
    """A resolved conversation; the first message is the customer's."""

    number: int
    customer: str
    subject: str
    said: tuple[Said, ...]
    solved: datetime

    @property
    def customer_id(self) -> int:
        return 100_000 + self.number


def conversations(
    count: int, seed: int = 3, start: datetime = datetime(2026, 1, 5, tzinfo=UTC)
) -> list[Conversation]:
    """Conversations over three months, each with one internal note and the odd <, & and line break."""
    rng = random.Random(seed)
    return [
        _conversation(number, start + timedelta(hours=rng.randrange(24 * 80)), rng)
        for number in range(1, count + 1)
    ]


def _conversation(number: int, start: datetime, rng: random.Random) -> Conversation:
    texts = [
        ("customer", True, f"Where is my order {rng.randrange(10**6)}?\nIt's late & I need it."),
        ("agent", True, "Hello,\n\nit left us <today>. Parcels take 3 to 5 days.\n\nBest regards,\nPriya"),
        ("agent", False, f"internal: parcel {rng.randrange(10**6)} was scanned damaged"),
        ("customer", True, "Thanks a lot"),
        ("agent", True, "You are welcome."),
    ]
    said = tuple(Said(start + timedelta(minutes=7 * n), *text) for n, text in enumerate(texts))
    name = rng.choice(["Ada Lind", "Théo Laurent", "Mei Tanaka"])
    return Conversation(number, name, f"Order {number} & co", said, said[-1].at)


def zendesk(one: Conversation) -> Row:
    """A line of Zendesk's JSON export."""
    return {
        "id": one.number,
        "via": {"channel": "email", "source": {"from": {"address": "c@example.com", "name": one.customer}}},
        "created_at": _iso(one.said[0].at),
        "updated_at": _iso(one.solved),
        "subject": one.subject,
        "description": one.said[0].text,
        "status": "closed",
        "requester_id": one.customer_id,
        "is_public": True,
        "tags": [],
        "satisfaction_rating": {"score": "good"},
        "metric_set": {"solved_at": _iso(one.solved), "reopens": 0},
        "users": [
            {"id": AGENT, "name": AGENT_NAME, "role": "agent"},
            {"id": one.customer_id, "name": one.customer, "role": "end-user"},
        ],
        "comments": [
            {
                "id": one.number * 100 + n,
                "type": "Comment",
                "author_id": _author(one, said),
                "plain_body": said.text,
                "html_body": f"<div>{_markup(said.text)}</div>",
                "public": said.public,
                "via": {"channel": "email"},
                "created_at": _iso(said.at),
            }
            for n, said in enumerate(one.said)
        ],
    }


def gorgias(one: Conversation) -> Row:
    """A ticket of Gorgias with its messages."""
    return {
        "id": one.number,
        "status": "closed",
        "channel": "email",
        "spam": False,
        "language": None,
        "subject": one.subject,
        "tags": [],
        "customer": {"id": one.customer_id, "name": one.customer},
        "created_datetime": _offset(one.said[0].at),
        "closed_datetime": _offset(one.solved),
        "updated_datetime": _offset(one.solved),
        "trashed_datetime": None,
        "satisfaction_survey": {"score": 5},
        "messages": [
            {
                "id": one.number * 100 + n,
                "ticket_id": one.number,
                "public": said.public,
                "channel": "email" if said.public else "internal-note",
                "from_agent": said.role == "agent",
                "sender": {"id": _author(one, said), "name": _name(one, said)},
                "body_text": said.text,
                "body_html": f"<div>{_markup(said.text)}</div>",
                "stripped_text": None if n % 2 else said.text,
                "created_datetime": _offset(said.at),
            }
            for n, said in enumerate(one.said)
        ],
    }


def freshdesk(one: Conversation) -> Row:
    """A ticket of Freshdesk with its conversations; the first message is the description."""
    return {
        "id": one.number,
        "subject": one.subject,
        "description": f"<div>{_markup(one.said[0].text)}</div>",
        "description_text": one.said[0].text,
        "status": 5,
        "source": 1,
        "requester_id": one.customer_id,
        "requester": {"id": one.customer_id, "name": one.customer},
        "responder": {"name": AGENT_NAME},
        "tags": [],
        "created_at": _iso(one.said[0].at),
        "updated_at": _iso(one.solved),
        "stats": {"resolved_at": _iso(one.solved), "closed_at": _iso(one.solved)},
        "satisfaction_rating": {"ratings": {"default_question": 103}},
        "conversations": [
            {
                "id": one.number * 100 + n,
                "ticket_id": one.number,
                "incoming": said.role == "customer",
                "private": not said.public,
                "source": 0 if said.public else 2,
                "user_id": _author(one, said),
                "body": f"<div>{_markup(said.text)}</div>",
                "body_text": said.text,
                "created_at": _iso(said.at),
            }
            for n, said in enumerate(one.said)
            if n
        ],
    }


def intercom(one: Conversation) -> Row:
    """A conversation of Intercom; most parts are no messages."""
    first = one.said[0]
    closing = {"type": "conversation_part", "id": f"{one.number}99", "part_type": "close", "body": None}
    return {
        "type": "conversation",
        "id": str(one.number),
        "created_at": int(first.at.timestamp()),
        "updated_at": int(one.solved.timestamp()),
        "state": "closed",
        "title": None,
        "source": {
            "type": "email",
            "delivered_as": "customer_initiated",
            "subject": f"<p>{_markup(one.subject)}</p>",
            "body": f"<p>{_markup(first.text)}</p>",
            "author": {"type": "user", "id": str(one.customer_id), "name": one.customer},
        },
        "tags": {"type": "tag.list", "tags": []},
        "conversation_rating": {"rating": 4},
        "statistics": {"last_close_at": int(one.solved.timestamp())},
        "conversation_parts": {
            "conversation_parts": [
                {
                    "type": "conversation_part",
                    "id": str(one.number * 100 + n),
                    "part_type": "comment" if said.public else "note",
                    "body": f"<p>{_markup(said.text)}</p>",
                    "created_at": int(said.at.timestamp()),
                    "author": {
                        "type": "user" if said.role == "customer" else "admin",
                        "id": str(_author(one, said)),
                        "name": _name(one, said),
                    },
                }
                for n, said in enumerate(one.said)
                if n
            ]
            + [{**closing, "created_at": int(one.solved.timestamp()), "author": {"type": "bot", "id": "1"}}]
        },
    }


def freshdesk_xml(talks: list[Conversation]) -> str:
    """Freshdesk's account export of the conversations."""
    return f'<?xml version="1.0"?>\n<helpdesk-tickets type="array">{"".join(map(_xml, talks))}</helpdesk-tickets>'


def _xml(one: Conversation) -> str:
    notes = "".join(
        f"<helpdesk-note><body>{html.escape(said.text)}</body><body-html>{html.escape(_markup(said.text))}</body-html>"
        f'<incoming type="boolean">{str(said.role == "customer").lower()}</incoming>'
        f'<private type="boolean">{str(not said.public).lower()}</private>'
        f'<created-at type="datetime">{_offset(said.at)}</created-at></helpdesk-note>'
        for said in one.said[1:]
    )
    return (
        f'<helpdesk-ticket><display-id type="integer">{one.number}</display-id><id>{one.number + 10**6}</id>'
        f"<subject>{html.escape(one.subject)}</subject><status>5</status><source>1</source>"
        f"<description>{html.escape(one.said[0].text)}</description>"
        f"<description-html>{html.escape(_markup(one.said[0].text))}</description-html>"
        f"<requester-id>{one.customer_id}</requester-id><requester-name>{one.customer}</requester-name>"
        f"<responder-name>{AGENT_NAME}</responder-name>"
        f"<satisfaction-rating>1</satisfaction-rating>"
        f"<created-at>{_offset(one.said[0].at)}</created-at><updated-at>{_offset(one.solved)}</updated-at>"
        f"<ticket-states><resolved-at>{_offset(one.solved)}</resolved-at></ticket-states>"
        f'<notes type="array">{notes}</notes></helpdesk-ticket>\n'
    )


SHAPES = {"zendesk": zendesk, "gorgias": gorgias, "freshdesk": freshdesk, "intercom": intercom}


def _author(one: Conversation, said: Said) -> int:
    return one.customer_id if said.role == "customer" else AGENT


def _name(one: Conversation, said: Said) -> str:
    return one.customer if said.role == "customer" else AGENT_NAME


def _markup(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(at: datetime) -> str:
    return at.isoformat()
