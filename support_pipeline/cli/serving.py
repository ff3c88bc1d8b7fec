"""`support-pipeline serve`: the router and the page in this process, the worker and its engines in another."""

import gc
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support_pipeline.artifacts import Store
from support_pipeline.cli.output import console
from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.serving.decisions import Database, people
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.serving.desk.place import database_url

if TYPE_CHECKING:
    from support_pipeline.web.desk import WebSettings

FIRST_ADMIN = "admin@localhost.example"
RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 30.0


@dataclass(frozen=True)
class Serving:
    """How to serve. `url` is where people reach the page from outside, "" when only this machine does."""

    host: str
    port: int
    url: str
    hold_seconds: float
    answers: int
    worker: bool


def serve(serving: Serving) -> None:
    """Serves until it is interrupted.

    Raises:
        SupportPipelineError: the database cannot be written, or the port is taken.
    """
    import uvicorn

    from support_pipeline.web.app import create_app

    _refuse_taken(serving)
    url = database_url()
    registry = ClientRegistry.default()
    database = Database(url, pooled=True)
    database.migrate()
    _first_start(database, registry, serving)
    app = create_app(database, registry, _settings(serving))
    config = uvicorn.Config(
        app,
        host=serving.host,
        port=serving.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
    )
    child = WorkerProcess(serving) if serving.worker else None
    console.print(f"page    http://{serving.host}:{serving.port}/ui/queue", markup=False)
    console.print(f"router  http://{serving.host}:{serving.port}/v1/tickets", markup=False)
    console.print("Ctrl+C ends it")
    # uvicorn raises what ended it once more when it has closed; by default that would end us before the worker.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if child:
            child.start()
        gc.collect()
        gc.freeze()  # what is loaded stays: walking through it again would hold every request up for 50 ms
        uvicorn.Server(config).run()
    finally:
        if child:
            child.stop()


def _refuse_taken(serving: Serving) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((serving.host, serving.port))
        except OSError as error:
            raise SupportPipelineError(
                f"{serving.host}:{serving.port} cannot be listened on ({error.strerror}). Give another --host or --port."
            ) from error


def _settings(serving: Serving) -> "WebSettings":
    from support_pipeline.web.desk import WebSettings

    hosts = ["localhost", "127.0.0.1", "[::1]", serving.host]
    if serving.url:
        name = urlsplit(serving.url).hostname
        if not name:
            raise ConfigError(
                "--url", [f"'{serving.url}' is no address; give it as https://desk.example.com"]
            )
        hosts.append(name)
    return WebSettings(
        hold_seconds=serving.hold_seconds,
        hosts=tuple(dict.fromkeys(hosts)),
        oidc_issuer=os.environ.get("SUPPORT_PIPELINE_OIDC_ISSUER", ""),
        oidc_client_id=os.environ.get("SUPPORT_PIPELINE_OIDC_CLIENT_ID", ""),
        oidc_client_secret=os.environ.get("SUPPORT_PIPELINE_OIDC_CLIENT_SECRET", ""),
        metrics_token=os.environ.get("SUPPORT_PIPELINE_METRICS_TOKEN", ""),
    )


def _first_start(database: Database, registry: ClientRegistry, serving: Serving) -> None:
    """Makes the first administrator, and a key for each client with a live model; both are shown this once."""
    with database.reading() as connection:
        if people.people(connection):
            return
    password = secrets.token_urlsafe(12)
    store = Store.default()
    live = [path.stem for path in registry.files() if _is_live(store, path.stem)]
    with database.writing() as connection:
        people.add_person(connection, FIRST_ADMIN, role="admin", password=password, name="Admin")
        keys = {client: people.add_key(connection, client, "first") for client in live}
    console.print("first start: an administrator was made; this is shown only once", style="bold")
    console.print(f"  e-mail    {FIRST_ADMIN}\n  password  {password}", markup=False)
    for client, key in keys.items():
        console.print(f"  API key of {client}: {key}", markup=False)
        console.print(
            f"  try it: curl -s http://{serving.host}:{serving.port}/v1/tickets -H 'Authorization: Bearer {key}' "
            "-H 'Content-Type: application/json' -d '{\"text\": \"How long can I return my boots?\"}'",
            markup=False,
        )
    if not live:
        console.print(
            "  no client has a live model yet: tickets go to people until `support-pipeline run CLIENT`"
        )


def _is_live(store: Store, client: str) -> bool:
    try:
        return read_deployments(store, client) is not None
    except SupportPipelineError:
        return False


class WorkerProcess:
    """The worker, started again whenever it ends; the waits grow while it keeps failing."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker-process", daemon=True)

    def start(self) -> None:
        """Starts it and keeps it running."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the jobs in hand."""
        self._ended.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(30)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _run(self) -> None:
        wait = RESTART_SECONDS
        while not self._ended.is_set():
            began = time.monotonic()
            self._process = subprocess.Popen(self._command())
            code = self._process.wait()
            if self._ended.is_set():
                return
            logging.getLogger(__name__).error("the worker ended with code %s; it is started again", code)
            wait = (
                RESTART_SECONDS if time.monotonic() - began > 60 else min(wait * 2, LONGEST_RESTART_SECONDS)
            )
            self._ended.wait(wait)

    def _command(self) -> list[str]:
        serving = self._serving
        return [
            *(sys.executable, "-m", "support_pipeline.serving.desk", "--parent", str(os.getpid())),
            *(
                "--hold",
                str(serving.hold_seconds),
                "--answers",
                str(serving.answers),
                "--page-url",
                serving.url,
            ),
        ]
