"""Each vendor's own rules: who speaks, who may read it, and what the structured signals say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_pipeline.data.exports import READERS, Origin, Unreadable
from support_pipeline.data.frames import ticket_frame
from support_pipeline.data.tickets import TICKET_SCHEMA, Ticket
from support_pipeline_tests.data.shapes import SHAPES, conversations

ORIGIN = Origin("acme", "export.ndjson", 3)
ONE = conversations(1)[0]
STAMPS = {
    "zendesk": ("created_at", "updated_at"),
    "gorgias": ("created_datetime", "updated_datetime"),
    "freshdesk": ("created_at", "updated_at"),
    "intercom": ("created_at", "updated_at"),
}


def read(vendor: str, **changes: Any) -> Ticket:
    return READERS[vendor].read({**SHAPES[vendor](ONE), **changes}, ORIGIN)


def messages(vendor: str, *changes: dict[str, Any]) -> list[tuple[str, bool, str]]:
    """The ticket with these changes to its second message (an agent's public one), as tuples."""
    record = SHAPES[vendor](ONE)
    place = {"zendesk": "comments", "gorgias": "messages", "freshdesk": "conversations"}.get(vendor)
    rows = record[place] if place else record["conversation_parts"]["conversation_parts"]
    base = rows[1] if vendor in ("zendesk", "gorgias") else rows[0]
    rows[:] = [{**base, "id": 5000 + n, **change} for n, change in enumerate(changes)]
    ticket = READERS[vendor].read(record, ORIGIN)
    kept = [message for message in ticket.messages if message.at != ONE.said[0].at]
    return [(message.role, message.public, message.text) for message in kept]


def test_each_vendor_gives_the_canonical_ticket() -> None:
    for vendor in READERS:
        ticket = read(vendor)
        assert (ticket.client, ticket.vendor, ticket.ticket_id) == ("acme", vendor, "1")
        assert (ticket.source_file, ticket.source_line) == ("export.ndjson", 3)
        assert (ticket.created_at, ticket.resolved_at) == (ONE.said[0].at, ONE.solved)
        assert (ticket.status, ticket.channel, ticket.subject) == ("closed", "email", "Order 1 & co")
        assert (ticket.satisfaction, ticket.resolution) == ("good", "resolved")
        assert (ticket.customer_id, ticket.thread_id) == (str(ONE.customer_id), "1")
        assert (ticket.customer_names, ticket.agent_names) == ((ONE.customer,), ("Priya Raman",))
        assert [(m.role, m.public, m.text) for m in ticket.messages] == [
            (s.role, s.public, s.text) for s in ONE.said
        ]


@pytest.mark.parametrize("vendor", READERS)
def test_no_id_or_no_time_is_a_named_problem(vendor: str) -> None:
    with pytest.raises(Unreadable, match="no .*id"):
        read(vendor, id=None)
    with pytest.raises(Unreadable, match="is a time"):
        read(vendor, **dict.fromkeys(STAMPS[vendor]), stats=None)


@pytest.mark.parametrize(
    ("change", "role", "public"),
    [
        ({"public": False}, "agent", False),
        ({"public": None}, "agent", False),  # nothing says that the customer saw it
        ({"public": "true"}, "agent", True),
        ({"author_id": str(ONE.customer_id), "public": None}, "customer", True),
        ({"author_id": 777}, "agent", True),
        ({"via": {"channel": "rule"}}, "system", True),
        ({"author_id": -1}, "system", True),
        ({"via": {"channel": "answer_bot"}}, "bot", True),
        ({"via": {"channel": "side_conversation"}}, "system", False),
    ],
)
def test_zendesk_roles_and_privacy(change: dict[str, Any], role: str, public: bool) -> None:
    assert [row[:2] for row in messages("zendesk", change)] == [(role, public)]


def test_zendesk_plain_body_first_then_html_then_body() -> None:
    found = messages(
        "zendesk",
        {"plain_body": "a&nbsp;b"},
        {"plain_body": None},
        {"plain_body": "", "html_body": None, "body": "**c**"},
    )
    assert [text for _, _, text in found] == ["a b", ONE.said[1].text, "**c**"]


def test_zendesk_without_comments_keeps_the_description() -> None:
    nothings: tuple[object, ...] = (None, [], {})
    for nothing in nothings:
        assert [m.text for m in read("zendesk", comments=nothing).messages] == [ONE.said[0].text]
    private = read("zendesk", is_public=False)
    assert not any(message.public for message in private.messages)


@pytest.mark.parametrize(
    ("change", "resolution", "thread"),
    [
        ({"tags": ["Escalated_L2"]}, "escalated", "1"),
        ({"group_id": 5, "groups": [{"id": 5, "name": "Escalations"}]}, "escalated", "1"),
        ({"problem_id": 77}, "escalated", "77"),
        ({"metric_set": {"reopens": 1}}, "needs_human", "1"),
        ({"metric_set": {"assignee_stations": 2}}, "needs_human", "1"),
        ({"metric_sets": [{"ticket_id": 1, "reopens": 2}], "metric_set": None}, "needs_human", "1"),
        ({"via": {"source": {"rel": "follow_up", "from": {"ticket_id": 12}}}}, "resolved", "12"),
        (
            {
                "comments": [
                    {"plain_body": "This request was closed and merged into request #34.", "public": False}
                ]
            },
            "resolved",
            "34",
        ),
        (
            {
                "tags": ["closed_by_merge"],
                "comments": [
                    {"plain_body": "Order #9 is late", "public": True},
                    {
                        "plain_body": "Diese Anfrage wurde geschlossen und in Anfrage #34 übernommen.",
                        "public": True,
                    },
                    {"plain_body": "Danke", "public": True},
                ],
            },
            "resolved",
            "34",
        ),
        ({"comments": [{"plain_body": "Anfrage #34", "public": False}]}, "resolved", "1"),
    ],
)
def test_zendesk_signals(change: dict[str, Any], resolution: str, thread: str) -> None:
    ticket = read("zendesk", **change)
    assert (ticket.resolution, ticket.thread_id) == (resolution, thread)


def test_zendesk_signature_language_and_status() -> None:
    users = [{"id": 900, "name": "Priya", "role": "admin", "signature": "Priya\nAcme"}]
    ticket = read(
        "zendesk",
        users=users,
        tags=["language__pt-br"],
        status="weird",
        satisfaction_rating={"score": "bad_with_comment"},
    )
    assert (ticket.signatures, ticket.language, ticket.status) == (("Priya\nAcme",), "pt", "unknown")
    assert ticket.satisfaction == "bad"
    assert read("zendesk", status="open").resolved_at is None
    assert read("zendesk", status="deleted").status == "deleted"


@pytest.mark.parametrize(
    ("change", "role", "public"),
    [
        ({"public": False}, "agent", False),
        ({"channel": "internal-note"}, "agent", False),  # although public is still true
        ({"source": {"type": "internal-note"}}, "agent", False),
        ({"channel": "Internal_Note"}, "agent", False),
        ({"via": "internal-note", "public": "true"}, "agent", False),
        ({"public": "False"}, "agent", False),
        ({"public": None}, "agent", False),
        ({"failed_datetime": "2026-05-04T12:00:00"}, "agent", False),
        ({"rule_id": 4}, "bot", True),
        ({"sender": {"name": "Gorgias Bot"}}, "bot", True),
        ({"from_agent": False}, "customer", True),
    ],
)
def test_gorgias_roles_and_privacy(change: dict[str, Any], role: str, public: bool) -> None:
    assert [row[:2] for row in messages("gorgias", change)] == [(role, public)]


def test_gorgias_reply_that_was_never_sent_is_not_public() -> None:
    found = messages("gorgias", {"sent_datetime": "2026-05-04T12:00:00"}, {"sent_datetime": None})
    assert [public for _, public, _ in found] == [True, False]
    assert [public for _, public, _ in messages("gorgias", {"sent_datetime": None})] == [
        True
    ]  # nobody stamps it


def test_gorgias_text_status_and_events() -> None:
    assert messages("gorgias", {"stripped_text": "short", "body_text": "short\n> long"})[0][2] == "short"
    assert messages("gorgias", {"stripped_text": "  ", "body_text": None})[0][2] == ONE.said[1].text
    assert read("gorgias", spam=True).status == "spam"
    assert read("gorgias", trashed_datetime="2026-05-04T12:00:00").status == "deleted"
    assert read("gorgias", events=[{"type": "ticket-handed-over"}]).resolution == "escalated"
    assert read("gorgias", events=[{"type": "ticket-reopened"}]).resolution == "needs_human"
    assert read("gorgias", satisfaction_survey={"score": 2}).satisfaction == "bad"
    merged = {"type": "ticket-merged", "data": {"merged_into_ticket": {"id": 9}, "merged_by_user_id": 7}}
    assert read("gorgias", events=[merged]).thread_id == "9"
    assert read("gorgias", events=[{"type": "ticket-merged", "data": {"source_ids": [3]}}]).thread_id == "1"
    assert read("gorgias", satisfaction_survey={"score": 3}).satisfaction is None
    with pytest.raises(Unreadable, match="a message"):
        READERS["gorgias"].read({"id": 1, "ticket_id": 2, "created_datetime": "2026-05-04T12:00:00"}, ORIGIN)


@pytest.mark.parametrize(
    ("change", "role", "public"),
    [
        ({"private": True}, "agent", False),
        ({"private": True, "incoming": True}, "customer", False),
        ({"private": "t"}, "agent", False),
        ({"private": 1.0, "source": 0}, "agent", False),
        ({"source": 8}, "agent", False),  # forwarded to a third party
        ({"private": None, "source": 2}, "agent", False),
        ({"private": None, "source": 0}, "agent", True),
        ({"incoming": None, "user_id": ONE.customer_id}, "customer", True),
        ({"automation_id": 3}, "system", True),
    ],
)
def test_freshdesk_roles_and_privacy(change: dict[str, Any], role: str, public: bool) -> None:
    assert [row[:2] for row in messages("freshdesk", change)] == [(role, public)]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"is_escalated": True}, "resolution", "escalated"),
        ({"fr_escalated": True}, "resolution", "escalated"),
        ({"group": {"name": "Escalations"}}, "resolution", "escalated"),
        ({"stats": {"reopened_at": "2026-05-04T12:00:00Z"}}, "resolution", "needs_human"),
        ({"status": 6}, "status", "unknown"),
        ({"status": 4}, "status", "solved"),
        ({"spam": True}, "status", "spam"),
        ({"deleted": True}, "status", "deleted"),
        ({"source": 7}, "channel", "chat"),
        ({"source": 99}, "channel", "other"),
        ({"satisfaction_rating": {"ratings": {"default_question": -103}}}, "satisfaction", "bad"),
        ({"satisfaction_rating": {"ratings": {"default_question": 100}}}, "satisfaction", None),
        ({"requester": {"id": 1, "language": "de"}}, "language", "de"),
    ],
)
def test_freshdesk_signals(change: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read("freshdesk", **change), field) == value


