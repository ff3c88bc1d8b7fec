"""A customer out of what the store holds: what is affected, and its removal. The desk's tables: `serving.decisions.erasing`."""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from support_pipeline.artifacts import (
    Folder,
    Recipe,
    Store,
    commit,
    is_local,
    product,
    scratch_home,
    write_atomically,
)
from support_pipeline.clients import ClientConfig
from support_pipeline.data.exports import READERS, Origin, Unreadable
from support_pipeline.data.sync.landing import STATE_FILE
from support_pipeline.data.tickets import pair_id
from support_pipeline.erasures import drop_erased, inputs, mark
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.serving.decisions import erasing as desk
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.stages.history import raw_checks, raw_recipe


@dataclass(frozen=True)
class Affected:
    """Where a customer is: tickets and pairs by id, history months, releases by month, decisions."""

    tickets: frozenset[str]
    pairs: frozenset[str]
    months: tuple[str, ...]
    releases: tuple[str, ...]
    decisions: int

    @property
    def empty(self) -> bool:
        """Whether the customer is nowhere."""
        return not (self.tickets or self.decisions)


def find(store: Store, config: ClientConfig, log: DecisionLog, customer: str) -> Affected:
    """Looks for a customer by the helpdesk's id in everything that is kept.

    Raises:
        ArtifactError: an artifact cannot be read; nothing may be left out unseen.
        AtWork: a worker is at one of the customer's tickets.
    """
    tickets: set[str] = set()
    months = []
    wanted = pl.col("customer_id").str.to_lowercase() == customer.strip().lower()
    for month in store.months(config.id):
        rows = [_rows(store.history(config.id, month, stage), file, wanted) for stage, file in _TABLES]
        tickets |= {ticket for frame in rows for ticket in frame["ticket_id"]}
        if any(frame.height for frame in rows):
            months.append(month)
    seen = desk.look(log.database, config.id, customer, tickets)
    months = sorted({*months, *seen.months} & set(store.months(config.id)))
    tickets |= seen.tickets
    pairs = {pair_id(config.id, source.vendor, ticket) for source in config.sources for ticket in tickets}
    return Affected(
        frozenset(tickets),
        frozenset(pairs),
        tuple(months),
        _releases(store, config.id, tickets, pairs),
        seen.decisions,
    )


_TABLES = (
    ("raw_tickets", "tickets.parquet"),
    ("filtered_pairs", "pairs.parquet"),
    ("agent_edits", "edits.parquet"),
)


def _rows(folder: Folder, file: str, wanted: pl.Expr) -> pl.DataFrame:
    if folder.manifest() is None:
        return pl.DataFrame(schema={"ticket_id": pl.String()})
    return pl.read_parquet(folder.local(accept_failed=True) / file).filter(wanted)


def _releases(store: Store, client: str, tickets: set[str], pairs: set[str]) -> tuple[str, ...]:
    found = []
    for as_of in store.releases(client):
        folder = store.release(client, as_of, "jsonl_splits")
        if folder.manifest() is None:
            continue
        payload = folder.local(accept_failed=True)
        index = pl.read_parquet(payload / "index.parquet")
        held = pl.read_parquet(payload / "held_back.parquet")
        names = {name: set(index[name]) for name in ("pair_id", "ticket_id") if name in index.columns}
        if pairs & (names.get("pair_id", set()) | set(held["pair_id"])) or tickets & names.get(
            "ticket_id", set()
        ):
            found.append(as_of)
    return tuple(found)


def clean_history(
    store: Store, config: ClientConfig, months: Sequence[str], marks: frozenset[str]
) -> list[str]:
    """Commits raw_tickets again without the erased customers, from what is kept and not from the export."""
    done = []
    for month in months:
        folder = store.history(config.id, month, "raw_tickets")
        present = folder.manifest()
        if present is None:
            continue
        with store.staging(folder) as scratch:
            payload = scratch / "payload"
            shutil.copytree(
                folder.local(accept_failed=True), payload, ignore=shutil.ignore_patterns("manifest.json")
            )
            gone = drop_erased(config.id, payload, marks)
            counts = {**present.counts, "unique": present.counts["unique"] - gone}
            counts["erased"] = present.counts.get("erased", 0) + gone
            recipe = Recipe(
                inputs={"export": present.inputs["export"], **inputs(marks)},
                config=raw_recipe(config, "", frozenset()).config,
                code_version=present.code_version,
            )
            commit(
                folder,
                payload,
                recipe,
                product(counts, raw_checks(payload, counts), present.info),
                present.seconds,
            )
        done.append(str(folder.path))
    return done


