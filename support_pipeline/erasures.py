"""Who must never be learned from again: one small list a client, of digests and not of names.

    <store>/erasures/<client>.json

Ingestion drops these customers' tickets whatever the export still holds, so an export that the helpdesk
gives again does not bring them back.
"""

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from support_pipeline.artifacts import Store, digest, write_atomically
from support_pipeline.errors import ArtifactError
from support_pipeline.storage import clear_storage_errors

_WORD = re.compile(r"[\w.@+-]{2,}")


def mark(client: str, customer: str) -> str:
    """The digest that stands for a customer of a client."""
    return hashlib.sha256(f"{client}|{customer.strip().lower()}".encode()).hexdigest()


def erased(store: Store, client: str) -> frozenset[str]:
    """The marks of a client's erased customers.

    Raises:
        ArtifactError: the list is there and cannot be read; ingesting without it would bring people back.
    """
    path = store.root / "erasures" / f"{client}.json"
    try:
        with clear_storage_errors(path):
            return frozenset(json.loads(path.read_text(encoding="utf-8"))["customers"])
    except FileNotFoundError:
        return frozenset()
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{path}: is corrupt. Restore it from a backup; nothing is ingested without it."
        ) from error


def add(store: Store, client: str, customer: str) -> frozenset[str]:
    """Puts a customer on the list; all marks."""
    marks = erased(store, client) | {mark(client, customer)}
    text = json.dumps({"client": client, "customers": sorted(marks)}, indent=1)
    write_atomically(store.root / "erasures" / f"{client}.json", text + "\n")
    return marks


def inputs(marks: Collection[str]) -> dict[str, str]:
    """What the list adds to a recipe: nothing while it is empty."""
    return {"erasures": digest(sorted(marks))} if marks else {}


def drop_erased(client: str, payload: Path, marks: Collection[str]) -> int:
    """Removes erased customers from a month's staged tickets, duplicates and quarantine; tickets removed."""
    if not marks:
        return 0
    tickets = pl.read_parquet(payload / "tickets.parquet")
    keep = pl.Series(
        [mark(client, customer) not in marks for customer in tickets["customer_id"]], dtype=pl.Boolean
    )
    if keep.all():
        gone = 0
    else:
        gone = int((~keep).sum())
        tickets.filter(keep).write_parquet(payload / "tickets.parquet", compression="zstd")
    quarantine = payload / "quarantine.jsonl"
    if quarantine.exists():
        lines = [_without_raw(client, line, marks) for line in quarantine.read_bytes().splitlines()]
        quarantine.write_bytes(b"".join(line + b"\n" for line in lines))
    return gone


def _without_raw(client: str, line: bytes, marks: Collection[str]) -> bytes:
    """A quarantined line keeps its place and reason; its words go when it names an erased customer."""
    row: dict[str, Any] = orjson.loads(line)
    words = {word.strip(".-") for word in _WORD.findall(str(row.get("raw", "")))}
    if any(mark(client, word) in marks for word in words):
        return orjson.dumps({**row, "raw": "(erased)"})
    return line
