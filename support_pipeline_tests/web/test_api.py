"""The router's API: safe before it is acknowledged, one draft a text, one client a key."""

import threading
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from support_pipeline.serving.decisions import people, readiness
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.decisions.schema import JOB, READINESS, TICKET
from support_pipeline.serving.desk.worker import DeskSettings, Worker
from support_pipeline_tests.serving.desk.conftest import Script
from support_pipeline_tests.web.conftest import RIGHT, Site


def test_a_ticket_is_on_disk_before_it_is_accepted(site: Site) -> None:
    done = site.http.post(
        "/v1/tickets?wait=0", json={"text": "How long?", "ticket_id": "t1"}, headers=site.auth()
    )
    assert done.status_code == 202 and done.json()["ticket_id"] == "t1"
    with site.database.reading() as connection:
        assert connection.execute(sa.select(TICKET.c.text)).scalar() == "How long?"
        assert connection.execute(sa.select(JOB.c.state)).scalar() == "waiting"


def test_the_answer_comes_as_soon_as_the_worker_has_it(site: Site) -> None:
    script = Script()
    with Worker(site.database, site.registry, script, DeskSettings(name="w")) as worker:
        thread = threading.Thread(target=worker.work)
        thread.start()
        try:
            began = time.monotonic()
            body = {"text": "How long?", "customer": {"id": "c9"}}
            done = site.http.post("/v1/tickets?wait=10", json=body, headers=site.auth())
        finally:
            worker.stop()
            thread.join()
    found = done.json()
    assert done.status_code == 200 and time.monotonic() - began < 5
    assert {name: found[name] for name in ("confidence", "escalate", "route", "reasons")} == {
        "confidence": "medium",
        "escalate": False,
        "route": "approve",
        "reasons": ["because"],
    }
    shown = site.http.get(f"/v1/drafts/{found['draft_id']}", headers=site.auth()).json()
    assert (shown["state"], shown["sent"], shown["response"]) == ("pending", False, found["response"])


def test_a_repeated_key_gives_the_same_draft_and_another_request_is_refused(site: Site) -> None:
    headers = site.auth() | {"Idempotency-Key": "k1"}
    first, second = (
        site.http.post("/v1/tickets?wait=0", json={"text": "one"}, headers=headers) for _ in range(2)
    )
    assert first.json() == second.json()
    other = site.http.post("/v1/tickets?wait=0", json={"text": "two"}, headers=headers)
    assert other.status_code == 422 and "was used for another request" in other.json()["detail"]


def test_the_same_text_of_the_same_ticket_is_one_job(site: Site) -> None:
    for _ in range(3):
        site.http.post("/v1/tickets?wait=0", json={"text": "one", "ticket_id": "t"}, headers=site.auth())
    with site.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(JOB)).scalar() == 1


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer sp_wrong", "Basic abc", "Bearer \u00e9"])
def test_without_a_valid_key_nothing_is_taken(site: Site, header: str) -> None:
    done = site.http.post("/v1/tickets", json={"text": "x"}, headers={"Authorization": header.encode()})
    assert done.status_code == 401 and "support-pipeline key add" in done.json()["detail"]


def test_a_revoked_key_ends(site: Site) -> None:
    with site.database.writing() as connection:
        people.revoke_key(connection, people.keys(connection, "acme")[0]["id"])
    assert site.http.get("/v1/drafts", headers=site.auth()).status_code == 401


def test_the_client_comes_from_the_key_and_from_nothing_else(site: Site) -> None:
    mine, theirs = site.draft(1, "acme"), site.draft(2, "other")
    assert site.http.get(f"/v1/drafts/{theirs}", headers=site.auth()).status_code == 404
    assert [row["draft_id"] for row in site.http.get("/v1/drafts", headers=site.auth()).json()] == [mine]
    body = {"action": "approved", "version": 1, "agent": "bot"}
    assert site.http.post(f"/v1/drafts/{theirs}/decision", json=body, headers=site.auth()).status_code == 404
    named = site.http.post("/v1/tickets", json={"text": "x", "client": "other"}, headers=site.auth())
    assert named.status_code == 422, "a body cannot name a client"


