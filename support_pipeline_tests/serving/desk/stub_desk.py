"""Processes of a desk for the kills: a router, a worker with an engine, a clerk, and a helpdesk of their own.

The helpdesk is the only thing that is not killed: what a customer got is counted there.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.desk.answering import LiveAnswers
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.router import RouterAnswer
from support_pipeline_tests.serving.helpdesks.accounts import Account, asking


class Answers:
    """The live engine is asked and must answer; what it says is replaced, since its weights are random."""

    def __init__(self, models: LiveModels) -> None:
        self._models = models

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        with self._models.lease(client, deadline_seconds=10) as asking:
            prompt = asking.chat.text([{"role": "user", "content": text}], add_generation_prompt=True)
            asking.engine.generate(prompt, max_tokens=24, deadline_seconds=10)
        said = f"Answer to {ticket_id}: 45 days."
        return RouterAnswer(said, "medium", False, "approve", ("stub",), "x"), asking.version

    def audited(self, client: str, wrong: bool) -> None: ...

    def readiness(self) -> Sequence[Readiness]:
        return LiveAnswers(self._models).readiness()


class Helpdesk:
    """A Zendesk account over HTTP, in the test's own process."""

    def __init__(self, tickets: int) -> None:
        self.account, self._lock = Account("zendesk"), threading.Lock()
        for number in range(1, tickets + 1):
            self.account.put(asking(number))
        account, lock = self.account, self._lock

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                request = httpx.Request(
                    self.command, f"http://x{self.path}", headers=dict(self.headers), content=body
                )
                with lock:
                    answer = account(request)
                try:
                    self.send_response(answer.status_code)
                    self.send_header("content-length", str(len(answer.content)))
                    self.end_headers()
                    self.wfile.write(answer.content)
                except OSError:
                    self.close_connection = True  # whoever asked was killed

            do_GET = do_POST = do_PUT = _any

            def log_message(self, format: str, *args: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None: ...

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def worker() -> None:
    from support_pipeline.artifacts import Store
    from support_pipeline.clients import ClientRegistry
    from support_pipeline.serving.decisions import Database
    from support_pipeline.serving.desk.__main__ import serve
    from support_pipeline.serving.desk.worker import DeskSettings

    database = Database(os.environ["SUPPORT_PIPELINE_DECISIONS"], pooled=True)
    settings = DeskSettings(hold_seconds=0.0, settle_seconds=0.2, name="w")
    with LiveModels(Store.default(), ClientRegistry.default(), parallel=2, threads=1) as models:
        serve(database, Answers(models), settings, os.getppid())


def router(port: str) -> None:
    import uvicorn

    from support_pipeline.clients import ClientRegistry
    from support_pipeline.serving.decisions import Database
    from support_pipeline.web.app import create_app
    from support_pipeline.web.desk import WebSettings

    database = Database(os.environ["SUPPORT_PIPELINE_DECISIONS"], pooled=True)
    app = create_app(database, ClientRegistry.default(), WebSettings(hold_seconds=0.0))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


def choice_on(response: str) -> dict[str, str]:
    """Approves what there is; where the engine was gone, an agent writes."""
    return (
        {"action": "approved"}
        if response
        else {"action": "edited", "final_text": "A colleague will look at it."}
    )


def clerk(database_url: str, acknowledged: str) -> None:
    """A database client that decides drafts by itself and writes down each decision that came back."""
    from support_pipeline.serving.decisions import Database, drafts
    from support_pipeline.serving.decisions.drafts import Choice, Conflict
    from support_pipeline.serving.decisions.schema import DRAFT

    database = Database(database_url, pooled=True)
    with open(acknowledged, "a", encoding="utf-8", buffering=1) as acks:  # noqa: PTH123
        while True:
            with database.reading() as connection:
                rows = (
                    connection.execute(DRAFT.select().where(DRAFT.c.state == "pending").limit(2))
                    .mappings()
                    .all()
                )
            for row in rows:
                said = choice_on(row["response"])
                choice = Choice(
                    row["id"],
                    row["client"],
                    "approved" if said["action"] == "approved" else "edited",
                    said.get("final_text"),
                    "",
                    "clerk",
                    "",
                    row["version"],
                )
                try:
                    with database.writing() as connection:
                        drafts.decide(connection, choice, hold_seconds=0)
                except Conflict:
                    continue
                acks.write(json.dumps(row["id"]) + "\n")


def nursery() -> None:
    """Forks the process that each line of stdin names and says its id: what is killed 200 times starts at once."""
    import uvicorn

    import support_pipeline.serving.desk.__main__
    import support_pipeline.web.app

    assert support_pipeline.web.app and support_pipeline.serving.desk.__main__ and uvicorn
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        what, *rest = line.split()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.stdin.close()
            try:
                {"worker": worker, "router": router, "clerk": clerk}[what](*rest)
            finally:
                os._exit(1)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    nursery()
