"""kill -9 of the router, the worker and a database client, under load, at random moments.

Nothing that was acknowledged may be lost, no customer may get two replies, and every draft has at most
one decision. (A kill of the engine is one of a child: see `test_live.py` and `test_worker.py`.)
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
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import yaml

from support_pipeline.serving.decisions import Database, DecisionLog, audit, people
from support_pipeline.serving.decisions.schema import DECISION, DRAFT, JOB, TICKET
from support_pipeline_tests.serving.desk.stub_desk import Helpdesk

KILLS = 200
TICKETS = 1500


class Town:
    """The killed processes, the load on them, and what they acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.helpdesk = Helpdesk(TICKETS)
        api = {"base_url": self.helpdesk.url, "token_env": "TOKEN", "email_env": "EMAIL", "reply_as": "900"}
        (folder / "clients").mkdir()
        file = {"id": "acme", "brand": "Acme", "sources": [{"vendor": "zendesk", "api": api}]}
        (folder / "clients" / "acme.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
        self.url = f"sqlite:///{folder / 'decisions.db'}"
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
            "TOKEN": "t",
            "EMAIL": "e@acme.example",
        }
        self.pids: dict[str, int] = {}
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

    def kill(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pids[name], signal.SIGKILL)

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
                time.sleep(0.005)

    def _decide(self, http: httpx.Client) -> None:
        try:
            for row in http.get("/v1/drafts").json()[:3]:
                body = {"action": "approved", "version": row["version"], "agent": "load"}
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


@pytest.fixture
def town(tmp_path: Path) -> object:
    made = Town(tmp_path)
    yield made
    made.close()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_is_sent_twice(town: Town) -> None:
    moments = random.Random(11)
    for name in ("router", "worker", "clerk"):
        town.start(name)
    load = threading.Thread(target=town.load)
    load.start()
    kills, began = Counter[str](), time.monotonic()
    while sum(kills.values()) < KILLS and time.monotonic() - began < 600:
        # The clerk starts fastest and decides at once, so most kills are its; the others get their turn to work.
        name = moments.choices(("clerk", "worker", "router"), (4, 3, 2))[0]
        time.sleep(moments.uniform(0.02, 0.55))
        town.kill(name)
        kills[name] += 1
        town.start(name)
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
        drafts = connection.execute(sa.select(DRAFT.c.id, DRAFT.c.state)).all()
        replies = {
            row.ref: row.state for row in connection.execute(JOB.select().where(JOB.c.kind == "reply"))
        }
        chain = audit.first_broken(connection)
        whole = connection.execute(sa.text("PRAGMA integrity_check")).scalar()
    sent = Counter(ticket for kind, ticket, _ in town.helpdesk.account.written if kind == "reply")
    print(
        f"{dict(kills)} kills, {len(town.accepted)} tickets and {len(acknowledged)} decisions acknowledged, {len(sent)} sent"
    )
    assert sum(kills.values()) == KILLS
    assert len(acknowledged) > 20 and len(sent) > 20, "the load never got through"
    assert town.accepted <= tickets, "an acknowledged ticket is lost"
    assert acknowledged <= set(decided), "an acknowledged decision is lost"
    assert len(decided) == len(set(decided))
    assert {draft for draft, state in drafts if state == "approved"} == set(decided) == set(replies)
    assert max(sent.values()) == 1, "a customer got two replies"
    assert set(replies.values()) <= {"done", "failed"}
    assert sum(state == "done" for state in replies.values()) == len(sent)
    assert (chain, whole) == (None, "ok")
    month = time.strftime("%Y-%m", time.gmtime())
    assert DecisionLog(town.url).edits("acme", month)["draft_id"].sort().to_list() == sorted(decided)


def _drained(town: Town) -> None:
    """Waits until the worker, left alone, has nothing to do."""
    deadline = time.monotonic() + 120
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
