"""One sync over real sockets: a server that hangs up, limits, fails and cuts bodies off."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from support_pipeline.clients import ClientConfig
from support_pipeline.data.ingest import ingest
from support_pipeline.data.sync import sync_client
from support_pipeline.data.sync.http import Clock
from support_pipeline_tests.data.shapes import conversations
from support_pipeline_tests.data.sync.vendors import Replay

MONTHS = [f"2026-{month:02}" for month in range(1, 6)]


class Server(ThreadingHTTPServer):
    """A replayed vendor on a port; the first requests meet one fault each."""

    daemon_threads = True

    def __init__(self, replay: Replay) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replay = replay
        self.faults = ["429", "cut", "500", "hang up"]
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else ""
            response = self.server.replay(httpx.Request("GET", f"http://127.0.0.1{self.path}"))
        if fault == "hang up":
            self.close_connection = True
            return
        self.send_response(int(fault) if fault.isdigit() else response.status_code)
        if fault == "429":
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        self.wfile.write(response.content[:50] if fault == "cut" else response.content)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(Replay.of("zendesk", conversations(9))) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_client_is_synced_over_real_sockets(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "s3cret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    api = {
        "token_env": "ACME_TOKEN",
        "base_url": f"http://127.0.0.1:{server.server_port}",
        "start": "2026-01-01",
    }
    config = ClientConfig.model_validate(
        {"id": "acme", "brand": "Acme", "sources": [{"vendor": "zendesk", "api": api}]}
    )
    [result] = sync_client(config, tmp_path, clock=Clock(sleep=lambda _: None))
    assert result.tickets == 9 and not server.faults
    counts = ingest(config, tmp_path, MONTHS, tmp_path / "out").total
    assert (counts.unique, counts.quarantined) == (9, 0)
