"""`support-pipeline report`, `plan` and `promote`: what an evaluation found, what it would take, who decides otherwise."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from support_pipeline.artifacts import Folder, Store
from support_pipeline.clients import ClientRegistry, Targets
from support_pipeline.errors import ArtifactError, ConfigError
from support_pipeline.model.report.files import ANSWERS, PAGE, json_lines, read_report
from support_pipeline.model.verdict import compare, plan
from support_pipeline.stages.months import parse_month
from support_pipeline.stages.overrides import read_override

TRUE_SHARES = (0.25, 0.5, 0.75)
"""How far, from the target to perfect, the true shares lie that the planner assumes."""


def report_folder(store: Store, client: str, as_of: str | None) -> Folder:
    """The eval_report of a release, the newest when none is named.

    Raises:
        ArtifactError: there is none, with the releases that have one.
    """
    if as_of is not None:
        parse_month(as_of)
    judged = [
        month
        for month in store.releases(client)
        if store.release(client, month, "eval_report").manifest() is not None
    ]
    if as_of is None and judged:
        as_of = judged[-1]
    if as_of is None or as_of not in judged:
        which = f"release {as_of} of '{client}'" if as_of else f"client '{client}'"
        raise ArtifactError(
            f"{which} has no report. Judged releases: {', '.join(judged) or 'none'}. "
            f"Run `support-pipeline run {client}{' --as-of ' + as_of if as_of else ''} --through eval_report`."
        )
    return store.release(client, as_of, "eval_report")


def load_report(store: Store, folder: Folder) -> dict[str, Any]:
    """The report with the page's place and the override, if a person made one."""
    local = folder.local()
    report = read_report(local)
    judged = folder.require().fingerprint
    override = read_override(store, folder.client, folder.period, judged)
    return {
        **report,
        "page": str(local / PAGE),
        "override": override.model_dump(mode="json") if override else None,
    }


def open_page(page: Path) -> bool:
    """Opens the page where there is a screen and someone who looks at it; False where there is not."""
    seen = sys.stdout.isatty() and (
        sys.platform in ("darwin", "win32")
        or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )
    return seen and webbrowser.open(page.resolve().as_uri())


def show_report(report: Mapping[str, Any], console: Console) -> None:
    """The report in short, for people."""
    console.print(
        f"[bold]{report['client']}, release {report['as_of']}: {report['verdict']}[/] "
        f"({report['tickets']} held-out tickets of {report['customers']} customers, policies of {report['policy_date']})"
    )
    for note in report["notes"]:
        console.print(note, style="yellow", markup=False)
    console.print(_claims_table(report))
    for opponent in report["opponents"]:
        found = opponent["comparison"]
        if found:
            console.print(
                f"against {opponent['role']} {escape(opponent['name'])}: {found['difference']:+.1%} fully correct "
                f"(at worst {found['lower']:+.1%}), {found['wins']} won, {found['losses']} lost, "
                f"McNemar p = {found['mcnemar_p']:.2g}, by customer p = {found['permutation_p']:.2g}"
            )
    if report["flips"]:
        flips = report["flips"]
        console.print(
            f"other policy values: {flips['complied']['count']} of {flips['complied']['total']} followed, "
            f"{flips['leaked']['count']} kept to the old one (at most {flips['leaked']['upper']:.1%})"
        )
    if report["judge"]:
        console.print(f"judge {report['judge']['name']}: {report['judge']['reason']}", markup=False)
    if report["promotion"]:
        decided = "promoted" if report["promotion"]["promote"] else "not promoted"
        console.print(f"{decided}: {report['promotion']['reason']}", markup=False)
    if report["override"]:
        console.print(f"override: {report['override']['by']}, {report['override']['reason']}", markup=False)
    console.print(f"page: {report['page']}", markup=False)


def _claims_table(report: Mapping[str, Any]) -> Table:
    table = Table("claim", "seen", "between", "verdict", "settled at", "tickets to prove it")
    for claim, planned in zip(report["claims"], report["planning"], strict=True):
        table.add_row(
            f"{claim['name'].replace('_', ' ')} {claim['direction']} {claim['target']:.0%}",
            "–" if claim["rate"] is None else f"{claim['rate']:.1%} of {claim['total']}",
            f"{claim['lower']:.1%} and {claim['upper']:.1%}",
            claim["verdict"],
            str(claim["settled_at"] or "–"),
            f"{planned['tickets'] or 'over 20,000'} at {planned['assumed']:.1%}",
        )
    return table


