"""The next release sees more of what the last one was bad at, within bounds, and says so."""

from typing import Any

import pytest

from support_pipeline.data.splits import ESCALATE_SHARE
from support_pipeline.stages.remedies import MOST_CANNOT_KNOW, MOST_ESCALATE, Remedy, remedy


def claim(name: str, verdict: str, rate: float | None = 0.2) -> dict[str, Any]:
    direction, target = ("at most", 0.05) if name == "hallucination" else ("at least", 0.9)
    return {"name": name, "verdict": verdict, "rate": rate, "direction": direction, "target": target}


@pytest.mark.parametrize(
    ("verdict", "before", "share"),
    [
        ("failed", None, 0.15), ("failed", 0.15, 0.20), ("failed", 0.25, MOST_CANNOT_KNOW), ("met", 0.20, 0.15),
        ("met", 0.10, 0.10), ("not proven", 0.20, 0.20), ("not proven", None, 0.10), ("failed", 0.9, MOST_CANNOT_KNOW),
    ],
)  # fmt: skip
def test_hallucination_moves_the_share_of_cannot_know(
    verdict: str, before: float | None, share: float
) -> None:
    old = None if before is None else {"cannot_know": before, "escalate": ESCALATE_SHARE}
    found = remedy("2026-06", [claim("hallucination", verdict)], old)

    assert (found.cannot_know, found.escalate) == (share, ESCALATE_SHARE)
    assert bool(found.reasons) == (share != 0.10)
    for reason in found.reasons:
        assert reason.startswith(f"cannot-know answers may be up to {share:.0%} of training instead of 10%")
        assert "'hallucination at most 5%'" in reason and "release 2026-06 with 20.0%" in reason


def test_missed_hand_overs_raise_theirs_up_to_the_bound() -> None:
    found, shares = Remedy(), []
    for month in range(1, 6):
        found = remedy(f"2026-0{month}", [claim("escalation_recall", "failed", 0.4)], found.record())
        shares.append(found.escalate)
    assert shares == [0.25, 0.30, 0.30, 0.30, 0.30] and shares[-1] == MOST_ESCALATE
    assert "(the most there may be)" in found.reasons[0]


def test_a_report_without_the_claim_asks_nothing() -> None:
    assert remedy("2026-06", [], {"escalate": 0.3, "cannot_know": 0.25}) == Remedy()
    assert remedy("2026-06", [claim("escalation_recall", "not proven", None)]) == Remedy()
