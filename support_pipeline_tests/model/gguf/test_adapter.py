import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader
from safetensors.numpy import load_file, save_file

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.adapter import convert_adapter
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.header import read_header
from support_pipeline.model.gguf.merge import merge
from support_pipeline.model.gguf.parity import prove
from support_pipeline.serving.engine import LlamaCppEngine
from support_pipeline_tests.model.gguf import tiny

CUSTOMERS = [*tiny.LESSONS, *tiny.NASTY[1:4]]
WEIGHTS = "adapter_model.safetensors"


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_base_with_the_lora_is_base_with_the_adapter(family: str, root: Path, tmp_path: Path) -> None:
    checkpoint, adapter = tiny.taught(family, root), tiny.taught_adapter(family, root)
    model = convert(checkpoint, tmp_path / "base.gguf")
    lora = convert_adapter(adapter, checkpoint, tmp_path / "lora.gguf", name="acme")
    prompts = tiny.prompts(checkpoint, CUSTOMERS)
    found = prove(
        model,
        checkpoint,
        prompts,
        log=tmp_path / "log",
        max_tokens=40,
        adapter=(adapter, lora),
        threads=1,
    )
    assert found.answers.first_difference is None
    assert found.answers.max_logprob_distance is not None
    assert found.answers.max_logprob_distance < 0.03


def test_base_with_the_lora_answers_like_the_merged_file(
    llama: Path, llama_lora: Path, tmp_path: Path
) -> None:
    prompts = tiny.prompts(llama, tiny.LESSONS)
    merged = merge(llama, llama_lora, tmp_path / "merged", prompts=prompts[:1]).folder
    files = convert(llama, tmp_path / "base.gguf"), convert(merged, tmp_path / "merged.gguf")
    lora = convert_adapter(llama_lora, llama, tmp_path / "lora.gguf")
    with LlamaCppEngine(files[0], log=tmp_path / "log", adapters={"acme": lora}, threads=1) as engine:
        applied = engine.generate_many(prompts, max_tokens=40, deadline_seconds=30, lora="acme")
    with LlamaCppEngine(files[1], log=tmp_path / "log", threads=1) as engine:
        baked = engine.generate_many(prompts, max_tokens=40, deadline_seconds=30)
    assert [answer.text for answer in applied] == [answer.text for answer in baked]
    assert [answer.text for answer in baked] == list(tiny.OTHER_LESSONS.values())


def test_same_adapter_gives_the_same_bytes(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    one, two = (convert_adapter(llama_lora, llama, tmp_path / name) for name in ("one.gguf", "two.gguf"))
    assert one.read_bytes() == two.read_bytes()
    facts = read_header(one)
    assert (facts["general.type"], facts["adapter.type"], facts["adapter.lora.alpha"]) == (
        "adapter",
        "lora",
        16.0,
    )


def test_other_scalings_become_one_alpha(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    own = _spoiled(
        llama_lora, tmp_path / "own", alpha_pattern={"layers.1.self_attn.v_proj": 32, "v_projs": 5}
    )
    rooted = _spoiled(llama_lora, tmp_path / "rooted", use_rslora=True, r=4)
    plain = _matrix(convert_adapter(llama_lora, llama, tmp_path / "plain.gguf", float_type="F32"))
    scaled = _matrix(convert_adapter(own, llama, tmp_path / "own.gguf", float_type="F32"))
    assert np.array_equal(scaled, 2 * plain)
    facts = read_header(convert_adapter(rooted, llama, tmp_path / "rooted.gguf"))
    assert facts["adapter.lora.alpha"] == 16.0 * 2


def _matrix(lora: Path) -> Any:
    name = "blk.1.attn_v.weight.lora_b"
    return next(tensor.data for tensor in GGUFReader(lora).tensors if tensor.name == name)


def _spoiled(adapter: Path, target: Path, **settings: Any) -> Path:
    shutil.copytree(adapter, target)
    tiny.edit_json(target / "adapter_config.json", **settings)
    return target


def _settings(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: tiny.edit_json(folder / "adapter_config.json", **changes)


def _rename(old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        save_file({name.replace(old, new): value for name, value in tensors.items()}, folder / WEIGHTS)

    return spoil


def _lose_a_half(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    del tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"]
    save_file(tensors, folder / WEIGHTS)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_settings(use_dora=True), "no counterpart for use_dora"),
        (_settings(bias="all"), "no counterpart for bias"),
        (_settings(modules_to_save=["lm_head"]), "no counterpart for modules_to_save"),
        (_settings(peft_type="IA3"), "no counterpart for peft_type"),
        (_settings(use_rslora=True, rank_pattern={"q_proj": 4}), "rank_pattern with use_rslora"),
        (_rename("layers.2", "layers.9"), r"without a place: .*layers\.9"),
        (_rename("lora_A", "lora_C"), r"without a place: .*lora_C"),
        (_lose_a_half, r"other half: blk\.0\.attn_q\.weight\.lora_a"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"short"), "not a whole safetensors file"),
        (lambda folder: (folder / "adapter_config.json").unlink(), "adapter_config.json: missing"),
    ],
)
def test_what_llama_cpp_would_load_in_part_is_refused(
    spoil: Callable[[Path], None], message: str, llama: Path, llama_lora: Path, tmp_path: Path
) -> None:
    adapter = _spoiled(llama_lora, tmp_path / "adapter")
    spoil(adapter)
    with pytest.raises(ModelError, match=message):
        convert_adapter(adapter, llama, tmp_path / "lora.gguf")
