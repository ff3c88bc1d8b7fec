"""The web UI's own path: a run that the daemon launches, and what terminating it leaves behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.artifacts import Store
from support_pipeline_tests.conftest import AS_OF, ROOT, Project, make_project
from support_pipeline_tests.orchestration.web_server import ask, launch
from support_pipeline_tests.processes import running, wait_until

TERMINATE = "mutation($id: String!) { terminateRun(runId: $id) { __typename } }"
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


class WebUi:
    """`dagster dev` on a project, spoken to as the browser does."""

    def __init__(self, project: Project, port: int) -> None:
        self.project, self.port = project, port

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return ask(self.port, query, **variables)

    def up(self) -> bool:
        try:
            self.ask("{ version }")
        except OSError:
            return False
        return True

    def status(self, run: str) -> str:
        return str(self.ask(STATUS, id=run)["runOrError"]["status"])

    def launch_release(self) -> str:
        config = {"resources": {"release_month": {"config": {"as_of": AS_OF}}}}
        return launch(self.port, "release_job", config, **{"dagster/partition": "small"})


@pytest.fixture
def web_ui(tmp_path: Path) -> Iterator[WebUi]:
    project = make_project(tmp_path)
    done = project.run("run", "small", "--as-of", AS_OF, "--through", "jsonl_splits")
    assert done.returncode == 0, done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-p", str(port)],
        cwd=ROOT,
        env={**project.environment, "SUPPORT_PIPELINE_AUTOMATION": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    ui = WebUi(project, port)
    try:
        assert wait_until(ui.up, 120), "dagster dev did not come up"
        yield ui
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_terminating_a_training_leaves_no_process_and_no_artifact(web_ui: WebUi) -> None:
    staging = web_ui.project.store / ".staging"
    run = web_ui.launch_release()
    assert wait_until(lambda: list(staging.glob("*lora_adapter*/job.json")), 180), web_ui.status(run)
    assert wait_until(lambda: running("support_pipeline.model.adapter"), 30)
    time.sleep(2)
    web_ui.ask(TERMINATE, id=run)
    assert wait_until(lambda: web_ui.status(run) == "CANCELED", 90), web_ui.status(run)
    assert wait_until(lambda: not running(str(web_ui.project.store)), 30)
    folder = Store(str(web_ui.project.store)).release("small", AS_OF, "lora_adapter")
    assert folder.manifest() is None
    assert not folder.path.exists()
    assert not list(staging.iterdir())

    again = web_ui.launch_release()
    assert wait_until(lambda: web_ui.status(again) in ("SUCCESS", "FAILURE"), 400)
    assert web_ui.status(again) == "SUCCESS"
    assert folder.require().checks["end_of_turn_supervised"].passed
