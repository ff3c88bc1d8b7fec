import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.merge import merge
from support_pipeline.model.gguf.parity import prove
from support_pipeline_tests.model.gguf import tiny


def test_the_merged_folder_is_base_with_adapter(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    prompts = tiny.prompts(llama, tiny.LESSONS)
    merged = merge(llama, llama_lora, tmp_path / "merged", prompts=prompts)
    assert 0 < merged.max_logit_distance < 0.05
    assert merged.prompts == len(prompts)
    model = convert(merged.folder, tmp_path / "merged.gguf")
    found = prove(model, merged.folder, prompts, log=tmp_path / "log", max_tokens=40, threads=1)
    assert found.tokens.holds
    assert found.answers.first_difference is None
    assert found.answers.stop_rate == 1.0


def test_the_distance_is_that_of_rounding(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    prompts = tiny.prompts(llama, tiny.LESSONS)
    distances = [
        merge(llama, llama_lora, tmp_path / kind, prompts=prompts, saved_type=kind).max_logit_distance
        for kind in ("float32", "float16", "bfloat16")
    ]
    assert distances[0] < 1e-3 < distances[1] * 10
    assert distances == sorted(distances)


def test_a_quantised_base_is_refused(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    base = tiny.copy_folder(llama, tmp_path / "base", quantization_config={"load_in_4bit": True})
    with pytest.raises(ModelError, match="quantised. Use the 16-bit checkpoint"):
        merge(base, llama_lora, tmp_path / "merged", prompts=[])


@pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning")
def test_an_adapter_that_loads_in_part_is_refused(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(llama_lora, adapter)
    tensors = load_file(adapter / "adapter_model.safetensors")
    del tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"]
    save_file(tensors, adapter / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="1 tensors do not match the base"):
        merge(llama, adapter, tmp_path / "merged", prompts=[])


def test_weights_that_overflow_are_refused(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(llama_lora, adapter)
    tensors = load_file(adapter / "adapter_model.safetensors")
    save_file({name: value * 3e3 for name, value in tensors.items()}, adapter / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="not finite in float16"):
        merge(llama, adapter, tmp_path / "merged", prompts=[])
