"""What assets are given: the store, the clients' files, the decision log, the release month, the trainer."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import dagster as dg

from support_pipeline.artifacts import Store
from support_pipeline.attempts import FIRST_WAIT
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.model.jobs import EXIT_USER_ERROR, PARENT_VARIABLE, Job, error_file
from support_pipeline.serving.decision_counts import decision_log
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.stages.making import Launch
from support_pipeline.stages.months import last_complete_month, parse_month


class Workspace(dg.ConfigurableResource):
    """Where clients are described, artifacts are kept and decisions are logged.

    Empty fields fall back to SUPPORT_PIPELINE_STORE, SUPPORT_PIPELINE_CLIENTS and
    SUPPORT_PIPELINE_DECISIONS, and those to `./store`, `./clients` and the store's `decisions.db`.
    """

    store_url: str = ""
    clients_folder: str = ""
    decisions_url: str = ""

    @property
    def store(self) -> Store:
        """The artifact store."""
        return Store(self.store_url) if self.store_url else Store.default()

    @property
    def registry(self) -> ClientRegistry:
        """The client files."""
        return ClientRegistry(Path(self.clients_folder)) if self.clients_folder else ClientRegistry.default()

    @property
    def decisions(self) -> DecisionLog:
        """The decision log."""
        if self.decisions_url:
            return DecisionLog(self.decisions_url)
        return decision_log(self.store)

    def client(self, name: str) -> ClientConfig:
        """A client's configuration."""
        return self.registry.load(name)


class ReleaseMonth(dg.ConfigurableResource):
    """The month that a release is as of; empty is the last complete one when the run was made."""

    as_of: str = ""

    def month(self, context: dg.AssetExecutionContext) -> str:
        """The month, the same for every step of a run and for its retries."""
        if self.as_of:
            return parse_month(self.as_of)
        record = context.instance.get_run_record_by_id(context.run.run_id)
        return last_complete_month(record.create_timestamp if record else datetime.now(UTC))


class Automation(dg.ConfigurableResource):
    """What time it is for sensors and schedules, and how patient they are after a failure.

    Empty fields fall back to SUPPORT_PIPELINE_CLOCK and SUPPORT_PIPELINE_FIRST_RETRY_MINUTES. The first
    names a file that holds a time (ISO 8601), for simulations: months pass when its content changes.
    """

    clock_file: str = ""
    first_retry_minutes: float | None = None

    @property
    def simulated(self) -> bool:
        """Whether time comes from a file."""
        return bool(self.clock_file or os.environ.get("SUPPORT_PIPELINE_CLOCK"))

    def now(self) -> datetime:
        """The time, UTC.

        Raises:
            ConfigError: the clock's file holds no time.
        """
        name = self.clock_file or os.environ.get("SUPPORT_PIPELINE_CLOCK", "")
        if not name:
            return datetime.now(UTC)
        try:
            at = datetime.fromisoformat(Path(name).read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            raise ConfigError("SUPPORT_PIPELINE_CLOCK", [f"{name} holds no ISO time: {error}"]) from error
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    def first_wait(self) -> timedelta:
        """How long after a first failure the next try begins."""
        if self.first_retry_minutes is not None:
            return timedelta(minutes=self.first_retry_minutes)
        minutes = os.environ.get("SUPPORT_PIPELINE_FIRST_RETRY_MINUTES", "")
        return timedelta(minutes=float(minutes)) if minutes else FIRST_WAIT


class Trainer(Protocol):
    """Runs a model job's command to its end; raises when it fails."""

    def run(
        self, context: dg.AssetExecutionContext, *, command: Sequence[str], extras: Mapping[str, Any]
    ) -> int: ...


class LocalTrainer(dg.ConfigurableResource):
    """Model jobs as child processes of the run, in a process group of their own.

    Dagster's own subprocess client interrupts only the direct child and leaves grandchildren and
    orphans; here the whole group goes, and the child dies with its parent whatever kills that.
    """

    grace_seconds: float = 10.0

    def run(
        self, context: dg.AssetExecutionContext, *, command: Sequence[str], extras: Mapping[str, Any]
    ) -> int:
        """Runs a command; its reports arrive in the run as it goes. Returns its exit code."""
        with dg.open_pipes_session(
            context=context,
            extras=dict(extras),
            context_injector=dg.PipesTempFileContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as session:
            process = subprocess.Popen(
                list(command),
                env={**os.environ, **session.get_bootstrap_env_vars(), PARENT_VARIABLE: str(os.getpid())},
                start_new_session=True,
            )
            try:
                return process.wait()
            finally:
                self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for order, patience in ((signal.SIGINT, self.grace_seconds), (signal.SIGKILL, 10.0)):
            if process.poll() is not None:
                break
            _signal_group(process.pid, order)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        # The leader is gone; whatever it started goes too.
        _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, order: signal.Signals) -> None:
    try:
        os.killpg(group, order)
    except ProcessLookupError:
        return


def launcher(context: dg.AssetExecutionContext, trainer: Trainer) -> Launch:
    """How stages start model jobs in this run."""

    def launch(module: str, job: Job) -> None:
        path = job.stats.parent / "job.json"
        path.write_text(job.model_dump_json(indent=1), encoding="utf-8")
        code = trainer.run(
            context, command=[sys.executable, "-m", module, "--job", str(path)], extras={"module": module}
        )
        if code == EXIT_USER_ERROR and error_file(path).exists():
            raise SupportPipelineError(error_file(path).read_text(encoding="utf-8"))
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
            raise dg.Failure(
                f"{module} {how}. Its output is in this step's stderr; signal 9 is mostly missing memory.",
                metadata={"exit_code": code},
            )

    return launch
