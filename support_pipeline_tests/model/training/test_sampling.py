"""The order of an epoch: every row once, like lengths together, known from seed and epoch alone."""

from random import Random

from support_pipeline.model.training.sampling import EpochSampler

LENGTHS = [Random(3).randint(10, 500) for _ in range(203)]


def test_every_row_comes_once_and_the_longest_batch_first() -> None:
    order = list(EpochSampler(LENGTHS, 8, 1))
    assert sorted(order) == list(range(203))
    assert max(LENGTHS) in [LENGTHS[at] for at in order[:8]]


def test_batches_hold_rows_of_like_length() -> None:
    order = list(EpochSampler(LENGTHS, 8, 1))
    batches = [[LENGTHS[at] for at in order[start : start + 8]] for start in range(0, 200, 8)]
    padded = sum(max(batch) * len(batch) for batch in batches)
    assert padded < 1.15 * sum(map(sum, batches))


def test_the_order_is_the_same_for_seed_and_epoch_and_differs_between_epochs() -> None:
    one, two = EpochSampler(LENGTHS, 8, 1), EpochSampler(LENGTHS, 8, 1)
    one.set_epoch(1)
    list(two)
    two.set_epoch(1)
    assert list(one) == list(two)
    two.set_epoch(2)
    assert list(one) != list(two)


def test_a_single_row_is_an_order() -> None:
    assert list(EpochSampler([5], 8, 1)) == [0]


def test_batches_are_of_one_family_as_far_as_they_go() -> None:
    families = ["shop"] * 21 + ["other policies"] * 8 + [None] * 3
    order = list(EpochSampler([100] * 32, 4, 1, families=families))
    batches = [[families[at] for at in order[start : start + 4]] for start in range(0, 32, 4)]
    assert sorted(order) == list(range(32))
    assert sum(batch == ["shop"] * 4 for batch in batches) == 5
    assert sum(batch == ["other policies"] * 4 for batch in batches) == 2


def test_the_dearest_batch_comes_first() -> None:
    order = list(EpochSampler(LENGTHS, 8, 1, cost=lambda batch: float(7 in batch)))
    assert 7 in order[:8]
