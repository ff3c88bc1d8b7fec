"""A small project that goes through the whole lineage: one client, few tickets, the embedded model."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from dagster._core.storage.defs_state.base import _current_storage
from hypothesis import settings

from support_pipeline.demo.tickets import write_demo_export

ROOT = Path(__file__).parent.parent
AS_OF = "2026-09"


@pytest.fixture(autouse=True)
def no_dagster_instance_left() -> Iterator[None]:
    """Dagster keeps the last instance's storage in a context variable; no test may find another's there."""
    _current_storage.set(None)
    yield
    _current_storage.set(None)


settings.register_profile("suite", deadline=None)  # a busy machine is no reason to fail
settings.load_profile("suite")


@dataclass(frozen=True)
class Project:
    """A project's folders, and how to run its command line as a user does: in a process of its own."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Everything in the project's own folders, nothing from a network."""
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.root / "home"),
            "SUPPORT_PIPELINE_STORE": str(self.root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(self.root / "clients"),
            "HF_HUB_OFFLINE": "1",
            "COLUMNS": "200",
        }

    @property
    def store(self) -> Path:
        return self.root / "store"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from support_pipeline.cli import main; main()", *words]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
            env=self.environment,
        )


def small_client(client: str = "small") -> dict[str, object]:
    """The demo client's file with everything that takes time made small."""
    config = yaml.safe_load((ROOT / "clients" / "demo-outfitters.yaml").read_text(encoding="utf-8"))
    config |= {
        "id": client,
        "sources": [{"vendor": "zendesk", "path": "export/zendesk.ndjson"}],
        "lora": {
            "epochs": 1,
            "rank": 4,
            "alpha": 8,
            "batch_size": 8,
            "learning_rate": 0.003,
            "max_tokens": 1024,
        },
        "release": {"window_months": 3},
        "evaluation": {"test_size": 8, "max_answer_tokens": 120, "against_base": True},
    }
    return dict(config)


def make_project(root: Path, tickets: int = 90) -> Project:
    """A project with a client `small` and its export."""
    (root / "clients").mkdir(parents=True)
    (root / "home").mkdir()
    (root / "home" / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    (root / "clients" / "small.yaml").write_text(
        yaml.safe_dump(small_client(), sort_keys=False), encoding="utf-8"
    )
    write_demo_export(root / "export", seed=7, tickets=tickets, last_month=AS_OF, months=3)
    return Project(root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that nothing has run in yet."""
    return make_project(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose client went through the whole lineage once; tests only look at it."""
    made = make_project(tmp_path_factory.mktemp("finished"))
    done = made.run("run", "small", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    return made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a real Ollama are skipped where none is named."""
    if "OLLAMA_URL" not in os.environ:
        for item in items:
            if item.get_closest_marker("ollama"):
                item.add_marker(pytest.mark.skip(reason="name a real Ollama by OLLAMA_URL"))