def test_freshdesk_signatures_names_and_merges() -> None:
    agents = [
        {"id": 900, "contact": {"name": "Priya R."}, "signature": "<p>Priya<br>Acme</p>"},
        {"id": 1, "signature": "x"},
    ]
    ticket = read("freshdesk", agents=agents)
    assert (ticket.signatures, ticket.agent_names) == (("Priya\nAcme",), ("Priya Raman", "Priya R."))
    note = {
        "private": True,
        "body_text": "This ticket is closed and merged into ticket 55",
        "created_at": "2026-05-04T12:00:00Z",
    }
    assert read("freshdesk", conversations=[note]).thread_id == "55"


@pytest.mark.parametrize(
    ("text", "thread"),
    [
        ("Dieses Ticket wurde geschlossen und mit Ticket 55 zusammengeführt", "1"),  # the number comes first
        ("Dieses Ticket wurde zusammengeführt mit dem Ticket #55", "55"),
        ("Ce ticket est fermé et fusionné avec le ticket 55", "55"),
        ("Este ticket se ha cerrado y fusionado con el ticket 55", "55"),
        ("Dit ticket is gesloten en samengevoegd met ticket 55", "55"),
        ("Merged into /helpdesk/tickets/55", "55"),
        ("Her two accounts were merged, see invoice 55", "1"),
    ],
)
def test_freshdesk_merges_are_told_by_the_note_in_many_languages(text: str, thread: str) -> None:
    note = {"private": True, "body_text": text, "created_at": "2026-05-04T12:00:00Z"}
    assert read("freshdesk", conversations=[note]).thread_id == thread


