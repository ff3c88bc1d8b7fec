"""The tiny base model before its first step: Llama weights that can already copy and look around.

A model this small, trained for minutes, guesses policy values instead of reading them unless it
starts with attention that reads. Embedding dimension 0 is a constant. The others are three equal
blocks: which token this is (random), which token came before (starts empty), and which tokens stand
nearby (starts empty). These circuits fill and use them:

- Layer 0, first head of each group, looks one position back and stores the previous token; the
  second head averages the last dozen or so of tokens into the block of nearby tokens.
- Layer 1, first head of each group, finds where the current token was "the one before" and
  proposes what followed there; the second head averages over some forty tokens, so that the place
  where an answer begins knows the words of the question.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

CONSTANT = 0.5
IDENTITY_STD = 0.05
FAST_PAIRS = range(8)
SLOW_FREQUENCY = 4e-3
PREVIOUS_WEIGHT = 0.75
STORE_WEIGHT = 0.05
GATHER_WEIGHT = 0.4
MATCH_WEIGHT = 2.8
COPY_WEIGHT = 0.25


@dataclass(frozen=True)
class Window:
    """Where a gathering head looks: around `back` tokens before, the narrower the faster its pairs turn."""

    pairs: range
    back: int
    weight: float


NEAR = Window(range(7, 13), back=9, weight=0.11)
WIDE = Window(range(8, 14), back=18, weight=0.25)


@dataclass(frozen=True)
class Shape:
    """Sizes of the attention heads, and RoPE's frequency of each pair of head dimensions."""

    hidden: int
    head: int
    heads_per_group: int
    groups: int
    frequencies: Tensor

    @property
    def block(self) -> int:
        """Dimensions of each of the three blocks."""
        return (self.hidden - 1) // 3

    @property
    def identity(self) -> slice:
        return slice(1, 1 + self.block)

    @property
    def previous(self) -> slice:
        return slice(1 + self.block, 1 + 2 * self.block)

    @property
    def nearby(self) -> slice:
        return slice(1 + 2 * self.block, 1 + 3 * self.block)

    def share(self, group: int) -> range:
        """The dimensions of a block that a group's values carry, counted from the block's start."""
        each = math.ceil(self.block / self.groups)
        return range(self.block)[group * each : (group + 1) * each]

    def rows(self, group: int, head: int) -> slice:
        """Where the queries of one head of a group begin and end."""
        start = (group * self.heads_per_group + head) * self.head
        return slice(start, start + self.head)

    def keys(self, group: int) -> slice:
        return slice(group * self.head, (group + 1) * self.head)


@dataclass(frozen=True)
class Attention:
    """The four matrices of a layer's attention, cut by head or group where the circuits need it."""

    query: Tensor
    key: Tensor
    value: Tensor
    output: Tensor


