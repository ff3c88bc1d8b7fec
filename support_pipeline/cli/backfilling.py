"""`support-pipeline backfill`: history of a range of months, one ranged run a client."""

from dataclasses import dataclass

from rich.table import Table

from support_pipeline.cli.instance import dagster_home, refuse_if_busy
from support_pipeline.cli.output import errors
from support_pipeline.cli.running import console_logger, failure_of, run_client, run_history
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.data.ingest import source_files
from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.portfolio import read_portfolio
from support_pipeline.stages.months import last_complete_month, months_between, parse_month, window


@dataclass(frozen=True)
class BackfillOutcome:
    """What became of one client. `failure` is the first failed step's message, or why nothing was begun."""

    client: str
    months: tuple[str, ...]
    success: bool
    failure: str | None
    run: str | None = None
    released: str | None = None


def backfill_clients(
    client: str | None, first: str | None, last: str | None, *, everyone: bool, release: bool
) -> list[BackfillOutcome]:
    """Runs the history of one client or of all; those that fail do not stop the others.

    Raises:
        ConfigError: a wrong input, found before any work.
    """
    registry = ClientRegistry.default()
    to = parse_month(last) if last else last_complete_month()
    since = parse_month(first) if first else None
    if since is not None and since > to:
        raise ConfigError("--from", [f"'{since}' is after --to '{to}'"])
    configs = _chosen(registry, client, everyone)
    if not everyone and all(source.api is None for source in configs[0].sources):
        source_files(configs[0], registry.root)  # a missing export shows before any work
    dagster_home()
    return [_backfill(config, registry, _months(config, since, to), release) for config in configs]


def _chosen(registry: ClientRegistry, client: str | None, everyone: bool) -> list[ClientConfig]:
    if everyone == (client is not None):
        raise ConfigError("backfill", ["name one CLIENT, or say --all for every client"])
    if client is not None:
        return [registry.load(client)]
    portfolio = read_portfolio(registry)
    for problem in portfolio.problems():
        errors.print(f"left out: {problem}", style="yellow", markup=False)
    if not portfolio.configs:
        raise ConfigError(str(registry.folder), ["holds no valid client file"])
    return list(portfolio.configs.values())


def _months(config: ClientConfig, since: str | None, to: str) -> list[str]:
    return window(to, months_between(since, to) + 1 if since else config.release.window_months)


def _backfill(
    config: ClientConfig, registry: ClientRegistry, months: list[str], release: bool
) -> BackfillOutcome:
    import dagster as dg

    from support_pipeline.definitions import build_defs
    from support_pipeline.orchestration.lost_runs import end_lost_runs
    from support_pipeline.orchestration.partitions import CLIENTS

    try:
        if all(source.api is None for source in config.sources):
            source_files(config, registry.root)
        defs = build_defs(loggers={"console": console_logger(dg)})
        with dg.DagsterInstance.get() as instance:
            end_lost_runs(instance)
            refuse_if_busy(instance, config.id)
            instance.add_dynamic_partitions(str(CLIENTS.name), [config.id])
            result = run_history(defs.resolve_job_def("history_job"), instance, config.id, months)
        failure = None if result.success else failure_of(result)
        if failure is not None or not release:
            return BackfillOutcome(config.id, tuple(months), failure is None, failure, result.run_id)
        made = run_client(config.id, months[-1], None)
        return BackfillOutcome(
            config.id,
            tuple(months),
            made.success,
            made.failure,
            result.run_id,
            made.as_of if made.success else None,
        )
    except SupportPipelineError as error:
        return BackfillOutcome(config.id, tuple(months), False, str(error))


def outcome_table(outcomes: list[BackfillOutcome]) -> Table:
    """One line a client."""
    table = Table("client", "months", "outcome", "release")
    for outcome in outcomes:
        months = f"{outcome.months[0]} .. {outcome.months[-1]}"
        table.add_row(
            outcome.client,
            months,
            "done" if outcome.success else f"failed: {outcome.failure}",
            outcome.released or "–",
        )
    return table
