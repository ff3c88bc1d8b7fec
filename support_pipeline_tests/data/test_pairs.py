from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_pipeline.data.filtering.reasons import ESCALATING, REASONS
from support_pipeline.data.pairs import PairResult, build_pairs, make_pair
from support_pipeline.data.tickets import INSTANT, Pair, Ticket
from support_pipeline_tests.data.examples import START, config, ticket, write_tickets

TODAY = date(2026, 10, 1)
QUESTION = "How long do I have to return the jacket that I bought?"
ANSWER = "Items can be returned within 30 days of delivery."
EDITS = pl.Schema(
    {
        "draft_id": pl.String(),
        "ticket_id": pl.String(),
        "client": pl.String(),
        "decided_at": INSTANT,
        "customer_text": pl.String(),
        "final_text": pl.String(),
        "action": pl.String(),
        "trainable": pl.Boolean(),
        "kind": pl.String(),
    }
)


def pair(*messages: tuple[str, str] | str, **fields: Any) -> Pair:
    made = result(*messages, **fields).pair
    assert made is not None
    return made


def result(*messages: tuple[str, str] | str, **fields: Any) -> PairResult:
    return make_pair(ticket(*messages, **fields), config(), TODAY)


def test_a_pair_is_the_question_and_the_reply_that_settled_it() -> None:
    made = pair(
        "Hello",
        QUESTION,
        ("note", "VIP, be nice. Secret discount 40%."),
        ("agent", "Which order is it?"),
        "The one from Monday, a blue jacket.",
        ("agent", ANSWER),
        "Thanks a lot!",
        ("agent", "You're welcome! Have a great day."),
    )
    assert made.customer_text == f"{QUESTION}\n\nThe one from Monday, a blue jacket."
    assert made.resolution_text == ANSWER
    assert (made.kind, made.reason, made.intent) == ("answer", "answerable", "return")


def test_the_subject_stands_first_unless_the_text_repeats_it() -> None:
    assert pair(QUESTION, ("agent", ANSWER), subject="Re: Return policy").customer_text.startswith(
        "Return policy\n\n"
    )
    assert pair(QUESTION, ("agent", ANSWER), subject=QUESTION[:30]).customer_text == QUESTION


def test_private_text_reaches_no_pair() -> None:
    made = result(QUESTION, ("note", "zanzibar approved by boss"), ("agent", ANSWER))
    assert "zanzibar" not in str(made)


def test_a_superseded_value_is_rewritten_and_a_false_one_refuses_the_pair() -> None:
    stale = result(QUESTION, ("agent", "Items can be returned within 60 days of delivery."))
    assert stale.pair is not None
    assert stale.pair.resolution_text == ANSWER
    assert "policy" in [step.name for step in stale.trace]
    false = result(QUESTION, ("agent", "You have 45 days to return it."))
    assert false.excluded is not None
    assert false.excluded.reason == "factual_error"


def test_a_placeholder_left_by_the_agent_refuses_the_pair() -> None:
    refused = result(QUESTION, ("agent", "Please send it to [insert return address] within 30 days."))
    assert refused.excluded is not None
    assert refused.excluded.reason == "placeholder_left"


def test_personal_data_is_replaced_on_both_sides() -> None:
    made = pair(
        "I am Jordan Pike, write to jordan.pike@example.com about the return of my jacket please.",
        ("agent", "Hi Jordan, we will mail the label to jordan.pike@example.com. " + ANSWER),
    )
    for text in (made.customer_text, made.resolution_text):
        assert "Jordan" not in text
        assert "@example.com" not in text
        assert "<EMAIL_" in text


def test_a_hand_over_names_the_team_of_its_reason() -> None:
    made = pair(
        "There is a charge of $80 on my card that I did not make.", ("agent", "Billing has reversed it.")
    )
    assert (made.kind, made.reason) == ("escalate", "fraud_dispute")
    assert made.resolution_text.endswith(" [Escalated to: Fraud Team]")
    assert pair(QUESTION, resolution="escalated").resolution_text.endswith("[Escalated to: Senior Support]")


def test_hand_overs_vary_and_repeat() -> None:
    said = {pair(QUESTION, resolution="escalated", ticket_id=str(n)).resolution_text for n in range(30)}
    assert len(said) == 4
    assert pair(QUESTION, resolution="escalated") == pair(QUESTION, resolution="escalated")


def test_live_data_is_what_the_model_cannot_know() -> None:
    made = pair("Where is my parcel?", ("agent", "It is out for delivery and should reach you today."))
    assert made.kind == "cannot_know"
    assert "today" not in made.resolution_text


def test_the_trace_tells_each_step() -> None:
    made = result(
        "Where is my parcel?\n\nSent from my iPhone", ("agent", "It left yesterday with the carrier.")
    )
    names = [step.name for step in made.trace]
    assert names[-1] == "resolution"
    assert "filter" in names
    refused = result("Hello", ("agent", "Hi!"))
    assert [step.rule for step in refused.trace][-1] == "empty"


