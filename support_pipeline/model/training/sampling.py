"""The order of chats in an epoch, from the seed and the epoch alone.

transformers' own length-grouped sampler draws from the global random state, which a resumed run
cannot find again.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from random import Random

GROUP_BATCHES = 50


class EpochSampler:
    """Batches of chats of one family, then those of like length, in an order of their own each epoch.

    A family shares its beginning (`rows`), so its batches cost least; chats without relatives (None) are put together by
    length, so that little padding is computed. The batch of the highest `cost` comes first: missing memory shows in the
    first step.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch: int,
        seed: int,
        *,
        families: Sequence[Hashable | None] | None = None,
        cost: Callable[[Sequence[int]], float] | None = None,
    ) -> None:
        self.lengths, self.batch, self.seed, self.epoch = list(lengths), batch, seed, 0
        self.families = list(families) if families else [None] * len(self.lengths)
        self.cost = cost or self._longest

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = Random(f"{self.seed} {self.epoch}")
        places = list(range(len(self.lengths)))
        rng.shuffle(places)
        related, alone = self._by_family(places)
        size = self.batch * GROUP_BATCHES
        for start in range(0, len(alone), size):
            related += sorted(alone[start : start + size], key=lambda at: -self.lengths[at])
        batches = [related[i : i + self.batch] for i in range(0, len(related), self.batch)]
        rng.shuffle(batches)
        # A short batch only at the end: the loader cuts batches by counting.
        batches.sort(key=lambda one: len(one) < self.batch)
        heaviest = max(
            range(len(batches)), key=lambda i: (len(batches[i]) == self.batch, self.cost(batches[i]))
        )
        batches.insert(0, batches.pop(heaviest))
        yield from (place for batch in batches for place in batch)

    def _by_family(self, places: Sequence[int]) -> tuple[list[int], list[int]]:
        """The chats of one family behind one another, what fills batches first; and the chats without relatives."""
        members: dict[Hashable, list[int]] = defaultdict(list)
        alone = []
        for at in places:
            if self.families[at] is None:
                alone.append(at)
            else:
                members[self.families[at]].append(at)
        filling, left = [], []
        for family in members.values():
            full = len(family) - len(family) % self.batch
            filling += family[:full]
            left.append(family[full:])
        left.sort(key=len, reverse=True)
        related = filling + [at for family in left if len(family) > 1 for at in family]
        return related, alone + [at for family in left if len(family) == 1 for at in family]

    def _longest(self, batch: Sequence[int]) -> float:
        return max(self.lengths[place] for place in batch)