def compared(first: Folder, second: Folder) -> dict[str, Any]:
    """Two reports side by side, and ticket by ticket where they share tickets.

    Releases are held out on different tickets, as a rule. Where the second was judged with the first as its
    champion, both answered its tickets, and that comparison counts.
    """
    reports = [read_report(folder.local()) for folder in (first, second)]
    rows = [
        {row["pair_id"]: row for row in json_lines(folder.local() / ANSWERS)} for folder in (first, second)
    ]
    scores = [{pair_id: row["score"] for pair_id, row in part.items()} for part in rows]
    customers = {pair_id: row["customer_id"] for part in rows for pair_id, row in part.items()}
    found = compare(scores[1], scores[0], customers)
    comparison = None if found is None else {name: getattr(found, name) for name in found.__slots__}
    champion = reports[1]["champion"]
    if comparison is None and champion is not None and champion["as_of"] == first.period:
        comparison = {name: value for name, value in champion.items() if name != "as_of"}
    names = dict.fromkeys(claim["name"] for report in reports for claim in report["claims"])
    by_name = [{claim["name"]: claim for claim in report["claims"]} for report in reports]
    return {
        "client": first.client,
        "releases": [first.period, second.period],
        "verdicts": [report["verdict"] for report in reports],
        "claims": [
            {
                "name": name,
                **{
                    release: {key: side[name][key] for key in ("rate", "lower", "upper", "total", "verdict")}
                    if name in side
                    else None
                    for release, side in zip((first.period, second.period), by_name, strict=True)
                },
            }
            for name in names
        ],
        "shared_tickets": 0 if comparison is None else comparison["tickets"],
        "comparison": comparison,
    }


def show_compared(found: Mapping[str, Any], console: Console) -> None:
    """Two reports side by side, for people."""
    a, b = found["releases"]
    table = Table("claim", a, b)
    for claim in found["claims"]:
        table.add_row(claim["name"].replace("_", " "), *(_side(claim[release]) for release in (a, b)))
    table.add_row("verdict", *found["verdicts"])
    console.print(table)
    comparison = found["comparison"]
    if comparison is None:
        console.print("no ticket was answered by both, so nothing is compared ticket by ticket")
        return
    console.print(
        f"on {comparison['tickets']} shared tickets, {b} against {a}: {comparison['difference']:+.1%} fully correct "
        f"(at worst {comparison['lower']:+.1%}), {comparison['wins']} won, {comparison['losses']} lost, "
        f"McNemar p = {comparison['mcnemar_p']:.2g}, by customer p = {comparison['permutation_p']:.2g}"
    )
    console.print("transitions: " + ", ".join(f"{step} {n}" for step, n in comparison["transitions"].items()))


def _side(claim: Mapping[str, Any] | None) -> str:
    if claim is None:
        return "not asked"
    if claim["rate"] is None:
        return f"no such ticket, {claim['verdict']}"
    return f"{claim['rate']:.1%} of {claim['total']} ({claim['lower']:.1%} to {claim['upper']:.1%}), {claim['verdict']}"


def planned(client: str, power: float) -> list[dict[str, Any]]:
    """How many held-out tickets prove each of a client's targets, by what the true share is.

    Raises:
        ConfigError: no such client, or a power that is none.
    """
    if not 0 < power < 1:
        raise ConfigError("--power", [f"is a probability between 0 and 1 (given: {power})"])
    targets = ClientRegistry.default().load(client).evaluation.targets
    rows = []
    for name in Targets.model_fields:
        target = float(getattr(targets, name))
        at_most = name in ("wrong", "hallucination", "stale_leak")
        perfect = 0.0 if at_most else 1.0
        assumed = [round(target + (perfect - target) * part, 4) for part in TRUE_SHARES]
        direction: Any = "at most" if at_most else "at least"
        needed = {share: plan(target, share, power, direction=direction) for share in assumed}
        rows.append({"claim": name, "direction": direction, "target": target, "tickets": needed})
    return rows


def plan_table(rows: list[dict[str, Any]], power: float) -> Table:
    """The planner's answer for people."""
    table = Table(
        title=f"held-out tickets that prove a claim in {power:.0%} of tests (one-sided, 95 %)",
        title_justify="left",
    )
    for column in ("claim", "if the true share is ...: tickets"):
        table.add_column(column)
    for row in rows:
        needed = ", ".join(
            f"{share:.1%}: {tickets or 'over 20,000'}" for share, tickets in row["tickets"].items()
        )
        table.add_row(f"{row['claim'].replace('_', ' ')} {row['direction']} {row['target']:.0%}", needed)
    return table
