"""A ticket as it was lived, before any vendor's shape: who wrote what, and what ought to become of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from support_pipeline.demo.tickets.brand import Agent, Customer
from support_pipeline.demo.tickets.texts import Details, Wording

Author = Literal["customer", "agent", "note", "automatic"]
Look = Literal["plain", "rich", "html_only"]
Fate = Literal["pair", "excluded", "duplicate", "quarantined"]


@dataclass(frozen=True)
class Post:
    """One comment: the words that matter, and what a mail program or an agent adds around them."""

    at: datetime
    author: Author
    agent: Agent | None
    text: str
    signature: str = ""
    quote: str = ""
    look: Look = "plain"
    attachment: str = ""

    @property
    def body(self) -> str:
        """All of the comment as plain text."""
        return "\n\n".join(part for part in (self.text, self.signature, self.quote) if part)


@dataclass(frozen=True)
class Verdict:
    """What ought to become of a ticket: the answer key of the demo."""

    fate: Fate
    reason: str
    kind: str | None = None
    intent: str | None = None
    detail: str = ""
    customer: str | None = None
    resolution: str | None = None
    stale: bool = False


@dataclass(frozen=True)
class Story:
    """One ticket from the first message to the last."""

    ticket_id: int
    buyer: Customer
    assignee: Agent | None
    about: Details
    subject: str
    channel: str
    status: str
    created: datetime
    solved: datetime | None
    posts: tuple[Post, ...]
    verdict: Verdict
    wording: Wording | None = None
    asked: str = ""
    tags: tuple[str, ...] = ()
    group: str = "Support"
    stations: int = 1
    satisfaction: str = "unoffered"
    follows: int | None = None
    copied_from: int | None = None

    @property
    def last(self) -> datetime:
        """The time of the last change."""
        return max([self.created, *(post.at for post in self.posts), *([self.solved] if self.solved else [])])

    def no_later_than(self, limit: datetime) -> "Story":
        """The same ticket with everything pulled together, so that nothing happens after `limit`."""
        if self.last <= limit:
            return self
        pace = (limit - self.created) / (self.last - self.created)

        def sooner(at: datetime) -> datetime:
            return (self.created + (at - self.created) * pace).replace(microsecond=0)

        posts = tuple(replace(post, at=sooner(post.at)) for post in self.posts)
        return replace(self, posts=posts, solved=sooner(self.solved) if self.solved else None)
