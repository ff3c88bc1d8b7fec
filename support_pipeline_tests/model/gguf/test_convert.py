import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Checkpoint, read_json
from support_pipeline.model.gguf.convert import Provenance, convert
from support_pipeline.model.gguf.header import read_header
from support_pipeline.model.gguf.parity import Parity, prove
from support_pipeline.model.gguf.writer import FloatType
from support_pipeline.model.prompt import template_sha256
from support_pipeline_tests.model.gguf import tiny

CUSTOMERS = [*tiny.LESSONS, *tiny.NASTY[1:6]]


def proof(model: Path, checkpoint: Path, customers: list[str] = CUSTOMERS) -> Parity:
    prompts = tiny.prompts(checkpoint, customers)
    return prove(model, checkpoint, prompts, log=model.with_suffix(".log"), max_tokens=40, threads=1)


@pytest.mark.parametrize("family", tiny.WRITERS)
def test_every_family_in_f16_is_the_same_model(family: str, root: Path, tmp_path: Path) -> None:
    checkpoint = tiny.taught(family, root)
    found = proof(convert(checkpoint, tmp_path / "model.gguf"), checkpoint)
    assert found.tokens.holds, found.tokens.first_difference
    assert found.answers.first_difference is None
    assert found.answers.stop_rate >= len(tiny.LESSONS) / len(CUSTOMERS)
    assert found.answers.max_logprob_distance is not None
    assert found.answers.max_logprob_distance < 0.02


@pytest.mark.parametrize("float_type", ["F32", "BF16"])
def test_other_float_types_answer_alike(float_type: FloatType, llama: Path, tmp_path: Path) -> None:
    model = convert(llama, tmp_path / "model.gguf", float_type=float_type)
    assert proof(model, llama, list(tiny.LESSONS)).answers.flips == 0


@pytest.mark.parametrize(
    "changes",
    [
        # Stretched context, and biases, which are turned like the rows they belong to.
        {
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
            "attention_bias": True,
            "tie_word_embeddings": False,
        },
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}},
        {
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 256,
            }
        },
    ],
    ids=["llama3-bias-untied", "linear", "yarn"],
)
def test_stretched_rotary_positions_are_carried_over(changes: dict[str, Any], tmp_path: Path) -> None:
    checkpoint = tiny.write_llama(tmp_path / "model", **changes)
    tiny.teach(checkpoint, tiny.LESSONS)
    model = convert(checkpoint, tmp_path / "model.gguf")
    found = proof(model, checkpoint, [*tiny.LESSONS, "a long one " * 20])
    assert found.answers.first_difference is None
    assert found.answers.max_logprob_distance is not None
    assert found.answers.max_logprob_distance < 0.02


def test_same_folder_gives_the_same_bytes(llama: Path, tmp_path: Path) -> None:
    first = convert(llama, tmp_path / "first.gguf")
    second = convert(llama, tmp_path / "second.gguf")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.gguf", "second.gguf"]


