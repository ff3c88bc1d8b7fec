"""Exact bounds against the published table and against the binomial itself."""

import math

import pytest

from support_pipeline.model.verdict import Share, lower_bound, plan, settling, upper_bound
from support_pipeline.model.verdict.planning import needed_successes


def tail(k: int, n: int, p: float) -> float:
    """P(Bin(n, p) >= k), summed."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


@pytest.mark.parametrize(("k", "n"), [(1, 10), (129, 150), (170, 200), (299, 299)])
def test_lower_bound_is_where_the_tail_is_5_percent(k: int, n: int) -> None:
    assert tail(k, n, lower_bound(k, n)) == pytest.approx(0.05, rel=1e-6)
    assert upper_bound(n - k, n) == pytest.approx(1 - lower_bound(k, n))


def test_edges() -> None:
    assert (lower_bound(0, 10), upper_bound(10, 10)) == (0.0, 1.0)
    assert (Share(0, 0).lower, Share(0, 0).upper, Share(0, 0).rate) == (0.0, 1.0, None)
    assert upper_bound(0, 299) < 0.01 <= upper_bound(0, 298)
    with pytest.raises(ValueError, match="3 in 2 cannot be"):
        Share(3, 2)


@pytest.mark.parametrize(
    ("target", "needed"),
    [
        (0.80, {150: 129, 200: 170, 300: 252, 400: 334, 600: 497}),
        (0.85, {150: 135, 200: 179, 300: 266, 400: 353, 600: 525}),
    ],
)
def test_needed_successes(target: float, needed: dict[int, int]) -> None:
    import numpy as np

    assert dict(zip(needed, needed_successes(np.array(list(needed)), target).tolist(), strict=True)) == needed


@pytest.mark.parametrize("expected", [0.88, 0.90, 0.92, 0.95])
def test_plan_has_the_power_it_promises(expected: float) -> None:
    import numpy as np

    n = plan(0.85, expected, 0.80)
    assert n is not None
    needed = needed_successes(np.arange(1, n + 60), 0.85)

    assert all(tail(int(needed[m - 1]), m, expected) >= 0.80 for m in range(n, n + 60, 7))
    assert tail(int(needed[n - 2]), n - 1, expected) < 0.80


def test_plan_at_most_mirrors_at_least() -> None:
    assert plan(0.05, 0.01, direction="at most") == plan(0.95, 0.99) == 124
    assert plan(0.80, 0.80) is None
    assert plan(0.80, 0.801) is None


def test_settling_names_the_tickets_that_would_do() -> None:
    n = settling(150, 175, 0.80, "at least")  # 85.7 %
    assert n is not None
    assert lower_bound(math.floor(n * 150 / 175), n) >= 0.80
    assert settling(140, 175, 0.80, "at least") is None  # the target itself: never
    assert settling(0, 0, 0.80, "at least") is None
    assert settling(3, 100, 0.05, "at most") == settling(97, 100, 0.95, "at least")
