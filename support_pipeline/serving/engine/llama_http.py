"""llama.cpp's HTTP interface: a request, its stream of events, and the answer put together from them."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine.answer import Generation, OnText, StopReason


class LlamaHttp:
    """One llama.cpp server on loopback. Failures are `EngineError`, with what the server last said."""

    def __init__(self, address: str, key: str, *, model: Path, log: Path) -> None:
        self.model, self.log = model, log
        self.client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            # The server closes a kept connection after some requests, in the face of the next one.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
        )

    def close(self) -> None:
        """Closes the client."""
        self.client.close()

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with _named(self.model, self.log):
            return _checked(self.client.get(path, timeout=30)).json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON that a path answers to a body."""
        with _named(self.model, self.log):
            return _checked(self.client.post(path, json=body, timeout=30)).json()

    def complete(
        self,
        body: Mapping[str, Any],
        *,
        prompt_tokens: int,
        max_tokens: int,
        deadline: float,
        on_text: OnText | None = None,
        cancel: threading.Event | None = None,
    ) -> Generation:
        """One answer of `/completion`, streamed; `deadline` is on the monotonic clock."""
        ends = _Ends(deadline, cancel)
        events = self._stream("/completion", body, ends)
        return _collect(events, ends, prompt_tokens, max_tokens, on_text)

    def _stream(self, path: str, body: Mapping[str, Any], ends: "_Ends") -> Iterator[dict[str, Any]]:
        """Events until the answer ends, the deadline passes or it is cancelled; closing frees the slot."""
        remaining = max(0.001, ends.deadline - time.monotonic())
        with _named(self.model, self.log):
            try:
                with self.client.stream("POST", path, json=body, timeout=remaining) as response:
                    for event in _events(_checked(response)):
                        yield event
                        if ends.now():
                            return
            except httpx.TimeoutException:
                return


class _Ends:
    """Why an answer ends before the model is done."""

    def __init__(self, deadline: float, cancel: threading.Event | None) -> None:
        self.deadline, self.cancel = deadline, cancel

    def now(self) -> bool:
        return self.cancelled or time.monotonic() > self.deadline

    @property
    def cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()


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
                f"Last lines of {self.log}:\n{tail(self.log)}"
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


def _collect(
    events: Iterator[dict[str, Any]], ends: _Ends, prompt_tokens: int, max_tokens: int, on_text: OnText | None
) -> Generation:
    """The events of one answer put together; without a last event the deadline or the caller ended it."""
    text: list[str] = []
    pieces: list[dict[str, Any]] = []
    stop_reason: StopReason | None = None
    generated = 0
    for event in events:
        text.append(event["content"])
        if on_text is not None and event["content"]:
            on_text(event["content"])
        pieces += event.get("completion_probabilities", [])
        prompt_tokens = event["tokens_evaluated"]
        generated = event["tokens_predicted"]
        if event["stop"]:
            stop_reason = _stop_reason(event, max_tokens)
    return Generation(
        text="".join(text),
        tokens=tuple(piece["id"] for piece in pieces),
        logprobs=tuple(piece["logprob"] for piece in pieces),
        stop_reason=stop_reason or ("cancelled" if ends.cancelled else "deadline"),
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


def tail(log: Path, lines: int = 8) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
