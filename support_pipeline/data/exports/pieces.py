"""A file cut into pieces, so that several processes can read a big one in bounded memory.

The format is told by suffix and content: NDJSON, a JSON page (a list, an object that holds the list,
or one record), CSV, XML. NDJSON is cut at lines; a page or XML file that is packed or big is cut
between records; small files stay whole. A damaged archive gives all that can still be unpacked, and one
piece that says where it ended.
"""

import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson

from support_pipeline.data.exports.files import ExportFile
from support_pipeline.data.exports.reader import Reader

Format = Literal["ndjson", "page", "xml", "csv"]

WHOLE_BYTES = 64 << 20  # a page, XML or CSV file up to this size is read in one piece
HEAD_BYTES = 1 << 16
BROKEN_STREAM = (EOFError, OSError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
BETWEEN = re.compile(r"[\s,]*")
UTF8_BOM = b"\xef\xbb\xbf"
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

_ZEROS: dict[tuple[bool, ...], str] = {
    (True, False) * 4: "utf-16-le",
    (False, True) * 4: "utf-16-be",
    (True, False, False, False) * 2: "utf-32-le",
    (False, False, False, True) * 2: "utf-32-be",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that is read on its own; `first` is the line of its first record.

    Without `content` the piece is `size` bytes of the file from `offset`, or the whole file. A
    `problem` ends the file: lines that carry one are not trusted, other formats are read up to it.
    """

    file: ExportFile
    format: Format
    first: int = 1
    offset: int = 0
    size: int = -1
    content: bytes | None = None
    problem: str = ""

    def read(self) -> bytes:
        """The bytes of the piece."""
        if self.content is not None:
            return self.content
        with self.file.open() as stream:
            if self.offset:
                stream.seek(self.offset)
            return stream.read(self.size)


def pieces(file: ExportFile, reader: Reader, size: int) -> Iterator[Piece]:
    """The file in pieces of about `size` bytes (page and CSV files up to `WHOLE_BYTES` stay whole)."""
    form: Format = "ndjson"
    try:
        with _Forgiving(file) as stream:
            head = stream.read(HEAD_BYTES)
        form = sniff(head, file.suffix, reader)
        yield from _cut(file, form, reader, size, head)
    except BROKEN_STREAM as error:
        yield _damage(file, form, 1, error)


def _damage(
    file: ExportFile, form: Format, line: int, error: BaseException | str, rest: bytes = b""
) -> Piece:
    text = str(error) or type(error).__name__
    return Piece(file, form, line, content=rest, problem=f"the file is damaged: {text}")


def _cut(file: ExportFile, form: Format, reader: Reader, size: int, head: bytes) -> Iterator[Piece]:
    coding = wide_coding(head)
    if form == "ndjson" and not coding:
        yield from _cut_lines(file, size)
    elif not file.packed and (form == "csv" or coding or file.path.stat().st_size <= WHOLE_BYTES):
        yield Piece(file, form)
    else:
        yield from _cut_stream(file, form, reader, size)


def _cut_lines(file: ExportFile, size: int) -> Iterator[Piece]:
    """Whole lines. Plain files are named by offset (their reader seeks); packed ones carry the bytes."""
    first, offset = 1, 0
    rest: list[bytes] = []
    with _Forgiving(file) as stream:
        while block := stream.read(size):
            end = block.rfind(b"\n") + 1
            if not end:
                rest.append(block)
                continue
            lines = b"".join([*rest, block[:end]])
            yield _line_piece(file, first, offset, lines)
            first, offset, rest = first + lines.count(b"\n"), offset + len(lines), [block[end:]]
    tail = b"".join(rest)
    if stream.damage:
        yield _damage(file, "ndjson", first, stream.damage, tail)
    elif tail:
        yield _line_piece(file, first, offset, tail)


class _Forgiving:
    """A file's content up to where it can be unpacked; `damage` says why it ended early."""

    def __init__(self, file: ExportFile) -> None:
        self.damage = ""
        self._stream = cast(io.BufferedReader, file.open())

    def __enter__(self) -> "_Forgiving":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end or at the damage."""
        block = bytearray()
        try:
            while not self.damage and len(block) < size:
                part = self._stream.read1(
                    min(1 << 18, size - len(block))
                )  # read() drops what came before damage
                if not part:
                    break
                block += part
        except BROKEN_STREAM as error:
            self.damage = str(error) or type(error).__name__
        return bytes(block)


def _line_piece(file: ExportFile, first: int, offset: int, lines: bytes) -> Piece:
    if file.packed:
        return Piece(file, "ndjson", first, content=lines)
    return Piece(file, "ndjson", first, offset=offset, size=len(lines))


def _cut_stream(file: ExportFile, form: Format, reader: Reader, size: int) -> Iterator[Piece]:
    """A page, XML or CSV file that is packed or big: whole if it turns out small, else record by record."""
    with _Forgiving(file) as stream:
        start = stream.read(WHOLE_BYTES)
        if form == "xml" and len(start) == WHOLE_BYTES:
            yield from _cut_xml(file, start, stream, reader, size)
        elif form == "page" and len(start) == WHOLE_BYTES:
            yield from _cut_page(file, start, stream, reader, size)
        else:
            content = start + stream.read(sys.maxsize)
            # a page tells by itself that it was cut off; rows of other formats may end cleanly
            damaged = stream.damage and form != "page"
            yield (
                _damage(file, form, 1, stream.damage, content)
                if damaged
                else Piece(file, form, content=content)
            )


def _cut_xml(
    file: ExportFile, start: bytes, stream: _Forgiving, reader: Reader, size: int
) -> Iterator[Piece]:
    end = f"</{reader.xml_tag}>".encode()
    first, rest = 1, start
    while rest:
        cut = rest.rfind(end) + len(end) if end in rest else 0
        if cut:
            yield Piece(file, "xml", first, content=rest[:cut])
            first += rest[:cut].count(end)
        block = stream.read(size)
        if not block:
            break
        rest = rest[cut:] + block
    if stream.damage:
        yield _damage(file, "xml", first, stream.damage, rest[cut:])
    elif b"<" + reader.xml_tag.encode() in rest[cut:]:
        yield Piece(file, "xml", first, content=rest[cut:])


def _cut_page(
    file: ExportFile, start: bytes, stream: _Forgiving, reader: Reader, size: int
) -> Iterator[Piece]:
    """A page too big to hold: complete records go out as small pages, the rest as one broken page."""
    decoder = json.JSONDecoder()
    text = io.TextIOWrapper(io.BufferedReader(_Rest(start, stream)), encoding="utf-8", errors="replace")
    buffer = text.read(size)
    at = list_start(buffer, reader.page_keys)
    first, held = 1, list[str]()
    while at >= 0:
        try:
            at = cast(re.Match[str], BETWEEN.match(buffer, at)).end()
            if buffer[at : at + 1] == "]":
                break
            _, end = decoder.raw_decode(buffer, at)
            held.append(buffer[at:end])
            at = end
        except (ValueError, RecursionError):
            block = text.read(size)
            buffer, at = buffer[at:] + block, 0
            if held:
                yield Piece(file, "page", first, content=_as_page(held))
                first, held = first + len(held), []
            if not block:
                break
    if held:
        yield Piece(file, "page", first, content=_as_page(held))
    rest = buffer[max(at, 0) :]
    if not rest.startswith("]"):
        yield Piece(file, "page", first + len(held), content=rest.encode())


def _as_page(records: list[str]) -> bytes:
    return ("[" + ",".join(records) + "]").encode()


class _Rest(io.RawIOBase):
    """A stream with bytes that were already read put back in front."""

    def __init__(self, start: bytes, stream: _Forgiving) -> None:
        self._start, self._stream = io.BytesIO(start), stream

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        block = self._start.read(len(target)) or self._stream.read(len(target))
        target[: len(block)] = block
        return len(block)


def list_start(text: str, keys: tuple[str, ...]) -> int:
    """Where the first record of a page's list begins; -1 when there is no list."""
    if text.lstrip().startswith("["):
        return text.index("[") + 1
    found = re.search(rf'"(?:{"|".join(map(re.escape, keys))})"\s*:\s*\[', text)
    return found.end() if found else -1


def wide_coding(start: bytes) -> str:
    """UTF-16 or UTF-32 by the mark in front, or by the zeros around its first characters; "" for anything else.

    What opens an export is ASCII, of which the wide encodings leave all but one byte zero.
    """
    marked = next((name for mark, name in _BOMS if start.startswith(mark)), "")
    return marked or _ZEROS.get(tuple(byte > 0 for byte in start[:8]), "")


def sniff(head: bytes, suffix: str, reader: Reader) -> Format:
    """The format by suffix and content; `.json` may hold a page or one record a line."""
    coding = wide_coding(head) or "utf-8"
    text = head.removeprefix(UTF8_BOM).decode(coding, errors="ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("<") and reader.xml_tag:
        return "xml"
    if suffix == ".csv" and not text.startswith(("{", "[")):
        return "csv"
    if text.startswith("["):
        first, _, later = text.partition("\n")
        return "ndjson" if later.strip() and _is_json(first) else "page"
    if suffix in (".ndjson", ".jsonl"):
        return "ndjson"
    return _page_or_lines(text, len(head) < HEAD_BYTES, reader) if text.startswith("{") else _loose(text)


def _loose(text: str) -> Format:
    heading = text.split("\n", 1)[0]
    return "csv" if max(map(heading.count, ",;\t")) > 1 and "{" not in heading else "ndjson"


def _page_or_lines(text: str, complete: bool, reader: Reader) -> Format:
    """Lines if a later line is an object of its own, or the only line is a record; else a page."""
    lines = [line for line in text.split("\n") if line.strip()]
    whole = lines if complete else lines[:-1]
    listed = any(line.rstrip().endswith("},") and _is_json(line.rstrip(", \r")) for line in whole[1:])
    if not listed and any(line.startswith("{") and _is_json(line) for line in whole[1:]):
        return "ndjson"
    keys = "|".join(map(re.escape, reader.page_keys))
    is_list = re.search(rf'"(?:{keys})"\s*:\s*\[', text[:2000]) and not re.match(r'\{\s*"id"', text)
    return "page" if is_list or complete or text.startswith("{\n") or text.startswith("{\r") else "ndjson"


def _is_json(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
