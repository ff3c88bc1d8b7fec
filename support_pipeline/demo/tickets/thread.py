"""The messages around a question and its answer: asking back, thanks, notes, signatures, quotes, robots."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from support_pipeline.demo.tickets import off_topic, phrasing
from support_pipeline.demo.tickets.brand import AGENTS, AUTOMATIC, DOMAIN, Agent, Customer
from support_pipeline.demo.tickets.grammar import fill
from support_pipeline.demo.tickets.story import Look, Post, Story, Verdict
from support_pipeline.demo.tickets.texts import Details, in_voice, spoken

CHANNELS = {"email": 62, "web": 22, "chat": 10, "mobile_sdk": 6}
LOOKS: dict[Look, int] = {"plain": 80, "rich": 14, "html_only": 6}
WAIT_HOURS = (0.1, 0.3, 0.7, 1.2, 2.5, 4, 7, 15, 22)
CUSTOMER_SIGNATURES = (
    "Best,\n{first}",
    "{first} {last}\n{phone}",
    "Regards,\n{first} {last}",
    "Sent from my iPhone",
    "Thanks,\n{first} {last}",
    "--\n{first} {last}\n{address}",
    "{first}\n\nSent from Yahoo Mail on Android",
    "Sincerely,\n{first} {last}\n{email}",
)


@dataclass(frozen=True)
class Opening:
    """A ticket that has just come in: who writes, when, and which agent will have it."""

    ticket_id: int
    buyer: Customer
    agent: Agent
    at: datetime
    today: date
    rng: random.Random

    @property
    def day(self) -> date:
        """The day on which the policies are read."""
        return self.at.date()

    def later(self, than: datetime | None = None) -> datetime:
        """Some time after a message (after the ticket came in, if none is given)."""
        hours = self.rng.choice(WAIT_HOURS) * self.rng.uniform(0.6, 1.4)
        return (than or self.at) + timedelta(seconds=round(hours * 3600))


@dataclass(frozen=True)
class Thread:
    """All posts of a ticket, and everything that the customer said before the answer."""

    posts: tuple[Post, ...]
    shown: str


def thread(
    opening: Opening,
    about: Details,
    asked: str,
    said: str,
    *,
    note_chance: float = 0.16,
    asks_order: float = 0.0,
) -> Thread:
    """Question and answer with what happens around them; `asks_order` is a chance, too."""
    rng = opening.rng
    posts, shown = [customer_post(opening, opening.at, asked)], [asked]
    if rng.random() < 0.09:
        posts.append(automatic_post(opening))
    if rng.random() < asks_order and about.slots["order"] not in asked:
        posts += _asked_for_order(opening, about)
        shown.append(posts[-1].text)
    if rng.random() < note_chance:
        posts.append(_note(opening, about, posts[-1].at))
    posts.append(agent_post(opening, opening.later(posts[-1].at), said))
    posts += _goodbye(opening, about, posts[-1])
    if rng.random() < note_chance / 3:
        posts.append(_note(opening, about, posts[-1].at))
    return Thread(tuple(posts), "\n\n".join(shown))


def customer_post(opening: Opening, at: datetime, text: str, answers: Post | None = None) -> Post:
    """A message of the customer; one that answers a mail often quotes it."""
    rng = opening.rng
    signature = fill(rng.choice(CUSTOMER_SIGNATURES), _names(opening.buyer)) if rng.random() < 0.3 else ""
    quote = _quoted(answers, rng) if answers is not None and rng.random() < 0.55 else ""
    return Post(at, "customer", None, text, signature, quote, _look(rng))


def agent_post(opening: Opening, at: datetime, text: str) -> Post:
    """A public message of the agent, mostly signed."""
    signature = opening.agent.signature if opening.rng.random() < 0.85 else ""
    return Post(at, "agent", opening.agent, text, signature, "", _look(opening.rng))


def automatic_post(opening: Opening) -> Post:
    """The confirmation that a rule sends at once."""
    text = fill(opening.rng.choice(phrasing.AUTO_REPLY), {"ticket": str(opening.ticket_id)})
    return Post(opening.at + timedelta(seconds=15), "automatic", AUTOMATIC, text)


def solved(
    opening: Opening, about: Details, subject: str, posts: Sequence[Post], verdict: Verdict, asked: str = ""
) -> Story:
    """A ticket that was solved with its last public message."""
    rng = opening.rng
    return Story(
        ticket_id=opening.ticket_id,
        buyer=opening.buyer,
        assignee=opening.agent,
        about=about,
        subject=subject,
        channel=rng.choices(list(CHANNELS), weights=list(CHANNELS.values()))[0],
        status=rng.choice(["closed", "closed", "closed", "solved"]),
        created=opening.at,
        solved=max(post.at for post in posts if post.author != "note"),
        posts=tuple(posts),
        verdict=verdict,
        asked=asked,
        tags=("language__en",) if rng.random() < 0.8 else (),
        satisfaction=rng.choices(["unoffered", "offered", "good", "bad"], weights=[40, 30, 26, 4])[0],
    )


def subject_line(subjects: Sequence[str], about: Details, asked: str, rng: random.Random) -> str:
    """A subject: one of the intent's, or the first words of the message."""
    if rng.random() < 0.3:
        start = " ".join(asked.split()[:8])
        return start if len(start) < 60 else start[:57].rstrip() + "..."
    subject = fill(rng.choice(subjects), about.slots)
    return f"Re: {subject}" if rng.random() < 0.06 else subject.lower() if rng.random() < 0.15 else subject


