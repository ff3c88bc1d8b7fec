import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tokenizers import Tokenizer

from support_pipeline.errors import EngineError
from support_pipeline.model.gguf.adapter import convert_adapter
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.parity import reference_answers
from support_pipeline.model.prompt import template_sha256
from support_pipeline.serving.engine import Generation, LlamaCppEngine
from support_pipeline_tests.model.gguf import tiny

SECONDS = 30.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def llama(root: Path) -> Path:
    return tiny.taught("llama", root)


@pytest.fixture(scope="module")
def model(llama: Path, root: Path) -> Path:
    return convert(llama, root / "engine" / "model.gguf")


@pytest.fixture(scope="module")
def loras(llama: Path, root: Path) -> dict[str, Path]:
    adapters = {
        "acme": tiny.taught_adapter("llama", root),
        "bolt": tiny.taught_adapter("llama", root, shifted=True),
    }
    return {
        name: convert_adapter(path, llama, root / "engine" / f"{name}.gguf")
        for name, path in adapters.items()
    }


@pytest.fixture(scope="module")
def prompts(llama: Path) -> list[str]:
    return tiny.prompts(llama, tiny.LESSONS)


@pytest.fixture(scope="module")
def engine(model: Path, loras: dict[str, Path], root: Path) -> Iterator[LlamaCppEngine]:
    log = root / "engine" / "log"
    with LlamaCppEngine(
        model, log=log, adapters=loras, context_tokens=512, n_parallel=2, threads=1
    ) as running:
        yield running


def test_answers_are_those_that_were_taught(engine: LlamaCppEngine, prompts: list[str]) -> None:
    answers = engine.generate_many(prompts, max_tokens=60, deadline_seconds=SECONDS)
    assert [answer.text for answer in answers] == list(tiny.LESSONS.values())
    assert {answer.stop_reason for answer in answers} == {"stop"}


def test_every_piece_has_its_log_probability(engine: LlamaCppEngine, prompts: list[str], llama: Path) -> None:
    answer = engine.generate(prompts[1], max_tokens=60, deadline_seconds=SECONDS)
    assert b"".join(answer.pieces).decode() == answer.text == "You can return unworn items within 30 days. 🙂"
    assert len(answer.tokens) == len(answer.logprobs) == len(answer.pieces) == len(answer.top_logprobs)
    assert answer.generated_tokens >= len(answer.tokens)
    assert all(top[0] == own for top, own in zip(answer.top_logprobs, answer.logprobs, strict=True))
    assert {len(top) for top in answer.top_logprobs} == {5}
    assert answer.tokens[-1] == Tokenizer.from_file(str(llama / "tokenizer.json")).token_to_id("<|eot_id|>")


def test_the_model_reads_exactly_one_bos(engine: LlamaCppEngine, prompts: list[str], llama: Path) -> None:
    tokenizer = Tokenizer.from_file(str(llama / "tokenizer.json"))
    ids = tokenizer.encode(prompts[0], add_special_tokens=False).ids
    assert [tokenizer.id_to_token(i) for i in ids].count("<|begin_of_text|>") == 1
    assert engine.tokenize(prompts[0]) == ids
    answer = engine.generate(prompts[0], max_tokens=1, deadline_seconds=SECONDS)
    assert answer.prompt_tokens == len(ids)
    # What the server counts for the same text sent as text: it adds a second BOS.
    assert (
        engine._post("/completion", {"prompt": prompts[0], "n_predict": 1})["tokens_evaluated"]
        == len(ids) + 1
    )


@pytest.mark.parametrize(
    "change", [lambda p: p.removeprefix("<|begin_of_text|>"), lambda p: p + "<|begin_of_text|>"]
)
def test_another_number_of_bos_is_refused(change: object, engine: LlamaCppEngine, prompts: list[str]) -> None:
    assert callable(change)
    with pytest.raises(EngineError, match=r"must start with BOS \(id \d+\) and hold it once"):
        engine.generate(change(prompts[0]), max_tokens=1, deadline_seconds=SECONDS)


def test_a_prompt_beyond_the_context_is_refused_whole(engine: LlamaCppEngine, llama: Path) -> None:
    long = tiny.prompts(llama, ["word " * 600])[0]
    with pytest.raises(EngineError, match=r"the prompt has \d+ tokens and the context 512"):
        engine.generate(long, max_tokens=1, deadline_seconds=SECONDS)


def test_each_slot_has_the_whole_context(engine: LlamaCppEngine, llama: Path) -> None:
    words = next(n for n in range(500, 0, -1) if len(engine.tokenize(_wordy(llama, n))) < 512)
    answer = engine.generate(_wordy(llama, words), max_tokens=1, deadline_seconds=SECONDS)
    assert answer.prompt_tokens > 500


