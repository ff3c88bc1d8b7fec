"""Which export files a source names: a file, a folder that grows, a glob; each plain, gzipped or zipped.

What is inside the files is read by `pieces` and `records`.
"""

import gzip
import hashlib
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

from support_pipeline.errors import ExportError

SUFFIXES = frozenset({".ndjson", ".jsonl", ".json", ".xml", ".csv", ".gz", ".zip"})


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file, or one member of a zip. `name` is what people read; `path` is where it is."""

    path: Path
    name: str
    member: str = ""

    @property
    def suffix(self) -> str:
        """The kind of the content by its name: the suffix without a compression's."""
        name = (self.member or self.path.name).lower()
        return Path(name.removesuffix(".gz")).suffix

    @property
    def packed(self) -> bool:
        """Whether the content must be unpacked, so that places in it cannot be sought."""
        return bool(self.member) or _magic(self.path) == b"\x1f\x8b"

    def open(self) -> IO[bytes]:
        """The unpacked content as a stream."""
        if self.path.suffix.lower() == ".zip" and not self.member:
            raise zipfile.BadZipFile("not a zip archive, or cut off")
        if self.member:
            stream = _archive(self.path, self.path.stat().st_mtime_ns).open(self.member)
            return cast(IO[bytes], gzip.open(stream)) if self.member.lower().endswith(".gz") else stream
        return cast(IO[bytes], gzip.open(self.path)) if self.packed else self.path.open("rb")


def find_files(root: Path, pattern: str) -> list[ExportFile]:
    """The files of a source in reading order: a file, a folder (searched deeply) or a glob.

    Numbers in names count as numbers, so page-10 follows page-9. Hidden and half-written files
    (.tmp, .part) of a folder are left alone.

    Raises:
        ExportError: nothing is there.
    """
    place = Path(pattern)
    base = place if place.is_absolute() else root / place
    if base.is_file():
        paths = [base]
    elif base.is_dir():
        paths = [path for path in base.rglob("*") if _is_export(path, base)]
    else:
        anchor = Path(base.anchor)
        pieces = base.relative_to(anchor) if base.is_absolute() else base
        found = anchor.glob(str(pieces)) if base.is_absolute() else Path().glob(str(pieces))
        paths = [path for path in found if _is_export(path, path.parent)]
    if not paths:
        state = (
            "holds no export file (.ndjson, .json, .csv, .xml, .gz, .zip)"
            if base.is_dir()
            else "is not there"
        )
        raise ExportError(f"{base} {state}. Put the helpdesk's export there, or correct the source's path.")
    return [file for path in sorted(paths, key=natural) for file in _members(path, _shown(path, root))]


def natural(path: Path) -> list[tuple[int, int | str]]:
    """A sorting key in which numbers in names count as numbers."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", path.as_posix())]


def digest(files: Iterable[ExportFile]) -> str:
    """sha256 over the files' names and contents, in the order of their names."""
    total = hashlib.sha256()
    for name, path in sorted({(file.name.split("!")[0], file.path) for file in files}):
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def _is_export(path: Path, base: Path) -> bool:
    parts = path.relative_to(base).parts
    return (
        path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in parts) and path.is_file()
    )


def _shown(path: Path, root: Path) -> str:
    path, root = path.absolute(), root.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


@lru_cache(maxsize=2)
def _archive(path: Path, _: int) -> zipfile.ZipFile:
    """An archive, kept open: reading the directory again for each of thousands of members is slow."""
    return zipfile.ZipFile(path)


def _magic(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(2)


def _members(path: Path, name: str) -> list[ExportFile]:
    if not zipfile.is_zipfile(path):
        return [ExportFile(path, name)]
    with zipfile.ZipFile(path) as archive:
        inside = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    kept = [
        entry
        for entry in inside
        if Path(entry).suffix.lower() in SUFFIXES - {".zip"} and "__MACOSX" not in entry
    ]
    return [
        ExportFile(path, f"{name}!{entry}", entry) for entry in sorted(kept, key=lambda n: natural(Path(n)))
    ]
