"""The raw records of a piece, each a value or the reason why it is none.

What cannot be read is never fatal: it comes back with a reason and its raw text. A page that is cut off
gives its complete records and one more for the rest. A record's "line" is the line in NDJSON and CSV,
the place (from 1) in a page or XML.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from xml.etree import ElementTree

import orjson

from support_pipeline.data.exports.pieces import (
    BETWEEN,
    BROKEN_STREAM,
    UTF8_BOM,
    Piece,
    list_start,
    wide_coding,
)
from support_pipeline.data.exports.reader import Reader

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as the vendor wrote it, or the reason why it is none (then `value` is None)."""

    line: int
    value: dict[str, Any] | None
    reason: str = ""
    raw: bytes = b""


def records(piece: Piece, reader: Reader) -> Iterator[RawRecord]:
    """The records of a piece, each a value or a reason; a line of white space is no record."""
    if piece.problem and (piece.format == "ndjson" or not piece.content):
        yield RawRecord(piece.first, None, piece.problem, piece.content or b"")
        return
    try:
        content = piece.read()
    except BROKEN_STREAM as error:
        yield RawRecord(piece.first, None, f"the file is damaged: {error or type(error).__name__}")
        return
    coding = wide_coding(content)
    if coding:
        content = content.decode(coding, errors="replace").encode()
    content = content.removeprefix(UTF8_BOM)
    line = piece.first - 1
    for record in _RECORDS[piece.format](content, piece.first, reader):
        line = record.line
        yield record
    if piece.problem:
        yield RawRecord(line + 1, None, piece.problem)


def _line_records(content: bytes, first: int, _: Reader) -> Iterator[RawRecord]:
    for number, line in enumerate(content.split(b"\n"), start=first):
        if line.strip(b" \t\r\n\0"):
            yield _json_record(number, line)


def _json_record(number: int, raw: bytes) -> RawRecord:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            value = lenient(raw)
        except (ValueError, RecursionError) as error:
            return RawRecord(number, None, f"not JSON: {error}", raw)
    if not isinstance(value, dict):
        return RawRecord(number, None, f"not an object but {_kind(value)}", raw)
    return RawRecord(number, value, raw=raw)


def lenient(raw: bytes) -> Any:
    """JSON in another encoding, or with the NaN and half surrogates that Python once wrote."""
    text = decode(raw)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _without_surrogates(json.loads(text))


def decode(raw: bytes) -> str:
    """Text of bytes that should be UTF-8 and, if not, are taken for Windows-1252."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: _without_surrogates(inner) for key, inner in value.items()}
    return [_without_surrogates(inner) for inner in value] if isinstance(value, list) else value


def _page_records(content: bytes, first: int, reader: Reader) -> Iterator[RawRecord]:
    try:
        page = orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            page = lenient(content)
        except (ValueError, RecursionError) as error:
            yield from _salvaged(decode(content), first, reader, f"the page is cut off or broken: {error}")
            return
    key = next(
        (key for key in reader.page_keys if isinstance(page, dict) and isinstance(page.get(key), list)), None
    )
    values = page[key] if key else page if isinstance(page, list) else [page]
    shared = {name: page[name] for name in reader.shared if key and isinstance(page.get(name), list)}
    for number, value in enumerate(values, start=first):
        if isinstance(value, dict):
            yield RawRecord(number, {**shared, **value} if shared else value)
        else:
            yield RawRecord(number, None, f"not an object but {_kind(value)}", orjson.dumps(value))


def _salvaged(text: str, first: int, reader: Reader, reason: str) -> Iterator[RawRecord]:
    """The complete records before the damage, then the rest as one record with the reason."""
    decoder = json.JSONDecoder()
    at = max(list_start(text, reader.page_keys), 0)
    number = first
    while at:
        at = cast(re.Match[str], BETWEEN.match(text, at)).end()
        if text[at : at + 1] == "]" and not _goes_on(text, at):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        value = _without_surrogates(value)
        good = isinstance(value, dict)
        yield RawRecord(number, value if good else None, "" if good else f"not an object but {_kind(value)}")
        number += 1
    yield RawRecord(number, None, reason, text[at:].encode("utf-8", errors="replace"))


def _goes_on(text: str, at: int) -> bool:
    """Whether more follows a list that is the whole page; in an object the rest is no record."""
    return text.lstrip().startswith("[") and bool(text[at + 1 :].strip())


def _kind(value: object) -> str:
    return {type(None): "null", list: "a list", str: "text", bool: "a flag"}.get(type(value), "a number")


def _csv_records(content: bytes, first: int, reader: Reader) -> Iterator[RawRecord]:
    text = decode(content)
    heading = text.split("\n", 1)[0]
    separator = max(",;\t", key=heading.count)
    csv.field_size_limit(1 << 30)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns: list[str] = []
    try:
        for cells in table:
            if not columns:
                columns = [cell.strip().lower().replace("_", " ") for cell in cells]
            elif any(cells):
                yield _csv_record(table.line_num, cells, columns, reader)
    except csv.Error as error:
        yield RawRecord(table.line_num, None, f"not CSV: {error}")


def _csv_record(number: int, cells: list[str], columns: list[str], reader: Reader) -> RawRecord:
    if len(cells) != len(columns):
        raw = orjson.dumps(cells)
        return RawRecord(number, None, f"{len(cells)} cells under {len(columns)} headings", raw)
    value: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell.strip() and (place := reader.columns.get(column)):
            inner = value
            *parents, last = place.split(".")
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = cell.strip()
    return RawRecord(number, value)


def _xml_records(content: bytes, first: int, reader: Reader) -> Iterator[RawRecord]:
    """Each ticket's element is parsed alone, so a broken one costs no other."""
    text = decode(content)
    tag = re.escape(reader.xml_tag)
    number, at = first, 0
    for found in re.finditer(rf"<{tag}(?:\s[^>]*)?>.*?</{tag}>", text, re.DOTALL):
        try:
            element = ElementTree.fromstring(_legal(found.group()))
            yield RawRecord(number, mapping_of(element), raw=found.group().encode())
        except ElementTree.ParseError as error:
            yield RawRecord(number, None, f"not XML: {error}", found.group().encode())
        number, at = number + 1, found.end()
    if re.search(rf"<{tag}[\s>]", text[at:]) or number == first:
        yield RawRecord(number, None, "the XML is cut off or holds no ticket", text[at:].encode())


def _legal(text: str) -> str:
    """XML without the control characters (raw or as references) that no parser accepts."""
    text = re.sub(
        r"&#(?:x(?:[0-8bcef]|1[0-9a-f])|(?:[0-8]|1[124-9]|2[0-9]|3[01]));", "", text, flags=re.IGNORECASE
    )
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "", text)


def mapping_of(element: ElementTree.Element) -> dict[str, Any]:
    """An element's children as a record: names with underscores, types and lists by attribute."""
    return {child.tag.replace("-", "_"): _value_of(child) for child in element}


def _value_of(element: ElementTree.Element) -> Any:
    kind = element.get("type")
    if element.get("nil") == "true":
        return None
    if kind == "array":
        return [mapping_of(child) if len(child) else (child.text or "") for child in element]
    if len(element):
        return mapping_of(element)
    text = element.text or ""
    if kind == "boolean":
        return text.strip().lower() in ("true", "1")
    return text


_RECORDS = {"ndjson": _line_records, "page": _page_records, "csv": _csv_records, "xml": _xml_records}
