"""Sensors that tell people outside: a run failed, a release went live or was refused, a client is late."""

import dagster as dg

from support_pipeline.alerts import Alert, AlertSettings, load_alert_settings, send
from support_pipeline.orchestration import runs
from support_pipeline.orchestration.jobs import OVERVIEW_JOB, RELEASE_JOB
from support_pipeline.orchestration.overview import LATE_CHECK
from support_pipeline.orchestration.resources import Workspace
from support_pipeline.stages.months import last_complete_month
from support_pipeline.stages.standing import refused_release

SECONDS = 30


def failure_alert(run: dg.DagsterRun, message: str, workspace: Workspace) -> Alert:
    """What to say of a failed run; a release that its own verdict refused is no failure of the machine."""
    client, as_of = runs.client_of(run) or "several clients", runs.as_of_of(run)
    if runs.family(run) == RELEASE_JOB.name and run.job_name != OVERVIEW_JOB.name:
        refused = refused_release(workspace.store, client, as_of or last_complete_month())
        if refused is not None:
            return Alert(
                "refused",
                f"{client}: release {refused.as_of} is not promoted",
                f"{refused.reason}. What is live stays live.",
            )
    what = f"release {as_of}" if as_of else run.job_name
    return Alert("failure", f"{client}: {what} failed", message)


def released_alert(run: dg.DagsterRun, workspace: Workspace) -> Alert | None:
    """What to say of a finished release: its verdict, and what is live."""
    client = runs.client_of(run)
    as_of = runs.as_of_of(run) or last_complete_month()
    made = workspace.store.release(client, as_of, "deployed_model").manifest()
    report = workspace.store.release(client, as_of, "eval_report").manifest()
    if made is None or report is None:
        return None
    decision = report.info.get("promotion", {})
    return Alert(
        "released",
        f"{client}: release {as_of} is live",
        f"verdict: {report.info.get('verdict')}; {decision.get('reason', '')}\n{made.info.get('version', '')}",
    )


def late_alert(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Alert | None:
    """What to say when the overview's check named clients that are late."""
    for record in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        event = record.dagster_event
        found = event.asset_check_evaluation_data if event is not None else None
        if found is not None and found.check_name == LATE_CHECK.name and not found.passed:
            return Alert("late", "clients are late", found.description or "")
    return None


def _deliver(context: dg.RunStatusSensorContext, workspace: Workspace, alert: Alert | None) -> dg.SkipReason:
    if alert is None:
        return dg.SkipReason("nothing to tell")
    settings = _settings(workspace)
    link = f"{settings.web_ui.rstrip('/')}/runs/{context.dagster_run.run_id}" if settings.web_ui else None
    done = send(settings, Alert(alert.event, alert.title, alert.text, link))
    return dg.SkipReason(f"{alert.title}: {'sent by ' + ', '.join(done) if done else 'no channel wants it'}")


def _settings(workspace: Workspace) -> AlertSettings:
    return load_alert_settings(workspace.registry.root)


def _first_failure(context: dg.RunFailureSensorContext) -> str:
    """The first failed step's own message, which says what, where and the cure."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        return (
            f"{event.step_key}: {described or (data.error.message.strip() if data.error else 'no message')}"
        )
    return context.failure_event.message or "no message"


def alert_sensors(status: dg.DefaultSensorStatus) -> list[dg.SensorDefinition]:
    """The alert sensors, with the status that they have until somebody switches them in the web UI."""

    @dg.run_failure_sensor(
        name="alert_failures",
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Tells people outside that a run failed, or that a release was judged and refused.",
    )
    def alert_failures(context: dg.RunFailureSensorContext, workspace: Workspace) -> dg.SkipReason:
        return _deliver(
            context, workspace, failure_alert(context.dagster_run, _first_failure(context), workspace)
        )

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_verdicts",
        monitored_jobs=[RELEASE_JOB],
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Tells people outside which release went live, with its verdict.",
    )
    def alert_verdicts(context: dg.RunStatusSensorContext, workspace: Workspace) -> dg.SkipReason:
        return _deliver(context, workspace, released_alert(context.dagster_run, workspace))

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_late_clients",
        monitored_jobs=[OVERVIEW_JOB],
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Tells people outside which clients are late, once a day while they are.",
    )
    def alert_late_clients(context: dg.RunStatusSensorContext, workspace: Workspace) -> dg.SkipReason:
        alert = late_alert(context.instance, context.dagster_run)
        if alert is not None and _told_today(context):
            return dg.SkipReason("told today already")
        return _deliver(context, workspace, alert)

    return [alert_failures, alert_verdicts, alert_late_clients]


def _told_today(context: dg.RunStatusSensorContext) -> bool:
    """Whether an earlier overview of the same UTC day had late clients: the first of a day tells."""
    records = context.instance.get_run_records(dg.RunsFilter(job_name=OVERVIEW_JOB.name), limit=30)
    mine = next((r for r in records if r.dagster_run.run_id == context.dagster_run.run_id), None)
    if mine is None:
        return False
    earlier = [r for r in records if r.create_timestamp < mine.create_timestamp]
    today = [r for r in earlier if r.create_timestamp.date() == mine.create_timestamp.date()]
    return any(late_alert(context.instance, record.dagster_run) is not None for record in today)
