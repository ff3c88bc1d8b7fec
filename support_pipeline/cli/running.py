"""`support-pipeline run`: history, then release, in the same Dagster instance as the web UI."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, STAGES
from support_pipeline.cli.instance import dagster_home, refuse_if_busy
from support_pipeline.cli.output import errors
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.data.ingest import source_files
from support_pipeline.errors import ConfigError
from support_pipeline.model.base import resolve_base
from support_pipeline.model.preflight import check_base
from support_pipeline.stages.months import last_complete_month, parse_month, window

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class RunOutcome:
    """What a run did. `failure` is the first failed step's message."""

    client: str
    as_of: str
    success: bool
    failure: str | None
    runs: tuple[str, ...]


def run_client(client: str, as_of: str | None, through: str | None) -> RunOutcome:
    """Runs a client's lineage up to a stage.

    Raises:
        ConfigError: a wrong input, found before any work.
    """
    registry = ClientRegistry.default()
    config = registry.load(client)
    month = parse_month(as_of) if as_of else last_complete_month()
    last = _stage(through)
    if all(source.api is None for source in config.sources):  # an API's files are fetched by the run
        source_files(config, registry.root)
    if last in RELEASE_STAGES:  # a gated or missing base model shows before any work
        check_base(resolve_base(config.base_model.name, config.base_model.revision, root=registry.root))
    dagster_home()
    return _execute(config, month, last)


def _stage(through: str | None) -> str:
    if through is not None and through not in STAGES:
        raise ConfigError(f"stage '{through}'", [f"is unknown; stages are {', '.join(STAGES)}"])
    return through or STAGES[-1]


def _execute(config: ClientConfig, as_of: str, last: str) -> RunOutcome:
    import dagster as dg

    from support_pipeline.definitions import build_defs
    from support_pipeline.orchestration.lost_runs import end_lost_runs
    from support_pipeline.orchestration.partitions import CLIENTS

    runs: list[str] = []
    defs = build_defs(loggers={"console": console_logger(dg)})
    with dg.DagsterInstance.get() as instance:
        end_lost_runs(instance)
        refuse_if_busy(instance, config.id)
        instance.add_dynamic_partitions(str(CLIENTS.name), [config.id])
        for job, stages in (("history_job", HISTORY_STAGES), ("release_job", RELEASE_STAGES)):
            selected = stages[: stages.index(last) + 1] if last in stages else stages
            result = _run_job(defs.resolve_job_def(job), instance, config, as_of, selected)
            runs.append(result.run_id)
            if not result.success:
                return RunOutcome(config.id, as_of, False, failure_of(result), tuple(runs))
            if last in stages:
                break
    return RunOutcome(config.id, as_of, True, None, tuple(runs))


def _run_job(
    job: "dg.JobDefinition",
    instance: "dg.DagsterInstance",
    config: ClientConfig,
    as_of: str,
    stages: Sequence[str],
) -> "dg.ExecuteInProcessResult":
    if job.name == "history_job":
        return run_history(job, instance, config.id, window(as_of, config.release.window_months), stages)
    return run_release(job, instance, config.id, as_of, stages)


def run_release(
    job: "dg.JobDefinition", instance: "dg.DagsterInstance", client: str, as_of: str, stages: Sequence[str]
) -> "dg.ExecuteInProcessResult":
    """A client's release as of a month in this process."""
    from support_pipeline.orchestration import runs

    return _execute_job(
        job,
        instance,
        client,
        as_of,
        stages,
        tags={runs.CLIENT: client, runs.AS_OF: as_of},
        run_config=runs.release_config(as_of),
        partition_key=client,
    )


def run_history(
    job: "dg.JobDefinition",
    instance: "dg.DagsterInstance",
    client: str,
    months: Sequence[str],
    stages: Sequence[str] = HISTORY_STAGES,
) -> "dg.ExecuteInProcessResult":
    """A client's months as one ranged run in this process."""
    from support_pipeline.orchestration import runs

    return _execute_job(job, instance, client, months[-1], stages, tags=runs.history_tags(client, months))


def _execute_job(
    job: "dg.JobDefinition",
    instance: "dg.DagsterInstance",
    client: str,
    as_of: str,
    stages: Sequence[str],
    *,
    tags: dict[str, str],
    run_config: dict[str, object] | None = None,
    partition_key: str | None = None,
) -> "dg.ExecuteInProcessResult":
    import dagster as dg

    from support_pipeline.orchestration.lost_runs import PROCESS_TAG

    errors.print(f"[bold]{job.name}[/] {client}, as of {as_of}: {' → '.join(stages)}")
    return job.execute_in_process(
        instance=instance,
        tags={**tags, PROCESS_TAG: str(os.getpid())},
        partition_key=partition_key,
        asset_selection=[dg.AssetKey(stage) for stage in stages],
        run_config={"loggers": {"console": {}}, **(run_config or {})},
        raise_on_error=False,
    )


def failure_of(result: "dg.ExecuteInProcessResult") -> str:
    """The first failed step with what a person can act on: our own message, or the innermost cause."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            described = data.user_failure_data.description if data.user_failure_data else None
            error = data.error
            while error is not None and error.cause is not None:
                error = error.cause
            return f"{event.step_key}: {described or (error.message.strip() if error else 'no message')}"
    return "the run failed before its first step; see it in the web UI"


def console_logger(dg: Any) -> "dg.LoggerDefinition":
    """Shows on stderr what stages say as it happens."""

    @dg.logger  # type: ignore[untyped-decorator]
    def speaking(_context: Any) -> logging.Logger:
        """What stages say, as it happens; Dagster's own events stay in the instance."""
        logger = logging.Logger("support_pipeline", level=logging.INFO)
        logger.addHandler(_SayHandler())
        return logger

    return speaking  # type: ignore[no-any-return]


class _SayHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        said = str(meta.get("orig_message", record.getMessage()))
        if meta.get("dagster_event") or said.startswith("[pipes]"):
            return
        step = meta.get("step_key") or ""
        errors.print(
            f"  [dim]{escape(str(step)):>15}[/] {escape(str(meta.get('orig_message', record.getMessage())))}"
        )
