"""kill -9 of the router, the worker, its engine, a database client and Postgres' own backends, under load, at random moments.

Nothing that was acknowledged may be lost, no customer may get two replies, and every draft has at most
one decision; on SQLite and on Postgres alike. The engine is llama.cpp with a model of random weights.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import yaml

from support_pipeline.artifacts import Store
from support_pipeline.serving.decisions import Database, DecisionLog, audit, people
from support_pipeline.serving.decisions.database import DatabaseUnusable
from support_pipeline.serving.decisions.schema import DECISION, DRAFT, JOB, TICKET
from support_pipeline.serving.desk.answering import NO_MODEL
from support_pipeline_tests.model.gguf import tiny
from support_pipeline_tests.postgres import cluster, programs
from support_pipeline_tests.serving import shops
from support_pipeline_tests.serving.desk.stub_desk import Helpdesk, choice_on

KILLS = 220
TICKETS = 1500
VICTIMS = {"clerk": 6, "router": 4, "engine": 3, "worker": 1}
"""The worker and its engine need a second to start, the clerk none; weights give all of them time to work."""
SERVED_BY_POSTGRES = {"session": 4, "backend": 2}
"""A session is ended by pg_terminate_backend; a backend killed with -9 takes all others with it into recovery."""


class Town:
    """The killed processes, the load on them, and what they acknowledged."""

    def __init__(self, folder: Path, url: str) -> None:
        self.helpdesk = Helpdesk(TICKETS)
        api = {"base_url": self.helpdesk.url, "token_env": "TOKEN", "email_env": "EMAIL", "reply_as": "900"}
        config = shops.write_client(folder, "acme")
        shops.release(Store(str(folder / "store")), config, "2026-09", tiny.write_llama(folder / "model"))
        file = folder / "clients" / "acme.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["sources"] = [{"vendor": "zendesk", "api": api}]
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        self.url = url
        self.database = Database(self.url)
        self.database.migrate()
        with self.database.writing() as connection:
            self.key = people.add_key(connection, "acme", "load")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.acks = folder / "acks"
        self.environment = {
            **os.environ,
            "SUPPORT_PIPELINE_DECISIONS": self.url,
            "SUPPORT_PIPELINE_CLIENTS": str(folder / "clients"),
            "SUPPORT_PIPELINE_STORE": str(folder / "store"),
            "TOKEN": "t",
            "EMAIL": "e@acme.example",
        }
        self.pids: dict[str, int] = {}
        self.started: dict[str, float] = {}
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "support_pipeline_tests.serving.desk.stub_desk"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.accepted: set[str] = set()
        self.decided: set[str] = set()
        self.ended = threading.Event()

    def start(self, name: str) -> None:
        rest = {"router": [str(self.port)], "clerk": [self.url, str(self.acks)], "worker": []}[name]
        assert self.nursery.stdin and self.nursery.stdout
        self.nursery.stdin.write(" ".join([name, *rest]) + "\n")
        self.nursery.stdin.flush()
        self.pids[name] = int(self.nursery.stdout.readline())
        self.started[name] = time.monotonic()

    def kill(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pids[name], signal.SIGKILL)

    def kill_backend(self, moments: random.Random, *, politely: bool) -> bool:
        """Ends the server's side of somebody's connection; whether there was one."""
        others = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        with contextlib.suppress(DatabaseUnusable, ProcessLookupError):
            with self.database.reading() as connection:
                pids = connection.execute(sa.text(others)).scalars().all()
                if not pids:
                    return False
                victim = moments.choice(sorted(pids))
                if politely:
                    connection.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": victim})
                    return True
            os.kill(victim, signal.SIGKILL)
            return True
        return False

    def revive(self) -> None:
        """Waits for the database, and starts again who did not survive its going, as `serve` and systemd do."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(DatabaseUnusable), self.database.reading() as connection:
                connection.execute(sa.select(1))
                break
            time.sleep(0.05)
        for name in ("router", "worker", "clerk"):
            if not _alive(self.pids[name]):
                # One that is only just starting may say that there is no database, and end.
                starting = time.monotonic() - self.started[name] < 15
                assert starting or name != "router", "the router ended with the database's connections"
                self.start(name)

    def engine(self) -> int | None:
        """The process id of the worker's engine, if it has one at the moment."""
        found = _children(self.pids["worker"], "embedded_server")
        return found[0] if found else None

    def await_draft(self, seconds: float = 6) -> None:
        """Until the engine has drafted once more: it needs longer to start than the others live."""
        drafted = sa.select(sa.func.count()).select_from(DRAFT).where(DRAFT.c.model != NO_MODEL)
        before, deadline = None, time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.database.reading() as connection:
                now = connection.execute(drafted).scalar()
            if before is not None and now != before:
                return
            before = now if before is None else before
            time.sleep(0.05)

    def load(self) -> None:
        """Tickets in, and decisions on whatever is open, as fast as the router answers."""
        headers = {"Authorization": f"Bearer {self.key}"}
        number = 0
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=5) as http:
            while not self.ended.is_set():
                if number < TICKETS:
                    number += 1
                    ticket = str(number)
                    body = {"text": "How long?", "ticket_id": ticket, "helpdesk": "zendesk"}
                    with contextlib.suppress(httpx.HTTPError):
                        if http.post("/v1/tickets?wait=0", json=body).status_code == 202:
                            self.accepted.add(ticket)
                if number % 3 == 0:
                    self._decide(http)
                time.sleep(0.02)

    def _decide(self, http: httpx.Client) -> None:
        try:
            for row in http.get("/v1/drafts").json()[:3]:
                body = {"version": row["version"], "agent": "load"} | choice_on(row["response"])
                if http.post(f"/v1/drafts/{row['draft_id']}/decision", json=body).status_code == 200:
                    self.decided.add(row["draft_id"])
        except (httpx.HTTPError, ValueError, TypeError):
            time.sleep(0.05)

    def close(self) -> None:
        for name in self.pids:
            self.kill(name)
        self.nursery.kill()
        self.nursery.wait()
        for pipe in (self.nursery.stdin, self.nursery.stdout):
            if pipe:
                pipe.close()
        self.helpdesk.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _children(parent: int, command: str) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            its_parent = int((place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            if its_parent == parent and command in (place / "cmdline").read_text(encoding="utf-8"):
                found.append(int(place.name))
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'decisions.db'}"
        if request.param == "postgres":
            place = programs()
            if place is None:
                pytest.skip("Postgres is not installed here")
            url = stack.enter_context(cluster(place))
        made = Town(tmp_path, url)
        stack.callback(made.close)
        yield made


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_is_sent_twice(town: Town) -> None:
    moments = random.Random(11)
    for name in ("router", "worker", "clerk"):
        town.start(name)
    load = threading.Thread(target=town.load)
    load.start()
    victims = VICTIMS if town.database.is_sqlite else VICTIMS | SERVED_BY_POSTGRES
    kills, began = Counter[str](), time.monotonic()
    while sum(kills.values()) < KILLS and time.monotonic() - began < 600:
        name = moments.choices(list(victims), list(victims.values()))[0]
        time.sleep(moments.uniform(0.02, 0.55))
        if name == "engine":
            engine = town.engine()
            if engine is None:
                continue  # it is only just starting; somebody else's turn
            with contextlib.suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)
        elif name in SERVED_BY_POSTGRES:
            if not town.kill_backend(moments, politely=name == "session"):
                continue
            town.revive()
        else:
            town.kill(name)
            town.start(name)
        kills[name] += 1
        if name in ("engine", "worker"):
            town.await_draft()
    town.ended.set()
    load.join()
    for name in ("router", "clerk"):
        town.kill(name)
    _drained(town)
    acknowledged = town.decided | {
        json.loads(line) for line in town.acks.read_text().splitlines() if line.endswith('"')
    }
    with town.database.reading() as connection:
        decided = connection.execute(sa.select(DECISION.c.draft_id)).scalars().all()
        tickets = set(connection.execute(sa.select(TICKET.c.external_id)).scalars())
        drafts = connection.execute(sa.select(DRAFT.c.id, DRAFT.c.state, DRAFT.c.model)).all()
        replies = {
            row.ref: row.state for row in connection.execute(JOB.select().where(JOB.c.kind == "reply"))
        }
        chain = audit.first_broken(connection)
        check = "PRAGMA integrity_check" if town.database.is_sqlite else "select 'ok'"
        whole = connection.execute(sa.text(check)).scalar()
    sent = Counter(ticket for kind, ticket, _ in town.helpdesk.account.written if kind == "reply")
    drafted = sum(model != NO_MODEL for _, _, model in drafts)
    print(
        f"{dict(kills)} kills, {len(town.accepted)} tickets and {len(acknowledged)} decisions acknowledged, "
        f"{len(sent)} sent, {drafted} of them drafted by the engine"
    )
    assert sum(kills.values()) == KILLS and min(kills[name] for name in victims) >= 10
    assert min(len(acknowledged), len(sent), drafted) > 20, "the load never got through"
    assert town.accepted <= tickets, "an acknowledged ticket is lost"
    assert acknowledged <= set(decided), "an acknowledged decision is lost"
    assert len(decided) == len(set(decided))
    assert (
        {draft for draft, state, _ in drafts if state in ("approved", "edited")}
        == set(decided)
        == set(replies)
    )
    assert max(sent.values()) == 1, "a customer got two replies"
    assert set(replies.values()) <= {"done", "failed"}
    assert sum(state == "done" for state in replies.values()) == len(sent)
    assert (chain, whole) == (None, "ok")
    month = time.strftime("%Y-%m", time.gmtime())
    assert DecisionLog(town.url).edits("acme", month)["draft_id"].sort().to_list() == sorted(decided)


def _drained(town: Town) -> None:
    """Waits until the worker, left alone, has nothing to do."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        with town.database.reading() as connection:
            busy = sa.select(sa.func.count()).select_from(JOB)
            left = connection.execute(
                busy.where(JOB.c.state.not_in(("done", "failed", "cancelled")))
            ).scalar()
        if not left:
            return
        time.sleep(0.3)
    raise AssertionError(f"{left} jobs are still open")