def month(tmp_path: Path, tickets: list[Ticket], edits: list[dict[str, Any]] | None = None) -> dict[str, int]:
    file = write_tickets(tmp_path / "tickets.parquet", tickets)
    edited = None
    if edits is not None:
        edited = tmp_path / "edits.parquet"
        pl.DataFrame(edits, schema=EDITS, orient="row").write_parquet(edited)
    return build_pairs(config(), file, edited, tmp_path / "out", today=TODAY)


def edit(number: int, ticket_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "draft_id": f"d{number}",
        "ticket_id": ticket_id,
        "client": "acme",
        "decided_at": START + timedelta(days=number),
        "customer_text": QUESTION,
        "final_text": f"{ANSWER} Have a look at edit {number}.",
        "action": "edited",
        "trainable": True,
        "kind": "",
        **changes,
    }


def test_an_edit_replaces_the_pair_of_its_ticket_and_the_latest_wins(tmp_path: Path) -> None:
    tickets = [ticket(QUESTION, ("agent", ANSWER), ticket_id=str(n), customer_id=f"c{n}") for n in range(3)]
    edits = [
        edit(1, "1", kind="tone"),
        edit(2, "1", kind="policy"),
        edit(3, "2", trainable=False, action="rejected"),
        edit(4, "77"),
    ]
    counts = month(tmp_path, tickets, edits)
    pairs = pl.read_parquet(tmp_path / "out" / "pairs.parquet")
    excluded = pl.read_parquet(tmp_path / "out" / "excluded.parquet")
    assert (counts["unique"], counts["edits"], counts["pairs"], counts["excluded"]) == (3, 4, 4, 3)
    edited = pairs.filter(pl.col("ticket_id") == "1").row(0, named=True)
    assert (edited["kind"], edited["customer_id"]) == ("edit", "c1")
    assert edited["resolution_text"].endswith("edit 2.")
    assert edited["edit_class"] == "policy"
    assert pairs.filter(pl.col("ticket_id") != "1")["edit_class"].to_list() == ["", "", ""]
    assert sorted(excluded["reason"]) == ["edited", "edited", "not_trainable"]


def test_an_empty_month_gives_empty_tables(tmp_path: Path) -> None:
    counts = month(tmp_path, [], [])
    assert counts == {"unique": 0, "edits": 0, "pairs": 0, "excluded": 0}


def test_a_large_month_in_processes_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [ticket(QUESTION, ("agent", ANSWER), ticket_id=str(n)) for n in range(1100)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    month(tmp_path / "a", tickets)
    monkeypatch.setattr("support_pipeline.data.pairs.PARALLEL_TICKETS", 1000)
    month(tmp_path / "b", tickets)
    for name in ("pairs.parquet", "excluded.parquet"):
        assert (tmp_path / "a" / "out" / name).read_bytes() == (tmp_path / "b" / "out" / name).read_bytes()


PIECES: list[tuple[str, str] | str] = [
    QUESTION,
    "Thanks!",
    "",
    "Where is my parcel?",
    "I did not make this payment of $20!",
    "Guten Tag, ich möchte die Jacke gerne umtauschen, weil sie mir leider zu klein ist.",
    ("agent", ANSWER),
    ("agent", "You're welcome. Have a nice day!"),
    ("agent", "Could you share your order number?"),
    ("agent", "Items can be returned within 45 days of delivery."),
    ("agent", "It is out for delivery today."),
    ("agent", "Dear {{name}}, see above."),
    ("bot", "We received your message."),
    ("note", "internal"),
]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_ticket_becomes_one_pair_or_has_one_reason(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    talks = data.draw(st.lists(st.lists(st.sampled_from(PIECES), max_size=6), max_size=8))
    tickets = [
        ticket(
            *talk,
            ticket_id=str(n),
            status=data.draw(st.sampled_from(["solved", "closed", "open", "spam"])),
            resolution=data.draw(st.sampled_from(["resolved", "resolved", "escalated"])),
        )
        for n, talk in enumerate(talks)
    ]
    folder = tmp_path_factory.mktemp("month")
    counts = month(folder, tickets)
    pairs = pl.read_parquet(folder / "out" / "pairs.parquet")
    excluded = pl.read_parquet(folder / "out" / "excluded.parquet")
    assert counts["unique"] == len(tickets) == pairs.height + excluded.height
    assert sorted([*pairs["ticket_id"], *excluded["ticket_id"]]) == sorted(one.ticket_id for one in tickets)
    assert set(excluded["reason"]) <= set(REASONS) - ESCALATING
    assert all(pairs["customer_text"].str.len_chars() > 0)
    assert all(pairs["resolution_text"].str.len_chars() > 0)
    assert sum(value for name, value in counts.items() if name.startswith("kind: ")) == pairs.height
