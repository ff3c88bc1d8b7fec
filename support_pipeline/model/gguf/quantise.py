"""A 16- or 32-bit GGUF becomes a smaller one: Q8_0, Q5_K_M or Q4_K_M.

Which tensor gets which type follows llama.cpp's own `llama-quantize`; the arithmetic is llama.cpp's
own too, called in the shared object of the xllamacpp wheel. Without that wheel (a training machine,
say) the `gguf` package's numpy code can still write Q8_0.

A smaller file answers differently: `parity` counts how often. This module does not judge it.
"""

import ctypes
import importlib.util
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType
from gguf.gguf_reader import ReaderTensor

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Floats
from support_pipeline.model.gguf.writer import new_gguf

QuantType = Literal["Q8_0", "Q5_K_M", "Q4_K_M"]
Importance = Mapping[str, Floats]
"""GGUF tensor name -> mean square of each input column; see `importance.measure`."""

_FILE_TYPES = {
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
    "Q5_K_M": LlamaFileType.MOSTLY_Q5_K_M,
    "Q4_K_M": LlamaFileType.MOSTLY_Q4_K_M,
}
_MAIN_KINDS = {"Q8_0": Kind.Q8_0, "Q5_K_M": Kind.Q5_K, "Q4_K_M": Kind.Q4_K}
# What a type becomes when rows are not a multiple of its 256 values.
_NARROW = {Kind.Q4_K: Kind.Q5_0, Kind.Q5_K: Kind.Q5_1, Kind.Q6_K: Kind.Q8_0}
_SOURCES = {Kind.F32, Kind.F16, Kind.BF16}
_ROWS_AT_ONCE_BYTES = 64 << 20


@dataclass(frozen=True)
class Quantised:
    """The file, and what became of the tensors: type name -> how many."""

    path: Path
    source_bytes: int
    target_bytes: int
    types: Mapping[str, int]


@dataclass(frozen=True)
class Plan:
    """What the choice of a tensor's type depends on besides its own name and shape."""

    quant: QuantType
    layers: int
    tied: bool
    eighty_layers_sharing: bool


def quantise(
    source: Path,
    target: Path,
    quant: QuantType,
    *,
    importance: Importance | None = None,
    threads: int = 1,
) -> Quantised:
    """Write `source` again with smaller types; metadata goes along unchanged.

    The same source, importance and CPU architecture give the same bytes, whatever `threads` is.

    Raises:
        ModelError: the source is not a GGUF of 16- or 32-bit floats, or the K-quants are wanted and
            xllamacpp is not installed.
    """
    reader = _open(source)
    plan = _plan(reader, quant)
    kinds = {tensor.name: tensor_kind(tensor.name, _shape(tensor), plan) for tensor in reader.tensors}
    _demand_arithmetic(set(kinds.values()), importance is not None)
    architecture = str(reader.fields["general.architecture"].contents())
    with new_gguf(target, architecture) as writer, ThreadPoolExecutor(threads) as pool:
        _copy_metadata(reader, writer, quant)
        for tensor in reader.tensors:
            shape = _shape(tensor)
            size = int(np.prod(shape[:-1], dtype=np.int64)) * _row_bytes(shape[-1], kinds[tensor.name])
            writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), size, kinds[tensor.name])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in reader.tensors:
            writer.write_tensor_data(_encode(tensor, kinds[tensor.name], importance or {}, pool))
    counts = Counter(kind.name for kind in kinds.values())
    return Quantised(target, source.stat().st_size, target.stat().st_size, dict(sorted(counts.items())))


def tensor_kind(name: str, shape: tuple[int, ...], plan: Plan) -> Kind:
    """The type of one tensor, by the rules of llama.cpp's `llama_tensor_get_type`."""
    if len(shape) < 2 or not name.endswith(".weight") or name.endswith("_norm.weight"):
        return Kind.F32
    kind = _MAIN_KINDS[plan.quant]
    if name == "output.weight" or (plan.tied and name == "token_embd.weight"):
        kind = Kind.Q8_0 if kind is Kind.Q8_0 or shape[-1] % 256 else Kind.Q6_K
    elif kind is not Kind.Q8_0 and name.endswith((".attn_v.weight", ".ffn_down.weight")):
        if _deserves_more_bits(int(name.split(".")[1]), plan.layers):
            kind = Kind.Q6_K
        elif plan.eighty_layers_sharing and kind is Kind.Q4_K and ".attn_v." in name:
            kind = Kind.Q5_K
    return _fitting(kind, shape[-1])


