"""Model jobs as child processes: their words arrive, and nothing of them outlives the run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A run whose one asset starts a child through the trainer; the child starts a child of its own.
RUN = """
import sys, dagster as dg
import support_pipeline.orchestration
from support_pipeline.orchestration.resources import LocalTrainer

@dg.asset
def work(context: dg.AssetExecutionContext, trainer: LocalTrainer) -> dg.MaterializeResult:
    code = trainer.run(context, command=[sys.executable, "-c", {child!r}, sys.argv[1]], extras={{}})
    return dg.MaterializeResult(metadata={{"code": code}})

result = dg.materialize([work], resources={{"trainer": LocalTrainer(grace_seconds=2)}}, raise_on_error=False)
print("CODE", result.asset_materializations_for_node("work")[0].metadata["code"].value if result.success else "failed")
"""
STUBBORN = """
import os, signal, subprocess, sys, time
from support_pipeline.model.jobs import die_with_parent
die_with_parent()
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {grandchild.pid}")
time.sleep(120)
"""
SPEAKING = """
from support_pipeline.model.progress import reporter
import sys
with reporter() as say:
    say("half way")
sys.exit(int(sys.argv[1]))
"""


def start(child: str, argument: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN.format(child=child), argument],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DAGSTER_HOME": ""},
    )


def test_what_the_child_says_is_in_the_run_and_its_exit_code_comes_back() -> None:
    out, _ = start(SPEAKING, "3").communicate(timeout=60)
    assert "half way" in out
    assert "CODE 3" in out


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_a_terminated_run_leaves_no_process(tmp_path: Path, order: signal.Signals) -> None:
    run, pids = start(STUBBORN, str(tmp_path / "pids")), tmp_path / "pids"
    found = wait_for(pids, run)
    run.send_signal(order)
    run.communicate(timeout=60)
    assert not [pid for pid in found if alive(pid)]


def test_a_killed_run_leaves_no_training(tmp_path: Path) -> None:
    run, pids = start(STUBBORN, str(tmp_path / "pids")), tmp_path / "pids"
    child, grandchild = wait_for(pids, run)
    run.kill()
    run.wait(timeout=60)
    deadline = time.monotonic() + 20
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(grandchild, signal.SIGKILL)  # nobody is left to do it; it also frees the pipe
    run.communicate(timeout=60)
    assert not alive(child)


def wait_for(pids: Path, run: "subprocess.Popen[str]") -> list[int]:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert run.poll() is None, run.communicate()[0]
        if pids.exists() and len(pids.read_text().split()) == 2:
            return [int(pid) for pid in pids.read_text().split()]
        time.sleep(0.05)
    raise AssertionError("the child never started")


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
