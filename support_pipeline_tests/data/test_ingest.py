import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_pipeline.clients import ClientConfig
from support_pipeline.data import ingest as stage
from support_pipeline.data.ingest import (
    DUPLICATES,
    QUARANTINE,
    TICKETS,
    Counts,
    IngestResult,
    ingest,
    source_digest,
)
from support_pipeline.data.tickets import TICKET_SCHEMA
from support_pipeline.errors import ExportError
from support_pipeline_tests.data.shapes import SHAPES, conversations

MONTHS = ("2026-01", "2026-02", "2026-03")


def config(path: str = "export", vendor: str = "zendesk") -> ClientConfig:
    return ClientConfig.model_validate(
        {"id": "acme", "brand": "Acme", "sources": [{"vendor": vendor, "path": path}]}
    )


def ticket(number: int | str, day: str, **changes: Any) -> str:
    """A line of a solved ticket; it was solved and touched on `day`."""
    stamp = f"{day}T10:00:00Z"
    row = {
        "id": number,
        "status": "solved",
        "created_at": stamp,
        "updated_at": stamp,
        "description": f"text {number}",
    }
    return json.dumps({**row, "metric_set": {"solved_at": stamp}, **changes})


def write(root: Path, lines: Iterable[str], name: str = "export/a.ndjson") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows(out: Path, month: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / month / name).read_text(encoding="utf-8").splitlines()]


def kept(out: Path, month: str) -> pl.DataFrame:
    return pl.read_parquet(out / month / TICKETS)


def test_each_month_gets_its_tickets_in_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        [ticket(2, "2026-02-20"), ticket(1, "2026-01-05"), ticket(3, "2026-02-03"), ticket(9, "2025-12-31")],
    )
    result = ingest(config(), tmp_path, MONTHS, tmp_path / "out")
    assert kept(tmp_path / "out", "2026-02")["ticket_id"].to_list() == ["3", "2"]
    assert (
        kept(tmp_path / "out", "2026-01").schema == TICKET_SCHEMA == kept(tmp_path / "out", "2026-03").schema
    )
    assert result.months["2026-02"] == Counts(2, 2, 0, 2, 0)
    assert result.elsewhere == Counts(1, 1, 0, 1, 0)
    assert result.total.lines_in == 4
    assert not list((tmp_path / "out").glob(".parts*"))


def test_the_newest_row_of_a_ticket_wins_and_the_later_one_on_a_tie(tmp_path: Path) -> None:
    lines = [
        ticket(1, "2026-02-01", description="newest", updated_at="2026-02-09T00:00:00Z"),
        ticket(1, "2026-01-07", description="older"),
        ticket("1", "2026-01-07", description="older, id as text"),
        ticket(2, "2026-01-01", description="first"),
        ticket(2, "2026-01-01", description="same time, later"),
    ]
    write(tmp_path, lines)
    result = ingest(config(), tmp_path, MONTHS, tmp_path / "out")
    texts = [
        kept(tmp_path / "out", month)["messages"].list.first().struct.field("text").to_list()
        for month in MONTHS
    ]
    assert texts == [["same time, later"], ["newest"], []]
    assert result.months["2026-01"] == Counts(2, 2, 0, 1, 1)
    assert result.months["2026-02"] == Counts(3, 3, 0, 1, 2)  # losers count where the winner stands
    assert rows(tmp_path / "out", "2026-02", DUPLICATES)[0] == {
        "file": "export/a.ndjson",
        "line": 2,
        "ticket_id": "1",
        "kept": {"file": "export/a.ndjson", "line": 1},
        "why": "older updated_at",
    }
    assert [row["why"] for row in rows(tmp_path / "out", "2026-01", DUPLICATES)] == [
        "same updated_at, earlier place"
    ]


def test_the_same_id_at_two_vendors_is_two_tickets(tmp_path: Path) -> None:
    one = conversations(1)[0]
    for vendor in ("zendesk", "gorgias"):
        write(tmp_path, [json.dumps(SHAPES[vendor](one))], f"{vendor}.ndjson")
    sources = [{"vendor": vendor, "path": f"{vendor}.ndjson"} for vendor in ("zendesk", "gorgias", "zendesk")]
    both = ClientConfig.model_validate({"id": "acme", "brand": "Acme", "sources": sources})
    result = ingest(both, tmp_path, MONTHS, tmp_path / "out")
    assert result.total == Counts(2, 2, 0, 2, 0)  # a file that is named twice is read once


def test_a_quarantined_line_belongs_to_the_month_before_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        ["{first", ticket(1, "2026-01-02"), "{second", ticket(2, "2026-02-02"), '{"id": 3}', "{last"],
    )
    write(tmp_path, ["rubbish"], "export/b.ndjson")
    result = ingest(config(), tmp_path, MONTHS, tmp_path / "out")
    where = {
        month: [(row["file"], row["line"]) for row in rows(tmp_path / "out", month, QUARANTINE)]
        for month in MONTHS
    }
    assert where == {
        "2026-01": [("export/a.ndjson", 1), ("export/a.ndjson", 3)],
        "2026-02": [("export/a.ndjson", 5), ("export/a.ndjson", 6)],
        "2026-03": [("export/b.ndjson", 1)],  # nothing in the file can be read: the newest month
    }
    assert rows(tmp_path / "out", "2026-02", QUARANTINE)[0] == {
        "file": "export/a.ndjson",
        "line": 5,
        "reason": "neither created_at nor updated_at is a time",
        "raw": '{"id": 3}',
    }
    assert all(counts.exact for counts in result.months.values())
    assert result.total == Counts(7, 2, 5, 2, 0)


