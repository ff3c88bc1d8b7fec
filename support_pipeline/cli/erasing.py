"""`support-pipeline erase`: a customer out of everything, tickets to weights, with a receipt of what was touched."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from support_pipeline import erasures
from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, Store, write_atomically
from support_pipeline.cli.instance import dagster_home, refuse_if_busy
from support_pipeline.cli.output import errors
from support_pipeline.cli.running import console_logger, failure_of, run_history, run_release
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import ConfigError
from support_pipeline.serving.decision_counts import decision_log
from support_pipeline.serving.decisions import erasing as desk
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.stages import erasing

if TYPE_CHECKING:
    import dagster as dg


@dataclass
class Receipt:
    """What an erasure touched. The customer stands in it as a digest only."""

    client: str
    customer_sha256: str
    started_at: str
    finished_at: str = ""
    complete: bool = False
    tickets: int = 0
    history: list[str] = field(default_factory=list)
    decisions: dict[str, int] = field(default_factory=dict)
    fetched_files: list[str] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=dict)
    removed_artifacts: list[str] = field(default_factory=list)
    no_longer_deployable: list[str] = field(default_factory=list)
    runs_deleted: list[str] = field(default_factory=list)
    not_ours_to_change: list[str] = field(default_factory=list)
    path: str = ""


def erase(client: str, customer: str) -> Receipt:
    """Erases a customer by the helpdesk's id; doing it again completes what was cut off.

    Raises:
        ConfigError: no such client, or nothing is kept of that customer.
        ArtifactError: an artifact cannot be read; it is named, and what was done so far stays done.
    """
    import dagster as dg

    store, registry = Store.default(), ClientRegistry.default()
    config = registry.load(client)
    known = erasures.mark(client, customer) in erasures.erased(store, client)
    log = decision_log(store)
    found = erasing.find(store, config, log, customer)
    if found.empty and not known:
        raise ConfigError(
            f"customer '{customer}' of '{client}'",
            [
                "nothing is kept of this customer; give the helpdesk's id of the requester (customer_id in raw_tickets)"
            ],
        )
    started = datetime.now(UTC)
    receipt = Receipt(
        client, erasures.mark(client, customer), started.isoformat(), tickets=len(found.tickets)
    )
    dagster_home()
    with dg.DagsterInstance.get() as instance:
        refuse_if_busy(instance, client)
        marks = erasures.add(store, client, customer)
        errors.print(
            f"{len(found.tickets)} tickets in {len(found.months)} months, {len(found.releases)} releases"
        )
        receipt.fetched_files, receipt.not_ours_to_change = erasing.clean_drops(
            config, registry.root, customer
        )
        receipt.decisions = desk.erase(log.database, client, customer, found.tickets, receipt.customer_sha256)
        receipt.history = erasing.clean_history(store, config, found.months, marks)
        problems = _history_again(instance, store, config, found.months, receipt)
        _releases_again(instance, store, config, found.releases, started, receipt)
        receipt.no_longer_deployable = erasing.forget_deployments(store, client)
        receipt.runs_deleted = _forget_runs(instance, store, client, found, started)
    receipt.complete, receipt.finished_at = not problems, datetime.now(UTC).isoformat()
    _write(store, receipt)
    return receipt


def _history_again(
    instance: "dg.DagsterInstance",
    store: Store,
    config: ClientConfig,
    months: tuple[str, ...],
    receipt: Receipt,
) -> list[str]:
    """Edits and pairs of the months again, from tickets that no longer hold the customer."""
    import dagster as dg

    from support_pipeline.definitions import build_defs

    job = build_defs(loggers={"console": console_logger(dg)}).resolve_job_def("history_job")
    problems = []
    for month in months:
        result = run_history(job, instance, config.id, [month], HISTORY_STAGES[1:])
        if not result.success:
            problems.append(f"history {month}: {failure_of(result)}")
        receipt.history += [str(store.history(config.id, month, stage).path) for stage in HISTORY_STAGES[1:]]
    return problems


def _releases_again(
    instance: "dg.DagsterInstance",
    store: Store,
    config: ClientConfig,
    releases: tuple[str, ...],
    started: datetime,
    receipt: Receipt,
) -> None:
    """The affected releases again, oldest first; whatever of them could not be made again is removed."""
    import dagster as dg

    from support_pipeline.definitions import build_defs

    job = build_defs(loggers={"console": console_logger(dg)}).resolve_job_def("release_job")
    deployments = read_deployments(store, config.id)
    live = deployments.live.as_of if deployments else None
    for as_of in releases:
        present = [stage for stage in RELEASE_STAGES if store.release(config.id, as_of, stage).manifest()]
        if as_of != live:
            present = [stage for stage in present if stage != RELEASE_STAGES[-1]]  # older ones stay off
        result = run_release(job, instance, config.id, as_of, present)
        outcome = "made again, live" if as_of == live else "made again"
        if not result.success:
            outcome = f"not made again, removed: {failure_of(result)}"
        receipt.releases[as_of] = outcome
        receipt.removed_artifacts += erasing.forget(store, config.id, as_of)
        receipt.removed_artifacts += _remove_older(store, config.id, as_of, started)


def _remove_older(store: Store, client: str, as_of: str, started: datetime) -> list[str]:
    """Stages of an affected release that are still from before; their folders."""
    gone = []
    for stage in RELEASE_STAGES:
        folder = store.release(client, as_of, stage)
        manifest = folder.manifest()
        if manifest is not None and manifest.created_at < started:
            folder.path.fs.rm(folder.path.path, recursive=True)
            gone.append(str(folder.path))
    return gone


def _forget_runs(
    instance: "dg.DagsterInstance", store: Store, client: str, found: erasing.Affected, started: datetime
) -> list[str]:
    """Deletes the runs whose metadata hold samples of what was erased; other partitions of theirs are told again."""
    import dagster as dg

    keys = {stage: [f"{client}|{month}" for month in found.months] for stage in HISTORY_STAGES}
    keys |= {stage: [client] for stage in RELEASE_STAGES if found.releases}
    runs: set[str] = set()
    for stage, partitions in keys.items():
        if partitions:
            wanted = dg.AssetRecordsFilter(
                asset_key=dg.AssetKey(stage),
                asset_partitions=partitions,
                before_timestamp=started.timestamp(),
            )
            runs |= {record.run_id for record in instance.fetch_materializations(wanted, limit=5000).records}
    deleted = [run for run in sorted(runs) if run and instance.has_run(run)]
    for run in deleted:
        instance.delete_run(run)
    _tell_again(instance, store, client)
    return deleted


def _tell_again(instance: "dg.DagsterInstance", store: Store, client: str) -> None:
    import dagster as dg

    for stage in HISTORY_STAGES:
        shown = instance.get_materialized_partitions(dg.AssetKey(stage))
        for month in store.months(client):
            manifest = store.history(client, month, stage).manifest()
            if manifest is not None and f"{client}|{month}" not in shown:
                told = {"fingerprint": manifest.fingerprint[:16], "note": "its run was deleted by an erasure"}
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(stage, partition=f"{client}|{month}", metadata=told)
                )


def _write(store: Store, receipt: Receipt) -> None:
    name = f"{receipt.client}-{receipt.started_at[:19].replace(':', '')}.json"
    path = store.root / "erasures" / "receipts" / name
    receipt.path = str(path)
    write_atomically(path, json.dumps(asdict(receipt), indent=1) + "\n")