def clean_drops(config: ClientConfig, root: Path, customer: str) -> tuple[list[str], list[str]]:
    """Removes the customer from what APIs have landed; the files touched, and the client's own exports, untouched."""
    touched, theirs = [], []
    for source in config.sources:
        place = root / source.files(config.id)
        if source.api is None:
            theirs.append(str(place))
            continue
        for file in sorted(place.glob("*.ndjson")):
            if _clean_lines(file, source.vendor, config.id, customer):
                touched.append(str(file))
        if _clean_landing(place / STATE_FILE, source.vendor, config.id, customer):
            touched.append(str(place / STATE_FILE))
    return touched, theirs


def _of_customer(vendor: str, client: str, customer: str, record: dict[str, Any]) -> bool:
    try:
        ticket = READERS[vendor].read(record, Origin(client, "", 0))
    except Unreadable:
        return False
    return mark(client, ticket.customer_id) == mark(client, customer)


def _clean_lines(file: Path, vendor: str, client: str, customer: str) -> bool:
    lines = file.read_bytes().splitlines()
    kept = [line for line in lines if not _of_customer(vendor, client, customer, orjson.loads(line))]
    if len(kept) == len(lines):
        return False
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".tmp", delete=False) as partial:
        partial.write(b"".join(line + b"\n" for line in kept))
    Path(partial.name).replace(file)
    return True


def _clean_landing(file: Path, vendor: str, client: str, customer: str) -> bool:
    if not file.exists():
        return False
    with sqlite3.connect(file) as base:
        ids = [
            row[0]
            for row in base.execute("SELECT id, record FROM ticket").fetchall()
            if _landed_of(vendor, client, customer, orjson.loads(row[1]))
        ]
        for ticket in ids:
            base.execute("DELETE FROM ticket WHERE id = ?", (ticket,))
            base.execute("DELETE FROM message WHERE ticket = ?", (ticket,))
        people = base.execute("DELETE FROM other WHERE id = ?", (customer,)).rowcount
    base.close()
    with sqlite3.connect(file, isolation_level=None) as cleaning:
        cleaning.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cleaning.execute("VACUUM")
    cleaning.close()
    return bool(ids or people)


def _landed_of(vendor: str, client: str, customer: str, record: dict[str, Any]) -> bool:
    person = record.get("customer") or record.get("requester") or {}
    ids = (
        record.get("requester_id"),
        record.get("customer_id"),
        person.get("id") if isinstance(person, dict) else None,
    )
    return any(str(found) == customer for found in ids if found) or _of_customer(
        vendor, client, customer, record
    )


def forget(store: Store, client: str, as_of: str) -> list[str]:
    """Removes the replaced versions of a release's artifacts, which kept the customer; their folders."""
    kept = store.root / "releases" / client / as_of / ".superseded"
    if not kept.exists():
        return []
    gone = sorted(str(path) for path in kept.iterdir())
    kept.fs.rm(kept.path, recursive=True)
    if not is_local(store.root):
        shutil.rmtree(scratch_home(), ignore_errors=True)  # local copies
    return gone


def forget_deployments(store: Store, client: str) -> list[str]:
    """Takes versions whose model is no longer kept off the list of what is and was live; those versions."""
    present = read_deployments(store, client)
    if present is None:
        return []

    def there(fingerprint: str, as_of: str) -> bool:
        manifest = store.release(client, as_of, "gguf_artifact").manifest()
        return manifest is not None and manifest.fingerprint == fingerprint

    versions = (present.live, *present.earlier)
    kept = [version for version in versions if there(version.fingerprint, version.as_of)]
    gone = [version.version for version in versions if version not in kept]
    path = store.root / "deployments" / f"{client}.json"
    if gone and not kept:
        path.fs.rm(path.path)
    elif gone:
        changed = present.model_copy(update={"live": kept[0], "earlier": tuple(kept[1:])})
        write_atomically(path, changed.model_dump_json(indent=1) + "\n")
    return gone
