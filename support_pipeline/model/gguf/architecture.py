"""What a model is, apart from its weights: the shape that config.json states, as llama.cpp wants it.

Four families share this code because llama.cpp builds nearly the same graph for them. Anything that
llama.cpp would compute differently from transformers is refused here, not converted and hoped for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gguf
import numpy as np
from gguf import MODEL_ARCH, GGUFWriter

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Floats

FAMILIES = {
    "llama": MODEL_ARCH.LLAMA,
    "mistral": MODEL_ARCH.LLAMA,
    "qwen2": MODEL_ARCH.QWEN2,
    "qwen3": MODEL_ARCH.QWEN3,
}


@dataclass(frozen=True)
class Rope:
    """Rotary positions: the base and, when the context was stretched, how."""

    theta: float
    kind: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Architecture:
    family: str
    vocab_size: int
    context_length: int
    hidden: int
    layers: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    norm_epsilon: float
    rope: Rope
    tied: bool

    @property
    def name(self) -> str:
        """The architecture's name in GGUF."""
        return gguf.MODEL_ARCH_NAMES[FAMILIES[self.family]]

    def tensor_name(self, name: str) -> str | None:
        """The GGUF name of a checkpoint tensor, None when llama.cpp has no place for it."""
        names = _names(FAMILIES[self.family], self.layers)
        return names.get_name(name, try_suffixes=(".weight", ".bias"))

    def permute(self, gguf_name: str, values: Floats) -> Floats:
        """Rows of Q and K in the order that llama.cpp's Llama graph expects.

        transformers rotates the two halves of a head, llama.cpp neighbouring pairs; Qwen graphs
        rotate halves in both.
        """
        if FAMILIES[self.family] is not MODEL_ARCH.LLAMA:
            return values
        if ".attn_q." in gguf_name:
            return _interleave(values, self.heads)
        if ".attn_k." in gguf_name:
            return _interleave(values, self.kv_heads)
        return values

    def required(self) -> set[str]:
        """The GGUF tensors without which the model is not whole."""
        kinds = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm"]
        kinds += ["ffn_gate", "ffn_up", "ffn_down"]
        kinds += ["attn_q_norm", "attn_k_norm"] if self.family == "qwen3" else []
        names = {f"blk.{layer}.{kind}.weight" for layer in range(self.layers) for kind in kinds}
        names |= {"token_embd.weight", "output_norm.weight"}
        return names if self.tied else names | {"output.weight"}


def read_architecture(config: Mapping[str, Any], *, where: str) -> Architecture:
    """The shape that a config.json states.

    Raises:
        ModelError: the family, or a setting of it, is one that llama.cpp computes differently.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        raise ModelError(f"{where}: model_type {family!r} is not supported. Known: {', '.join(FAMILIES)}.")
    if config.get("hidden_act", "silu") != "silu":
        raise ModelError(f"{where}: hidden_act {config['hidden_act']!r}; llama.cpp computes silu here.")
    heads = config["num_attention_heads"]
    return Architecture(
        family=family,
        vocab_size=config["vocab_size"],
        context_length=_context_length(config),
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        feed_forward=config["intermediate_size"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_size=config.get("head_dim") or config["hidden_size"] // heads,
        norm_epsilon=config.get("rms_norm_eps", 1e-6),
        rope=_read_rope(config, family, where),
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def write_architecture(writer: GGUFWriter, shape: Architecture) -> None:
    """The shape as GGUF metadata."""
    writer.add_vocab_size(shape.vocab_size)
    writer.add_context_length(shape.context_length)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope.theta)
    if shape.rope.kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(shape.rope.settings["factor"])
    if shape.rope.kind == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(shape.rope.settings["factor"])
        writer.add_rope_scaling_orig_ctx_len(shape.rope.settings["original_max_position_embeddings"])


def rope_factors(shape: Architecture) -> Floats | None:
    """Llama 3's stretched rotary frequencies as the divisors that llama.cpp reads from a tensor."""
    if shape.rope.kind != "llama3":
        return None
    scaling = shape.rope.settings
    old = scaling["original_max_position_embeddings"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    exponents = np.arange(0, shape.head_size, 2, dtype=np.float32) / shape.head_size
    wavelengths = 2 * np.pi * shape.rope.theta**exponents
    smooth = np.clip((old / wavelengths - low) / (high - low), 0.0, 1.0)
    factors: Floats = (1 / ((1 - smooth) / scaling["factor"] + smooth)).astype(np.float32)
    return factors


@lru_cache(maxsize=4)
def _names(arch: MODEL_ARCH, layers: int) -> gguf.TensorNameMap:
    return gguf.get_tensor_name_map(arch, layers)


def _interleave(values: Floats, heads: int) -> Floats:
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def _context_length(config: Mapping[str, Any]) -> int:
    """llama.cpp attends to everything, so a model with a sliding window is only the same within it."""
    context: int = config["max_position_embeddings"]
    window = config.get("sliding_window")
    slides = config.get("use_sliding_window", config["model_type"] == "mistral")
    return min(context, window) if window and slides else context


def _read_rope(config: Mapping[str, Any], family: str, where: str) -> Rope:
    # transformers 5 keeps everything in rope_parameters; 4 had rope_theta beside rope_scaling.
    settings = config.get("rope_parameters") or config.get("rope_scaling") or {}
    theta = settings.get("rope_theta") or config.get("rope_theta") or 10000.0
    kind = settings.get("rope_type") or settings.get("type") or "default"
    known = {"default", "linear", "yarn"} | ({"llama3"} if FAMILIES[family] is MODEL_ARCH.LLAMA else set())
    if kind not in known:
        raise ModelError(f"{where}: rope type {kind!r} is not supported. Known: {', '.join(sorted(known))}.")
    if config.get("partial_rotary_factor", settings.get("partial_rotary_factor", 1.0)) != 1.0:
        raise ModelError(f"{where}: partial rotary positions; llama.cpp rotates the whole head here.")
    return Rope(theta=float(theta), kind=kind, settings=settings)
