"""Checkpoints of any Llama shape with random weights, written shard by shard without a model in memory."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from support_pipeline.model.base import EMBEDDED

SHAPES: dict[str, dict[str, int]] = {
    "llama-3-8b": {
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
    },
    # The widths of Llama 3.2 1B, with an output matrix of its own as the 8B model has.
    "1b": {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
    },
    "small": {
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 2048,
    },
}
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def write_checkpoint(folder: Path, name: str, *, shard_bytes: int, seed: int = 0) -> int:
    """A 16-bit checkpoint with the embedded model's tokenizer; returns the largest shard's bytes.

    Weights are float16 noise: numpy has no bfloat16, and the conversion reads both alike.
    """
    shape = SHAPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    for file in _TOKENIZER:
        shutil.copyfile(EMBEDDED / file, folder / file)
    own = json.loads((EMBEDDED / "config.json").read_text(encoding="utf-8"))
    config = {**own, **shape, "tie_word_embeddings": False, "max_position_embeddings": 8192}
    config.pop("head_dim", None)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    noise = np.random.default_rng(seed).normal(0, 0.02, 1 << 22).astype(np.float16)
    shard: dict[str, Any] = {}
    places: dict[str, int] = {}
    sizes: list[int] = []
    written = 0
    for tensor, dims in tensors(shape):
        values = np.resize(noise, dims) if len(dims) > 1 else np.ones(dims, dtype=np.float16)
        if written and written + values.nbytes > shard_bytes:
            sizes.append(_save(folder, len(sizes), shard))
            shard, written = {}, 0
        shard[tensor] = values
        places[tensor] = len(sizes)
        written += values.nbytes
    sizes.append(_save(folder, len(sizes), shard))
    index = {"metadata": {}, "weight_map": {tensor: _name(place) for tensor, place in places.items()}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return max(sizes)


def tensors(shape: dict[str, int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of all weights, in the order of the layers."""
    hidden, wide = shape["hidden_size"], shape["intermediate_size"]
    key_value = hidden // shape["num_attention_heads"] * shape["num_key_value_heads"]
    yield "model.embed_tokens.weight", (shape["vocab_size"], hidden)
    for layer in range(shape["num_hidden_layers"]):
        start = f"model.layers.{layer}"
        yield f"{start}.input_layernorm.weight", (hidden,)
        yield f"{start}.self_attn.q_proj.weight", (hidden, hidden)
        yield f"{start}.self_attn.k_proj.weight", (key_value, hidden)
        yield f"{start}.self_attn.v_proj.weight", (key_value, hidden)
        yield f"{start}.self_attn.o_proj.weight", (hidden, hidden)
        yield f"{start}.post_attention_layernorm.weight", (hidden,)
        yield f"{start}.mlp.gate_proj.weight", (wide, hidden)
        yield f"{start}.mlp.up_proj.weight", (wide, hidden)
        yield f"{start}.mlp.down_proj.weight", (hidden, wide)
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (shape["vocab_size"], hidden)


def _save(folder: Path, number: int, weights: dict[str, Any]) -> int:
    path = folder / _name(number)
    save_file(weights, path, metadata={"format": "pt"})
    return path.stat().st_size


def _name(number: int) -> str:
    return f"model-{number:05d}.safetensors"
