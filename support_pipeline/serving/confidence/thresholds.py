"""From which score on a draft may be sent, so that wrong ones are sent rarely, with stated confidence.

Risk-controlling prediction sets (Bates et al. 2021, arXiv 2101.02703): the share of tickets that are
answered wrongly *and* sent can only fall as the threshold rises, so walking down from the strictest
one and stopping before the first whose exact upper bound exceeds alpha needs no correction for having
looked at many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from support_pipeline.model.verdict.shares import upper_bound


@dataclass(frozen=True, slots=True)
class Threshold:
    """Send from `score` on. `wrong` of the `sent` (of `total`) were wrong in the sample.

    `risk_upper` bounds P(wrong and sent), `wrong_upper` the share of wrong among those sent; the first
    holds with the confidence that was asked for, the second is what the same sample says of it.
    """

    score: float
    sent: int
    wrong: int
    total: int
    risk_upper: float
    wrong_upper: float

    @property
    def coverage(self) -> float:
        """The share of tickets that is sent."""
        return self.sent / self.total if self.total else 0.0


def certified(
    scores: Sequence[float | None], wrong: Sequence[bool], alpha: float, delta: float
) -> Threshold | None:
    """The loosest threshold with P(wrong and sent) <= alpha, with confidence 1 - delta; None where there is none.

    A score of None is a ticket whose draft is never sent (a guard stopped it, or it hands over): it
    counts among the tickets.
    """
    total = len(scores)
    order = sorted(
        ((score, bad) for score, bad in zip(scores, wrong, strict=True) if score is not None), reverse=True
    )
    if not order or upper_bound(0, total, delta) > alpha:
        return None
    most = _most_errors(total, alpha, delta)
    best: Threshold | None = None
    errors = 0
    for place, (score, bad) in enumerate(order, start=1):
        errors += bad
        if place < len(order) and order[place][0] == score:
            continue  # equal scores are sent together
        if errors > most:
            break
        best = Threshold(
            score, place, errors, total, upper_bound(errors, total, delta), upper_bound(errors, place, delta)
        )
    return best


def _most_errors(total: int, alpha: float, delta: float) -> int:
    errors = 0
    while errors < total and upper_bound(errors + 1, total, delta) <= alpha:
        errors += 1
    return errors


def naive(scores: Sequence[float | None], wrong: Sequence[bool], alpha: float) -> float | None:
    """What is often done instead: the loosest threshold whose error in the sample is at most alpha."""
    total = len(scores)
    order = sorted(
        ((score, bad) for score, bad in zip(scores, wrong, strict=True) if score is not None), reverse=True
    )
    best, errors = None, 0
    for place, (score, bad) in enumerate(order, start=1):
        errors += bad
        if (place == len(order) or order[place][0] != score) and errors <= alpha * total:
            best = score
    return best


def tickets_needed(alpha: float, delta: float) -> int:
    """The fewest reviewed drafts, all right, with which anything can be certified."""
    return math.ceil(math.log(delta) / math.log(1 - alpha))
