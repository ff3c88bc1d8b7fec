"""A customer out of every table of the desk, and nobody else with them."""

import pytest
import sqlalchemy as sa

from support_pipeline.serving.decisions import Database, audit, drafts, erasing, outbox
from support_pipeline.serving.decisions.drafts import Choice
from support_pipeline.serving.decisions.intake import Arrival, take_in, ticket_of
from support_pipeline.serving.decisions.schema import AUDIT, DELIVERY, DRAFT, JOB, METADATA
from support_pipeline_tests.serving.decisions.conftest import answered

MARK = "0" * 64
WORDS = "Where is my blue kayak?"


def arrive(database: Database, customer: str, ticket: str, words: str = WORDS) -> str:
    """A ticket that came in by webhook and was answered; gives the draft's id."""
    arrival = Arrival(
        "acme",
        "zendesk",
        ticket,
        f"invocation-{ticket}",
        subject=f"{words} (subject)",
        text=words,
        customer_id=customer,
        customer_name=f"{words} (name)",
        customer_email=f"{customer}@example.com",
        thread=[{"at": "", "role": "customer", "public": True, "text": words}],
        content={"id": ticket, "description": words},
    )
    with database.writing() as connection:
        take_in(connection, arrival)
        found = answered(words, response=f"{words} (response)", reasons=[words], evidence={"kinds": [words]})
        row = ticket_of(connection, arrival.ticket)
        made = drafts.store(connection, row, found, handover="", automatic=False, hold_seconds=0)
    assert made is not None
    return made


def decide(database: Database, draft: str, version: int = 1, hold: float = 0.0) -> None:
    choice = Choice(
        draft, "acme", "edited", f"{WORDS} (final)", f"{WORDS} (reason)", "ada", "", version, "fact"
    )
    with database.writing() as connection:
        drafts.decide(connection, choice, hold_seconds=hold)


def everything(database: Database) -> str:
    with database.reading() as connection:
        return "\n".join(
            f"{table.name}: {dict(row)}"
            for table in METADATA.sorted_tables
            for row in connection.execute(table.select()).mappings()
        )


def test_no_table_holds_a_word_of_the_customer_any_more(database: Database) -> None:
    decided, waiting = arrive(database, "C1", "1"), arrive(database, "c1", "2")
    decide(database, decided, hold=60)
    with database.writing() as connection:
        drafts.undo(connection, decided, "acme", "ada")
    decide(database, decided, version=3)
    done = erasing.erase(database, "acme", "c1", [], MARK)
    left = everything(database)
    assert "kayak" not in left and "c1@example.com" not in left.lower()
    # Two answer jobs, the undone reply and the one that was to be sent.
    assert done == {"job": 4, "decision": 1, "undone": 1, "draft": 2, "delivery": 2, "ticket": 2}
    with database.reading() as connection:
        assert set(connection.execute(sa.select(JOB.c.state)).scalars()) == {"cancelled"}
        assert (
            connection.execute(sa.select(DRAFT.c.state).where(DRAFT.c.id == waiting)).scalar() == "superseded"
        )
        assert audit.first_broken(connection) is None
        newest = connection.execute(AUDIT.select().order_by(AUDIT.c.id.desc())).mappings().first()
    assert newest is not None and (newest["action"], newest["object"], newest["detail"]) == (
        "erased",
        MARK,
        done,
    )
    if database.is_sqlite:
        assert b"kayak" not in b"".join(file.read_bytes() for file in database.file.parent.iterdir())


def test_other_customers_and_other_clients_stay(database: Database) -> None:
    arrive(database, "c1", "1")
    other = arrive(database, "c2", "2", words="Is the tent waterproof?")
    with database.writing() as connection:
        take_in(connection, Arrival("other", "api", "1", "k", text="A stove", customer_id="c1"))
    before = [line for line in everything(database).splitlines() if "tent" in line or "stove" in line]
    erasing.erase(database, "acme", "c1", ["1"], MARK)
    assert [line for line in everything(database).splitlines() if "tent" in line or "stove" in line] == before
    with database.reading() as connection:
        assert drafts.draft_of(connection, other, None)["state"] == "pending"
        assert len(connection.execute(DELIVERY.select()).all()) == 2


def test_tickets_that_only_the_store_knows_as_theirs_are_found(database: Database) -> None:
    arrive(database, "", "77")
    assert erasing.look(database, "acme", "c1", []).tickets == frozenset()
    assert erasing.look(database, "acme", "c1", ["77"]).tickets == {"77"}
    erasing.erase(database, "acme", "c1", ["77"], MARK)
    assert "kayak" not in everything(database)


def test_a_customer_without_a_decision_is_seen(database: Database) -> None:
    arrive(database, "c1", "1")
    assert erasing.look(database, "acme", "C1 ", []) == erasing.Seen(frozenset({"1"}), frozenset(), 0)


def test_while_a_worker_is_at_a_ticket_nothing_is_erased(database: Database) -> None:
    arrive(database, "c1", "1")
    with database.writing() as connection:
        (job,) = outbox.take(connection, "worker", ["answer"], 1)
    before = everything(database)
    for attempt in (erasing.look, lambda *words: erasing.erase(*words, MARK)):
        with pytest.raises(erasing.AtWork, match="a worker is at a ticket of this customer right now"):
            attempt(database, "acme", "c1", [])
    assert everything(database) == before
    with database.writing() as connection:
        outbox.finish(connection, job.id, "done")
    assert erasing.erase(database, "acme", "c1", [], MARK)["ticket"] == 1


def test_erasing_again_finds_nothing(database: Database) -> None:
    arrive(database, "c1", "1")
    assert erasing.erase(database, "acme", "c1", [], MARK)
    assert erasing.erase(database, "acme", "c1", [], MARK) == {}
    assert erasing.look(database, "acme", "c1", []).tickets == frozenset()
