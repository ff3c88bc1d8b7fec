"""Model jobs: one JSON file in, a folder out, the same command on any machine.

`python -m support_pipeline.model.adapter --job job.json` (likewise evaluation and gguf). Exit code 0
is success, 2 an input that the user must cure (the message is on stderr), anything else a crash.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from support_pipeline.errors import SupportPipelineError
from support_pipeline.model.progress import Say, reporter
from support_pipeline.processes import tie_to_parent
from support_pipeline.storage import explained

EXIT_USER_ERROR = 2
PARENT_VARIABLE = "SUPPORT_PIPELINE_PARENT"
"""Names the process that started a job and that the job must not outlive."""
ANY_PARENT = "any"
"""As its value: whichever process started it (a launcher that has no say in the environment)."""

J = TypeVar("J", bound="Job")


class Job(BaseModel):
    """What every model job has: where the payload goes, and where the figures of this run go.

    `stats` (seconds, tokens a second, memory) differ from run to run, so they stay out of the payload.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    out: Path
    stats: Path


def run_job(kind: type[J], work: Callable[[J, Say], None]) -> None:
    """Parses `--job`, does the work, and turns the user's errors into one line and exit code 2.

    The line also goes to `error_file(job)`, where whoever started the job finds it.
    """
    die_with_parent()
    os.environ["TQDM_DISABLE"] = "1"  # the libraries' own bars would fill the run's log
    parser = argparse.ArgumentParser(description=(kind.__doc__ or "").splitlines()[0])
    parser.add_argument("--job", type=Path, required=True, help="the job's JSON file")
    path: Path = parser.parse_args().job
    try:
        job = kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        sys.stderr.write(f"{path}: is not a job: {error}\n")
        sys.exit(EXIT_USER_ERROR)
    if os.environ.get("RANK", "0") == "0":
        error_file(path).unlink(missing_ok=True)
    with reporter() as say:
        try:
            work(job, say)
        except Exception as error:  # a full disk is told as such, whatever the library calls it
            told = error if isinstance(error, SupportPipelineError) else explained(error, job.out)
            if told is None:
                raise
            sys.stderr.write(f"{told}\n")
            with contextlib.suppress(OSError):  # no room for the reason either: stderr has it
                error_file(path).write_text(str(told), encoding="utf-8")
            sys.exit(EXIT_USER_ERROR)


def error_file(job_file: Path) -> Path:
    """Where a job that refuses its input says why."""
    return job_file.with_suffix(".error.txt")


def die_with_parent() -> None:
    """Has the system kill this process when its parent dies, where `PARENT_VARIABLE` asks for that."""
    # kill -9 of the parent runs none of its handlers, and would leave a training on the GPU.
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return
    tie_to_parent()
    if parent != ANY_PARENT and os.getppid() != int(parent):  # it died before the line above
        os._exit(1)
