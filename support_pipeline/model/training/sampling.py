"""The order of rows in an epoch, from the seed and the epoch alone.

transformers' own length-grouped sampler draws from the global random state, which a resumed run
cannot find again.
"""

from collections.abc import Iterator, Sequence
from random import Random

GROUP_BATCHES = 50


class EpochSampler:
    """Batches of rows of like length, in an order of their own each epoch; the longest batch comes first.

    So little padding is computed, and missing memory shows in the first step.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths, self.batch, self.seed, self.epoch = list(lengths), batch, seed, 0

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = Random(f"{self.seed} {self.epoch}")
        places = list(range(len(self.lengths)))
        rng.shuffle(places)
        size = self.batch * GROUP_BATCHES
        batches: list[list[int]] = []
        for start in range(0, len(places), size):
            group = sorted(places[start : start + size], key=lambda at: -self.lengths[at])
            batches += [group[i : i + self.batch] for i in range(0, len(group), self.batch)]
        rng.shuffle(batches)
        # A short batch only at the end: the loader cuts batches by counting.
        batches.sort(key=lambda one: len(one) < self.batch)
        heaviest = max(
            range(len(batches)), key=lambda i: (len(batches[i]) == self.batch, self._longest(batches[i]))
        )
        batches.insert(0, batches.pop(heaviest))
        yield from (place for batch in batches for place in batch)

    def _longest(self, batch: Sequence[int]) -> int:
        return max(self.lengths[place] for place in batch)
