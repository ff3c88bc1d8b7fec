"""The fit itself: TRL's SFTTrainer on a LoRA, evaluated every epoch, resumable at every checkpoint.

The same examples, settings and kind of CPU give the same adapter bit for bit, also when the training
was killed and went on from a checkpoint: order, randomness and optimiser state all come from the
seed, the epoch and the checkpoint.
"""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from support_pipeline.clients import Lora
from support_pipeline.errors import ModelError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.gguf.merge import without_peft_deprecation
from support_pipeline.model.progress import Say
from support_pipeline.model.supervision import Example
from support_pipeline.model.training import checkpoints
from support_pipeline.model.training.compliance import Probe, compliance
from support_pipeline.model.training.machine import MB, Plan
from support_pipeline.model.training.rows import RowCollator, computed_tokens, dataset
from support_pipeline.model.training.sampling import EpochSampler
from support_pipeline.model.training.watching import finite_loss, milestones, peak_bytes, progress

WIDTHS = 32
"""Batches are as wide as a multiple of this many tokens."""
KERNELS = 32
"""So many of oneDNN's kernels are kept with their scratch memory; its own 1,024 hold one for every shape ever met."""
ALLOCATORS_SHARE = 1.6
"""What a training takes on a CPU for each byte of its heaviest batch: kept kernels, holes between batches of other widths."""
ATTENTION = "sdpa"
"""What takes the mask of shared rows; flash attention takes none."""
CHOICE = "eval_choice"
"""What the kept adapter is chosen by, lower is better: validation loss plus the share of flips not followed."""


@dataclass(frozen=True)
class Material:
    """What is learned, what is watched: chats as ids, and probes under other policies."""

    train: Sequence[Example]
    valid: Sequence[Example]
    probes: Sequence[Probe]

    @property
    def tokens(self) -> int:
        """Tokens of one epoch."""
        return sum(len(example.ids) for example in self.train)


@dataclass(frozen=True)
class Fitted:
    """The log by step, the steps that were planned and done, seconds, and the time and memory (bytes) that were foretold."""

    log: list[dict[str, float]]
    seconds: float
    steps: int
    planned_steps: int
    best_step: int
    estimated_seconds: float
    estimated_bytes: int
    resumed_at: int


def fit(
    base: Path,
    lora: Lora,
    plan: Plan,
    chat: ChatFormat,
    material: Material,
    folder: Path,
    out: Path,
    say: Say,
) -> Fitted:
    """Trains and writes the adapter to `out`; checkpoints lie in `folder`.

    Raises:
        ModelError: the loss is not a number, memory or disk does not suffice.
    """
    from transformers import set_seed

    set_seed(lora.seed)
    before = peak_bytes()
    trainer, plan, step_seconds = _dry_run(base, lora, plan, chat, material, folder, say)
    batches = math.ceil(len(trainer.train_dataset) / (plan.chats * plan.processes))
    steps = max(1, math.ceil(math.ceil(batches / plan.accumulate) * lora.epochs))
    estimated = step_seconds * _share_of_heaviest(trainer.order, plan.chats) * steps * plan.accumulate
    foretold = max(plan.estimated_bytes, peak_bytes())
    if plan.device == "cpu":
        foretold = int(before + (foretold - before) * ALLOCATORS_SHARE)
    say(f"expected: {steps} steps in about {_minutes(estimated)}, {foretold // MB:,} MB of memory")
    for callback in (progress(say, material.tokens * lora.epochs), milestones(lora, bool(material.valid))):
        trainer.add_callback(callback)
    trainer.accelerator.wait_for_everyone()  # the first process has made the folder this training's own
    newest = checkpoints.newest(folder)
    if newest is not None:
        say(f"going on from the checkpoint at step {newest.step}")
    started = time.monotonic()
    if newest is not None and newest.ended:
        _take_ended(trainer, newest)
    else:
        trainer.train(resume_from_checkpoint=str(newest.folder) if newest else None)
    seconds = time.monotonic() - started
    _demand_finite(trainer.model)
    if trainer.is_world_process_zero():
        trainer.model.save_pretrained(out)
    log = [row for entry in trainer.state.log_history if (row := _log_row(entry))]
    return Fitted(
        log=log,
        seconds=seconds,
        steps=trainer.state.global_step,
        planned_steps=steps,
        best_step=trainer.state.best_global_step or trainer.state.global_step,
        estimated_seconds=estimated,
        estimated_bytes=foretold,
        resumed_at=newest.step if newest else 0,
    )


def import_libraries() -> None:
    """Imports what a training needs, so that the memory which that takes is known before the estimate."""
    # oneDNN reads it before its first kernel; what the user has set stays.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import trl.trainer.sft_trainer  # noqa: F401


