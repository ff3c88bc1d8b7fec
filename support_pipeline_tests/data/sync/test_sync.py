import copy
import json
from datetime import UTC, datetime
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


def test_zendesk_is_not_asked_for_the_minute_that_it_refuses(tmp_path: Path) -> None:
    replay = Replay.of("zendesk", TALKS)
    clock = FakeClock(datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC).timestamp())
    run("zendesk", tmp_path, replay, clock)
    assert replay.asked[0].url.params["start_time"] == str(int(clock.at) - 70)


def test_intercom_conversations_that_the_search_finds_late_are_not_missed(tmp_path: Path) -> None:
    replay = Replay.of("intercom", TALKS)
    late = replay.tickets.pop("5")
    late["updated_at"] = int(NOW) - 60
    replay.tickets["7"]["updated_at"] = int(NOW) - 30
    run("intercom", tmp_path, replay)
    replay.put(late)
    assert run("intercom", tmp_path, replay).tickets == 1


def test_gorgias_trashed_tickets_become_deleted(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    run("gorgias", tmp_path, replay)
    trashed = {"trashed_datetime": "2026-05-31T12:00:00", "updated_datetime": "2026-05-31T12:00:00+00:00"}
    replay.put({**replay.tickets["5"], **trashed})
    run("gorgias", tmp_path, replay)
    assert tickets("gorgias", tmp_path)["5"].status == "deleted"


def event(number: int, kind: str, ticket: int, data: object = None, at: int = 60) -> dict[str, Any]:
    """An event of a Gorgias ticket, `at` seconds after the first sync."""
    stamp = datetime.fromtimestamp(NOW + at, UTC).isoformat()
    about = {"object_type": "Ticket", "object_id": ticket, "user_id": 7}
    return {"id": number, "type": kind, "created_datetime": stamp, "data": data, **about}


def merge(replay: Replay, gone: str, into: str) -> None:
    """What the vendor does: messages move, the other ticket vanishes; no time of the ticket that stays changes."""
    source = replay.tickets.pop(gone)
    moved = [{**message, "ticket_id": int(into)} for message in source["messages"]]
    target = replay.tickets[into]
    replay.put({**target, "messages": [*target["messages"], *moved]})


MERGES = {
    "nothing named": (6, None),
    "named by the ticket that stays": (6, {"merged_tickets": [{"id": 5}]}),
    "named by the ticket that goes": (5, {"merged_into_ticket": {"id": "6"}, "merged_by_user_id": 7}),
}


@pytest.mark.parametrize("about", MERGES)
def test_gorgias_merges_known_by_an_event_alone_are_followed(about: str, tmp_path: Path) -> None:
    replay, (about_ticket, data) = Replay.of("gorgias", TALKS), MERGES[about]
    run("gorgias", tmp_path, replay)
    merge(replay, "5", "6")
    replay.events = [event(1, "ticket-merged", about_ticket, data)]
    assert run("gorgias", tmp_path, replay, FakeClock(NOW + 100)).tickets == 2
    found = tickets("gorgias", tmp_path)
    assert (found["5"].status, found["5"].thread_id, found["5"].messages) == ("deleted", "6", ())
    assert len(found["6"].messages) == 10 and found["6"].thread_id == "6"
    assert run("gorgias", tmp_path, replay, FakeClock(NOW + 200)).tickets == 0
    replay.put({**replay.tickets["6"], "updated_datetime": "2026-06-01T01:00:00"})
    run("gorgias", tmp_path, replay, FakeClock(NOW + 7200))
    assert len(tickets("gorgias", tmp_path)["6"].messages) == 10


def test_gorgias_merges_before_the_first_sync_tie_the_threads(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    replay.events = [
        event(1, "ticket-merged", 5, {"merged_into_id": 6}, at=-90_000),
        event(2, "ticket-merged", 8, {"source_ticket_ids": [7, 99]}, at=-80_000),
        event(3, "ticket-deleted", 1, at=-70_000),
        event(4, "ticket-merged", 77, {"merged_into_id": 78}, at=-60_000),  # of tickets that nobody has
    ]
    run("gorgias", tmp_path, replay)
    found = tickets("gorgias", tmp_path)
    assert [found[one].thread_id for one in ("5", "6", "7", "8")] == ["6", "6", "8", "8"]
    assert (found["1"].status, found["1"].messages) == ("deleted", ())
    assert not [one for one in replay.asked if one.url.path.startswith("/api/tickets/")]
    again = {**replay.tickets["7"], "updated_datetime": "2026-06-01T00:30:00", "subject": "changed"}
    replay.put(again)
    run("gorgias", tmp_path, replay, FakeClock(NOW + 3600))
    found = tickets("gorgias", tmp_path)
    assert (found["7"].subject, found["7"].thread_id) == ("changed", "8")


def test_gorgias_deletions_leave_no_words(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    first = run("gorgias", tmp_path, replay)
    del replay.tickets["5"]
    replay.tickets["7"]["trashed_datetime"] = "2026-06-01T00:01:00"
    del replay.tickets["9"]
    replay.events = [
        event(1, "ticket-deleted", 5),
        event(2, "ticket-trashed", 7),
        event(3, "ticket-trashed", 9),  # gone for good by the time it is asked for
        *(event(number, "ticket-deleted", number) for number in range(100, 110)),
        {**event(200, "ticket-deleted", 3), "object_type": "Customer"},
        {**event(201, "ticket-deleted", 3), "object_id": None},
    ]
    assert run("gorgias", tmp_path, replay, FakeClock(NOW + 100)).tickets == 3
    found = tickets("gorgias", tmp_path)
    assert {one for one, ticket in found.items() if ticket.status == "deleted"} == {"5", "7", "9"}
    assert not found["5"].messages and not found["9"].messages
    assert first.file
    replay.tickets["7"]["trashed_datetime"] = None
    replay.events.append(event(4, "ticket-untrashed", 7, at=120))
    assert run("gorgias", tmp_path, replay, FakeClock(NOW + 200)).tickets == 1
    assert tickets("gorgias", tmp_path)["7"].status != "deleted"


def test_gorgias_events_tell_who_else_had_the_ticket(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    replay.events = [
        event(1, "ticket-assigned", 2, {"assignee_user_id": 11}),
        event(2, "ticket-assigned", 2, {"assignee_user_id": 12}),
        event(3, "ticket-assigned", 3, {"assignee_user_id": 11}),
        event(4, "ticket-team-assigned", 3, {"assignee_team_id": 5}),  # to a team, then to one of it
        event(5, "ticket-reopened", 4),
        event(6, "ticket-team-assigned", 6, {"assignee_team_id": 5}),
        event(7, "ticket-team-assigned", 6, {"assignee_team_id": 6}),
        event(8, "ticket-assigned", 8),
        event(9, "ticket-assigned", 8),
    ]
    run("gorgias", tmp_path, replay)
    found = tickets("gorgias", tmp_path)
    assert {one for one, ticket in found.items() if ticket.resolution == "needs_human"} == {"2", "4", "6"}


def test_gorgias_events_survive_what_the_other_lists_survive(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    run("gorgias", tmp_path, replay)
    for gone in ("5", "7", "9"):
        merge(replay, gone, "6")
    replay.events = [event(number, "ticket-merged", 6, at=number) for number in range(1, 10)]
    at = len(replay.asked) + 2  # after one page of tickets and one of messages
    again = gorgias_events_page(replay, 4)
    replay.faults = {
        at: answer({}, 429, **{"Retry-After": "7"}),
        at + 1: answer({}, 500),
        at + 2: httpx.Response(200, content=b'{"data": [{"id": 1, "ty'),
        at + 8: again,  # a page that comes twice
        at + 9: answer({"error": "the cursor has expired"}, 400),
    }
    run("gorgias", tmp_path, replay, FakeClock(NOW + 1000))
    assert not replay.faults
    found = tickets("gorgias", tmp_path)
    assert [found[one].thread_id for one in ("5", "7", "9")] == ["6"] * 3
    assert len(found["6"].messages) == 20
    assert run("gorgias", tmp_path, replay, FakeClock(NOW + 2000)).tickets == 0


def gorgias_events_page(replay: Replay, size: int) -> httpx.Response:
    newest = sorted(replay.events, key=lambda row: str(row["created_datetime"]), reverse=True)
    return answer({"data": newest[:size], "meta": {"next_cursor": str(size)}})


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
def test_gorgias_killed_among_the_events_it_goes_on_there(page: int, tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS)
    run("gorgias", tmp_path, replay)
    merge(replay, "5", "6")
    replay.events = [
        event(1, "ticket-merged", 6, at=1),
        *(event(n, "ticket-reopened", 2, at=n) for n in range(2, 12)),
    ]

    def stop(said: str) -> None:
        if said.startswith(f"gorgias: {page} "):
            raise Killed

    with pytest.raises(Killed):
        run("gorgias", tmp_path, replay, FakeClock(NOW + 100), progress=stop)
    run("gorgias", tmp_path, replay, FakeClock(NOW + 200))
    found = tickets("gorgias", tmp_path)
    assert (found["5"].thread_id, len(found["6"].messages), found["2"].resolution) == ("6", 10, "needs_human")


@pytest.mark.parametrize("status", [403, 404])
def test_gorgias_without_events_is_read_all_the_same(status: int, tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS[:3])
    replay.faults = {5: answer({"error": "no right to events"}, status)}
    assert run("gorgias", tmp_path, replay).tickets == 3
    assert replay.asked[5].url.path == "/api/events"


def test_gorgias_with_an_older_list_of_kinds_gives_all_events(tmp_path: Path) -> None:
    replay = Replay.of("gorgias", TALKS[:3])
    replay.events = [event(1, "ticket-deleted", 2, at=-9), event(2, "macro-applied", 1, at=-9)]
    replay.faults = {5: answer({"error": "types: unknown value"}, 400)}
    run("gorgias", tmp_path, replay)
    assert "types=" in str(replay.asked[5].url) and "types=" not in str(replay.asked[6].url)
    assert tickets("gorgias", tmp_path)["2"].status == "deleted"


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
