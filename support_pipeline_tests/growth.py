"""Whether work grows with its input's length, or with its square: told apart by a ratio, and of the best of three tries.

Only this thread's own processor time counts: other tests' threads, other processes and a sleeping core are no matter of
the text. Eight times the length costs eight times in linear and 64 times in quadratic work; the border lies between.
"""

import time
from collections.abc import Callable

LONGER = 8
BORDER = 24
_LEAST_SECONDS = 0.01  # below this the clock's own grain decides


def costs_no_more_than_its_length(work: Callable[[str], object], piece: str, times: int) -> bool:
    """Whether `work` on `piece` repeated 8 x `times` costs less than 24 times as on `times`."""
    work(piece * (times // 10))  # what is made at the first call is made now
    return _seconds(work, piece * times * LONGER) < BORDER * max(
        _seconds(work, piece * times), _LEAST_SECONDS
    )


def _seconds(work: Callable[[str], object], text: str) -> float:
    tries = []
    for _ in range(3):
        start = time.thread_time()
        work(text)
        tries.append(time.thread_time() - start)
    return min(tries)
