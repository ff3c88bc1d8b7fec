"""The Llama forward pass as the base model's training uses it: the same numbers in half the time.

On a CPU with bf16 matrix instructions a model this small spends most of a step outside the matrix
products. So here the norms' weights and RoPE's half-turn are folded into the projections, one product
serves all projections of a block, the residual stream is bf16, and attention keeps its probabilities
(at these lengths that is cheaper than computing them again, as the flash kernel does backwards). A
test holds the result to transformers' own; the model that is trained and saved is transformers'.
"""

import math
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import linear, silu
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

BLOCK = 160


class _Normed(torch.autograd.Function):
    """A tensor over the root mean square of its last dimension, without a weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        inverse = torch.rsqrt(norm.square() / x.shape[-1] + eps).to(x.dtype)
        out = x * inverse
        ctx.save_for_backward(out, inverse)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        out, inverse = ctx.saved_tensors
        along = (grads[0] * out).sum(-1, keepdim=True, dtype=torch.float32) / out.shape[-1]
        return torch.addcmul(grads[0], out, along.to(out.dtype), value=-1).mul_(inverse), None


class _Attended(torch.autograd.Function):
    """Causal attention over [batch x heads, width, head] with an additive mask [1, width, width].

    Rows are taken in blocks, so that most of what the mask forbids is never computed.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        scale, seen, out = 1 / math.sqrt(query.shape[-1]), [], []
        for first, last in _blocks(query):
            scores = torch.baddbmm(
                mask[:, first:last, :last], query[:, first:last], key[:, :last].transpose(1, 2), alpha=scale
            )
            seen.append(torch.softmax(scores, -1))
            out.append(seen[-1] @ value[:, :last])
        ctx.save_for_backward(query, key, value, *seen)
        return torch.cat(out, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        query, key, value, *seen = ctx.saved_tensors
        scale = 1 / math.sqrt(query.shape[-1])
        by_query, by_key, by_value = (torch.zeros_like(part) for part in (query, key, value))
        for (first, last), block in zip(_blocks(query), seen, strict=True):
            grad = grads[0][:, first:last]
            by_seen = grad @ value[:, :last].transpose(1, 2)
            by_score = torch._softmax_backward_data(by_seen, block, -1, block.dtype).mul_(scale)
            by_query[:, first:last] = by_score @ key[:, :last]
            by_key[:, :last] += by_score.transpose(1, 2) @ query[:, first:last]
            by_value[:, :last] += block.transpose(1, 2) @ grad
        return by_query, by_key, by_value, None


def _blocks(rows: Tensor) -> list[tuple[int, int]]:
    width = rows.shape[1]
    return [(first, min(first + BLOCK, width)) for first in range(0, width, BLOCK)]


def _normed(x: Tensor, eps: float) -> Tensor:
    return cast(Tensor, _Normed.apply(x, eps))  # type: ignore[no-untyped-call]  # torch ships no annotation for it


def _half_turned(weight: Tensor, head: int) -> Tensor:
    """The projection whose output is RoPE's `rotate_half` of this one's."""
    first, second = weight.view(-1, 2, head // 2, weight.shape[-1]).unbind(1)
    return torch.stack((-second, first), 1).reshape(weight.shape)


def _turns(model: LlamaForCausalLM, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """RoPE's cosines and sines, [1, width, 1, head]."""
    frequencies = cast(Tensor, model.model.rotary_emb.inv_freq).float()
    angles = torch.outer(torch.arange(width, dtype=torch.float32), frequencies).repeat(1, 2)[None, :, None]
    return angles.cos().to(dtype), angles.sin().to(dtype)


def _attend(
    x: Tensor, layer: LlamaDecoderLayer, model: LlamaForCausalLM, turns: tuple[Tensor, Tensor], mask: Tensor
) -> Tensor:
    config, attention = model.config, layer.self_attn
    heads = config.num_attention_heads
    groups = config.num_key_value_heads or heads
    batch, width, hidden = x.shape
    head = hidden // heads
    turned = torch.cat((attention.q_proj.weight, attention.k_proj.weight))
    joint = (
        torch.cat((turned, _half_turned(turned, head), attention.v_proj.weight))
        * layer.input_layernorm.weight
    )
    made = linear(_normed(x, config.rms_norm_eps), joint.to(x.dtype)).view(batch, width, -1, head)
    plain, half, values = torch.split(made, [heads + groups, heads + groups, groups], 2)
    query, key = torch.split(torch.addcmul(plain * turns[0], half, turns[1]), [heads, groups], 2)
    key, values = (part.repeat_interleave(heads // groups, 2) for part in (key, values))
    rows = [part.transpose(1, 2).reshape(batch * heads, width, head) for part in (query, key, values)]
    seen = cast(Tensor, _Attended.apply(*rows, mask))  # type: ignore[no-untyped-call]  # torch ships no annotation for it
    seen = seen.view(batch, heads, width, head).transpose(1, 2).reshape(batch, width, hidden)
    return linear(seen, attention.o_proj.weight.to(x.dtype))


def _transform(x: Tensor, layer: LlamaDecoderLayer, eps: float) -> Tensor:
    mlp = layer.mlp
    joint = torch.cat((mlp.gate_proj.weight, mlp.up_proj.weight)) * layer.post_attention_layernorm.weight
    gate, up = linear(_normed(x, eps), joint.to(x.dtype)).chunk(2, -1)
    return linear(silu(gate) * up, mlp.down_proj.weight.to(x.dtype))


def hidden_states(model: LlamaForCausalLM, ids: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """The last hidden states of `ids` [batch, width], final norm included: `dtype` [batch, width, hidden].

    Attention is causal and has no padding mask, so padding belongs on the right.
    """
    eps, width = model.config.rms_norm_eps, ids.shape[1]
    turns = _turns(model, width, dtype)
    mask = torch.full((1, width, width), float("-inf"), dtype=dtype).triu(1)
    x: Tensor = model.model.embed_tokens.weight.to(dtype)[ids]
    for layer in cast(Iterable[LlamaDecoderLayer], model.model.layers):
        x = x + _attend(x, layer, model, turns, mask)
        x = x + _transform(x, layer, eps)
    weight = cast(Tensor, model.model.norm.weight)
    return _normed(x, eps) * weight.to(dtype)
