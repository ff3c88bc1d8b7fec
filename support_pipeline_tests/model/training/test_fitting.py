"""A whole training: the same adapter each time and after kill -9, and an end with a reason when it cannot go on."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.artifacts import file_facts
from support_pipeline.errors import DatasetError, ModelError
from support_pipeline.model.adapter import AdapterJob, train
from support_pipeline.model.base import EMBEDDED
from support_pipeline.model.training import checkpoints, fitting
from support_pipeline_tests.model.training import material


def run(job: AdapterJob) -> list[str]:
    lines: list[str] = []
    train(job, lines.append)
    return lines


def payload(job: AdapterJob) -> dict[str, Any]:
    return {name: facts["sha256"] for name, facts in file_facts(job.out).items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[AdapterJob, list[str]]:
    job = material.job(tmp_path_factory.mktemp("undisturbed") / "job", checkpoint_steps=2)
    return job, run(job)


def test_the_log_says_what_was_planned_and_what_came_of_it(undisturbed: tuple[AdapterJob, list[str]]) -> None:
    job, said = undisturbed
    text = "\n".join(said)
    assert "supervised: " in text and "under other policies" in text
    assert (
        "plan: cpu, float32 weights, 4 chats" in text
        and "system messages shared" in text
        and "MB of memory" in text
    )
    assert "expected: 10 steps in about" in text
    assert "tokens/s" in text and "validation loss" in text and "flipped policies followed" in text
    assert "(expected " in said[-1]
    stats = json.loads(job.stats.read_text())
    assert 0.8 < stats["peak_memory_mb"] / stats["estimated_memory_mb"] < 1.5
    assert stats["tokens_per_second"] > 0
    summary = json.loads((job.out / "supervision.json").read_text())
    assert summary["steps"] == summary["planned_steps"] == 10
    assert summary["other_policies"] == 8 and summary["flipped_answers"] >= 5


def test_the_log_has_the_losses_and_the_compliance_of_every_epoch(
    undisturbed: tuple[AdapterJob, list[str]],
) -> None:
    job, _ = undisturbed
    rows = [json.loads(line) for line in (job.out / "training_log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "valid_loss" in row] == [5, 10]
    assert all(0 <= row["flip_compliance"] <= 1 for row in rows if "valid_loss" in row)
    losses = [row["loss"] for row in rows if "loss" in row]
    assert len(losses) == 10 and losses[-1] < losses[0]


def test_the_same_job_gives_the_same_payload_bit_for_bit(
    undisturbed: tuple[AdapterJob, list[str]], tmp_path: Path
) -> None:
    again = material.job(tmp_path / "job", checkpoint_steps=2)
    run(again)
    assert payload(again) == payload(undisturbed[0])


def killed_at(job: AdapterJob, step: int) -> None:
    """Runs the job in a process of its own and kills that once the checkpoint of a step is whole."""
    path = job.stats.parent / "job.json"
    path.write_text(job.model_dump_json())
    command = [sys.executable, "-m", "support_pipeline.model.adapter", "--job", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mark = job.checkpoint_folder / f"checkpoint-{step}" / checkpoints.MARK
    deadline = time.monotonic() + 120
    while not mark.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert mark.is_file()


@pytest.mark.parametrize("step", [4])
def test_killed_and_run_again_it_gives_the_same_payload(
    undisturbed: tuple[AdapterJob, list[str]], tmp_path: Path, step: int
) -> None:
    job = material.job(tmp_path / "job", checkpoint_steps=2)
    killed_at(job, step)
    assert not list(job.out.iterdir()), "nothing is written before the end"
    said = run(job)
    assert any(line.startswith("going on from the checkpoint at step") for line in said)
    assert payload(job) == payload(undisturbed[0])


def test_a_checkpoint_that_is_not_whole_is_not_gone_on_from(
    undisturbed: tuple[AdapterJob, list[str]], tmp_path: Path
) -> None:
    job = material.job(tmp_path / "job", checkpoint_steps=2)
    checkpoints.claim(job.checkpoint_folder, job.identity())
    cut = job.checkpoint_folder / "checkpoint-8"
    cut.mkdir()
    (cut / "adapter_model.safetensors").write_bytes(b"half")
    said = run(job)
    assert not any("going on" in line for line in said)
    assert payload(job) == payload(undisturbed[0])


def test_a_training_that_had_ended_only_writes_its_adapter(
    undisturbed: tuple[AdapterJob, list[str]], tmp_path: Path
) -> None:
    done = undisturbed[0]
    job = done.model_copy(update={"out": tmp_path / "out", "stats": tmp_path / "stats.json"})
    job = job.model_copy(update={"checkpoints": done.checkpoint_folder})
    job.out.mkdir()
    said = run(job)
    assert "going on from the checkpoint at step 10" in said
    assert payload(job) == payload(done)


def test_checkpoints_of_another_training_are_removed(undisturbed: tuple[AdapterJob, list[str]]) -> None:
    job = undisturbed[0]
    other = job.model_copy(update={"lora": job.lora.model_copy(update={"seed": 99})})
    assert other.identity() != job.identity() == job.model_copy().identity()


def test_it_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    job = material.job(tmp_path / "job", epochs=12, patience=1, learning_rate=0.05, batch_size=10)
    said = run(job)
    summary = json.loads((job.out / "supervision.json").read_text())
    rows = [json.loads(line) for line in (job.out / "training_log.jsonl").read_text().splitlines()]
    judged = {
        row["step"]: row["valid_loss"] + 1 - row["flip_compliance"] for row in rows if "valid_loss" in row
    }
    assert summary["steps"] < summary["planned_steps"]
    assert "stopped early" in said[-1]
    assert summary["best_step"] == min(judged, key=lambda step: judged[step])


# What cannot work


def spoiled_base(folder: Path, spoil: Callable[[Path], None]) -> Path:
    shutil.copytree(EMBEDDED, folder)
    spoil(folder)
    return folder


def set_in(name: str, **changes: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            set_in("config.json", model_type="mamba"),
            r"model_type 'mamba' is not supported\. Known: llama, mistral",
        ),
        (
            lambda base: (base / "chat_template.jinja").write_text("{{ messages[0].role }}"),
            "in the chat that begins",
        ),
        (lambda base: (base / "chat_template.jinja").write_text("{% for m in %}"), "cannot render"),
        (lambda base: (base / "chat_template.jinja").unlink(), "has no chat template"),
        (set_in("tokenizer_config.json", eos_token="<|begin_of_text|>"), "does not end an answer"),
        (lambda base: shutil.rmtree(base), "the base model's folder is not there"),
    ],
    ids=[
        "architecture",
        "template without the answer",
        "template that is none",
        "no template",
        "other end",
        "gone",
    ],
)
def test_a_base_model_that_cannot_go_all_the_way_is_refused_before_any_work(
    spoil: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    job = material.job(tmp_path / "job", base=spoiled_base(tmp_path / "base", spoil))
    lines: list[str] = []
    with pytest.raises(ModelError, match=message):
        train(job, lines.append)
    assert lines == []
    assert not list(job.out.iterdir())


def test_a_single_example_is_no_training_set(tmp_path: Path) -> None:
    job = material.job(tmp_path / "job", train=1)
    with pytest.raises(DatasetError, match=r"1 example\(s\) to learn from, at least 2 are needed"):
        train(job, print)


def test_two_examples_and_nothing_to_validate_train(tmp_path: Path) -> None:
    job = material.job(tmp_path / "job", train=2, valid=0, epochs=1)
    run(job)
    assert (job.out / "adapter_model.safetensors").is_file()


def test_a_base_model_with_broken_weights_shows_before_the_first_step(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    def spoil(base: Path) -> None:
        weights = load_file(base / "model.safetensors")
        weights["model.norm.weight"][0] = float("nan")
        save_file(weights, base / "model.safetensors", metadata={"format": "pt"})

    job = material.job(tmp_path / "job", base=spoiled_base(tmp_path / "base", spoil))
    with pytest.raises(ModelError, match="not a number before the first step"):
        train(job, print)
    assert not list(job.out.iterdir())


def test_a_loss_that_becomes_nan_ends_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    step = torch.optim.AdamW.step

    def ruin(self: Any, *arguments: Any, **settings: Any) -> Any:
        done = step(self, *arguments, **settings)
        with torch.no_grad():
            self.param_groups[0]["params"][0].fill_(float("inf"))
        return done

    monkeypatch.setattr(torch.optim.AdamW, "step", ruin)
    job = material.job(tmp_path / "job")
    with pytest.raises(ModelError, match=r"is not a number at step 2 of 10; lower lora.learning_rate"):
        train(job, print)
    assert not list(job.out.iterdir())


def test_a_disk_that_fills_while_a_checkpoint_is_written(
    undisturbed: tuple[AdapterJob, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = material.job(tmp_path / "job", checkpoint_steps=2)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(fitting, "_heaviest", then_limited(fitting._heaviest, 200_000))
    try:
        with pytest.raises(
            ModelError, match=r"checkpoint-2: the checkpoint could not be written \(.* MB free\)"
        ):
            run(job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    monkeypatch.undo()
    assert not list(job.out.iterdir()) and not list(job.checkpoint_folder.glob("checkpoint-*"))
    run(job)  # there is room again
    assert payload(job) == payload(undisturbed[0])


def then_limited(work: Callable[..., float], size: int) -> Callable[..., float]:
    """The work, after which no file can grow beyond `size` bytes; a checkpoint's are larger."""

    def limited(*arguments: Any) -> float:
        seconds = work(*arguments)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return seconds

    return limited


def test_too_little_room_is_said_before_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    job = material.job(tmp_path / "job")
    with pytest.raises(ModelError, match="MB are free, the checkpoints need about"):
        train(job, print)