def _wordy(llama: Path, words: int) -> str:
    return tiny.prompts(llama, [" the" * words])[0]


def test_context_is_never_more_than_trained(model: Path, tmp_path: Path) -> None:
    assert LlamaCppEngine(model, log=tmp_path / "log", context_tokens=9999).context_tokens == 1024


def test_many_at_once_answer_like_one_at_a_time(engine: LlamaCppEngine, prompts: list[str]) -> None:
    wanted = prompts * 4
    alone = [engine.generate(prompt, max_tokens=60, deadline_seconds=SECONDS) for prompt in wanted]
    together = engine.generate_many(wanted, max_tokens=60, deadline_seconds=SECONDS)
    assert [answer.text for answer in together] == [answer.text for answer in alone]


def test_token_limit_is_reported(engine: LlamaCppEngine, prompts: list[str]) -> None:
    answer = engine.generate(prompts[0], max_tokens=3, deadline_seconds=SECONDS)
    assert (answer.stop_reason, answer.generated_tokens) == ("limit", 3)


def test_deadline_ends_the_answer_and_frees_the_slot(root: Path) -> None:
    checkpoint = tiny.write_llama(root / "engine" / "endless", seed=5, num_hidden_layers=12)
    model = convert(checkpoint, root / "engine" / "endless.gguf")
    prompt = tiny.prompts(checkpoint, ["hello"])[0]
    with LlamaCppEngine(model, log=root / "engine" / "log2", threads=1) as engine:
        whole, whole_seconds = _timed(engine, prompt, 900, SECONDS)
        assert whole.stop_reason == "limit"
        part, _ = _timed(engine, prompt, 900, whole_seconds / 4)
        assert part.stop_reason == "deadline"
        assert part.generated_tokens < 900
        assert whole.text.startswith(part.text)
        next_one, next_seconds = _timed(engine, prompt, 1, SECONDS)
        assert next_one.stop_reason == "limit"
        # The only slot would have been busy for three quarters of the whole.
        assert next_seconds < whole_seconds / 2


def _timed(engine: LlamaCppEngine, prompt: str, tokens: int, seconds: float) -> tuple[Generation, float]:
    started = time.monotonic()
    answer = engine.generate(prompt, max_tokens=tokens, deadline_seconds=seconds)
    return answer, time.monotonic() - started


def test_adapters_never_leak_into_each_other(
    engine: LlamaCppEngine, prompts: list[str], llama: Path, root: Path
) -> None:
    folders = {
        None: None,
        "acme": tiny.taught_adapter("llama", root),
        "bolt": tiny.taught_adapter("llama", root, shifted=True),
    }
    expected = {
        name: [a.text for a in reference_answers(llama, prompts, max_tokens=60, adapter=folder)]
        for name, folder in folders.items()
    }
    assert len({tuple(texts) for texts in expected.values()}) == 3
    orders = [None, "acme", "bolt", "acme", None, "bolt", "bolt", None, "acme"]
    asked = [(name, i) for name in orders for i in range(len(prompts))]

    def ask(name: str | None, i: int) -> str:
        return engine.generate(prompts[i], max_tokens=60, deadline_seconds=SECONDS, lora=name).text

    in_turn = [ask(*question) for question in asked]
    assert in_turn == [expected[name][i] for name, i in asked]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda question: ask(*question), asked))
    assert at_once == in_turn


