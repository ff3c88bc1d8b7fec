"""What turns a rendered prompt into an answer: the `Engine` protocol, and llama.cpp behind it.

Engines take text that `model.prompt` rendered, so the model reads in production what it read in
training. Nothing here imports torch, transformers or llama.cpp: the model lives in a child process.
"""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import httpx

from support_pipeline.errors import EngineError, ModelError
from support_pipeline.model.gguf.header import read_header
from support_pipeline.serving.llama_server import KEY_VARIABLE

StopReason = Literal["stop", "limit", "deadline"]


@dataclass(frozen=True)
class Generation:
    """One answer, and how sure the model was of each piece of it.

    `tokens`, `logprobs`, `pieces` and `top_logprobs` run side by side. llama.cpp reports a character
    that takes several tokens as one piece, with the last token's id and log-probability, so there may
    be fewer of them than `generated_tokens`; the pieces' bytes always join to the whole answer. The
    token that ended the answer is among them, with an empty piece.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    stop_reason: StopReason
    prompt_tokens: int
    pieces: tuple[bytes, ...] = ()
    top_logprobs: tuple[tuple[float, ...], ...] = ()
    generated_tokens: int = 0


class Engine(Protocol):
    """Anything that can answer a rendered prompt."""

    def tokenize(self, text: str) -> list[int]: ...

    def generate(
        self, prompt_text: str, *, max_tokens: int, deadline_seconds: float, lora: str | None = None
    ) -> Generation: ...


class LlamaCppEngine:
    """llama.cpp in a child process, for as long as the `with` block lasts.

    Args:
        model: the GGUF file.
        log: the file that takes the child's output; appended to.
        adapters: GGUF LoRAs by the name that `generate` takes. None is applied unless named.
        context_tokens: prompt and answer together, for each of the `n_parallel` slots; never more
            than the model was trained for.
        threads: all cores when None.
        top_logprobs: how many alternatives are reported for every token.

    Raises:
        EngineError: on entry, when the child does not answer within `start_seconds`.
    """

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
        self._threads = threads or os.cpu_count() or 1
        self._top_logprobs = top_logprobs
        self._start_seconds = start_seconds
        self._facts = _facts(model)
        self.context_tokens = min(context_tokens, _trained_context(self._facts) or context_tokens)
        self._key = secrets.token_urlsafe(32)
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None
        self._adapter_ids: dict[str, int] = {}

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._start_seconds
        missing = [str(path) for path in self.adapters.values() if not path.is_file()]
        if missing:
            raise EngineError(f"LoRA files missing: {', '.join(missing)}. Convert the adapters again.")
        try:
            address = self._spawn(deadline)
            self._http = httpx.Client(
                base_url=address,
                headers={"Authorization": f"Bearer {self._key}"},
                # The server closes a kept connection after some requests, in the face of the next one.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
            self._await_health(deadline)
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
        return self._process.pid if self._process else None

    @property
    def template_sha256(self) -> str:
        """The digest of the chat template the model was made with, empty when the file has none."""
        return str(self._facts.get("support_pipeline.template_sha256", ""))

    def close(self) -> None:
        """Stop the child and whatever it started; safe to call twice."""
        if self._http is not None:
            self._http.close()
            self._http = None
        if self._process is not None:
            _stop(self._process)
            self._process = None

    def tokenize(self, text: str) -> list[int]:
        """Token ids of exactly this text: special tokens are recognised, none is added."""
        body = {"content": self._normalised(text), "add_special": False, "parse_special": True}
        ids: list[int] = self._post("/tokenize", body)["tokens"]
        return ids

    def generate(
        self, prompt_text: str, *, max_tokens: int, deadline_seconds: float, lora: str | None = None
    ) -> Generation:
        """The most likely answer to a rendered prompt.

        The model reads the token ids of the text as it stands. When the deadline passes, the part so
        far comes back with stop reason "deadline" and the slot is free again; a server that stalls in
        the middle of an answer is noticed after twice the deadline at the latest.

        Raises:
            EngineError: the adapter is unknown, the prompt does not fit the context or has not
                exactly one BOS, or the server fails.
        """
        return self._answer(prompt_text, max_tokens, deadline_seconds, lora)

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
    ) -> Generation:
        deadline = time.monotonic() + deadline_seconds
        scales = self._scales(lora)
        prompt = self.tokenize(prompt_text)
        self._check_prompt(prompt)
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
        generation = _collect(self._stream("/completion", body, deadline), len(prompt), max_tokens)
        if generation.prompt_tokens != len(prompt):
            raise EngineError(
                f"{self.model}: the server read {generation.prompt_tokens} prompt tokens, {len(prompt)} were "
                "sent. This llama.cpp is another than the tested one; install the pinned xllamacpp."
            )
        return generation

    def _normalised(self, text: str) -> str:
        """Qwen's tokenizer reads NFC text; llama.cpp's copy of it does not make it so."""
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise EngineError(
                f"{self.model}: the prompt holds half a surrogate pair. Clean the ticket's text."
            )
        form = self._facts.get("support_pipeline.text_normalisation")
        return unicodedata.normalize("NFC", text) if form == "NFC" else text

    def _check_prompt(self, prompt: Sequence[int]) -> None:
        if len(prompt) >= self.context_tokens:
            raise EngineError(
                f"{self.model}: the prompt has {len(prompt)} tokens and the context {self.context_tokens}. "
                "Shorten the ticket or raise context_tokens. A prompt is never cut: it starts with policies."
            )
        if not self._facts.get("tokenizer.ggml.add_bos_token"):
            return
        bos = self._facts.get("tokenizer.ggml.bos_token_id")
        if prompt[:1] != [bos] or list(prompt).count(int(bos or 0)) != 1:
            raise EngineError(
                f"{self.model}: the prompt must start with BOS (id {bos}) and hold it once; it starts with "
                f"{list(prompt[:3])} and holds it {list(prompt).count(int(bos or 0))} times. "
                "Render it with the model's chat template and bos_token, and neutralise customer text."
            )

    def _scales(self, lora: str | None) -> list[dict[str, float]]:
        """Every adapter's scale: one that a request does not name keeps whatever it had."""
        if lora is not None and lora not in self.adapters:
            known = ", ".join(self.adapters) or "none"
            raise EngineError(f"LoRA {lora!r} is not loaded. Loaded: {known}. Restart the engine with it.")
        return [{"id": i, "scale": float(name == lora)} for name, i in self._adapter_ids.items()]

    def _read_adapter_ids(self) -> dict[str, int]:
        loaded = {entry["path"]: entry for entry in self._get("/lora-adapters")}
        wrong = [
            name for name, path in self.adapters.items() if loaded.get(str(path), {}).get("scale") != 0.0
        ]
        if wrong:
            raise EngineError(
                f"{self.model}: adapters {', '.join(wrong)} are not loaded at scale 0. Convert them again "
                f"from adapters of this base model. Last lines of {self.log}:\n{_tail(self.log)}"
            )
        return {name: loaded[str(path)]["id"] for name, path in self.adapters.items()}

    def _spawn(self, deadline: float) -> str:
        """Start the child; returns the address that it listens on."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        readable, writable = os.pipe()
        try:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(writable),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | {KEY_VARIABLE: self._key},
                    pass_fds=[writable],
                    start_new_session=True,
                )
        finally:
            os.close(writable)
        with os.fdopen(readable, "rb") as ready:
            if not select.select([ready], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise self._too_slow()
            address = ready.readline().decode().strip()
        if not address:
            raise self._ended()
        return address

    def _command(self, ready_fd: int) -> list[str]:
        command = [sys.executable, "-m", "support_pipeline.serving.llama_server"]
        command += ["--model", str(self.model), "--context", str(self.context_tokens)]
        command += ["--parallel", str(self.n_parallel), "--threads", str(self._threads)]
        command += ["--parent", str(os.getpid()), "--ready-fd", str(ready_fd)]
        if threading.current_thread() is threading.main_thread():
            command.append("--die-with-thread")
        for path in self.adapters.values():
            command += ["--adapter", str(path)]
        return command

    def _await_health(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            try:
                if self._client().get("/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                if self._process is None or self._process.poll() is not None:
                    raise self._ended() from None
            time.sleep(0.02)
        raise self._too_slow()

    def _too_slow(self) -> EngineError:
        return EngineError(
            f"{self.model}: llama.cpp did not answer within {self._start_seconds:g} s. "
            f"Raise start_seconds for a large file. Last lines of {self.log}:\n{_tail(self.log)}"
        )

    def _ended(self) -> EngineError:
        """The child closed its pipe, so it is ending or has ended."""
        code = self._process.wait(5) if self._process else None
        return EngineError(
            f"{self.model}: llama.cpp ended with code {code}. The file or a LoRA for it is corrupt; "
            f"build it again. Last lines of {self.log}:\n{_tail(self.log)}"
        )

    def _client(self) -> httpx.Client:
        if self._http is None:
            raise EngineError(f"{self.model}: the engine is not running. Use it inside its `with` block.")
        return self._http

    def _get(self, path: str) -> Any:
        with _named(self.model, self.log):
            return _checked(self._client().get(path, timeout=30)).json()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        with _named(self.model, self.log):
            return _checked(self._client().post(path, json=body, timeout=30)).json()

    def _stream(self, path: str, body: Mapping[str, Any], deadline: float) -> Iterator[dict[str, Any]]:
        """Events until the answer ends or the deadline passes; closing the connection frees the slot."""
        client = self._client()
        remaining = max(0.001, deadline - time.monotonic())
        with _named(self.model, self.log):
            try:
                with client.stream("POST", path, json=body, timeout=remaining) as response:
                    for event in _events(_checked(response)):
                        yield event
                        if time.monotonic() > deadline:
                            return
            except httpx.TimeoutException:
                return


class _named:
    """Failures of the HTTP client as `EngineError`, with what the server last said."""

    def __init__(self, model: Path, log: Path) -> None:
        self.model, self.log = model, log

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, httpx.HTTPError):
            raise EngineError(
                f"{self.model}: llama.cpp failed ({type(error).__name__}: {error}). Restart the engine. "
                f"Last lines of {self.log}:\n{_tail(self.log)}"
            ) from error


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code != 200:
        said = response.read().decode(errors="replace")[:500]
        raise EngineError(f"llama.cpp answered {response.status_code} to {response.request.url.path}: {said}")
    return response


def _events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Server-sent events. Not `iter_lines`: it also splits at U+2028 and friends, which answers contain."""
    rest = b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b": ")
            if name == b"error":
                raise EngineError(f"llama.cpp failed while answering: {value.decode(errors='replace')[:500]}")
            if name != b"data" or value.strip() == b"[DONE]":
                continue
            event: dict[str, Any] = json.loads(value)
            if "error" in event:
                raise EngineError(f"llama.cpp failed while answering: {str(event['error'])[:500]}")
            yield event


