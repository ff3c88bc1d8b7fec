"""The waterfall sums up, and drift tells a shift from noise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.data.filtering.funnel import STEPS, drift, waterfall
from support_pipeline.data.filtering.reasons import REASONS

COUNTS = st.dictionaries(st.sampled_from([*REASONS, "a reason of the future"]), st.integers(0, 500))


@given(COUNTS)
def test_what_is_kept_is_answerable_and_nothing_is_lost(reasons: dict[str, int]) -> None:
    steps = waterfall(reasons)
    assert [step.name for step in steps] == ["raw", *STEPS]
    assert steps[0].left == sum(reasons.values())
    assert steps[-1].left == reasons.get("answerable", 0)
    assert steps[0].left - steps[-1].left == sum(sum(step.lost.values()) for step in steps)


def test_every_reason_leaves_at_exactly_one_step() -> None:
    leaving = [reason for lost in STEPS.values() for reason in lost]
    assert sorted(leaving) == sorted(set(REASONS) - {"answerable"})


USUAL = {"answerable": 70, "multi_issue": 10, "fraud_dispute": 10, "no_resolution": 10}


def test_the_same_shares_are_no_drift() -> None:
    found = drift(USUAL, [USUAL, {reason: count * 2 for reason, count in USUAL.items()}])
    assert found.index is not None and abs(found.index) < 1e-9
    assert not found.large


def test_a_shift_is_named() -> None:
    found = drift({"answerable": 40, "no_resolution": 60}, [USUAL, USUAL])
    assert found.large
    assert "most moved: no_resolution, 10.0% before, 60.0% now" in found.detail


def test_one_ticket_of_a_new_reason_is_no_alarm() -> None:
    assert not drift({**USUAL, "language": 1}, [USUAL]).large


def test_few_tickets_say_nothing() -> None:
    assert drift({"answerable": 3}, [USUAL]).index is None
    assert drift(USUAL, []).index is None


def test_chance_alone_hardly_ever_warns_however_few_tickets_there_are() -> None:
    rng = np.random.default_rng(3)
    shares = [0.7, 0.06, 0.05, 0.05, 0.04, 0.04, 0.03, 0.03]

    def month(tickets: int) -> dict[str, int]:
        drawn = rng.multinomial(tickets, shares)
        return {f"reason {place}": int(count) for place, count in enumerate(drawn)}

    warned = sum(drift(month(90), [month(95)]).large for _ in range(500))
    assert warned <= 5  # one in a thousand is meant; by the bare rule of thumb it is one in six
    assert drift(month(90), [{"reason 0": 50, "reason 5": 45}]).large
