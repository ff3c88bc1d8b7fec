"""Near-duplicates among customers' texts, and what else ties pairs together.

Two texts are near-duplicates when their sets of character 5-grams agree to 0.7 (Jaccard) or their
sets of words to 0.75; digits' values, punctuation, case and redaction placeholders do not count.
MinHash finds candidates among many texts; where few texts matter, the agreement is computed exactly.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import rensa
from numpy.typing import NDArray

from support_pipeline.data.filtering.hashing import U64, Features, Texts, distinct, mix

CHARACTER_SIMILARITY = 0.70
WORD_SIMILARITY = 0.75
SEED = 20
_PERMUTATIONS = 128
_BANDS = 25
_ROWS = 5
_CHUNK = 5_000
_COMPARED = 4_000  # pairs at once: their signatures stay in the cache
_ALL_PAIRS_UP_TO = 12

Labels = NDArray[np.int64]


def near_duplicate_clusters(texts: Sequence[str], seed: int = SEED) -> Labels:
    """A cluster number for each text, the place of the cluster's first text; transitive."""
    if not texts:
        return np.array([], dtype=np.int64)
    first, back = _exact(texts)
    different = [texts[place] for place in first]
    links = [
        _similar(_signatures(different, features, seed), threshold)  # one kind at a time: they are large
        for features, threshold in ((_grams, CHARACTER_SIMILARITY), (_words, WORD_SIMILARITY))
    ]
    clusters: Labels = first[connected(len(first), np.concatenate(links))][back]
    return clusters


def connected(count: int, links: NDArray[np.int64]) -> Labels:
    """The union of links: for each place the smallest place that it is connected to."""
    from scipy.sparse import coo_matrix  # here and below: loading definitions needs no scipy
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    smallest: Labels = np.full(component.max() + 1 if count else 0, count, dtype=np.int64)
    np.minimum.at(smallest, component, np.arange(count))
    labels: Labels = smallest[component]
    return labels


def components(keys: Iterable[Sequence[object]], count: int) -> Labels:
    """The union of rows that share a value in any of the key columns; None and "" tie nothing."""
    links = [_links_of(codes(column)) for column in keys]
    return connected(count, np.concatenate(links) if links else np.empty((0, 2), dtype=np.int64))


def codes(column: Sequence[object]) -> Labels:
    """A number for each value, the place where it is first met; an empty value is like no other."""
    met: dict[object, int] = {}
    return np.array(
        [
            place if value in (None, "") else met.setdefault(value, place)
            for place, value in enumerate(column)
        ],
        dtype=np.int64,
    )


def exact_groups(texts: Sequence[str]) -> Labels:
    """A number for each text, the same for texts that differ in nothing that counts."""
    first, back = _exact(texts)
    groups: Labels = first[back] if len(first) else back
    return groups


def alike(left: Sequence[str], right: Sequence[str], margin: float = 0.0) -> NDArray[np.bool_]:
    """For each text on the right, whether it is a near-duplicate of any on the left; exact, no MinHash."""
    if not left or not right:
        return np.zeros(len(right), dtype=bool)
    texts = [*left, *right]
    batch = Texts.of(texts)
    found = np.zeros(len(right), dtype=bool)
    for features, threshold in (
        (batch.characters((5,)), CHARACTER_SIMILARITY),
        (batch.words(1), WORD_SIMILARITY),
    ):
        found |= _best_jaccard(features, len(left)) >= threshold + margin
    exact = set(left)
    found |= np.array([text in exact for text in right], dtype=bool)
    return found


def _best_jaccard(features: Features, split: int) -> NDArray[np.float64]:
    from scipy.sparse import csr_matrix

    _, column = np.unique(features.hashes, return_inverse=True)
    width = int(column.max()) + 1 if len(column) else 1
    ones = np.ones(len(column), dtype=np.float32)
    matrix = csr_matrix((ones, (features.owner, column)), shape=(features.texts, width))
    matrix.data[:] = 1
    sizes = np.asarray(matrix.sum(axis=1)).ravel()
    left, right = matrix[:split], matrix[split:]
    best = np.zeros(right.shape[0])
    for start in range(0, right.shape[0], 2000):
        shared = (right[start : start + 2000] @ left.T).tocoo()
        union = sizes[split + start + shared.row] + sizes[shared.col] - shared.data
        np.maximum.at(best, start + shared.row, shared.data / union)
    return best


def _exact(texts: Sequence[str]) -> tuple[Labels, Labels]:
    met: dict[bytes, int] = {}
    group = np.empty(len(texts), dtype=np.int64)
    for start, batch in _batches(texts):
        bounds = np.searchsorted(batch.owner, np.arange(batch.texts + 1)).tolist()
        data = batch.data.tobytes()
        for place, (begin, end) in enumerate(pairwise(bounds), start=start):
            normal = data[begin:end].strip(b"\0 ") or b"\0" + texts[place].encode("utf-8", "replace")
            group[place] = met.setdefault(blake2b(normal, digest_size=16).digest(), place)
    first, back = np.unique(group, return_inverse=True)
    return first, back.astype(np.int64)


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, Texts]]:
    """Texts by the thousand: a feature takes eight bytes, and a million texts have a billion."""
    for start in range(0, len(texts), _CHUNK):
        yield start, Texts.of(texts[start : start + _CHUNK])


def _similar(signatures: NDArray[np.uint32], threshold: float) -> NDArray[np.int64]:
    """Pairs of places whose MinHash signatures agree to the threshold."""
    candidates = _candidates(signatures)
    if not len(candidates):
        return candidates
    agreement = np.empty(len(candidates))
    for start in range(0, len(candidates), _COMPARED):
        part = candidates[start : start + _COMPARED]
        same = signatures[part[:, 0]] == signatures[part[:, 1]]
        agreement[start : start + _COMPARED] = same.sum(axis=1) / _PERMUTATIONS
    said_something = (signatures != signatures.max(initial=0)).any(axis=1)
    sure = (agreement >= threshold) & said_something[candidates[:, 0]]
    similar: NDArray[np.int64] = candidates[sure]
    return similar


def _grams(batch: Texts) -> Features:
    return batch.characters((5,))


def _words(batch: Texts) -> Features:
    return batch.words(1)


def _signatures(
    texts: Sequence[str], features_of: Callable[[Texts], Features], seed: int
) -> NDArray[np.uint32]:
    """A row of MinHash values for each text."""
    signatures = np.empty((len(texts), _PERMUTATIONS), dtype=np.uint32)
    for start, batch in _batches(texts):
        signatures[start : start + batch.texts] = _digests(features_of(batch), seed)
    return signatures


def _digests(features: Features, seed: int) -> NDArray[np.uint32]:
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        features.hashes, features.offsets, _PERMUTATIONS, seed
    )
    return np.array(matrix.to_rows(), dtype=np.uint32).reshape(features.texts, _PERMUTATIONS)


def _candidates(signatures: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Pairs that agree in a whole band."""
    count = len(signatures)
    keys = np.empty(0, dtype=np.int64)
    for band in range(_BANDS):
        links = _links_of(_band(signatures, band), _ALL_PAIRS_UP_TO)
        keys = distinct(np.concatenate([keys, links[:, 0] * count + links[:, 1]]))
    return np.stack([keys // count, keys % count], axis=1)


def _band(signatures: NDArray[np.uint32], band: int) -> U64:
    with np.errstate(over="ignore"):
        value = np.zeros(len(signatures), dtype=np.uint64)
        for row in range(band * _ROWS, (band + 1) * _ROWS):
            value = mix(value + signatures[:, row].astype(np.uint64) + np.uint64(1))
    return value


def _links_of(values: NDArray[Any], all_pairs_up_to: int = 0) -> NDArray[np.int64]:
    """Pairs of places with the same value: each with its group's first and with its predecessor.

    Small groups give all their pairs instead, so that one odd first member hides nothing.
    """
    shared = _repeated(values)  # few are, mostly, and sorting them is then cheap
    order = shared[np.argsort(values[shared], kind="stable")]
    ordered = values[order]
    new = np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(ordered) else np.array([], dtype=bool)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(ordered)))
    rank = np.arange(len(ordered)) - np.repeat(starts, sizes)
    size = np.repeat(sizes, sizes)
    parts = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, max(all_pairs_up_to, 2)):
        later = np.flatnonzero((rank >= step) & ((size <= all_pairs_up_to) | (step == 1)))
        if not len(later):
            break
        parts.append(np.stack([order[later - step], order[later]], axis=1))
    late = np.flatnonzero((rank >= 2) & (size > all_pairs_up_to))
    parts.append(np.stack([order[late - rank[late]], order[late]], axis=1))
    return np.concatenate(parts).astype(np.int64)


def _repeated(values: NDArray[Any]) -> NDArray[np.int64]:
    """Places of the values that stand more than once."""
    ordered = np.sort(values)
    repeated = distinct(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return np.array([], dtype=np.int64)
    at = np.minimum(np.searchsorted(repeated, values), len(repeated) - 1)
    return np.flatnonzero(repeated[at] == values)
