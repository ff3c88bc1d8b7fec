"""llama.cpp as an engine: embedded from a wheel, or the operator's own `llama-server` binary.

Both hold one GGUF, and any number of LoRAs for it that requests choose from. Adapters are loaded at
scale 0 and every request names every adapter's scale: with llama.cpp's defaults a request that names
none is answered with all of them applied.
"""

import os
import secrets
import sys
import threading
import time
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from support_pipeline.errors import EngineError, ModelError
from support_pipeline.model.gguf.header import read_header
from support_pipeline.serving.engine.answer import Generation, OnText, RefusedError, check_prompt
from support_pipeline.serving.engine.child import Child, free_port
from support_pipeline.serving.engine.embedded_server import KEY_VARIABLE
from support_pipeline.serving.engine.llama_http import LlamaHttp, tail

BINARY_VARIABLE = "SUPPORT_PIPELINE_LLAMA_SERVER"
"""Names the `llama-server` binary; it is looked for on the PATH without it."""


class LlamaCppEngine:
    """llama.cpp in a child process, for as long as the `with` block lasts.

    Args:
        model: the GGUF file.
        log: the file that takes the child's output; appended to.
        adapters: GGUF LoRAs by the name that `generate` takes. None is applied unless named.
        context_tokens: prompt and answer together, for each of the `n_parallel` slots; never more
            than the model was trained for.
        threads: OMP_NUM_THREADS when None, and all cores without it.
        top_logprobs: how many alternatives are reported for every token.

    Raises:
        EngineError: on entry, when the child does not answer within `start_seconds`.
    """

    name = "llama.cpp"

    def __init__(
        self,
        model: Path,
        *,
        log: Path,
        adapters: Mapping[str, Path] | None = None,
        context_tokens: int = 2048,
        n_parallel: int = 1,
        threads: int | None = None,
        top_logprobs: int = 5,
        start_seconds: float = 120.0,
    ) -> None:
        self.model = model
        self.log = log
        self.adapters = dict(adapters or {})
        self.n_parallel = n_parallel
        self._threads = threads or int(os.environ.get("OMP_NUM_THREADS") or 0) or os.cpu_count() or 1
        self._top_logprobs = top_logprobs
        self._start_seconds = start_seconds
        self._facts = _facts(model)
        self.context_tokens = min(context_tokens, _trained_context(self._facts) or context_tokens)
        self._key = secrets.token_urlsafe(32)
        self._child: Child | None = None
        self._server: LlamaHttp | None = None
        self._adapter_ids: dict[str, int] = {}

    def __enter__(self) -> Self:
        missing = [str(path) for path in self.adapters.values() if not path.is_file()]
        if missing:
            raise EngineError(f"LoRA files missing: {', '.join(missing)}. Convert the adapters again.")
        try:
            self._child = Child(self.model, self.log, self._start_seconds)
            address = self._spawn(self._child)
            self._server = LlamaHttp(address, self._key, model=self.model, log=self.log)
            self._child.await_health(self._server.client)
            self._adapter_ids = self._read_adapter_ids()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child is not None and self._child.alive

    @property
    def template_sha256(self) -> str:
        """The digest of the chat template the model was made with, empty when the file has none."""
        return str(self._facts.get("support_pipeline.template_sha256", ""))

    def close(self) -> None:
        """Stop the child and whatever it started; safe to call twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._child is not None:
            self._child.close()
            self._child = None

    def tokenize(self, text: str) -> list[int]:
        """Token ids of exactly this text: special tokens are recognised, none is added."""
        body = {"content": self._normalised(text), "add_special": False, "parse_special": True}
        ids: list[int] = self._post("/tokenize", body)["tokens"]
        return ids

    def generate(
        self,
        prompt_text: str,
        *,
        max_tokens: int,
        deadline_seconds: float,
        lora: str | None = None,
        on_text: OnText | None = None,
        cancel: threading.Event | None = None,
    ) -> Generation:
        """The most likely answer to a rendered prompt.

        The model reads the token ids of the text as it stands. When the deadline passes or `cancel` is
        set, the part so far comes back with that as its stop reason and the slot is free again; a server
        that stalls in the middle of an answer is noticed after twice the deadline at the latest.

        Raises:
            RefusedError: the adapter is unknown, or the prompt does not fit the context or has not
                exactly one BOS.
            EngineError: the server fails.
        """
        return self._answer(prompt_text, max_tokens, deadline_seconds, lora, on_text=on_text, cancel=cancel)

    def generate_many(
        self, prompts: Sequence[str], *, max_tokens: int, deadline_seconds: float, lora: str | None = None
    ) -> list[Generation]:
        """Answers in the order of the prompts, `n_parallel` at a time; the deadline is each prompt's own."""
        with ThreadPoolExecutor(max_workers=self.n_parallel) as pool:
            answers = [
                pool.submit(
                    self.generate, prompt, max_tokens=max_tokens, deadline_seconds=deadline_seconds, lora=lora
                )
                for prompt in prompts
            ]
            return [answer.result() for answer in answers]

    def self_test(
        self, prompts: Sequence[str], *, max_tokens: int = 16, deadline_seconds: float = 30.0
    ) -> None:
        """Ask bare and with every adapter, there and back: each answer must be the one from a cold cache.

        Give prompts with different system messages: with one alone, a cache that mixes adapters hides.

        Raises:
            EngineError: an answer differs, so adapters of different clients touch each other.
        """
        names = [None, *self.adapters]

        def ask(lora: str | None, *, cache: bool) -> list[str]:
            limits = (max_tokens, deadline_seconds, lora)
            return [self._answer(prompt, *limits, cache=cache).text for prompt in prompts]

        cold = {name: ask(name, cache=False) for name in names}
        changed = {name for name in [*names, *reversed(names)] if ask(name, cache=True) != cold[name]}
        if changed:
            who = ", ".join(sorted(name or "no adapter" for name in changed))
            raise EngineError(
                f"{self.model}: answers with {who} change after other adapters were asked. "
                "Serve one adapter an engine, or install the pinned xllamacpp."
            )

    def _answer(
        self,
        prompt_text: str,
        max_tokens: int,
        deadline_seconds: float,
        lora: str | None,
        *,
        cache: bool = True,
        on_text: OnText | None = None,
        cancel: threading.Event | None = None,
    ) -> Generation:
        deadline = time.monotonic() + deadline_seconds
        scales = self._scales(lora)
        prompt = self.tokenize(prompt_text)
        bos = self._facts.get("tokenizer.ggml.bos_token_id")
        check_prompt(
            prompt,
            context_tokens=self.context_tokens,
            bos=int(bos or 0) if self._facts.get("tokenizer.ggml.add_bos_token") else None,
            where=str(self.model),
        )
        body = {
            "prompt": prompt,
            "n_predict": max_tokens,
            "temperature": 0,
            "n_probs": max(1, self._top_logprobs),
            "stream": True,
            "return_tokens": True,
            "t_max_predict_ms": max(1, int(deadline_seconds * 1000)),
            "lora": scales,
            "cache_prompt": cache,
        }
        generation = self._running().complete(
            body,
            prompt_tokens=len(prompt),
            max_tokens=max_tokens,
            deadline=deadline,
            on_text=on_text,
            cancel=cancel,
        )
        if generation.prompt_tokens != len(prompt):
            raise EngineError(
                f"{self.model}: the server read {generation.prompt_tokens} prompt tokens, {len(prompt)} were "
                "sent. This llama.cpp is another than the tested one; install the pinned xllamacpp."
            )
        return generation

    def _normalised(self, text: str) -> str:
        """Qwen's tokenizer reads NFC text; llama.cpp's copy of it does not make it so."""
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise RefusedError(
                f"{self.model}: the prompt holds half a surrogate pair. Clean the ticket's text."
            )
        form = self._facts.get("support_pipeline.text_normalisation")
        return unicodedata.normalize("NFC", text) if form == "NFC" else text

    def _scales(self, lora: str | None) -> list[dict[str, float]]:
        """Every adapter's scale: one that a request does not name keeps whatever it had."""
        if lora is not None and lora not in self.adapters:
            known = ", ".join(self.adapters) or "none"
            raise RefusedError(f"LoRA {lora!r} is not loaded. Loaded: {known}. Restart the engine with it.")
        return [{"id": i, "scale": float(name == lora)} for name, i in self._adapter_ids.items()]

    def _read_adapter_ids(self) -> dict[str, int]:
        loaded = {entry["path"]: entry for entry in self._get("/lora-adapters")}
        wrong = [
            name for name, path in self.adapters.items() if loaded.get(str(path), {}).get("scale") != 0.0
        ]
        if wrong:
            raise EngineError(
                f"{self.model}: adapters {', '.join(wrong)} are not loaded at scale 0. Convert them again "
                f"from adapters of this base model. Last lines of {self.log}:\n{tail(self.log)}"
            )
        return {name: loaded[str(path)]["id"] for name, path in self.adapters.items()}

    def _spawn(self, child: Child) -> str:
        """Start the child; returns the address that it listens on."""
        command = [sys.executable, "-m", "support_pipeline.serving.engine.embedded_server"]
        command += ["--model", str(self.model), "--context", str(self.context_tokens)]
        command += ["--parallel", str(self.n_parallel), "--threads", str(self._threads)]
        command += ["--parent", str(os.getpid())]
        if threading.current_thread() is threading.main_thread():
            command.append("--die-with-thread")
        for path in self.adapters.values():
            command += ["--adapter", str(path)]
        return child.spawn_and_ask([*command, "--ready-fd"], {KEY_VARIABLE: self._key})

    def _running(self) -> LlamaHttp:
        if self._server is None:
            raise EngineError(f"{self.model}: the engine is not running. Use it inside its `with` block.")
        return self._server

    def _client(self) -> httpx.Client:
        return self._running().client

    def _get(self, path: str) -> Any:
        return self._running().get(path)

    def _post(self, path: str, body: Any) -> Any:
        return self._running().post(path, body)


