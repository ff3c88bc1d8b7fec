"""The Dagster instance that the command line shares with the web UI."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from support_pipeline.errors import ConfigError

if TYPE_CHECKING:
    import dagster as dg


def dagster_home() -> Path:
    """DAGSTER_HOME, `./.dagster` without it; made ready with the project's dagster.yaml if it is new.

    Raises:
        ConfigError: DAGSTER_HOME is relative, or its place cannot be written.
    """
    named = os.environ.get("DAGSTER_HOME")
    if named and not Path(named).is_absolute():
        raise ConfigError("DAGSTER_HOME", [f"'{named}' is relative; set it to an absolute path, or unset it"])
    home = Path(named) if named else Path.cwd() / ".dagster"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists() and Path("dagster.yaml").exists():
            shutil.copyfile("dagster.yaml", home / "dagster.yaml")
    except OSError as error:
        raise ConfigError("DAGSTER_HOME", [f"{home} cannot be used: {error}"]) from error
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def refuse_if_busy(instance: "dg.DagsterInstance", client: str) -> None:
    """Two runs of one client never go at once.

    Raises:
        ConfigError: one is queued or going.
    """
    import dagster as dg

    status = dg.DagsterRunStatus
    busy = [status.QUEUED, status.NOT_STARTED, status.STARTING, status.STARTED, status.CANCELING]
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=busy)):
        if client in (run.tags.get("client"), run.tags.get("dagster/partition")):
            raise ConfigError(
                f"client '{client}'",
                [
                    f"run {run.run_id[:8]} ({run.job_name}) is {run.status.value.lower()}; wait for it or terminate it"
                ],
            )
