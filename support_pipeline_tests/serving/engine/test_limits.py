"""The queue in front of an engine is bounded, its time counts, and an ill engine is left alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine import (
    BoundedEngine,
    CircuitBreaker,
    EngineBusyError,
    EngineUnavailableError,
    Generation,
)
from support_pipeline.serving.engine.answer import RefusedError

DONE = Generation("ok", (1,), (-0.1,), "stop", 3)


class Slow:
    """Answers when it is let go; counts how many are at work at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.now = self.most = 0
        self.deadlines: list[float] = []
        self.lock = threading.Lock()

    def tokenize(self, text: str) -> list[int]:
        return [1]

    def generate(self, prompt_text: str, *, deadline_seconds: float, **_: object) -> Generation:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.deadlines.append(deadline_seconds)
        self.go.wait(5)
        with self.lock:
            self.now -= 1
        return DONE


class Failing:
    def __init__(self, error: Exception | None) -> None:
        self.error, self.asked = error, 0

    def tokenize(self, text: str) -> list[int]:
        return [1]

    def generate(self, prompt_text: str, **_: object) -> Generation:
        self.asked += 1
        if self.error:
            raise self.error
        return DONE


def ask(engine: BoundedEngine, seconds: float = 5.0) -> Generation:
    return engine.generate("x", max_tokens=1, deadline_seconds=seconds)


def test_no_more_at_work_than_slots_and_no_more_waiting_than_places() -> None:
    slow = Slow()
    engine = BoundedEngine(slow, slots=2, waiting=2)
    with ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(ask, engine) for _ in range(4)]
        while len(slow.deadlines) < 2:
            time.sleep(0.01)
        time.sleep(0.05)
        with pytest.raises(EngineBusyError, match=r"queue is full \(4 requests\)"):
            ask(engine)
        slow.go.set()
        assert [future.result() for future in inside] == [DONE] * 4
    assert slow.most == 2
    assert ask(engine) == DONE, "the places are free again"


def test_waiting_counts_against_the_deadline() -> None:
    slow = Slow()
    engine = BoundedEngine(slow, slots=1, waiting=4)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, engine)
        while not slow.deadlines:
            time.sleep(0.01)
        with pytest.raises(EngineBusyError, match=r"no slot of the engine came free within 0\.2 s"):
            ask(engine, 0.2)
        slow.go.set()
        first.result()
    ask(engine, 3)
    assert 2 < slow.deadlines[-1] <= 3


def test_the_breaker_opens_rests_and_lets_one_try() -> None:
    now = [0.0]
    failing = Failing(EngineError("broken"))
    engine = BoundedEngine(failing, breaker=CircuitBreaker(3, 10, clock=lambda: now[0]))
    for _ in range(3):
        with pytest.raises(EngineError, match="broken"):
            ask(engine)
    with pytest.raises(EngineUnavailableError, match="failed 3 times in a row"):
        ask(engine)
    assert failing.asked == 3
    now[0] = 11.0
    with pytest.raises(EngineError, match="broken"):
        ask(engine)
    with pytest.raises(EngineUnavailableError):
        ask(engine)
    now[0], failing.error = 22.0, None
    assert ask(engine) == DONE
    assert ask(engine) == DONE


def test_a_request_refused_for_its_own_sake_does_not_count() -> None:
    failing = Failing(RefusedError("too long"))
    engine = BoundedEngine(failing, breaker=CircuitBreaker(1, 10))
    for _ in range(3):
        with pytest.raises(RefusedError):
            ask(engine)
    assert failing.asked == 3
