"""Several GPUs: the same command starts itself once a GPU through `accelerate launch`."""

import os
import subprocess
import sys
from pathlib import Path

from support_pipeline.model.jobs import (
    ANY_PARENT,
    EXIT_USER_ERROR,
    PARENT_VARIABLE,
    die_with_parent,
    error_file,
)
from support_pipeline.processes import tie_to_parent


def on_every_gpu(module: str, arguments: list[str]) -> int | None:
    """The exit code of the module run on all GPUs, or None when this process shall do the work itself.

    It does so where there is one GPU or none, and inside a launch of `accelerate` or `torchrun`.
    """
    if "LOCAL_RANK" in os.environ or "WORLD_SIZE" in os.environ:
        return None
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count < 2:
        return None
    die_with_parent()
    return run(command(module, arguments, ["--multi_gpu", "--num_processes", str(count)]), arguments)


def command(module: str, arguments: list[str], options: list[str]) -> list[str]:
    """The command line that runs a module under accelerate."""
    launcher = [sys.executable, "-m", "accelerate.commands.launch", *options, "--num_machines", "1"]
    return [*launcher, "--mixed_precision", "no", "--dynamo_backend", "no", "-m", module, *arguments]


def run(line: list[str], arguments: list[str]) -> int:
    """Runs the launcher; a user's error that a process wrote down is the exit code 2 again."""
    environment = {**os.environ, PARENT_VARIABLE: ANY_PARENT}
    code = subprocess.call(line, env=environment, preexec_fn=tie_to_parent)
    job = Path(arguments[arguments.index("--job") + 1]) if "--job" in arguments[:-1] else None
    if code and job is not None and error_file(job).is_file():
        return EXIT_USER_ERROR
    return code
