"""Plays three months: serve, agents edit, the sensor fires, release, gate, deploy.

Router and engine, sensors and daemon, training and gate are the real ones. Only the agents are simulated
(those of `support-pipeline simulate`), and time: the clock that the sensors read is set to the third day of the
next month once a month's tickets are answered, and a month's decisions are dated into it. A release that the
gate refuses is an outcome like another: the model before it goes on answering.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from rich.panel import Panel
from rich.table import Table

from support_pipeline.cli.output import EXIT_RUN_FAILED, EXIT_WRONG_INPUT, console
from support_pipeline.cli.simulating import simulate
from support_pipeline.demo.loop.project import (
    CLIENT,
    HISTORY_MONTHS,
    SMALL,
    TICKETS_A_MONTH,
    LoopProject,
    Row,
    case_of,
)
from support_pipeline.demo.loop.watch import Outcome, until_decided
from support_pipeline.demo.services import Services
from support_pipeline.errors import ArtifactError, SupportPipelineError
from support_pipeline.model.verdict import lower_bound, upper_bound
from support_pipeline.serving.decisions import Database
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.schema import DECISION
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.serving.desk.answering import LiveAnswers
from support_pipeline.serving.live import LiveModels
from support_pipeline.stages.months import last_complete_month, window

MONTHS = 3
_JUDGED = SMALL["evaluation"]
NOTICE = f"""\
Tickets, agents and the passing of time are simulated; the base model is
tiny. Router, engine, sensors, daemon, training and gate are the real ones.
So that it ends in minutes: {TICKETS_A_MONTH} tickets a month, a window of
{HISTORY_MONTHS} months, {SMALL["lora"]["epochs"]} epochs, {_JUDGED["test_size"]} held-out tickets, {_JUDGED["policy_flips"]} questions under
other policies; and a gate with margins of {_JUDGED["margins"]["fully_correct"]:.0%} instead of 5 %, since so
few tickets cannot prove less."""


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


def main() -> int:
    """Plays the loop; exit code 0 when every release was decided, whichever way."""
    console.print(Panel(NOTICE, title="support_pipeline loop", border_style="yellow"))
    started = time.monotonic()
    project = LoopProject(Path(os.environ.get("SUPPORT_PIPELINE_LOOP", ".loop")).resolve())
    try:
        served, outcomes = _played(project)
    except SupportPipelineError as error:
        console.print("[bold red]Error[/] ", end="")
        console.print(str(error), markup=False)
        return EXIT_WRONG_INPUT
    except TimeoutError as error:
        console.print(f"[bold red]Failed[/] {error}")
        return EXIT_RUN_FAILED
    console.print(_releases(outcomes))
    console.print(_edit_rates(served))
    console.print(
        f"done in {time.monotonic() - started:.0f} s. To look at its runs: DAGSTER_HOME={project.root / 'home'} "
        f"SUPPORT_PIPELINE_STORE={project.root / 'store'} SUPPORT_PIPELINE_CLIENTS={project.root / 'clients'} "
        "SUPPORT_PIPELINE_AUTOMATION=off make dev"
    )
    return 0


def _played(project: LoopProject) -> tuple[list[Served], list[Outcome]]:
    months = window(last_complete_month(), HISTORY_MONTHS + MONTHS)
    before, played = months[-MONTHS - 1], months[-MONTHS:]
    key, served = project.make(months), list[Served]()
    project.export_through(before, key)
    project.set_clock(before)
    with Services(project.environment, project.root / "services.log") as services:
        _say(f"daemon and web server are up (http://127.0.0.1:{services.port}); the sensors find {CLIENT}")
        outcomes = [until_decided(project.store, services, before, _say)]
        for month in played:
            served.append(_serve(project, key, month))
            project.export_through(month, key)
            project.set_clock(month)
            _say(f"{month} is over: the sensors ingest it and start its release")
            outcomes.append(until_decided(project.store, services, month, _say))
    return served, outcomes


def _serve(project: LoopProject, key: Sequence[Row], month: str) -> Served:
    """Answers a month's tickets with the live model, and lets the agents decide."""
    started, config, deployments = time.monotonic(), project.config, read_deployments(project.store, CLIENT)
    if deployments is None:
        raise ArtifactError(f"client '{CLIENT}' has no live model, so nobody can answer {month}")
    found = [case_of(config, row) for row in key if row.get("month") == month]
    database, began = Database(project.database, pooled=True), now_stamp()
    database.migrate()
    try:
        with LiveModels(project.store, project.registry) as models:
            played = [case for case in found if case is not None]
            done = simulate(database, config, LiveAnswers(models), played, lambda _: None)
        _date_back(database, began, month)
    finally:
        database.close()
    served = Served(
        month, deployments.live.version, done.tickets, done.tickets - done.actions.get("approved", 0)
    )
    _say(
        f"{month}: {served.tickets} tickets answered by {served.model}, {served.corrected} corrected "
        f"({time.monotonic() - started:.0f} s)"
    )
    return served


def _date_back(database: Database, since: str, month: str) -> None:
    """Dates the decisions since a moment into a month: the agents made them in simulated time."""
    dated = sa.literal(f"{month}-15") + sa.func.substr(DECISION.c.decided_at, 11)
    with database.writing() as connection:
        connection.execute(DECISION.update().where(DECISION.c.decided_at >= since).values(decided_at=dated))


def _say(line: str) -> None:
    console.print(line, markup=False)


def _releases(outcomes: Sequence[Outcome]) -> Table:
    table = Table("release", "gate", "targets", "seconds", "why", title="releases that the sensors started")
    for made in outcomes:
        why = made.reason.split("; targets ")[0]  # the whole reason is in the lines above
        table.add_row(made.as_of, made.result, made.verdict, f"{made.seconds:.0f}", why)
    return table


def _edit_rates(served: Sequence[Served]) -> Table:
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
            month.model.removeprefix(f"{CLIENT}:"),
            str(month.tickets),
            str(month.corrected),
            f"{rate:.0%}",
            f"{low:.0%} .. {high:.0%}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
