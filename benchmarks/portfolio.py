"""A portfolio on one machine: 50, 200 and 400 clients of 36 months, registered and materialised, on SQLite.

    python benchmarks/portfolio.py [--clients 50 200 400] [--months 36]

Every client has the demo client's whole file (policies and all), history of every month, a release and 300
decisions. Artifacts are manifests with a small payload; Dagster's events are those that it wrote for the first
client, copied for the others inside its database. Measured: sensor and
schedule ticks (the first of a process, and the next), the `status` command, what the web UI asks for the
status pages, and launching a backfill of one month of every client. CPU seconds stand beside the clock's where
the work is in one process, since they do not depend on what else the machine does. The smallest portfolio in the same run
is what growth is compared with; limits are those that the project promises. One JSON line a size.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
import yaml

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, Folder, Manifest, Store
from support_pipeline.definitions import build_defs
from support_pipeline.demo.services import Services
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline.portfolio import _parsed
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.serving.decisions.schema import DECISION, METADATA
from support_pipeline.serving.deployment import Deployment, put_live
from support_pipeline.stages.months import last_complete_month, window

ROOT = Path(__file__).parent.parent
AS_OF = last_complete_month()
LIMITS_SECONDS = {"new_clients": 2.0, "releases": 2.0, "status_command": 2.0}
EDITS = 300
MATRIX = """
query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionStats { numMaterialized numPartitions numFailed numMaterializing }
  assetPartitionStatuses { ... on MultiPartitionStatuses { ranges { primaryDimStartKey primaryDimEndKey
    secondaryDim { ... on TimePartitionStatuses { ranges { startKey endKey status } }
                   ... on DefaultPartitionStatuses { materializedPartitions } } } } } } } }"""
RUNS = "{ runsOrError(limit: 30) { ... on Runs { results { id status tags { key value } } } } }"
ASSETS = """
{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { timestamp }
  partitionStats { numMaterialized numPartitions } } }"""
BACKFILL = """
mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
CANCEL = "mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"


