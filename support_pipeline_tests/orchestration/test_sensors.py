"""The sensors and the schedule on a real instance: what they start, what they say, and after what they try again."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from support_pipeline.artifacts import Store
from support_pipeline.definitions import build_defs
from support_pipeline.orchestration.lost_runs import PROCESS_TAG, end_lost_runs
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline.serving.decisions import Decision, DecisionLog
from support_pipeline.stages.months import window
from support_pipeline_tests.artifacts_made import put_history, put_release, write_client

REPOSITORY = build_defs().get_repository_def()


@dataclass
class Portfolio:
    """A folder of clients, its store, an instance, and a clock that the test sets."""

    root: Path
    instance: dg.DagsterInstance
    keys: set[str] = field(default_factory=set)

    @property
    def store(self) -> Store:
        return Store(str(self.root / "store"))

    @property
    def log(self) -> DecisionLog:
        return DecisionLog(f"sqlite:///{self.root / 'decisions.db'}")

    def now(self, at: str) -> None:
        (self.root / "clock").write_text(at)

    @property
    def resources(self) -> dict[str, object]:
        return {
            "workspace": Workspace(
                store_url=str(self.root / "store"),
                clients_folder=str(self.root / "clients"),
                decisions_url=self.log.url,
            ),
            "automation": Automation(clock_file=str(self.root / "clock"), first_retry_minutes=0),
        }

    def tick(self, sensor: str) -> tuple[list[dg.RunRequest], str]:
        """A sensor's tick; as the daemon does, partitions are added and keys are started once."""
        with dg.partition_loading_context(dynamic_partitions_store=self.instance):
            context = dg.build_sensor_context(
                instance=self.instance,
                repository_def=REPOSITORY,
                sensor_name=sensor,
                resources=self.resources,
            )
            found = REPOSITORY.get_sensor_def(sensor).evaluate_tick(context)
        for request in found.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        requests = [request for request in found.run_requests or [] if request.run_key not in self.keys]
        self.keys |= {str(request.run_key) for request in requests}
        return requests, found.skip_message or ""

    def run(self, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        """A run as the daemon would have made it, in the state that the test wants."""
        job = REPOSITORY.get_job(str(request.job_name))
        made = self.instance.create_run_for_job(
            job, run_config=request.run_config, tags={**request.tags, "dagster/run_key": str(request.run_key)}
        )
        if status == dg.DagsterRunStatus.FAILURE:
            self.instance.report_run_failed(made)
        elif status == dg.DagsterRunStatus.STARTED:
            self.instance.handle_new_event(started(made))
        return made

    def edits(self, client: str, month: str, count: int) -> None:
        for number in range(count):
            self.log.record(
                Decision(
                    draft_id=f"{client}-{month}-{number}",
                    ticket_id=str(number),
                    client=client,
                    decided_at=datetime.fromisoformat(f"{month}-10").replace(tzinfo=UTC),
                    customer_id="1",
                    customer_text="q",
                    draft_text="a",
                    final_text="b",
                    action="edited",
                    reason="",
                    agent="ann",
                    model="m",
                )
            )


def started(run: dg.DagsterRun) -> dg.EventLogEntry:
    event = dg.DagsterEvent(event_type_value=dg.DagsterEventType.RUN_START.value, job_name=run.job_name)
    return dg.EventLogEntry(
        error_info=None,
        level=20,
        user_message="",
        run_id=run.run_id,
        timestamp=datetime.now(UTC).timestamp(),
        job_name=run.job_name,
        dagster_event=event,
    )


@pytest.fixture
def portfolio(tmp_path: Path) -> Iterator[Portfolio]:
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        (tmp_path / "clients").mkdir()
        made = Portfolio(tmp_path, instance)
        made.now("2026-10-10")
        yield made


def test_a_new_file_is_registered_and_its_history_is_one_ranged_run(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 3})
    broken = portfolio.root / "clients" / "broken.yaml"
    broken.write_text("id: broken\nlora: {rang: 2}\n")
    requests, _ = portfolio.tick("new_clients")
    assert [(request.job_name, request.run_key) for request in requests] == [
        ("history_job", "history:acme:2026-09:0")
    ]
    assert requests[0].tags["dagster/asset_partition_range_start"] == "acme|2026-07"
    assert requests[0].tags["dagster/asset_partition_range_end"] == "acme|2026-09"
    assert portfolio.instance.get_dynamic_partitions("clients") == ["acme"]
    portfolio.run(requests[0], dg.DagsterRunStatus.STARTED)
    again, said = portfolio.tick("new_clients")
    assert not again
    assert (
        f"{broken}: brand: is required; sources: is required; lora.rang: unknown setting; did you mean 'rank'?"
        in said
    )
    assert "acme: history of 2026-07 .. 2026-09 is missing; run" in said and "is going" in said


