"""How much a ticket reads like orders to the model: a small linear model, where rules know only the words they hold.

`orders.npz` holds plain arrays (read with `allow_pickle=False`), `orders.json` says what they were fitted on
and how well they do; `fit.py` made both. It scores hashed words, word pairs and character n-grams of every
sentence, of every two neighbours and of the whole, so that one order among many sentences weighs as much as
one that stands alone.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import re2
from numpy.typing import NDArray

from support_pipeline.data.filtering.hashing import Texts
from support_pipeline.data.filtering.learned import BUCKETS, Bags

HERE = Path(__file__).parent
_SENTENCE = re2.compile(r"[^.!?;:\n]+(?:[.!?;:]+|\n|$)")
_SENTENCES_READ = 200

Weights = NDArray[np.float32]


def likeness(text: str) -> float:
    """The log-odds that a text gives orders to the model; the text as `reading.seen` returns it."""
    return scored(text, *_weights())


@lru_cache(maxsize=1)
def limits() -> tuple[float, float]:
    """From which log-odds on a text gives orders, and below which the rules' word alone does not do."""
    card = json.loads((HERE / "orders.json").read_text(encoding="utf-8"))["limits"]
    return float(card["orders"]), float(card["ordinary"])


def scored(text: str, weights: Weights, bias: float) -> float:
    """The largest log-odds of a text's passages."""
    bags = Bags.of(Texts.of(passages(text)))
    found = np.bincount(bags.owner, weights[bags.bucket] * bags.weight, bags.texts)
    return float(found.max()) + bias


def passages(text: str) -> Sequence[str]:
    """Each sentence, every two neighbours and the whole text, without repetitions."""
    sentences = [part for found in _SENTENCE.findall(text) if (part := found.strip())][:_SENTENCES_READ]
    pairs = (f"{one} {two}" for one, two in pairwise(sentences))
    return list(dict.fromkeys([*sentences, *pairs, text]))


@lru_cache(maxsize=1)
def _weights() -> tuple[Weights, float]:
    with np.load(HERE / "orders.npz", allow_pickle=False) as file:
        weights = np.zeros(BUCKETS, dtype=np.float32)
        weights[file["buckets"]] = file["weights"] * np.float32(file["scale"])
        return weights, float(file["bias"])
