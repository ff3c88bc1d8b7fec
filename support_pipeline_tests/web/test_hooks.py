"""Webhooks: proven by the vendor's own scheme, stored before they are acknowledged, counted once."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from support_pipeline.clients import Webhook
from support_pipeline.serving.decisions.schema import JOB, TICKET
from support_pipeline.web.hooks import zendesk_proof
from support_pipeline_tests.web.conftest import SECRET, Site, write_client

VENDORS = ("zendesk", "intercom", "gorgias", "freshdesk")
BODIES = {
    "zendesk": {"ticket_id": 4711},
    "intercom": {
        "type": "notification_event",
        "id": "notif_1",
        "topic": "conversation.user.created",
        "data": {"item": {"type": "conversation", "id": "4711"}},
    },
    "gorgias": {"ticket": {"id": 4711}, "message": {"id": 5}},
    "freshdesk": {"freshdesk_webhook": {"ticket_id": 4711, "ticket_updated_at": "2026-10-01T08:00:00Z"}},
}


def signed(
    vendor: str, body: bytes, secret: str = SECRET, age: float = 0, invocation: str = "i1"
) -> dict[str, str]:
    if vendor == "zendesk":
        stamp = (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return {
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            "X-Zendesk-Webhook-Invocation-Id": invocation,
        }
    if vendor == "intercom":
        return {"X-Hub-Signature": f"sha1={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}"}
    return {"X-Webhook-Secret": secret}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, site: Site) -> str:
    write_client(site.registry.folder, "acme", request.param)
    return str(request.param)


def deliver(site: Site, vendor: str, body: object = None, headers: dict[str, str] | None = None) -> int:
    raw = json.dumps(BODIES[vendor] if body is None else body).encode()
    done = site.http.post(
        f"/hooks/acme/{vendor}", content=raw, headers=signed(vendor, raw) if headers is None else headers
    )
    return done.status_code


def jobs(site: Site) -> int:
    with site.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(JOB)).scalar() or 0)


def test_a_delivery_is_stored_and_counts_once(site: Site, vendor: str) -> None:
    assert [deliver(site, vendor) for _ in range(3)] == [202, 200, 200]
    assert jobs(site) == 1
    with site.database.reading() as connection:
        row = connection.execute(TICKET.select()).mappings().one()
    assert (row["client"], row["source"], row["external_id"]) == ("acme", vendor, "4711")


def test_either_of_two_secrets_proves_it(site: Site, vendor: str) -> None:
    raw = json.dumps(BODIES[vendor]).encode()
    assert deliver(site, vendor, headers=signed(vendor, raw, "old-secret")) == 202


@pytest.mark.parametrize("secret", ["wrong", "", "old-secret,", f"old-secret,{SECRET}"])
def test_a_wrong_secret_is_refused(site: Site, vendor: str, secret: str) -> None:
    raw = json.dumps(BODIES[vendor]).encode()
    assert deliver(site, vendor, headers=signed(vendor, raw, secret)) == 401
    assert deliver(site, vendor, headers={}) == 401
    assert jobs(site) == 0


def test_a_changed_body_is_refused(site: Site) -> None:
    for vendor in ("zendesk", "intercom"):
        write_client(site.registry.folder, "acme", vendor)
        headers = signed(vendor, json.dumps(BODIES[vendor]).encode())
        assert deliver(site, vendor, {"ticket_id": 666, **BODIES[vendor], "more": 1}, headers) == 401


@pytest.mark.parametrize(("age", "status"), [(0, 202), (290, 202), (310, 401), (-310, 401), (86400, 401)])
def test_zendesks_old_timestamps_are_refused(site: Site, age: float, status: int) -> None:
    raw = json.dumps(BODIES["zendesk"]).encode()
    assert deliver(site, "zendesk", headers=signed("zendesk", raw, age=age)) == status


def test_zendesks_documented_order_is_timestamp_then_body(monkeypatch: pytest.MonkeyPatch) -> None:
    from support_pipeline.web import hooks

    monkeypatch.setattr(hooks, "_recent", lambda stamp: True)
    headers = {
        "x-zendesk-webhook-signature": "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=",
        "x-zendesk-webhook-signature-timestamp": "2021-07-25T10:00:00Z",
    }
    secret = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA="
    assert zendesk_proof(Webhook(secret_env="X"), [secret], headers, b'{"say": "hello"}')


def test_hostile_headers_are_refused_and_nothing_breaks(site: Site, vendor: str) -> None:
    raw = json.dumps(BODIES[vendor]).encode()
    for value in (b"\xff\xfe", b"sha1=", b"x" * 5000):
        headers = dict.fromkeys(signed(vendor, raw), value)
        done = site.http.post(f"/hooks/acme/{vendor}", content=raw, headers=headers)
        assert done.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"ticket": {"id": 4711, "subject": "x"}},
        {
            "type": "zen:event-type:ticket.created",
            "id": "01H",
            "subject": "zen:ticket:4711",
            "detail": {"id": "4711"},
        },
        {"type": "zen:event-type:ticket.comment_added", "id": "01H", "subject": "zen:ticket:4711"},
        {"id": 4711, "comments": []},
    ],
)
def test_zendesks_ways_of_naming_a_ticket(site: Site, body: dict[str, object]) -> None:
    assert deliver(site, "zendesk", body) == 202
    with site.database.reading() as connection:
        assert connection.execute(sa.select(TICKET.c.external_id)).scalar() == "4711"


def test_intercoms_ping_and_other_topics_are_acknowledged_and_ignored(site: Site) -> None:
    write_client(site.registry.folder, "acme", "intercom")
    for body in (
        {"topic": "ping", "id": "n"},
        {"topic": "contact.created", "id": "n", "data": {"item": {"id": "9"}}},
    ):
        assert deliver(site, "intercom", body) == 200
    assert jobs(site) == 0


def test_a_template_without_a_message_id_is_never_taken_for_a_repetition(site: Site) -> None:
    write_client(site.registry.folder, "acme", "gorgias")
    assert [deliver(site, "gorgias", {"ticket_id": 1}) for _ in range(2)] == [202, 202]


@pytest.mark.parametrize(
    "place", ["/hooks/nobody/zendesk", "/hooks/acme/gorgias", "/hooks/acme/x", "/hooks/..%2Facme/zendesk"]
)
def test_unknown_places_are_not_found(site: Site, place: str) -> None:
    assert site.http.post(place, content=b"{}").status_code == 404


def test_without_a_secret_in_the_environment_every_delivery_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    for value in ("", " , "):
        monkeypatch.setenv("HOOK_SECRET", value)
        raw = json.dumps(BODIES[vendor]).encode()
        assert deliver(site, vendor, headers=signed(vendor, raw, "")) == 503


def test_a_large_delivery_is_refused(site: Site, tmp_path: Path) -> None:
    assert site.http.post("/hooks/acme/zendesk", content=b"x" * 300_000).status_code == 413

    def chunks() -> object:
        yield from (b"x" * 10_000 for _ in range(40))

    assert site.http.post("/hooks/acme/zendesk", content=chunks()).status_code == 413
