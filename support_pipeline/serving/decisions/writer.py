"""Many small writes, few waits for the disk: one thread gathers what is waiting into one COMMIT.

A group in which one write fails is rolled back and done again with a SAVEPOINT for each, so that it takes
nobody with it and the usual group pays for none. So a write may run twice, and does nothing but write.
A future resolves only after COMMIT has returned, so whoever waits for it may acknowledge.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions.database import Database

T = TypeVar("T")

_Outcome = tuple[Any, BaseException | None]

TOGETHER = 64
WAITING = 1000


class Overloaded(SupportPipelineError):
    """More writes are waiting than can be promised; nothing was written. Try again in a second."""


class GroupWriter:
    """The one writer of a process, for as long as the `with` block lasts."""

    def __init__(self, database: Database, *, together: int = TOGETHER, waiting: int = WAITING) -> None:
        self._database, self._together = database, together
        self._queue: queue.Queue[tuple[Callable[[sa.Connection], Any], Future[Any]] | None] = queue.Queue(
            waiting
        )
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()

    def submit(self, write: Callable[[sa.Connection], T]) -> "Future[T]":
        """Queues a write; its future gives the result once it is on disk.

        Raises:
            Overloaded: the queue is full.
        """
        future: Future[T] = Future()
        try:
            self._queue.put_nowait((write, future))
        except queue.Full:
            raise Overloaded(
                f"{self._queue.maxsize} writes are waiting for the disk; nothing was written. Try again in a second."
            ) from None
        return future

    def write(self, write: Callable[[sa.Connection], T]) -> T:
        """Queues a write and waits until it is on disk."""
        return self.submit(write).result()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            while len(group) < self._together and not last:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                else:
                    group.append(item)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[tuple[Callable[[sa.Connection], Any], "Future[Any]"]]) -> None:
        writes = [write for write, _ in group]
        try:
            outcomes = self._together_or_apart(writes)
        except BaseException as error:  # every waiting caller must hear of it
            outcomes = [(None, error)] * len(group)
        for (_, future), (result, problem) in zip(group, outcomes, strict=True):
            if problem is not None:
                future.set_exception(problem)
            else:
                future.set_result(result)

    def _together_or_apart(self, writes: list[Callable[[sa.Connection], Any]]) -> list[_Outcome]:
        if len(writes) == 1:
            with self._database.writing() as connection:
                return [(writes[0](connection), None)]
        try:
            with self._database.writing() as connection:
                return [(_together(connection, write), None) for write in writes]
        except _OneFailed:
            pass  # any other failure may be that of a COMMIT, and nobody knows what it has done
        with self._database.writing() as connection:
            return [_apart(connection, write) for write in writes]


class _OneFailed(Exception):
    """A write of a group failed before the COMMIT."""


def _together(connection: sa.Connection, write: Callable[[sa.Connection], Any]) -> Any:
    try:
        return write(connection)
    except Exception as error:
        raise _OneFailed from error


def _apart(connection: sa.Connection, write: Callable[[sa.Connection], Any]) -> _Outcome:
    try:
        with connection.begin_nested():
            return write(connection), None
    except Exception as error:  # this write's own caller hears of it; the others go on
        return None, error
