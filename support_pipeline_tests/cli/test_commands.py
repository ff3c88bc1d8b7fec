"""The commands: right inputs give what is promised, wrong ones one message with the cure and exit code 2."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from support_pipeline.cli.main import app
from support_pipeline_tests.conftest import small_client


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project that is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_PIPELINE_CLIENTS", str(tmp_path / "clients"))
    monkeypatch.setenv("SUPPORT_PIPELINE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


def say(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def write_client(folder: Path, **changes: object) -> Path:
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({**small_client(), **changes}), encoding="utf-8")
    return path


def refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr


def test_a_client_is_checked_added_and_listed(folder: Path) -> None:
    path = write_client(folder)
    assert "valid (Demo Outfitters" in say("client", "check", str(path)).stdout
    assert json.loads(say("client", "check", str(path), "--json").stdout)["valid"] is True
    added = json.loads(say("client", "add", str(path), "--json").stdout)
    assert Path(added["file"]).exists()
    listed = json.loads(say("client", "list", "--json").stdout)
    assert [(row["client"], row["vendors"], row["problems"]) for row in listed] == [("small", "zendesk", [])]
    assert "Demo Outfitters" in say("client", "list").stdout


def test_a_client_is_not_added_over_another(folder: Path) -> None:
    say("client", "add", str(write_client(folder)))
    refused(say("client", "add", str(write_client(folder, brand="Other"))), "exists; edit that file")


def test_a_broken_client_is_listed_with_its_problems(folder: Path) -> None:
    (folder / "clients").mkdir()
    (folder / "clients" / "broken.yaml").write_text("id: broken\n")
    row = json.loads(say("client", "list", "--json").stdout)[0]
    assert row["problems"] == ["brand: is required", "sources: is required"]


def test_every_problem_of_a_client_is_told(folder: Path) -> None:
    path = write_client(folder, lora={"rang": 3}, brand="")
    refused(say("client", "check", str(path)), "did you mean 'rank'?", "brand: ")
    refused(say("client", "check", str(folder / "none.yaml")), "cannot be read")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("run", "smal"), ("Did you mean 'small'?",)),
        (("run", "small", "--as-of", "2026-13"), ("is not YYYY-MM",)),
        (("run", "small", "--as-of", "2999-01"), ("the last complete month",)),
        (("run", "small", "--through", "lora"), ("is unknown; stages are raw_tickets",)),
        (("run", "small"), ("zendesk.ndjson", "Put the helpdesk's export there")),
        (("ask", "small", "Hello?"), ("has no live model. Run `support-pipeline run small`",)),
        (("ask", "nobody", "Hello?"), ("client 'nobody'",)),
        (("status", "nobody"), ("is unknown; known: small",)),
        (("explain", "small", "1"), ("has no ticket '1'",)),
        (("run",), ("Missing argument",)),
        (("fly",), ("No such command",)),
    ],
)
def test_a_wrong_input_is_one_message_with_the_cure(
    folder: Path, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    say("client", "add", str(write_client(folder)))
    refused(say(*words), *parts)
    assert not (folder / "store").exists(), "nothing was begun"


def test_a_base_model_that_is_not_there_shows_before_any_work(folder: Path) -> None:
    say("client", "add", str(write_client(folder, base_model="models/none")))
    (folder / "export").mkdir()
    (folder / "export" / "zendesk.ndjson").write_text("{}\n")
    refused(say("run", "small"), "base_model 'models/none': no such folder")
    assert not (folder / "store").exists()


def test_a_relative_dagster_home_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "home")
    say("client", "add", str(write_client(folder)))
    (folder / "export").mkdir()
    (folder / "export" / "zendesk.ndjson").write_text("{}\n")
    refused(say("run", "small"), "DAGSTER_HOME", "absolute path")


def test_a_client_without_releases_has_a_status(folder: Path) -> None:
    say("client", "add", str(write_client(folder)))
    found = json.loads(say("status", "small", "--json").stdout)
    assert (found["as_of"], found["verdict"], found["stages"]) == (None, None, {})
    assert "small" in say("status").stdout


def test_a_corrupt_manifest_is_named(folder: Path) -> None:
    say("client", "add", str(write_client(folder)))
    broken = folder / "store" / "releases" / "small" / "2026-09" / "jsonl_splits"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")
    refused(say("status", "small"), "manifest.json: is corrupt")


def test_the_first_person_can_be_added_before_the_desk_starts(folder: Path) -> None:
    typed = CliRunner().invoke(
        app, ["user", "add", "ann@agency.example", "--role", "admin"], input="long enough 1\nlong enough 1\n"
    )
    assert typed.exit_code == 0, typed.output
    (row,) = json.loads(say("user", "list", "--json").stdout)
    assert (row["email"], row["role"]) == ("ann@agency.example", "admin")
