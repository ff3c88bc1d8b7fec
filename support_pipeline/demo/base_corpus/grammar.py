"""Phrase templates: `[a|b|]` is a choice (may nest, may be empty), `{name}` a slot.

One template stands for dozens of sentences, so an inventory of fifteen holds hundreds. Which
templates of an inventory are held out for the probe depends on their position alone.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import TypeAlias

HELD_OUT_EVERY = 7
SLOT = re.compile(r"\{(\w+)\}")

Node: TypeAlias = "str | tuple[tuple[Node, ...], ...]"
Phrase: TypeAlias = tuple[Node, ...]


def _parse_phrase(template: str, at: int, nested: bool) -> tuple[Phrase, int]:
    nodes: list[Node] = []
    start = at
    while at < len(template) and not (nested and template[at] in "|]"):
        if template[at] != "[":
            at += 1
            continue
        nodes.append(template[start:at])
        choices, at = _parse_choices(template, at + 1)
        nodes.append(choices)
        start = at
    nodes.append(template[start:at])
    return tuple(node for node in nodes if node != ""), at


def _parse_choices(template: str, at: int) -> tuple[tuple[Phrase, ...], int]:
    choices: list[Phrase] = []
    while True:
        phrase, at = _parse_phrase(template, at, nested=True)
        choices.append(phrase)
        if at >= len(template):
            raise ValueError(f"template {template!r}: '[' is never closed")
        at += 1
        if template[at - 1] == "]":
            return tuple(choices), at


@cache
def parse(template: str) -> Phrase:
    """The template as a tree: strings, and tuples of alternative phrases."""
    return _parse_phrase(template, 0, nested=False)[0]


def _walk(phrase: Phrase, rng: Random | None) -> str:
    parts = [
        node if isinstance(node, str) else _walk(rng.choice(node) if rng else node[0], rng) for node in phrase
    ]
    return "".join(parts)


def tidy(text: str) -> str:
    """Spaces as a person would have typed them, after empty choices left holes."""
    text = re.sub(r"[ \t]+", " ", text)
    return re.sub(r" +([,.?!;])", r"\1", text).strip()


def expand(template: str, rng: Random | None, slots: Mapping[str, str]) -> str:
    """One sentence of the template; without `rng` the one of all first choices.

    Raises:
        KeyError: the template names a slot that is not given.
    """
    chosen = _walk(parse(template), rng)
    return tidy(SLOT.sub(lambda found: slots[found.group(1)], chosen))


def phrasings(inventory: Sequence[str], held_out: bool) -> list[str]:
    """The templates for training, or those kept back for the probe; a small inventory is shared."""
    if len(inventory) < HELD_OUT_EVERY:
        return list(inventory)
    return [t for i, t in enumerate(inventory) if (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 3) == held_out]
