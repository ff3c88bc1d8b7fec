"""Who may import whom, and that definitions load light: promises of the architecture, held here."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import support_pipeline

PACKAGE = Path(support_pipeline.__file__).parent
HEAVY = ("torch", "transformers", "datasets", "peft", "trl", "evaluate", "pandas")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files(*places: str) -> list[Path]:
    return [
        file
        for place in places
        for file in ([PACKAGE / place] if place.endswith(".py") else sorted((PACKAGE / place).rglob("*.py")))
    ]


@pytest.mark.parametrize(
    "path", files("data", "model", "serving", "stages", "clients.py", "policies.py", "artifacts.py"), ids=str
)
def test_the_work_knows_nothing_of_dagster_or_the_web(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & {"dagster", "dagster_webserver", "fastapi", "starlette"}
    own = {name for name in imported(path) if name.startswith("support_pipeline.")}
    assert not {name for name in own if name.split(".")[1] in ("orchestration", "definitions", "web", "cli")}


@pytest.mark.parametrize("path", files("model"), ids=str)
def test_the_model_half_reports_through_pipes_in_one_place_only(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert "dagster_pipes" not in roots or path.name == "progress.py"


def test_definitions_import_nothing_heavy() -> None:
    probe = f"import sys, json, support_pipeline.definitions; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout.splitlines()[-1]) == []


def test_the_command_line_answers_without_dagster() -> None:
    probe = "import sys, support_pipeline.cli.main; print('dagster' in sys.modules, 'torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_definitions_are_short() -> None:
    assert len((PACKAGE / "definitions.py").read_text(encoding="utf-8").splitlines()) < 100
