"""Paired tests, against brute force."""

import itertools
import random

import pytest

from support_pipeline.model.verdict import compare, design_effect, difference_lower, mcnemar, sign_flip


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 1024), (1, 8, 20 / 512)]
)
def test_mcnemar(wins: int, losses: int, p: float) -> None:
    assert mcnemar(wins, losses) == pytest.approx(p)
    assert mcnemar(losses, wins) == pytest.approx(p)


def test_sign_flip_equals_all_permutations() -> None:
    chance = random.Random(4)
    differences = [chance.choice([-2, -1, 0, 0, 1, 2, 2]) for _ in range(14)]
    clusters = [f"c{i // 2}" for i in range(14)]
    sums = [differences[i] + differences[i + 1] for i in range(0, 14, 2)]
    totals = [
        abs(sum(s * x for s, x in zip(signs, sums, strict=True)))
        for signs in itertools.product((1, -1), repeat=7)
    ]
    expected = sum(total >= abs(sum(sums)) for total in totals) / len(totals)

    assert sign_flip(differences, clusters) == pytest.approx(expected)


def test_clusters_make_the_test_more_careful() -> None:
    differences = [1] * 12

    assert sign_flip(differences, [f"c{i}" for i in range(12)]) < sign_flip(
        differences, [f"c{i // 4}" for i in range(12)]
    )
    assert design_effect(differences[:6] + [0] * 6, [f"c{i // 6}" for i in range(12)]) == pytest.approx(6)
    assert design_effect([1, 1], ["a", "b"]) == 1.0


def test_difference_lower_of_no_discordance_has_a_closed_form() -> None:
    z = 1.6448536269514722
    assert difference_lower(0, 0, 175) == pytest.approx(-(z**2) / (175 + z**2))
    assert difference_lower(0, 0, 175, effect=2) == pytest.approx(-(z**2) / (87.5 + z**2))


def test_difference_lower_covers() -> None:
    """In 95 % of samples the bound lies below the true difference."""
    chance = random.Random(9)
    wins, losses, n, below = 0.06, 0.06, 150, 0
    for _ in range(1500):
        draws = [chance.random() for _ in range(n)]
        b, c = sum(x < wins for x in draws), sum(wins <= x < wins + losses for x in draws)
        below += difference_lower(b, c, n) <= 0.0
    assert below / 1500 >= 0.935


def test_compare_counts_shared_tickets_only() -> None:
    found = compare({"a": 3, "b": 1, "c": 3}, {"a": 3, "b": 3, "x": 3}, {"a": "ann", "b": "bob"})

    assert found is not None
    assert (found.tickets, found.customers, found.wins, found.losses) == (2, 2, 0, 1)
    assert found.transitions == {"3->1": 1, "3->3": 1}
    assert compare({"a": 3}, {"b": 3}, {}) is None
