"""How every GGUF here is written: whole or not at all, values in their stored type."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFWriter

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Floats

FloatType = Literal["F32", "F16", "BF16"]

_FLOAT16_MAX = 65504.0


@contextmanager
def new_gguf(target: Path, architecture: str) -> Iterator[GGUFWriter]:
    """A writer whose file takes the name `target` when the block ends well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    writer = GGUFWriter(partial, architecture)
    try:
        yield writer
    except BaseException:
        writer.close()
        partial.unlink(missing_ok=True)
        raise
    writer.close()
    partial.replace(target)


def stored_type(shape: tuple[int, ...], float_type: FloatType) -> GGMLQuantizationType:
    """Vectors (norms, biases) stay float32: llama.cpp computes with them so, and they are small."""
    return GGMLQuantizationType.F32 if len(shape) < 2 else GGMLQuantizationType[float_type]


def encode(values: Floats, kind: GGMLQuantizationType, *, where: str) -> npt.NDArray[np.generic]:
    """The values in their stored type; one that float16 cannot hold is refused, not made infinite."""
    largest = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
    if kind is GGMLQuantizationType.F16 and largest > _FLOAT16_MAX:
        raise ModelError(f"{where}: values beyond float16. Convert with float_type='BF16' or 'F32'.")
    encoded: npt.NDArray[np.generic] = gguf.quantize(np.ascontiguousarray(values), kind)
    return encoded
