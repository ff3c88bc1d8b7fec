"""Model jobs: run by a file, a user's error told in one line, and no job outlives its parent."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support_pipeline.model.jobs import EXIT_USER_ERROR, PARENT_VARIABLE, error_file


def adapter(job: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "support_pipeline.model.adapter", "--job", str(job)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_file_that_is_no_job_is_refused_by_name(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text('{"out": "x"}')
    done = adapter(job)
    assert done.returncode == EXIT_USER_ERROR
    assert "job.json: is not a job" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_users_error_lies_beside_the_job(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    settings = {
        "out": "out",
        "stats": "stats.json",
        "base": str(tmp_path),
        "base_name": "x",
        "train": "t",
        "valid": "v",
        "lora": {},
    }
    job.write_text(json.dumps(settings))
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    done = adapter(job)
    assert done.returncode == EXIT_USER_ERROR
    assert "has no chat template" in error_file(job).read_text()


def test_a_job_dies_with_its_parent(tmp_path: Path) -> None:
    child = (
        "import sys, time; from support_pipeline.model import jobs; jobs.die_with_parent();"
        "open(sys.argv[1], 'w').write(str(__import__('os').getpid())); time.sleep(60)"
    )
    parent = (
        "import os, subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2]], env={{**os.environ, {PARENT_VARIABLE!r}: str(os.getpid())}}, start_new_session=True);"
        "time.sleep(60)"
    )
    pid_file = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", parent, child, str(pid_file)])
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int(pid_file.read_text())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while Path(f"/proc/{pid}").exists() and _running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _running(pid)


def _running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
