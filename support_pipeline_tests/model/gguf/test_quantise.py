from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf import quantise as module
from support_pipeline.model.gguf.convert import Provenance, convert
from support_pipeline.model.gguf.header import read_header
from support_pipeline.model.gguf.importance import measure
from support_pipeline.model.gguf.parity import prove
from support_pipeline.model.gguf.quantise import Plan, QuantType, quantise, tensor_kind
from support_pipeline_tests.model.gguf import tiny

QUANTS: tuple[QuantType, ...] = ("Q8_0", "Q5_K_M", "Q4_K_M")
LLAMA_8B = Plan("Q4_K_M", layers=32, tied=False, eighty_layers_sharing=False)


@pytest.fixture(scope="module")
def f16(llama: Path, root: Path) -> Path:
    return convert(llama, root / "quantise" / "model.gguf", provenance=Provenance(client="acme"))


def test_each_step_down_is_smaller_and_still_answers(f16: Path, llama: Path, tmp_path: Path) -> None:
    prompts = tiny.prompts(llama, tiny.LESSONS)
    sizes = [f16.stat().st_size]
    for quant in QUANTS:
        made = quantise(f16, tmp_path / f"{quant}.gguf", quant)
        found = prove(made.path, llama, prompts, log=tmp_path / "log", max_tokens=40, threads=1)
        assert found.tokens.holds
        assert found.answers.flips == 0, found.answers.first_difference
        assert made.target_bytes == made.path.stat().st_size
        sizes.append(made.target_bytes)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] / sizes[0] < 0.56
    assert sizes[3] / sizes[0] < 0.33


def test_metadata_goes_along(f16: Path, tmp_path: Path) -> None:
    before = dict(read_header(f16))
    after = dict(read_header(quantise(f16, tmp_path / "small.gguf", "Q4_K_M").path))
    assert (before.pop("general.file_type"), after.pop("general.file_type")) == (1, 15)
    assert before == after
    assert after["support_pipeline.client"] == "acme"


