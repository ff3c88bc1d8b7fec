"""A checkpoint folder becomes one F32, F16 or BF16 GGUF file, tensor by tensor.

The same folder gives the same bytes. Nothing here needs torch or transformers, and only one tensor is
in memory at a time (as float32 and in its stored type). Quantising is the next step, not this one.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.architecture import (
    Architecture,
    read_architecture,
    rope_factors,
    write_architecture,
)
from support_pipeline.model.gguf.checkpoint import Checkpoint, blocks
from support_pipeline.model.gguf.vocabulary import read_vocabulary, write_vocabulary
from support_pipeline.model.gguf.writer import FloatType, encode, new_gguf, stored_type
from support_pipeline.model.prompt import template_sha256

_FILE_TYPES = {
    "F32": LlamaFileType.ALL_F32,
    "F16": LlamaFileType.MOSTLY_F16,
    "BF16": LlamaFileType.MOSTLY_BF16,
}


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from; travels inside the file as `support_pipeline.*`."""

    name: str = ""
    licence: str = ""
    base: str = ""
    client: str = ""
    release: str = ""


def convert(
    folder: Path,
    target: Path,
    *,
    provenance: Provenance | None = None,
    float_type: FloatType = "F16",
    chat_template: str | None = None,
) -> Path:
    """Write the GGUF of a checkpoint folder; the file appears under its name only when whole.

    Args:
        chat_template: the template that training used, when it is not the folder's own.

    Raises:
        ModelError: llama.cpp cannot be the same model (family, rotary positions, vocabulary), or
            the folder is not whole.
    """
    checkpoint = Checkpoint(folder)
    shape = read_architecture(checkpoint.config, where=str(folder / "config.json"))
    sources = _sources(checkpoint, shape)
    vocabulary = read_vocabulary(checkpoint, shape.vocab_size)
    template = chat_template or checkpoint.chat_template
    with new_gguf(target, shape.name) as writer:
        origin = provenance or Provenance()
        _write_general(writer, origin, template, vocabulary.normalisation, float_type)
        write_architecture(writer, shape)
        write_vocabulary(writer, vocabulary)
        if template is not None:
            writer.add_chat_template(template)
        _write_tensors(writer, checkpoint, shape, sources, float_type)
    return target


def _write_general(
    writer: GGUFWriter,
    provenance: Provenance,
    template: str | None,
    normalisation: str | None,
    float_type: FloatType,
) -> None:
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(provenance.name)
    writer.add_license(provenance.licence)
    writer.add_file_type(_FILE_TYPES[float_type])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    for field in fields(provenance):
        writer.add_string(f"support_pipeline.{field.name}", getattr(provenance, field.name))
    writer.add_string("support_pipeline.template_sha256", template_sha256(template) if template else "")
    writer.add_string("support_pipeline.text_normalisation", normalisation or "")


def _sources(checkpoint: Checkpoint, shape: Architecture) -> dict[str, str]:
    """GGUF tensor name -> checkpoint tensor name, in the order of the layers."""
    sources: dict[str, str] = {}
    unknown = []
    for name in checkpoint.tensors:
        target = shape.tensor_name(name)
        if name.endswith(".rotary_emb.inv_freq") or (shape.tied and target == "output.weight"):
            continue
        if target is None:
            unknown.append(name)
        else:
            sources[target] = name
    missing = sorted(shape.required() - sources.keys())
    if unknown or missing:
        raise ModelError(
            f"{checkpoint.folder}: not a whole {shape.family} checkpoint. "
            f"Tensors without a place: {', '.join(unknown) or 'none'}. "
            f"Tensors that are missing: {', '.join(missing) or 'none'}."
        )
    return dict(sorted(sources.items(), key=lambda pair: _layer_order(pair[0])))


def _layer_order(name: str) -> tuple[int, str]:
    parts = name.split(".")
    return (int(parts[1]), name) if parts[0] == "blk" else (-1, name)


def _write_tensors(
    writer: GGUFWriter,
    checkpoint: Checkpoint,
    shape: Architecture,
    sources: dict[str, str],
    float_type: FloatType,
) -> None:
    """Names and sizes first, then the values one tensor at a time."""
    factors = rope_factors(shape)
    if factors is not None:
        writer.add_tensor_info("rope_freqs.weight", factors.shape, factors.dtype, factors.nbytes)
    for target, source in sources.items():
        size = checkpoint.tensors[source].shape
        kind = stored_type(size, float_type)
        width = 4 if kind is GGMLQuantizationType.F32 else 2
        writer.add_tensor_info(target, size, np.dtype(np.float32), int(np.prod(size)) * width, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    if factors is not None:
        writer.write_tensor_data(factors)
    for target, source in sources.items():
        writer.write_tensor_data(_encoded(checkpoint, shape, target, source, float_type))


def _encoded(
    checkpoint: Checkpoint, shape: Architecture, target: str, source: str, float_type: FloatType
) -> npt.NDArray[np.generic]:
    """A tensor in its stored type. Q and K are turned as a whole; the rest, the largest among it, by rows."""
    tensor, where = checkpoint.tensors[source], f"{checkpoint.folder}: tensor {target}"
    kind = stored_type(tensor.shape, float_type)
    if len(tensor.shape) < 2 or ".attn_q." in target or ".attn_k." in target:
        return encode(shape.permute(target, checkpoint.load(source)), kind, where=where)
    parts = (encode(part, kind, where=where) for part in blocks(tensor, where=where))
    first = next(parts)
    whole = np.empty((tensor.shape[0], *first.shape[1:]), dtype=first.dtype)
    whole[: len(first)] = first
    at = len(first)
    for part in parts:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole
