"""Taking a stratified sample out of pairs that are tied together, at little loss to the rest.

Whatever is tied to a taken pair cannot be used on the other side, so each pair has a price: the
pairs that would be lost with it. Cheap pairs go first; pairs already lost to an earlier choice are
free. The price limit rises only while the sample is too small.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
PRICE_LIMITS = (1, 3, 8, 20)
MAX_LOSS = 0.35
_INSPECT = 30


class Carver:
    """Ties among the open places: customer, thread, near-duplicate cluster, each as a number a place."""

    def __init__(self, ties: Mapping[str, Places], open_places: Places) -> None:
        self.ties, self.open = ties, open_places
        self._members = {name: _members(values, open_places) for name, values in ties.items()}
        self._taken: set[int] = set()
        self._lost: set[int] = set()

    def take(self, order: Places, size: int, quota: Mapping[str, int], strata: Sequence[str]) -> Places:
        """Up to `size` places in the given order of preference, by stratum quotas first."""
        candidates = order[: max(size * _INSPECT, 2000)].tolist()
        left = Counter(dict(quota))
        budget = int(MAX_LOSS * len(self.open))
        for limit in PRICE_LIMITS:
            self._pass(candidates, limit, budget, size, left, strata)
        for limit in (*PRICE_LIMITS, len(self.open)):  # quotas that nothing cheap fills go to other strata
            self._pass(candidates, limit, budget, size, None, strata)
        return np.array(sorted(self._taken), dtype=np.int64)

    def tied(self, taken: Places) -> dict[str, Places]:
        """What shares each tie with the taken places, without themselves."""
        chosen = set(taken.tolist())
        found: dict[str, Places] = {}
        for name, values in self.ties.items():
            members = self._members[name]
            near = {other for place in chosen for other in members.get(int(values[place]), ())} - chosen
            found[name] = np.array(sorted(near), dtype=np.int64)
        return found

    def _pass(
        self,
        candidates: Sequence[int],
        limit: int,
        budget: int,
        size: int,
        left: Counter[str] | None,
        strata: Sequence[str],
    ) -> None:
        for place in candidates:
            if len(self._taken) >= size:
                return
            if place in self._taken or (left is not None and left[strata[place]] <= 0):
                continue
            lost = self._would_lose(place)
            if len(lost) > limit or len(self._lost | lost) - (place in self._lost) > budget:
                continue
            self._taken.add(place)
            self._lost = (self._lost | lost) - self._taken
            if left is not None:
                left[strata[place]] -= 1

    def _would_lose(self, place: int) -> set[int]:
        near = {
            other
            for name, values in self.ties.items()
            for other in self._members[name].get(int(values[place]), ())
        }
        return near - self._lost - self._taken - {place}


def quotas(order: Places, strata: Sequence[str], size: int) -> dict[str, int]:
    """How many of each stratum a sample of `size` gets, by its share of the most preferred places."""
    window = [strata[place] for place in order[: max(size * 4, 400)].tolist()]
    exact = {name: count * size / len(window) for name, count in sorted(Counter(window).items())}
    given = {name: int(share) for name, share in exact.items()}
    by_rest = sorted(exact, key=lambda name: (given[name] - exact[name], name))
    for name in by_rest[: size - sum(given.values())]:
        given[name] += 1
    return given


def spread(places: Places, ids: Sequence[str]) -> Places:
    """The places in an order that has nothing to do with time, the same at every run."""
    return np.array(
        sorted(places.tolist(), key=lambda place: hashlib.sha256(f"valid|{ids[place]}".encode()).digest()),
        dtype=np.int64,
    )


def _members(values: Places, open_places: Places) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place, value in zip(open_places.tolist(), values[open_places].tolist(), strict=True):
        found[value].append(place)
    return found
