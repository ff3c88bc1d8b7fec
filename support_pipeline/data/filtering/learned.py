"""Layer three: small learned models, where a rule cannot tell.

Each model is an `.npz` of plain arrays (read with `allow_pickle=False`) beside a JSON card that says
what it was fitted on, under which licence, and how well it does by cross-validation. They were made
by `fit.py`. All score hashed words, word pairs and character n-grams, a whole batch at a time:

- fraud: one output for each of many intents; fraud is the weight of the disowned-payment intents
  against all the others, which tells near misses ("charged twice") better than yes-or-no does;
- emotional: words and n-grams, a valence lexicon, shouting and punctuation;
- multi-issue: the whole conversation, by the requests that it shows and by how it joins them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support_pipeline.data.filtering.hashing import U64, Features, Texts, distinct
from support_pipeline.data.remembering import REMEMBERED

Floats = NDArray[np.float64]
Buckets = NDArray[np.int32]

MODELS = Path(__file__).with_name("models")
BUCKETS = 1 << 18
CHARACTERS = (3, 4, 5)
READ_CHARACTERS = 700  # of each message; what comes later says the same again
READ_MESSAGES = 12
LATER_SHARE = 0.5
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores from 0 to 1 for one conversation: the largest over its messages, or of all of it together."""

    fraud: float
    emotional: float
    multi_issue: float


