"""The scorer measured: what it catches of known faults, and how often it objects to right answers."""

import pytest

from support_pipeline.model.scoring.mutation import (
    FAULTS,
    Measured,
    Mutant,
    false_alarms,
    measure,
    mutants,
    peers,
)
from support_pipeline.model.verdict import Share, upper_bound
from support_pipeline_tests.model.scoring.brands import materials, right_answers

PER_FAULT = 50


@pytest.fixture(scope="module")
def measured() -> dict[str, Measured]:
    return measure(mutants(right_answers(), materials(), PER_FAULT, seed=11), materials())


@pytest.mark.parametrize("fault", [*FAULTS, "cut_off"])
def test_fault_is_caught(fault: str, measured: dict[str, Measured]) -> None:
    found = measured[fault]
    missed = "\n".join(f"{mutant.case.human_answer!r} -> {mutant.answer!r}" for mutant in found.missed)

    assert found.total == PER_FAULT
    assert found.caught >= PER_FAULT - 1, (
        f"{fault}: at least {found.share.lower:.1%} caught; missed:\n{missed}"
    )


def test_all_faults_together_are_caught_to_99_percent(measured: dict[str, Measured]) -> None:
    share = Share(sum(m.caught for m in measured.values()), sum(m.total for m in measured.values()))

    assert share.lower >= 0.99, f"{share.count} of {share.total}"


def test_right_answers_raise_few_alarms() -> None:
    alarms = false_alarms(right_answers(), materials())
    shown = "\n".join(f"{case.human_answer!r}: {score.evidence()}" for case, score in alarms[:5])

    assert upper_bound(len(alarms), len(right_answers())) <= 0.03, shown


def test_other_words_for_the_right_answer_raise_few_alarms() -> None:
    """Another agent's right answer to the same intent: what a human answer held against itself cannot show."""
    found = peers(right_answers())
    wrong = [
        (case, text) for case, text in found if Mutant("peer", case, text, 3).score(materials()).score < 3
    ]
    shown = "\n".join(f"{case.human_answer!r} <- {text!r}" for case, text in wrong[:5])

    assert len(found) >= 299
    assert upper_bound(len(wrong), len(found)) <= 0.03, shown


def test_same_seed_makes_the_same_mutants() -> None:
    first = [mutant.answer for mutant in mutants(right_answers(), materials(), 2, seed=5)]

    assert first == [mutant.answer for mutant in mutants(right_answers(), materials(), 2, seed=5)]
