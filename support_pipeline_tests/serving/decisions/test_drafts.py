"""One draft a revision, one decision a draft, one reply a decision; and the way back while it is open."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from support_pipeline.serving.decisions import Database, DecisionLog, drafts, outbox
from support_pipeline.serving.decisions.drafts import (
    Choice,
    Conflict,
    NoSuchDraft,
    decide,
    draft_of,
    store,
    undo,
)
from support_pipeline.serving.decisions.intake import Arrival, KeyReused, revision_of, take_in, ticket_of
from support_pipeline.serving.decisions.schema import DECISION, JOB, UNDONE
from support_pipeline_tests.serving.decisions.conftest import a_draft, answered


def choice(draft: str, action: str = "approved", version: int = 1, **rest: object) -> Choice:
    values = {"final_text": "45 days.", "reason": "", "agent": "ada", "key": "", "kind": "", "client": "acme"}
    return Choice(draft_id=draft, action=action, version=version, **{**values, **rest})  # type: ignore[arg-type]


def jobs(database: Database, kind: str = "reply") -> list[tuple[str, str]]:
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(JOB.c.send_key, JOB.c.state).where(JOB.c.kind == kind).order_by(JOB.c.id)
        )
        return [(row.send_key, row.state) for row in rows]


def state(database: Database, draft: str) -> tuple[str, int]:
    with database.reading() as connection:
        row = draft_of(connection, draft, None)
    return row["state"], row["version"]


def test_a_delivery_counts_once(database: Database) -> None:
    arrival = Arrival("acme", "zendesk", "7", "invocation-1", content={"id": 7})
    with database.writing() as connection:
        assert [take_in(connection, arrival) for _ in range(3)] == [True, False, False]
    assert len(jobs(database, "answer")) == 1


def test_a_key_that_comes_again_with_another_request_is_refused(database: Database) -> None:
    with database.writing() as connection:
        take_in(connection, Arrival("acme", "api", "t", "key", text="one"))
        assert take_in(connection, Arrival("other", "api", "t", "key", text="two")), (
            "keys are the client's own"
        )
        with pytest.raises(KeyReused, match="'key' was used for another request"):
            take_in(connection, Arrival("acme", "api", "t", "key", text="two"))


def test_an_approval_is_in_the_log_with_its_reply_in_the_outbox(database: Database) -> None:
    draft = a_draft(database)
    with database.writing() as connection:
        decide(connection, choice(draft), hold_seconds=0)
    assert state(database, draft) == ("approved", 2)
    assert jobs(database) == [(f"reply:{draft}", "waiting")]
    with database.reading() as connection:
        row = connection.execute(DECISION.select()).mappings().one()
    assert (row["ticket_id"], row["customer_id"], row["model"], row["trainable"]) == (
        "t1",
        "c1",
        "acme:1",
        True,
    )
    month = row["decided_at"][:7]
    assert DecisionLog(database.url).edits("acme", month)["draft_id"].to_list() == [draft]


def test_eight_at_once_make_one_decision_and_one_reply(database: Database) -> None:
    for number in range(6):
        draft = a_draft(database, number)
        gate = threading.Barrier(8)

        def once(who: int, draft: str = draft, gate: threading.Barrier = gate) -> str:
            gate.wait()
            key = "same" if who < 4 else f"own-{who}"
            try:
                with database.writing() as connection:
                    done = decide(connection, choice(draft, key=key), hold_seconds=0)
            except Conflict:
                return "conflict"
            return "repeated" if done.repeated else "decided"

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(once, range(8)))
        assert outcomes.count("decided") == 1
        assert outcomes.count("repeated") in (0, 3), outcomes
    assert len(jobs(database)) == 6


def test_a_stale_version_and_another_clients_draft_are_refused(database: Database) -> None:
    draft = a_draft(database)
    with database.writing() as connection:
        with pytest.raises(NoSuchDraft):
            decide(connection, choice(draft, client="other"), hold_seconds=0)
        with pytest.raises(Conflict, match="Load it again"):
            decide(connection, choice(draft, version=7), hold_seconds=0)
    assert jobs(database) == []


@pytest.mark.parametrize("action", ["approved", "edited", "rejected"])
def test_a_decision_can_be_taken_back_until_it_takes_effect(database: Database, action: str) -> None:
    draft = a_draft(database, handover="create")
    log = DecisionLog(database.url)
    with database.writing() as connection:
        done = decide(connection, choice(draft, action), hold_seconds=30, handover="create")
    month = done.takes_effect.strftime("%Y-%m")
    assert log.edits("acme", month).is_empty(), "it has not taken effect"
    with database.writing() as connection:
        undo(connection, draft, "acme", "ada")
    assert state(database, draft) == ("pending", 3)
    with database.writing() as connection:
        decide(connection, choice(draft, version=3), hold_seconds=0)
        assert connection.execute(sa.select(sa.func.count()).select_from(UNDONE)).scalar() == 1
    waiting = [key for key, now in jobs(database) + jobs(database, "create") if now == "waiting"]
    assert waiting == [f"reply:{draft}"]
    assert log.edits("acme", month).height == 1


def test_too_late_is_too_late(database: Database) -> None:
    draft = a_draft(database)
    with database.writing() as connection:
        decide(connection, choice(draft), hold_seconds=0)
        with pytest.raises(Conflict, match="can no longer be undone"):
            undo(connection, draft, "acme", "ada")
    other = a_draft(database, 2)
    with database.writing() as connection:
        decide(connection, choice(other), hold_seconds=30)
        connection.execute(JOB.update().where(JOB.c.ref == other).values(state="taken"))
        with pytest.raises(Conflict, match="can no longer be undone"):
            undo(connection, other, "acme", "ada")


def test_automatic_sending_needs_the_mode_and_the_switch(database: Database) -> None:
    sent = a_draft(database, 1, route="auto", hold=30)
    asked = a_draft(database, 2, route="auto", automatic=False)
    assert (state(database, sent)[0], state(database, asked)[0]) == ("auto", "pending")
    with database.writing() as connection:
        assert drafts.throw_switch(connection, "acme", True, "ada", "wrong prices") == 1
    assert state(database, sent)[0] == "pending", "called back before it was sent"
    stopped = a_draft(database, 3, route="auto")
    assert state(database, stopped)[0] == "pending"
    with database.reading() as connection:
        assert (
            draft_of(connection, stopped, None)["reasons"][-1] == "automatic sending is off for this client"
        )
    with database.writing() as connection:
        drafts.throw_switch(connection, "acme", False, "ada", "mended")
    assert state(database, a_draft(database, 4, route="auto"))[0] == "auto"
    assert [key for key, now in jobs(database) if now == "waiting"] == [
        f"reply:{a}" for a in [_last(database)]
    ]


def _last(database: Database) -> str:
    with database.reading() as connection:
        return str(
            connection.execute(
                sa.select(JOB.c.ref).where(JOB.c.kind == "reply").order_by(JOB.c.id.desc())
            ).scalar()
        )


def test_the_customer_writing_again_supersedes_what_is_open(database: Database) -> None:
    first = a_draft(database, 1, route="auto", hold=30)
    arrival = Arrival("acme", "api", "t1", "d-again", text="And my refund?")
    with database.writing() as connection:
        take_in(connection, arrival)
        ticket = ticket_of(connection, arrival.ticket)
        later = answered("And my refund?", revision=revision_of("second"))
        kept = {"handover": "", "automatic": True, "hold_seconds": 0.0}
        second = store(connection, ticket, later, **kept)  # type: ignore[arg-type]
        assert store(connection, ticket, later, **kept) is None, "one draft a revision"  # type: ignore[arg-type]
    assert state(database, first)[0] == "superseded"
    assert second and state(database, second)[0] == "pending"
    assert jobs(database) == [(f"reply:{first}", "cancelled")]


def test_a_suspicious_ticket_is_no_training_example(database: Database) -> None:
    draft = a_draft(database, suspicious=True)
    with database.writing() as connection:
        decide(connection, choice(draft, "edited", final_text="No."), hold_seconds=0)
        assert connection.execute(sa.select(DECISION.c.trainable)).scalar() is False


def test_an_agents_ticket_gets_one_handover(database: Database) -> None:
    draft = a_draft(database, route="agent", handover="note")
    assert jobs(database, "note") == [(f"note:{draft}", "waiting")]


def test_a_dead_workers_replies_are_unsure_and_its_other_jobs_wait_again(database: Database) -> None:
    draft = a_draft(database, route="agent", handover="note")
    with database.writing() as connection:
        decide(connection, choice(draft), hold_seconds=0)
        taken = outbox.take(connection, "w", ("answer", "note", "reply"), 10)
        assert len(taken) == 3
        assert outbox.take(connection, "w", ("answer", "note", "reply"), 10) == []
        outbox.recover(connection, "other", 0)
        assert outbox.take(connection, "w", ("reply",), 10) == []
        outbox.calling(connection, next(job.id for job in taken if job.kind == "reply"))
        outbox.recover(connection, "w", 0)
        again = {
            job.kind: job.unsure for job in outbox.take(connection, "w", ("answer", "note", "reply"), 10)
        }
    assert again == {"answer": False, "note": False, "reply": True}
