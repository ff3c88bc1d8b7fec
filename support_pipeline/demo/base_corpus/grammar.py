"""Phrase templates: `[a|b|]` is a choice (may nest, may be empty), `{name}` a slot.

One template stands for dozens of sentences, so an inventory of fifteen holds hundreds. Which
templates of an inventory are held out for the probe depends on their position alone; and a sentence
that a held-out template can give is sealed: training draws again when another template gives it too.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from random import Random
from typing import TypeAlias

HELD_OUT_EVERY, SHARED_BELOW = 7, 5
SLOT = re.compile(r"\{(\w+)\}")
NO_WORD = re.compile(r"[^a-z{}' ]+")

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
    return _filled(_walk(parse(template), rng), slots)


def _filled(text: str, slots: Mapping[str, str]) -> str:
    return tidy(SLOT.sub(lambda found: slots[found.group(1)], text))


def sentences(template: str) -> Iterator[str]:
    """All sentences of the template, slots left open."""
    return _sentences(parse(template))


def _sentences(phrase: Phrase) -> Iterator[str]:
    parts = [
        [node] if isinstance(node, str) else [text for choice in node for text in _sentences(choice)]
        for node in phrase
    ]
    return map("".join, product(*parts))


def bare(text: str) -> str:
    """The words of a sentence and its slots, without case, figures and punctuation."""
    return NO_WORD.sub("", tidy(text).casefold()).strip()


@cache
def sealed(templates: tuple[str, ...]) -> frozenset[str]:
    """The bare sentences that the templates can give."""
    return frozenset(bare(text) for template in templates for text in sentences(template))


def draw(
    templates: Sequence[str], rng: Random, slots: Mapping[str, str], kept_back: Collection[str] = ()
) -> str:
    """One sentence of one of the templates, and none that is kept back."""
    while True:
        chosen = _walk(parse(rng.choice(templates)), rng)
        if not kept_back or bare(chosen) not in kept_back:
            return _filled(chosen, slots)


def phrasings(inventory: Sequence[str], held_out: bool) -> list[str]:
    """The templates for training, or those kept back for the probe; a small inventory is shared."""
    if len(inventory) < SHARED_BELOW:
        return list(inventory)
    return [t for i, t in enumerate(inventory) if (i % HELD_OUT_EVERY == 1) == held_out]
