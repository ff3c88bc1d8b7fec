"""Tickets about one of the shop's intents: answered, copied, answered wrongly, or a matter of live data."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from support_pipeline.demo.tickets import intents_orders, intents_shop, live_data
from support_pipeline.demo.tickets.brand import NEVER_TRUE, adjective, promises
from support_pipeline.demo.tickets.grammar import fill, likeness, overlap
from support_pipeline.demo.tickets.intents import TOGETHER, Intent
from support_pipeline.demo.tickets.story import Story, Verdict
from support_pipeline.demo.tickets.texts import Details, Wording, answer, details, filled, question
from support_pipeline.demo.tickets.thread import Opening, solved, subject_line, thread

INTENTS: tuple[Intent, ...] = (*intents_orders.INTENTS, *intents_shop.INTENTS)
BY_NAME = {intent.name: intent for intent in INTENTS}
# Stories in which an agent may want to see the order before answering.
ABOUT_ORDERS = frozenset(
    ("bought", "ordered", "returned", "sent_back", "misfit", "arrived_damaged", "worn_out", "waiting")
)
ALIKE = 0.4
TRIES = 20
SLOW_TO_LEARN_DAYS = 21


@dataclass
class Memory:
    """What was written before, by subject: new texts keep a distance from it."""

    seen: dict[str, list[frozenset[str]]] = field(default_factory=dict)

    def fresh(self, subject: str, draw: Callable[[], tuple[Wording, str]]) -> tuple[Wording, str]:
        """A draw unlike all earlier ones of its subject, or the least alike of some tries."""
        earlier = self.seen.setdefault(subject, [])
        tries: list[tuple[float, tuple[Wording, str]]] = []
        for _ in range(TRIES):
            drawn = draw()
            marks = likeness(drawn[1])
            tries.append((max((overlap(marks, other) for other in earlier), default=0.0), drawn))
            if tries[-1][0] < ALIKE:
                break
        chosen = min(tries, key=lambda one: one[0])[1]
        earlier.append(likeness(chosen[1]))
        return chosen


@dataclass(frozen=True)
class Enquiry:
    """What a customer asks: the intents, the details, and the message."""

    intents: tuple[Intent, ...]
    about: Details
    wording: Wording
    asked: str

    @property
    def intent(self) -> Intent:
        """The one that names the ticket."""
        return self.intents[0]

    @property
    def order_matters(self) -> float:
        """How likely the agent asks for the order number first."""
        return 0.35 if ABOUT_ORDERS.intersection(self.intent.situations) else 0.0

    def draft(self, opening: Opening) -> str:
        """An answer of the opening's agent, policy values still open."""
        cores = [opening.rng.choice(intent.answers) for intent in self.intents]
        return answer(opening.agent, cores, self.about, self.asked, opening.rng)


def enquiry(opening: Opening, memory: Memory, intents: Sequence[Intent] = ()) -> Enquiry:
    """A new question, about the given intents or about what people happen to ask."""
    first, *more = intents or _what_people_ask(opening.rng)
    second = more[0] if more else None
    about = details(opening.rng, opening.buyer, opening.day, first.products)

    def draw() -> tuple[Wording, str]:
        wording = question(first, opening.rng, second)
        return wording, filled(wording, about, opening.rng)

    wording, asked = memory.fresh(first.name, draw)
    return Enquiry((first, *more), about, wording, asked)


def answered(opening: Opening, ask: Enquiry) -> Story:
    """A ticket that makes a good example."""
    draft = ask.draft(opening)
    said, current = fill(draft, _known_to(opening)), fill(draft, promises(opening.today))
    around = thread(opening, ask.about, ask.asked, said, asks_order=ask.order_matters)
    both = "+".join(intent.name for intent in ask.intents) if len(ask.intents) > 1 else ""
    verdict = Verdict(
        "pair", "answerable", "answer", ask.intent.name, both, around.shown, current, stale=said != current
    )
    subject = subject_line(ask.intent.subjects, ask.about, ask.asked, opening.rng)
    story = solved(opening, ask.about, subject, around.posts, verdict, ask.asked)
    return replace(story, wording=ask.wording)


def copied(opening: Opening, model: Story) -> Story:
    """Somebody asks in the words of an earlier ticket: exactly, or with a product and order of their own."""
    assert model.wording is not None and model.verdict.intent is not None, "only answered tickets are copied"
    names = model.verdict.detail.split("+") if model.verdict.detail else [model.verdict.intent]
    intents = tuple(BY_NAME[name] for name in names)
    about, asked = model.about, model.asked
    if opening.rng.random() < 0.5 or _is_personal(asked):
        about = details(opening.rng, opening.buyer, opening.day, intents[0].products)
        asked = filled(model.wording, about, opening.rng)
    story = answered(opening, Enquiry(intents, about, model.wording, asked))
    return replace(story, copied_from=model.ticket_id)


def wrongly_answered(opening: Opening, memory: Memory) -> Story:
    """The agent states a value that never was, in words of their own (not the policy's: the first answer)."""
    intent = opening.rng.choice([intent for intent in INTENTS if intent.topics])
    ask = enquiry(opening, memory, [intent])
    topic = intent.topics[0]
    wrong = opening.rng.choice(NEVER_TRUE[topic])
    ask = replace(ask, intents=(replace(intent, answers=intent.answers[1:]),))
    values = promises(opening.day) | {topic: wrong, f"{topic}_adj": adjective(wrong)}
    said = fill(ask.draft(opening), values)
    around = thread(opening, ask.about, ask.asked, said, asks_order=ask.order_matters)
    verdict = Verdict("excluded", "factual_error", None, intent.name, f"{topic}: {wrong}", around.shown)
    subject = subject_line(intent.subjects, ask.about, ask.asked, opening.rng)
    return solved(opening, ask.about, subject, around.posts, verdict)


def looked_up(opening: Opening, memory: Memory) -> Story:
    """The agent looked the answer up in a live system."""
    intent = opening.rng.choices(live_data.INTENTS, weights=[one.weight for one in live_data.INTENTS])[0]
    ask = enquiry(opening, memory, [intent])
    said = ask.draft(opening)
    around = thread(opening, ask.about, ask.asked, said, asks_order=ask.order_matters)
    verdict = Verdict("pair", "answerable", "cannot_know", intent.name, "live_data", around.shown)
    subject = subject_line(intent.subjects, ask.about, ask.asked, opening.rng)
    return solved(opening, ask.about, subject, around.posts, verdict)


def _what_people_ask(rng: random.Random) -> tuple[Intent, ...]:
    if rng.random() < 0.12:
        return tuple(BY_NAME[name] for name in rng.choice(TOGETHER))
    return tuple(rng.choices(INTENTS, weights=[intent.weight for intent in INTENTS]))


def _known_to(opening: Opening) -> dict[str, str]:
    """The promises as the agent knows them: for some weeks after a change a few still say the old one."""
    slow = opening.rng.random() < 0.3
    return promises(date.fromordinal(opening.day.toordinal() - (SLOW_TO_LEARN_DAYS if slow else 0)))


def _is_personal(text: str) -> bool:
    return any(sign.isdigit() or sign == "@" for sign in text)
