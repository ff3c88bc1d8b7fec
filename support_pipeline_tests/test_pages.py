"""Every command in the pages is run, in order, on a project that went through everything."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest

from support_pipeline.artifacts import Store
from support_pipeline.cli.main import app
from support_pipeline_tests.conftest import AS_OF, ROOT, Project

PAGES = sorted((ROOT / "docs").glob("*.md"))
KNOWN = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
KNOWN |= {group.name for group in app.registered_groups if group.name}
REFUSED = {"promote": 2, "rollback": 2}
"""On this project the gate has promoted, and there is no earlier version: the command says so."""
IN_OTHER_TESTS = {("support-pipeline", "run"), ("support-pipeline", "user")}
"""`run` makes the project of these tests; `user add` asks for a password."""


def commands(page: Path) -> list[str]:
    blocks = re.findall(
        r"^ *```console\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def used(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("pages") / "project")
    shutil.copytree(finished.root, project.root)
    return project


def run(project: Project, command: str) -> "subprocess.CompletedProcess[str]":
    words = shlex.split(command)
    if words[0] == "support-pipeline":
        return project.run(*words[1:])
    assert words[0] == "dagster", command
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "page", [page for page in PAGES if commands(page) and "erase" not in page.name], ids=lambda p: p.stem
)
def test_every_command_of_a_page_works(used: Project, page: Path) -> None:
    tickets = pl.read_parquet(
        Store(str(used.store)).history("small", AS_OF, "raw_tickets").local() / "tickets.parquet"
    )
    for command in commands(page):
        name = shlex.split(command)[1]
        assert not command.startswith("support-pipeline") or name in KNOWN, command
        done = run(used, command.replace("20001", tickets["ticket_id"][0]))
        assert done.returncode == REFUSED.get(name, 0), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_erasure_of_its_page_is_the_one_that_is_tested() -> None:
    """`cli/test_erase.py` runs it; it takes a training."""
    assert commands(ROOT / "docs" / "erase-a-customer.md") == ["support-pipeline erase small CUSTOMER"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_commands_within_sentences_are_those_of_the_blocks_or_have_a_test(page: Path) -> None:
    """A block is run; a sentence may repeat its command, or name one that a test of its own runs."""
    text = page.read_text(encoding="utf-8")
    shown = {tuple(shlex.split(command)[:2]) for other in PAGES for command in commands(other)}
    fences = re.findall(r"^ *```(\w*)$", text, re.MULTILINE)
    assert set(fences) <= {"console", ""}, "a block of another kind would not be run"
    for said in re.findall(r"`((?:support-pipeline|dagster) [^`]+)`", text):
        words = tuple(shlex.split(said)[:2])
        assert words in shown | IN_OTHER_TESTS, said
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert set(re.findall(r"support-pipeline\[(\w+)\]", text)) <= set(extras)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_contents() -> None:
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert all(page.name in contents for page in PAGES if page.name != "README.md")