@pytest.mark.parametrize("quant", QUANTS)
def test_same_source_gives_the_same_bytes_on_any_number_of_threads(
    quant: QuantType, f16: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = quantise(f16, tmp_path / "one.gguf", quant)
    monkeypatch.setattr(module, "_ROWS_AT_ONCE_BYTES", 50_000)
    two = quantise(f16, tmp_path / "two.gguf", quant, threads=2)
    assert one.path.read_bytes() == two.path.read_bytes()


def test_types_of_an_eight_billion_llama_in_q4_k_m() -> None:
    def layers_with(kind: Kind, name: str) -> list[int]:
        return [i for i in range(32) if tensor_kind(f"blk.{i}.{name}.weight", (4096, 4096), LLAMA_8B) is kind]

    more_bits = [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]
    assert layers_with(Kind.Q6_K, "attn_v") == layers_with(Kind.Q6_K, "ffn_down") == more_bits
    assert len(layers_with(Kind.Q4_K, "attn_q")) == 32
    assert tensor_kind("output.weight", (128256, 4096), LLAMA_8B) is Kind.Q6_K
    assert tensor_kind("token_embd.weight", (128256, 4096), LLAMA_8B) is Kind.Q4_K


@pytest.mark.parametrize(
    ("name", "shape", "plan", "kind"),
    [
        ("blk.0.attn_norm.weight", (256,), LLAMA_8B, Kind.F32),
        ("blk.0.attn_q.bias", (256,), LLAMA_8B, Kind.F32),
        ("rope_freqs.weight", (32,), LLAMA_8B, Kind.F32),
        # A tied embedding is the output matrix too.
        ("token_embd.weight", (600, 256), Plan("Q4_K_M", 3, True, False), Kind.Q6_K),
        ("token_embd.weight", (600, 256), Plan("Q8_0", 3, True, False), Kind.Q8_0),
        ("token_embd.weight", (600, 96), Plan("Q4_K_M", 3, True, False), Kind.Q8_0),
        # Rows that are no multiple of 256, then none of 32 either.
        ("blk.0.ffn_up.weight", (256, 96), Plan("Q4_K_M", 3, True, False), Kind.Q5_0),
        ("blk.0.ffn_up.weight", (256, 96), Plan("Q5_K_M", 3, True, False), Kind.Q5_1),
        ("blk.2.ffn_down.weight", (256, 96), Plan("Q4_K_M", 3, True, False), Kind.Q8_0),
        ("blk.0.ffn_up.weight", (256, 100), Plan("Q4_K_M", 3, True, False), Kind.F16),
        # Eight heads share a V in the 70B shape.
        ("blk.31.attn_v.weight", (1024, 8192), Plan("Q4_K_M", 80, False, True), Kind.Q5_K),
    ],
)
def test_types_of_single_tensors(name: str, shape: tuple[int, ...], plan: Plan, kind: Kind) -> None:
    assert tensor_kind(name, shape, plan) is kind


def test_odd_row_lengths_load_and_answer(tmp_path: Path) -> None:
    checkpoint = tiny.write_llama(tmp_path / "model", intermediate_size=416)
    tiny.teach(checkpoint, tiny.LESSONS)
    made = quantise(convert(checkpoint, tmp_path / "f16.gguf"), tmp_path / "small.gguf", "Q4_K_M")
    assert made.types == {"F32": 7, "Q4_K": 17, "Q5_0": 2, "Q6_K": 2, "Q8_0": 1}
    prompts = tiny.prompts(checkpoint, tiny.LESSONS)
    found = prove(made.path, checkpoint, prompts, log=tmp_path / "log", max_tokens=40, threads=1)
    assert found.answers.equal >= 3


def test_values_stay_close(f16: Path, tmp_path: Path) -> None:
    assert [round(_error(f16, quantise(f16, tmp_path / "q.gguf", q).path), 2) for q in QUANTS] == [
        0.01,
        0.04,
        0.07,
    ]


def test_importance_spends_the_bits_where_the_prompts_need_them(
    f16: Path, llama: Path, tmp_path: Path
) -> None:
    importance = measure(llama, tiny.prompts(llama, tiny.LESSONS))
    assert "blk.0.attn_q.weight" in importance
    assert importance["blk.2.ffn_down.weight"].shape == (512,)
    plain = quantise(f16, tmp_path / "plain.gguf", "Q4_K_M").path
    tuned = quantise(f16, tmp_path / "tuned.gguf", "Q4_K_M", importance=importance).path
    name = "blk.1.ffn_gate.weight"
    assert _error(f16, tuned, name, importance[name]) < _error(f16, plain, name, importance[name])


def test_importance_of_another_model_is_refused(f16: Path, tmp_path: Path) -> None:
    wrong = {"blk.0.attn_q.weight": np.ones(8, dtype=np.float32)}
    with pytest.raises(ModelError, match=r"importance of blk\.0\.attn_q\.weight: .* measure it on this one"):
        quantise(f16, tmp_path / "q.gguf", "Q4_K_M", importance=wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_quantised_file_is_not_quantised_again(f16: Path, tmp_path: Path) -> None:
    once = quantise(f16, tmp_path / "q8.gguf", "Q8_0").path
    with pytest.raises(ModelError, match="quantised already .* Quantise the F16 file"):
        quantise(once, tmp_path / "q4.gguf", "Q4_K_M")


def test_a_cut_file_is_refused(f16: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(f16.read_bytes()[:200_000])
    with pytest.raises(ModelError, match="not a whole GGUF"):
        quantise(cut, tmp_path / "q.gguf", "Q8_0")


def test_without_llama_cpp_only_q8_0_is_left(
    f16: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = quantise(f16, tmp_path / "with.gguf", "Q8_0").path.read_bytes()
    monkeypatch.setattr(module, "_llama_cpp", lambda: None)
    assert quantise(f16, tmp_path / "without.gguf", "Q8_0").path.read_bytes() == with_it
    with pytest.raises(ModelError, match="Install the pinned xllamacpp, or use Q8_0"):
        quantise(f16, tmp_path / "q4.gguf", "Q4_K_M")


def _error(
    source: Path, target: Path, name: str = "blk.0.attn_q.weight", columns: np.ndarray | float = 1.0
) -> float:
    """Root mean square error over the values' own, weighted by column."""
    exact, close = _values(source, name), _values(target, name)
    error = float(np.sqrt(((exact - close) ** 2 * columns).sum() / (exact**2 * columns).sum()))
    return error


def _values(path: Path, name: str) -> np.ndarray:
    tensor = next(tensor for tensor in GGUFReader(path).tensors if tensor.name == name)
    return np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type))
