"""How many held-out tickets a claim needs: to be settled at the rate seen, or to be met with given power."""

from typing import Any, Literal

from support_pipeline.model.verdict.shares import ALPHA

Direction = Literal["at least", "at most"]
LIMIT = 20_000


def plan(
    target: float,
    expected: float,
    power: float = 0.80,
    *,
    direction: Direction = "at least",
    alpha: float = ALPHA,
) -> int | None:
    """The held-out tickets with which a true share of `expected` proves the claim in `power` of all tests.

    The smallest such number, and every larger one does it too (the power is a saw-tooth). None when
    the expected share does not fulfil the claim, or more than 20,000 tickets would be needed.
    """
    import numpy as np
    from scipy.special import bdtr

    if direction == "at most":
        return plan(1 - target, 1 - expected, power, direction="at least", alpha=alpha)
    if expected <= target:
        return None
    for limit in (1000, LIMIT):
        n = np.arange(1, limit + 1)
        needed = needed_successes(n, target, alpha)
        reached = np.where(needed <= n, 1 - bdtr(needed - 1.0, n, expected), 0.0)
        short = np.flatnonzero(reached < power)
        if short.size < n.size and (short.size == 0 or short[-1] < 0.8 * limit):
            return int(n[short[-1] + 1]) if short.size else 1
    return None


def needed_successes(n: Any, target: float, alpha: float = ALPHA) -> Any:
    """The fewest successes of `n` (an array) that prove "at least target"; more than n where none do."""
    import numpy as np
    from scipy.special import bdtr

    # L(k, n) >= target  <=>  P(Bin(n, target) >= k) <= alpha; the search starts at the normal guess.
    k = np.minimum(np.floor(n * target + np.sqrt(n * target * (1 - target))).astype(int), n)
    for _ in range(LIMIT):
        proven = 1 - bdtr(k - 1.0, n, target) <= alpha
        step = ~proven & (k <= n)
        if not step.any():
            break
        k = np.where(step, k + 1, k)
    for _ in range(LIMIT):
        still = (k > 0) & (1 - bdtr(k - 2.0, n, target) <= alpha)
        if not still.any():
            break
        k = np.where(still, k - 1, k)
    return k


def settling(count: int, total: int, target: float, direction: Direction) -> int | None:
    """The tickets at which the share seen so far would settle the claim, one way or the other.

    None when nothing was seen, the share equals the target, or 20,000 tickets would not do.
    """
    import numpy as np
    from scipy.special import betaincinv

    if direction == "at most":
        return settling(total - count, total, 1 - target, "at least")
    if total == 0 or count / total == target:
        return None
    n = np.arange(total + 1, LIMIT + 1)
    rate = count / total
    # The failing and the met side each keep the rate on their own side of the seen one.
    k = np.floor(n * rate + 1e-9) if rate > target else np.ceil(n * rate - 1e-9)
    if rate > target:
        bound = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, ALPHA), 0.0)
        settled = np.flatnonzero(bound >= target)
    else:
        bound = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - ALPHA), 1.0)
        settled = np.flatnonzero(bound < target)
    return int(n[settled[0]]) if settled.size else None
