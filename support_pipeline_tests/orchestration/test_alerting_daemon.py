"""Alerts of a real daemon at a real webhook: a release that is live, a run that failed, a client that is late."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest
import yaml

from support_pipeline.demo.services import Services
from support_pipeline.orchestration.runs import release_config
from support_pipeline_tests.artifacts_made import write_client
from support_pipeline_tests.conftest import AS_OF, Project
from support_pipeline_tests.orchestration.web_server import launch
from support_pipeline_tests.processes import wait_until

ALERTS = {"alert_failures", "alert_verdicts", "alert_late_clients"}


@contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """A receiver on loopback: its address, and the texts as they come."""
    received: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append(body["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def listening(instance: dg.DagsterInstance) -> bool:
    """Whether every alert sensor has ticked: a run that ends before its first tick is none of its business."""
    states = {state.instigator_name: state.instigator_data for state in instance.all_instigator_state()}
    return all(getattr(states.get(name), "cursor", None) for name in ALERTS)


@pytest.mark.slow
def test_a_real_daemon_tells_a_real_webhook(finished: Project, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(finished.root, project.root)
    write_client(project.root, "lagging", sources=[{"vendor": "zendesk", "path": "not-there.ndjson"}])
    (project.root / "clock").write_text("2026-10-10T00:00:00+00:00")  # the finished release is the newest
    alerts = {"web_ui": "http://dagster.example.com", "slack": {"webhook_env": "TEST_WEBHOOK"}}
    (project.root / "alerts.yaml").write_text(yaml.safe_dump(alerts))
    with webhook() as (address, received):
        environment = {
            **project.environment,
            "SUPPORT_PIPELINE_CLOCK": str(project.root / "clock"),
            "TEST_WEBHOOK": address,
        }
        with (
            Services(environment, project.root / "services.log") as services,
            dg.DagsterInstance.from_config(str(project.root / "home")) as instance,
        ):
            services.wait()
            assert wait_until(lambda: listening(instance), 240)
            small = {"dagster/partition": "small", "client": "small"}
            launch(services.port, "release_job", release_config(AS_OF), **small)
            failing = launch(services.port, "release_job", release_config("2022-05"), **small)
            launch(services.port, "overview_job", {})
            assert wait_until(lambda: len(received) == 3, 300), received
    said = {text.splitlines()[0]: text for text in received}
    assert set(said) == {
        f"*small: release {AS_OF} is live*",
        "*small: release 2022-05 failed*",
        "*clients are late*",
    }
    assert "verdict: " in said[f"*small: release {AS_OF} is live*"]
    assert (
        f"<http://dagster.example.com/runs/{failing}|open in Dagster>"
        in said["*small: release 2022-05 failed*"]
    )
    assert "lagging: " in said["*clients are late*"] and "it has none" in said["*clients are late*"]