def shape_of(config: LlamaConfig) -> Shape:
    hidden, heads = config.hidden_size, config.num_attention_heads
    groups = config.num_key_value_heads or heads
    theta = float(config.to_dict()["rope_parameters"]["rope_theta"])
    head = hidden // heads
    frequencies = theta ** (-torch.arange(0, head, 2, dtype=torch.float32) / head)
    return Shape(hidden, head, heads // groups, groups, frequencies)


def _attention(layer: nn.Module) -> Attention:
    names = ("q_proj", "k_proj", "v_proj", "o_proj")
    found = (layer.get_parameter(f"self_attn.{name}.weight").data for name in names)
    return Attention(*found)


def _clear(
    attention: Attention, shape: Shape, group: int, head: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One head's empty query, key, value and output; key and value are its whole group's."""
    rows, keys = shape.rows(group, head), shape.keys(group)
    query, output = attention.query[rows], attention.output[:, rows]
    key, value = attention.key[keys], attention.value[keys]
    for matrix in (query, output, key, value):
        matrix.zero_()
    return query, key, value, output


def _carry(value: Tensor, output: Tensor, shape: Shape, group: int, into: slice, weight: float) -> None:
    """Values take the group's share of the identity; the output writes it to a block."""
    for slot, dimension in enumerate(shape.share(group)):
        value[slot, shape.identity.start + dimension] = 1.0
        output[into.start + dimension, slot] = weight


def _mark_position(key: Tensor, shape: Shape, pairs: range) -> None:
    """Keys that RoPE turns so that a query's constant meets them best one position later."""
    at, angles = torch.tensor(pairs), shape.frequencies[pairs.start : pairs.stop]
    key[at, 0] = PREVIOUS_WEIGHT * torch.cos(angles)
    key[shape.head // 2 + at, 0] = PREVIOUS_WEIGHT * torch.sin(angles)


def _look_back(attention: Attention, shape: Shape, group: int) -> None:
    query, key, value, output = _clear(attention, shape, group, head=0)
    query[torch.tensor(FAST_PAIRS), 0] = PREVIOUS_WEIGHT
    _mark_position(key, shape, range(FAST_PAIRS.start, NEAR.pairs.stop))
    _carry(value, output, shape, group, shape.previous, STORE_WEIGHT)


def _gather(attention: Attention, shape: Shape, group: int, window: Window) -> None:
    """The second head shares keys and values with the first; only its query and output are its own."""
    rows = shape.rows(group, 1)
    attention.query[rows] = 0
    attention.output[:, rows] = 0
    at = torch.tensor(window.pairs)
    angles = shape.frequencies[window.pairs.start : window.pairs.stop] * window.back
    attention.query[rows][at, 0] = window.weight * torch.cos(angles)
    attention.query[rows][shape.head // 2 + at, 0] = -window.weight * torch.sin(angles)
    for slot, dimension in enumerate(shape.share(group)):
        attention.output[shape.nearby.start + dimension, rows.start + slot] = GATHER_WEIGHT


def _match(
    query: Tensor, key: Tensor, shape: Shape, asked: slice, stored: slice, generator: torch.Generator
) -> None:
    """Queries and keys by one random matrix on the slow pairs: they meet where the blocks agree."""
    slow = torch.nonzero(shape.frequencies < SLOW_FREQUENCY).flatten()
    rows = torch.cat((slow, slow + shape.head // 2))
    random = torch.randn((len(rows), shape.block), generator=generator) / math.sqrt(shape.block)
    query[rows, asked] = random * MATCH_WEIGHT
    key[rows, stored] = random * MATCH_WEIGHT


def _copy_what_followed(attention: Attention, shape: Shape, group: int, generator: torch.Generator) -> None:
    query, key, value, output = _clear(attention, shape, group, head=0)
    _match(query, key, shape, shape.identity, shape.previous, generator)
    _mark_position(key, shape, WIDE.pairs)
    _carry(value, output, shape, group, shape.identity, COPY_WEIGHT)


def _embed(weight: Tensor, shape: Shape, generator: torch.Generator) -> None:
    weight.zero_()
    weight[:, 0] = CONSTANT
    weight[:, shape.identity] = torch.randn((len(weight), shape.block), generator=generator) * IDENTITY_STD


@torch.no_grad()
def build_model(config: LlamaConfig, seed: int) -> LlamaForCausalLM:
    """A fresh model of `config` that can already copy.

    Raises:
        ValueError: the config has no room for the circuits.
    """
    shape = shape_of(config)
    if config.num_hidden_layers < 2 or shape.heads_per_group < 2:
        raise ValueError(
            f"num_hidden_layers {config.num_hidden_layers}, {shape.heads_per_group} heads a group: "
            "the circuits need at least 2 layers and 2 heads a group"
        )
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = LlamaForCausalLM(config)
    layers = list(model.model.layers)
    _embed(model.model.embed_tokens.weight.data, shape, generator)
    for layer in layers[2:]:
        layer.self_attn.o_proj.weight.data *= 0.3
        layer.mlp.down_proj.weight.data *= 0.3
    for group in range(shape.groups):
        _look_back(_attention(layers[0]), shape, group)
        _gather(_attention(layers[0]), shape, group, NEAR)
        _copy_what_followed(_attention(layers[1]), shape, group, generator)
        _gather(_attention(layers[1]), shape, group, WIDE)
    return model
