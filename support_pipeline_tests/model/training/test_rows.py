"""Packing without contamination: a chat's loss and gradient are the same alone and in a packed row."""

from pathlib import Path
from typing import Any

import pytest

from support_pipeline.clients import Lora
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.model.supervision import IGNORED, Example, supervise
from support_pipeline.model.training.fitting import Material, build
from support_pipeline.model.training.machine import Plan
from support_pipeline.model.training.rows import RowCollator, as_rows
from support_pipeline_tests.model.training.material import chats


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    chat = load_format(EMBEDDED)
    made = [supervise(messages, chat) for messages in chats(6)]
    # Of different lengths, and short: what comes before is what a contaminated mask would let through.
    return [Example(one.ids[-60 - 7 * i :], one.labels[-60 - 7 * i :]) for i, one in enumerate(made)]


def plan(**changes: Any) -> Plan:
    facts: dict[str, Any] = {
        "device": "cpu",
        "weights": "float32",
        "bfloat16": False,
        "packed": True,
        "row_tokens": 256,
        "rows": 2,
        "accumulate": 1,
        "processes": 1,
        "checkpointing": False,
        "liger": False,
        "attention": "sdpa",
        "estimated_bytes": 0,
    }
    return Plan(**facts | changes)


def losses(trainer: Any, batches: list[list[Any]]) -> tuple[float, dict[str, Any]]:
    """The summed loss of all supervised tokens, and its gradient on the adapter."""
    total = 0.0
    trainer.model.zero_grad()
    for batch in batches:
        inputs = trainer.data_collator(batch)
        loss = trainer.compute_loss(trainer.model, inputs, num_items_in_batch=1)
        loss.backward()
        total += float(loss.detach())
    gradients = {
        name: weight.grad.clone()
        for name, weight in trainer.model.named_parameters()
        if weight.grad is not None
    }
    return total, gradients


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_the_loss_of_a_packed_row_is_the_sum_of_its_chats(
    attention: str, examples: list[Example], tmp_path: Path
) -> None:
    import torch

    material = Material(examples, [], [])
    trainer = build(
        EMBEDDED, Lora(rank=4), plan(attention=attention), load_format(EMBEDDED), material, tmp_path
    )
    with torch.no_grad():  # a fresh LoRA is zero, and so are most of its gradients
        for name, weight in trainer.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.05, generator=torch.Generator().manual_seed(1))
    alone = [[row] for row in as_rows(examples, row_tokens=None)]
    packed = list(as_rows(examples, row_tokens=256))
    assert len(packed) < len(examples), "several chats share a row"
    apart, apart_gradients = losses(trainer, alone)
    together, together_gradients = losses(trainer, [packed])
    assert together == pytest.approx(apart, rel=1e-5)
    for name, gradient in apart_gradients.items():
        torch.testing.assert_close(together_gradients[name], gradient, rtol=2e-3, atol=2e-4)


def test_with_a_cache_the_same_row_would_be_contaminated(examples: list[Example]) -> None:
    """Why the trainer must keep the cache off: transformers makes no block mask with one."""
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32).eval()
    batch = RowCollator(0)([list(as_rows(examples, row_tokens=256))[0]])
    with torch.no_grad():
        clean, dirty = (float(model(**batch, use_cache=cached).loss) for cached in (False, True))
    assert abs(clean - dirty) > 1e-3


def test_no_chat_is_cut_and_none_is_lost(examples: list[Example]) -> None:
    rows = as_rows(examples, row_tokens=200)
    found = []
    for row in rows:
        start = 0
        for length in row["seq_lengths"]:
            found.append((row["input_ids"][start : start + length], row["labels"][start : start + length]))
            start += length
    assert sorted(found) == sorted((one.ids, one.labels) for one in examples)


def test_padding_is_a_chat_of_its_own_and_counts_for_nothing() -> None:
    rows = [
        {"input_ids": [5, 6, 7, 8], "labels": [IGNORED, 6, 7, 8], "seq_lengths": [2, 2]},
        {"input_ids": [9], "labels": [9], "seq_lengths": [1]},
    ]
    batch = RowCollator(0)(rows)
    assert batch["position_ids"].tolist() == [[0, 1, 0, 1], [0, 0, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, IGNORED, 8], [IGNORED] * 4]
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8], [9, 0, 0, 0]]
    assert "attention_mask" not in batch
