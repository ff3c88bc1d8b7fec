import copy
import json
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from support_pipeline.clients import ClientConfig, Source
from support_pipeline.data.ingest import ingest
from support_pipeline.data.sync import CONNECTORS, SyncResult, freshdesk, sync
from support_pipeline.data.sync.http import Clock, asked_wait
from support_pipeline.data.tickets import Ticket, ticket_from_row
from support_pipeline.errors import ConfigError, ExportError
from support_pipeline_tests.data.shapes import SHAPES, conversations
from support_pipeline_tests.data.sync.vendors import NOW, FakeClock, Replay, answer

MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
VENDORS = list(CONNECTORS)
TALKS = conversations(11)
ENVIRON = {"TOKEN": "s3cret", "EMAIL": "bot@acme.example"}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshdesk, "PER_PAGE", 4)


def source(vendor: str, **changes: Any) -> Source:
    api = {
        "token_env": "TOKEN",
        "email_env": "EMAIL",
        "subdomain": "acme",
        "start": "2026-01-01",
        "drop": "drop",
    }
    return Source.model_validate({"vendor": vendor, "api": {**api, **changes}})


def run(vendor: str, root: Path, replay: Replay, clock: FakeClock | None = None, **more: Any) -> SyncResult:
    clock = clock or FakeClock()
    patient = Clock(clock.now, clock.sleep, lambda: 0.5)
    return sync(source(vendor), "acme", root, ENVIRON, replay.transport(), patient, **more)


def tickets(vendor: str, root: Path, path: str = "drop") -> dict[str, Ticket]:
    config = ClientConfig.model_validate(
        {"id": "acme", "brand": "Acme", "sources": [{"vendor": vendor, "path": path}]}
    )
    result = ingest(config, root, MONTHS, root / "out")
    assert result.total.exact and result.total.quarantined == 0
    frames = pl.concat([pl.read_parquet(root / "out" / month / "tickets.parquet") for month in MONTHS])
    return {row["ticket_id"]: ticket_from_row(row) for row in frames.iter_rows(named=True)}


def essence(found: dict[str, Ticket]) -> dict[str, object]:
    return {
        key: (one.resolved_at, one.subject, one.customer_names, one.agent_names, one.messages)
        for key, one in sorted(found.items())
    }


