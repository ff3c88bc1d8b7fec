"""What stands before an engine that many ask: a bounded queue, and a breaker for one that is ill.

llama.cpp queues without bound and Ollama up to 512 deep, so waiting is ours to limit: who cannot be
answered in time is told at once, and the ticket goes to a person.
"""

import threading
import time
from collections.abc import Callable

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine.answer import Engine, Generation, OnText, RefusedError


class EngineBusyError(EngineError):
    """The queue is full, or the deadline passed while waiting in it."""


class EngineUnavailableError(EngineError):
    """The breaker is open: the engine failed several times in a row, and is left alone for a while."""


class CircuitBreaker:
    """Opens after `failures` in a row; after `rest_seconds` one request at a time may try again."""

    def __init__(
        self, failures: int = 5, rest_seconds: float = 15.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._rest, self._clock = failures, rest_seconds, clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opened_at = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether requests are turned away."""
        return self._in_a_row >= self._failures and self._clock() - self._opened_at < self._rest

    def enter(self) -> None:
        """Asks to send a request; every `enter` is followed by `succeeded`, `failed` or `withdrawn`.

        Raises:
            EngineUnavailableError: the breaker is open.
        """
        with self._lock:
            if self._in_a_row < self._failures:
                return
            if self.open or self._probing:
                raise EngineUnavailableError(
                    f"the engine failed {self._in_a_row} times in a row and is left alone for "
                    f"{self._rest:g} s. See its log; restart it if it does not recover."
                )
            self._probing = True

    def succeeded(self) -> None:
        """The request was answered."""
        with self._lock:
            self._in_a_row, self._probing = 0, False

    def withdrawn(self) -> None:
        """The request said nothing of the engine: it was refused for its own sake."""
        with self._lock:
            self._probing = False

    def failed(self) -> None:
        """The engine failed the request."""
        with self._lock:
            self._in_a_row += 1
            self._opened_at = self._clock()
            self._probing = False


class BoundedEngine:
    """An engine with at most `slots` requests at work and `waiting` behind them; time in the queue counts.

    A request that is refused for its own sake (`RefusedError`) does not count against the engine.
    """

    def __init__(
        self, engine: Engine, *, slots: int = 1, waiting: int = 64, breaker: CircuitBreaker | None = None
    ) -> None:
        self.engine = engine
        self.breaker = breaker or CircuitBreaker()
        self._places = threading.Semaphore(slots + waiting)
        self._slots = threading.Semaphore(slots)
        self._limit = slots + waiting

    def tokenize(self, text: str) -> list[int]:
        """Token ids as the engine reads them; not queued."""
        return self.engine.tokenize(text)

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
        """The engine's answer, when there is room for the question.

        Raises:
            EngineBusyError: no room, or no slot came free before the deadline.
            EngineUnavailableError: the breaker is open.
            EngineError: the engine failed.
        """
        deadline = time.monotonic() + deadline_seconds
        if not self._places.acquire(blocking=False):
            raise EngineBusyError(f"the engine's queue is full ({self._limit} requests). Try again shortly.")
        try:
            if not self._slots.acquire(timeout=max(0.0, deadline_seconds)):
                raise EngineBusyError(f"no slot of the engine came free within {deadline_seconds:g} s.")
            try:
                return self._guarded(
                    prompt_text,
                    max_tokens=max_tokens,
                    deadline_seconds=max(0.001, deadline - time.monotonic()),
                    lora=lora,
                    on_text=on_text,
                    cancel=cancel,
                )
            finally:
                self._slots.release()
        finally:
            self._places.release()

    def _guarded(
        self,
        prompt_text: str,
        *,
        max_tokens: int,
        deadline_seconds: float,
        lora: str | None,
        on_text: OnText | None,
        cancel: threading.Event | None,
    ) -> Generation:
        self.breaker.enter()
        try:
            generation = self.engine.generate(
                prompt_text,
                max_tokens=max_tokens,
                deadline_seconds=deadline_seconds,
                lora=lora,
                on_text=on_text,
                cancel=cancel,
            )
        except RefusedError:
            self.breaker.withdrawn()
            raise
        except BaseException:
            self.breaker.failed()
            raise
        # An engine that stalls until every deadline is ill, though it raises nothing.
        if generation.stop_reason == "deadline" and not generation.text:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        return generation