def test_shards_give_the_same_bytes_as_one_file(llama: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    sharded = tiny.copy_folder(llama, tmp_path / "sharded")
    (sharded / "model.safetensors").unlink()
    model: Any = AutoModelForCausalLM.from_pretrained(llama, dtype="bfloat16")
    model.save_pretrained(sharded, max_shard_size="1MB")
    assert len(list(sharded.glob("model-*.safetensors"))) > 1
    one, many = convert(llama, tmp_path / "one.gguf"), convert(sharded, tmp_path / "many.gguf")
    assert one.read_bytes() == many.read_bytes()


def test_weights_are_walked_not_loaded(tmp_path: Path) -> None:
    checkpoint = tiny.write_llama(tmp_path / "model", num_hidden_layers=24)
    largest = 4 * max(int(np.prod(tensor.shape)) for tensor in Checkpoint(checkpoint).tensors.values())
    tracemalloc.start()
    model = convert(checkpoint, tmp_path / "model.gguf")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * largest < model.stat().st_size / 4


def test_provenance_and_template_travel_inside_the_file(llama: Path, tmp_path: Path) -> None:
    origin = Provenance(
        name="acme-2026-10", licence="Apache-2.0", base="tiny", client="acme", release="2026-10"
    )
    facts = read_header(convert(llama, tmp_path / "model.gguf", provenance=origin))
    template = (llama / "chat_template.jinja").read_text(encoding="utf-8")
    assert facts["general.name"] == facts["support_pipeline.name"] == "acme-2026-10"
    assert facts["general.license"] == facts["support_pipeline.licence"] == "Apache-2.0"
    assert facts["support_pipeline.client"] == "acme"
    assert facts["support_pipeline.base"] == "tiny"
    assert facts["support_pipeline.release"] == "2026-10"
    assert facts["support_pipeline.template_sha256"] == template_sha256(template)
    assert facts["tokenizer.chat_template"] == template


def test_a_training_template_replaces_the_folders_own(llama: Path, tmp_path: Path) -> None:
    facts = read_header(convert(llama, tmp_path / "model.gguf", chat_template="{{ messages }}"))
    assert facts["tokenizer.chat_template"] == "{{ messages }}"
    assert facts["support_pipeline.template_sha256"] == template_sha256("{{ messages }}")


def test_a_sliding_window_limits_the_context(llama: Path, tmp_path: Path) -> None:
    checkpoint = tiny.write_mistral(tmp_path / "model", sliding_window=512)
    assert read_header(convert(checkpoint, tmp_path / "model.gguf"))["llama.context_length"] == 512


def _edit_weights(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    # numpy has no bfloat16, so the copy becomes float32 on the way.
    checkpoint = Checkpoint(folder)
    weights: dict[str, Any] = {name: np.array(checkpoint.load(name)) for name in checkpoint.tensors}
    change(weights)
    save_file(weights, folder / "model.safetensors")


def _lose_a_tensor(folder: Path) -> None:
    _edit_weights(folder, lambda weights: weights.pop("model.layers.1.mlp.up_proj.weight"))


def _add_a_tensor(folder: Path) -> None:
    _edit_weights(folder, lambda weights: weights.update(extra=np.ones((2, 2), dtype=np.float32)))


def _overflow(folder: Path) -> None:
    _edit_weights(folder, lambda weights: weights["model.embed_tokens.weight"].__setitem__((0, 0), 1e6))


def _store_integers(folder: Path) -> None:
    _edit_weights(folder, lambda weights: weights.update({"model.norm.weight": np.ones(256, dtype=np.int8)}))


def _cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _config(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: tiny.edit_json(folder / "config.json", **changes)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            _config(model_type="gpt2"),
            "model_type 'gpt2' is not supported. Known: llama, mistral, qwen2, qwen3",
        ),
        (_config(quantization_config={"bits": 4}), "the checkpoint is quantised. Use the 16-bit"),
        (_config(hidden_act="gelu"), "hidden_act 'gelu'"),
        (_config(rope_parameters={"rope_type": "dynamic"}), "rope type 'dynamic' is not supported"),
        (_config(partial_rotary_factor=0.5), "partial rotary"),
        (_config(vocab_size=300), "the embedding has 300 rows"),
        (_lose_a_tensor, r"missing: blk\.1\.ffn_up\.weight"),
        (_add_a_tensor, "without a place: extra"),
        (_overflow, "token_embd.weight: values beyond float16. Convert with float_type='BF16'"),
        (_store_integers, "model.norm.weight: type I8"),
        (_cut, "shorter than its own header says"),
        (_remove("model.safetensors"), "no model.safetensors"),
        (_remove("config.json"), "config.json: missing"),
        (_remove("tokenizer.json"), "tokenizer.json: missing"),
        (lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"), "not JSON"),
    ],
)
def test_what_cannot_be_the_same_model_is_refused(
    spoil: Callable[[Path], None], message: str, copy: Path, tmp_path: Path
) -> None:
    spoil(copy)
    with pytest.raises(ModelError, match=message):
        convert(copy, tmp_path / "model.gguf")
    assert not (tmp_path / "model.gguf").exists()


def test_a_missing_shard_is_named(copy: Path, tmp_path: Path) -> None:
    weights = load_names(copy)
    index = {"weight_map": dict.fromkeys(weights, "model-00001-of-00002.safetensors")}
    (copy / "model.safetensors.index.json").write_text("{}", encoding="utf-8")
    tiny.edit_json(copy / "model.safetensors.index.json", **index)
    with pytest.raises(ModelError, match=r"model-00001-of-00002.safetensors named by"):
        convert(copy, tmp_path / "model.gguf")


def load_names(folder: Path) -> list[str]:
    return list(Checkpoint(folder).tensors)


def test_old_configurations_keep_their_rope_base(copy: Path) -> None:
    from support_pipeline.model.gguf.architecture import read_architecture

    config = {k: v for k, v in read_json(copy / "config.json").items() if k != "rope_parameters"}
    shape = read_architecture({**config, "rope_theta": 5e5}, where="config.json")
    assert (shape.rope.theta, shape.rope.kind) == (5e5, "default")