def build(base: Path, lora: Lora, plan: Plan, chat: ChatFormat, material: Material, folder: Path) -> Any:
    """The trainer, with everything but progress attached."""
    from peft import LoraConfig
    from transformers import AutoTokenizer, EarlyStoppingCallback, PrinterCallback

    pad = chat.id_of(chat.pad_token)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = chat.pad_token
    targets = lora.target_modules
    with without_peft_deprecation():
        trainer: Any = _trainer_class()(
            model=load_for_training(base, plan),
            args=_settings(lora, plan, folder, bool(material.valid)),
            train_dataset=dataset(material.train),
            eval_dataset=dataset(material.valid) if material.valid else None,
            processing_class=tokenizer,
            data_collator=RowCollator(pad, WIDTHS, sharing=plan.sharing),
            peft_config=LoraConfig(
                r=lora.rank,
                lora_alpha=lora.alpha,
                lora_dropout=lora.dropout,
                target_modules=targets if isinstance(targets, str) else list(targets),
                task_type="CAUSAL_LM",
            ),
            callbacks=[finite_loss()],
        )
    trainer.probes, trainer.order = material.probes, order_of(material.train, plan, lora.seed)
    trainer.remove_callback(PrinterCallback)  # the reporter says it
    if material.valid and lora.patience:
        trainer.add_callback(EarlyStoppingCallback(lora.patience))
    return trainer


