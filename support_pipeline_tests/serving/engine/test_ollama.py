"""Ollama as its documents describe it: deployment by digest, raw prompts, every documented failure."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_pipeline.errors import EngineError
from support_pipeline.model.base import ChatFormat, load_format
from support_pipeline.model.gguf.convert import convert
from support_pipeline.serving.engine import EngineBusyError, OllamaEngine
from support_pipeline.serving.engine.answer import RefusedError
from support_pipeline.serving.engine.ollama_api import MissingModelError, OllamaApi, digest_of
from support_pipeline.serving.engine.ollama_tags import go_live, register, version_tag
from support_pipeline_tests.model.gguf import tiny
from support_pipeline_tests.serving.ollama_contract import Ollama, serve

CONTEXT = 256


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_llama(tmp_path_factory.mktemp("ollama") / "llama", seed=3)


@pytest.fixture(scope="module")
def gguf(llama: Path) -> Path:
    return convert(llama, llama.parent / "model.gguf")


@pytest.fixture(scope="module")
def chat(llama: Path) -> ChatFormat:
    return load_format(llama)


@pytest.fixture
def ollama(chat: ChatFormat) -> Ollama:
    # The server adds its own BOS, as llama-server does.
    return Ollama(count=lambda prompt: len(chat.ids(prompt)) + 1)


@pytest.fixture
def api(ollama: Ollama) -> Iterator[OllamaApi]:
    server, url = serve(ollama)
    yield OllamaApi(url, seconds=5, create_seconds=5)
    server.shutdown()
    server.server_close()


def prompt(chat: ChatFormat, text: str = "Where is my order?") -> str:
    return chat.text([{"role": "user", "content": text}], add_generation_prompt=True)


@pytest.fixture
def engine(api: OllamaApi, gguf: Path, chat: ChatFormat) -> OllamaEngine:
    tag = register(api, "acme", gguf, num_ctx=CONTEXT, stop=chat.eos_token)
    return OllamaEngine(api, tag, gguf=gguf, ids=chat.ids, bos_token=chat.bos_token, context_tokens=CONTEXT)


def test_a_release_is_uploaded_by_digest_once_and_never_changed(
    api: OllamaApi, ollama: Ollama, gguf: Path, chat: ChatFormat
) -> None:
    tag = register(api, "acme", gguf, num_ctx=CONTEXT, stop=chat.eos_token)
    assert tag == version_tag("acme", digest_of(gguf), num_ctx=CONTEXT, stop=chat.eos_token)
    assert ollama.blobs[digest_of(gguf)] == gguf.read_bytes()
    assert ollama.models[tag]["parameters"] == {"num_ctx": CONTEXT, "temperature": 0, "stop": ["<|eot_id|>"]}
    again = len(ollama.requests)
    assert register(api, "acme", gguf, num_ctx=CONTEXT, stop=chat.eos_token) == tag
    assert [path for _, path, _ in ollama.requests[again:]] == ["/api/show"]
    assert register(api, "acme", gguf, num_ctx=CONTEXT * 2, stop=chat.eos_token) != tag


def test_a_file_that_changes_on_the_way_is_refused(api: OllamaApi, gguf: Path) -> None:
    with pytest.raises(EngineError, match=r"refused the file model\.gguf: digest mismatch"):
        api.upload(gguf, "sha256:" + "0" * 64)


def test_live_and_previous_are_copies_and_a_rollback_is_one(api: OllamaApi, ollama: Ollama) -> None:
    for tag in ("acme:one", "acme:two"):
        ollama.models[tag] = {"files": {tag: "sha256:x"}, "parameters": {}}
        go_live(api, "acme", tag)
    assert api.digests()["acme:live"] == api.digests()["acme:two"]
    assert api.digests()["acme:previous"] == api.digests()["acme:one"]
    go_live(api, "acme", "acme:two")
    assert api.digests()["acme:previous"] == api.digests()["acme:one"], "twice changes nothing"
    go_live(api, "acme", "acme:one")
    assert api.digests()["acme:live"] == api.digests()["acme:one"]
    assert api.digests()["acme:previous"] == api.digests()["acme:two"]
    with pytest.raises(EngineError, match="has no model 'acme:three'"):
        go_live(api, "acme", "acme:three")


def test_the_prompt_goes_raw_whole_and_with_one_bos(
    engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    heard: list[str] = []
    answer = engine.generate(prompt(chat), max_tokens=20, deadline_seconds=5, on_text=heard.append)
    _, path, body = ollama.requests[-1]
    assert path == "/api/generate"
    assert body["prompt"] == prompt(chat).removeprefix("<|begin_of_text|>")
    assert {name: body[name] for name in ("raw", "truncate", "shift", "logprobs", "stream")} == {
        "raw": True, "truncate": False, "shift": False, "logprobs": True, "stream": True,
    }  # fmt: skip
    assert body["options"] == {"num_ctx": CONTEXT, "temperature": 0, "num_predict": 20}
    assert (answer.text, answer.stop_reason) == ("Items can be returned.", "stop")
    assert b"".join(answer.pieces).decode() == answer.text == "".join(heard)
    assert answer.logprobs == (-0.01,) * 3
    assert answer.top_logprobs[0] == (-0.01, -5.0)
    assert answer.prompt_tokens == len(chat.ids(prompt(chat))) == engine.counts(prompt(chat))


def test_a_prompt_that_the_server_cuts_is_an_error_and_not_an_answer(
    engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    ollama.fault = "cuts"
    ollama.count = lambda _: 999
    with pytest.raises(EngineError, match=r"read 128 prompt tokens, \d+ were sent.*loses its policies"):
        engine.generate(prompt(chat), max_tokens=20, deadline_seconds=5)


def test_a_prompt_beyond_the_context_is_refused_here_and_there(
    engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    with pytest.raises(RefusedError, match=r"has \d+ tokens and the context 256"):
        engine.generate(prompt(chat, "word " * 400), max_tokens=1, deadline_seconds=5)
    ollama.count = lambda _: CONTEXT + 1
    with pytest.raises(RefusedError, match="exceeds the context length"):
        engine.generate(prompt(chat), max_tokens=1, deadline_seconds=5)


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("busy", EngineBusyError, "queue is full .*maximum pending requests"),
        ("midstream", EngineError, "failed while answering: an error was encountered"),
        ("broken_off", EngineError, "answer broke off"),
        ("no_json", EngineError, "a line that is no JSON"),
    ],
)
def test_documented_failures_are_engine_errors(
    fault: str, error: type[Exception], message: str, engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    ollama.fault = fault
    with pytest.raises(error, match=message):
        engine.generate(prompt(chat), max_tokens=20, deadline_seconds=5)


def test_a_model_that_is_not_there_is_named(engine: OllamaEngine, ollama: Ollama, chat: ChatFormat) -> None:
    ollama.models.clear()
    with pytest.raises(MissingModelError, match=r"no model 'acme:\w{12}'.*Deploy the release again"):
        engine.generate(prompt(chat), max_tokens=1, deadline_seconds=5)


def test_the_deadline_ends_the_answer_and_the_servers_work(
    engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    ollama.fault, ollama.script = "slow", ("word ",) * 100
    started = time.monotonic()
    answer = engine.generate(prompt(chat), max_tokens=100, deadline_seconds=0.4)
    assert answer.stop_reason == "deadline"
    assert answer.text.startswith("word ")
    assert time.monotonic() - started < 2
    _until(lambda: ollama.interrupted == 1)


def test_cancelling_ends_the_answer_and_the_servers_work(
    engine: OllamaEngine, ollama: Ollama, chat: ChatFormat
) -> None:
    ollama.fault, ollama.script = "slow", ("word ",) * 100
    cancel = threading.Event()
    answer = engine.generate(
        prompt(chat), max_tokens=100, deadline_seconds=9, cancel=cancel, on_text=lambda _: cancel.set()
    )
    assert (answer.text, answer.stop_reason) == ("word ", "cancelled")
    _until(lambda: ollama.interrupted == 1)


def test_an_old_server_and_none_at_all_are_told_apart(api: OllamaApi, ollama: Ollama) -> None:
    assert api.version() == (0, 32, 15)
    ollama.version = "0.16.2"
    with pytest.raises(EngineError, match=r"Ollama 0\.16\.2 is too old. Install 0\.30 or later"):
        api.version()
    with pytest.raises(EngineError, match="does not answer .*Start it with `ollama serve`"):
        OllamaApi("http://127.0.0.1:9").version()


def test_there_are_no_adapters_to_choose(engine: OllamaEngine, chat: ChatFormat) -> None:
    with pytest.raises(EngineError, match="no LoRA 'bolt' to choose"):
        engine.generate(prompt(chat), max_tokens=1, deadline_seconds=5, lora="bolt")


def _until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 5
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert holds()


@pytest.mark.ollama
def test_the_real_ollama_serves_what_was_deployed(gguf: Path, chat: ChatFormat) -> None:
    api = OllamaApi(os.environ["OLLAMA_URL"], seconds=60, create_seconds=600)
    tag = register(api, "support-pipeline-test", gguf, num_ctx=CONTEXT, stop=chat.eos_token)
    go_live(api, "support-pipeline-test", tag)
    assert api.digests()["support-pipeline-test:live"] == api.digests()[tag]
    engine = OllamaEngine(api, tag, gguf=gguf, ids=chat.ids, bos_token=chat.bos_token, context_tokens=CONTEXT)
    for text in tiny.NASTY:
        whole = prompt(chat, text)
        assert engine.counts(whole) == len(chat.ids(whole)), text
    answer = engine.generate(prompt(chat), max_tokens=5, deadline_seconds=60)
    assert len(answer.logprobs) >= 1
    with pytest.raises(RefusedError):
        list(
            api.generate(
                {**engine._body("word " * CONTEXT * 2, 1)},
                time.monotonic() + 60,
            )
        )