def _collect(events: Iterator[dict[str, Any]], prompt_tokens: int, max_tokens: int) -> Generation:
    """The events of one answer put together; without a last event the deadline ended it."""
    text: list[str] = []
    pieces: list[dict[str, Any]] = []
    stop_reason: StopReason = "deadline"
    generated = 0
    for event in events:
        text.append(event["content"])
        pieces += event.get("completion_probabilities", [])
        prompt_tokens = event["tokens_evaluated"]
        generated = event["tokens_predicted"]
        if event["stop"]:
            stop_reason = _stop_reason(event, max_tokens)
    return Generation(
        text="".join(text),
        tokens=tuple(piece["id"] for piece in pieces),
        logprobs=tuple(piece["logprob"] for piece in pieces),
        stop_reason=stop_reason,
        prompt_tokens=prompt_tokens,
        pieces=tuple(bytes(piece["bytes"]) for piece in pieces),
        top_logprobs=tuple(tuple(top["logprob"] for top in piece["top_logprobs"]) for piece in pieces),
        generated_tokens=generated,
    )


def _stop_reason(event: Mapping[str, Any], max_tokens: int) -> StopReason:
    """llama.cpp says "limit" for its token limit, for a full context and for its time limit."""
    if event["stop_type"] != "limit":
        return "stop"
    return "limit" if event["truncated"] or event["tokens_predicted"] >= max_tokens else "deadline"


def _facts(model: Path) -> Mapping[str, int | float | bool | str]:
    try:
        return read_header(model)
    except ModelError as error:
        raise EngineError(str(error)) from error


def _trained_context(facts: Mapping[str, int | float | bool | str]) -> int:
    return int(facts.get(f"{facts.get('general.architecture')}.context_length", 0))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the child's whole group: politely, then not."""
    for order, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, order)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _tail(log: Path, lines: int = 8) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