def test_a_failed_history_is_tried_again_and_then_comes_the_first_release(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 3})
    (first,), _ = portfolio.tick("new_clients")
    portfolio.run(first, dg.DagsterRunStatus.FAILURE)
    requests, said = portfolio.tick("releases")
    assert not requests and "waiting for the history of 2026-07, 2026-08, 2026-09" in said
    (second,), _ = portfolio.tick("new_clients")
    assert second.run_key == "history:acme:2026-09:1"
    put_history(portfolio.store, "acme", window("2026-09", 3))
    assert "history is complete through 2026-09" in portfolio.tick("new_clients")[1]
    (release,), _ = portfolio.tick("releases")
    assert (release.job_name, release.partition_key, release.tags["as_of"]) == (
        "release_job",
        "acme",
        "2026-09",
    )
    assert release.run_config == {"resources": {"release_month": {"config": {"as_of": "2026-09"}}}}


def test_a_client_without_its_export_waits_for_it(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", sources=[{"vendor": "zendesk", "path": "none.ndjson"}])
    requests, said = portfolio.tick("new_clients")
    assert not requests and "waiting:" in said and "none.ndjson" in said


def test_a_failed_release_is_tried_again_by_a_new_daemon_and_never_twice_at_once(
    portfolio: Portfolio,
) -> None:
    write_client(
        portfolio.root, "acme", release={"cadence": "monthly", "min_new_edits": 3, "window_months": 3}
    )
    portfolio.instance.add_dynamic_partitions("clients", ["acme"])
    put_history(portfolio.store, "acme", window("2026-09", 3))
    put_release(portfolio.store, "acme", "2026-08")
    portfolio.edits("acme", "2026-08", 5)  # the last release has learned from these
    portfolio.edits("acme", "2026-09", 2)
    assert (
        "monthly cadence has elapsed since release 2026-08; 2 of 3 new edits" in portfolio.tick("releases")[1]
    )
    portfolio.log.record(
        Decision(
            "more",
            "9",
            "acme",
            datetime(2026, 9, 20, tzinfo=UTC),
            "1",
            "q",
            "a",
            "b",
            "edited",
            "",
            "ann",
            "m",
        )
    )
    (first,), _ = portfolio.tick("releases")
    run = portfolio.run(first, dg.DagsterRunStatus.STARTED)
    requests, said = portfolio.tick("releases")
    assert not requests and f"run {run.run_id[:8]} is going" in said
    portfolio.instance.report_run_failed(run)
    portfolio.keys = {str(first.run_key)}  # a new daemon knows the keys of the runs, and no more
    (second,), _ = portfolio.tick("releases")
    assert second.run_key == "release:acme:2026-09:1"
    put_release(portfolio.store, "acme", "2026-09")
    assert "release 2026-09 is of the last complete month" in portfolio.tick("releases")[1]


def test_a_refused_release_is_not_trained_again(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 1})
    portfolio.instance.add_dynamic_partitions("clients", ["acme"])
    put_history(portfolio.store, "acme", ["2026-09"])
    put_release(portfolio.store, "acme", "2026-09", promote=False)
    requests, said = portfolio.tick("releases")
    assert not requests and "made and not promoted: worse than the live one" in said


def test_a_release_killed_before_it_was_live_is_tried_again(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 1})
    portfolio.instance.add_dynamic_partitions("clients", ["acme"])
    put_history(portfolio.store, "acme", ["2026-09"])
    put_release(portfolio.store, "acme", "2026-09")
    assert not portfolio.tick("releases")[0]
    (portfolio.root / "store" / "deployments" / "acme.json").unlink()
    (request,), _ = portfolio.tick("releases")
    assert request.tags["as_of"] == "2026-09"


