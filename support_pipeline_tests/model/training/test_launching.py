"""Several GPUs: one command, one process a GPU, one exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from support_pipeline.model.jobs import EXIT_USER_ERROR, error_file
from support_pipeline.model.training.launching import command, on_every_gpu, run
from support_pipeline_tests.model.training import material

MODULE = "support_pipeline.model.adapter"


def test_with_one_gpu_or_none_the_process_does_the_work_itself() -> None:
    assert on_every_gpu(MODULE, ["--job", "job.json"]) is None


def test_inside_a_launch_nothing_is_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 8)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert on_every_gpu(MODULE, ["--job", "job.json"]) is None


def test_with_several_gpus_it_starts_itself_under_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(
        "support_pipeline.model.training.launching.run", lambda line, arguments: started.append(line) or 0
    )
    assert on_every_gpu(MODULE, ["--job", "job.json"]) == 0
    assert started[0][1:3] == ["-m", "accelerate.commands.launch"]
    assert "4" in started[0] and started[0][-3:] == [MODULE, "--job", "job.json"]


def test_a_users_error_in_a_launched_process_is_exit_code_2(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    failing = [sys.executable, "-c", "raise SystemExit(1)"]
    assert run(failing, ["--job", str(job)]) == 1
    error_file(job).write_text("the base model is gated")
    assert run(failing, ["--job", str(job)]) == EXIT_USER_ERROR


def test_the_launchers_options_are_ones_that_accelerate_knows() -> None:
    from accelerate.commands.launch import launch_command_parser

    line = command(MODULE, ["--job", "job.json"], ["--multi_gpu", "--num_processes", "2"])
    parsed = launch_command_parser().parse_args(line[3:])
    assert (parsed.num_processes, parsed.module, parsed.training_script) == (2, True, MODULE)


@pytest.mark.slow
def test_two_processes_train_one_adapter(tmp_path: Path) -> None:
    job = material.job(tmp_path / "job", train=12, valid=2, epochs=1)
    path = tmp_path / "job.json"
    path.write_text(job.model_dump_json())
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launcher, "-m", MODULE, "--job", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "plan: 2 x cpu" in done.stdout and done.stdout.count("expected: 3 steps") == 1
    assert (job.out / "adapter_model.safetensors").is_file()
