"""Shared rows without contamination: a chat's loss and gradient are the same alone and beside others."""

from pathlib import Path
from typing import Any

import pytest

from support_pipeline.clients import Lora
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.model.supervision import IGNORED, Example, supervise
from support_pipeline.model.training.fitting import Material, build
from support_pipeline.model.training.machine import Plan
from support_pipeline.model.training.rows import RowCollator, computed_tokens, dataset, rows
from support_pipeline_tests.model.training.material import chats


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """Six chats of one system message, two of another, and one that shares nothing."""
    chat = load_format(EMBEDDED)
    made = [supervise(messages, chat) for messages in chats(8)]
    other = [
        supervise([{**messages[0], "content": f"Other {messages[0]['content']}"}, *messages[1:]], chat)
        for messages in chats(2)
    ]
    return [*made[:6], *other, Example(made[6].ids[-30:], made[6].labels[-30:])]


def plan(**changes: Any) -> Plan:
    facts: dict[str, Any] = {
        "device": "cpu",
        "weights": "float32",
        "bfloat16": False,
        "sharing": True,
        "chats": 4,
        "row_tokens": 256,
        "accumulate": 1,
        "processes": 1,
        "checkpointing": False,
        "liger": False,
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


@pytest.mark.parametrize("checkpointing", [False, True])
def test_the_loss_of_shared_rows_is_the_sum_of_their_chats(
    checkpointing: bool, examples: list[Example], tmp_path: Path
) -> None:
    import torch

    material = Material(examples, [], [])
    trainer = build(
        EMBEDDED, Lora(rank=4), plan(checkpointing=checkpointing), load_format(EMBEDDED), material, tmp_path
    )
    with torch.no_grad():  # a fresh LoRA is zero, and so are most of its gradients
        for name, weight in trainer.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.05, generator=torch.Generator().manual_seed(1))
    lines = list(dataset(examples))
    assert len(rows(examples)) == 3
    assert computed_tokens(examples) < 0.7 * computed_tokens(examples, sharing=False)
    apart, apart_gradients = losses(trainer, [[line] for line in lines])
    together, together_gradients = losses(trainer, [lines])
    assert together == pytest.approx(apart, rel=1e-5)
    for name, gradient in apart_gradients.items():
        torch.testing.assert_close(together_gradients[name], gradient, rtol=2e-3, atol=2e-4)


def test_without_the_mask_the_same_row_would_be_contaminated(examples: list[Example]) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32).eval()
    batch = RowCollator(0)(list(dataset(examples[:4])))
    with torch.no_grad():
        clean = float(model(**batch, use_cache=False).loss)
        batch["attention_mask"] = torch.tril(torch.ones_like(batch["attention_mask"]))
        dirty = float(model(**batch, use_cache=False).loss)
    assert abs(clean - dirty) > 1e-3


def test_no_chat_is_cut_and_none_is_lost(examples: list[Example]) -> None:
    found = [
        ([*row.trunk, *branch.ids], [*[IGNORED] * len(row.trunk), *branch.labels])
        for row in rows(examples)
        for branch in row.branches
    ]
    assert sorted(found) == sorted((one.ids, one.labels) for one in examples)


def test_a_repeated_chat_counts_as_often_as_it_stands_there(examples: list[Example]) -> None:
    (row,) = rows([examples[0], examples[0]])
    assert [branch.supervised for branch in row.branches] == [examples[0].supervised] * 2
    # The prompt's last token foretells the answer's first, so it belongs to each copy.
    assert all(branch.labels[0] == IGNORED for branch in row.branches)


def test_branches_see_the_trunk_and_themselves_and_padding_counts_for_nothing() -> None:
    trunk = list(range(1, 21))
    one = {"input_ids": [*trunk, 31, 32, 33], "labels": [IGNORED] * 21 + [32, 33]}
    two = {"input_ids": [*trunk, 41, 42], "labels": [IGNORED] * 21 + [42]}
    batch = RowCollator(0, 8)([two, one])
    assert batch["input_ids"].tolist() == [[*trunk, 31, 32, 33, 41, 42, *[0] * 7]]
    assert batch["position_ids"].tolist() == [[*range(20), 20, 21, 22, 20, 21, *range(7)]]
    assert batch["labels"].tolist() == [[IGNORED] * 21 + [32, 33, IGNORED, 42] + [IGNORED] * 7]
    seen = batch["attention_mask"][0, 0]
    assert seen[22].nonzero().flatten().tolist() == list(range(23))
    assert seen[24].nonzero().flatten().tolist() == [*range(20), 23, 24]
    assert seen.any(-1).all(), "a position that sees nothing would be no number"
    alone = RowCollator(0)([one])
    assert "attention_mask" not in alone
    assert alone["position_ids"].tolist() == [list(range(23))]


def test_nothing_is_shared_where_that_is_not_wanted(examples: list[Example]) -> None:
    batch = RowCollator(0, sharing=False)(list(dataset(examples[:4])))
    assert batch["input_ids"].shape[0] == 4 and "attention_mask" not in batch
