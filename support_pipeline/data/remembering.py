"""Work on a text that has been seen before is not done again.

Helpdesks repeat themselves: macros, automatic replies, "any update?", the same help page pasted a
thousand times. Only pure functions of short texts are remembered, so what is remembered stays small
and the outcome cannot differ.
"""

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

REMEMBERED = 1 << 13
"""Results kept of each function."""
LONGEST = 1_200
"""Characters above which a text is unlikely to come again."""


def remembered(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """The function with its latest results at hand; all arguments must be hashable, the first is the text."""
    known = lru_cache(maxsize=REMEMBERED)(function)

    def call(text: str, /, *rest: P.args, **named: P.kwargs) -> R:
        if len(text) > LONGEST:
            return function(text, *rest, **named)
        return known(text, *rest, **named)  # type: ignore[arg-type]  # lru_cache forgets the types

    update_wrapper(call, function)
    return call
