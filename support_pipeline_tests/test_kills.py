"""kill -9 at random moments: nothing partial is ever visible, and a re-run gives the undisturbed result."""

import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support_pipeline.artifacts import STAGES, Folder, Store
from support_pipeline_tests.conftest import AS_OF, Project, make_project
from support_pipeline_tests.processes import running, wait_until

CHAINS, KILLS_A_CHAIN = 5, 4  # 20 moments; each chain is one project that is killed again and again


def fingerprints(project: Project) -> dict[str, str]:
    done = project.run("status", "small", "--json")
    stages = json.loads(done.stdout)["stages"]
    return {stage: shown["fingerprint"] for stage, shown in stages.items()}


def folders(project: Project) -> list[Folder]:
    store = Store(str(project.store))
    history = [
        store.history("small", month, stage) for month in store.months("small") for stage in STAGES[:3]
    ]
    return history + [store.release("small", AS_OF, stage) for stage in STAGES[3:]]


def start(project: Project) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        project.command("run", "small", "--as-of", AS_OF),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, float]:
    """A run that nobody disturbed, and how long it took."""
    project = make_project(tmp_path_factory.mktemp("undisturbed"), tickets=60)
    started = time.monotonic()
    assert start(project).wait() == 0
    return project, time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("chain", range(CHAINS))
def test_killed_at_random_moments_and_run_again(
    undisturbed: tuple[Project, float], tmp_path: Path, chain: int
) -> None:
    reference, seconds = undisturbed
    project = Project(tmp_path / "project")
    for name in ("clients", "export"):
        shutil.copytree(reference.root / name, project.root / name)
    (project.root / "home").mkdir()
    shutil.copyfile(reference.root / "home" / "dagster.yaml", project.root / "home" / "dagster.yaml")
    moments = random.Random(chain)
    for _ in range(KILLS_A_CHAIN):
        run = start(project)
        time.sleep(moments.uniform(0.05, seconds * 0.8))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert wait_until(lambda: not running(str(project.root)), 20), "a child outlived the run"
        for folder in folders(project):
            if folder.manifest() is not None:
                folder.verify()
    assert start(project).wait() == 0
    assert fingerprints(project) == fingerprints(reference)
    assert not list((project.store / ".staging").iterdir())