def test_a_decision_is_recorded_once(site: Site) -> None:
    draft = site.draft()
    body = {"action": "edited", "version": 1, "agent": "tool", "final_text": RIGHT.replace("45", "60")}
    headers = site.auth() | {"Idempotency-Key": "d1"}
    first = site.http.post(f"/v1/drafts/{draft}/decision", json=body, headers=headers)
    again = site.http.post(f"/v1/drafts/{draft}/decision", json=body, headers=headers)
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    late = site.http.post(f"/v1/drafts/{draft}/decision", json=body, headers=site.auth())
    assert late.status_code == 409 and "Load it again" in late.json()["detail"]
    shown = site.http.get(f"/v1/drafts/{draft}", headers=site.auth()).json()
    assert (shown["state"], shown["final_text"], shown["sending"]) == (
        "edited",
        body["final_text"],
        "waiting",
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b'{"text": ""}', 422),
        (b'{"text": "x", "unknown": 1}', 422),
        (b'{"text": "' + b"x" * 70_000 + b'"}', 422),
        (b'{"text": "' + b"x" * 300_000 + b'"}', 413),
        (b"[" * 100_000, 400),
        (b'{"text": "x", "subject": "' + b"\\ud800" * 2000 + b'"}', 422),
        (b'{"text": "x", "\\ud800": 1}', 422),
    ],
)
def test_bad_bodies_are_refused_whole(site: Site, body: bytes, status: int) -> None:
    headers = site.auth() | {"Content-Type": "application/json"}
    assert site.http.post("/v1/tickets", content=body, headers=headers).status_code == status


def test_a_full_queue_says_try_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from support_pipeline.serving.decisions.writer import GroupWriter, Overloaded

    def full(*_: object) -> None:
        raise Overloaded("1000 writes are waiting for the disk; nothing was written. Try again in a second.")

    monkeypatch.setattr(GroupWriter, "submit", full)
    done = site.http.post("/v1/tickets?wait=0", json={"text": "x"}, headers=site.auth())
    assert done.status_code == 503 and done.headers["retry-after"] == "1"


def test_health_and_figures(site: Site) -> None:
    site.draft()
    assert site.http.get("/healthz").text == "ok"
    assert site.http.get("/metrics").status_code == 403, "the test's client is not on the loopback"


def test_a_nul_is_left_out_since_not_every_database_holds_one(site: Site) -> None:
    done = site.http.post(
        "/v1/tickets?wait=0", json={"text": "a nul \0 here", "ticket_id": "t\0"}, headers=site.auth()
    )
    assert done.status_code == 202
    with site.database.reading() as connection:
        assert connection.execute(sa.select(TICKET.c.text)).scalar() == "a nul  here"


def test_ready_means_that_every_live_model_answers(site: Site) -> None:
    token = {"Authorization": "Bearer watcher"}
    settings = replace(site.http.app.state.desk.settings, metrics_token="watcher")  # type: ignore[attr-defined]
    site.http.app.state.desk.settings = settings  # type: ignore[attr-defined]
    assert "no worker has been heard of" in site.http.get("/readyz", headers=token).text
    ill = Readiness("acme", "acme:1", False, "the engine has gone")
    for found, status, said in (
        ([Readiness("acme", "acme:1", True)], 200, "ok"),
        ([ill, Readiness("other", "other:1", True)], 503, "acme: acme:1: the engine has gone"),
    ):
        with site.database.writing() as connection:
            readiness.put(connection, found)
        answer = site.http.get("/readyz", headers=token)
        assert (answer.status_code, answer.text) == (status, said)
    assert site.http.get("/readyz").text == "not ready", "names of clients are not for everybody"
    with site.database.writing() as connection:
        connection.execute(READINESS.update().values(at=now_stamp(-100)))
    assert "no worker has been heard of" in site.http.get("/readyz", headers=token).text
