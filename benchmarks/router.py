"""What the router itself costs, the model's time left out: durable, at a steady rate, next to one commit a request.

    python benchmarks/router.py [SECONDS]

A stub stands in for the model. The router runs in a process of its own and the load in this one, on the
same cores. Latency counts from when a request was due, so a router that falls behind shows it. Each
line names the same run's floor: what one wait for this disk costs.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import yaml

SECONDS = 8.0
ALTERNATIVE = "one commit a request"


def main() -> None:
    """Prints a JSON line a measurement."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    floor = _disk_floor()
    for design in ("group commit", ALTERNATIVE):
        for rate in (100, 400):
            with tempfile.TemporaryDirectory() as folder:
                desk = _Desk(Path(folder), design)
                try:
                    for name, request in {
                        "ticket": desk.ticket,
                        "decision": desk.decision,
                        "webhook": desk.webhook,
                    }.items():
                        if name == "decision":
                            desk.draft(int(rate * seconds) + 50)
                        found = asyncio.run(_steady(desk, request, rate, seconds))
                        print(
                            json.dumps(
                                {
                                    "benchmark": "router",
                                    "what": name,
                                    "design": design,
                                    **found,
                                    "fsync_p50_ms": floor,
                                }
                            )
                        )
                finally:
                    desk.close()


def _disk_floor() -> float:
    with tempfile.NamedTemporaryFile() as file:
        waits = []
        for _ in range(100):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - began)
    return round(sorted(waits)[50] * 1000, 2)


class _Desk:
    """A router on a fresh database; no worker and no model server run, as in an outage."""

    def __init__(self, folder: Path, design: str) -> None:
        from support_pipeline.serving.decisions import Database, people

        (folder / "clients").mkdir()
        source = {
            "vendor": "gorgias",
            "api": {"token_env": "T", "subdomain": "a"},
            "webhook": {"secret_env": "HOOK"},
        }
        client = {"id": "acme", "brand": "Acme", "sources": [source]}
        (folder / "clients" / "acme.yaml").write_text(yaml.safe_dump(client), encoding="utf-8")
        self.url = f"sqlite:///{folder / 'decisions.db'}"
        self.database = Database(self.url, pooled=True)
        self.database.migrate()
        with self.database.writing() as connection:
            self.key = people.add_key(connection, "acme", "bench")
        self.drafts: list[str] = []
        self.number = 0
        together = "64" if design == "group commit" else "1"
        environment = {
            **os.environ,
            "HOOK": "secret",
            "BENCH_URL": self.url,
            "BENCH_CLIENTS": str(folder / "clients"),
        }
        command = [sys.executable, __file__, "--router", together]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.base = self.process.stdout.readline().strip()

    def draft(self, count: int) -> None:
        from support_pipeline.serving.decisions import intake
        from support_pipeline.serving.decisions.drafts import Answered, store
        from support_pipeline.serving.decisions.intake import Arrival

        with self.database.writing() as connection:
            for number in range(count):
                arrival = Arrival("acme", "api", f"d{number}", f"d{number}", text="How long?")
                intake.keep_ticket(connection, arrival)
                row = intake.ticket_of(connection, arrival.ticket)
                answered = Answered(
                    "r", "How long?", "45 days.", "medium", False, "approve", ["stub"], "acme:1"
                )
                made = store(connection, row, answered, handover="", automatic=False, hold_seconds=0)
                self.drafts.append(str(made))

    def ticket(self) -> tuple[str, dict[str, Any]]:
        self.number += 1
        body = {"text": "How long can I return my boots?", "ticket_id": f"t{self.number}"}
        return "/v1/tickets?wait=0", {"json": body, "headers": {"Authorization": f"Bearer {self.key}"}}

    def decision(self) -> tuple[str, dict[str, Any]]:
        body = {"action": "approved", "version": 1, "agent": "bench"}
        path = f"/v1/drafts/{self.drafts.pop()}/decision"
        return path, {"json": body, "headers": {"Authorization": f"Bearer {self.key}"}}

    def webhook(self) -> tuple[str, dict[str, Any]]:
        self.number += 1
        body = {"ticket_id": self.number, "message_id": self.number}
        return "/hooks/acme/gorgias", {"json": body, "headers": {"X-Webhook-Secret": "secret"}}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.database.close()


async def _steady(
    desk: _Desk, request: Callable[[], tuple[str, dict[str, Any]]], rate: int, seconds: float
) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=desk.base, limits=limits, timeout=30) as http:
        waits: list[float] = []
        statuses: list[int] = []

        async def one(due: float) -> None:
            path, rest = request()
            try:
                statuses.append((await http.post(path, **rest)).status_code)
            except httpx.HTTPError:
                statuses.append(0)  # counted as not acknowledged
            waits.append(time.perf_counter() - due)

        await asyncio.gather(*(one(time.perf_counter()) for _ in range(16)))
        waits.clear()
        statuses.clear()
        running: list[Coroutine[Any, Any, None] | asyncio.Task[None]] = []
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            running.append(asyncio.create_task(one(due)))
        await asyncio.gather(*running)
    waits.sort()
    return {
        "rate": rate,
        "requests": len(waits),
        "acknowledged": sum(status in (200, 202) for status in statuses),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
        "max_ms": round(waits[-1] * 1000, 2),
    }


def _router(together: int) -> None:
    import socket

    import uvicorn

    from support_pipeline.clients import ClientRegistry
    from support_pipeline.serving.decisions import Database
    from support_pipeline.serving.decisions.writer import GroupWriter
    from support_pipeline.web.app import create_app
    from support_pipeline.web.desk import WebSettings

    database = Database(os.environ["BENCH_URL"], pooled=True)
    app = create_app(database, ClientRegistry(Path(os.environ["BENCH_CLIENTS"])), WebSettings(hold_seconds=0))
    app.state.desk.writer = GroupWriter(database, together=together, waiting=5000)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_keep_alive=60)

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)

    Server(config).run([listening])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--router"]:
        _router(int(sys.argv[2]))
    else:
        main()
