"""What the filter let through, step by step, and whether this month's reasons look like the earlier ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STEPS: Mapping[str, tuple[str, ...]] = {
    "public": ("empty", "not_support", "language"),
    "answered": ("no_resolution", "boilerplate_only", "placeholder_left", "needs_human"),
    "single-issue": ("multi_issue",),
    "in policy": ("policy_exception", "fraud_dispute", "emotional_escalation", "factual_error"),
    "kept": ("personal_data", "edited", "not_trainable"),
}
"""Each step of the waterfall, and the reasons that leave at it."""

DRIFT_LIMIT = 0.25
"""Population stability index above which a shift is called large (the usual rule of thumb in credit scoring)."""

LEAST_TICKETS = 50
"""Below this, a month's shares are noise."""

CHANCE = 0.001
"""How often chance alone may pass the limit, where few tickets raise it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the waterfall: the tickets left after it, and those that left, by reason."""

    name: str
    left: int
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a month's reasons are from the earlier months'; `index` is None when too little is known."""

    index: float | None
    detail: str
    limit: float = DRIFT_LIMIT

    @property
    def large(self) -> bool:
        """Whether somebody should look."""
        return self.index is not None and self.index > self.limit


def waterfall(reasons: Mapping[str, int]) -> list[Step]:
    """Tickets by the filter's reason as steps from raw to kept; what is kept is `answerable`.

    A reason that no step names leaves at the last one, so that the sums always agree.
    """
    named = {reason for lost in STEPS.values() for reason in lost} | {"answerable"}
    left = sum(reasons.values())
    steps = [Step("raw", left, {})]
    for name, leaving in STEPS.items():
        others = tuple(reason for reason in reasons if reason not in named) if name == "kept" else ()
        lost = {reason: reasons[reason] for reason in (*leaving, *others) if reasons.get(reason)}
        left -= sum(lost.values())
        steps.append(Step(name, left, lost))
    return steps


def drift(month: Mapping[str, int], earlier: Sequence[Mapping[str, int]]) -> Drift:
    """The population stability index of a month's reasons against all earlier months together."""
    before = {
        reason: sum(counts.get(reason, 0) for counts in earlier) for counts in earlier for reason in counts
    }
    total, total_before = sum(month.values()), sum(before.values())
    if total < LEAST_TICKETS or total_before < LEAST_TICKETS:
        return Drift(None, f"too few tickets to tell ({total} against {total_before} before)")
    parts = {
        reason: _part(month.get(reason, 0) / total, before.get(reason, 0) / total_before)
        for reason in sorted({*month, *before})
    }
    index = sum(parts.values())
    worst = max(parts, key=lambda reason: parts[reason])
    limit = max(DRIFT_LIMIT, _by_chance(len(parts), total, total_before))
    return Drift(
        index,
        f"index {index:.2f} (limit {limit:.2f}); most moved: {worst}, {before.get(worst, 0) / total_before:.1%} before, "
        f"{month.get(worst, 0) / total:.1%} now",
        limit,
    )


def _by_chance(reasons: int, tickets: int, tickets_before: int) -> float:
    """The index that two samples of the same tickets stay below, but for one time in `1 / CHANCE`.

    It is near chi-squared over the harmonic size of the samples (Yurdakul and Naranjo 2020, Statistical
    properties of the population stability index, Journal of Risk Model Validation 14).
    """
    from scipy.stats import chi2  # here: loading definitions needs no scipy

    return float(chi2.ppf(1 - CHANCE, max(reasons - 1, 1))) * (1 / tickets + 1 / tickets_before)


def _part(now: float, before: float) -> float:
    # Half a percent stands in for "never", so that one ticket of a new reason is not infinite drift.
    now, before = max(now, 0.005), max(before, 0.005)
    return (now - before) * math.log(now / before)
