"""Tickets that make no answer: those for people, those that are no support, and those that went nowhere."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from support_pipeline.demo.tickets import human_only, off_topic
from support_pipeline.demo.tickets.answerable import Memory, enquiry
from support_pipeline.demo.tickets.brand import AGENTS, promises
from support_pipeline.demo.tickets.grammar import expand, fill
from support_pipeline.demo.tickets.human_only import Matter
from support_pipeline.demo.tickets.story import Post, Story, Verdict
from support_pipeline.demo.tickets.texts import Details, Wording, answer, composed, details, filled
from support_pipeline.demo.tickets.thread import (
    Opening,
    agent_post,
    automatic_post,
    customer_post,
    solved,
    subject_line,
    thread,
)

MATTERS = {matter.reason: matter for matter in human_only.MATTERS}


def for_people(matter: Matter, opening: Opening, memory: Memory) -> Story:
    """A ticket that a person has to decide."""
    rng = opening.rng
    about = details(rng, opening.buyer, opening.day)
    asked = _message(matter.name, lambda: _parts(matter, rng), about, opening, memory)
    said = answer(opening.agent, [rng.choice(matter.answers)], about, asked, rng, sober=True)
    around = thread(opening, about, asked, said, note_chance=0.45, asks_order=0.2)
    verdict = Verdict("pair", matter.reason, "escalate", matter.name, "", around.shown)
    subject = subject_line(matter.subjects, about, asked, rng)
    return _marked(solved(opening, about, subject, around.posts, verdict), matter, rng)


def _message(
    name: str, parts: Callable[[], Sequence[Sequence[str]]], about: Details, opening: Opening, memory: Memory
) -> str:
    def draw() -> tuple[Wording, str]:
        wording = composed(parts(), opening.rng)
        return wording, filled(wording, about, opening.rng)

    return memory.fresh(name, draw)[1]


def _parts(matter: Matter, rng: random.Random) -> Sequence[Sequence[str]]:
    if matter is not human_only.MULTI_ISSUE:
        return matter.parts
    a, b, c = rng.sample(human_only.PROBLEMS, 3)
    frame = rng.choice(human_only.MULTI_FRAMES).replace("{a}", a).replace("{b}", b).replace("{c}", c)
    return ((frame,), human_only.MULTI_ENDS)


def _marked(story: Story, matter: Matter, rng: random.Random) -> Story:
    """The helpdesk's own signs: always one on a special case, sometimes a tag on the others."""
    if matter.reason != "needs_human":
        return replace(story, tags=(*story.tags, rng.choice(matter.tags))) if rng.random() < 0.4 else story
    signs = rng.sample(["tag", "group", "moved"], rng.choice([1, 1, 2, 3]))
    colleague = rng.choice([agent for agent in AGENTS if agent != story.assignee])
    return replace(
        story,
        assignee=colleague if "moved" in signs else story.assignee,
        tags=(*story.tags, "escalated") if "tag" in signs else story.tags,
        group="Escalations" if "group" in signs else story.group,
        stations=rng.choice([2, 3]) if "moved" in signs else 1,
    )


def _not_support(opening: Opening, memory: Memory) -> Story:
    rng = opening.rng
    sort = rng.choice(list(off_topic.NOT_SUPPORT))
    about = details(rng, opening.buyer, opening.day)
    asked = _message(sort, lambda: [off_topic.NOT_SUPPORT[sort]], about, opening, memory)
    posts = [customer_post(opening, opening.at, asked)]
    if sort not in ("spam", "out_of_office") and rng.random() < 0.6:
        said = answer(opening.agent, [rng.choice(off_topic.NOT_SUPPORT_ANSWERS)], about, asked, rng)
        posts.append(agent_post(opening, opening.later(), said))
    verdict = Verdict("excluded", "not_support", None, None, sort, asked)
    story = solved(opening, about, rng.choice(off_topic.NOT_SUPPORT_SUBJECTS[sort]), posts, verdict)
    tagged = (*story.tags, sort) if rng.random() < 0.5 and sort != "press" else story.tags
    return replace(story, tags=tagged, satisfaction="unoffered")


def _language(opening: Opening, memory: Memory) -> Story:
    rng = opening.rng
    about = details(rng, opening.buyer, opening.day)
    tongue = rng.choice(off_topic.TONGUES)
    asked, said = rng.choice(tongue.exchanges)
    bought = opening.day - timedelta(days=rng.randint(3, 20))
    slots = {
        **about.slots,
        "date": f"{bought:%d.%m.%Y}",
        "return_days": promises(opening.day)["return_window"].split()[0],
    }
    text = fill(" ".join(filter(None, (rng.choice(tongue.leads), asked, rng.choice(tongue.ends)))), slots)
    posts = (
        customer_post(opening, opening.at, text),
        agent_post(opening, opening.later(), fill(said, slots)),
    )
    verdict = Verdict("excluded", "language", None, None, tongue.code, text)
    story = solved(opening, about, tongue.subject, posts, verdict)
    return replace(story, tags=(f"language__{tongue.code}",) if rng.random() < 0.6 else ())


