"""What sequences of token ids begin with in common: prompts of one policy book share most of their length."""

from collections.abc import Callable, Sequence


def shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens the two begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def by_beginning(
    sequences: Sequence[list[int]], *, least: int, worth: Callable[[int, int, int], bool]
) -> list[tuple[int, list[int]]]:
    """Groups as (length of what its members begin with, their places). In sorted order those that share most are neighbours.

    A sequence joins the group before it if `least` tokens stay common to all and
    `worth(common with it, common without it, members without it)`.
    """
    groups: list[tuple[int, list[int]]] = []
    for place in sorted(range(len(sequences)), key=lambda at: sequences[at]):
        if groups:
            length, members = groups[-1]
            common = min(length, shared_length(sequences[members[0]], sequences[place]))
            if common >= least and worth(common, length, len(members)):
                groups[-1] = (common, [*members, place])
                continue
        groups.append((len(sequences[place]), [place]))
    return groups
