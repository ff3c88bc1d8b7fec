"""The few facts of a GGUF file that its users need, read in microseconds and without the `gguf` package.

Arrays (the vocabulary) are stepped over, never built. `gguf.GGUFReader` is for tools that need them.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from support_pipeline.errors import ModelError

Scalar = int | float | bool | str

_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


def read_header(path: Path) -> Mapping[str, Scalar]:
    """Every scalar of a GGUF's metadata, by key.

    Raises:
        ModelError: the file is missing, is not GGUF, or ends inside its metadata.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Build the GGUF again.") from error
    except (struct.error, UnicodeDecodeError, KeyError, MemoryError, OverflowError) as error:
        raise ModelError(
            f"{path}: broken GGUF metadata. The file is cut or corrupt; build it again."
        ) from error


def _read(file: BinaryIO, path: Path) -> dict[str, Scalar]:
    if file.read(4) != b"GGUF":
        raise ModelError(f"{path}: not a GGUF file. Give the file that `convert` or `quantise` wrote.")
    _version, _tensors, entries = struct.unpack("<IQQ", file.read(20))
    found: dict[str, Scalar] = {}
    for _ in range(entries):
        key = _string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if kind == _ARRAY:
            _skip_array(file)
        else:
            found[key] = _scalar(file, kind)
    return found


def _scalar(file: BinaryIO, kind: int) -> Scalar:
    if kind == _STRING:
        return _string(file)
    layout = "<" + _FORMATS[kind]
    value: Scalar = struct.unpack(layout, file.read(struct.calcsize(layout)))[0]
    return value


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    raw = file.read(length)
    if len(raw) != length:
        raise struct.error("cut string")
    return raw.decode()


def _skip_array(file: BinaryIO) -> None:
    kind, length = struct.unpack("<IQ", file.read(12))
    if kind != _STRING:
        file.seek(length * struct.calcsize("<" + _FORMATS[kind]), 1)
        return
    for _ in range(length):
        (size,) = struct.unpack("<Q", file.read(8))
        file.seek(size, 1)