def _empty(opening: Opening, memory: Memory) -> Story:
    rng = opening.rng
    about = details(rng, opening.buyer, opening.day)
    picture = "IMG_0412.jpg" if rng.random() < 0.4 else ""
    posts = [Post(opening.at, "customer", None, rng.choice(off_topic.EMPTY_BODIES), attachment=picture)]
    if rng.random() < 0.7:
        said = answer(opening.agent, [rng.choice(off_topic.EMPTY_ANSWERS)], about, "", rng)
        posts.append(agent_post(opening, opening.later(), said))
    verdict = Verdict("excluded", "empty", None, None, "", "")
    return solved(opening, about, rng.choice(["", "(no subject)", "Fwd:"]), posts, verdict)


def _boilerplate(opening: Opening, memory: Memory) -> Story:
    ask = enquiry(opening, memory)
    said = expand(opening.rng.choice(off_topic.BOILERPLATE_ANSWERS), opening.rng)
    posts = [customer_post(opening, opening.at, ask.asked), agent_post(opening, opening.later(), said)]
    if opening.rng.random() < 0.5:
        posts.insert(1, automatic_post(opening))
    verdict = Verdict("excluded", "boilerplate_only", None, ask.intent.name, "", ask.asked)
    subject = subject_line(ask.intent.subjects, ask.about, ask.asked, opening.rng)
    return solved(opening, ask.about, subject, posts, verdict)


def _placeholder(opening: Opening, memory: Memory) -> Story:
    ask = enquiry(opening, memory)
    core = expand(opening.rng.choice(ask.intent.answers), opening.rng)
    slots = {"your_item": "the item", "Your_item": "The item", "it": "it", "are": "is", "have": "has"}
    core = fill(core, promises(opening.day) | slots | {"come": "comes", "count": "counts"})
    left = opening.rng.choice(off_topic.PLACEHOLDER_ANSWERS)
    said = left.replace("{answer}", core).replace("{first}", opening.buyer.first)
    posts = [customer_post(opening, opening.at, ask.asked), agent_post(opening, opening.later(), said)]
    verdict = Verdict("excluded", "placeholder_left", None, ask.intent.name, "", ask.asked)
    subject = subject_line(ask.intent.subjects, ask.about, ask.asked, opening.rng)
    return solved(opening, ask.about, subject, posts, verdict)


def _unsolved(opening: Opening, memory: Memory) -> Story:
    rng = opening.rng
    ask = enquiry(opening, memory)
    state = rng.choice(["new", "open", "pending", "hold", "open", "pending", "closed"])
    posts = [customer_post(opening, opening.at, ask.asked)]
    if state not in ("new", "closed"):
        said = answer(opening.agent, [rng.choice(off_topic.UNSOLVED_ANSWERS)], ask.about, ask.asked, rng)
        posts.append(agent_post(opening, opening.later(), said))
    if state == "open" and rng.random() < 0.5:
        again = rng.choice(off_topic.STILL_WAITING)
        posts.append(customer_post(opening, opening.later(posts[-1].at), again, answers=posts[-1]))
    verdict = Verdict("excluded", "no_resolution", None, ask.intent.name, state, ask.asked)
    subject = subject_line(ask.intent.subjects, ask.about, ask.asked, rng)
    story = solved(opening, ask.about, subject, posts, verdict)
    when = story.solved if state == "closed" else None
    return replace(story, status=state, solved=when, satisfaction="unoffered")


def _deleted(opening: Opening, memory: Memory) -> Story:
    ask = enquiry(opening, memory)
    posts = thread(opening, ask.about, ask.asked, fill(ask.draft(opening), promises(opening.day))).posts
    verdict = Verdict("excluded", "not_support", None, None, "deleted")
    story = solved(opening, ask.about, ask.intent.subjects[0], posts, verdict)
    return replace(story, status="deleted", posts=posts if opening.rng.random() < 0.5 else ())


NO_EXAMPLE: Mapping[str, Callable[[Opening, Memory], Story]] = {
    "not_support": _not_support,
    "language": _language,
    "empty": _empty,
    "boilerplate_only": _boilerplate,
    "placeholder": _placeholder,
    "no_resolution": _unsolved,
    "deleted": _deleted,
}
