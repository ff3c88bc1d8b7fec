"""What this machine can do, and how a training runs on it. The plan is a pure function of both.

Memory is estimated from the shapes before anything is loaded, so that a training that cannot fit is
refused at once; the estimate is compared with what was used afterwards.
"""

import importlib.util
import math
import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from support_pipeline.clients import Lora
from support_pipeline.errors import ModelError

MB = 1 << 20
SAFETY = 0.9
"""Share of a GPU's memory that a plan may use; the rest goes to the driver, kernels and fragmentation."""
_ATTENTION_LINEARS = ("q", "k", "v", "o")


@dataclass(frozen=True, slots=True)
class Machine:
    """GPUs that this process may use (with the memory of the smallest, bytes), and what is installed."""

    gpus: int = 0
    gpu_memory: int = 0
    bfloat16: bool = False
    bitsandbytes: bool = False
    liger: bool = False

    @classmethod
    def here(cls) -> "Machine":
        """This machine."""
        import torch

        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            # Elsewhere bfloat16 is emulated, and slower than float32.
            fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
            return cls(bfloat16=bool(fast))
        memory = min(torch.cuda.get_device_properties(i).total_memory for i in range(count))
        return cls(
            gpus=count,
            gpu_memory=int(memory),
            bfloat16=bool(torch.cuda.is_bf16_supported()),
            bitsandbytes=_installed("bitsandbytes"),
            liger=_installed("liger_kernel"),
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a base model that memory and time follow from."""

    parameters: int
    hidden: int
    feed_forward: int
    layers: int
    key_value: int
    vocabulary: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape":
        """The shape that a config.json of a Llama-like model states."""
        hidden, layers, wide = (
            int(config[name]) for name in ("hidden_size", "num_hidden_layers", "intermediate_size")
        )
        heads = int(config["num_attention_heads"])
        size = int(config.get("head_dim") or hidden // heads)
        key_value = size * int(config.get("num_key_value_heads") or heads)
        query = size * heads
        vocabulary = int(config["vocab_size"])
        layer = 2 * hidden * query + 2 * hidden * key_value + 3 * hidden * wide + 2 * hidden
        embeddings = vocabulary * hidden * (1 if config.get("tie_word_embeddings") else 2)
        return cls(layers * layer + embeddings + hidden, hidden, wide, layers, key_value, vocabulary)

    def adapter_parameters(self, rank: int) -> int:
        """Of a LoRA on all linear layers."""
        attention = 4 * self.hidden + 2 * (self.hidden + self.key_value) - 0
        return self.layers * rank * (attention + 3 * (self.hidden + self.feed_forward))

    def step_flops(self, tokens: int, *, recomputed: bool) -> float:
        """Floating-point operations of one LoRA step over `tokens`: forward, gradients of activations, no weight gradients."""
        return float(tokens) * self.parameters * (6 if recomputed else 4)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training runs. So many `chats` go through the model at a time, in rows of about `row_tokens` tokens at most.

    With `sharing`, chats of one system message lie in one row. `accumulate` such groups on each of `processes` make one
    step. Bytes are of one device.
    """

    device: Literal["cpu", "cuda"]
    weights: Literal["float32", "bfloat16", "4bit"]
    bfloat16: bool
    sharing: bool
    chats: int
    row_tokens: int
    accumulate: int
    processes: int
    checkpointing: bool
    liger: bool
    estimated_bytes: int

    @property
    def rows(self) -> int:
        """Rows at a time."""
        return 1 if self.sharing else self.chats

    def halved(self) -> "Plan":
        """The same step in groups of half as many chats, for a device that ran out of memory."""
        return replace(
            self,
            chats=max(1, self.chats // 2),
            row_tokens=self.row_tokens // 2 if self.sharing else self.row_tokens,
            accumulate=self.accumulate * 2,
        )

    def __str__(self) -> str:
        parts = [
            f"{self.processes} x {self.device}" if self.processes > 1 else self.device,
            f"{self.weights} weights",
            f"{self.chats} chats x {self.accumulate} a step in {self._tokens()}",
        ]
        parts += ["gradient checkpointing"] if self.checkpointing else []
        parts += ["Liger kernels"] if self.liger else []
        return ", ".join(parts)

    def _tokens(self) -> str:
        if self.sharing:
            return f"up to {self.row_tokens} tokens with their system messages shared"
        return f"rows of up to {self.row_tokens} tokens"


def plan(
    lora: Lora,
    shape: Shape,
    lengths: Sequence[int],
    machine: Machine,
    *,
    contexts: Sequence[int] = (),
    used: int = 0,
) -> Plan:
    """How to train examples of these lengths (tokens) here, of which `contexts` come before the question.

    `used` is what the process takes already, bytes.

    Raises:
        ModelError: the precision that was asked for is not to be had, or nothing fits.
    """
    device: Literal["cpu", "cuda"] = "cuda" if machine.gpus else "cpu"
    if lora.precision == "4bit" and not (machine.gpus and machine.bitsandbytes):
        raise ModelError(
            "lora.precision: 4bit needs a CUDA GPU and the bitsandbytes package"
            f" ({'bitsandbytes is not installed' if machine.gpus else 'there is no GPU here'})."
            " Install it (pip install bitsandbytes), or set precision to auto."
        )
    processes = max(1, int(os.environ.get("WORLD_SIZE", "1")))
    options = [
        _laid_out(lora, lengths, contexts, machine, device, weights, checkpointing, processes)
        for weights in _precisions(lora, machine)
        for checkpointing in _choices(lora.gradient_checkpointing, device)
    ]
    sized = [_sized(option, lora, shape, used) for option in options]
    if device == "cpu":
        return sized[0]
    smaller = [_smaller(option, lora, shape, used) for option in sized]
    # All precision is kept as long as anything fits; then recomputing costs less than small groups do.
    smallest = sorted(
        (option for found in smaller for option in found),
        key=lambda option: (option.weights == "4bit", option.accumulate, option.checkpointing),
    )
    for option in smallest:
        if option.estimated_bytes <= SAFETY * machine.gpu_memory:
            return option
    least = min(option.estimated_bytes for option in smallest)
    raise ModelError(
        f"the training needs about {least // MB:,} MB, the GPU has {machine.gpu_memory // MB:,} MB. "
        "Lower lora.max_tokens, install bitsandbytes for 4-bit, or use a smaller base_model."
    )


def _precisions(lora: Lora, machine: Machine) -> list[Literal["float32", "bfloat16", "4bit"]]:
    if not machine.gpus:
        return ["float32"]
    whole: Literal["float32", "bfloat16"] = "bfloat16" if machine.bfloat16 else "float32"
    if lora.precision == "4bit":
        return ["4bit"]
    return [whole, "4bit"] if lora.precision == "auto" and machine.bitsandbytes else [whole]


def _choices(choice: str, device: str) -> list[bool]:
    if choice != "auto":
        return [choice == "always"]
    # Without it first: recomputing costs a third more time.
    return [False] if device == "cpu" else [False, True]


def _laid_out(
    lora: Lora,
    lengths: Sequence[int],
    contexts: Sequence[int],
    machine: Machine,
    device: Literal["cpu", "cuda"],
    weights: Literal["float32", "bfloat16", "4bit"],
    checkpointing: bool,
    processes: int,
) -> Plan:
    sharing = lora.packing != "never" and any(contexts)
    chats = math.ceil(min(lora.batch_size, len(lengths)) / processes)
    row = max(lengths)
    if sharing:
        own = sorted(
            (length - context for length, context in zip(lengths, contexts, strict=True)), reverse=True
        )
        row = max(row, max(contexts) + sum(own[:chats]))
    return Plan(
        device=device,
        weights=weights,
        bfloat16=machine.bfloat16,
        sharing=sharing,
        chats=chats,
        row_tokens=row,
        accumulate=1,
        processes=processes,
        checkpointing=checkpointing,
        liger=machine.liger and device == "cuda",
        estimated_bytes=0,
    )


def _smaller(option: Plan, lora: Lora, shape: Shape, used: int) -> list[Plan]:
    """The plan, and the same step in ever smaller groups of chats."""
    found = [option]
    while found[-1].chats > 1:
        found.append(_sized(found[-1].halved(), lora, shape, used))
    return found


def _sized(option: Plan, lora: Lora, shape: Shape, used: int) -> Plan:
    return replace(option, estimated_bytes=used + needed_bytes(option, lora, shape))


def needed_bytes(option: Plan, lora: Lora, shape: Shape) -> int:
    """Weights, adapter with gradients and Adam's two moments, and what the backward pass needs of the forward one."""
    width = {"float32": 4.0, "bfloat16": 2.0, "4bit": 0.56}[option.weights]
    weights = shape.parameters * width
    if option.weights == "4bit":  # embeddings and norms stay 16-bit
        weights += 2 * shape.vocabulary * shape.hidden * (2 - width)
    adapter = shape.adapter_parameters(lora.rank) * 16
    tokens = option.rows * option.row_tokens
    moving = 2 if option.bfloat16 else 4
    layer = (10 * shape.hidden + 2 * shape.key_value + 5 * shape.feed_forward) * moving
    kept = shape.hidden * moving * shape.layers + layer if option.checkpointing else layer * shape.layers
    # The loss goes over the vocabulary in pieces; a piece and its gradient are in float32.
    logits = min(tokens, 1024) * shape.vocabulary * 4 * 3
    mask = option.row_tokens**2 * 4 if option.sharing else 0
    return int(weights + adapter + tokens * kept + logits + mask)


def used_now() -> int:
    """Bytes that this process has used at its peak so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
