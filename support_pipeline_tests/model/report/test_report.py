"""The report: its schema, its bytes, its page."""

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.errors import ArtifactError
from support_pipeline.model.policy_flips import FlipOutcome
from support_pipeline.model.report import (
    REPORT_SCHEMA,
    Opponent,
    build_report,
    content,
    read_report,
    score_picture,
    write_report,
)
from support_pipeline.model.report.page import marked
from support_pipeline.model.scoring import Case, Score, contender, score_answer
from support_pipeline.model.scoring.open_cases import Trust
from support_pipeline.model.verdict import Share, decide_promotion
from support_pipeline_tests.model.scoring.brands import CANNOT_KNOW, TODAY, demo

RIGHT = "You can return it within 45 days of delivery."
ANSWERS = (
    (RIGHT, "answer", RIGHT),
    ("Return it within 60 days. <script>alert('x')</script>", "answer", RIGHT),
    ("Order <ORDER_418> left our warehouse.", "answer", RIGHT),
    (CANNOT_KNOW, "cannot_know", CANNOT_KNOW),
    ("Just wait.", "escalate", "A colleague takes over. [Escalated to: Billing]"),
)


def material(count: int = 40) -> tuple[list[Case], list[str], list[Score]]:
    config = demo()
    made = [ANSWERS[i % 5 if i % 3 == 0 else 0] for i in range(count)]
    cases = [
        Case(
            f"p{i}",
            f"c{i // 2}",
            kind,
            f"{kind}_intent",
            "How long can <CUSTOMER_001> & I <b>return</b> it?",
            human,
        )
        for i, (_, kind, human) in enumerate(made)
    ]
    answers = [answer for answer, _, _ in made]
    scores = [
        score_answer(
            case, answer, book=config.book, today=TODAY, teams=config.escalation.names(), stopped=True
        )
        for case, answer in zip(cases, answers, strict=True)
    ]
    return cases, answers, scores


def report_of(cases: list[Case], answers: list[str], scores: list[Score], **more: Any) -> dict[str, Any]:
    config = demo()
    return build_report(
        cases, answers, scores, client=config.id, as_of="2026-09", policy_date=date(2026, 9, 30),
        targets=config.evaluation.targets, book=config.book, **more,
    )  # fmt: skip


def test_counts_agree_with_each_other() -> None:
    cases, answers, scores = material()
    report = report_of(cases, answers, scores)

    assert report["schema"] == REPORT_SCHEMA
    assert (report["tickets"], report["customers"]) == (40, 20)
    assert sum(row["count"] for row in report["distribution"]) == 40
    assert sum(group["tickets"] for group in report["by_kind"]) == 40
    assert sum(group["scores"]["3"] for group in report["by_intent"]) == report["distribution"][0]["count"]
    assert report["escalation"]["missed"] == len(report["escalation"]["missed_tickets"]) > 0
    assert {row["topic"]: row["contradicted"] for row in report["policy"]}["return_window"] > 0
    assert {entity["text"] for entity in report["hallucinations"]} >= {"60 days", "<ORDER_418>"}
    assert set(report["worst"]) == {c.pair_id for c, s in zip(cases, scores, strict=True) if s.score < 3}


def test_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        cases, answers, scores = material()
        write_report(folder, report_of(cases, answers, scores), cases, answers, scores)
    first, second = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders)

    assert sorted(first) == ["answers.jsonl", "flips.jsonl", "report.html", "report.json"]
    assert first == second
    assert read_report(folders[0]) == report_of(*material())
    assert score_picture(read_report(folders[0])) == score_picture(read_report(folders[1]))


def test_answers_hold_one_line_a_ticket_with_evidence(tmp_path: Path) -> None:
    cases, answers, scores = material()
    write_report(tmp_path, report_of(cases, answers, scores), cases, answers, scores)
    rows = [
        json.loads(line) for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    ]

    assert [row["pair_id"] for row in rows] == [case.pair_id for case in cases]
    assert all(row["score"] == min(layer["score"] for layer in row["layers"]) for row in rows)
    assert all(layer["evidence"] for row in rows for layer in row["layers"] if layer["score"] < 3)


