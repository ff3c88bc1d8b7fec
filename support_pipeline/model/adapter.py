"""Trains a LoRA adapter (Hu et al. 2021, arXiv 2106.09685) on a client's chats: TRL's SFTTrainer on PEFT.

    python -m support_pipeline.model.adapter --job job.json

Runs in a process of its own, with or without Dagster. The chats are rendered and masked by
`supervision` before the model is loaded, so that a set with nothing to learn costs no GPU minute.
The payload is the same, bit for bit, for the same job on the same kind of CPU.
"""

import json
import math
import resource
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_pipeline.clients import Lora
from support_pipeline.errors import DatasetError, ModelError
from support_pipeline.model.base import ChatFormat, load_format
from support_pipeline.model.gguf.merge import without_peft_deprecation
from support_pipeline.model.jobs import Job, run_job
from support_pipeline.model.progress import Say, Throttle
from support_pipeline.model.supervision import Example, audit, read_chats, supervise

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CODE_VERSION = "1"
FORMAT_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")


class AdapterJob(Job):
    """Trains one adapter: base model folder, train and valid chats, settings."""

    base: Path
    base_name: str
    train: Path
    valid: Path
    lora: Lora


def train(job: AdapterJob, say: Say) -> None:
    """Trains and writes the adapter, its chat format, `training_log.jsonl` and `supervision.json`.

    Raises:
        DatasetError: nothing to learn from, or an end of turn that is not supervised.
        ModelError: the base model cannot be used, or the loss is not a number.
    """
    started = time.monotonic()
    chat = load_format(job.base)
    if chat.pad_token == chat.eos_token:
        raise ModelError(
            f"{job.base}: pad and end of turn are the same token, so the model would never learn to stop."
        )
    examples = _examples(job.train, chat)
    kept, found = audit(examples, job.lora.max_tokens, chat.id_of(chat.eos_token))
    if found.ends_supervised != found.examples:
        raise DatasetError(
            f"{found.examples - found.ends_supervised} examples do not end with a supervised end of turn."
        )
    say(
        f"supervised: {found.supervised_tokens:,} of {found.tokens:,} tokens in {found.examples} examples"
        f" (median {found.supervised_median:g} an example; {found.too_long} over {job.lora.max_tokens} left out)"
    )
    valid = [example for example in _examples(job.valid, chat) if len(example.ids) <= job.lora.max_tokens]
    log, seconds = _fit(job, kept, valid, say)
    _write_format(job)
    _write_json_lines(job.out / "training_log.jsonl", log)
    summary = {**asdict(found), "template_sha256": chat.sha256, "steps": log[-1]["step"] if log else 0}
    (job.out / "supervision.json").write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")
    stats = {
        "train_seconds": round(seconds, 2),
        "total_seconds": round(time.monotonic() - started, 2),
        "tokens_per_second": round(found.tokens * job.lora.epochs / max(seconds, 1e-9)),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    job.stats.write_text(json.dumps(stats), encoding="utf-8")
    say(
        f"trained in {seconds:.0f} s, {stats['tokens_per_second']:,} tokens/s, peak {stats['peak_memory_mb']:,} MB"
    )


def _examples(path: Path, chat: ChatFormat) -> list[Example]:
    return [supervise(messages, chat) for messages in read_chats(path)]


def _fit(
    job: AdapterJob, examples: list[Example], valid: list[Example], say: Say
) -> tuple[list[dict[str, float]], float]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer, PrinterCallback, set_seed
    from trl import SFTTrainer

    set_seed(job.lora.seed)
    model = load_base(job.base)
    targets = job.lora.target_modules
    rows = [{"input_ids": example.ids, "labels": example.labels} for example in examples]
    valid_rows = [{"input_ids": example.ids, "labels": example.labels} for example in valid]
    with without_peft_deprecation():
        trainer = SFTTrainer(
            model=model,
            args=_settings(job, len(examples), bool(valid)),
            train_dataset=Dataset.from_list(rows),
            eval_dataset=Dataset.from_list(valid_rows) if valid else None,
            processing_class=AutoTokenizer.from_pretrained(job.base),
            peft_config=LoraConfig(
                r=job.lora.rank,
                lora_alpha=job.lora.alpha,
                lora_dropout=job.lora.dropout,
                target_modules=targets if isinstance(targets, str) else list(targets),
                task_type="CAUSAL_LM",
            ),
            callbacks=[_progress(say)],
        )
    trainer.remove_callback(PrinterCallback)  # the reporter says it
    started = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started
    log = [_log_row(entry) for entry in trainer.state.log_history if "loss" in entry or "eval_loss" in entry]
    if not all(math.isfinite(value) for row in log for value in row.values()):
        raise ModelError("the training loss is not a number; lower lora.learning_rate (nothing was written).")
    adapted: Any = trainer.model
    adapted.save_pretrained(job.out)
    _tidy_adapter_config(job)
    return log, seconds


def load_base(folder: Path) -> "PreTrainedModel":
    """A base model ready for training or generation: bf16 on a GPU, fp32 on a CPU."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    disable_progress_bar()  # type: ignore[no-untyped-call]  # the reporter says what is going on
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model


def _settings(job: AdapterJob, examples: int, has_valid: bool) -> Any:
    import torch
    from trl import SFTConfig

    gpu = torch.cuda.is_available()
    steps = max(1, math.ceil(examples / job.lora.batch_size))
    return SFTConfig(
        output_dir=str(job.stats.parent / "trainer"),
        per_device_train_batch_size=min(job.lora.batch_size, examples),
        learning_rate=job.lora.learning_rate,
        num_train_epochs=job.lora.epochs,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, round(0.03 * steps * job.lora.epochs)),
        weight_decay=0.0,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        # Less padding; its first batch holds the longest example, so missing memory shows in step one.
        train_sampling_strategy="group_by_length",
        logging_steps=max(1, round(steps * job.lora.epochs / 100)),
        logging_first_step=True,
        eval_strategy="epoch" if has_valid else "no",
        prediction_loss_only=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=not gpu,
        bf16=_has_fast_bfloat16(),
        activation_checkpointing=gpu,
        dataloader_num_workers=0,
        dataloader_pin_memory=gpu,
        seed=job.lora.seed,
        data_seed=job.lora.seed,
        full_determinism=False,
    )


def _has_fast_bfloat16() -> bool:
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    # Elsewhere it is emulated, and slower than float32.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _progress(say: Say) -> Any:
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        """Says loss and rate as training goes."""

        def __init__(self) -> None:
            self.say = Throttle(say)
            self.started = time.monotonic()

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.started = time.monotonic()
            say(f"training: {state.max_steps} steps")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not logs or ("loss" not in logs and "eval_loss" not in logs):
                return
            loss = f"loss {logs['loss']}" if "loss" in logs else f"validation loss {logs['eval_loss']}"
            left = (
                (state.max_steps - state.global_step)
                * (time.monotonic() - self.started)
                / max(state.global_step, 1)
            )
            self.say(
                f"step {state.global_step}/{state.max_steps}, {loss}, about {left:.0f} s left",
                always="eval_loss" in logs or state.global_step >= state.max_steps,
            )

    return Progress()


def _log_row(entry: dict[str, Any]) -> dict[str, float]:
    names = {
        "step": "step",
        "epoch": "epoch",
        "loss": "loss",
        "eval_loss": "valid_loss",
        "learning_rate": "learning_rate",
    }
    return {new: round(float(entry[old]), 8) for old, new in names.items() if old in entry}


def _write_json_lines(path: Path, rows: list[dict[str, float]]) -> None:
    path.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows), encoding="utf-8")


def _write_format(job: AdapterJob) -> None:
    for name in FORMAT_FILES:
        if (job.base / name).is_file():
            (job.out / name).write_bytes((job.base / name).read_bytes())


def _tidy_adapter_config(job: AdapterJob) -> None:
    # PEFT writes sets in the order of this process's hash seed, and the base model's path on this machine.
    path = job.out / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = job.base_name
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True), encoding="utf-8")
    (job.out / "README.md").unlink(missing_ok=True)


if __name__ == "__main__":
    run_job(AdapterJob, train)
