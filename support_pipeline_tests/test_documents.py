"""What the documents promise is so."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from support_pipeline.cli.main import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "BENCHMARKS.md")


def test_every_place_in_the_readmes_tree_exists() -> None:
    tree = README.split("## Where things are")[1].split("```")[1]
    parent = ROOT
    for line in tree.strip().splitlines():
        names = [word for word in line.split("  ")[0 if not line.startswith(" ") else 1].split() if word]
        if not line.startswith(" "):
            parent = ROOT
        for name in names:
            assert (parent / name).exists(), name
        if not line.startswith(" ") and names[0].endswith("/"):
            parent = ROOT / names[0]


def test_every_command_in_the_readme_exists() -> None:
    known = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    known |= {group.name for group in app.registered_groups if group.name}
    used = set(re.findall(r"bin/support-pipeline (\w+)", README))
    assert used and used <= known


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        used = set(
            re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", (ROOT / document).read_text(), re.MULTILINE)
        )
        assert {name for pair in used for name in pair if name} <= targets, document


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_every_benchmark_has_its_place_in_the_figures() -> None:
    figures = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8")
    for script in (ROOT / "benchmarks").glob("*.py"):
        if not script.name.startswith("_"):
            assert script.name in figures, script.name


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_from_the_project_is_there(script: Path) -> None:
    """They run seldom, and no other test sees that a name of theirs has moved."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("support_pipeline"):
            module = importlib.import_module(str(node.module))
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
