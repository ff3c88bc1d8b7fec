"""The portfolio at a glance in the web UI: one table, and a check that names the clients that are late."""

import dagster as dg

from support_pipeline.orchestration import metadata
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline.overview import Row, overview
from support_pipeline.portfolio import read_portfolio
from support_pipeline.serving.decision_counts import decided_by_month

LATE_CHECK = dg.AssetCheckSpec(
    "every_client_up_to_date",
    asset="client_overview",
    description="every client's history holds the last complete month; names those whose history does not",
)


@dg.asset(
    group_name="operations",
    owners=["team:support-models"],
    kinds={"markdown"},
    description="Where every client stands: release, verdict, what is live, certificate, edits waiting, last "
    "ingestion. Made again every hour; open its latest materialization.",
    check_specs=[LATE_CHECK],
)
def client_overview(workspace: Workspace, automation: Automation) -> dg.MaterializeResult:
    """Reads manifests and counts decisions."""
    portfolio = read_portfolio(workspace.registry)
    rows = overview(
        workspace.store,
        list(portfolio.configs),
        portfolio.broken,
        decided_by_month(workspace.decisions),
        automation.now(),
    )
    return dg.MaterializeResult(
        metadata={
            "overview": dg.MetadataValue.md(markdown(rows)),
            "clients": metadata.table([_record(row) for row in rows]),
            "dagster/row_count": len(rows),
            "late": sum(row.late is not None for row in rows),
            "edits waiting": sum(row.edits_waiting for row in rows),
        },
        check_results=[_late(rows)],
    )


def _late(rows: list[Row]) -> dg.AssetCheckResult:
    found = {
        row.client: row.late or f"cannot be read: {row.problem}" for row in rows if row.late or row.problem
    }
    return dg.AssetCheckResult(
        check_name=LATE_CHECK.name,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{client}: {why}" for client, why in found.items())
        or f"{len(rows)} clients are up to date",
        metadata={
            "late": dg.MetadataValue.md("\n".join(f"- **{c}**: {why}" for c, why in found.items()) or "none")
        },
    )


def markdown(rows: list[Row]) -> str:
    """The table as Markdown; clients with something to look at stand first."""
    head = "| client | release | verdict | live | certificate | edits waiting | last ingestion | |\n|---|---|---|---|---|---|---|---|"
    ordered = sorted(rows, key=lambda row: (not (row.late or row.problem), row.client))
    return "\n".join([head, *(_line(row) for row in ordered)])


def _line(row: Row) -> str:
    ingested = f"{row.newest_month} on {row.ingested:%Y-%m-%d}" if row.ingested else "–"
    release = f"{row.as_of} ({row.stage})" if row.as_of else "–"
    remark = row.problem or (f"late: {row.late}" if row.late else "")
    cells = (
        row.client,
        release,
        row.verdict or "–",
        row.live or "–",
        row.certificate,
        row.edits_waiting,
        ingested,
    )
    return f"| {' | '.join(str(cell) for cell in cells)} | {remark.replace('|', '/')} |"


def _record(row: Row) -> dict[str, object]:
    return {name: value if value is not None else "" for name, value in vars(row).items()}
