"""Callbacks of the training: when to evaluate and save, what is said meanwhile, when to give up."""

import math
import time
from typing import Any

from support_pipeline.clients import Lora
from support_pipeline.errors import ModelError
from support_pipeline.model.progress import Say, Throttle
from support_pipeline.model.training.machine import MB, used_now

LOGS = 100
"""About how many points the loss curve has."""


def milestones(lora: Lora, has_valid: bool) -> Any:
    """Logs, evaluates at the end of each epoch, and saves then and every `checkpoint_steps`.

    Every save comes right after a log, so that a resumed run's log has the same rows.
    """
    from transformers import TrainerCallback

    class Milestones(TrainerCallback):
        def __init__(self) -> None:
            self.every, self.ends = 1, {0}

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            steps = state.max_steps
            self.every = max(1, round(steps / LOGS))
            whole_epochs = range(math.floor(lora.epochs))
            self.ends = {steps, *(round(steps * (epoch + 1) / lora.epochs) for epoch in whole_epochs)}

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            at = state.global_step
            epoch_ends = at in self.ends
            control.should_evaluate = epoch_ends and has_valid
            control.should_save = epoch_ends or at % lora.checkpoint_steps == 0
            control.should_log = control.should_save or at == 1 or at % self.every == 0
            return control

    return Milestones()


def finite_loss() -> Any:
    """Ends a training whose loss or gradient is not a number."""
    from transformers import TrainerCallback

    class FiniteLoss(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            for name in ("loss", "eval_loss", "grad_norm"):
                if name in (logs or {}) and not math.isfinite(logs[name]):
                    raise ModelError(
                        f"the training's {name.replace('_', ' ')} is not a number at step {state.global_step} of "
                        f"{state.max_steps}; lower lora.learning_rate ({args.learning_rate:g} now). Nothing was written."
                    )

    return FiniteLoss()


def progress(say: Say, tokens: float) -> Any:
    """Says step, loss, rate, memory and time left. `tokens` are those of the whole training."""
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        def __init__(self) -> None:
            self.say = Throttle(say)
            self.started, self.first = time.monotonic(), 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.started, self.first = time.monotonic(), state.global_step

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not logs or ("loss" not in logs and "eval_loss" not in logs):
                return
            done = max(state.global_step - self.first, 1)
            per_step = (time.monotonic() - self.started) / done
            rate = tokens / max(state.max_steps, 1) / max(per_step, 1e-9)
            self.say(
                f"step {state.global_step}/{state.max_steps}, {_losses(logs)}, {rate:,.0f} tokens/s,"
                f" {peak_bytes() // MB:,} MB, about {(state.max_steps - state.global_step) * per_step:.0f} s left",
                always="eval_loss" in logs or state.global_step >= state.max_steps,
            )

    return Progress()


def _losses(logs: Any) -> str:
    if "loss" in logs:
        return f"loss {logs['loss']:.4f}"
    followed = logs.get("eval_flip_compliance")
    told = f", {followed:.0%} of flipped policies followed" if followed is not None else ""
    return f"validation loss {logs['eval_loss']:.4f}{told}"


def peak_bytes() -> int:
    """The most memory used so far: of the GPU where there is one, else of the process."""
    import torch

    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else used_now()
