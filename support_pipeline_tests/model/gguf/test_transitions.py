"""Scores before and after quantisation, and the budget that they may cost."""

import pytest

from support_pipeline.errors import DatasetError
from support_pipeline.model.gguf.transitions import transitions


def test_every_change_of_score_is_counted() -> None:
    found = transitions({"a": 3, "b": 3, "c": 2, "d": 1}, {"a": 1, "b": 3, "c": 3, "d": 1})

    assert found.counts == {"3->3": 1, "3->1": 1, "2->3": 1, "1->1": 1}
    assert (found.lower.count, found.higher.count, found.fallen) == (1, 1, ("a",))


@pytest.mark.parametrize(
    ("fallen", "budget", "passed"), [(0, 0.0, True), (1, 0.0, False), (5, 0.05, True), (6, 0.05, False)]
)
def test_the_budget_gates(fallen: int, budget: float, passed: bool) -> None:
    judged = {f"p{i}": 3 for i in range(100)}
    # What rises does not pay for what falls.
    served = {f"p{i}": 1 if i < fallen else 3 for i in range(100)}
    check = transitions(judged, served).check(budget)

    assert check.passed == passed
    assert f"{fallen} of 100 answers score lower" in check.detail
    assert ("3->1" in check.detail) == bool(fallen)


def test_other_tickets_are_an_error_and_none_prove_nothing() -> None:
    with pytest.raises(DatasetError, match="not about the same tickets"):
        transitions({"a": 3}, {"b": 3})
    assert not transitions({}, {}).check(0.05).passed