def from_files(vendor: str, root: Path) -> dict[str, object]:
    """The same conversations as a file export."""
    lines = "".join(json.dumps(SHAPES[vendor](one)) + "\n" for one in TALKS)
    (root / "export.ndjson").write_text(lines, encoding="utf-8")
    return essence(tickets(vendor, root, "export.ndjson"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_api_gives_the_tickets_that_the_files_give(vendor: str, tmp_path: Path) -> None:
    result = run(vendor, tmp_path, Replay.of(vendor, TALKS))
    assert (result.tickets, result.file) == (11, tmp_path / "drop" / "000001.ndjson")
    assert essence(tickets(vendor, tmp_path)) == from_files(vendor, tmp_path)
    assert result.file and "secret" not in result.file.read_text(
        encoding="utf-8"
    )  # no address of an attachment


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_second_run_without_changes_writes_nothing(vendor: str, tmp_path: Path) -> None:
    replay = Replay.of(vendor, TALKS)
    run(vendor, tmp_path, replay)
    again = run(vendor, tmp_path, replay)
    assert (again.tickets, again.file) == (0, None)
    assert [path.name for path in sorted((tmp_path / "drop").glob("[!.]*"))] == ["000001.ndjson"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_only_what_changed_is_written_again(vendor: str, tmp_path: Path) -> None:
    replay = Replay.of(vendor, TALKS)
    run(vendor, tmp_path, replay)
    changed = SHAPES[vendor](TALKS[3])
    changed["updated_at" if vendor != "gorgias" else "updated_datetime"] = (
        int(NOW) - 900 if vendor == "intercom" else "2026-05-31T23:45:00Z"
    )
    changed["subject"] = changed["title"] = "changed"
    if changed.get("source") and vendor == "intercom":
        changed["source"]["subject"] = "changed"
    replay.put(changed)
    result = run(vendor, tmp_path, replay)
    assert (result.tickets, result.file) == (1, tmp_path / "drop" / "000002.ndjson")
    assert tickets(vendor, tmp_path)["4"].subject == "changed"
    assert len(tickets(vendor, tmp_path)) == 11


@pytest.mark.parametrize("vendor", VENDORS)
def test_faults_cost_time_and_nothing_else(vendor: str, tmp_path: Path) -> None:
    replay, clock = Replay.of(vendor, TALKS), FakeClock()
    replay.faults = {
        1: answer({}, 429, **{"Retry-After": "7"}),
        2: answer({}, 500),
        4: httpx.Response(200, content=b'{"tickets": [{"id": 1, "conv'),  # cut off
        6: answer({}, 503, **{"Retry-After": "Mon, 01 Jun 2026 00:05:00 GMT"}),
        7: answer({}, 429, **{"X-RateLimit-Reset": str(int(NOW + 400))}),
    }
    run(vendor, tmp_path, replay, clock)
    assert not replay.faults
    assert 7.5 in clock.slept and max(clock.slept) > 90
    assert essence(tickets(vendor, tmp_path)) == from_files(vendor, tmp_path)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("page", [1, 2, 3])
def test_killed_at_a_page_it_goes_on_there(vendor: str, page: int, tmp_path: Path) -> None:
    replay = Replay.of(vendor, TALKS)

    def stop(said: str) -> None:
        if said.startswith(f"{vendor}: {page} "):
            raise Killed

    with pytest.raises(Killed):
        run(vendor, tmp_path, replay, progress=stop)
    assert not list((tmp_path / "drop").glob("[!.]*"))
    run(vendor, tmp_path, replay)
    assert essence(tickets(vendor, tmp_path)) == from_files(vendor, tmp_path)


@pytest.mark.parametrize("vendor", VENDORS)
def test_killed_while_the_drop_is_written_the_file_is_written_again(
    vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = Replay.of(vendor, TALKS)
    whole = Path.replace

    def stop(self: Path, target: Path) -> Path:
        whole(self, target)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", stop)
        run(vendor, tmp_path, replay)
    first = (tmp_path / "drop" / "000001.ndjson").read_bytes()
    result = run(vendor, tmp_path, replay)
    assert result.file and result.file.name == "000001.ndjson" and result.file.read_bytes() == first


@pytest.mark.parametrize(("vendor", "request_number"), [("zendesk", 1), ("gorgias", 1), ("intercom", 5)])
def test_an_expired_cursor_is_started_over(vendor: str, request_number: int, tmp_path: Path) -> None:
    replay = Replay.of(vendor, TALKS)
    replay.faults = {request_number: answer({"error": "the cursor has expired"}, 400)}
    run(vendor, tmp_path, replay)
    refused = replay.asked[request_number]
    assert "cursor=" in str(refused.url) or b"starting_after" in refused.content
    assert essence(tickets(vendor, tmp_path)) == from_files(vendor, tmp_path)


def test_zendesk_deletes_merges_and_hidden_comments_are_followed(tmp_path: Path) -> None:
    replay = Replay.of("zendesk", TALKS)
    run("zendesk", tmp_path, replay)
    stamp = "2026-05-31T12:00:00Z"
    deleted, hidden = copy.deepcopy(replay.tickets["1"]), copy.deepcopy(replay.tickets["2"])
    deleted.update(status="deleted", updated_at=stamp, description="SCRUBBED")
    hidden["comments"][1]["public"] = False
    replay.put(deleted)
    replay.put(hidden)
    privacy = {
        "ticket_id": 2,
        "timestamp": 1,
        "child_events": [{"event_type": "CommentPrivacyChange", "comment_id": 201}],
    }
    page = {"ticket_events": [privacy], "end_time": int(NOW) - 100, "end_of_stream": True}
    replay.faults = {len(replay.asked) + 1: answer(page)}
    assert run("zendesk", tmp_path, replay).tickets == 2
    found = tickets("zendesk", tmp_path)
    assert found["1"].status == "deleted" and [m.text for m in found["1"].messages] == ["SCRUBBED"]
    assert [message.public for message in found["2"].messages] == [True, False, False, True, True]


def test_zendesk_more_events_in_a_second_than_fit_a_page_are_fetched_by_ticket(tmp_path: Path) -> None:
    replay = Replay.of("zendesk", TALKS[:6])
    for row in replay.tickets.values():
        for comment in row["comments"]:
            comment["created_at"] = "2026-02-02T00:00:00Z"
    run("zendesk", tmp_path, replay)
    assert {len(one.messages) for one in tickets("zendesk", tmp_path).values()} == {5}


def test_gorgias_trashed_tickets_become_deleted(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    run("gorgias", tmp_path, replay)
    trashed = {"trashed_datetime": "2026-05-31T12:00:00", "updated_datetime": "2026-05-31T12:00:00+00:00"}
    replay.put({**replay.tickets["5"], **trashed})
    run("gorgias", tmp_path, replay)
    assert tickets("gorgias", tmp_path)["5"].status == "deleted"


def test_freshdesk_deletes_signatures_and_a_crowded_second(tmp_path: Path) -> None:
    replay = Replay.of("freshdesk", TALKS)
    for row in replay.tickets.values():
        row["updated_at"] = (
            "2026-05-01T00:00:00Z"  # a bulk edit: more tickets in one second than a page holds
        )
    run("freshdesk", tmp_path, replay)
    found = tickets("freshdesk", tmp_path)
    assert len(found) == 11 and found["1"].signatures == ("Priya\nAcme",)
    replay.put({**replay.tickets["5"], "deleted": True, "updated_at": "2026-05-31T12:00:00Z"})
    run("freshdesk", tmp_path, replay)
    assert tickets("freshdesk", tmp_path)["5"].status == "deleted"


def test_freshdesk_ratings_stand_with_their_tickets(tmp_path: Path) -> None:
    replay = Replay.of("freshdesk", TALKS)
    run("freshdesk", tmp_path, replay)

    def rating(ticket: int, score: int, at: str) -> dict[str, object]:
        return {"id": 1, "ticket_id": ticket, "ratings": {"default_question": score}, "created_at": at}

    replay.ratings = [rating(5, 103, "2026-05-31T10:00:00Z"), rating(999, 103, "2026-05-31T10:00:00Z")]
    run("freshdesk", tmp_path, replay)
    assert tickets("freshdesk", tmp_path)["5"].satisfaction == "good"
    replay.ratings.append(rating(5, -103, "2026-05-31T11:00:00Z"))
    replay.put({**replay.tickets["5"], "updated_at": "2026-05-31T12:00:00Z"})
    run("freshdesk", tmp_path, replay)
    assert tickets("freshdesk", tmp_path)["5"].satisfaction == "bad"
    assert run("freshdesk", tmp_path, replay).tickets == 0


def test_intercom_deletions_leave_no_words(tmp_path: Path) -> None:
    replay = Replay.of("intercom", TALKS)
    run("intercom", tmp_path, replay)
    del replay.tickets["5"], replay.tickets["7"]
    # More deletions than a page holds, most of conversations that never landed.
    replay.deleted = {str(number): int(NOW) + number for number in range(1000, 1100)}
    replay.deleted |= {"5": int(NOW) + 10, "7": int(NOW) + 2000}
    run("intercom", tmp_path, replay)
    found = tickets("intercom", tmp_path)
    assert len(found) == len(TALKS)
    assert {found[gone].status for gone in ("5", "7")} == {"deleted"}
    assert not found["5"].messages and not found["7"].messages
    pages = len([one for one in replay.asked if one.url.path == "/conversations/deleted"])
    assert run("intercom", tmp_path, replay).tickets == 0
    assert len([one for one in replay.asked if one.url.path == "/conversations/deleted"]) == pages + 1


def test_intercom_without_a_list_of_deletions_is_read_all_the_same(tmp_path: Path) -> None:
    replay = Replay.of("intercom", TALKS)
    run("intercom", tmp_path, replay)
    replay.faults = {len(replay.asked) + 1: answer({"type": "error.list"}, 404)}
    assert run("intercom", tmp_path, replay).tickets == 0


def test_intercom_conversation_that_vanishes_is_passed_over(tmp_path: Path) -> None:
    replay = Replay.of("intercom", TALKS)
    replay.faults = {2: answer({"type": "error.list"}, 404)}
    assert run("intercom", tmp_path, replay).tickets == 10


@pytest.mark.parametrize(
    ("vendor", "authorization"),
    [
        ("zendesk", httpx.BasicAuth("bot@acme.example/token", "s3cret")),
        ("gorgias", httpx.BasicAuth("bot@acme.example", "s3cret")),
        ("freshdesk", httpx.BasicAuth("s3cret", "X")),
        ("intercom", None),
    ],
)
def test_credentials_go_out_as_the_vendor_wants_them(
    vendor: str, authorization: httpx.BasicAuth | None, tmp_path: Path
) -> None:
    replay = Replay.of(vendor, TALKS[:1])
    run(vendor, tmp_path, replay)
    expected = authorization._auth_header if authorization else "Bearer s3cret"
    assert {request.headers["authorization"] for request in replay.asked} == {expected}
    assert {request.url.scheme for request in replay.asked} == {"https"}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [301, 302, 401, 403])
def test_what_will_never_work_is_said_at_once(vendor: str, status: int, tmp_path: Path) -> None:
    replay, clock = Replay.of(vendor, TALKS), FakeClock()
    replay.faults = dict.fromkeys(range(50), answer({}, status, location="https://thief.example/"))
    with pytest.raises(ExportError, match=str(status)) as refused:
        run(vendor, tmp_path, replay, clock)
    assert "s3cret" not in str(refused.value)
    assert {request.url.host for request in replay.asked} <= {f"acme.{vendor}.com", "api.intercom.io"}
    assert not clock.slept


def test_a_server_that_stays_down_is_given_up_with_the_cure(tmp_path: Path) -> None:
    replay = Replay.of("zendesk", TALKS)
    replay.faults = {n: answer({}, 502) for n in range(50)}
    with pytest.raises(ExportError, match=r"gave up after 8 attempts .*Run it again"):
        run("zendesk", tmp_path, replay)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://acme.zendesk.com.thief.example",
        "http://acme.zendesk.com",
        "https://zendesk.com.evil",
        "https://acme.gorgias.com",
    ],
)
def test_credentials_go_to_no_stranger(base_url: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is not an address of zendesk"):
        sync(source("zendesk", base_url=base_url), "acme", tmp_path, ENVIRON)


def test_a_missing_credential_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOKEN: is not set, but api.token_env names it"):
        sync(source("zendesk"), "acme", tmp_path, {})
    with pytest.raises(ConfigError, match="give subdomain"):
        sync(source("zendesk", subdomain=None), "acme", tmp_path, ENVIRON)
    with pytest.raises(ConfigError, match="there is nothing to fetch"):
        sync(Source.model_validate({"vendor": "zendesk", "path": "x"}), "acme", tmp_path, ENVIRON)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"vendor": "zendesk"}, "exactly one of path"),
        ({"vendor": "zendesk", "path": "x", "api": {"token_env": "T"}}, "exactly one of path"),
        ({"vendor": "zen", "path": "x"}, "unknown vendor; known: zendesk"),
        ({"vendor": "zendesk", "api": {"token_env": "not a name"}}, "token_env"),
        ({"vendor": "zendesk", "api": {"token_env": "T", "token": "x"}}, "token"),
    ],
)
def test_a_source_is_a_path_or_an_api(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Source.model_validate(given)


def test_an_api_source_lands_where_it_is_read(tmp_path: Path) -> None:
    api = {"token_env": "TOKEN", "email_env": "EMAIL", "subdomain": "acme"}
    config = ClientConfig.model_validate(
        {"id": "acme", "brand": "Acme", "sources": [{"vendor": "zendesk", "api": api}]}
    )
    with pytest.raises(ExportError, match="nothing was fetched from zendesk yet; sync the client first"):
        ingest(config, tmp_path, MONTHS, tmp_path / "out")
    clock = FakeClock()
    transport = Replay.of("zendesk", TALKS).transport()
    result = sync(config.sources[0], "acme", tmp_path, ENVIRON, transport, Clock(clock.now, clock.sleep))
    assert result.file == tmp_path / "drops" / "acme" / "zendesk" / "000001.ndjson"
    assert ingest(config, tmp_path, MONTHS, tmp_path / "out").total.unique == 11


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": "Mon, 01 Jun 2026 00:01:00 GMT"}, 60),
        ({"x-ratelimit-reset": str(int(NOW) + 9)}, 9),
        ({"ratelimit-reset": "30"}, 30),
        ({"zendesk-ratelimit-tickets-index": "total=100; remaining=0; resets=25"}, 25),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_the_vendor_asks_to_wait(headers: dict[str, str], wait: float | None) -> None:
    assert asked_wait(headers, NOW) == wait


def test_a_used_up_allowance_is_waited_for(tmp_path: Path) -> None:
    replay, clock = Replay.of("zendesk", TALKS), FakeClock()
    original = replay.transport().handler

    def limited(request: httpx.Request) -> httpx.Response:
        response = original(request)
        assert isinstance(response, httpx.Response)
        response.headers.update({"ratelimit-remaining": "0", "ratelimit-reset": "20"})
        return response

    patient = Clock(clock.now, clock.sleep, lambda: 0.0)
    sync(source("zendesk"), "acme", tmp_path, ENVIRON, httpx.MockTransport(limited), patient)
    assert len(clock.slept) == len(replay.asked) - 1 and set(clock.slept) == {20.0}
