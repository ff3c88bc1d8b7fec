"""A desk with a scripted router, and one account at a helpdesk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.decisions import Database, drafts, intake
from support_pipeline.serving.decisions.drafts import Choice
from support_pipeline.serving.decisions.intake import Arrival
from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.decisions.schema import DRAFT, JOB
from support_pipeline.serving.desk.worker import DeskSettings, Worker
from support_pipeline.serving.router import RouterAnswer
from support_pipeline_tests.serving.helpdesks.accounts import ENVIRONMENT, SETTINGS, Account, asking

SENT = "Items can be returned within 45 days & more.\n\nBest regards"


class Script:
    """A router that gives one answer, or fails."""

    def __init__(self) -> None:
        self.answers: RouterAnswer | Exception = routed("approve")
        self.asked: list[str] = []
        self.audits: list[tuple[str, bool]] = []
        self.ready: list[Readiness] = []

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        self.asked.append(text)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers, f"{client}:1"

    def audited(self, client: str, wrong: bool) -> None:
        self.audits.append((client, wrong))

    def readiness(self) -> list[Readiness]:
        return self.ready


def routed(route: str, response: str = SENT) -> RouterAnswer:
    confidence = {"agent": "low", "approve": "medium", "auto": "high"}[route]
    return RouterAnswer(response, confidence, route == "agent", route, ("because",), "x")  # type: ignore[arg-type]


class Desk:
    """A client of one vendor, its account, its database, and a worker that does what is due."""

    def __init__(self, folder: Path, vendor: str, mode: str = "approve", api: bool = True) -> None:
        source: dict[str, object] = (
            {"vendor": vendor, "api": SETTINGS[vendor]} if api else {"vendor": vendor, "path": "x"}
        )
        clients = folder / "clients"
        clients.mkdir()
        file = {"id": "acme", "brand": "Acme", "sources": [source], "routing": {"mode": mode}}
        (clients / "acme.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
        self.account, self.script, self.vendor = Account(vendor), Script(), vendor
        self.account.put(asking())
        self.database = Database(f"sqlite:///{folder / 'decisions.db'}", pooled=True)
        self.registry = ClientRegistry(clients)
        self.hold = 0.0

    def work(self) -> None:
        """One worker's life: whatever an earlier one left behind, then all that is due."""
        settings = DeskSettings(
            hold_seconds=self.hold, settle_seconds=0.0, page_url="https://desk.example", name="w"
        )
        with Worker(
            self.database,
            self.registry,
            self.script,
            settings,
            environ=ENVIRONMENT,
            transport=self.account.transport(),
        ) as worker:
            worker.drain()

    def arrives(self, delivery: str = "d1", source: str | None = None, **rest: object) -> Arrival:
        self.database.migrate()
        values = {"external_id": "7", "content": {"id": 7}} | rest
        arrival = Arrival("acme", source or self.vendor, delivery_id=delivery, **values)  # type: ignore[arg-type]
        with self.database.writing() as connection:
            intake.take_in(connection, arrival)
        return arrival

    def drafts(self) -> list[dict[str, object]]:
        with self.database.reading() as connection:
            return [
                dict(row)
                for row in connection.execute(DRAFT.select().order_by(DRAFT.c.created_at)).mappings()
            ]

    def jobs(self, kind: str) -> list[tuple[str, str]]:
        with self.database.reading() as connection:
            query = sa.select(JOB.c.state, JOB.c.result).where(JOB.c.kind == kind).order_by(JOB.c.id)
            return [(row.state, row.result) for row in connection.execute(query)]

    def approve(self, text: str = SENT) -> str:
        draft = str(self.drafts()[-1]["id"])
        with self.database.writing() as connection:
            drafts.decide(
                connection, Choice(draft, "acme", "approved", text, "", "ada", "", 1), hold_seconds=0
            )
        return draft

    def due_now(self) -> None:
        with self.database.writing() as connection:
            connection.execute(JOB.update().values(not_before="2026-01-01T00:00:00.000000+00:00"))


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[object]:
    made: list[Desk] = []

    def make(vendor: str = "zendesk", **rest: object) -> Desk:
        made.append(Desk(tmp_path, vendor, **rest))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for desk in made:
        desk.database.close()