def load_for_training(folder: Path, plan: Plan) -> Any:
    """The base model as the plan wants its weights."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # the reporter says what is going on
    options: dict[str, Any] = {"attn_implementation": ATTENTION}
    if plan.weights == "4bit":
        compute = torch.bfloat16 if plan.bfloat16 else torch.float16
        four_bit: Any = BitsAndBytesConfig
        options["dtype"] = compute
        options["quantization_config"] = four_bit(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )
    else:
        options["dtype"] = getattr(torch, plan.weights)
    return AutoModelForCausalLM.from_pretrained(folder, **options)


def order_of(examples: Sequence[Example], plan: Plan, seed: int) -> EpochSampler:
    """Which chats go through the model together."""

    def cost(batch: Sequence[int]) -> float:
        return computed_tokens([examples[at] for at in batch], sharing=plan.sharing)

    return EpochSampler(
        [len(one.ids) for one in examples],
        plan.chats,
        seed,
        families=[tuple(one.ids[: one.context]) or None for one in examples] if plan.sharing else None,
        cost=cost,
    )


def _share_of_heaviest(order: EpochSampler, chats: int) -> float:
    """What a batch costs on the average, as a share of the first one, which is the heaviest."""
    places = list(order)
    costs = [order.cost(places[start : start + chats]) for start in range(0, len(places), chats)]
    return sum(costs) / len(costs) / costs[0]


def _settings(lora: Lora, plan: Plan, folder: Path, has_valid: bool) -> Any:
    from trl import SFTConfig

    gpu = plan.device == "cuda"
    never = 10**9
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=plan.chats,
        per_device_eval_batch_size=plan.chats,
        gradient_accumulation_steps=plan.accumulate,
        learning_rate=lora.learning_rate,
        num_train_epochs=lora.epochs,
        lr_scheduler_type="constant_with_warmup" if lora.schedule == "constant" else lora.schedule,
        warmup_steps=lora.warmup_share,
        weight_decay=lora.weight_decay,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_strategy="steps",
        logging_steps=never,
        logging_nan_inf_filter=False,
        # `milestones` says when; these only tell the trainer that it happens.
        eval_strategy="steps" if has_valid else "no",
        eval_steps=never,
        save_strategy="steps",
        save_steps=never,
        save_total_limit=2,
        load_best_model_at_end=has_valid,
        metric_for_best_model=CHOICE if has_valid else None,
        greater_is_better=False if has_valid else None,
        restore_callback_states_from_checkpoint=True,
        prediction_loss_only=True,
        report_to="none",
        disable_tqdm=True,
        use_cpu=not gpu,
        bf16=plan.bfloat16,
        activation_checkpointing=plan.checkpointing,
        use_liger_kernel=plan.liger,
        dataloader_num_workers=0,
        dataloader_pin_memory=gpu,
        ddp_find_unused_parameters=False if plan.processes > 1 else None,
        seed=lora.seed,
        data_seed=lora.seed,
    )


def _trainer_class() -> Any:
    from trl import SFTTrainer

    class Fit(SFTTrainer):  # type: ignore[misc]  # untyped where it is called
        """Adds what TRL lacks: an order that a resumed run finds again, probes, whole checkpoints."""

        probes: Sequence[Probe] = ()
        order: EpochSampler | None = None

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return self.order

        def evaluation_loop(self, *arguments: Any, **settings: Any) -> Any:
            output = super().evaluation_loop(*arguments, **settings)
            loss = output.metrics["eval_loss"]
            output.metrics[CHOICE] = loss
            if self.probes:
                followed = compliance(self.accelerator.unwrap_model(self.model), self.probes)
                output.metrics["eval_flip_compliance"] = followed
                output.metrics[CHOICE] = loss + 1 - followed
            return output

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            first = self.is_world_process_zero()
            with checkpoints.whole(folder, ended=self.control.should_training_stop, mark=first):
                super()._save_checkpoint(model, trial)
                self.accelerator.wait_for_everyone()  # each process writes its own random state

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """None: the manifest says more."""

    return Fit


def _dry_run(
    base: Path, lora: Lora, plan: Plan, chat: ChatFormat, material: Material, folder: Path, say: Say
) -> tuple[Any, Plan, float]:
    """The trainer after its heaviest batch went forward and back once without a step: missing memory shows now.

    A GPU that runs out of memory gets half as many chats at a time, and twice as many such groups a step.
    """
    import torch

    while True:
        trainer = build(base, lora, plan, chat, material, folder)
        try:
            seconds = _heaviest(trainer, plan)
        except torch.cuda.OutOfMemoryError as error:
            if plan.chats == 1:
                raise ModelError(
                    f"the longest chat ({plan.row_tokens} tokens) does not fit into the GPU's memory. Lower "
                    "lora.max_tokens, set lora.precision: 4bit, or use a smaller base_model."
                ) from error
            del trainer
            torch.cuda.empty_cache()
            plan = plan.halved()
            say(f"out of memory at the longest batch; going on with {plan.chats} chats at a time")
            continue
        except (MemoryError, RuntimeError) as error:
            if "allocate memory" not in str(error) and not isinstance(error, MemoryError):
                raise
            raise ModelError(
                f"the longest batch ({plan.chats} chats, {plan.rows} x {plan.row_tokens} tokens) does not fit into memory. Lower "
                "lora.batch_size or lora.max_tokens."
            ) from error
        return trainer, plan, seconds


def _heaviest(trainer: Any, plan: Plan) -> float:
    """Seconds that the first, heaviest batch takes forward and back; nothing is learned and no randomness used up."""
    import torch

    first = list(islice(trainer.order, plan.chats))
    batch = trainer.data_collator([trainer.train_dataset[i] for i in first])
    inputs = trainer._prepare_inputs(batch)
    devices = [trainer.args.device] if trainer.args.device.type == "cuda" else []
    trainer.model.train()
    with torch.random.fork_rng(devices), trainer.compute_loss_context_manager():
        for _ in range(2):  # the first pays for allocating and choosing kernels
            started = time.monotonic()
            loss = trainer.compute_loss(trainer.model, dict(inputs))
            loss.backward()
            seconds = time.monotonic() - started
    trainer.model.zero_grad(set_to_none=True)
    if not math.isfinite(float(loss.detach())):
        raise ModelError(
            "the loss is not a number before the first step: the base model's weights are broken, or its precision "
            "does not suffice. Fetch the base model again, or set lora.precision: 16bit."
        )
    return seconds


def _take_ended(trainer: Any, newest: checkpoints.Whole) -> None:
    """A training that had ended and was killed before its adapter was written: only the adapter is taken."""
    from transformers import TrainerState

    trainer.state = TrainerState.load_from_json(str(newest.folder / "trainer_state.json"))
    best = trainer.state.best_model_checkpoint
    trainer.model.load_adapter(best or str(newest.folder), trainer.model.active_adapters[0])


def _demand_finite(model: Any) -> None:
    broken = [
        name
        for name, weight in model.named_parameters()
        if weight.requires_grad and not bool(weight.isfinite().all())
    ]
    if broken:
        raise ModelError(
            f"the adapter's weights are not numbers (first: {broken[0]}); lower lora.learning_rate (nothing was written)."
        )


_LOGGED = {
    "step": "step",
    "epoch": "epoch",
    "loss": "loss",
    "eval_loss": "valid_loss",
    "eval_flip_compliance": "flip_compliance",
    "learning_rate": "learning_rate",
}


def _log_row(entry: dict[str, Any]) -> dict[str, float]:
    if "loss" not in entry and "eval_loss" not in entry:
        return {}
    return {new: round(float(entry[old]), 8) for old, new in _LOGGED.items() if old in entry}


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
