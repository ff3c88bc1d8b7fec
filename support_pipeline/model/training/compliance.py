"""Whether the model follows the system message to another policy value, watched while it learns.

A probe is a validation chat under other policies; asked are only the tokens of the value, each after
the true text before it. One forward pass a probe, no generation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from random import Random
from typing import Any

from support_pipeline.flips import Refused
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.supervision import IGNORED, Example, supervise
from support_pipeline.model.training.lessons import Chat, under_other_policies
from support_pipeline.policies import PolicyBook

MAX_PROBES = 32


@dataclass(frozen=True, slots=True)
class Probe:
    """A chat as ids, and the places of the tokens in which the flipped answer differs from the original."""

    ids: list[int]
    places: tuple[int, ...]


def probes(
    chats: Sequence[Chat], book: PolicyBook, day: date, chat: ChatFormat, *, max_tokens: int, seed: int
) -> list[Probe]:
    """Up to `MAX_PROBES` probes from validation chats whose answers state a policy value."""
    found: list[Probe] = []
    for at, messages in enumerate(chats):
        flipped = under_other_policies(messages, book, day, Random(f"{seed} probe {at}"), every=True)
        if isinstance(flipped, Refused) or not flipped.stated:
            continue
        example, original = supervise(flipped.messages, chat), supervise(messages, chat)
        if len(example.ids) <= max_tokens and (places := _differing(original, example)):
            found.append(Probe(example.ids, places))
        if len(found) == MAX_PROBES:
            break
    return found


def _differing(original: Example, flipped: Example) -> tuple[int, ...]:
    start = next(i for i, label in enumerate(flipped.labels) if label != IGNORED)
    before = [label for label in original.labels if label != IGNORED]
    after = [label for label in flipped.labels if label != IGNORED]
    changed = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(
        start + at for kind, _, _, low, high in changed if kind != "equal" for at in range(low, high)
    )


def compliance(model: Any, asked: Sequence[Probe]) -> float:
    """The share of probes in which the model puts every token of the new value first."""
    import torch

    followed = 0
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for probe in asked:
            ids = torch.tensor([probe.ids], device=model.device)
            best = model(input_ids=ids, use_cache=False).logits[0].argmax(-1)
            followed += all(int(best[at - 1]) == probe.ids[at] for at in probe.places)
    model.train(was_training)
    return followed / len(asked)