class LlamaServerEngine(LlamaCppEngine):
    """The operator's `llama-server` (a build for their GPU, say), started and held like the embedded one.

    The binary is `binary`, else what SUPPORT_PIPELINE_LLAMA_SERVER names, else `llama-server`.
    """

    name = "llama-server"

    def __init__(self, model: Path, *, log: Path, binary: str | None = None, **settings: Any) -> None:
        super().__init__(model, log=log, **settings)
        self._binary = binary or os.environ.get(BINARY_VARIABLE, "llama-server")

    def _spawn(self, child: Child) -> str:
        port = free_port()
        command = [self._binary, "--model", str(self.model), "--host", "127.0.0.1", "--port", str(port)]
        command += ["--ctx-size", str(self.context_tokens * self.n_parallel)]
        command += ["--parallel", str(self.n_parallel), "--threads", str(self._threads)]
        # The host-RAM prompt cache does not know which adapter a prompt was read with.
        command += ["--cache-ram", "0", "--no-context-shift", "--no-slots"]
        for path in self.adapters.values():
            command += ["--lora", str(path)]
        # The key goes by environment: a command line is everyone's to read.
        child.spawn(command, {"LLAMA_API_KEY": self._key, "LLAMA_ARG_WEBUI": "0", "LLAMA_ARG_UI": "0"})
        return f"http://127.0.0.1:{port}"

    def _read_adapter_ids(self) -> dict[str, int]:
        """llama-server loads adapters at scale 1; they are put to 0 before anyone asks."""
        loaded = self._get("/lora-adapters")
        if loaded:
            self._post("/lora-adapters", [{"id": entry["id"], "scale": 0.0} for entry in loaded])
        return super()._read_adapter_ids()


def _facts(model: Path) -> Mapping[str, int | float | bool | str]:
    try:
        return read_header(model)
    except ModelError as error:
        raise EngineError(str(error)) from error


def _trained_context(facts: Mapping[str, int | float | bool | str]) -> int:
    return int(facts.get(f"{facts.get('general.architecture')}.context_length", 0))
