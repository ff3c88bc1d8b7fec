"""The app on a fresh database with two clients, an admin, an agent of one client, and a key of each client."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.decisions import Database, people
from support_pipeline.serving.decisions.drafts import Answered, store
from support_pipeline.serving.decisions.intake import Arrival, revision_of, take_in, ticket_of
from support_pipeline.web.app import create_app
from support_pipeline.web.desk import WebSettings

PASSWORD = "correct horse battery"
ADMIN, AGENT = "admin@acme.example", "ada@acme.example"
SECRET = "s3cret-of-the-hook"
POLICY = {
    "topic": "returns",
    "statement": "Items can be returned within {value} of delivery.",
    "value": 45,
    "unit": "days",
    "patterns": ["return[^.]{0,60}?{value}"],
}
RIGHT = "You can return your boots within 45 days of delivery."


def write_client(folder: Path, client: str, vendor: str = "zendesk", **rest: object) -> None:
    api = {"token_env": "TOKEN", "subdomain": client, "reply_as": "900"}
    source: dict[str, object] = {"vendor": vendor, "api": api, "webhook": {"secret_env": "HOOK_SECRET"}}
    file = {"id": client, "brand": client.title(), "sources": [source], "policies": [POLICY], **rest}
    folder.mkdir(exist_ok=True)
    (folder / f"{client}.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")


@dataclass
class Site:
    """The app, and shortcuts to what stands behind it."""

    http: TestClient
    database: Database
    registry: ClientRegistry
    keys: dict[str, str]

    def sign_in(self, email: str = ADMIN) -> str:
        """Signs in; gives the session's csrf token."""
        done = self.http.post("/login", data={"email": email, "password": PASSWORD}, follow_redirects=False)
        assert done.status_code == 303, done.text
        with self.database.reading() as connection:
            session = people.session_of(connection, self.http.cookies["session"])
        assert session is not None
        return session.csrf

    def draft(
        self, number: int = 1, client: str = "acme", text: str = RIGHT, route: str = "approve", **rest: object
    ) -> str:
        """A draft that waits."""
        return add_draft(self.database, number, client, text, route, **rest)

    def auth(self, client: str = "acme") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[client]}"}


def add_draft(
    database: Database,
    number: int = 1,
    client: str = "acme",
    text: str = RIGHT,
    route: str = "approve",
    asked: str = "How long can I return my boots?",
    **rest: object,
) -> str:
    thread = [{"at": "2026-10-01T08:00:00+00:00", "role": "customer", "public": True, "text": asked}]
    arrival = Arrival(
        client,
        "zendesk",
        f"{number}",
        f"d{number}",
        subject=f"Boots {number}",
        text=asked,
        customer_name="Ann",
        thread=thread,
    )
    values: dict[str, object] = {
        "confidence": "medium",
        "escalate": route == "agent",
        "reasons": ["a person approves"],
    }
    answered = Answered(
        revision=revision_of(asked),
        asked=asked,
        response=text,
        route=route,
        model=f"{client}:1",
        **{**values, **rest},  # type: ignore[arg-type]
    )
    with database.writing() as connection:
        take_in(connection, arrival)
        made = store(
            connection,
            ticket_of(connection, arrival.ticket),
            answered,
            handover="",
            automatic=True,
            hold_seconds=60,
        )
    assert made is not None
    return made


def prepare(folder: Path) -> tuple[Database, ClientRegistry, dict[str, str]]:
    for client in ("acme", "other"):
        write_client(folder / "clients", client)
    database = Database(f"sqlite:///{folder / 'decisions.db'}", pooled=True)
    database.migrate()
    with database.writing() as connection:
        people.add_person(connection, ADMIN, role="admin", password=PASSWORD, name="Mia")
        people.add_person(connection, AGENT, role="agent", password=PASSWORD, name="Ada", clients=["acme"])
        keys = {client: people.add_key(connection, client, "test") for client in ("acme", "other")}
    return database, ClientRegistry(folder / "clients"), keys


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HOOK_SECRET", f"old-secret,{SECRET}")
    database, registry, keys = prepare(tmp_path)
    app = create_app(database, registry, WebSettings(hold_seconds=30.0, wait_seconds=0.2))
    with TestClient(app, base_url="http://localhost") as http:
        yield Site(http, database, registry, keys)
