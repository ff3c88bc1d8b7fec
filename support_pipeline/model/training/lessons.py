"""What is taught: the train chats, corrections repeated by their class, a share under other policy values.

Repetition is the weight: a chat that counts three times stands three times in an epoch, which any
trainer, packing and kernel understands. Each copy may be rendered with other policy values.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from support_pipeline.claims import claims
from support_pipeline.errors import DatasetError
from support_pipeline.flips import FlippedChat, FlippedFact, Refused, flip_chat, other_value, safe, with_facts
from support_pipeline.model.prompt import Message
from support_pipeline.policies import PolicyBook, PolicyFact

FACT_SHARE = 0.8
"""How many of the policies read differently in a chat under other values."""
WORLD_CHATS = 8
"""So many chats have the same other values, and so the same system message, which a row then holds once."""

Chat = Sequence[Message]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One chat to learn from. `flipped` names the topics that the answer states with another value."""

    messages: Chat
    other_policies: bool = False
    flipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lessons:
    """The lessons, and how they came about.

    `repeated` counts the additional copies by edit class; `refused` why chats kept their own values.
    """

    lessons: tuple[Lesson, ...]
    chats: int
    repeated: Mapping[str, int]
    other_policies: int
    flipped_answers: int
    refused: Mapping[str, int]


def edit_classes(index: Path | None, split: str, chats: int) -> list[str]:
    """The edit class of each chat of a split ("" when it corrects nothing), in the chats' order.

    Raises:
        DatasetError: the index does not belong to these chats.
    """
    if index is None:
        return [""] * chats
    import polars as pl

    frame = pl.read_parquet(index)
    rows = frame.filter(pl.col("split") == split).sort("row")
    if rows.height != chats:
        raise DatasetError(
            f"{index}: lists {rows.height} {split} chats, the file holds {chats}. Make jsonl_splits again."
        )
    return rows["edit_class"].fill_null("").to_list() if "edit_class" in rows.columns else [""] * chats


def taught(
    chats: Sequence[Chat],
    classes: Sequence[str],
    weights: Mapping[str, float],
    book: PolicyBook,
    day: date,
    *,
    other_policies_share: float,
    seed: int,
) -> Lessons:
    """The lessons of a training, the same for the same seed. Other values come to several chats at once, as a new policy does."""
    copies, repeated = _repeated(chats, classes, weights, seed)
    lessons = [Lesson(chat) for chat in copies]
    refused: Counter[str] = Counter()
    spoken = [_spoken_of(chat, book) for chat in copies]
    for stratum, places in enumerate(_by_what_they_state(spoken)):
        Random(f"{seed} order").shuffle(places)
        left = round(other_policies_share * len(places))
        for start in range(0, len(places), WORLD_CHATS):
            world = places[start : start + WORLD_CHATS]
            wanted = set().union(*(spoken[at] for at in world))
            changed = _other_values(book, day, f"{seed} {stratum} {start}", wanted)
            for at in world:
                if not left:
                    break
                found = _restated(copies[at], spoken[at], book, day, changed)
                if isinstance(found, Refused):
                    refused[found.reason.split(":")[0]] += 1
                    continue
                lessons[at] = Lesson(found.messages, True, found.stated)
                left -= 1
    return Lessons(
        lessons=tuple(lessons),
        chats=len(chats),
        repeated=dict(sorted(repeated.items())),
        other_policies=sum(lesson.other_policies for lesson in lessons),
        flipped_answers=sum(bool(lesson.flipped) for lesson in lessons),
        refused=dict(refused.most_common(8)),
    )


def _by_what_they_state(spoken: Sequence[Collection[str]]) -> tuple[list[int], list[int]]:
    """Places of the chats whose answers state policies, and of the others: each gets its share."""
    return [i for i, topics in enumerate(spoken) if topics], [
        i for i, topics in enumerate(spoken) if not topics
    ]


def _repeated(
    chats: Sequence[Chat], classes: Sequence[str], weights: Mapping[str, float], seed: int
) -> tuple[list[Chat], Counter[str]]:
    copies: list[Chat] = []
    repeated: Counter[str] = Counter()
    for at, (chat, name) in enumerate(zip(chats, classes, strict=True)):
        weight = weights.get(name, 1.0) if name else 1.0
        # 2.5 is two copies and, by a coin that falls the same way each time, a third.
        times = math.floor(weight) + (Random(f"{seed} copies {at}").random() < weight % 1)
        copies += [chat] * times
        if name and times != 1:
            repeated[name] += times - 1
    return copies, repeated


def under_other_policies(
    chat: Chat, book: PolicyBook, day: date, rng: Random, *, every: bool = False
) -> FlippedChat | Refused:
    """The chat with other values for most of the policies that may change without another conclusion.

    Where the answer cannot be restated, only policies that it does not speak of change.
    """
    spoken_of = _spoken_of(chat, book)
    wanted = {fact.topic for fact in book.in_force(day)} if every else spoken_of
    return _restated(chat, spoken_of, book, day, _other_values(book, day, str(rng.random()), wanted))


def _other_values(book: PolicyBook, day: date, seed: str, wanted: Collection[str]) -> list[FlippedFact]:
    """Another value for most policies, and for all those that are wanted; each depends on its topic and the seed alone."""
    found = []
    for original in book.in_force(day):
        rng = Random(f"{seed} {original.topic}")
        chosen = rng.random() < FACT_SHARE or original.topic in wanted
        if chosen and (fact := _changed(book, original, rng)):
            found.append(fact)
    return found


def _restated(
    chat: Chat, spoken_of: Collection[str], book: PolicyBook, day: date, changed: Sequence[FlippedFact]
) -> FlippedChat | Refused:
    changed = safe(changed, book, chat)
    if not changed:
        return Refused("no policy value may change")
    found = flip_chat(with_facts(book, changed, day), chat)
    if isinstance(found, FlippedChat):
        return found
    unspoken = [fact for fact in changed if fact.topic not in spoken_of]
    if not unspoken or len(unspoken) == len(changed):
        return found
    return flip_chat(with_facts(book, unspoken, day), chat)


def _changed(book: PolicyBook, fact: PolicyFact, rng: Random) -> FlippedFact | None:
    found = other_value(book, fact, rng)
    return found if isinstance(found, FlippedFact) else None


def _spoken_of(chat: Chat, book: PolicyBook) -> set[str]:
    answers = [message["content"] for message in chat if message["role"] == "assistant"]
    return {claim.topic for answer in answers for claim in claims(book, answer)}
