"""Words among colleagues, by every signal of every vendor, reach no artifact after the raw tickets."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support_pipeline.data.ingest import ingest
from support_pipeline.data.pairs import build_pairs
from support_pipeline_tests.data.examples import config
from support_pipeline_tests.data.shapes import SHAPES, conversations

TODAY = date(2026, 9, 1)
SECRET = "quokka ledger {} whispers under the teal bridge"
SIGNALS: dict[str, tuple[dict[str, Any], ...]] = {
    "zendesk": (
        {"public": False},
        {"public": "false"},
        {"public": None},
        {"public": True, "via": {"channel": "side_conversation"}},
        {"public": True, "via": {"channel": "web", "source": {"rel": "side_conversation"}}},
        {"public": 0, "via": {"channel": "mobile"}},
    ),
    "gorgias": (
        {"public": False},
        {"public": "False"},
        {"channel": "internal-note"},
        {"channel": "Internal_Note", "public": True},
        {"via": "internal-note"},
        {"source": {"type": "internal-note"}},
        {"failed_datetime": "2026-01-05T12:00:00"},
    ),
    "freshdesk": (
        {"private": True},
        {"private": "true", "incoming": True},
        {"private": 1.0},
        {"private": None, "source": 2},
        {"private": False, "source": 8},
    ),
    "intercom": (
        {"part_type": "note"},
        {"part_type": "note_and_reopen"},
        {"part_type": "Note", "author": {"type": "user", "id": "1"}},
        {"part_type": "assignment"},
        {"part_type": "assign_and_reopen"},
        {"part_type": "away_mode_assignment"},
        {"part_type": "close"},
        {"part_type": None},
    ),
}
PLACE = {"zendesk": "comments", "gorgias": "messages", "freshdesk": "conversations"}
BODIES = ("body", "plain_body", "html_body", "body_text", "body_html", "stripped_text", "stripped_html")


@pytest.mark.parametrize("vendor", SIGNALS)
def test_no_word_among_colleagues_is_in_a_later_artifact(vendor: str, tmp_path: Path) -> None:
    signals = SIGNALS[vendor]
    records = []
    for number, one in enumerate(conversations(12 * len(signals))):
        record = SHAPES[vendor](one)
        rows = (
            record[PLACE[vendor]] if vendor in PLACE else record["conversation_parts"]["conversation_parts"]
        )
        spoken = rows[1] if vendor in ("zendesk", "gorgias") else rows[0]  # an agent's public reply
        words = SECRET.format(number)
        aside = spoken | {name: words for name in BODIES if name in spoken} | signals[number % len(signals)]
        rows.insert(len(rows) - 1, aside)
        records.append(record)
    (tmp_path / "export.ndjson").write_text(
        "\n".join(map(json.dumps, records)).replace("Where is my order", "How long do parcels take? Mine is"),
        encoding="utf-8",
    )
    client = config(sources=[{"vendor": vendor, "path": "export.ndjson"}])
    months = ["2026-01", "2026-02", "2026-03"]
    ingest(client, tmp_path, months, tmp_path / "raw", lambda line: None)
    for month in months:
        build_pairs(
            client,
            tmp_path / "raw" / month / "tickets.parquet",
            None,
            tmp_path / "pairs" / month,
            today=TODAY,
        )
    later = sorted((tmp_path / "pairs").rglob("*.parquet"))
    text = "\n".join(json.dumps(pl.read_parquet(path).to_dicts(), default=str) for path in later)
    assert "it left us" in text  # the artifacts hold the replies
    grams = {" ".join(part) for part in zip(*(SECRET.split()[n:] for n in range(2)), strict=False)}
    assert not [gram for gram in [*grams, "quokka", "ledger"] if gram in text and "{" not in gram]
