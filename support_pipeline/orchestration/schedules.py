"""The schedules: each client's months once a month, the overview once an hour."""

import dagster as dg

from support_pipeline.onboarding import INGESTION_DAY, INGESTION_HOUR
from support_pipeline.orchestration import runs
from support_pipeline.orchestration.jobs import HISTORY_JOB, OVERVIEW_JOB
from support_pipeline.orchestration.partitions import CLIENTS
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline.portfolio import missing_export, read_portfolio
from support_pipeline.stages.months import last_complete_month, window


def monthly_ingestion(
    context: dg.ScheduleEvaluationContext, workspace: Workspace, automation: Automation
) -> list[dg.RunRequest] | dg.SkipReason:
    """One ranged run a registered client."""
    now = context.scheduled_execution_time if not automation.simulated else automation.now()
    portfolio = read_portfolio(workspace.registry)
    known = set(context.instance.get_dynamic_partitions(str(CLIENTS.name)))
    for problem in portfolio.problems():
        context.log.warning(problem)
    requests = []
    for client, config in portfolio.configs.items():
        waiting = missing_export(config, workspace.registry.root)
        if waiting or client not in known:
            context.log.warning(f"{client}: left out: {waiting or 'not registered yet'}")
            continue
        release = config.release
        months = window(last_complete_month(now), release.lookback_months or release.window_months)
        requests.append(
            runs.history_request(client, months, f"ingestion:{client}:{months[-1]}", "monthly ingestion")
        )
    return requests or dg.SkipReason("no client can be read; the tick's log tells why")


def schedules(status: dg.DefaultScheduleStatus) -> list[dg.ScheduleDefinition]:
    """The schedules, with the status that they have until somebody switches them in the web UI."""
    return [
        dg.schedule(
            job=HISTORY_JOB,
            cron_schedule=f"0 {INGESTION_HOUR} {INGESTION_DAY} * *",
            execution_timezone="UTC",
            default_status=status,
            description="Reads last month's tickets of every client, and the months before it again "
            "(`lookback_months`): late tickets arrive in their month, and a re-opened one leaves the month that it was in.",
        )(monthly_ingestion),
        dg.ScheduleDefinition(
            name="hourly_overview",
            job=OVERVIEW_JOB,
            cron_schedule="15 * * * *",
            execution_timezone="UTC",
            default_status=status,
            description="Keeps `client_overview` and its check for late clients true.",
        ),
    ]
