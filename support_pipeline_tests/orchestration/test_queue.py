"""The web server, the daemon and its real queue: who waits for whom, and what a backfill of the web UI starts."""

from collections.abc import Iterator
from itertools import pairwise

import dagster as dg
import pytest
import yaml

from support_pipeline.artifacts import HISTORY_STAGES, Store
from support_pipeline.demo.services import Services
from support_pipeline.orchestration.runs import RANGE_END, RANGE_START, release_config
from support_pipeline_tests.conftest import AS_OF, Project, make_project, small_client
from support_pipeline_tests.orchestration.web_server import ask, launch
from support_pipeline_tests.processes import wait_until

BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}"""
BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("queue"), tickets=60)
    other = {**small_client("other"), "sources": [{"vendor": "zendesk", "path": "export/zendesk.ndjson"}]}
    (made.root / "clients" / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(made.root / "home")) as instance:
        instance.add_dynamic_partitions("clients", ["small", "other"])
    return made


@pytest.fixture(scope="module")
def services(project: Project) -> Iterator[Services]:
    environment = {**project.environment, "SUPPORT_PIPELINE_AUTOMATION": "off"}
    with Services(environment, project.root / "services.log") as running:
        running.wait()
        yield running


@pytest.mark.slow
def test_one_release_a_client_and_one_training_at_a_time(project: Project, services: Services) -> None:
    """The releases have no history and fail at their first step; what counts is that each waited its turn."""
    asked = [
        ("small", "as the sensor does"),
        ("small", "as the web UI does"),
        ("other", "as the web UI does"),
    ]
    made = [
        launch(
            services.port,
            "release_job",
            release_config(AS_OF),
            **{"dagster/partition": client},
            **({"client": client} if "sensor" in how else {}),
        )
        for client, how in asked
    ]
    with dg.DagsterInstance.from_config(str(project.root / "home")) as instance:

        def records() -> list[dg.RunRecord]:
            return list(instance.get_run_records(dg.RunsFilter(run_ids=made)))

        assert wait_until(lambda: all(record.dagster_run.is_finished for record in records()), 150)
        spans = sorted((record.start_time or 0.0, record.end_time or 0.0) for record in records())
        assert all(start > 0 for start, _ in spans), "a run never started"
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans)), spans
        pool = instance.event_log_storage.get_concurrency_info("gpu")
        assert pool.active_slot_count == 0


@pytest.mark.slow
def test_a_backfill_of_the_web_ui_is_one_ranged_run(project: Project, services: Services) -> None:
    months = ("2026-07", "2026-08", "2026-09")
    answer = ask(
        services.port,
        BACKFILL,
        params={
            "assetSelection": [{"path": [stage]} for stage in HISTORY_STAGES],
            "partitionNames": [f"small|{month}" for month in months],
        },
    )["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer

    def status() -> str:
        return str(
            ask(services.port, BACKFILL_STATUS, id=answer["backfillId"])["partitionBackfillOrError"]["status"]
        )

    assert wait_until(lambda: status() not in ("REQUESTED", "COMPLETING"), 150), status()
    assert status() == "COMPLETED_SUCCESS"
    with dg.DagsterInstance.from_config(str(project.root / "home")) as instance:
        (run,) = instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": answer["backfillId"]}))
    assert (run.tags[RANGE_START], run.tags[RANGE_END]) == ("small|2026-07", "small|2026-09")
    store = Store(str(project.store))
    for month in months:
        store.history("small", month, "filtered_pairs").verify()
