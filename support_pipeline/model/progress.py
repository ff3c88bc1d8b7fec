"""How a model job that runs in its own process tells what it does.

Started by Dagster it reports through dagster-pipes (a package of its own, without Dagster);
started by hand it prints. Results travel in files, never through this channel.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


@contextmanager
def reporter() -> Iterator[Say]:
    """A function that says one line where people look; of several processes only the first speaks."""
    if os.environ.get("RANK", "0") != "0":
        yield lambda line: None
        return
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        yield _print
        return
    from dagster_pipes import open_dagster_pipes

    with open_dagster_pipes() as pipes:
        yield pipes.log.info


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Throttle:
    """Lets a line through at most once in `seconds`, and always when asked to."""

    def __init__(self, say: Say, seconds: float = 5.0) -> None:
        self._say, self._seconds, self._last = say, seconds, 0.0

    def __call__(self, line: str, *, always: bool = False) -> None:
        """Says the line, if it is time."""
        now = time.monotonic()
        if always or now - self._last >= self._seconds:
            self._last = now
            self._say(line)
