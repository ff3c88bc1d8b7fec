"""The demo's tickets: deterministic, accounted for, varied, and in agreement with the client's YAML."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from support_pipeline.claims import rewrite
from support_pipeline.clients import ClientConfig, load_client
from support_pipeline.data.filtering.reasons import REASONS
from support_pipeline.demo.tickets import DemoExport, write_demo_export
from support_pipeline.demo.tickets.__main__ import main
from support_pipeline.demo.tickets.answerable import ALIKE, INTENTS
from support_pipeline.demo.tickets.brand import NEVER_TRUE, PROMISES, promised
from support_pipeline.demo.tickets.grammar import expand, fill, likeness, overlap, phrases

YAML = Path(__file__).parents[2] / "clients" / "demo-outfitters.yaml"
TODAY = date(2026, 10, 31)
Row = dict[str, Any]


@dataclass(frozen=True)
class Demo:
    """The demo as it is shipped, read back."""

    written: DemoExport
    lines: list[bytes]
    gold: list[Row]

    def of(self, **wanted: object) -> list[Row]:
        """The gold rows with these values."""
        return [row for row in self.gold if all(row.get(name) == value for name, value in wanted.items())]

    def ticket(self, row: Row) -> Row:
        """The exported ticket of a gold row."""
        ticket: Row = json.loads(self.lines[row["line"] - 1])
        return ticket


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    written = write_demo_export(tmp_path_factory.mktemp("demo"))
    gold = [json.loads(line) for line in written.gold.read_text(encoding="utf-8").splitlines()]
    return Demo(written, written.export.read_bytes().split(b"\n"), gold)


@pytest.fixture(scope="module")
def client() -> ClientConfig:
    return load_client(YAML)


# The files


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again, other = (
        write_demo_export(tmp_path / name, seed=seed, tickets=120)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first.export.read_bytes() == again.export.read_bytes()
    assert first.gold.read_bytes() == again.gold.read_bytes()
    assert first.export.read_bytes() != other.export.read_bytes()


def test_every_line_has_its_gold_and_every_ticket_one_fate(demo: Demo) -> None:
    assert [row["line"] for row in demo.gold] == list(range(1, len(demo.lines) + 1))
    kept = demo.of(fate="pair") + demo.of(fate="excluded")
    assert len(kept) == len({row["ticket_id"] for row in kept}) == 1800
    assert len(demo.lines) == len(kept) + len(demo.of(fate="duplicate")) + len(demo.of(fate="quarantined"))


def test_only_the_quarantined_lines_cannot_be_read(demo: Demo) -> None:
    unreadable = [number for number, line in enumerate(demo.lines, start=1) if not _ticket_id(line)]
    assert unreadable == [row["line"] for row in demo.of(fate="quarantined")]
    assert 4 <= len(unreadable) <= 6


def _ticket_id(line: bytes) -> str:
    try:
        ticket = json.loads(line)
    except ValueError:
        return ""
    return str(ticket.get("id", "")) if isinstance(ticket, dict) else ""


def test_reasons_are_those_of_the_filter(demo: Demo) -> None:
    verdicts = {row["reason"] for row in demo.of(fate="pair") + demo.of(fate="excluded")}
    assert verdicts <= set(REASONS)


def test_command_line_writes_and_says_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--tickets", "60", "--last-month", "2025-12"]) == 0
    assert "synthetic" in capsys.readouterr().out
    summary = json.loads((tmp_path / "gold.summary.json").read_text(encoding="utf-8"))
    assert summary["tickets"] == 60 and summary["first_month"] == "2024-07"


def test_command_line_refuses_what_is_no_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--out", str(tmp_path), "--last-month", "october"])
    assert refused.value.code == 2 and "is no month" in capsys.readouterr().err


# The mixture


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [("answer", 0.62, 0.68), ("cannot_know", 0.05, 0.07), ("escalate", 0.18, 0.20)],
)
def test_shares_of_pairs(demo: Demo, kind: str, lowest: float, highest: float) -> None:
    assert lowest <= len(demo.of(fate="pair", kind=kind)) / 1800 <= highest


@pytest.mark.parametrize(
    "reason", ["fraud_dispute", "policy_exception", "emotional_escalation", "multi_issue", "needs_human"]
)
def test_enough_tickets_for_people_of_each_sort(demo: Demo, reason: str) -> None:
    assert len(demo.of(fate="pair", reason=reason)) >= 40


def test_every_special_case_carries_a_sign_of_the_helpdesk_and_no_answer_does(demo: Demo) -> None:
    assert all(_escalated(demo.ticket(row)) for row in demo.of(fate="pair", reason="needs_human"))
    assert not any(_escalated(demo.ticket(row)) for row in demo.of(fate="pair", kind="answer"))


def _escalated(ticket: Row) -> bool:
    group = {row["id"]: row["name"] for row in ticket["groups"]}[ticket["group_id"]]
    moved = ticket["metric_set"]["assignee_stations"] > 1
    return moved or group == "Escalations" or "escalated" in (ticket["tags"] or [])


def test_eighteen_months_and_hundreds_of_customers(demo: Demo) -> None:
    months = Counter(row["month"] for row in demo.of(fate="pair"))
    assert (min(months), max(months), len(months)) == ("2025-05", "2026-10", 18)
    assert months["2025-12"] > 1.5 * months["2025-10"], "the holidays are busier"
    requesters = {demo.ticket(row)["requester_id"] for row in demo.of(fate="pair")}
    assert len(requesters) >= 500


def test_a_short_window_takes_all_tickets(tmp_path: Path) -> None:
    written = write_demo_export(tmp_path, tickets=80, last_month="2026-03", months=2)
    assert set(written.counts["months"]) == {"2026-02", "2026-03"}


# The texts


def test_questions_are_alike_only_on_purpose(demo: Demo) -> None:
    own = [row for row in demo.of(fate="pair", kind="answer") if not row["copied_from"]]
    assert len(demo.of(kind="answer")) - len(own) >= 20
    by_intent: dict[str, list[frozenset[str]]] = {}
    for row in own:
        marks = likeness(row["customer_clean"])
        earlier = by_intent.setdefault(row["intent"], [])
        assert max((overlap(marks, other) for other in earlier), default=0) < ALIKE + 0.25, row
        earlier.append(marks)


@pytest.mark.parametrize("intent", INTENTS, ids=lambda intent: intent.name)
def test_every_intent_can_be_said_in_many_ways(intent: Any) -> None:
    assert len(intent.questions) >= 8 and len(intent.answers) >= 8
    assert set(intent.topics) <= set(PROMISES)


def test_clean_texts_hold_no_note_signature_or_quote(demo: Demo) -> None:
    for row in demo.of(fate="pair", kind="answer"):
        clean = f"{row['customer_clean']}\n{row['resolution_clean']}"
        for noise in (*row["notes"], *row["signatures"], *row["quotes"]):
            assert noise not in clean, row["ticket_id"]


def test_no_slot_or_choice_is_left_open(demo: Demo) -> None:
    for row in demo.of(fate="pair"):
        text = f"{row['subject']} {row['customer_clean']} {row['resolution_clean']}"
        assert not set("{}[]|") & set(text.replace("Tom Hale |", "")), text


def test_notes_are_private_and_everything_else_is_public(demo: Demo) -> None:
    for row in demo.of(fate="pair"):
        hidden = [comment for comment in demo.ticket(row)["comments"] if not comment["public"]]
        assert len(hidden) == len(row["notes"])


@pytest.mark.parametrize(
    ("block", "items"),
    [
        ("- one\n- two", ("one", "two")),
        ("- one\n  and more\n\n- two", ("one and more", "two")),  # a line that goes on
    ],
)
def test_phrases_reads_a_block(block: str, items: tuple[str, ...]) -> None:
    assert phrases(block) == items


def test_choices_nest_and_unknown_slots_stay() -> None:
    class First:
        def choice(self, options: list[str]) -> str:
            return options[0]

    assert expand("[a [b|c]|d] , {when}", First()) == "A b, {when}"  # type: ignore[arg-type]
    assert fill("{when} and {where}", {"when": "now"}) == "Now and {where}"


# The client's YAML


def test_promises_are_the_facts_of_the_yaml(client: ClientConfig) -> None:
    changes = {start for versions in PROMISES.values() for start, _ in versions} - {date.min}
    for day in [TODAY, *changes, *(change - timedelta(days=1) for change in changes)]:
        facts = {fact.topic: fact.spoken_value() for fact in client.book.in_force(day) if fact.value}
        assert facts == {topic: promised(topic, day) for topic in PROMISES}, day


def test_mistakes_were_never_promised() -> None:
    for topic, versions in PROMISES.items():
        assert not set(NEVER_TRUE[topic]) & {value for _, value in versions}


def test_two_promises_changed_within_the_history(client: ClientConfig) -> None:
    first = set(client.book.sentences(date(2025, 5, 1)))
    assert len(first - set(client.book.sentences(TODAY))) == 2


def test_old_answers_are_brought_up_to_date_by_the_policy_book(demo: Demo, client: ClientConfig) -> None:
    assert len(demo.of(stale=True)) >= 60
    answers = demo.of(fate="pair", kind="answer")
    for row in [row for row in answers if row["stale"]][::2] + answers[::12]:
        right = rewrite(client.book, row["resolution_clean"], TODAY)
        assert (right.text, right.errors) == (row["resolution_clean"], ()), row["ticket_id"]
        comments = [comment.get("plain_body") or "" for comment in demo.ticket(row)["comments"]]
        if row["stale"] and all(comments):
            assert any(row["resolution_clean"] in rewrite(client.book, text, TODAY).text for text in comments)


def test_the_policy_book_finds_the_factual_errors(demo: Demo, client: ClientConfig) -> None:
    rows = demo.of(reason="factual_error")
    assert len(rows) >= 20
    for row in rows:
        said = "\n".join(
            comment.get("plain_body") or comment["html_body"] for comment in demo.ticket(row)["comments"]
        )
        assert rewrite(client.book, said, TODAY).errors, row["detail"]


def test_the_demo_client_shows_every_setting() -> None:
    shown = yaml.safe_load(YAML.read_text(encoding="utf-8"))
    assert list(_hidden(ClientConfig, shown)) == []


def _hidden(model: type[BaseModel], shown: Mapping[str, Any], place: str = "") -> list[str]:
    missing = [f"{place}{name}" for name in model.model_fields if name not in shown]
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel) and isinstance(shown.get(name), dict):
            missing += _hidden(inner, shown[name], f"{place}{name}.")
    return missing