@dataclass(frozen=True)
class Bags:
    """The features of texts as bucket numbers, each once a text; words weigh as much as characters do.

    `keys` holds owner and bucket in one number, for words (and word pairs) and for character n-grams.
    """

    keys: tuple[NDArray[np.int64], NDArray[np.int64]]
    texts: int

    @classmethod
    def of(cls, batch: Texts) -> "Bags":
        """The features of each text."""
        words = _keys(batch.words(2))
        characters = np.concatenate([_keys(batch.characters((size,))) for size in CHARACTERS])
        return cls((distinct(words), distinct(characters)), batch.texts)

    def together(self, owners: NDArray[np.int64], count: int) -> "Bags":
        """The features of groups of texts; `owners` names the group of each text."""
        moved = [distinct(owners[keys // BUCKETS] * BUCKETS + keys % BUCKETS) for keys in self.keys]
        return Bags((moved[0], moved[1]), count)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """The text of each feature."""
        return np.concatenate(self.keys) // BUCKETS

    @cached_property
    def bucket(self) -> NDArray[np.int64]:
        """The bucket of each feature."""
        return np.concatenate(self.keys) % BUCKETS

    @cached_property
    def weight(self) -> Floats:
        """One over the root of the number of features of the same kind in the text."""
        sizes = [np.bincount(keys // BUCKETS, minlength=self.texts)[keys // BUCKETS] for keys in self.keys]
        return np.asarray(1.0 / np.sqrt(np.concatenate(sizes)), dtype=np.float64)


def _keys(features: Features) -> NDArray[np.int64]:
    return features.owner * BUCKETS + (features.hashes % np.uint64(BUCKETS)).astype(np.int64)


@dataclass(frozen=True)
class Table:
    """A linear layer over buckets with several outputs, kept as low-rank rows of small integers."""

    buckets: NDArray[np.int64]
    rows: NDArray[np.int8]
    scale: Floats
    outputs: Floats
    bias: Floats

    @classmethod
    def load(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> "Table":
        """The table called `name` in a model file."""
        return cls(
            arrays[f"{name}.buckets"].astype(np.int64),
            arrays[f"{name}.rows"],
            arrays[f"{name}.scale"].astype(np.float64),
            arrays[f"{name}.outputs"].astype(np.float64),
            arrays[f"{name}.bias"].astype(np.float64),
        )

    @cached_property
    def _place(self) -> NDArray[np.int32]:
        place = np.zeros(BUCKETS, dtype=np.int32)
        place[self.buckets] = np.arange(1, len(self.buckets) + 1)
        return place

    @cached_property
    def _rows(self) -> NDArray[np.float32]:
        zero = np.zeros((1, self.rows.shape[1]), dtype=np.float32)
        return np.concatenate([zero, self.rows * self.scale.astype(np.float32)])

    def score(self, bags: Bags) -> Floats:
        """The outputs for each text."""
        from scipy.sparse import csr_matrix  # here: loading definitions needs no scipy

        total = np.zeros((bags.texts, self._rows.shape[1]))
        for keys in bags.keys:
            owner, place = keys // BUCKETS, self._place[keys % BUCKETS]
            starts = np.searchsorted(owner, np.arange(bags.texts + 1))
            shares = 1.0 / np.sqrt(np.maximum(np.diff(starts), 1))
            ones = np.ones(len(place), dtype=np.float32)
            matrix = csr_matrix((ones, place, starts), shape=(bags.texts, len(self._rows)))
            total += np.asarray(matrix @ self._rows, dtype=np.float64) * shares[:, None]
        return np.asarray(total @ self.outputs + self.bias, dtype=np.float64)


@dataclass(frozen=True)
class Model:
    """One fitted model and its card."""

    card: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    table: Table

    def stacked(self, columns: Floats) -> Floats:
        """The last layer: a logistic over a few columns."""
        return probability(columns @ self.arrays["stack.weights"] + self.arrays["stack.bias"])


@lru_cache(maxsize=8)
def load(name: str) -> Model:
    """A shipped model by name: fraud, emotional or multi_issue."""
    card = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(MODELS / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    return Model(card, arrays, Table.load(arrays, "table"))


def threshold(name: str) -> float:
    """The probability from which a reason is given; written in its model's card."""
    model, _, variant = name.partition(":")
    return float(load(model).card["thresholds"][variant or "default"])


@dataclass(frozen=True, slots=True)
class _Message:
    """One message's features, as bucket numbers, and its own scores."""

    words: Buckets
    characters: Buckets
    fraud: float
    emotional: float


class Scorer:
    """Scores conversations; messages that were seen lately are not read again.

    Scores are rounded, so that they do not depend on which messages were read together.
    """

    def __init__(self, remember: int = REMEMBERED) -> None:
        self._remember = remember
        self._seen: dict[str, _Message] = {}

    def score(self, conversations: Sequence[Sequence[str]]) -> list[Scores]:
        """Scores of conversations, each given as the customer's messages."""
        if not conversations:
            return []
        talks = [[text[:READ_CHARACTERS] for text in talk[:READ_MESSAGES]] for talk in conversations]
        messages = self._read([text for talk in talks for text in talk])
        owners = np.repeat(np.arange(len(talks)), [len(talk) for talk in talks])
        # A dispute is raised in the first words; "I used my debit card", said later, only reads like one.
        later = np.zeros(len(owners), dtype=bool)
        later[1:] = owners[1:] == owners[:-1]
        fraud = np.array([message.fraud for message in messages]) * np.where(later, LATER_SHARE, 1.0)
        emotional = np.array([message.emotional for message in messages])
        multi = multi_issue_scores(talks, _together(messages, owners, len(talks)))
        columns = (_largest(fraud, owners, len(talks)), _largest(emotional, owners, len(talks)), multi)
        return [
            Scores(*row) for row in zip(*(column.round(DECIMALS).tolist() for column in columns), strict=True)
        ]

    def _read(self, texts: Sequence[str]) -> list[_Message]:
        new = [text for text in dict.fromkeys(texts) if text not in self._seen]
        found = dict(zip(new, _read(new), strict=True))
        messages = [found.get(text) or self._seen[text] for text in texts]
        self._seen |= found
        for text in list(self._seen)[: max(0, len(self._seen) - self._remember)]:
            del self._seen[text]
        return messages


def _read(texts: Sequence[str]) -> list[_Message]:
    if not texts:
        return []
    batch = Texts.of(texts)
    bags = Bags.of(batch)
    words, characters = (_by_text(keys, len(texts)) for keys in bags.keys)
    scores = fraud_scores(bags).tolist(), emotional_scores(texts, batch, bags).tolist()
    return [_Message(*row) for row in zip(words, characters, *scores, strict=True)]


def _by_text(keys: NDArray[np.int64], count: int) -> list[Buckets]:
    buckets = (keys % BUCKETS).astype(np.int32)
    ends = np.searchsorted(keys, np.arange(1, count + 1) * BUCKETS).tolist()
    return [buckets[start:end].copy() for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _together(messages: Sequence[_Message], owners: NDArray[np.int64], count: int) -> Bags:
    """The features of conversations: those of all their messages, each once."""
    words = _joined([message.words for message in messages], owners)
    return Bags((words, _joined([message.characters for message in messages], owners)), count)


def _joined(parts: Sequence[Buckets], owners: NDArray[np.int64]) -> NDArray[np.int64]:
    if not parts:
        return np.array([], dtype=np.int64)
    owner = np.repeat(owners, [len(part) for part in parts])
    return distinct(owner * BUCKETS + np.concatenate(parts))


def score(conversations: Sequence[Sequence[str]]) -> list[Scores]:
    """As `Scorer.score`, without a memory."""
    return Scorer(remember=0).score(conversations)


def fraud_scores(bags: Bags) -> Floats:
    """Probability of a disowned payment, order or card, for each text."""
    model = load("fraud")
    outputs = model.table.score(bags)
    is_fraud = model.arrays["is_fraud"].astype(bool)
    return probability(log_sum(outputs[:, is_fraud]) - log_sum(outputs[:, ~is_fraud]))


def emotional_scores(texts: Sequence[str], batch: Texts, bags: Bags) -> Floats:
    """Probability of anger, disgust or annoyance, for each text."""
    model = load("emotional")
    manner = manner_columns(texts, batch, model.arrays["lexicon.words"], model.arrays["lexicon.valence"])
    return model.stacked(np.column_stack([model.table.score(bags)[:, 0], manner]))


def multi_issue_scores(conversations: Sequence[Sequence[str]], bags: Bags) -> Floats:
    """Probability of more than one request, for each conversation."""
    model = load("multi_issue")
    return model.stacked(multi_issue_columns(conversations, model.table.score(bags)))


def multi_issue_columns(conversations: Sequence[Sequence[str]], outputs: Floats) -> Floats:
    """What the last layer of the multi-issue model sees; the first output is its own yes-or-no."""
    from support_pipeline.data.filtering.rules import joins_requests

    requests = np.sort(probability(outputs[:, 1:]), axis=1)[:, ::-1]
    second, third = requests[:, 1], requests[:, 2]
    turns = np.array([np.log1p(len(talk)) for talk in conversations])
    joined = np.array([float(joins_requests("\n".join(talk))) for talk in conversations])
    return np.column_stack([outputs[:, 0], _logit(second), _logit(third), requests[:, 0], turns, joined])


def manner_columns(texts: Sequence[str], batch: Texts, words: U64, valence: NDArray[Any]) -> Floats:
    """How a text is said: the lexicon's valence, shouting, exclamation and question marks, length."""
    features = batch.words(1)
    place = np.minimum(np.searchsorted(words, features.hashes), len(words) - 1)
    value = np.where(words[place] == features.hashes, valence[place].astype(np.float64), 0.0)
    count = np.maximum(features.counts(), 1)
    worst, best = np.zeros(len(texts)), np.zeros(len(texts))
    np.minimum.at(worst, features.owner, value)
    np.maximum.at(best, features.owner, value)
    bad = np.bincount(features.owner, np.maximum(-value, 0), len(texts)) / np.sqrt(count)
    good = np.bincount(features.owner, np.maximum(value, 0), len(texts)) / np.sqrt(count)
    marks = np.array([_marks(text) for text in texts]).reshape(len(texts), 4)
    return np.column_stack([bad, good, worst, best, np.log1p(count), marks])


def _marks(text: str) -> tuple[float, float, float, float]:
    words = [word for word in text.split() if len(word) > 2]
    shouted = sum(map(str.isupper, words)) / len(words) if words else 0.0
    return min(text.count("!"), 3), min(text.count("?"), 3), float("..." in text or "…" in text), shouted


def probability(logits: Floats) -> Floats:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), dtype=np.float64)


def _logit(values: Floats) -> Floats:
    clipped = np.clip(values, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def log_sum(logits: Floats) -> Floats:
    """Logarithm of the sum of exponentials, along each row."""
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)), dtype=np.float64)


def _largest(values: Floats, owners: NDArray[np.int64], count: int) -> Floats:
    largest = np.zeros(count)
    np.maximum.at(largest, owners, values)
    return largest
