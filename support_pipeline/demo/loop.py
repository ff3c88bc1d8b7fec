"""`make loop`: three months of the whole loop by itself, and the share of drafts that agents corrected in each.

Serve, agents edit, the sensor fires, release, gate, deploy: with the real router and engine, the real sensors,
a real daemon. Only the agents are simulated, and time: the clock that the sensors read is set to the third day
of the next month once a month's tickets are answered.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.panel import Panel
from rich.table import Table

from support_pipeline.artifacts import Store
from support_pipeline.cli.output import EXIT_RUN_FAILED, EXIT_WRONG_INPUT, console
from support_pipeline.clients import ClientConfig, load_client
from support_pipeline.demo.agents import Asked, asked_of, play
from support_pipeline.demo.services import Services
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.errors import ArtifactError, SupportPipelineError
from support_pipeline.model.base import load_format
from support_pipeline.model.verdict import lower_bound, upper_bound
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.serving.deployment import Deployment, read_deployments
from support_pipeline.serving.engine import LlamaCppEngine
from support_pipeline.serving.router import Asking, RouterAnswer, answer
from support_pipeline.stages.months import last_complete_month, last_day, window
from support_pipeline.stages.standing import refused_release

PROJECT = Path(__file__).parents[2]
CLIENT = "loop-outfitters"
MONTHS, HISTORY_MONTHS = 3, 5
TICKETS_A_MONTH, SERVED_A_MONTH = 45, 30
PATIENCE_SECONDS = 900
SMALL: dict[str, Any] = {
    "release": {"cadence": "monthly", "min_new_edits": 5, "window_months": HISTORY_MONTHS},
    "lora": {
        "rank": 16,
        "alpha": 32,
        "learning_rate": 0.004,
        "epochs": 2,
        "batch_size": 8,
        "max_tokens": 1024,
    },
    "evaluation": {"test_size": 20, "max_pairs": 400, "max_answer_tokens": 100},
}
NOTICE = """\
Tickets, agents and the passing of time are simulated, and the base model is tiny.
Router, engine, sensors, daemon, training and gate are the real ones."""


@dataclass(frozen=True)
class Served:
    """A month of answered tickets: the model that answered, and how many drafts were corrected."""

    month: str
    model: str
    tickets: int
    corrected: int

    @property
    def bounds(self) -> tuple[float, float]:
        """The exact two-sided 90 % interval of the edit rate (5 % at each end)."""
        return lower_bound(self.corrected, self.tickets), upper_bound(self.corrected, self.tickets)


@dataclass(frozen=True)
class Loop:
    """The loop's own project: everything is in one folder, made anew each time."""

    root: Path

    @property
    def store(self) -> Store:
        """Its artifacts."""
        return Store(str(self.root / "store"))

    @property
    def config(self) -> ClientConfig:
        """Its one client."""
        return load_client(self.root / "clients" / f"{CLIENT}.yaml")

    @property
    def environment(self) -> dict[str, str]:
        """What its Dagster runs with."""
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.root / "home"),
            "SUPPORT_PIPELINE_STORE": str(self.root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(self.root / "clients"),
            "SUPPORT_PIPELINE_DECISIONS": f"sqlite:///{self.root / 'store' / 'decisions.db'}",
            "SUPPORT_PIPELINE_CLOCK": str(self.root / "clock"),
            "SUPPORT_PIPELINE_FIRST_RETRY_MINUTES": "0",
            "SUPPORT_PIPELINE_SENSOR_SECONDS": "3",
        }

    def make(self, months: Sequence[str]) -> list[dict[str, Any]]:
        """The folders, the client and the tickets of all months; the rows of the answer key."""
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("clients", "home", "store"):
            (self.root / name).mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.yaml", self.root / "home" / "dagster.yaml")
        demo = yaml.safe_load((PROJECT / "clients" / "demo-outfitters.yaml").read_text(encoding="utf-8"))
        config = {
            **demo,
            **SMALL,
            "id": CLIENT,
            "sources": [{"vendor": "zendesk", "path": "export/zendesk.ndjson"}],
        }
        path = self.root / "clients" / f"{CLIENT}.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        made = write_demo_export(
            self.root / "all",
            tickets=TICKETS_A_MONTH * len(months),
            last_month=months[-1],
            months=len(months),
        )
        return [json.loads(line) for line in made.gold.read_text(encoding="utf-8").splitlines()]

    def export_through(self, month: str, key: Sequence[dict[str, Any]]) -> None:
        """The helpdesk's export as it is at the end of a month."""
        lines = (self.root / "all" / "zendesk.ndjson").read_bytes().split(b"\n")
        known = [line for line, row in zip(lines, key, strict=True) if str(row.get("month") or "") <= month]
        (self.root / "export").mkdir(exist_ok=True)
        partial = self.root / "export" / ".zendesk.ndjson"
        partial.write_bytes(b"\n".join(known) + b"\n")
        partial.replace(self.root / "export" / "zendesk.ndjson")

    def set_clock(self, after_month: str) -> None:
        """The third day of the month after: the time of ingestion has passed."""
        year, month = int(after_month[:4]) + int(after_month[5:]) // 12, int(after_month[5:]) % 12 + 1
        partial = self.root / ".clock"
        partial.write_text(datetime(year, month, 3, 12, tzinfo=UTC).isoformat(), encoding="utf-8")
        partial.replace(self.root / "clock")


