"""What the alert sensors say of a run: a failure, a refusal, a release that went live, clients that are late."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from support_pipeline.definitions import build_defs
from support_pipeline.orchestration import runs
from support_pipeline.orchestration.alerting import failure_alert, late_alert, released_alert
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline_tests.artifacts_made import put_release, write_client

REPOSITORY = build_defs().get_repository_def()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as made:
        made.add_dynamic_partitions("clients", ["acme"])
        yield made


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_client(tmp_path, "acme")
    decisions = f"sqlite:///{tmp_path / 'decisions.db'}"
    return Workspace(
        store_url=str(tmp_path / "store"), clients_folder=str(tmp_path / "clients"), decisions_url=decisions
    )


def release_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    return instance.create_run_for_job(
        REPOSITORY.get_job("release_job"),
        run_config=runs.release_config("2026-09"),
        tags={"client": "acme", "as_of": "2026-09", "dagster/partition": "acme"},
    )


def test_a_failed_run_is_told_with_its_first_message(
    instance: dg.DagsterInstance, workspace: Workspace
) -> None:
    alert = failure_alert(release_run(instance), "lora_adapter: the disk is full", workspace)
    assert (alert.event, alert.title) == ("failure", "acme: release 2026-09 failed")
    assert alert.text == "lora_adapter: the disk is full"


def test_a_refused_release_is_told_as_one(instance: dg.DagsterInstance, workspace: Workspace) -> None:
    put_release(workspace.store, "acme", "2026-09", promote=False)
    alert = failure_alert(release_run(instance), "deployed_model: is not promoted", workspace)
    assert (alert.event, alert.title) == ("refused", "acme: release 2026-09 is not promoted")
    assert "worse than the live one" in alert.text


def test_a_release_that_went_live_is_told_with_its_verdict(
    instance: dg.DagsterInstance, workspace: Workspace
) -> None:
    put_release(workspace.store, "acme", "2026-09")
    alert = released_alert(release_run(instance), workspace)
    assert alert is not None and alert.event == "released"
    assert alert.text.startswith("verdict: met; better")


def test_late_clients_are_told(instance: dg.DagsterInstance, workspace: Workspace) -> None:
    job = build_defs(resources={"workspace": workspace, "automation": Automation()}).resolve_job_def(
        "overview_job"
    )
    done = job.execute_in_process(instance=instance)
    alert = late_alert(instance, done.dagster_run)
    assert alert is not None and alert.event == "late"
    assert "acme: " in alert.text and "it has none" in alert.text


def test_the_sensors_listen_to_failures_verdicts_and_the_overview() -> None:
    names = {sensor.name for sensor in REPOSITORY.sensor_defs}
    assert {"alert_failures", "alert_verdicts", "alert_late_clients"} <= names
