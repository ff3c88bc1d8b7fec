"""Ollama as an engine: prompts of our own rendering, sent raw, never cut.

Ollama replaces chat templates that resemble one it knows, and on one of its paths cuts a long prompt
at the front, where the policies stand. So the prompt goes raw with `truncate` and `shift` off, and the
server's count of prompt tokens must be ours, at every request.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support_pipeline.errors import EngineError, ModelError
from support_pipeline.model.gguf.header import read_header
from support_pipeline.serving.engine.answer import Generation, OnText, StopReason, check_prompt
from support_pipeline.serving.engine.ollama_api import OllamaApi

_REASONS: dict[str, StopReason] = {"stop": "stop", "length": "limit"}


class OllamaEngine:
    """One model of an Ollama server.

    Args:
        api: the server.
        model: the model's name there; an immutable version tag, so that it cannot change underneath.
        gguf: the file it was created from, for what its tokenizer adds by itself.
        ids: the training tokenizer; Ollama has no call that shows its own token ids.
        bos_token: the text of BOS, which is cut off where the server adds its own.
    """

    name = "ollama"

    def __init__(
        self,
        api: OllamaApi,
        model: str,
        *,
        gguf: Path,
        ids: Callable[[str], list[int]],
        bos_token: str,
        context_tokens: int = 4096,
        top_logprobs: int = 5,
        keep_alive: str = "24h",
    ) -> None:
        self.api, self.model, self.context_tokens = api, model, context_tokens
        self._ids, self._bos_token, self._keep_alive = ids, bos_token, keep_alive
        self._top_logprobs = min(20, max(1, top_logprobs))
        try:
            facts = read_header(gguf)
        except ModelError as error:
            raise EngineError(str(error)) from error
        adds = bool(facts.get("tokenizer.ggml.add_bos_token"))
        self._bos = int(facts.get("tokenizer.ggml.bos_token_id", 0) or 0) if adds else None

    def tokenize(self, text: str) -> list[int]:
        """Token ids by the training tokenizer; that the server reads as many is checked at every request."""
        return self._ids(text)

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

        Raises:
            RefusedError: the prompt does not fit, or has not exactly one BOS; or Ollama refuses it (400).
            EngineBusyError: Ollama's queue is full (503).
            EngineError: it fails, breaks off, gives no log-probabilities, or read another prompt.
        """
        if lora is not None:
            raise EngineError(
                f"{self.model}: Ollama serves merged models; it has no LoRA '{lora}' to choose."
            )
        ids = self._ids(prompt_text)
        check_prompt(ids, context_tokens=self.context_tokens, bos=self._bos, where=self.model)
        deadline = time.monotonic() + deadline_seconds
        answer = _Answer()
        stop: StopReason = "deadline"
        for line in self.api.generate(self._body(prompt_text, max_tokens), deadline):
            answer.add(line)
            if on_text is not None and line.get("response"):
                on_text(str(line["response"]))
            if line.get("done"):
                stop = _REASONS.get(str(line.get("done_reason")), "limit")
                self._check_count(line, len(ids))
            elif cancel is not None and cancel.is_set():
                stop = "cancelled"
                break
        return answer.generation(stop, len(ids))

    def counts(self, prompt_text: str) -> int:
        """How many prompt tokens the server reads in a text.

        Raises:
            EngineError: it does not say.
        """
        deadline = time.monotonic() + 120.0
        for line in self.api.generate(self._body(prompt_text, 1), deadline):
            if line.get("done"):
                return int(line.get("prompt_eval_count", -1))
        raise EngineError(f"{self.model}: Ollama did not answer a probe within 120 s.")

    def _body(self, prompt_text: str, max_tokens: int) -> dict[str, Any]:
        if self._bos is not None:  # the server puts its own before it
            prompt_text = prompt_text.removeprefix(self._bos_token)
        return {
            "model": self.model,
            "prompt": prompt_text,
            "raw": True,
            "stream": True,
            "truncate": False,
            "shift": False,
            "logprobs": True,
            "top_logprobs": self._top_logprobs,
            "keep_alive": self._keep_alive,
            "options": {"num_ctx": self.context_tokens, "temperature": 0, "num_predict": max_tokens},
        }

    def _check_count(self, line: dict[str, Any], expected: int) -> None:
        read = line.get("prompt_eval_count")
        if read != expected:
            raise EngineError(
                f"{self.model}: Ollama read {read} prompt tokens, {expected} were sent. A prompt that is cut loses "
                "its policies, and one that is read otherwise is not what the model was trained on. "
                "Deploy the release again with Ollama 0.30 or later."
            )


class _Answer:
    """An answer put together from its lines."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._logprobs: list[dict[str, Any]] = []
        self._generated = 0

    def add(self, line: dict[str, Any]) -> None:
        self._text.append(str(line.get("response", "")))
        self._logprobs += line.get("logprobs") or []
        self._generated = int(line.get("eval_count", self._generated) or 0)

    def generation(self, stop: StopReason, prompt_tokens: int) -> Generation:
        entries = self._logprobs
        return Generation(
            text="".join(self._text),
            tokens=(),
            logprobs=tuple(float(entry["logprob"]) for entry in entries),
            stop_reason=stop,
            prompt_tokens=prompt_tokens,
            pieces=tuple(bytes(entry.get("bytes") or []) for entry in entries),
            top_logprobs=tuple(
                tuple(float(top["logprob"]) for top in entry.get("top_logprobs") or []) for entry in entries
            ),
            generated_tokens=self._generated or len(entries),
        )
