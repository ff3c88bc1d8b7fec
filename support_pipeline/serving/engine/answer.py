"""What an engine gives back, and what every engine can do."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from support_pipeline.errors import EngineError

StopReason = Literal["stop", "limit", "deadline", "cancelled"]

OnText = Callable[[str], None]
"""Hears each piece of an answer as it is made."""


@dataclass(frozen=True)
class Generation:
    """One answer, and how sure the model was of each piece of it.

    `tokens`, `logprobs`, `pieces` and `top_logprobs` run side by side; Ollama reports no token ids, so
    `tokens` is empty there. llama.cpp reports a character that takes several tokens as one piece, with
    the last token's id and log-probability, so there may be fewer of them than `generated_tokens`; the
    pieces' bytes always join to the whole answer. llama.cpp also lists the token that ended the answer,
    with an empty piece.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    stop_reason: StopReason
    prompt_tokens: int
    pieces: tuple[bytes, ...] = ()
    top_logprobs: tuple[tuple[float, ...], ...] = ()
    generated_tokens: int = 0


class RefusedError(EngineError):
    """A request that cannot be answered as it is: too long, malformed, for an adapter that is not loaded."""


class Engine(Protocol):
    """Anything that can answer a rendered prompt.

    `generate` raises `EngineError` when there is no answer. A deadline that passes and a `cancel` that
    is set end the answer early, with the part so far and the reason; the server's work ends with it.
    """

    def tokenize(self, text: str) -> list[int]: ...

    def generate(
        self,
        prompt_text: str,
        *,
        max_tokens: int,
        deadline_seconds: float,
        lora: str | None = None,
        on_text: OnText | None = None,
        cancel: threading.Event | None = None,
    ) -> Generation: ...


def check_prompt(ids: Sequence[int], *, context_tokens: int, bos: int | None, where: str) -> None:
    """What every prompt must be before it is sent; `bos` is the id that must stand first, and only there.

    Raises:
        RefusedError: it does not fit, or does not start with exactly one BOS.
    """
    if len(ids) >= context_tokens:
        raise RefusedError(
            f"{where}: the prompt has {len(ids)} tokens and the context {context_tokens}. "
            "Shorten the ticket or raise context_tokens. A prompt is never cut: it starts with policies."
        )
    if bos is not None and (list(ids[:1]) != [bos] or list(ids).count(bos) != 1):
        raise RefusedError(
            f"{where}: the prompt must start with BOS (id {bos}) and hold it once; it starts with "
            f"{list(ids[:3])} and holds it {list(ids).count(bos)} times. "
            "Render it with the model's chat template and bos_token, and neutralise customer text."
        )
