"""The whole lineage on a small client, run as a user runs it, and what every part of it left behind."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from support_pipeline.artifacts import RELEASE_STAGES, STAGES, Store
from support_pipeline_tests.conftest import AS_OF, Project, make_project


def status(project: Project) -> dict[str, Any]:
    done = project.run("status", "small", "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_status_holds_all_eight_stages(finished: Project) -> None:
    found = status(finished)
    assert (found["client"], found["as_of"]) == ("small", AS_OF)
    assert found["verdict"] in ("met", "failed", "not proven")
    assert list(found["stages"]) == list(STAGES)
    for shown in found["stages"].values():
        assert set(shown) >= {"path", "fingerprint", "counts"}
        assert Path(shown["path"]).is_dir()
    assert found["live"].startswith(f"small:{AS_OF}-")


def test_every_line_is_accounted_for(finished: Project) -> None:
    counts = {stage: shown["counts"] for stage, shown in status(finished)["stages"].items()}
    lines = len((finished.root / "export" / "zendesk.ndjson").read_bytes().splitlines())
    raw, pairs, splits = counts["raw_tickets"], counts["filtered_pairs"], counts["jsonl_splits"]
    assert raw["lines_in"] == lines == raw["unique"] + raw["duplicates"] + raw["quarantined"]
    assert raw["quarantined"] > 0
    assert raw["unique"] == pairs["pairs"] + pairs["excluded"]
    index = pl.read_parquet(finished.store / "releases" / "small" / AS_OF / "jsonl_splits" / "index.parquet")
    held_back = pl.read_parquet(
        finished.store / "releases" / "small" / AS_OF / "jsonl_splits" / "held_back.parquet"
    )
    assert pairs["pairs"] == index.height + held_back.height
    assert splits["test"] == 8


def test_broken_lines_are_kept_with_place_and_reason(finished: Project) -> None:
    kept = [
        json.loads(line)
        for path in sorted((finished.store / "history" / "small").glob("*/raw_tickets/quarantine.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert kept
    assert all(row["file"] and row["line"] and row["reason"] and "raw" in row for row in kept)


def test_no_internal_note_is_in_any_later_artifact(finished: Project) -> None:
    gold = [json.loads(line) for line in (finished.root / "export" / "gold.jsonl").read_text().splitlines()]
    notes = [note for row in gold for note in row.get("notes", []) if len(note) > 20]
    assert notes
    later = b"".join(
        path.read_bytes()
        for path in (finished.store / "releases").rglob("*")
        if path.suffix in (".jsonl", ".json", ".html")
    )
    pairs = pl.concat(
        [
            pl.read_parquet(p)
            for p in (finished.store / "history").glob("small/*/filtered_pairs/pairs.parquet")
        ]
    )
    text = (
        later.decode(errors="replace")
        + "\n".join(pairs["customer_text"])
        + "\n".join(pairs["resolution_text"])
    )
    assert not [note for note in notes if note in text]


def test_chats_are_chats_and_nothing_else(finished: Project) -> None:
    splits = finished.store / "releases" / "small" / AS_OF / "jsonl_splits"
    for name in ("train", "valid", "test"):
        for line in (splits / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            chat = json.loads(line)
            assert set(chat) == {"messages"}
            assert [message["role"] for message in chat["messages"]] == ["system", "user", "assistant"]
            assert "Items can be returned within 45 days" in chat["messages"][0]["content"]


def test_the_report_scores_every_held_out_ticket(finished: Project) -> None:
    folder = finished.store / "releases" / "small" / AS_OF / "eval_report"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert sum(row["count"] for row in report["distribution"]) == 8
    assert (folder / "report.html").read_text(encoding="utf-8").lstrip().startswith("<!")
    assert report["promotion"]["promote"] is True
    assert [opponent["role"] for opponent in report["opponents"]] == ["base"]
    flips = [json.loads(line) for line in (folder / "flips.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(flips) == report["flips"]["complied"]["total"] > 0
    assert not list((finished.store / ".resumable").glob("*"))  # what a killed run would go on from


def test_the_gguf_is_proven_and_live(finished: Project) -> None:
    store = Store(str(finished.store))
    manifest = store.release("small", AS_OF, "gguf_artifact").verify()
    assert manifest.checks["tokens_equal"].passed
    assert manifest.checks["f16_answers_equal"].passed
    assert manifest.checks["scores_kept"].passed
    assert sum(manifest.info["transitions"].values()) == manifest.counts["served"] == 8
    pointer = json.loads((finished.store / "deployments" / "small.json").read_text())
    assert pointer["live"]["fingerprint"] == manifest.fingerprint


def test_asking_answers_as_the_router_does(finished: Project) -> None:
    done = finished.run("ask", "small", "How long do I have to return my boots?", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"response", "confidence", "escalate", "route", "reasons", "draft_id"}
    assert answer["confidence"] in ("high", "medium", "low")
    assert answer["route"] in ("agent", "approve", "auto")
    assert isinstance(answer["escalate"], bool)


def test_the_web_ui_has_pictures_tables_and_checks(finished: Project) -> None:
    """Read from the event log, which is what the web UI reads."""
    events = finished_events(finished.root / "home")
    metadata: dict[str, set[str]] = {}
    for event in events:
        data = (event.get("dagster_event") or {}).get("event_specific_data") or {}
        found = data.get("materialization")
        if found:
            key = found["asset_key"]["path"][0]
            metadata.setdefault(key, set()).update(entry["label"] for entry in metadata_entries(found))
    assert set(metadata) == set(STAGES)
    for stage in STAGES:
        assert "path" in metadata[stage]
        assert "checks" in metadata[stage]
    for stage in ("raw_tickets", "agent_edits", "filtered_pairs", "jsonl_splits"):
        assert {"dagster/row_count", "dagster/column_schema", "sample"} <= metadata[stage]
    assert {"reasons", "waterfall", "waterfall picture"} <= metadata["filtered_pairs"]
    assert "loss curve" in metadata["lora_adapter"]
    assert "score distribution" in metadata["eval_report"]


def finished_events(home: Path) -> list[dict[str, Any]]:
    found = []
    for database in (home / "history" / "runs").glob("*.db"):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            try:
                found += [json.loads(row[0]) for row in connection.execute("select event from event_logs")]
            except sqlite3.OperationalError:
                continue  # the index database has no events
    return found


def metadata_entries(materialization: dict[str, Any]) -> list[dict[str, Any]]:
    entries = materialization.get("metadata_entries") or []
    fields = materialization.get("metadata") or {}
    return [*entries, *({"label": label} for label in fields)]


@pytest.mark.slow
def test_the_same_inputs_give_the_same_fingerprints(finished: Project, tmp_path: Path) -> None:
    again = make_project(tmp_path / "again")
    done = again.run("run", "small", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    first, second = status(finished)["stages"], status(again)["stages"]
    assert {stage: shown["fingerprint"] for stage, shown in first.items()} == {
        stage: shown["fingerprint"] for stage, shown in second.items()
    }


def test_a_second_run_reuses_everything(finished: Project) -> None:
    before = status(finished)["stages"]
    done = finished.run("run", "small", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    for stage in RELEASE_STAGES:
        assert f"{stage} {AS_OF}: unchanged, re-used" in done.stderr
    assert status(finished)["stages"] == before


def test_a_refused_release_leaves_the_live_one(finished: Project, tmp_path: Path) -> None:
    """An older month cannot take the place of a newer one."""
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.root, project.root)
    config = yaml.safe_load((project.root / "clients" / "small.yaml").read_text())
    config["evaluation"] |= {"test_size": 4, "max_answer_tokens": 120}
    config["release"]["window_months"] = 2
    (project.root / "clients" / "small.yaml").write_text(yaml.safe_dump(config))
    live = (project.store / "deployments" / "small.json").read_text()
    done = project.run("run", "small", "--as-of", "2026-08")
    assert done.returncode == 1
    assert "is not promoted" in done.stderr and "older than the live one" in done.stderr
    assert (project.store / "deployments" / "small.json").read_text() == live
