"""Runs whose process is gone and that nobody else would ever end.

The code server watches the runs that it started; when it is killed together with one of them, or when a
command line that ran one is, the run would stay "started", hold the GPU pool and block its client.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

PROCESS_TAG = "support_pipeline/process"
"""The process of a run that a command line executes itself."""

_STATUS = dg.DagsterRunStatus
# A command line killed between making its run and starting it leaves one that is not started.
_ALIVE = [_STATUS.NOT_STARTED, _STATUS.STARTING, _STATUS.STARTED, _STATUS.CANCELING]


def end_lost_runs(instance: dg.DagsterInstance) -> list[str]:
    """Ends the runs on this machine whose process is gone; their ids."""
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_ALIVE)):
        why = _lost(instance, run)
        if why is None:
            continue
        present = instance.get_run_by_id(run.run_id)
        if present is None or present.is_finished:
            continue
        if present.status == _STATUS.CANCELING:
            instance.report_run_canceled(present, message=why)
        else:
            instance.report_run_failed(present, why)
        ended.append(run.run_id)
    return ended


def _lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    command_line = run.tags.get(PROCESS_TAG, "")
    if command_line:
        gone = command_line.isdigit() and not Path(f"/proc/{command_line}").exists()
        return "the command line that ran it was killed" if gone else None
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return None  # its processes are not on this machine
    worker = _worker(instance, run)
    if worker is None or _is_running(*worker):
        return None
    return f"its process {worker[0]} is gone, and so is the code server that would have told"


def _worker(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[int, float] | None:
    """The run's process and when it reported itself, from the first event that it writes."""
    for record in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = record.dagster_event
        found = event.engine_event_data.metadata.get("pid") if event is not None else None
        if found is not None and "Started process for run" in (event.message or "" if event else ""):
            return int(str(found.value)), record.timestamp
    return None


def _is_running(pid: int, reported_at: float) -> bool:
    """Whether that process still runs; a younger one with the same number is another."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    if fields[0] == "Z":
        return False
    return _boot_time() + int(fields[19]) / os.sysconf("SC_CLK_TCK") <= reported_at + 1


def _boot_time() -> float:
    stat = Path("/proc/stat").read_text(encoding="utf-8")
    return float(next(line for line in stat.splitlines() if line.startswith("btime")).split()[1])


def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Looks at the runs that should be going."""
    ended = end_lost_runs(context.instance)
    if not ended:
        return dg.SkipReason(f"nothing is lost ({datetime.now(UTC):%H:%M} UTC)")
    context.log.warning(f"ended {len(ended)} lost runs: {', '.join(ended)}")
    return dg.SkipReason(f"ended {len(ended)} lost runs: {', '.join(run[:8] for run in ended)}")