class Outline(HTMLParser):
    """The tags of a page, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_whole_escaped_and_needs_no_network(tmp_path: Path) -> None:
    cases, answers, scores = material()
    write_report(
        tmp_path, report_of(cases, answers, scores, notes=["Synthetic & small."]), cases, answers, scores
    )
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(html)

    assert "script" not in outline.tags and "b" not in outline.tags
    assert outline.loads == ["data:,"] and "url(" not in html
    assert outline.tags.count("svg") == 4
    assert "<mark>60 days</mark>" in html and "Synthetic &amp; small." in html
    assert "&lt;script&gt;" in html and "{{" not in html


def test_entities_are_marked_where_they_stand() -> None:
    row = {
        "answer": "60 days <b>, 60 days",
        "hallucinated": [{"kind": "duration", "text": "60 days"}, {"kind": "x", "text": "days"}],
    }

    assert marked(row) == "<mark>60 days</mark> &lt;b&gt;, 60 days"


def test_the_picture_is_a_small_png() -> None:
    picture = score_picture(report_of(*material()))

    assert picture.startswith(b"\x89PNG") and len(picture) < 40_000


def test_the_champion_is_shown(tmp_path: Path) -> None:
    cases, answers, scores = material()
    targets = demo().evaluation.targets
    better = [replace(score, score=3) for score in scores]
    promotion = decide_promotion(
        contender("2026-09", cases, scores, targets), contender("2026-06", cases, better, targets)
    )
    opponents = [Opponent("champion", "2026-06", {case.pair_id: 3 for case in cases})]
    report = report_of(cases, answers, scores, promotion=promotion, champion="2026-06", opponents=opponents)
    write_report(tmp_path, report, cases, answers, scores)

    assert not report["promotion"]["promote"]
    assert report["champion"]["as_of"] == "2026-06" and report["champion"]["transitions"]["3->1"] > 0
    assert report["opponents"][0]["comparison"] == {
        k: v for k, v in report["champion"].items() if k != "as_of"
    }
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "From the champion 2026-06 to this release" in html and "champion: 2026-06" in html


def test_every_other_model_and_the_judge_are_shown(tmp_path: Path) -> None:
    cases, answers, scores = material()
    opponents = [
        Opponent("base", "bare base model", {case.pair_id: 1 for case in cases}),
        Opponent("hosted", "big <model>", {case.pair_id: 3 for case in cases[:10]}),
    ]
    judge = Trust(
        "grader", Share(30, 60), 0.8, False, "not counted, 80% is needed: agrees with people on 30 of 60"
    )
    report = report_of(cases, answers, scores, opponents=opponents, judge=judge)
    write_report(tmp_path, report, cases, answers, scores)
    base, hosted = report["opponents"]
    html = (tmp_path / "report.html").read_text(encoding="utf-8")

    assert (base["comparison"]["losses"], base["comparison"]["tickets"]) == (0, 40)
    assert (hosted["comparison"]["tickets"], hosted["distribution"][0]["count"]) == (10, 10)
    assert (report["judge"]["counted"], report["judge"]["spoken"]) == (False, 0)
    assert "hosted: big &lt;model&gt;" in html and "not counted, 80% is needed" in html


def test_flips_are_counted_by_topic_and_by_ticket(tmp_path: Path) -> None:
    cases, answers, scores = material()
    flips = [
        FlipOutcome(
            f"p{i // 5}",
            "return_window",
            "45 days",
            f"{30 + i} days",
            f"answer {i} & more",
            i % 5 != 0,
            i % 5 == 0,
        )
        for i in range(20)
    ]
    report = report_of(cases, answers, scores, flips=flips, flips_wanted=299)
    write_report(tmp_path, report, cases, answers, scores, flips)
    found, html = report["flips"], (tmp_path / "report.html").read_text(encoding="utf-8")

    assert (found["complied"]["count"], found["leaked"]["count"], found["leaked"]["total"]) == (16, 4, 20)
    assert (found["tickets"], found["tickets_with_leak"]["count"]) == (4, 4)
    assert found["by_topic"] == [{"topic": "return_window", "asked": 20, "complied": 16, "leaked": 4}]
    assert [claim["name"] for claim in report["claims"]][-2:] == ["flip_compliance", "stale_leak"]
    assert "299 were wanted" in html and '<span class="invented">answer 0 &amp; more</span>' in html
    assert len((tmp_path / "flips.jsonl").read_text(encoding="utf-8").splitlines()) == 20
    assert report_of(cases, answers, scores)["flips"] is None


def test_the_planner_stands_beside_every_claim() -> None:
    report = report_of(*material())

    assert [row["name"] for row in report["planning"]] == [claim["name"] for claim in report["claims"]]
    by_name = {row["name"]: row for row in report["planning"]}
    assert (by_name["fully_correct"]["assumed"], by_name["fully_correct"]["tickets"]) == (0.9, 94)
    assert (by_name["wrong"]["assumed"], by_name["wrong"]["tickets"]) == (0.025, 434)


def test_the_document_names_every_field_of_the_schema() -> None:
    cases, answers, scores = material()
    report = report_of(cases, answers, scores)
    for name in report:
        if name != "schema":
            assert re.search(rf"(?m)(?:^|, ){name}(?:\[\])?[,  ]", content.__doc__ or ""), name


@pytest.mark.parametrize("count", [0, 1])
def test_few_tickets_make_a_report_too(count: int, tmp_path: Path) -> None:
    cases, answers, scores = material(count)
    report = report_of(cases, answers, scores)
    write_report(tmp_path, report, cases, answers, scores)

    assert report["verdict"] == "not proven"
    assert score_picture(report).startswith(b"\x89PNG")


def test_nothing_goes_together_that_does_not_belong() -> None:
    cases, answers, scores = material(4)

    with pytest.raises(ValueError, match="4 cases, 3 answers, 4 scores"):
        report_of(cases, answers[:3], scores)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "does not exist. Materialize eval_report first."),
        ("{", "cannot be read"),
        (
            '{"schema": "support_pipeline.report/0"}',
            "has the schema 'support_pipeline.report/0', this version reads",
        ),
        ("[]", "has the schema None"),
    ],
)
def test_reports_that_cannot_be_read(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "report.json").write_text(text, encoding="utf-8")

    with pytest.raises(ArtifactError, match=re.escape(message)):
        read_report(tmp_path)
