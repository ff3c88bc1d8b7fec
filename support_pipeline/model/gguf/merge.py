"""A base model and its LoRA become one checkpoint folder, and the difference that made is measured.

Only into a 16- or 32-bit base: merging into a quantised one rounds the adapter away. Imports torch,
transformers and peft inside the functions, for importing this module must stay cheap.
"""

import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Checkpoint, open_safetensors

SavedType = Literal["float16", "bfloat16", "float32"]

_BESIDE_THE_WEIGHTS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
)


@dataclass(frozen=True)
class Merged:
    """The folder, and the largest difference of any logit between base + adapter and the saved file."""

    folder: Path
    max_logit_distance: float
    prompts: int


def merge(
    base: Path,
    adapter: Path,
    target: Path,
    *,
    prompts: Sequence[str],
    saved_type: SavedType = "float16",
    device: str = "cpu",
) -> Merged:
    """Write the merged checkpoint and compare its logits with base + adapter on rendered prompts.

    Adds up in float32 (4 bytes a parameter in memory) and saves in float16, which keeps more of the
    adapter than bfloat16 and is what the F16 GGUF holds.

    Raises:
        ModelError: the base is quantised, or the adapter's tensors do not all have a place in it.
    """
    import torch
    from transformers import AutoModelForCausalLM

    _ = Checkpoint(base).config  # refuses a quantised base before anything is loaded
    ids = token_ids(base, prompts)
    model = load_with_adapter(base, adapter, device=device)
    before = _logits(model, ids)
    merged = model.merge_and_unload(safe_merge=True).to(getattr(torch, saved_type))
    _demand_finite(merged, adapter, saved_type)
    merged.save_pretrained(target)
    del model, merged
    for name in _BESIDE_THE_WEIGHTS:
        if (base / name).is_file():
            shutil.copyfile(base / name, target / name)
    saved: Any = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32)
    after = _logits(saved.to(device).eval(), ids)
    distance = max((float((a - b).abs().max()) for a, b in zip(before, after, strict=True)), default=0.0)
    return Merged(target, distance, len(prompts))


def load_with_adapter(base: Path, adapter: Path | None, *, device: str = "cpu") -> Any:
    """The float32 model, with the adapter when there is one; every tensor of the adapter is in use."""
    import torch
    from peft import PeftModel, get_peft_model_state_dict
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model.to(device).eval()
    if adapter is None:
        return model
    with without_peft_deprecation():
        adapted = PeftModel.from_pretrained(model, str(adapter)).eval()
    expected = set(open_safetensors(adapter / "adapter_model.safetensors"))
    strange = expected ^ set(get_peft_model_state_dict(adapted, save_embedding_layers=False))
    if strange:
        raise ModelError(
            f"{adapter}: {len(strange)} tensors do not match the base {base} (first: {min(strange)}). "
            "Use the base and the peft version that the adapter was trained with."
        )
    return adapted


@contextmanager
def without_peft_deprecation() -> Iterator[None]:
    """peft 0.21 asks transformers 5 for a property by its old name; users can do nothing about it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def token_ids(folder: Path, texts: Sequence[str]) -> list[list[int]]:
    """Ids of rendered prompts by the checkpoint's own tokenizer.json; nothing is added to the text."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def _logits(model: Any, prompts: Sequence[Sequence[int]]) -> list[Any]:
    import torch

    with torch.inference_mode():
        return [model(input_ids=torch.tensor([ids], device=model.device)).logits[0].cpu() for ids in prompts]


def _demand_finite(model: Any, adapter: Path, saved_type: str) -> None:
    broken = [name for name, weight in model.named_parameters() if not bool(weight.isfinite().all())]
    if broken:
        raise ModelError(
            f"{adapter}: merged weights are not finite in {saved_type} (first: {broken[0]}). "
            "Save as bfloat16, or train again with a smaller learning rate."
        )
