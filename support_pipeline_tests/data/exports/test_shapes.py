"""The same conversations in the four vendors' shapes are the same tickets."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from support_pipeline.clients import ClientConfig
from support_pipeline.data.ingest import ingest
from support_pipeline.data.tickets import Ticket, ticket_from_row
from support_pipeline_tests.data.shapes import SHAPES, conversations, freshdesk_xml

SHARED = Path(__file__).parents[4] / "shared" / "exports"
MONTHS = [f"{2025 + n // 12}-{n % 12 + 1:02}" for n in range(24)]
SAME = [
    *("ticket_id", "created_at", "updated_at", "resolved_at", "status", "channel", "subject", "satisfaction"),
    *("resolution", "customer_id", "thread_id", "customer_names", "agent_names", "messages"),
]


def tickets(root: Path, vendor: str, path: str, out: Path) -> list[Ticket]:
    source = {"vendor": vendor, "path": path}
    config = ClientConfig.model_validate({"id": "acme", "brand": "Acme", "sources": [source]})
    result = ingest(config, root, MONTHS, out)
    assert result.total.exact and result.elsewhere.lines_in == 0
    frames = [pl.read_parquet(out / month / "tickets.parquet") for month in MONTHS]
    return [ticket_from_row(row) for row in pl.concat(frames).sort("ticket_id").iter_rows(named=True)]


def test_generated_conversations_are_the_same_tickets(tmp_path: Path) -> None:
    found = {}
    for vendor, shape in SHAPES.items():
        lines = "".join(json.dumps(shape(one)) + "\n" for one in conversations(60))
        (tmp_path / f"{vendor}.ndjson").write_text(lines, encoding="utf-8")
        found[vendor] = tickets(tmp_path, vendor, f"{vendor}.ndjson", tmp_path / "out" / vendor)
    rows = {
        vendor: [[getattr(one, name) for name in SAME] for one in given] for vendor, given in found.items()
    }
    assert len(rows["zendesk"]) == 60
    assert rows["gorgias"] == rows["freshdesk"] == rows["intercom"] == rows["zendesk"]


def test_the_xml_account_export_gives_the_same_tickets_too(tmp_path: Path) -> None:
    talks = conversations(20)
    lines = "".join(json.dumps(SHAPES["freshdesk"](one)) + "\n" for one in talks)
    (tmp_path / "api.ndjson").write_text(lines, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "account.zip", "w") as archive:
        archive.writestr("Tickets0.xml", freshdesk_xml(talks[:12]))
        archive.writestr("Tickets1.xml", freshdesk_xml(talks[12:]))
    by_api = tickets(tmp_path, "freshdesk", "api.ndjson", tmp_path / "api")
    by_xml = tickets(tmp_path, "freshdesk", "account.zip", tmp_path / "xml")
    assert [[getattr(one, name) for name in SAME] for one in by_xml] == [
        [getattr(one, name) for name in SAME] for one in by_api
    ]


CSV = {
    "zendesk": "Id,Subject,Status,Requester,Tags,Created at,Updated at,Solved at,Reopens",
    "freshdesk": "Ticket Id,Subject,Status,Full name,Tags,Created time,Last update time,Resolved time,Priority",
    "gorgias": "Ticket ID,Subject,Status,Customer name,Tags,Created datetime,Updated datetime,Closed datetime,Priority",
    "intercom": "Conversation ID,Title,State,Teammate,Tags,Created at,Updated at,Last closed at,Priority",
}


@pytest.mark.parametrize("vendor", CSV)
def test_a_csv_without_bodies_gives_tickets_without_messages(tmp_path: Path, vendor: str) -> None:
    row = '7,"Order, late",closed,Ada Lind,"VIP,refund",2026-05-04 10:00:00,2026-05-05 12:00:00,2026-05-05 11:00:00,0'
    (tmp_path / "view.csv").write_text(f"{CSV[vendor]}\n{row}\n", encoding="utf-8")
    [one] = tickets(tmp_path, vendor, "view.csv", tmp_path / "out")
    assert (one.ticket_id, one.subject, one.status, one.messages) == ("7", "Order, late", "closed", ())
    assert one.resolved_at == datetime(2026, 5, 5, 11, tzinfo=UTC)
    assert one.tags == ("refund", "vip")


def flat(text: str) -> str:
    return " ".join(text.split())


def said(ticket: Ticket, cut_quotes: bool) -> list[tuple[str, str]]:
    """Public messages; quotes cut where one vendor's plain field comes without them."""
    texts = [
        (m.role, m.text.split("\n\nOn Mon, ")[0] if cut_quotes else m.text)
        for m in ticket.messages
        if m.public
    ]
    return [(role, flat(text)) for role, text in texts]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the bigger exports are not part of the repository")
@pytest.mark.parametrize("brand", ["brightcart", "realcare", "northpeak"])
def test_bigger_exports_are_the_same_tickets(tmp_path: Path, brand: str) -> None:
    found = {}
    for vendor in SHAPES:
        path = f"{brand}/zendesk.ndjson" if vendor == "zendesk" else f"{brand}/{vendor}"
        found[vendor] = {one.ticket_id: one for one in tickets(SHARED, vendor, path, tmp_path / vendor)}
    gold = [
        json.loads(line) for line in (SHARED / brand / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    notes = {flat(m["note"]) for one in gold for m in one["messages"] if not m["public"]}
    for one in gold:
        shapes = {vendor: given[str(one["ticket_id"])] for vendor, given in found.items()}
        assert {ticket.resolved_at for ticket in shapes.values()} == {shapes["zendesk"].resolved_at}
        for ticket in shapes.values():
            assert not any(note in text for _, text in said(ticket, False) for note in notes)
        if str(one["ticket_id"]) not in _faulty(brand):
            told = {vendor: said(ticket, True) for vendor, ticket in shapes.items()}
            assert told["gorgias"] == told["freshdesk"] == told["intercom"] == told["zendesk"]


def _faulty(brand: str) -> set[str]:
    """Tickets with a fault that was injected into one shape only: no source, no comments, other texts."""
    return {"4", "6", "12", "15"} if brand == "northpeak" else set()


def test_a_vendor_with_the_shape_of_another_is_quarantined_not_fatal(tmp_path: Path) -> None:
    lines = "".join(json.dumps(SHAPES["intercom"](one)) + "\n" for one in conversations(3))
    (tmp_path / "a.ndjson").write_text(lines, encoding="utf-8")
    assert tickets(tmp_path, "gorgias", "a.ndjson", tmp_path / "out") == []
    kept = [tmp_path / "out" / month / "quarantine.jsonl" for month in MONTHS]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in kept) == 3
