"""What the router itself costs, the model's time left out: durable, at a steady rate, next to one commit a request.

    python benchmarks/router.py [SECONDS]

A stub stands in for the model. The router runs in a process of its own and the load in this one, on the
same cores. Latency counts from when a request was due, so a router that falls behind shows it. Each
line names the router's CPU a request, and the same run's floor: what one wait for this disk costs.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

SECONDS = 8.0
ALTERNATIVE = "one commit a request"
CONNECTIONS = 32

Request = tuple[str, dict[str, str], dict[str, Any]]


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
                            desk.draft(int(rate * seconds) + CONNECTIONS)
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

    def ticket(self) -> Request:
        self.number += 1
        body = {"text": "How long can I return my boots?", "ticket_id": f"t{self.number}"}
        return "/v1/tickets?wait=0", {"Authorization": f"Bearer {self.key}"}, body

    def decision(self) -> Request:
        body = {"action": "approved", "version": 1, "agent": "bench"}
        path = f"/v1/drafts/{self.drafts.pop()}/decision"
        return path, {"Authorization": f"Bearer {self.key}"}, body

    def webhook(self) -> Request:
        self.number += 1
        body = {"ticket_id": self.number, "message_id": self.number}
        return "/hooks/acme/gorgias", {"X-Webhook-Secret": "secret"}, body

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.database.close()


class _Wire(asyncio.Protocol):
    """One kept connection that speaks just enough HTTP: a client library would cost as much as the router."""

    def __init__(self) -> None:
        self._seen, self._answer = b"", asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def post(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> int:
        content = json.dumps(body).encode()
        lines = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in (lines | headers).items())
        self._seen, self._answer = b"", asyncio.get_running_loop().create_future()
        self._transport.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        status: int = await self._answer
        return status

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        if found and len(body) >= int(length):
            self._answer.set_result(int(head.split()[1]))

    def connection_lost(self, error: Exception | None) -> None:
        if not self._answer.done():
            self._answer.set_result(0)  # counted as not acknowledged

    def close(self) -> None:
        self._transport.close()


async def _steady(desk: _Desk, request: Callable[[], Request], rate: int, seconds: float) -> dict[str, Any]:
    loop, (host, port) = asyncio.get_running_loop(), desk.base.removeprefix("http://").split(":")
    wires = [(await loop.create_connection(_Wire, host, int(port)))[1] for _ in range(CONNECTIONS)]
    free: asyncio.LifoQueue[_Wire] = asyncio.LifoQueue()
    for wire in wires:
        free.put_nowait(wire)
    waits: list[float] = []
    statuses: list[int] = []

    async def one(due: float) -> None:
        wire = await free.get()
        statuses.append(await wire.post(*request()))
        waits.append(time.perf_counter() - due)
        free.put_nowait(wire)

    await asyncio.gather(*(one(time.perf_counter()) for _ in range(CONNECTIONS)))
    waits.clear()
    statuses.clear()
    running = []
    gc.collect()
    gc.freeze()  # or the load's own pauses would be measured
    cpu, began = _cpu_seconds(desk.process.pid), time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(asyncio.create_task(one(due)))
    await asyncio.gather(*running)
    cpu = _cpu_seconds(desk.process.pid) - cpu
    for wire in wires:
        wire.close()
    waits.sort()
    return {
        "rate": rate,
        "requests": len(waits),
        "acknowledged": sum(status in (200, 202) for status in statuses),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
        "max_ms": round(waits[-1] * 1000, 2),
        "cpu_ms": round(cpu / len(waits) * 1000, 2),
    }


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    gc.collect()
    gc.freeze()  # as `support-pipeline serve` does
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
