"""A Hugging Face checkpoint folder, read without torch: its configuration and its tensors.

Tensors are memory-mapped from the safetensors files and become float32 one at a time, so a
checkpoint far larger than memory can be walked. Pickled weights (`pytorch_model.bin`) are refused:
unpickling runs code.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf.utility import LocalTensor, SafetensorsLocal

from support_pipeline.errors import ModelError

Floats = npt.NDArray[np.float32]
BLOCK_BYTES = 32 << 20


@dataclass(frozen=True)
class Checkpoint:
    """One folder as `save_pretrained` writes it."""

    folder: Path

    @cached_property
    def config(self) -> Mapping[str, Any]:
        config = read_json(self.folder / "config.json")
        if "quantization_config" in config:
            raise ModelError(
                f"{self.folder}: the checkpoint is quantised. Use the 16-bit checkpoint of the same model."
            )
        return config

    @cached_property
    def tensors(self) -> Mapping[str, LocalTensor]:
        return {name: tensor for file in self._files() for name, tensor in open_safetensors(file).items()}

    @cached_property
    def chat_template(self) -> str | None:
        """The template that transformers would use: the file beside the tokenizer wins."""
        jinja = self.folder / "chat_template.jinja"
        if jinja.is_file():
            return jinja.read_text(encoding="utf-8")
        named = optional_json(self.folder / "tokenizer_config.json").get("chat_template")
        return named if isinstance(named, str) else None

    def stop_ids(self) -> tuple[int, ...]:
        """Every token id that ends an answer, as the generation and model configurations name them."""
        named = [
            optional_json(self.folder / file).get("eos_token_id")
            for file in ("generation_config.json", "config.json")
        ]
        ids = [i for entry in named for i in (entry if isinstance(entry, list) else [entry]) if i is not None]
        return tuple(dict.fromkeys(ids))

    def load(self, name: str) -> Floats:
        """One tensor as float32; only this one is in memory."""
        return as_float32(self.tensors[name], where=f"{self.folder}: tensor {name}")

    def _files(self) -> list[Path]:
        index = self.folder / "model.safetensors.index.json"
        if index.is_file():
            names = sorted(set(read_json(index)["weight_map"].values()))
            missing = [name for name in names if not (self.folder / name).is_file()]
            if missing:
                raise ModelError(
                    f"{self.folder}: {', '.join(missing)} named by {index.name} is missing. "
                    "Fetch the checkpoint again, whole."
                )
            return [self.folder / name for name in names]
        single = self.folder / "model.safetensors"
        if not single.is_file():
            raise ModelError(
                f"{self.folder}: no model.safetensors and no index. "
                "Give a folder written by save_pretrained with safetensors."
            )
        return [single]


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object that must be there."""
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path}: missing. Give a complete checkpoint folder.") from None
    except ValueError as error:
        raise ModelError(f"{path}: not JSON ({error}). Fetch the checkpoint again.") from error
    return content


def optional_json(path: Path) -> Mapping[str, Any]:
    """A JSON object, empty when the file is not there."""
    return read_json(path) if path.is_file() else {}


def as_float32(tensor: LocalTensor, *, where: str) -> Floats:
    """The values of a 16- or 32-bit float tensor."""
    return _floats(tensor.mmap_bytes(), tensor.dtype, where).reshape(tensor.shape)


def blocks(tensor: LocalTensor, *, where: str) -> Iterator[Floats]:
    """The values of a matrix some rows at a time, so that no float32 copy of the whole exists."""
    raw = tensor.mmap_bytes()
    rows, row_bytes = tensor.shape[0], raw.nbytes // tensor.shape[0]
    step = max(1, BLOCK_BYTES // row_bytes)
    for start in range(0, rows, step):
        part = raw[start * row_bytes : (start + step) * row_bytes]
        yield _floats(part, tensor.dtype, where).reshape(-1, *tensor.shape[1:])


def _floats(raw: npt.NDArray[np.uint8], dtype: str, where: str) -> Floats:
    match dtype:
        case "F32":
            return raw.view(np.float32)
        case "F16":
            return raw.view(np.float16).astype(np.float32)
        case "BF16":
            wide = raw.view(np.uint16).astype(np.uint32)
            wide <<= 16
            return wide.view(np.float32)
        case other:
            raise ModelError(f"{where}: type {other}. Use the 16-bit or 32-bit float checkpoint.")


def open_safetensors(file: Path) -> dict[str, LocalTensor]:
    """The tensors of one file, by name, not yet read."""
    try:
        tensors = SafetensorsLocal(file).tensors
    except (ValueError, OSError, KeyError) as error:
        raise ModelError(f"{file}: not a whole safetensors file ({error}). Fetch it again.") from error
    size = file.stat().st_size
    if any(t.data_range.offset + t.data_range.size > size for t in tensors.values()):
        raise ModelError(f"{file}: shorter than its own header says. Fetch it again.")
    return tensors