def _deserves_more_bits(layer: int, layers: int) -> bool:
    """The first and last eighth of the layers and every third between them."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _fitting(kind: Kind, row: int) -> Kind:
    if row % gguf.GGML_QUANT_SIZES[kind][0]:
        kind = _NARROW.get(kind, Kind.F16)
    return Kind.F16 if row % gguf.GGML_QUANT_SIZES[kind][0] else kind


def _open(source: Path) -> GGUFReader:
    try:
        reader = GGUFReader(source)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise ModelError(f"{source}: not a whole GGUF ({error}). Convert the checkpoint again.") from error
    small = [tensor.name for tensor in reader.tensors if tensor.tensor_type not in _SOURCES]
    if small:
        raise ModelError(
            f"{source}: {len(small)} tensors are quantised already (first: {small[0]}). "
            "Quantise the F16 file; a second loss on top of the first cannot be undone."
        )
    return reader


def _plan(reader: GGUFReader, quant: QuantType) -> Plan:
    arch = reader.fields["general.architecture"].contents()
    layers = int(reader.fields[f"{arch}.block_count"].contents())
    heads = int(reader.fields[f"{arch}.attention.head_count"].contents())
    kv_heads = int(reader.fields[f"{arch}.attention.head_count_kv"].contents())
    tied = all(tensor.name != "output.weight" for tensor in reader.tensors)
    return Plan(quant, layers, tied, layers == 80 and heads != kv_heads)


def _copy_metadata(reader: GGUFReader, writer: GGUFWriter, quant: QuantType) -> None:
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if name == "general.file_type":
            writer.add_file_type(_FILE_TYPES[quant])
            continue
        inner = field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], inner)


def _shape(tensor: ReaderTensor) -> tuple[int, ...]:
    """GGUF lists the row length first, numpy last."""
    return tuple(int(n) for n in reversed(tensor.shape))


def _row_bytes(row: int, kind: Kind) -> int:
    block, size = gguf.GGML_QUANT_SIZES[kind]
    return row // block * size


def _encode(
    tensor: ReaderTensor, kind: Kind, importance: Importance, pool: ThreadPoolExecutor
) -> npt.NDArray[np.generic]:
    """The tensor in its new type, some rows at a time so that float32 copies stay small."""
    shape = _shape(tensor)
    rows = tensor.data.reshape(-1, tensor.data.shape[-1])
    step = max(1, _ROWS_AT_ONCE_BYTES // (shape[-1] * 4))
    columns = importance.get(tensor.name)
    if columns is not None and columns.shape != shape[-1:]:
        raise ModelError(
            f"importance of {tensor.name}: {columns.shape} values for rows of {shape[-1]}. "
            "It was measured on another model; measure it on this one."
        )
    parts = pool.map(
        lambda start: _encode_rows(
            gguf.dequantize(rows[start : start + step], tensor.tensor_type), kind, columns
        ),
        range(0, len(rows), step),
    )
    return np.concatenate(list(parts))


def _encode_rows(values: Floats, kind: Kind, columns: Floats | None) -> npt.NDArray[np.generic]:
    library = _llama_cpp()
    if library is None or kind in _SOURCES:
        encoded: npt.NDArray[np.generic] = gguf.quantize(values, kind)
        return encoded
    values = np.ascontiguousarray(values, dtype=np.float32)
    target = np.empty((values.shape[0], _row_bytes(values.shape[1], kind)), dtype=np.uint8)
    weights = None if columns is None else np.ascontiguousarray(columns, dtype=np.float32)
    written = library.ggml_quantize_chunk(
        int(kind),
        values.ctypes.data,
        target.ctypes.data,
        0,
        values.shape[0],
        values.shape[1],
        None if weights is None else weights.ctypes.data,
    )
    assert written == target.nbytes, (written, target.nbytes)
    return target


def _demand_arithmetic(kinds: set[Kind], with_importance: bool) -> None:
    if _llama_cpp() is None and (with_importance or any("_K" in kind.name for kind in kinds)):
        raise ModelError(
            "K-quants and importance need llama.cpp's own code. Install the pinned xllamacpp, or use Q8_0."
        )


@lru_cache(maxsize=1)
def _llama_cpp() -> Any:
    """llama.cpp's C functions, or None without the wheel. Not imported as a module: nothing starts."""
    spec = importlib.util.find_spec("xllamacpp")
    if spec is None or spec.origin is None:
        return None
    objects = sorted(Path(spec.origin).parent.glob("xllamacpp*.so"))
    if not objects:
        return None
    library = ctypes.CDLL(str(objects[0]))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    ]
    return library