def test_an_open_ticket_stands_in_the_month_it_was_touched(tmp_path: Path) -> None:
    write(tmp_path, [ticket(1, "2026-01-02", status="open", updated_at="2026-03-01T00:00:00Z")])
    ingest(config(), tmp_path, MONTHS, tmp_path / "out")
    assert kept(tmp_path / "out", "2026-03")["resolved_at"].to_list() == [None]


def content(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
    }


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A few hundred tickets with repeats and broken lines, in two files, one of them packed."""
    lines = [json.dumps(SHAPES["zendesk"](one)) for one in conversations(300)]
    lines[40:40] = lines[20:30]
    lines[100] = lines[100][:50]
    write(tmp_path, lines[:200], "export/page-2.ndjson")
    (tmp_path / "export" / "page-10.ndjson.gz").write_bytes(gzip.compress("\n".join(lines[190:]).encode()))
    return tmp_path


def test_same_input_same_bytes_whatever_the_number_of_processes(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest(config(), export, MONTHS, export / "one", workers=1)
    assert ingest(config(), export, MONTHS, export / "two", workers=2) == first
    assert content(export / "two") == content(export / "one")
    monkeypatch.setattr(stage, "PART_ROWS", 7)
    assert ingest(config(), export, MONTHS, export / "one", workers=1) == first
    assert content(export / "one") == content(export / "two")
    assert first.total.duplicates == 20 and first.total.quarantined == 1 and first.total.unique == 299


def test_months_apart_are_the_same_as_months_together(export: Path) -> None:
    together = ingest(config(), export, MONTHS, export / "all")
    for month in MONTHS:
        alone = ingest(config(), export, [month], export / "apart")
        assert alone.months[month] == together.months[month]
        assert alone.total == together.total
    assert content(export / "apart") == content(export / "all")


def test_a_month_too_big_for_memory_is_written_in_slices(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(config(), export, MONTHS, export / "whole")
    monkeypatch.setattr(stage, "MONTH_BYTES", 4_000)
    ingest(config(), export, MONTHS, export / "sliced")
    for month in MONTHS:
        assert kept(export / "sliced", month).equals(kept(export / "whole", month))


def test_progress_speaks(export: Path) -> None:
    said: list[str] = []
    ingest(config(), export, MONTHS, export / "out", said.append)
    assert any("100% of the export" in line for line in said)
    assert said[-1].startswith("2026-03: ")


def test_the_fingerprint_follows_the_content(export: Path) -> None:
    before = source_digest(config(), export)
    assert source_digest(config(), export) == before
    write(export, [ticket(1, "2026-01-01")], "export/page-11.ndjson")
    assert source_digest(config(), export) != before


def test_a_missing_source_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="correct the source's path"):
        ingest(config("nowhere"), tmp_path, MONTHS, tmp_path / "out")


LINE = st.one_of(
    st.builds(
        ticket,
        st.integers(1, 5),
        st.sampled_from(["2025-12-30", "2026-01-03", "2026-02-04", "2026-03-05", "2026-04-01"]),
    ),
    st.sampled_from(["{broken", '"text"', '{"id": 1}', "", "   "]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.lists(LINE, max_size=8), min_size=1, max_size=3),
    months=st.sets(st.sampled_from(MONTHS), min_size=1),
)
def test_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], months: set[str]
) -> None:
    root = tmp_path_factory.mktemp("exact")
    for number, lines in enumerate(files):
        write(root, lines, f"export/{number}.ndjson")
    result = ingest(config(), root, months, root / "out")
    assert result.total.lines_in == sum(bool(line.strip()) for lines in files for line in lines)
    for month, counts in [*result.months.items(), ("", result.elsewhere)]:
        assert counts.exact
        if month:
            assert len(rows(root / "out", month, QUARANTINE)) == counts.quarantined
            assert len(rows(root / "out", month, DUPLICATES)) == counts.duplicates
            assert (
                kept(root / "out", month).height
                == counts.unique
                == kept(root / "out", month)["ticket_id"].n_unique()
            )


KILLED = """
import sys
from pathlib import Path
from support_pipeline_tests.data.test_ingest import config, MONTHS, ingest
if __name__ == "__main__":
    ingest(config(), Path(sys.argv[1]), MONTHS, Path(sys.argv[2]), workers=2)
"""


def test_killed_and_run_again_is_as_if_undisturbed(export: Path, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(KILLED, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(export), str(export / "out")],
        env=environ,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not list(export.glob("out/.parts-*/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ingest(config(), export, MONTHS, export / "out")
    ingest(config(), export, MONTHS, export / "undisturbed")
    assert content(export / "out") == content(export / "undisturbed")


def test_result_totals_add_up() -> None:
    result = IngestResult({"2026-01": Counts(3, 2, 1, 1, 1)}, Counts(1, 1, 0, 1, 0), 1)
    assert result.total == Counts(4, 3, 1, 2, 1)
    assert not Counts(2, 1, 0, 1, 0).exact
    assert datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m") in result.months
