"""The same tests on SQLite and on Postgres."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from support_pipeline.serving.decisions import Database
from support_pipeline.serving.decisions.drafts import Answered, Handover, store
from support_pipeline.serving.decisions.intake import Arrival, revision_of, take_in, ticket_of
from support_pipeline_tests.postgres import cluster, programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    place = programs()
    if place is None:
        pytest.skip("Postgres is not installed here")
    with cluster(place) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'decisions.db'}", pooled=True)
    else:
        made = Database(request.getfixturevalue("postgres"), pooled=True)
        with made.writing() as connection:
            connection.execute(sa.text("drop schema public cascade"))
            connection.execute(sa.text("create schema public"))
    made.migrate()
    yield made
    made.close()


def answered(
    text: str = "How long?", route: str = "approve", response: str = "45 days.", **rest: object
) -> Answered:
    values = {
        "revision": revision_of("", text),
        "asked": text,
        "response": response,
        "confidence": "medium",
        "escalate": route == "agent",
        "route": route,
        "reasons": ["because"],
        "model": "acme:1",
    }
    return Answered(**{**values, **rest})  # type: ignore[arg-type]


def a_draft(
    database: Database,
    number: int = 1,
    *,
    route: str = "approve",
    automatic: bool = True,
    handover: Handover = "",
    hold: float = 0.0,
    **rest: object,
) -> str:
    """A ticket that came in and was answered; gives the draft's id."""
    arrival = Arrival("acme", "api", f"t{number}", f"d{number}", text="How long?", customer_id="c1")
    with database.writing() as connection:
        take_in(connection, arrival)
        made = store(
            connection,
            ticket_of(connection, arrival.ticket),
            answered(route=route, **rest),
            handover=handover,
            automatic=automatic,
            hold_seconds=hold,
        )
    assert made is not None
    return made
