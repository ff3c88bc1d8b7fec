"""Client files: strict, frozen, and every problem told at once with its cure."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from support_pipeline.clients import ClientConfig, ClientRegistry, load_client
from support_pipeline.errors import ConfigError

MINIMAL = "id: acme\nbrand: Acme\nsources: [{vendor: zendesk, path: export.ndjson}]\n"


def write(folder: Path, text: str, name: str = "acme.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_client(write(folder, text))
    return list(caught.value.problems)


def test_three_lines_are_enough(tmp_path: Path) -> None:
    config = load_client(write(tmp_path, MINIMAL))
    assert config.base_model.name == "embedded"
    assert config.escalation.names() == ("Senior Support",)
    assert (config.release.cadence, config.release.window_months, config.routing.mode) == (
        "quarterly",
        18,
        "approve",
    )


def test_it_is_frozen(tmp_path: Path) -> None:
    config = load_client(write(tmp_path, MINIMAL))
    with pytest.raises(ValidationError, match="frozen"):
        config.brand = "Other"  # type: ignore[misc]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, MINIMAL + "lora: {rang: 3, epochs: 0}\npolices: []\nlanguage: english\n")
    assert "lora.rang: unknown setting; did you mean 'rank'?" in found
    assert "polices: unknown setting; did you mean 'policies'?" in found
    assert any(problem.startswith("lora.epochs: ") and "given: 0" in problem for problem in found)
    assert any(problem.startswith("language: ") for problem in found)


@pytest.mark.parametrize("bad", ["a,b", "a|b", "../x", "A", "é", "-a", "a b", "a" * 64, ""])
def test_an_id_can_be_a_partition_key_and_a_folder(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ValidationError):
        ClientConfig.model_validate(
            {"id": bad, "brand": "B", "sources": [{"vendor": "zendesk", "path": "x"}]}
        )


def test_the_file_is_named_after_the_client(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name the file acme.yaml"):
        load_client(write(tmp_path, MINIMAL, "other.yaml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: [", "is not YAML"),
        ("", "holds no settings"),
        ("- a\n", "holds no settings"),
        ("id: acme\nbrand: Acme\n", "sources: is required"),
    ],
)
def test_a_file_that_is_no_client(tmp_path: Path, text: str, message: str) -> None:
    assert any(message in problem for problem in problems(tmp_path, text))


def test_policy_problems_name_the_topic(tmp_path: Path) -> None:
    twice = "policies:\n" + "".join(
        f"  - {{topic: returns, statement: 'Within {{value}}.', value: {value}, unit: days}}\n"
        for value in (30, 45)
    )
    assert any(
        "'returns' has two versions in force at once" in problem
        for problem in problems(tmp_path, MINIMAL + twice)
    )
    no_unit = "policies: [{topic: returns, statement: 'Within {value}.', value: 30}]\n"
    assert any(
        "'returns': a value needs a unit" in problem for problem in problems(tmp_path, MINIMAL + no_unit)
    )


def test_an_unknown_client_names_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL)
    with pytest.raises(ConfigError, match="Did you mean 'acme'"):
        ClientRegistry(tmp_path).load("acmee")


def test_a_base_model_may_be_named_alone(tmp_path: Path) -> None:
    assert (
        load_client(write(tmp_path, MINIMAL + "base_model: models/llama\n")).base_model.name == "models/llama"
    )


def test_the_teams_of_reasons(tmp_path: Path) -> None:
    config = load_client(
        write(tmp_path, MINIMAL + "escalation: {default: Care, teams: {fraud_dispute: Billing}}\n")
    )
    assert config.escalation.team("fraud_dispute") == "Billing"
    assert config.escalation.team("multi_issue") == "Care"
    assert config.escalation.names() == ("Care", "Billing")
