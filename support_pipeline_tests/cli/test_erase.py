"""A customer erased from a project that went through everything: nothing of them is left, and the receipt names all."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from support_pipeline.artifacts import Store
from support_pipeline.serving.decisions import Decision, DecisionLog
from support_pipeline.serving.decisions.intake import Arrival, take_in
from support_pipeline_tests.conftest import AS_OF, Project, make_project


def customer_of(project: Project) -> tuple[str, list[str], list[str]]:
    """A customer whose words were trained on: the id, the tickets, some of the words."""
    store = Store(str(project.store))
    index = pl.read_parquet(store.release("small", AS_OF, "jsonl_splits").local() / "index.parquet")
    texts = index.filter((pl.col("split") == "train") & (pl.col("customer_text").str.len_chars() > 60))
    row = texts.row(0, named=True)
    months = store.months("small")
    tickets = pl.concat(
        [
            pl.read_parquet(store.history("small", month, "raw_tickets").local() / "tickets.parquet")
            for month in months
        ]
    ).filter(pl.col("customer_id") == row["customer_id"])
    return (
        row["customer_id"],
        tickets["ticket_id"].to_list(),
        [max(row["customer_text"].splitlines(), key=len)],
    )


def everything(root: Path) -> bytes:
    """What the store and Dagster keep, Parquet as text."""
    found = []
    for path in root.rglob("*"):
        if path.suffix == ".parquet":
            found.append(
                json.dumps(pl.read_parquet(path).to_dicts(), default=str, ensure_ascii=False).encode()
            )
        elif path.is_file():
            found.append(path.read_bytes())
    return b"\n".join(found)


@pytest.mark.slow
def test_a_customer_is_erased_from_tickets_to_weights(finished: Project, tmp_path: Path) -> None:
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.root, project.root)
    customer, tickets, words = customer_of(project)
    log = DecisionLog(f"sqlite:///{project.store / 'decisions.db'}")
    at = datetime(2026, 9, 5, tzinfo=UTC)
    log.record(
        Decision(
            "d1",
            tickets[0],
            "small",
            at,
            customer,
            "my own words",
            "a",
            "final words",
            "edited",
            "",
            "ann",
            "m",
        )
    )
    arrival = Arrival(
        "small",
        "zendesk",
        "d2",
        "i2",
        text="words at the desk",
        customer_id=customer,
        content={"a": "raw words"},
    )
    with log.database.writing() as connection:
        take_in(connection, arrival)
    before = json.loads(project.run("status", "small", "--json").stdout)
    assert words[0].encode() in everything(project.store)
    done = project.run("erase", "small", customer, "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["complete"] and receipt["tickets"] == len(tickets) + 1
    assert receipt["releases"] == {AS_OF: "made again, live"}
    assert receipt["decisions"] == {"decision": 1, "job": 1, "delivery": 1, "ticket": 1}
    assert customer not in json.dumps(receipt)
    assert Path(receipt["path"]).exists()
    left = everything(project.store)
    for word in (*words, "my own words", "final words", "words at the desk", "raw words"):
        assert word.encode() not in left, word
    after = json.loads(project.run("status", "small", "--json").stdout)
    assert after["live"] != before["live"]
    counts = after["stages"]["raw_tickets"]["counts"]
    assert counts["erased"] == len(tickets)
    assert counts["lines_in"] == sum(
        counts[name] for name in ("unique", "duplicates", "quarantined", "erased")
    )
    with sqlite3.connect(project.root / "home" / "history" / "runs" / "index.db") as base:
        events = " ".join(row[0] for row in base.execute("select event from event_logs"))
    assert words[0] not in events
    # The helpdesk's export still holds the tickets; reading it again does not bring them back.
    assert project.run("run", "small", "--as-of", AS_OF, "--through", "filtered_pairs").returncode == 0
    assert words[0].encode() not in everything(project.store / "history")


def test_somebody_unknown_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, tickets=30)
    done = project.run("erase", "small", "nobody")
    assert done.returncode == 2
    assert "nothing is kept of this customer" in done.stderr
