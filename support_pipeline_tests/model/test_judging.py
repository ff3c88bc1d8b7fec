"""The evaluation job at its edges: an empty split, one ticket, a hosted model, a judge, a kill in the middle."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support_pipeline.clients import Endpoint, Evaluation, Judge
from support_pipeline.errors import DatasetError, ModelError
from support_pipeline.model import generation
from support_pipeline.model.base import EMBEDDED
from support_pipeline.model.evaluation import EvaluationJob
from support_pipeline.model.judging import judge
from support_pipeline.model.report import read_report
from support_pipeline_tests.conftest import AS_OF, Project
from support_pipeline_tests.model.completions import completions
from support_pipeline_tests.model.scoring.brands import demo


@pytest.fixture
def folder(finished: Project) -> Path:
    return finished.store / "releases" / "small" / AS_OF


def job(folder: Path, out: Path, tickets: int = 2, **changes: Any) -> EvaluationJob:
    """A job on the first test tickets of the finished project."""
    out.mkdir(exist_ok=True)
    lines = (folder / "jsonl_splits" / "test.jsonl").read_text(encoding="utf-8").splitlines()[:tickets]
    (out / "test.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    index = pl.read_parquet(folder / "jsonl_splits" / "index.parquet")
    index.filter((pl.col("split") != "test") | (pl.col("row") < tickets)).write_parquet(out / "index.parquet")
    settings: dict[str, Any] = {"policy_flips": 0, "against_base": False, "max_answer_tokens": 24, **changes}
    (out / "payload").mkdir(exist_ok=True)
    config = demo()
    return EvaluationJob(
        out=out / "payload",
        stats=out / "stats.json",
        client="small",
        brand=config.brand,
        as_of=AS_OF,
        base=EMBEDDED,
        adapter=folder / "lora_adapter",
        champion=None,
        champion_as_of=None,
        chats=out / "test.jsonl",
        index=out / "index.parquet",
        policies=config.policies,
        today=date(2026, 9, 30),
        teams=config.escalation.names(),
        evaluation=Evaluation(**settings),
        answers=out / "answers",
        labels=out / "labels.jsonl" if (out / "labels.jsonl").exists() else None,
    )


def nothing(_: str) -> None:
    pass


def test_an_empty_test_split_is_an_error_with_its_cure(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="the test split is empty.*Add history"):
        judge(job(folder, tmp_path, tickets=0), nothing)


def test_a_split_whose_files_disagree_is_refused(folder: Path, tmp_path: Path) -> None:
    made = job(folder, tmp_path)
    made.chats.write_text(made.chats.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="2 test rows .* 1; make the splits again"):
        judge(made, nothing)


def test_one_ticket_proves_nothing_and_is_reported(folder: Path, tmp_path: Path) -> None:
    judge(job(folder, tmp_path, tickets=1), nothing)
    report = read_report(tmp_path / "payload")
    assert (report["tickets"], report["flips"], report["opponents"]) == (1, None, [])
    assert report["verdict"] == "not proven" or report["verdict"] == "failed"
    by_name = {claim["name"]: claim for claim in report["claims"]}
    assert by_name["fully_correct"]["verdict"] == "not proven"  # 0 or 1 of 1 settles nothing
    assert not report["promotion"]["promote"] or report["promotion"]["route_ceiling"] == "approve"


def test_an_answer_that_never_stops_is_wrong_and_says_why(folder: Path, tmp_path: Path) -> None:
    judge(job(folder, tmp_path, max_answer_tokens=8), nothing)
    rows = [json.loads(line) for line in (tmp_path / "payload" / "answers.jsonl").read_text().splitlines()]
    cut = [row for row in rows if not row["stopped"]]
    assert cut and all(row["score"] == 1 for row in cut)
    assert all("never came to an end" in json.dumps(row["layers"]) for row in cut)
    assert read_report(tmp_path / "payload")["generation"]["stopped"]["count"] == len(rows) - len(cut)


def test_a_broken_adapter_is_named_and_nothing_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = generation.load_adapted

    def broken(base: Path, adapter: Path | None) -> Any:
        model = real(base, adapter)
        for parameter in model.parameters():
            parameter.data.fill_(float("nan"))
            break
        return model

    monkeypatch.setattr("support_pipeline.model.judging.load_adapted", broken)
    with pytest.raises(ModelError, match=r"not numbers \(NaN\)"):
        judge(job(folder, tmp_path), nothing)
    assert list((tmp_path / "payload").iterdir()) == []


def test_a_missing_champion_is_no_comparison_and_says_so(folder: Path, tmp_path: Path) -> None:
    judge(job(folder, tmp_path), nothing)
    report = read_report(tmp_path / "payload")
    assert report["champion"] is None
    assert "first release" in report["promotion"]["reason"] or "unusable" in report["promotion"]["reason"]


def test_a_hosted_model_answers_the_same_tickets(folder: Path, tmp_path: Path) -> None:
    human = {
        chat["messages"][1]["content"]: chat["messages"][2]["content"]
        for chat in map(json.loads, (folder / "jsonl_splits" / "test.jsonl").read_text().splitlines())
    }
    with completions(lambda messages: human[messages[-1]["content"]]) as server:
        judge(job(folder, tmp_path, hosted=Endpoint(base_url=server.base_url, model="big")), nothing)
    report = read_report(tmp_path / "payload")
    (found,) = report["opponents"]
    assert (found["role"], found["name"], found["distribution"][0]["count"]) == ("hosted", "big", 2)
    assert all(seen["messages"][0]["role"] == "system" for seen in server.seen)


def test_a_hosted_model_that_is_away_costs_only_its_comparison(folder: Path, tmp_path: Path) -> None:
    with completions(lambda _: "", faults=(401,) * 20) as server:
        judge(job(folder, tmp_path, hosted=Endpoint(base_url=server.base_url, model="big")), nothing)
    report = read_report(tmp_path / "payload")
    assert report["opponents"] == []
    assert any(
        "The hosted model 'big' is not compared" in note and "HTTP 401" in note for note in report["notes"]
    )


def test_a_judge_without_labels_is_shown_and_not_counted(folder: Path, tmp_path: Path) -> None:
    judge(job(folder, tmp_path, judge=Judge()), nothing)
    found = read_report(tmp_path / "payload")["judge"]
    assert (found["counted"], found["spoken"]) == (False, 0)
    assert found["reason"] == "not counted: no answers that people scored"


def test_the_base_model_as_judge_is_measured_like_any_other(folder: Path, tmp_path: Path) -> None:
    rows = [{"ticket": "t", "human_answer": "h", "answer": "a", "score": 3}] * 3
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    judge(job(folder, tmp_path, judge=Judge(labels="labels.jsonl")), nothing)
    found = read_report(tmp_path / "payload")["judge"]
    assert (found["name"], found["counted"], found["agreement"]["total"]) == ("the base model", False, 3)


def test_a_job_that_was_killed_asks_no_ticket_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if "fully correct" in line:
            raise KeyboardInterrupt

    made = job(folder, tmp_path, tickets=4)
    with pytest.raises(KeyboardInterrupt):
        judge(made, stop)
    asked: list[int] = []
    monkeypatch.setattr(generation, "_generate_batch", lambda *_: asked.append(1))
    judge(made, nothing)
    assert asked == [] and read_report(tmp_path / "payload")["tickets"] == 4
