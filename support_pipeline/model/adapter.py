"""Trains a LoRA adapter (Hu et al. 2021, arXiv 2106.09685) on a client's chats: TRL's SFTTrainer on PEFT.

    python -m support_pipeline.model.adapter --job job.json

Runs in a process of its own, with or without Dagster; with several GPUs it starts itself under
`accelerate launch`. The base model, the chats and the room for them are checked before any weight is
loaded, so that a set with nothing to learn costs no GPU minute. The payload is the same, bit for
bit, for the same job on the same kind of CPU.
"""

import hashlib
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_pipeline.artifacts import digest
from support_pipeline.clients import Lora
from support_pipeline.errors import DatasetError
from support_pipeline.model.base import ChatFormat, fingerprint
from support_pipeline.model.jobs import Job, run_job
from support_pipeline.model.preflight import check_base
from support_pipeline.model.progress import Say
from support_pipeline.model.supervision import Audit, Example, audit, read_chats, supervise
from support_pipeline.model.training.lessons import Lessons, edit_classes, taught
from support_pipeline.policies import PolicyBook, PolicyFact

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from support_pipeline.model.training.fitting import Fitted, Material
    from support_pipeline.model.training.machine import Plan

CODE_VERSION = "3"
FORMAT_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")
LEAST_EXAMPLES = 2


class AdapterJob(Job):
    """Trains one adapter: base model folder, train and valid chats, settings.

    `index` tells the edit class of each chat, `policies` and `today` the values that some chats are
    rendered without; a job without them trains on the chats as they are. `checkpoints` is where a
    training that was killed is taken up again (beside the figures when it is not given).
    """

    base: Path
    base_name: str
    train: Path
    valid: Path
    lora: Lora
    index: Path | None = None
    policies: tuple[PolicyFact, ...] = ()
    today: date | None = None
    checkpoints: Path | None = None

    @property
    def checkpoint_folder(self) -> Path:
        """Where checkpoints lie."""
        return self.checkpoints or self.stats.parent / "checkpoints"

    def identity(self) -> str:
        """The digest of all that the adapter depends on: two jobs of one identity make the same adapter."""
        files = {name: _sha256(path) for name, path in (("train", self.train), ("valid", self.valid))}
        index = _sha256(self.index) if self.index else ""
        settings = self.model_dump(mode="json", include={"lora", "policies", "today", "base_name"})
        return digest([CODE_VERSION, files, index, settings, fingerprint(self.base)])


def train(job: AdapterJob, say: Say) -> None:
    """Trains and writes the adapter, its chat format, `training_log.jsonl` and `supervision.json`.

    Raises:
        DatasetError: nothing to learn from, or an end of turn that is not supervised.
        ModelError: the base model cannot be used, memory or disk do not suffice, or the loss is no number.
    """
    from support_pipeline.model.training.checkpoints import claim, demand_space
    from support_pipeline.model.training.fitting import fit, import_libraries
    from support_pipeline.model.training.machine import Machine, Shape, plan, used_now

    import_libraries()
    started = time.monotonic()
    chat = check_base(job.base)
    lessons, kept, found = _lessons(job, chat, say)
    material = _material(job, chat, kept)
    shape = Shape.of(json.loads((job.base / "config.json").read_text(encoding="utf-8")))
    planned = plan(
        job.lora,
        shape,
        [len(example.ids) for example in kept],
        Machine.here(),
        contexts=[example.context for example in kept],
        used=used_now(),
    )
    say(f"plan: {planned}; its tensors take about {planned.estimated_bytes // (1 << 20):,} MB of memory")
    if os.environ.get("RANK", "0") == "0":
        claim(job.checkpoint_folder, job.identity())
    demand_space(job.stats.parent, 3 * 12 * shape.adapter_parameters(job.lora.rank))
    fitted = fit(job.base, job.lora, planned, chat, material, job.checkpoint_folder, job.out, say)
    if _is_first_process():
        _write(job, chat, lessons, found, fitted)
        _tell(job, planned, material, fitted, time.monotonic() - started, say)


def _lessons(job: AdapterJob, chat: ChatFormat, say: Say) -> tuple[Lessons, list[Example], Audit]:
    chats = read_chats(job.train)
    if len(chats) < LEAST_EXAMPLES:
        raise DatasetError(
            f"{job.train}: {len(chats)} example(s) to learn from, at least {LEAST_EXAMPLES} are needed (300 to 3,000 "
            "make a model). Widen release.window_months or lower evaluation.test_size."
        )
    book = PolicyBook(facts=job.policies)
    share = job.lora.other_policies_share if job.today and job.policies else 0.0
    lessons = taught(
        chats,
        edit_classes(job.index, "train", len(chats)),
        job.lora.edit_weights.model_dump(),
        book,
        job.today or date.min,
        other_policies_share=share,
        seed=job.lora.seed,
    )
    examples = [supervise(lesson.messages, chat) for lesson in lessons.lessons]
    kept, found = audit(examples, job.lora.max_tokens, chat.id_of(chat.eos_token))
    if found.ends_supervised != found.examples:
        raise DatasetError(
            f"{found.examples - found.ends_supervised} examples do not end with a supervised end of turn."
        )
    say(
        f"supervised: {found.supervised_tokens:,} of {found.tokens:,} tokens in {found.examples} examples"
        f" (median {found.supervised_median:g} an example; {found.too_long} over {job.lora.max_tokens} left out)"
    )
    copies = ", ".join(f"{count} more of class {name}" for name, count in lessons.repeated.items())
    say(
        f"{lessons.other_policies} of {len(lessons.lessons)} examples under other policies"
        f" ({lessons.flipped_answers} state another value); corrections: {copies or 'none'}"
    )
    return lessons, kept, found


