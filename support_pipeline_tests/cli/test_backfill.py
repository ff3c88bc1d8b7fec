"""`support-pipeline backfill`: a range as one run, every client, and wrong inputs."""

import json
import sqlite3
from pathlib import Path

import yaml

from support_pipeline.artifacts import Store
from support_pipeline_tests.conftest import Project, make_project, small_client


def test_a_range_is_one_run_and_a_broken_client_stops_nobody(tmp_path: Path) -> None:
    project = make_project(tmp_path, tickets=60)
    other = {**small_client("other"), "sources": [{"vendor": "zendesk", "path": "export/none.ndjson"}]}
    (project.root / "clients" / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    (project.root / "clients" / "broken.yaml").write_text("id: broken\n", encoding="utf-8")
    done = project.run("backfill", "--all", "--from", "2026-08", "--to", "2026-09", "--json")
    assert done.returncode == 1
    assert "left out: " in done.stderr and "brand: is required" in done.stderr
    outcomes = {row["client"]: row for row in json.loads(done.stdout)}
    assert outcomes["small"]["success"] and outcomes["small"]["months"] == ["2026-08", "2026-09"]
    assert "Put the helpdesk's export there" in outcomes["other"]["failure"]
    assert Store(str(project.store)).months("small") == ["2026-08", "2026-09"]
    assert runs_of(project) == [outcomes["small"]["run"]]


def runs_of(project: Project) -> list[str]:
    with sqlite3.connect(project.root / "home" / "history" / "runs.db") as base:
        return [row[0] for row in base.execute("select run_id from runs")]


def test_wrong_inputs_are_told_before_any_work(tmp_path: Path) -> None:
    project = make_project(tmp_path, tickets=30)
    for words, said in (
        (("small", "--from", "2026-09", "--to", "2026-08"), "is after --to"),
        ((), "name one CLIENT, or say --all"),
        (("small", "--all"), "name one CLIENT, or say --all"),
        (("small", "--from", "26-9"), "is not YYYY-MM"),
    ):
        done = project.run("backfill", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not project.store.exists()
