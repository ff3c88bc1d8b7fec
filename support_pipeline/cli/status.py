"""`support-pipeline status`: the latest release of each client, its verdict and age."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from support_pipeline.artifacts import HISTORY_STAGES, STAGES, Manifest, Store, digest
from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import ArtifactError, ConfigError
from support_pipeline.overview import newest_release, overview
from support_pipeline.serving.decision_counts import decided_by_month, decision_log


def client_status(store: Store, client: str) -> dict[str, Any]:
    """Where one client stands, with `stages` by asset key: its history and its newest release."""
    (row,) = portfolio_status(store, [client])
    if row["problem"] is not None:
        raise ArtifactError(row["problem"])
    as_of, found = newest_release(store, client)
    stages = _history_stages(store, client, as_of)
    released = {
        stage: _shown(store.release(client, str(as_of), stage).path, manifest)
        for stage, manifest in found.items()
    }
    reached = next((stage for stage in reversed(STAGES) if stage in {**stages, **released}), None)
    return {**row, "stage": reached, "stages": stages | released}


def portfolio_status(
    store: Store, clients: list[str], broken: Mapping[Path, tuple[str, ...]] | None = None
) -> list[dict[str, Any]]:
    """Where each client stands: a row of `overview`, with `as_of`, `verdict`, `live`, `edits_waiting` and so on."""
    found = decided_by_month(decision_log(store))
    rows = overview(store, clients, broken or {}, found, datetime.now(UTC))
    return [
        {**asdict(row), "stage": row.stage or (HISTORY_STAGES[-1] if row.newest_month else None)}
        for row in rows
    ]


def known_clients(store: Store, registry: ClientRegistry) -> list[str]:
    """Clients with a file or with artifacts."""
    folder = store.root / "releases"
    released = {path.name for path in folder.iterdir()} if folder.exists() else set()
    return sorted({path.stem for path in registry.files()} | released)


def require_known(store: Store, registry: ClientRegistry, client: str) -> None:
    """Raises ConfigError when a client has neither a file nor artifacts."""
    known = known_clients(store, registry)
    if client not in known:
        raise ConfigError(f"client '{client}'", [f"is unknown; known: {', '.join(known) or 'none'}"])


def status_table(rows: list[dict[str, Any]]) -> Table:
    """One line a client; what needs a person is in the last column."""
    table = Table(
        "client", "as of", "reached", "verdict", "live", "certificate", "edits", "ingested", "age (days)", ""
    )
    for row in rows:
        ingested = f"{row['newest_month']} on {row['ingested']:%Y-%m-%d}" if row["ingested"] else None
        cells = [
            row[name]
            for name in ("client", "as_of", "stage", "verdict", "live", "certificate", "edits_waiting")
        ]
        remark = row["problem"] or (f"late: {row['late']}" if row["late"] else "")
        table.add_row(
            *("–" if cell is None else str(cell) for cell in (*cells, ingested, row["age_days"])),
            escape(remark),
        )
    return table


def stage_table(status: dict[str, Any]) -> Table:
    """One line a stage of a client's latest release."""
    table = Table("stage", "counts", "fingerprint", "path")
    for stage, shown in status["stages"].items():
        # "kind: answer" and the like are breakdowns; --json and the web UI have them.
        counts = ", ".join(f"{name} {count:,}" for name, count in shown["counts"].items() if ": " not in name)
        table.add_row(stage, counts, shown["fingerprint"][:12], shown["path"])
    return table


def _history_stages(store: Store, client: str, as_of: str | None) -> dict[str, dict[str, Any]]:
    """History is many months: the path holds them all, counts are summed, the fingerprint covers each."""
    shown: dict[str, dict[str, Any]] = {}
    months = [month for month in store.months(client) if as_of is None or month <= as_of]
    for stage in HISTORY_STAGES:
        found = {month: store.history(client, month, stage).manifest() for month in months}
        manifests = {month: manifest for month, manifest in found.items() if manifest is not None}
        if manifests:
            shown[stage] = {
                "path": str(store.root / "history" / client),
                "fingerprint": digest({month: manifest.fingerprint for month, manifest in manifests.items()}),
                "counts": _summed([manifest.counts for manifest in manifests.values()]),
                "months": list(manifests),
            }
    return shown


def _summed(counts: list[dict[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for one in counts for name in one)
    return {name: sum(one.get(name, 0) for one in counts) for name in names}


def _shown(path: Any, manifest: Manifest) -> dict[str, Any]:
    return {"path": str(path), "fingerprint": manifest.fingerprint, "counts": dict(manifest.counts)}