def _material(job: AdapterJob, chat: ChatFormat, kept: list[Example]) -> "Material":
    from support_pipeline.model.training.compliance import probes
    from support_pipeline.model.training.fitting import Material

    chats = read_chats(job.valid)
    valid = [
        example
        for messages in chats
        if len((example := supervise(messages, chat)).ids) <= job.lora.max_tokens
    ]
    asked = (
        probes(
            chats,
            PolicyBook(facts=job.policies),
            job.today,
            chat,
            max_tokens=job.lora.max_tokens,
            seed=job.lora.seed,
        )
        if job.today and job.policies
        else []
    )
    return Material(kept, valid, asked)


def load_base(folder: Path) -> "PreTrainedModel":
    """A base model ready for generation: bf16 on a GPU, fp32 on a CPU."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    disable_progress_bar()  # type: ignore[no-untyped-call]  # the reporter says what is going on
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model


def _is_first_process() -> bool:
    import torch.distributed

    started = torch.distributed.is_available() and torch.distributed.is_initialized()
    return not started or torch.distributed.get_rank() == 0


# Writing


def _write(job: AdapterJob, chat: ChatFormat, lessons: Lessons, found: Audit, fitted: "Fitted") -> None:
    _write_format(job, chat)
    _tidy_adapter_config(job)
    log = "".join(json.dumps(row, sort_keys=True) + "\n" for row in fitted.log)
    (job.out / "training_log.jsonl").write_text(log, encoding="utf-8")
    summary = {
        **asdict(found),
        "template_sha256": chat.sha256,
        "steps": fitted.steps,
        "planned_steps": fitted.planned_steps,
        "best_step": fitted.best_step,
        "chats": lessons.chats,
        "repeated": lessons.repeated,
        "other_policies": lessons.other_policies,
        "flipped_answers": lessons.flipped_answers,
        "flips_refused": lessons.refused,
    }
    (job.out / "supervision.json").write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")


def _tell(
    job: AdapterJob, planned: "Plan", material: "Material", fitted: "Fitted", total_seconds: float, say: Say
) -> None:
    """Figures of this run, beside what was expected of it."""
    from support_pipeline.model.training.watching import peak_bytes

    seconds, peak = fitted.seconds, peak_bytes()
    done = (
        material.tokens * job.lora.epochs * (fitted.steps - fitted.resumed_at) / max(fitted.planned_steps, 1)
    )
    stats: dict[str, Any] = {
        "train_seconds": round(seconds, 2),
        "estimated_seconds": round(fitted.estimated_seconds, 2),
        "total_seconds": round(total_seconds, 2),
        "tokens_per_second": round(done / max(seconds, 1e-9)),
        "peak_memory_mb": peak // (1 << 20),
        "estimated_memory_mb": fitted.estimated_bytes // (1 << 20),
        "tensors_memory_mb": planned.estimated_bytes // (1 << 20),
        "resumed_at_step": fitted.resumed_at,
        "plan": str(planned),
    }
    job.stats.write_text(json.dumps(stats), encoding="utf-8")
    early = f" of {fitted.planned_steps} (stopped early)" if fitted.steps < fitted.planned_steps else ""
    say(
        f"trained {fitted.steps}{early} steps in {seconds:.0f} s (expected {fitted.estimated_seconds:.0f}),"
        f" {stats['tokens_per_second']:,} tokens/s, peak {stats['peak_memory_mb']:,} MB"
        f" (expected {stats['estimated_memory_mb']:,}); the adapter is that of step {fitted.best_step}"
    )


def _write_format(job: AdapterJob, chat: ChatFormat) -> None:
    for name in FORMAT_FILES:
        if (job.base / name).is_file():
            (job.out / name).write_bytes((job.base / name).read_bytes())
    path = job.out / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    named = config.get("pad_token")
    if (named["content"] if isinstance(named, dict) else named) != chat.pad_token:
        path.write_text(
            json.dumps({**config, "pad_token": chat.pad_token}, indent=1, ensure_ascii=False),
            encoding="utf-8",
        )


def _tidy_adapter_config(job: AdapterJob) -> None:
    # PEFT writes sets in the order of this process's hash seed, and the base model's path on this machine.
    path = job.out / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = job.base_name
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True), encoding="utf-8")
    (job.out / "README.md").unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise DatasetError(f"{path}: no such file. Make jsonl_splits again.")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    from support_pipeline.model.training.launching import on_every_gpu

    launched = on_every_gpu("support_pipeline.model.adapter", sys.argv[1:])
    if launched is not None:
        sys.exit(launched)
    run_job(AdapterJob, train)
