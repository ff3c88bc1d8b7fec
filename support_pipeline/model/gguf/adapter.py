"""A PEFT LoRA folder becomes a GGUF LoRA that llama.cpp applies to the base model's GGUF.

Several clients' adapters can then share one loaded base. Only plain LoRA on the linear layers has a
counterpart in llama.cpp; every other kind is refused, because llama.cpp would load part of it.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.architecture import Architecture, read_architecture
from support_pipeline.model.gguf.checkpoint import Checkpoint, Floats, as_float32, open_safetensors, read_json
from support_pipeline.model.gguf.writer import FloatType, encode, new_gguf, stored_type

_PREFIX = "base_model.model."
_SIDES = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def convert_adapter(
    adapter: Path, base: Path, target: Path, *, name: str = "", float_type: FloatType = "F16"
) -> Path:
    """Write the GGUF LoRA of a PEFT folder that was trained on the checkpoint in `base`.

    Raises:
        ModelError: the adapter is not plain LoRA, or does not belong to this base.
    """
    settings = read_json(adapter / "adapter_config.json")
    _demand_plain_lora(settings, adapter)
    shape = read_architecture(Checkpoint(base).config, where=str(base / "config.json"))
    tensors = _tensors(adapter, settings, shape)
    with new_gguf(target, shape.name) as writer:
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, _alpha(settings))
        writer.add_name(name)
        for key, values in tensors.items():
            kind = stored_type(values.shape, float_type)
            encoded = encode(values, kind, where=f"{adapter}: {key}")
            writer.add_tensor(key, encoded, raw_shape=values.shape, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return target


def _tensors(adapter: Path, settings: Mapping[str, Any], shape: Architecture) -> dict[str, Floats]:
    """Both sides of every layer, in name order; B of Q and K turned as their base rows are."""
    found: dict[str, Floats] = {}
    strange = []
    for name, tensor in open_safetensors(adapter / "adapter_model.safetensors").items():
        side = next((s for s in _SIDES if name.endswith(s)), None)
        layer = name.removeprefix(_PREFIX).removesuffix(side or "")
        target = shape.tensor_name(f"{layer}.weight")
        if side is None or target is None or not target.startswith("blk."):
            strange.append(name)
            continue
        values = as_float32(tensor, where=f"{adapter}: tensor {name}")
        if side == ".lora_B.weight":
            values = shape.permute(target, values) * np.float32(_own_alpha(layer, settings))
        found[target + _SIDES[side]] = values
    halves = [key for key in found if key[:-1] + ("b" if key.endswith("a") else "a") not in found]
    if strange or halves or not found:
        raise ModelError(
            f"{adapter}: not a LoRA of this {shape.family} base. Tensors without a place: "
            f"{', '.join(strange) or 'none'}. Without their other half: {', '.join(halves) or 'none'}. "
            "Train LoRA on the linear layers of the blocks only."
        )
    return dict(sorted(found.items()))


def _alpha(settings: Mapping[str, Any]) -> float:
    """llama.cpp scales by alpha / rank; rank-stabilised LoRA means alpha / sqrt(rank)."""
    stabiliser = math.sqrt(settings["r"]) if settings.get("use_rslora") else 1.0
    return float(settings["lora_alpha"]) * stabiliser


def _own_alpha(layer: str, settings: Mapping[str, Any]) -> float:
    """A layer's alpha over the adapter's: llama.cpp knows one alpha, so the rest goes into B."""
    for pattern, alpha in (settings.get("alpha_pattern") or {}).items():
        if layer == pattern or layer.endswith(f".{pattern}"):
            return float(alpha) / float(settings["lora_alpha"])
    return 1.0


def _demand_plain_lora(settings: Mapping[str, Any], adapter: Path) -> None:
    odd = [key for key in ("use_dora", "fan_in_fan_out", "modules_to_save", "lora_bias") if settings.get(key)]
    odd += ["bias"] if settings.get("bias", "none") != "none" else []
    odd += ["peft_type"] if settings.get("peft_type") != "LORA" else []
    # With both, each layer's rank would need a root of its own.
    odd += (
        ["rank_pattern with use_rslora"]
        if settings.get("rank_pattern") and settings.get("use_rslora")
        else []
    )
    if odd:
        raise ModelError(
            f"{adapter}: llama.cpp has no counterpart for {', '.join(odd)}. "
            "Train plain LoRA, or merge the adapter into the base and convert that."
        )