class Portfolio:
    """Clients, store, decisions and instance in one folder; it grows."""

    def __init__(self, root: Path, months: int) -> None:
        self.root, self.months = root, window(AS_OF, months)
        for name in ("clients", "home"):
            (root / name).mkdir()
        (root / "home" / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
        (root / "export.ndjson").touch()
        self.template = yaml.safe_load(
            (ROOT / "clients" / "demo-outfitters.yaml").read_text(encoding="utf-8")
        )
        self.names: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DAGSTER_HOME": str(self.root / "home"),
            "SUPPORT_PIPELINE_STORE": str(self.root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(self.root / "clients"),
            "SUPPORT_PIPELINE_AUTOMATION": "off",
        }

    def grow(self, clients: int, instance: dg.DagsterInstance) -> None:
        added = [f"client-{number:03}" for number in range(len(self.names), clients)]
        instance.add_dynamic_partitions("clients", added)
        for client in added:
            config = {
                **self.template,
                "id": client,
                "sources": [{"vendor": "zendesk", "path": "export.ndjson"}],
            }
            path = self.root / "clients" / f"{client}.yaml"
            path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
            self._artifacts(client)
            self._events(client, instance)
        self._decisions(added)
        self.names += added

    def _artifacts(self, client: str) -> None:
        store = Store(str(self.root / "store"))
        for month in self.months:
            for stage in HISTORY_STAGES:
                write(store.history(client, month, stage), {})
        for stage in RELEASE_STAGES:
            promotion = {"promote": True, "reason": "first release"}
            write(store.release(client, self.months[-4], stage), {"verdict": "met", "promotion": promotion})

        put_live(
            store,
            Deployment(
                client=client,
                as_of=self.months[-4],
                version=f"{client}:{self.months[-4]}",
                fingerprint="f" * 64,
                gguf="model.gguf",
                quantisation="Q8_0",
                template_sha256="0" * 64,
                route_ceiling="approve",
            ),
        )

    def _events(self, client: str, instance: dg.DagsterInstance) -> None:
        if not self.names and client == "client-000":
            for stage in HISTORY_STAGES:
                for month in self.months:
                    made = dg.AssetMaterialization(stage, partition=f"{client}|{month}")
                    instance.report_runless_asset_event(made)
            for stage in RELEASE_STAGES:
                instance.report_runless_asset_event(dg.AssetMaterialization(stage, partition=client))
            return
        with sqlite3.connect(self.root / "home" / "history" / "runs" / "index.db") as base:
            columns = [row[1] for row in base.execute("pragma table_info(event_logs)") if row[1] != "id"]
            texts = {"event", "partition", "run_id"}
            copied = ", ".join(
                f"replace({name}, 'client-000', '{client}')" if name in texts else name for name in columns
            )
            base.execute(
                f"insert into event_logs ({', '.join(columns)}) select {copied} from event_logs "
                "where partition like 'client-000%'"
            )

    def _decisions(self, clients: list[str]) -> None:
        log = DecisionLog(f"sqlite:///{self.root / 'store' / 'decisions.db'}")
        engine = sa.create_engine(log.url)
        METADATA.create_all(engine)
        rows = [decision(client, number, self.months) for client in clients for number in range(EDITS)]
        with engine.begin() as connection:
            connection.execute(DECISION.insert(), rows)


def decision(client: str, number: int, months: list[str]) -> dict[str, Any]:
    names = {column.name: "text" for column in DECISION.columns}
    return {
        **names,
        "draft_id": f"{client}-{number}",
        "client": client,
        "decided_at": f"{months[-1 - number % 5]}-10T00:00:{number % 60:02}.000000+00:00",
        "action": "edited" if number % 3 else "approved",
        "trainable": True,
    }


def write(folder: Folder, info: dict[str, Any]) -> None:
    """What `commit` leaves, without its fsync: this is about reading."""
    path = Path(folder.path.path)
    path.mkdir(parents=True)
    (path / "payload.txt").write_bytes(b"payload")
    manifest = Manifest(
        stage=folder.stage,
        client=folder.client,
        period=folder.period,
        key="k" * 64,
        fingerprint="f" * 64,
        inputs={"export": "e" * 64},
        config_digest="c" * 64,
        code_version="1",
        counts={f"count {number}": number for number in range(12)},
        info=info,
        files={"payload.txt": {"sha256": "0" * 64, "bytes": 7}},
        created_at=datetime.now(UTC) - timedelta(days=20),
        seconds=1.0,
    )
    (path / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return round(time.perf_counter() - started, 3), found


def cpu_seconds() -> float:
    """Of this process and of the children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def ticks(
    portfolio: Portfolio, repository: dg.RepositoryDefinition, instance: dg.DagsterInstance
) -> Iterator[tuple[str, float]]:
    """Each tick twice: the first of a process parses all client files, the next ones only what has changed."""
    resources = {
        "workspace": Workspace(
            store_url=str(portfolio.root / "store"), clients_folder=str(portfolio.root / "clients")
        ),
        "automation": Automation(),
    }

    def tick(name: str) -> Any:
        with dg.partition_loading_context(dynamic_partitions_store=instance):
            context = dg.build_sensor_context(
                instance=instance, repository_def=repository, sensor_name=name, resources=resources
            )
            return repository.get_sensor_def(name).evaluate_tick(context)

    for name in ("new_clients", "releases"):
        _parsed.cache_clear()
        yield f"{name}_first", timed(lambda name=name: tick(name))[0]
        before = cpu_seconds()
        seconds, found = timed(lambda name=name: tick(name))
        yield f"{name}_cpu", round(cpu_seconds() - before, 3)
        assert found.skip_message, f"{name} found work where there is none"
        yield name, seconds
    schedule = repository.get_schedule_def("monthly_ingestion")
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=datetime.now(UTC), resources=resources
    )
    seconds, found = timed(lambda: schedule.evaluate_tick(context))
    assert len(found.run_requests) == len(portfolio.names)
    yield "monthly_ingestion", seconds


def commands(portfolio: Portfolio) -> Iterator[tuple[str, float]]:
    def command(*words: str) -> str:
        code = "from support_pipeline.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            env=portfolio.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    before = cpu_seconds()
    seconds, out = timed(lambda: command("status", "--json"))
    yield "status_command_cpu", round(cpu_seconds() - before, 3)
    assert len(json.loads(out)) == len(portfolio.names)
    yield "status_command", seconds
    load = [sys.executable, "-c", "import support_pipeline.definitions"]
    before = cpu_seconds()
    yield "definitions_load", timed(lambda: subprocess.run(load, env=portfolio.environment, check=True))[0]
    yield "definitions_load_cpu", round(cpu_seconds() - before, 3)


def pages(portfolio: Portfolio) -> Iterator[tuple[str, float]]:
    """What the web UI asks, over HTTP, warm."""
    with Services(portfolio.environment, portfolio.root / "services.log") as services:
        services.wait()

        def ask(query: str, **variables: Any) -> dict[str, Any]:
            body = json.dumps({"query": query, "variables": variables}).encode()
            url = f"http://127.0.0.1:{services.port}/graphql"
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=300) as response:
                found: dict[str, Any] = json.load(response)
            assert "errors" not in found, found["errors"]
            return dict(found["data"])

        for name, query, variables in (
            ("page_assets", ASSETS, {}),
            ("page_partitions", MATRIX, {"key": {"path": ["filtered_pairs"]}}),
            ("page_runs", RUNS, {}),
        ):
            yield f"{name}_first", timed(lambda q=query, v=variables: ask(q, **v))[0]
            yield name, timed(lambda q=query, v=variables: ask(q, **v))[0]
        params = {
            "assetSelection": [{"path": [stage]} for stage in HISTORY_STAGES],
            "partitionNames": [f"{client}|{AS_OF}" for client in portfolio.names],
        }
        seconds, found = timed(lambda: ask(BACKFILL, params=params)["launchPartitionBackfill"])
        assert found["__typename"] == "LaunchBackfillSuccess", found
        yield "backfill_launch", seconds
        ask(CANCEL, id=found["backfillId"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[50, 200, 400])
    parser.add_argument("--months", type=int, default=36)
    wanted = parser.parse_args()
    first: dict[str, float] = {}
    # Once, before any instance: Dagster keeps the storage of an instance that is gone in a context variable.
    repository = build_defs().get_repository_def()
    with tempfile.TemporaryDirectory(prefix="portfolio-") as scratch:
        portfolio = Portfolio(Path(scratch), wanted.months)
        for clients in sorted(wanted.clients):
            with dg.DagsterInstance.from_config(str(portfolio.root / "home")) as instance:
                made, _ = timed(lambda n=clients, i=instance: portfolio.grow(n, i))
                seconds = dict(ticks(portfolio, repository, instance))
            seconds |= dict(commands(portfolio)) | dict(pages(portfolio))
            first = first or seconds
            line = {
                "benchmark": "portfolio",
                "clients": clients,
                "months": wanted.months,
                "materialised_partitions": clients
                * (wanted.months * len(HISTORY_STAGES) + len(RELEASE_STAGES)),
                "seconds": seconds,
                "times_the_smallest": {
                    name: round(value / first[name], 1) for name, value in seconds.items()
                },
                "over_limit": sorted(name for name, most in LIMITS_SECONDS.items() if seconds[name] >= most),
                "seconds_to_set_up": made,
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