def test_one_corrupt_manifest_stops_one_client(portfolio: Portfolio) -> None:
    for client in ("acme", "bolt"):
        write_client(portfolio.root, client, release={"window_months": 1})
        put_history(portfolio.store, client, ["2026-09"])
    portfolio.instance.add_dynamic_partitions("clients", ["acme", "bolt"])
    put_release(portfolio.store, "acme", "2026-08")
    broken = portfolio.root / "store" / "releases" / "acme" / "2026-08" / "deployed_model" / "manifest.json"
    broken.write_text("{")
    requests, _ = portfolio.tick("releases")
    assert [request.partition_key for request in requests] == ["bolt"]


def test_a_history_of_the_web_ui_is_waited_for(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 2})
    portfolio.instance.add_dynamic_partitions("clients", ["acme"])
    job = REPOSITORY.get_job("history_job")
    tags = {
        "dagster/asset_partition_range_start": "acme|2026-08",
        "dagster/asset_partition_range_end": "acme|2026-09",
    }
    portfolio.instance.create_run_for_job(job, tags=tags)
    requests, said = portfolio.tick("new_clients")
    assert not requests and "is going" in said


def test_the_monthly_schedule_reads_the_lookback_of_every_client(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 12, "lookback_months": 3})
    write_client(portfolio.root, "bolt", release={"window_months": 6})
    write_client(portfolio.root, "late", sources=[{"vendor": "zendesk", "path": "none.ndjson"}])
    (portfolio.root / "clients" / "broken.yaml").write_text("id: broken\n")
    portfolio.instance.add_dynamic_partitions("clients", ["acme", "bolt", "late"])
    schedule = REPOSITORY.get_schedule_def("monthly_ingestion")
    assert schedule.cron_schedule == "0 2 2 * *"
    context = dg.build_schedule_context(
        instance=portfolio.instance,
        scheduled_execution_time=datetime(2026, 10, 2, 2, tzinfo=UTC),
        resources={**portfolio.resources, "automation": Automation()},
    )
    requests = schedule.evaluate_tick(context).run_requests or []
    ranges = [(r.tags["client"], r.tags["dagster/asset_partition_range_start"], r.run_key) for r in requests]
    assert ranges == [
        ("acme", "acme|2026-07", "ingestion:acme:2026-09"),
        ("bolt", "bolt|2026-04", "ingestion:bolt:2026-09"),
    ]


def test_the_overview_names_who_is_late(portfolio: Portfolio) -> None:
    for client, months in (("acme", ["2026-08", "2026-09"]), ("bolt", ["2026-07"])):
        write_client(portfolio.root, client)
        put_history(portfolio.store, client, months)
    put_release(portfolio.store, "acme", "2026-08")
    portfolio.edits("acme", "2026-09", 2)
    (portfolio.root / "clients" / "broken.yaml").write_text("id: broken\n")
    done = dg.materialize(
        [
            asset
            for asset in build_defs().assets or []
            if getattr(asset, "key", None) == dg.AssetKey("client_overview")
        ],
        instance=portfolio.instance,
        resources=portfolio.resources,
    )
    (check,) = done.get_asset_check_evaluations()
    assert not check.passed
    assert check.description == (
        "bolt: 2026-09 was due 2026-10-02; the newest is 2026-07; "
        "broken: cannot be read: brand: is required; sources: is required"
    )
    (made,) = done.asset_materializations_for_node("client_overview")
    table = str(made.metadata["overview"].value)
    assert "| acme | 2026-08 (deployed_model) | met |" in table


def test_a_run_whose_process_is_gone_is_ended(portfolio: Portfolio) -> None:
    write_client(portfolio.root, "acme", release={"window_months": 1})
    (request,), _ = portfolio.tick("new_clients")
    run = portfolio.run(request, dg.DagsterRunStatus.STARTED)
    assert end_lost_runs(portfolio.instance) == []  # nobody knows its process yet
    # What Dagster writes itself when a run's process starts.
    portfolio.instance.report_engine_event(
        "Started process for run (pid: 4000000).", run, EngineEventData.in_process(4_000_000)
    )
    assert end_lost_runs(portfolio.instance) == [run.run_id]
    found = portfolio.instance.get_run_by_id(run.run_id)
    assert found is not None and found.status == dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(("process", "ended"), [("999999999", 1), (str(os.getpid()), 0), (None, 0)])
def test_a_run_that_its_command_line_never_started_is_ended(process: str | None, ended: int) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tags = {} if process is None else {PROCESS_TAG: process}
        instance.add_run(dg.DagsterRun(job_name="history_job", run_id="a" * 32, tags=tags))
        assert len(end_lost_runs(instance)) == ended
