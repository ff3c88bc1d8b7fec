"""`support-pipeline status`: the latest release of each client, its verdict and age."""

from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, Manifest, Store, digest
from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import ConfigError
from support_pipeline.serving.deployment import read_deployments


def client_status(store: Store, client: str) -> dict[str, Any]:
    """A client's latest release: `client`, `as_of`, `verdict`, `live` and `stages` by asset key."""
    as_of = next(
        (month for month in reversed(store.releases(client)) if _release_stages(store, client, month)), None
    )
    stages = _history_stages(store, client, as_of)
    found = _release_stages(store, client, as_of) if as_of else {}
    stages |= {
        stage: _shown(store.release(client, str(as_of), stage).path, manifest)
        for stage, manifest in found.items()
    }
    report, deployments = found.get("eval_report"), read_deployments(store, client)
    newest = max((manifest.created_at for manifest in found.values()), default=None)
    return {
        "client": client,
        "as_of": as_of,
        "verdict": report.info.get("verdict") if report else None,
        "live": deployments.live.version if deployments else None,
        "stage": next(
            (stage for stage in reversed((*HISTORY_STAGES, *RELEASE_STAGES)) if stage in stages), None
        ),
        "age_days": round((datetime.now(UTC) - newest).total_seconds() / 86400, 2) if newest else None,
        "stages": stages,
    }


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
    """One line a client."""
    table = Table("client", "as of", "reached", "verdict", "live", "age (days)")
    for row in rows:
        cells = (row["client"], row["as_of"], row["stage"], row["verdict"], row["live"], row["age_days"])
        table.add_row(*("–" if cell is None else str(cell) for cell in cells))
    return table


def stage_table(status: dict[str, Any]) -> Table:
    """One line a stage of a client's latest release."""
    table = Table("stage", "counts", "fingerprint", "path")
    for stage, shown in status["stages"].items():
        # "kind: answer" and the like are breakdowns; --json and the web UI have them.
        counts = ", ".join(f"{name} {count:,}" for name, count in shown["counts"].items() if ": " not in name)
        table.add_row(stage, counts, shown["fingerprint"][:12], shown["path"])
    return table


def _release_stages(store: Store, client: str, as_of: str) -> dict[str, Manifest]:
    manifests = {stage: store.release(client, as_of, stage).manifest() for stage in RELEASE_STAGES}
    return {stage: manifest for stage, manifest in manifests.items() if manifest is not None}


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
