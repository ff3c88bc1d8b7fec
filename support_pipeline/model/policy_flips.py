"""The same tickets under other policy values: does the model read its policies, or know them by heart?

Of each ticket whose right answer states a policy, the system message is changed to another value and
the ticket asked again. An answer complies when it states the new value and contradicts nothing; it leaks
when it states the old one. 299 flips without a leak show that fewer than 1 % leak (95 %).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

import re2

from support_pipeline.claims import claims, judge
from support_pipeline.flips import Flip, Refused, flip, flip_chat, value_of
from support_pipeline.model.prompt import Message
from support_pipeline.model.scoring import Case, policy_finding
from support_pipeline.model.verdict import Share
from support_pipeline.policies import PolicyBook, PolicyFact
from support_pipeline.quantities import quantities

ROUNDS = 24
"""Other values that are tried of each fact; no unit knows more that are plausible."""


@dataclass(frozen=True, slots=True)
class FlippedTicket:
    """A ticket under another value of one policy. `case` holds the human answer as it would read then."""

    case: Case
    messages: tuple[Message, ...]
    flip: Flip

    @property
    def topic(self) -> str:
        """The policy that has another value."""
        return self.flip.facts[0].topic


@dataclass(frozen=True, slots=True)
class FlipOutcome:
    """What an answer did with the other value. It may do neither: a model that says nothing of the policy."""

    pair_id: str
    topic: str
    before: str
    after: str
    answer: str
    complied: bool
    leaked: bool


def flipped_tickets(
    chats: Sequence[Sequence[Message]],
    cases: Sequence[Case],
    book: PolicyBook,
    day: date,
    wanted: int,
) -> list[FlippedTicket]:
    """Up to `wanted` flips: every ticket with one value, then with a second, and so on.

    All tickets of a round share their values, so that their prompts begin alike. A ticket whose right
    answer might follow from the value in other ways than by stating it is left out.
    """
    found: list[FlippedTicket] = []
    used: set[tuple[str, str]] = set()
    stated = [{claim.topic for claim in claims(book, case.human_answer)} for case in cases]
    for turn in range(ROUNDS if wanted else 0):
        for fact in book.in_force(day):
            flipped = flip(book, fact, day, Random(f"{fact.topic}|{turn}"))
            if isinstance(flipped, Refused) or (key := (fact.topic, _value(flipped, new=True))) in used:
                continue
            used.add(key)
            for chat, case, topics in zip(chats, cases, stated, strict=True):
                if fact.topic in topics and (made := _flipped(chat, case, flipped)):
                    found.append(made)
        if len(found) >= wanted:
            break
    return found[:wanted]


def _flipped(chat: Sequence[Message], case: Case, flipped: Flip) -> FlippedTicket | None:
    changed = flip_chat(flipped, chat)
    if isinstance(changed, Refused) or flipped.facts[0].topic not in changed.stated:
        return None
    return FlippedTicket(
        replace(case, human_answer=changed.messages[-1]["content"]), changed.messages[:-1], flipped
    )


def judge_flip(ticket: FlippedTicket, answer: str) -> FlipOutcome:
    """Whether an answer follows the policy to its other value, or keeps to the one that it had."""
    finding = policy_finding(ticket.flip.book, ticket.flip.day, ticket.case, answer)
    leaked = _leaks(ticket.flip, answer)
    return FlipOutcome(
        pair_id=ticket.case.pair_id,
        topic=ticket.topic,
        before=_value(ticket.flip, new=False),
        after=_value(ticket.flip, new=True),
        answer=answer,
        complied=ticket.topic in finding.right and not leaked,
        leaked=leaked,
    )


def _leaks(flipped: Flip, answer: str) -> bool:
    """Whether the old value is claimed of the topic, or stands where no pattern claims it for another."""
    topic, old = flipped.facts[0].topic, value_of(flipped.facts[0].before)
    said = claims(flipped.book, answer)
    if any(c.topic == topic and judge(flipped.book, c, flipped.day) == "superseded" for c in said):
        return True
    if old is None:
        return False
    if old.unit == "text":
        return bool(re2.search(rf"(?i)\b{re2.escape(old.text)}\b", answer))
    elsewhere = [(c.start, c.end) for c in said if c.topic != topic]
    others = [value_of(fact) for fact in flipped.book.in_force(flipped.day) if fact.topic != topic]
    if any(other is not None and other.same_value(old) for other in others):
        return False  # the value of another policy, which the answer may well state
    return any(
        q.same_value(old) and not q.past and not any(a <= q.start < b for a, b in elsewhere)
        for q in quantities(answer)
    )


def _value(flipped: Flip, *, new: bool) -> str:
    fact: PolicyFact = flipped.facts[0].after if new else flipped.facts[0].before
    return fact.spoken_value() or fact.sentence()


def compliance(outcomes: Sequence[FlipOutcome]) -> Share:
    """The share of flips that the answers followed."""
    return Share(sum(outcome.complied for outcome in outcomes), len(outcomes))


def leaks(outcomes: Sequence[FlipOutcome]) -> Share:
    """The share of flips where an answer kept to the old value."""
    return Share(sum(outcome.leaked for outcome in outcomes), len(outcomes))
