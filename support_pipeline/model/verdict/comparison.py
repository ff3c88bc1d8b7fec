"""Two models on the same tickets: exact tests, and a bound of the paired difference.

Tickets of one customer are not independent, so differences are summed by customer before signs flip,
and the bound's sample is shrunk by the design effect.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z95 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Comparison:
    """Champion and challenger on the tickets they share, by the score of 3.

    `wins` counts tickets that only the challenger answers fully right, `losses` the opposite.
    `lower` is the one-sided 95 % bound of the difference of shares, challenger minus champion;
    `wrong_difference` and its `wrong_upper` are the same for the share of 1s.
    """

    tickets: int
    customers: int
    wins: int
    losses: int
    difference: float
    lower: float
    wrong_difference: float
    wrong_upper: float
    mcnemar_p: float
    permutation_p: float
    transitions: Mapping[str, int]


def compare(
    challenger: Mapping[str, int], champion: Mapping[str, int], customers: Mapping[str, str]
) -> Comparison | None:
    """Both models' scores by pair_id; `customers` names each ticket's customer. None: nothing is shared."""
    shared = sorted(set(challenger) & set(champion))
    if not shared:
        return None
    ours, theirs = [challenger[i] for i in shared], [champion[i] for i in shared]
    clusters = [customers.get(i, i) for i in shared]
    steps = [(a == 3) - (b == 3) for a, b in zip(ours, theirs, strict=True)]
    wins, losses = steps.count(1), steps.count(-1)
    less_wrong = [(b == 1) - (a == 1) for a, b in zip(ours, theirs, strict=True)]
    transitions: dict[str, int] = defaultdict(int)
    for a, b in zip(ours, theirs, strict=True):
        transitions[f"{b}->{a}"] += 1
    return Comparison(
        tickets=len(shared),
        customers=len(set(clusters)),
        wins=wins,
        losses=losses,
        difference=(wins - losses) / len(shared),
        lower=_lower(steps, clusters),
        wrong_difference=-sum(less_wrong) / len(shared),
        wrong_upper=-_lower(less_wrong, clusters),
        mcnemar_p=mcnemar(wins, losses),
        permutation_p=sign_flip([a - b for a, b in zip(ours, theirs, strict=True)], clusters),
        transitions=dict(sorted(transitions.items())),
    )


def _lower(steps: Sequence[int], clusters: Sequence[str]) -> float:
    return difference_lower(steps.count(1), steps.count(-1), len(steps), design_effect(steps, clusters))


def mcnemar(wins: int, losses: int) -> float:
    """The exact two-sided p-value that wins and losses are equally likely."""
    n = wins + losses
    tail = sum(math.comb(n, i) for i in range(min(wins, losses) + 1))
    # Integers, divided once: 2**n is beyond a float long before a test set is large.
    return float(min(1.0, 2 * tail / 2**n))


def sign_flip(differences: Sequence[int], clusters: Sequence[str]) -> float:
    """The exact two-sided p-value of the paired sign-flip test, all signs of a cluster flipping together.

    Score differences are whole numbers, so the distribution of their sum is counted out and no
    random permutation is drawn.
    """
    sums: dict[str, int] = defaultdict(int)
    for difference, cluster in zip(differences, clusters, strict=True):
        sums[cluster] += difference
    steps = [abs(value) for value in sums.values() if value]
    seen = abs(sum(sums.values()))
    ways = {0: 1}
    for step in steps:
        after: dict[int, int] = defaultdict(int)
        for total, count in ways.items():
            after[total + step] += count
            after[total - step] += count
        ways = after
    return float(sum(count for total, count in ways.items() if abs(total) >= seen) / 2 ** len(steps))


def difference_lower(wins: int, losses: int, total: int, effect: float = 1.0, z: float = Z95) -> float:
    """The lower score bound (Tango 1998) of the paired difference of shares.

    Unlike Wald's it holds for few discordant pairs, none at all included. `effect` is the design
    effect of clustered tickets: the sample counts as that much smaller.
    """
    n, b, c = total / effect, wins / effect, losses / effect

    def statistic(delta: float) -> float:
        # The discordant probability, estimated under the assumption that the difference is delta.
        linear = -b - c + (2 * n - b + c) * delta
        constant = -c * delta * (1 - delta)
        q = (math.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
        spread = n * (2 * q + delta * (1 - delta))
        return (b - c - n * delta) / math.sqrt(spread) if spread > 0 else math.inf

    low, high = -1.0 + 1e-12, (b - c) / n
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if statistic(middle) < z else (middle, high)
    return low


def design_effect(values: Sequence[int], clusters: Sequence[str]) -> float:
    """How much larger the variance of the mean is than with independent tickets; never below 1."""
    mean = sum(values) / len(values)
    sums: dict[str, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    simple = sum((value - mean) ** 2 for value in values)
    return max(1.0, sum(total**2 for total in sums.values()) / simple) if simple else 1.0
