"""The `llama-server` binary as an engine: its documented flags and routes, with a real llama.cpp behind.

The stand-in takes llama-server's command line and environment, refuses flags it does not know, and loads
adapters at scale 1 as the original does. It opens the wheel's llama.cpp, so answers are real.
"""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_pipeline.errors import EngineError
from support_pipeline.model.gguf.adapter import convert_adapter
from support_pipeline.model.gguf.convert import convert
from support_pipeline.serving.engine import LlamaServerEngine
from support_pipeline_tests.model.gguf import tiny

BINARY = """#!{python}
import argparse, os, time
import xllamacpp
take = argparse.ArgumentParser()
for flag in ("--model", "--host", "--api-key-file"):
    take.add_argument(flag)
for flag in ("--port", "--ctx-size", "--parallel", "--threads", "--cache-ram"):
    take.add_argument(flag, type=int)
for flag in ("--no-context-shift", "--no-slots"):
    take.add_argument(flag, action="store_true")
take.add_argument("--lora", action="append", default=[])
given = take.parse_args()
p = xllamacpp.CommonParams()
p.model.path, p.hostnames, p.port = given.model, [given.host], given.port
p.api_keys = [os.environ["LLAMA_API_KEY"]]
p.n_parallel, p.n_ctx, p.cache_ram_mib = given.parallel, given.ctx_size, given.cache_ram
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = given.threads
p.fit_params, p.ctx_shift, p.endpoint_slots, p.ui = False, False, False, False
p.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 1.0) for path in given.lora]
server = xllamacpp.Server(p)
while True:
    time.sleep(1)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def binary(root: Path) -> Path:
    path = root / "llama-server"
    path.write_text(BINARY.format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def engine(root: Path, binary: Path) -> Iterator[LlamaServerEngine]:
    llama = tiny.taught("llama", root)
    loras = {
        "acme": convert_adapter(tiny.taught_adapter("llama", root), llama, root / "server" / "acme.gguf"),
        "bolt": convert_adapter(
            tiny.taught_adapter("llama", root, shifted=True), llama, root / "server" / "bolt.gguf"
        ),
    }
    model = convert(llama, root / "server" / "model.gguf")
    with LlamaServerEngine(
        model, log=root / "server" / "log", binary=str(binary), adapters=loras, context_tokens=512, threads=1
    ) as running:
        yield running


def test_it_answers_as_taught_with_every_adapter_off_until_named(
    engine: LlamaServerEngine, root: Path
) -> None:
    prompts = tiny.prompts(tiny.taught("llama", root), tiny.LESSONS)
    bare = [engine.generate(prompt, max_tokens=60, deadline_seconds=30).text for prompt in prompts]
    assert bare == list(tiny.LESSONS.values())
    named = [
        engine.generate(prompt, max_tokens=60, deadline_seconds=30, lora="acme").text for prompt in prompts
    ]
    assert named != bare
    engine.self_test(prompts)


def test_an_answer_streams_and_can_be_cancelled(engine: LlamaServerEngine, root: Path) -> None:
    prompt = tiny.prompts(tiny.taught("llama", root), tiny.LESSONS)[0]
    heard: list[str] = []
    whole = engine.generate(prompt, max_tokens=60, deadline_seconds=30, on_text=heard.append)
    assert "".join(heard) == whole.text
    assert len(heard) > 3
    cancel = threading.Event()
    part = engine.generate(
        prompt, max_tokens=60, deadline_seconds=30, cancel=cancel, on_text=lambda _: cancel.set()
    )
    assert part.stop_reason == "cancelled"
    assert whole.text.startswith(part.text) and part.text != whole.text


def test_the_key_is_not_on_the_command_line(engine: LlamaServerEngine) -> None:
    words = Path(f"/proc/{engine.pid}/cmdline").read_text(encoding="utf-8").split("\0")
    assert "--cache-ram" in words and words[words.index("--cache-ram") + 1] == "0"
    assert engine._key not in " ".join(words)


def test_a_binary_that_is_not_there_is_named(engine: LlamaServerEngine, tmp_path: Path) -> None:
    with (
        pytest.raises(
            EngineError, match=r"no-such-server: cannot be started .*SUPPORT_PIPELINE_LLAMA_SERVER"
        ),
        LlamaServerEngine(engine.model, log=tmp_path / "log", binary="no-such-server"),
    ):
        pass


def test_a_binary_that_refuses_its_flags_is_shown_with_its_words(
    engine: LlamaServerEngine, tmp_path: Path
) -> None:
    script = tmp_path / "old-server"
    script.write_text("#!/bin/sh\necho 'error: invalid argument: --cache-ram'\nexit 1\n", encoding="utf-8")
    script.chmod(0o755)
    with (
        pytest.raises(EngineError, match=r"(?s)ended with code 1.*invalid argument: --cache-ram"),
        LlamaServerEngine(engine.model, log=tmp_path / "log", binary=str(script)),
    ):
        pass
