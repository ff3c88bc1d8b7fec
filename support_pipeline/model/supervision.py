"""Which tokens are learned: the assistant's, found by comparing prefixes, never by template tags.

A stock chat template gives all-zero or wrong masks in silence; rendering the chat with and without
its last turn shows exactly which ids that turn added. The audit runs before any training minute.
"""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support_pipeline.errors import DatasetError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.beginnings import shared_length
from support_pipeline.model.prompt import Message

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Example:
    """One chat as ids; `labels` repeats the id where the loss counts and is -100 elsewhere.

    `context` is how many ids come before the last question: what chats of the same policies have in common.
    """

    ids: list[int]
    labels: list[int]
    context: int = 0

    @property
    def supervised(self) -> int:
        """How many tokens are learned."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True, slots=True)
class Audit:
    """What a training set holds before a model is loaded. Token numbers are per example."""

    examples: int
    too_long: int
    tokens: int
    supervised_tokens: int
    supervised_min: int
    supervised_median: float
    supervised_max: int
    longest: int
    ends_supervised: int


def read_chats(path: Path) -> list[list[Message]]:
    """The chats of a JSONL file.

    Raises:
        DatasetError: naming the line that is not a chat.
    """
    chats: list[list[Message]] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                chats.append(json.loads(line)["messages"])
            except (ValueError, KeyError, TypeError) as error:
                raise DatasetError(
                    f"{path}:{number}: is not a chat ({error}). Make jsonl_splits again."
                ) from error
    return chats


def supervise(messages: Sequence[Message], chat: ChatFormat) -> Example:
    """A chat as ids, with its last turn supervised up to and including the end of turn.

    Raises:
        DatasetError: the template does not append the answer to the prompt, or nothing is supervised.
    """
    asked = chat.text(messages[:-1], add_generation_prompt=True)
    prompt = chat.ids(asked)
    whole = chat.ids(chat.text(messages))
    if whole[: len(prompt)] != prompt:
        raise DatasetError(
            f"the chat template {chat.sha256[:12]} rewrites the prompt once an answer follows, so the answer's tokens "
            f"cannot be told apart (chat: {messages[-2]['content'][:80]!r}). Use another template."
        )
    end = chat.id_of(chat.eos_token)
    # Some templates write a line break after the end of turn; it is never generated, so it is not learned.
    stop = len(whole) - whole[::-1].index(end) if end in whole[len(prompt) :] else len(whole)
    labels = [IGNORED] * len(prompt) + whole[len(prompt) : stop] + [IGNORED] * (len(whole) - stop)
    if stop <= len(prompt):
        raise DatasetError(
            f"no token is supervised in the chat that begins {messages[-2]['content'][:80]!r}."
        )
    return Example(whole, labels, _context(asked, messages[-2]["content"], prompt, chat))


def _context(asked: str, question: str, prompt: list[int], chat: ChatFormat) -> int:
    before = chat.ids(asked[: max(0, asked.rfind(question.strip()))])
    # The last ids may be others where text follows.
    return shared_length(before, prompt)


def audit(examples: Sequence[Example], max_tokens: int, end_of_turn: int) -> tuple[list[Example], Audit]:
    """The examples that fit, and what they hold. An over-long one is left out whole, never cut.

    Raises:
        DatasetError: nothing is left to learn from.
    """
    kept = [example for example in examples if len(example.ids) <= max_tokens]
    if not kept:
        shortest = min((len(example.ids) for example in examples), default=0)
        raise DatasetError(
            f"none of {len(examples)} examples fits into lora.max_tokens={max_tokens} (the shortest has {shortest} "
            "tokens). Raise lora.max_tokens or shorten the policies."
        )
    supervised = [example.supervised for example in kept]
    return kept, Audit(
        examples=len(kept),
        too_long=len(examples) - len(kept),
        tokens=sum(len(example.ids) for example in kept),
        supervised_tokens=sum(supervised),
        supervised_min=min(supervised),
        supervised_median=statistics.median(supervised),
        supervised_max=max(supervised),
        longest=max(len(example.ids) for example in kept),
        ends_supervised=sum(_last_label(example) == end_of_turn for example in kept),
    )


def _last_label(example: Example) -> int:
    return next((label for label in reversed(example.labels) if label != IGNORED), IGNORED)