def test_freshdesk_outbound_mail_is_the_agents() -> None:
    assert read("freshdesk", source=10).messages[0].role == "agent"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"part_type": "note"}, [("agent", False)]),
        ({"part_type": "note_and_reopen"}, [("agent", False)]),
        ({"part_type": "Note", "author": {"type": "user", "id": "1"}}, [("customer", False)]),
        ({"part_type": "away_mode_assignment"}, [("agent", False)]),
        ({"part_type": "assign_and_reopen", "author": {"type": "team", "id": "1"}}, [("agent", False)]),
        ({"part_type": "quick_reply", "author": {"type": "bot", "id": "1"}}, [("bot", False)]),
        ({"part_type": None}, [("agent", False)]),
        ({"part_type": "assignment"}, [("agent", False)]),  # text beside an event: not surely shown
        ({"part_type": "open", "author": {"type": "user", "id": "1"}}, [("customer", True)]),
        ({"author": {"type": "bot", "id": "1"}}, [("bot", True)]),
        ({"author": {"type": "admin", "from_ai_agent": True}}, [("bot", True)]),
        ({"author": None}, [("system", True)]),
        ({"part_type": "close", "body": None}, []),
        ({"redacted": True}, []),
    ],
)
def test_intercom_roles_and_privacy(change: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert [row[:2] for row in messages("intercom", change)] == expected


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"ai_agent": {"resolution_state": "escalated"}}, "resolution", "escalated"),
        ({"ai_agent": {"resolution_state": "assumed_resolution"}}, "resolution", "resolved"),
        ({"statistics": {"count_reopens": 1}}, "resolution", "needs_human"),
        ({"statistics": {"count_assignments": 2}}, "resolution", "needs_human"),
        ({"tags": {"tags": [{"name": "Escalated"}]}}, "resolution", "escalated"),
        ({"state": "snoozed"}, "status", "pending"),
        ({"state": "open"}, "resolved_at", None),
        ({"conversation_rating": {"rating": 1}}, "satisfaction", "bad"),
        ({"custom_attributes": {"Language": "fr"}}, "language", "fr"),
        ({"source": None}, "customer_id", str(ONE.customer_id)),  # told by the parts
        ({"source": None}, "channel", "unknown"),
        ({"merged_into": "9"}, "thread_id", "9"),
    ],
)
def test_intercom_signals(change: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read("intercom", **change), field) == value