def _asked_for_order(opening: Opening, about: Details) -> list[Post]:
    rng = opening.rng
    request = in_voice(opening.agent, spoken(phrasing.ASK_FOR_ORDER, about, rng))
    greeting = fill(rng.choice(opening.agent.greetings), _names(opening.buyer))
    asking = agent_post(opening, opening.later(), f"{greeting}\n\n{request}" if greeting else request)
    given = spoken(phrasing.GIVES_ORDER, about, rng)
    return [asking, customer_post(opening, opening.later(asking.at), given, answers=asking)]


def _goodbye(opening: Opening, about: Details, answered: Post) -> list[Post]:
    rng = opening.rng
    if rng.random() > 0.2:
        return []
    thanks = spoken(phrasing.THANKS, about, rng, agent=opening.agent.name.split()[0])
    posts = [customer_post(opening, opening.later(answered.at), thanks, answers=answered)]
    if rng.random() < 0.5:
        posts.append(agent_post(opening, opening.later(posts[0].at), spoken(phrasing.WELCOME, about, rng)))
    return posts


def _note(opening: Opening, about: Details, after: datetime) -> Post:
    text = spoken(off_topic.NOTES, about, opening.rng, agent=opening.agent.name.split()[0])
    return Post(opening.later(after), "note", opening.rng.choice(AGENTS), text)


def _quoted(post: Post, rng: random.Random) -> str:
    assert post.agent is not None, "only agents' messages are quoted"
    sender, when = f"{post.agent.name} <support@{DOMAIN}>", post.at
    if rng.random() < 0.2:
        head = f"From: {sender}\nSent: {when:%A, %B %d, %Y %I:%M %p}\nSubject: Re: your request"
        return f"-----Original Message-----\n{head}\n\n{post.body}"
    lines = "\n".join(f"> {line}".rstrip() for line in post.body.splitlines())
    return f"On {when:%a, %b} {when.day}, {when.year} at {when:%I:%M %p} {sender} wrote:\n{lines}"


def _names(buyer: Customer) -> dict[str, str]:
    return {
        "first": buyer.first,
        "last": buyer.last,
        "phone": buyer.phone,
        "email": buyer.email,
        "address": f"{buyer.street}\n{buyer.city}, {buyer.region}",
    }


def _look(rng: random.Random) -> Look:
    return rng.choices(list(LOOKS), weights=list(LOOKS.values()))[0]