def main() -> int:
    """Plays the loop; exit code 0 only if every release was decided."""
    console.print(Panel(NOTICE, title="support_pipeline loop", border_style="yellow"))
    started, loop = time.monotonic(), Loop(Path(os.environ.get("SUPPORT_PIPELINE_LOOP", ".loop")).resolve())
    months = window(last_complete_month(), HISTORY_MONTHS + MONTHS)
    before, played = months[-MONTHS - 1], months[-MONTHS:]
    try:
        key = loop.make(months)
        served = list(_played(loop, key, before, played))
    except SupportPipelineError as error:
        console.print("[bold red]Error[/] ", end="")
        console.print(str(error), markup=False)
        return EXIT_WRONG_INPUT
    except TimeoutError as error:
        console.print(f"[bold red]Failed[/] {error}")
        return EXIT_RUN_FAILED
    console.print(_table(served))
    console.print(
        f"done in {time.monotonic() - started:.0f} s. To look at its runs: DAGSTER_HOME={loop.root / 'home'} "
        f"SUPPORT_PIPELINE_STORE={loop.root / 'store'} SUPPORT_PIPELINE_CLIENTS={loop.root / 'clients'} "
        "SUPPORT_PIPELINE_AUTOMATION=off make dev"
    )
    return 0


def _played(loop: Loop, key: list[dict[str, Any]], before: str, played: Sequence[str]) -> Iterator[Served]:
    loop.export_through(before, key)
    loop.set_clock(before)
    with Services(loop.environment, loop.root / "services.log") as services:
        console.print(f"daemon and web server are up; the sensors find {CLIENT}")
        _until_decided(loop, services, before)
        for month in played:
            served = _serve(loop, key, month)
            console.print(
                f"{month}: {served.tickets} tickets answered by {served.model}, {served.corrected} corrected"
            )
            loop.export_through(month, key)
            loop.set_clock(month)
            _until_decided(loop, services, month)
            yield served


def _until_decided(loop: Loop, services: Services, as_of: str) -> None:
    """Returns when the sensor's release of that month is live or refused; nobody here starts it.

    Raises:
        TimeoutError: it is neither in time.
    """
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_SECONDS:
        services.revive()
        made = loop.store.release(CLIENT, as_of, "deployed_model").manifest()
        if made is not None:
            console.print(
                f"release {as_of}: live after {time.monotonic() - started:.0f} s ({made.info['decision']})"
            )
            return
        refused = refused_release(loop.store, CLIENT, as_of)
        if refused is not None:
            console.print(f"release {as_of}: refused by the gate: {refused.reason}")
            return
        time.sleep(1)
    raise TimeoutError(f"release {as_of} was not decided in {PATIENCE_SECONDS} s; see {services.log}")


def _serve(loop: Loop, key: list[dict[str, Any]], month: str) -> Served:
    """Answers a month's tickets with the live model, and lets the agents decide."""
    config = loop.config
    rows = [row for row in key if row.get("month") == month]
    found = [asked_of(config, row, _at(month, place, len(rows))) for place, row in enumerate(rows)]
    tickets = [asked for asked in found if asked is not None][:SERVED_A_MONTH]
    deployments = read_deployments(loop.store, CLIENT)
    if deployments is None:
        raise ArtifactError(f"client '{CLIENT}' has no live model, so nobody can answer {month}")
    log = DecisionLog(loop.environment["SUPPORT_PIPELINE_DECISIONS"])
    with _router(loop, config, deployments.live, month) as ask:
        total, corrected = play(config, tickets, ask, deployments.live.version, last_day(month), log.record)
    return Served(month, deployments.live.version, total, corrected)


@contextmanager
def _router(loop: Loop, config: ClientConfig, live: Deployment, month: str) -> Iterator[Any]:
    model = loop.store.release(CLIENT, live.as_of, "gguf_artifact")
    chat = load_format(loop.store.release(CLIENT, live.as_of, "lora_adapter").local())
    with (
        tempfile.TemporaryDirectory() as scratch,
        LlamaCppEngine(
            model.local() / live.gguf,
            log=Path(scratch) / "engine.log",
            context_tokens=config.serving.context_tokens,
        ) as engine,
    ):

        def ask(asked: Asked) -> RouterAnswer:
            return answer(
                Asking(config, chat, engine, live.version, last_day(month)),
                asked.text,
                ticket_id=asked.ticket_id,
            )

        yield ask


def _at(month: str, place: int, of: int) -> datetime:
    """Times spread over a month."""
    day = 1 + place * 27 // max(of, 1)
    return datetime(int(month[:4]), int(month[5:]), day, 9, place % 60, tzinfo=UTC)


def _table(served: Sequence[Served]) -> Table:
    table = Table(
        "month",
        "answered by",
        "tickets",
        "corrected",
        "edit rate",
        "90 % interval",
        title="edit rate by month",
    )
    for month in served:
        low, high = month.bounds
        rate = month.corrected / max(month.tickets, 1)
        table.add_row(
            month.month,
            month.model,
            str(month.tickets),
            str(month.corrected),
            f"{rate:.0%}",
            f"{low:.0%} .. {high:.0%}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