@pytest.mark.parametrize(
    ("vendor", "change"),
    [
        ("zendesk", {"is_public": "false"}),
        ("zendesk", {"via": {"channel": "side_conversation"}}),  # the ticket that one opened
        ("intercom", {"type": "ticket", "ticket_type": {"category": "Back-office"}}),
        ("intercom", {"type": "ticket", "category": "tracker"}),
        ("intercom", {"type": "ticket", "is_shared": False}),
        ("freshdesk", {"private": True}),
    ],
)
def test_tickets_among_colleagues_hold_nothing_public(vendor: str, change: dict[str, Any]) -> None:
    assert not any(message.public for message in read(vendor, **change).messages)


def test_intercom_other_objects_are_refused() -> None:
    with pytest.raises(Unreadable, match="a contact, not a conversation"):
        READERS["intercom"].read({"type": "contact", "id": "1", "created_at": 1_700_000_000}, ORIGIN)


def test_messages_newest_first_are_turned() -> None:
    record = SHAPES["gorgias"](ONE)
    record["messages"].reverse()
    assert [m.text for m in READERS["gorgias"].read(record, ORIGIN).messages] == [
        said.text for said in ONE.said
    ]


def test_hundreds_of_parts_and_a_huge_body_stay_whole() -> None:
    record = SHAPES["intercom"](ONE)
    parts = record["conversation_parts"]["conversation_parts"]
    start = datetime(2026, 5, 4, tzinfo=UTC)
    stamps = [int((start + timedelta(seconds=n)).timestamp()) for n in range(700)]
    parts[:] = [{**parts[0], "id": str(n), "created_at": stamp} for n, stamp in enumerate(stamps)]
    parts[0]["body"] = f"<p>{'x' * 700_000}</p>"
    ticket = READERS["intercom"].read(record, ORIGIN)
    assert len(ticket.messages) == 701
    assert max(len(message.text) for message in ticket.messages) == 700_000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "tags", "type"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, one in inner for found in places(one, (*path, key))]


@pytest.mark.parametrize("vendor", READERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_value_anywhere_gives_a_ticket_or_a_named_problem(vendor: str, data: st.DataObject) -> None:
    record = SHAPES[vendor](ONE)
    *parents, last = data.draw(st.sampled_from(places(record)))
    inner: Any = record
    for step in parents:
        inner = inner[step]
    inner[last] = data.draw(JSON)
    try:
        ticket = READERS[vendor].read(record, ORIGIN)
    except Unreadable:
        return
    assert ticket_frame([ticket]).schema == TICKET_SCHEMA


def test_frames_hold_tickets_without_messages() -> None:
    tickets = [
        read("intercom", source=None, conversation_parts=None),
        read("zendesk"),
        read("freshdesk", conversations=None),
    ]
    frame = ticket_frame(tickets)
    assert frame["messages"].list.len().to_list() == [0, 5, 1]
    assert ticket_frame([]).schema == TICKET_SCHEMA
    assert ticket_frame(tickets[:1])["messages"].to_list() == [[]]
