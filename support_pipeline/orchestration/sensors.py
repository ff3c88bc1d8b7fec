"""The sensors that start work. Each asks a pure function for every client and tells what it answered.

Neither keeps a cursor: what was tried is read from the runs, what was made from the store, so nothing is
lost when the daemon dies between the two. A key names the try, so no run starts twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import dagster as dg

from support_pipeline.attempts import Attempt
from support_pipeline.clients import ClientConfig
from support_pipeline.errors import SupportPipelineError
from support_pipeline.onboarding import HistoryDue, history_due
from support_pipeline.orchestration import runs
from support_pipeline.orchestration.jobs import HISTORY_JOB, RELEASE_JOB
from support_pipeline.orchestration.lost_runs import lost_runs
from support_pipeline.orchestration.partitions import CLIENTS
from support_pipeline.orchestration.resources import Automation, Workspace
from support_pipeline.portfolio import Portfolio, missing_export, read_portfolio
from support_pipeline.retraining import Decided, Due, Standing, due
from support_pipeline.serving.decision_counts import decided_by_month
from support_pipeline.stages.months import last_complete_month, window
from support_pipeline.stages.standing import each, history_months, last_release, refused_release, stale_pairs


def new_clients(
    context: dg.SensorEvaluationContext, workspace: Workspace, automation: Automation
) -> dg.SensorResult:
    """Registers clients and completes their history."""
    portfolio = read_portfolio(workspace.registry)
    known = set(context.instance.get_dynamic_partitions(str(CLIENTS.name)))
    added = [client for client in portfolio.configs if client not in known]
    found = dict(zip(portfolio.configs, _histories(context, workspace, automation, portfolio), strict=True))
    requests = [
        runs.history_request(
            client, answer.months, f"history:{client}:{answer.months[-1]}:{answer.attempt}", answer.reason
        )
        for client, answer in found.items()
        if answer.start
    ]
    reasons = [
        f"{client}: {'registered; ' if client in added else ''}{answer.reason}"
        for client, answer in found.items()
    ]
    gone = sorted(known - set(portfolio.configs) - {path.stem for path in portfolio.broken})
    reasons += [f"{client}: has no file any more; its artifacts are kept" for client in gone]
    return _told(
        context,
        requests,
        reasons,
        portfolio,
        [CLIENTS.build_add_request(added)] if added else [],
    )


def _histories(
    context: dg.SensorEvaluationContext, workspace: Workspace, automation: Automation, portfolio: Portfolio
) -> list[HistoryDue]:
    now = automation.now()
    tried = runs.attempts(context.instance, HISTORY_JOB.name, runs.THROUGH, last_complete_month(now), now)
    busy = runs.unfinished(context.instance)

    def answer(config: ClientConfig) -> HistoryDue:
        months = config.release.window_months
        present = history_months(workspace.store, config.id, window(last_complete_month(now), months))
        attempts = [*tried.get(config.id, ()), *_of_others(busy.get(config.id, ()), now)]
        found = history_due(months, present, attempts, now, automation.first_wait())
        waiting = missing_export(config, workspace.registry.root) if found.start else None
        return HistoryDue(False, found.months, f"{found.reason}; waiting: {waiting}") if waiting else found

    return each(workspace.store, list(portfolio.configs.values()), answer)


def _of_others(going: Sequence[dg.DagsterRun], now: datetime) -> list[Attempt]:
    """History runs that nothing here asked for, such as a backfill of the web UI, as tries that are going."""
    return [
        Attempt("going", now, run.run_id)
        for run in going
        if runs.THROUGH not in run.tags and runs.family(run) == HISTORY_JOB.name
    ]


def releases(
    context: dg.SensorEvaluationContext, workspace: Workspace, automation: Automation
) -> dg.SensorResult:
    """Starts the releases that are due."""
    portfolio = read_portfolio(workspace.registry)
    known = set(context.instance.get_dynamic_partitions(str(CLIENTS.name)))
    configs = [config for client, config in portfolio.configs.items() if client in known]
    answers = _releases_due(context, workspace, automation, configs)
    requests = [
        runs.release_request(
            config.id, answer.as_of, f"release:{config.id}:{answer.as_of}:{answer.attempt}", answer.reason
        )
        for config, answer in zip(configs, answers, strict=True)
        if answer.start
    ]
    reasons = [f"{config.id}: {answer.reason}" for config, answer in zip(configs, answers, strict=True)]
    reasons += [f"{client}: not registered yet" for client in portfolio.configs if client not in known]
    return _told(context, requests, reasons, portfolio)


def _releases_due(
    context: dg.SensorEvaluationContext,
    workspace: Workspace,
    automation: Automation,
    configs: Sequence[ClientConfig],
) -> list[Due]:
    now = automation.now()
    as_of = last_complete_month(now)
    tried = runs.attempts(context.instance, RELEASE_JOB.name, runs.AS_OF, as_of, now)
    busy = runs.unfinished(context.instance)
    decided = decided_by_month(workspace.decisions)

    def answer(config: ClientConfig) -> Due:
        try:
            standing = _standing(
                workspace,
                config,
                as_of,
                tried.get(config.id, ()),
                busy.get(config.id, ()),
                decided.get(config.id, {}),
            )
        except SupportPipelineError as error:  # one client's broken artifact must not stop the others
            context.log.warning(f"{config.id}: {error}")
            return Due(False, as_of, str(error))
        return due(config.release, standing, now, automation.first_wait())

    return each(workspace.store, configs, answer)


def _standing(
    workspace: Workspace,
    config: ClientConfig,
    as_of: str,
    attempts: Sequence[Attempt],
    busy: Sequence[dg.DagsterRun],
    decided: Mapping[str, Decided],
) -> Standing:
    store, own = workspace.store, {attempt.run_id for attempt in attempts}
    last = last_release(store, config.id)
    needed = [
        month for month in window(as_of, config.release.window_months) if last is None or month > last.as_of
    ]
    asked = config.release.max_stale_pairs is not None and last is not None and last.as_of < as_of
    return Standing(
        history=history_months(store, config.id, needed),
        decided=decided,
        last=last,
        refused=refused_release(store, config.id, as_of),
        attempts=attempts,
        busy=next((f"{run.run_id[:8]} ({run.job_name})" for run in busy if run.run_id not in own), None),
        stale_pairs=stale_pairs(store, config, last, as_of) if asked and last else None,
    )


def _told(
    context: dg.SensorEvaluationContext,
    requests: Sequence[dg.RunRequest],
    reasons: Sequence[str],
    portfolio: Portfolio,
    partitions: Sequence[dg.AddDynamicPartitionsRequest] = (),
) -> dg.SensorResult:
    """A tick's result: the reasons are its skip reason, or its log when something starts."""
    problems = portfolio.problems()
    text = "\n".join([*problems, *reasons]) or "no client files"
    if requests or partitions:
        for line in problems:
            context.log.warning(line)
        context.log.info("\n".join(reasons))
    return dg.SensorResult(
        run_requests=list(requests),
        dynamic_partitions_requests=list(partitions),
        skip_reason=None if requests else text,
    )


def sensors(status: dg.DefaultSensorStatus, seconds: int) -> list[dg.SensorDefinition]:
    """The sensors, with the status that they have until somebody switches them in the web UI.

    `seconds` is how often the quick ones look; `releases`, which reads most, looks half as often.
    """
    return [
        dg.sensor(
            jobs=[HISTORY_JOB],
            minimum_interval_seconds=seconds,
            default_status=status,
            description="A valid file in clients/ becomes a partition, and its history one ranged run. Also makes "
            "the history again that a schedule's run lost. A broken file is named with every problem; the others go on.",
        )(new_clients),
        dg.sensor(
            jobs=[RELEASE_JOB],
            minimum_interval_seconds=2 * seconds,
            default_status=status,
            description="Starts a client's release: the first one when its history is complete, the next ones when "
            "the cadence has elapsed and enough agents' edits have accumulated. Each tick tells per client why or why not.",
        )(releases),
        dg.sensor(
            minimum_interval_seconds=seconds,
            default_status=status,
            description="Ends runs whose process was killed together with the code server that watched it, so that "
            "they hold no pool slot; the other sensors then try again.",
        )(lost_runs),
    ]
