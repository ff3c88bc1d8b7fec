"""`report`, `plan` and `promote` as a user runs them."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from support_pipeline.cli.main import app
from support_pipeline_tests.conftest import AS_OF, Project


@pytest.fixture
def judged(finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished project's reports in a store of their own, a second release among them; returns the store."""
    store = tmp_path / "store"
    for as_of in (AS_OF, "2026-08"):
        kept = store / "releases" / "small" / as_of / "eval_report"
        shutil.copytree(finished.store / "releases" / "small" / AS_OF / "eval_report", kept)
    monkeypatch.setenv("SUPPORT_PIPELINE_STORE", str(store))
    monkeypatch.setenv("SUPPORT_PIPELINE_CLIENTS", str(finished.root / "clients"))
    monkeypatch.setenv("COLUMNS", "220")
    return store


def say(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    for part in parts:
        assert part in result.stderr


def test_a_report_is_printed_with_its_claims_and_its_page(judged: Path) -> None:
    shown = say("report", "small")
    assert shown.exit_code == 0, shown.output
    for part in (
        "release 2026-09",
        "fully correct at least 80%",
        "against base",
        "other policy values",
        "promoted: ",
    ):
        assert part in shown.stdout
    page = shown.stdout.split("page: ")[1].strip()
    assert Path(page).is_file()

    found = json.loads(say("report", "small", "--json").stdout)
    assert (
        found["schema"] == "support_pipeline.report/2" and found["page"] == page and found["override"] is None
    )
    assert {opponent["role"] for opponent in found["opponents"]} == {"base"}
    assert found["flips"]["complied"]["total"] > 0


def test_two_reports_stand_side_by_side(judged: Path) -> None:
    shown = say("report", "small", "--compare", "2026-08", AS_OF)
    assert shown.exit_code == 0, shown.output
    assert "on 8 shared tickets, 2026-09 against 2026-08: +0.0% fully correct" in shown.stdout
    found = json.loads(say("report", "small", "--compare", "2026-08", AS_OF, "--json").stdout)
    assert found["releases"] == ["2026-08", AS_OF] and found["shared_tickets"] == 8
    assert found["comparison"]["mcnemar_p"] == 1.0


def test_what_has_no_report_says_what_has_one(judged: Path) -> None:
    refused(
        say("report", "small", "--as-of", "2026-01"),
        "release 2026-01 of 'small' has no report",
        "2026-08, 2026-09",
    )
    refused(say("report", "smal"), "client 'smal'", "is unknown")
    refused(say("report", "small", "--as-of", "soon"), "is not YYYY-MM")
    refused(
        say("report", "small", "--compare", "2026-09", "2026-02"), "release 2026-02 of 'small' has no report"
    )


def test_an_older_schema_is_named_with_the_cure(judged: Path) -> None:
    file = judged / "releases" / "small" / AS_OF / "eval_report" / "report.json"
    old = file.read_bytes().replace(b"report/2", b"report/1")
    manifest = json.loads(file.with_name("manifest.json").read_bytes())
    manifest["files"]["report.json"] |= {"sha256": sha256(old).hexdigest(), "size": len(old)}
    file.write_bytes(old)
    file.with_name("manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for words in (("report", "small"), ("report", "small", "--compare", "2026-08", AS_OF)):
        refused(say(*words), "has the schema 'support_pipeline.report/1'", "Materialize eval_report again")


def test_a_plan_says_how_many_tickets_each_target_needs(judged: Path) -> None:
    rows = json.loads(say("plan", "small", "--json").stdout)
    by_name = {row["claim"]: row for row in rows}
    assert by_name["fully_correct"]["tickets"]["0.9"] == 94
    assert by_name["wrong"]["direction"] == "at most" and by_name["wrong"]["tickets"]["0.025"] == 434
    assert "fully correct at least 80%" in say("plan", "small").stdout
    more = json.loads(say("plan", "small", "--power", "0.95", "--json").stdout)
    assert more[0]["tickets"]["0.9"] > 94
    refused(say("plan", "small", "--power", "2"), "between 0 and 1")


def test_promote_records_who_and_why(judged: Path) -> None:
    manifest = judged / "releases" / "small" / AS_OF / "eval_report" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    refused(
        say("promote", "small", AS_OF, "--by", "Ann", "--reason", "because"), "promoted by the gate already"
    )
    content["info"]["promotion"] |= {"promote": False, "reason": "not shown to be non-inferior"}
    manifest.write_text(json.dumps(content), encoding="utf-8")
    refused(say("promote", "small", AS_OF, "--by", "Ann", "--reason", " "), "wrong here: reason")
    done = say("promote", "small", AS_OF, "--by", "Ann", "--reason", "the live one states a wrong fee")
    assert done.exit_code == 0, done.output
    assert "promoted by Ann on" in done.stdout and "support-pipeline run small --as-of 2026-09" in done.stdout
    found = json.loads(say("report", "small", "--json").stdout)
    assert (found["override"]["by"], found["override"]["reason"]) == (
        "Ann",
        "the live one states a wrong fee",
    )
    assert "override: Ann, the live one states a wrong fee" in say("report", "small").stdout
