"""The plan follows the machine, and refuses what cannot fit before anything is loaded."""

from typing import Any

import pytest

from support_pipeline.clients import Lora
from support_pipeline.errors import ModelError
from support_pipeline.model.training.machine import MB, Machine, Shape, needed_bytes, plan

GB = 1 << 30
LLAMA_8B = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}
SHAPE = Shape.of(LLAMA_8B)
LENGTHS = [300] * 1500
H200 = Machine(gpus=1, gpu_memory=139 * GB, bfloat16=True, bitsandbytes=True, liger=True)


def small(memory: int, **facts: Any) -> Machine:
    return Machine(gpus=1, gpu_memory=memory * GB, bfloat16=True, **facts)


def test_shapes_are_counted_like_the_model_itself() -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from support_pipeline.model.gguf.merge import without_peft_deprecation

    config = LLAMA_8B | {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "vocab_size": 300,
    }
    config |= {"num_attention_heads": 8, "num_key_value_heads": 2}
    model: Any = LlamaForCausalLM(LlamaConfig(**config))
    shape = Shape.of(config)
    assert shape.parameters == sum(weight.numel() for weight in model.parameters())
    with without_peft_deprecation():
        lora = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    trained = sum(weight.numel() for weight in lora.parameters() if weight.requires_grad)
    assert shape.adapter_parameters(4) == trained


def test_the_shapes_of_an_8b_model() -> None:
    assert SHAPE.parameters == pytest.approx(8.03e9, rel=0.01)
    assert SHAPE.adapter_parameters(16) == pytest.approx(41.9e6, rel=0.01)


def test_a_large_gpu_shares_in_bfloat16_without_recomputing() -> None:
    found = plan(Lora(), SHAPE, LENGTHS, H200, contexts=[200] * 1500)
    assert (found.device, found.weights, found.sharing, found.liger) == ("cuda", "bfloat16", True, True)
    assert (found.chats * found.accumulate, found.rows, found.row_tokens) == (16, 1, 200 + 16 * 100)
    assert not found.checkpointing


def test_less_memory_first_recomputes_then_halves_then_goes_to_4_bit() -> None:
    weights = [plan(Lora(), SHAPE, LENGTHS, small(gb, bitsandbytes=True)).weights for gb in (80, 24, 12)]
    assert weights == ["bfloat16", "bfloat16", "4bit"]
    assert plan(Lora(), SHAPE, LENGTHS, small(24)).checkpointing


def test_what_cannot_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(ModelError, match=r"needs about [\d,]+ MB, the GPU has 8,192 MB.*bitsandbytes"):
        plan(Lora(), SHAPE, LENGTHS, small(8))


def test_4_bit_needs_a_gpu_and_its_library() -> None:
    with pytest.raises(ModelError, match="there is no GPU here"):
        plan(Lora(precision="4bit"), SHAPE, LENGTHS, Machine())
    with pytest.raises(ModelError, match="bitsandbytes is not installed"):
        plan(Lora(precision="4bit"), SHAPE, LENGTHS, small(80))
    assert plan(Lora(precision="4bit"), SHAPE, LENGTHS, H200).weights == "4bit"


def test_a_cpu_trains_in_float32_on_chats_of_like_length() -> None:
    found = plan(Lora(batch_size=8), SHAPE, [100, 200, 150] * 10, Machine())
    assert (found.device, found.weights, found.sharing, found.rows) == ("cpu", "float32", False, 8)


def test_chats_share_their_system_message_unless_told_otherwise() -> None:
    contexts = [80] * 20
    found = plan(Lora(batch_size=8), SHAPE, [100, 200] * 10, Machine(), contexts=contexts)
    assert (found.sharing, found.chats, found.row_tokens) == (True, 8, 80 + 8 * 120)
    apart = plan(Lora(batch_size=8, packing="never"), SHAPE, [100, 200] * 10, Machine(), contexts=contexts)
    assert (apart.sharing, apart.chats, apart.rows) == (False, 8, 8)


def test_several_gpus_share_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    found = plan(Lora(batch_size=64, packing="never"), SHAPE, LENGTHS, H200)
    assert (found.processes, found.rows * found.accumulate) == (4, 16)


def test_half_the_rows_twice_as_often_is_the_same_step() -> None:
    found = plan(Lora(batch_size=8, packing="never"), SHAPE, LENGTHS, H200)
    assert (found.halved().chats, found.halved().rows, found.halved().accumulate) == (4, 4, 2)


def test_memory_grows_with_what_goes_through_at_a_time() -> None:
    one, two = (plan(Lora(batch_size=size), SHAPE, LENGTHS, Machine()) for size in (4, 8))
    assert needed_bytes(two, Lora(), SHAPE) - needed_bytes(one, Lora(), SHAPE) > 100 * MB
