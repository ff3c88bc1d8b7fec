"""Greedy answers for many prompts: batched by length, in the order they were asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_pipeline.errors import ModelError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.gguf.merge import without_peft_deprecation

GenerativeModel = Any
"""A transformers causal model, or a PEFT model around one; both are untyped where it matters here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `stopped` is False when it was still talking at `max_tokens`."""

    text: str
    ids: tuple[int, ...]
    stopped: bool
    mean_logprob: float


def load_adapted(base: Path, adapter: Path | None) -> GenerativeModel:
    """The base model, with a LoRA adapter on it when one is named, ready for generation."""
    from support_pipeline.model.adapter import load_base

    model: Any = load_base(base)
    if adapter is not None:
        from peft import PeftModel

        with without_peft_deprecation():
            model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    return model


def generate(
    model: GenerativeModel,
    chat: ChatFormat,
    prompts: Sequence[str],
    *,
    max_tokens: int,
    batch_size: int = 32,
    done: Callable[[int], None] = lambda count: None,
) -> list[Answer]:
    """Greedy answers to rendered prompts, in their order. `done` hears how many are finished.

    Raises:
        ModelError: the model's logits are not numbers.
    """
    ids = [chat.ids(prompt) for prompt in prompts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    answers: dict[int, Answer] = {}
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        for i, answer in zip(
            batch, _generate_batch(model, chat, [ids[i] for i in batch], max_tokens), strict=True
        ):
            answers[i] = answer
        done(len(answers))
    return [answers[i] for i in range(len(ids))]


def _generate_batch(
    model: GenerativeModel, chat: ChatFormat, ids: list[list[int]], max_tokens: int
) -> list[Answer]:
    import torch

    end = chat.id_of(chat.eos_token)
    pad = chat.id_of(chat.pad_token) if chat.pad_token else end
    width = max(len(row) for row in ids)
    inputs = torch.tensor([[pad] * (width - len(row)) + row for row in ids], device=model.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in ids], device=model.device)
    with torch.inference_mode():
        out = model.generate(
            input_ids=inputs,
            attention_mask=mask,
            max_new_tokens=max_tokens,
            do_sample=False,
            eos_token_id=end,
            pad_token_id=pad,
            return_dict_in_generate=True,
            output_logits=True,
        )
    logprobs = _chosen_logprobs(out.logits, out.sequences[:, width:])
    return [
        _answer(row[width:].tolist(), lp, end, chat) for row, lp in zip(out.sequences, logprobs, strict=True)
    ]


def _chosen_logprobs(logits: Any, chosen: Any) -> list[list[float]]:
    import torch

    stacked = torch.stack(
        [
            torch.log_softmax(step.float(), -1).gather(1, chosen[:, i : i + 1]).squeeze(1)
            for i, step in enumerate(logits)
        ]
    )
    chosen_by_row: list[list[float]] = stacked.T.tolist()
    return chosen_by_row


def _answer(tokens: list[int], logprobs: list[float], end: int, chat: ChatFormat) -> Answer:
    stopped = end in tokens
    length = tokens.index(end) if stopped else len(tokens)
    # The end of turn is part of what the model chose, so its probability counts.
    counted = logprobs[: length + 1] if stopped else logprobs
    if any(value != value for value in counted):
        raise ModelError("the model's logits are not numbers (NaN); the adapter or the base model is broken.")
    text = chat.tokenizer.decode(tokens[:length], skip_special_tokens=False)
    return Answer(text.strip(), tuple(tokens[:length]), stopped, sum(counted) / max(len(counted), 1))