def test_the_self_test_sees_adapters_that_touch(
    engine: LlamaCppEngine, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.self_test(prompts)
    scales = engine._scales
    asked: list[str | None] = []

    def sticky(lora: str | None) -> list[dict[str, float]]:
        asked.append(lora)
        return scales("acme" if asked.count("acme") > len(prompts) else lora)

    monkeypatch.setattr(engine, "_scales", sticky)
    with pytest.raises(
        EngineError, match="answers with bolt, no adapter change after other adapters were asked"
    ):
        engine.self_test(prompts)


def test_half_a_surrogate_pair_is_refused(engine: LlamaCppEngine, prompts: list[str]) -> None:
    with pytest.raises(EngineError, match="half a surrogate pair"):
        engine.generate(prompts[0] + "\ud83d", max_tokens=1, deadline_seconds=SECONDS)


def test_an_unknown_adapter_is_refused_before_any_request(model: Path, tmp_path: Path) -> None:
    never_started = LlamaCppEngine(model, log=tmp_path / "log")
    with pytest.raises(EngineError, match="LoRA 'acme' is not loaded. Loaded: none"):
        never_started.generate("x", max_tokens=1, deadline_seconds=1, lora="acme")


def test_the_server_wants_the_key_and_listens_on_loopback(engine: LlamaCppEngine) -> None:
    address = engine._client().base_url
    assert address.host == "127.0.0.1"
    for path in ("/props", "/lora-adapters", "/tokenize", "/completion"):
        method = "GET" if path in ("/props", "/lora-adapters") else "POST"
        assert httpx.request(method, f"{address}{path}", json=None).status_code == 401
    assert engine._key not in " ".join(
        Path(f"/proc/{engine.pid}/cmdline").read_text(encoding="utf-8").split("\0")
    )


def test_customers_words_stay_out_of_the_log(engine: LlamaCppEngine, prompts: list[str]) -> None:
    engine.generate(prompts[3], max_tokens=5, deadline_seconds=SECONDS)
    log = engine.log.read_text(encoding="utf-8")
    assert "refund" not in log
    assert len(log) < 5000


def test_the_template_digest_is_that_of_the_checkpoint(engine: LlamaCppEngine, llama: Path) -> None:
    template = (llama / "chat_template.jinja").read_text(encoding="utf-8")
    assert engine.template_sha256 == template_sha256(template)


def _cut(model: Path, target: Path) -> Path:
    target.write_bytes(model.read_bytes()[:-50_000])
    return target


def test_a_file_that_cannot_be_served_is_named_with_the_servers_words(model: Path, tmp_path: Path) -> None:
    cut = _cut(model, tmp_path / "cut.gguf")
    with (
        pytest.raises(
            EngineError, match=r"(?s)cut\.gguf: llama.cpp ended with code 1.*corrupted or incomplete"
        ),
        LlamaCppEngine(cut, log=tmp_path / "log", threads=1),
    ):
        pass
    with pytest.raises(EngineError, match=r"missing\.gguf: cannot be read"):
        LlamaCppEngine(tmp_path / "missing.gguf", log=tmp_path / "log")
    (tmp_path / "junk.gguf").write_bytes(b"junk")
    with pytest.raises(EngineError, match=r"junk\.gguf: not a GGUF file"):
        LlamaCppEngine(tmp_path / "junk.gguf", log=tmp_path / "log")


def test_an_adapter_that_does_not_load_stops_the_start(
    model: Path, loras: dict[str, Path], root: Path, tmp_path: Path
) -> None:
    other = tiny.taught("qwen2", root)
    foreign = convert_adapter(tiny.taught_adapter("qwen2", root), other, tmp_path / "foreign.gguf")
    for lora in (_cut(loras["acme"], tmp_path / "cut.gguf"), foreign):
        with (
            pytest.raises(EngineError, match=r"model\.gguf: llama.cpp ended with code"),
            LlamaCppEngine(model, log=tmp_path / "log", adapters={"acme": lora}, threads=1),
        ):
            pass
    with (
        pytest.raises(EngineError, match=r"LoRA files missing: .*gone\.gguf"),
        LlamaCppEngine(model, log=tmp_path / "log", adapters={"acme": tmp_path / "gone.gguf"}),
    ):
        pass


def test_a_start_that_takes_too_long_leaves_nothing_behind(model: Path, tmp_path: Path) -> None:
    engine = LlamaCppEngine(model, log=tmp_path / "log", threads=1, start_seconds=0.001)
    with pytest.raises(EngineError, match=r"did not answer within 0.001 s"), engine:
        pass
    assert engine.pid is None


def test_a_server_that_dies_is_an_engine_error(model: Path, prompts: list[str], tmp_path: Path) -> None:
    with LlamaCppEngine(model, log=tmp_path / "log", threads=1) as engine:
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="Restart the engine"):
            engine.generate(prompts[0], max_tokens=1, deadline_seconds=SECONDS)


def test_leaving_the_block_ends_the_child(model: Path, prompts: list[str], tmp_path: Path) -> None:
    with LlamaCppEngine(model, log=tmp_path / "log", threads=1) as engine:
        pid = engine.pid
        assert pid is not None
        assert os.getpgid(pid) == pid != os.getpgid(0)
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(EngineError, match="Use it inside its `with` block"):
        engine.generate(prompts[0], max_tokens=1, deadline_seconds=SECONDS)


PARENT = """
import sys, threading, time
from pathlib import Path
from support_pipeline.serving.engine import LlamaCppEngine

engine = LlamaCppEngine(Path(sys.argv[1]), log=Path(sys.argv[2]), threads=1)
if sys.argv[3] == "thread":
    starter = threading.Thread(target=engine.__enter__)
    starter.start()
    starter.join()
    time.sleep(0.3)
else:
    engine.__enter__()
engine.tokenize("still there")
print(engine.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("starter", ["main", "thread"])
def test_the_child_dies_with_its_parent_and_not_with_a_thread(
    starter: str, model: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PARENT, str(model), str(tmp_path / "log"), starter]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        deadline = time.monotonic() + 5
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    """Running, that is; a zombie waits only for whoever adopted it."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = "import sys, support_pipeline.serving.engine; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "transformers", "xllamacpp", "gguf", "numpy", "tokenizers"} & set(loaded)
