"""What Dagster loads: complete, documented, and without a warning."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, STAGES
from support_pipeline.definitions import build_defs
from support_pipeline.orchestration.partitions import by_client

ROOT = Path(__file__).parents[2]
SPECS = {
    spec.key.to_user_string(): spec
    for spec in build_defs().resolve_all_asset_specs()
    if spec.group_name in ("history", "release")
}


def test_the_lineage_is_the_designs() -> None:
    assert set(SPECS) == set(STAGES)
    upstream = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in SPECS.items()}
    assert upstream == {
        "raw_tickets": set(),
        "agent_edits": set(),
        "filtered_pairs": {"raw_tickets", "agent_edits"},
        "jsonl_splits": {"filtered_pairs"},
        "lora_adapter": {"jsonl_splits"},
        "eval_report": {"jsonl_splits", "lora_adapter"},
        "gguf_artifact": {"jsonl_splits", "lora_adapter", "eval_report"},
        "deployed_model": {"gguf_artifact", "eval_report"},
    }


@pytest.mark.parametrize("name", STAGES)
def test_every_asset_tells_what_it_is(name: str) -> None:
    spec = SPECS[name]
    assert spec.group_name == ("history" if name in HISTORY_STAGES else "release")
    assert spec.description and len(spec.description) > 40
    assert spec.owners
    assert spec.kinds
    assert spec.partitions_def is not None


def test_every_check_but_the_warnings_blocks() -> None:
    checks = {
        (spec.asset_key.to_user_string(), spec.name): spec.blocking
        for definition in build_defs().assets or []
        for spec in getattr(definition, "check_specs", [])
    }
    assert {key for key, blocking in checks.items() if not blocking} == {
        ("filtered_pairs", "reasons_drift"),
        ("client_overview", "every_client_up_to_date"),
    }
    for stage in HISTORY_STAGES:
        assert (stage, "conservation") in checks
    for expected in (
        ("jsonl_splits", "no_overlap"),
        ("lora_adapter", "supervised_tokens"),
        ("lora_adapter", "end_of_turn_supervised"),
        ("gguf_artifact", "tokens_equal"),
        ("gguf_artifact", "scores_kept"),
    ):
        assert expected in checks


def test_a_job_holds_one_family_and_runs_in_one_process() -> None:
    defs = build_defs()
    for job, stages in (("history_job", HISTORY_STAGES), ("release_job", RELEASE_STAGES)):
        found = defs.resolve_job_def(job)
        assert {key.to_user_string() for key in found.asset_layer.executable_asset_keys} == set(stages)
        assert found.executor_def.name == dg.in_process_executor.name


def test_everything_starts_by_itself_unless_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def running() -> dict[str, bool]:
        repository = build_defs().get_repository_def()
        found = {sensor.name: sensor.default_status.value == "RUNNING" for sensor in repository.sensor_defs}
        return found | {
            schedule.name: schedule.default_status.value == "RUNNING" for schedule in repository.schedule_defs
        }

    names = {"new_clients", "releases", "lost_runs", "monthly_ingestion", "hourly_overview"}
    assert {name for name, on in running().items() if on} >= names
    monkeypatch.setenv("SUPPORT_PIPELINE_AUTOMATION", "off")
    assert running().keys() >= names and not any(running().values())


def test_keys_of_any_order_are_clients_with_sorted_months() -> None:
    keys = ["b|2026-02", "a|2026-03", "a|2025-12", "b|2026-01"]
    assert list(by_client(keys).items()) == [("a", ["2025-12", "2026-03"]), ("b", ["2026-01", "2026-02"])]


# Dagster's own command warns that `dg check defs` is its successor; that is the one warning let through.
VALIDATE = """
import sys, warnings
from dagster_shared.utils.warnings import SupersessionWarning
warnings.filterwarnings("ignore", category=SupersessionWarning)
from dagster._cli import main
sys.argv = ["dagster", "definitions", "validate", "-w", "workspace.yaml"]
main()
"""


def test_dagster_validates_with_warnings_as_errors(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error", "DAGSTER_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shipped_instance_settings_load(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.default_pool_limit == 1
