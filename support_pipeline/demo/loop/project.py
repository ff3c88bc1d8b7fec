"""The loop's own project: its folders, its client, its tickets, its clock; made anew each time."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.model.scoring import Case
from support_pipeline.stages.months import last_day

PROJECT = Path(__file__).parents[3]
CLIENT = "loop-outfitters"
HISTORY_MONTHS, TICKETS_A_MONTH = 5, 60
SMALL: dict[str, Any] = {
    "release": {"cadence": "monthly", "min_new_edits": 5, "window_months": HISTORY_MONTHS},
    "lora": {"epochs": 3, "max_tokens": 1024},
    "evaluation": {
        "test_size": 80,
        "policy_flips": 40,
        "max_answer_tokens": 100,
        "margins": {"fully_correct": 0.15, "wrong": 0.15},
    },
}
"""What the loop's client has otherwise than the demo's, so that four releases fit into minutes."""

Row = dict[str, Any]
"""A row of the generator's answer key."""


@dataclass(frozen=True)
class LoopProject:
    """A project in one folder, with one client."""

    root: Path

    @property
    def store(self) -> Store:
        """Its artifacts."""
        return Store(str(self.root / "store"))

    @property
    def registry(self) -> ClientRegistry:
        """Its one client's file."""
        return ClientRegistry(self.root / "clients")

    @property
    def config(self) -> ClientConfig:
        """Its one client."""
        return self.registry.load(CLIENT)

    @property
    def database(self) -> str:
        """The URL of its desk."""
        return f"sqlite:///{self.root / 'store' / 'decisions.db'}"

    @property
    def environment(self) -> dict[str, str]:
        """What its Dagster runs with."""
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.root / "home"),
            "SUPPORT_PIPELINE_STORE": str(self.root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(self.root / "clients"),
            "SUPPORT_PIPELINE_DECISIONS": self.database,
            "SUPPORT_PIPELINE_CLOCK": str(self.root / "clock"),
            "SUPPORT_PIPELINE_FIRST_RETRY_MINUTES": "0",
            "SUPPORT_PIPELINE_SENSOR_SECONDS": "3",
        }

    def make(self, months: Sequence[str]) -> list[Row]:
        """The folders, the client and the tickets of all months; the answer key."""
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("clients", "home", "store", "export"):
            (self.root / name).mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.yaml", self.root / "home" / "dagster.yaml")
        demo = yaml.safe_load((PROJECT / "clients" / "demo-outfitters.yaml").read_text(encoding="utf-8"))
        source = {"vendor": "zendesk", "path": "export/zendesk.ndjson"}
        config = {**demo, **SMALL, "id": CLIENT, "sources": [source]}
        path = self.root / "clients" / f"{CLIENT}.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        tickets = TICKETS_A_MONTH * len(months)
        made = write_demo_export(
            self.root / "all", tickets=tickets, last_month=months[-1], months=len(months)
        )
        return [json.loads(line) for line in made.gold.read_text(encoding="utf-8").splitlines()]

    def export_through(self, month: str, key: Sequence[Row]) -> None:
        """The helpdesk's export as it is at the end of a month."""
        lines = (self.root / "all" / "zendesk.ndjson").read_bytes().split(b"\n")
        known = [line for line, row in zip(lines, key, strict=True) if str(row.get("month") or "") <= month]
        _replace(self.root / "export" / "zendesk.ndjson", b"\n".join(known) + b"\n")

    def set_clock(self, after_month: str) -> None:
        """The third day of the month after: the time of ingestion has passed."""
        at = datetime.combine(last_day(after_month) + timedelta(days=3), time(12), UTC)
        _replace(self.root / "clock", at.isoformat().encode())


def case_of(config: ClientConfig, row: Row) -> Case | None:
    """A row of the answer key as a customer asks it and a person answers it; None when it is no pair."""
    text = row.get("customer_clean")
    if row.get("fate") != "pair" or not text:
        return None
    handed_over = f"[Escalated to: {config.escalation.team(str(row['reason']))}]"
    answers = {"escalate": handed_over, "cannot_know": config.filters.cannot_know_answer}
    human = answers.get(row["kind"]) or row.get("resolution_clean")
    if not human:
        return None
    ticket, intent = str(row["ticket_id"]), str(row.get("intent") or "unknown")
    return Case(ticket, ticket, str(row["kind"]), intent, str(text), str(human))


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_bytes(content)
    partial.replace(path)
