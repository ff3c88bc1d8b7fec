"""`python -m support_pipeline.serving.guardrails.orders.fit --labels DIR --exports FILE ...`: makes the model again.

Attacks are drawn from `grammar.toml` and taken from `written.toml`. What is ordinary comes from the same two files,
from the labelled public texts in DIR that the card names, from the demo's tickets, and from Zendesk exports of
public tickets, passage by passage: one of a ticket's many passages is enough to be taken for an order. The same files give the same weights on one
machine; another BLAS may change the last digits.
"""

import argparse
import json
import random
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from support_pipeline.data.filtering.fit import (
    BANKING,
    DIALOGUES,
    EMOTIONS,
    OWN,
    SHOPPING,
    columns_of,
    logistic,
    rarity,
    read,
    rows_of,
)
from support_pipeline.data.filtering.hashing import Texts
from support_pipeline.data.filtering.learned import BUCKETS, Bags
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.serving.guardrails.orders import HERE, Weights, passages, scored
from support_pipeline.serving.guardrails.reading import seen

DRAWN = 20
"""Texts drawn from each sentence of the grammar that has a slot."""
WRITTEN_WEIGHT = 3
STRENGTH = 3.0
LEAST = 2
READ = 3_000
DEMO_SEED, DEMO_TICKETS = 11, 1_500
FOLDS = 5
ORDERS, ORDINARY = -2.0, -4.0
"""Chosen on `written.toml`: what no rule finds gives orders from the first on, what a rule finds does not below the second."""

CONVERSATIONS = "CuCom e-commerce conversations, Apache-2.0"
CARE = "IBM customer-care document prediction, Apache-2.0"

_SLOT = re.compile(r"\{(\w+)\}")
_BRACES = (("{{", "\0"), ("}}", "\1"))

Lists = Mapping[str, Sequence[str]]


def drawn(families: Lists, slots: Lists, seed: int) -> list[str]:
    """Texts of a part of the grammar."""
    chance = random.Random(seed)
    sentences = [sentence for family in families.values() for sentence in family]
    made = (_filled(sentence, slots, chance) for sentence in sentences for _ in range(_times(sentence)))
    return list(dict.fromkeys(made))


def _times(sentence: str) -> int:
    return DRAWN if _SLOT.search(_escaped(sentence)) else 1


def _escaped(sentence: str) -> str:
    for braces, mark in _BRACES:
        sentence = sentence.replace(braces, mark)
    return sentence


def _filled(sentence: str, slots: Lists, chance: random.Random) -> str:
    text = _escaped(sentence)
    while _SLOT.search(text):
        text = _SLOT.sub(lambda match: chance.choice(slots[match[1]]), text)
    text = text.replace("\0", "{").replace("\1", "}")
    return " ".join(part for part in text.split(" ") if part)


def public(labels: Path) -> Iterator[str]:
    """What people wrote to shops, banks and each other."""
    yield from (row["utterance"] for row in read(labels / "intents.train.jsonl"))
    turns = [turn for row in read(labels / "multi_issue.jsonl") for turn in row["turns"]]
    yield from [turn for turn in turns if turn and len(turn.split()) > 4][:8_000]
    yield from (row["text"] for row in read(labels / "emotional.train.jsonl")[:3_000])
    yield from (row["text"] for row in read(labels / "fraud.banking_train.jsonl")[:3_000])


def told(export: Path) -> Iterator[str]:
    """Every passage of the customers' own words in a Zendesk export; lines that are broken are left out."""
    for line in export.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            ticket = json.loads(line)
            rows = [row for row in ticket["comments"] if row["author_id"] == ticket["requester_id"]]
            own = "\n\n".join(row.get("plain_body") or row["body"] for row in rows)
        except (ValueError, KeyError, TypeError):
            continue
        yield from passages(seen(own[:READ]))


def demo() -> list[str]:
    """Passages of tickets of the demo, other ones than it is shown with."""
    with tempfile.TemporaryDirectory() as folder:
        return list(told(write_demo_export(Path(folder), seed=DEMO_SEED, tickets=DEMO_TICKETS).export))


def fitted(attacks: Sequence[str], ordinary: Sequence[str]) -> tuple[Weights, float]:
    """The weight of each bucket and the bias."""
    texts = [*map(seen, attacks), *map(seen, ordinary)]
    x = rows_of(Bags.of(Texts.of(texts)))
    y = np.arange(len(texts)) < len(attacks)
    kept = columns_of(x, LEAST)
    scale = rarity(x[:, kept])
    found, bias = logistic(x[:, kept] @ sparse.diags(scale), y, STRENGTH)
    weights = np.zeros(BUCKETS, dtype=np.float32)
    weights[kept] = found * scale
    return weights, bias


def measured(written: Lists, drawn_attacks: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    """Precision and recall on `written.toml` by cross-validation, of the model alone at the upper limit."""
    hits, alarms = 0, 0
    for fold in range(FOLDS):
        parts = {name: _split(written[name], fold) for name in ("attacks", "ordinary")}
        weights, bias = fitted(
            [*drawn_attacks, *parts["attacks"][0] * WRITTEN_WEIGHT],
            [*others, *parts["ordinary"][0] * WRITTEN_WEIGHT],
        )
        hits += sum(scored(seen(text), weights, bias) >= ORDERS for text in parts["attacks"][1])
        alarms += sum(scored(seen(text), weights, bias) >= ORDERS for text in parts["ordinary"][1])
    return {
        "precision": round(hits / max(hits + alarms, 1), 4),
        "recall": round(hits / len(written["attacks"]), 4),
        "attacks": len(written["attacks"]),
        "ordinary": len(written["ordinary"]),
        "ordinary_taken": alarms,
    }


def _split(texts: Sequence[str], fold: int) -> tuple[list[str], list[str]]:
    """What is fitted on and what is held out."""
    return (
        [text for at, text in enumerate(texts) if at % FOLDS != fold],
        [text for at, text in enumerate(texts) if at % FOLDS == fold],
    )


def write(weights: Weights, bias: float, card: dict[str, Any], out: Path) -> None:
    """The model and its card."""
    scale = float(np.abs(weights).max()) / 127
    small = np.round(weights / scale).astype(np.int8)
    buckets = np.flatnonzero(small).astype(np.int32)
    np.savez_compressed(
        out / "orders.npz",
        allow_pickle=False,
        buckets=buckets,
        weights=small[buckets],
        scale=scale,
        bias=bias,
    )
    text = json.dumps(
        {"model": "orders", "made_by": __spec__.name if __spec__ else __name__, **card}, indent=2
    )
    (out / "orders.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits the model and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder of the labelled texts")
    parser.add_argument(
        "--exports", type=Path, nargs="*", default=[], help="Zendesk exports of public tickets"
    )
    parser.add_argument("--out", type=Path, default=HERE, help="where the model goes")
    given = parser.parse_args(arguments)
    grammar = tomllib.loads((HERE / "grammar.toml").read_text(encoding="utf-8"))
    written = tomllib.loads((HERE / "written.toml").read_text(encoding="utf-8"))
    attacks = drawn(grammar["attack"], grammar["slots"], seed=3)
    passed = [passage for export in given.exports for passage in told(export)]
    others = [*drawn(grammar["ordinary"], grammar["slots"], seed=4), *public(given.labels), *demo(), *passed]
    others = list(dict.fromkeys(others))
    card: dict[str, Any] = {
        "measured": measured(written, attacks, others),
        "measured_on": f"written.toml, {FOLDS}-fold, the model without the rules",
        "limits": {"orders": ORDERS, "ordinary": ORDINARY},
        "fitted_on": [OWN, SHOPPING, DIALOGUES, EMOTIONS, BANKING, CONVERSATIONS, CARE],
        "rows": {"attacks": len(attacks) + len(written["attacks"]), "ordinary": len(others) + len(written["ordinary"])},
    }  # fmt: skip
    weights, bias = fitted(
        [*attacks, *written["attacks"] * WRITTEN_WEIGHT], [*others, *written["ordinary"] * WRITTEN_WEIGHT]
    )
    write(weights, bias, card, given.out)
    print(json.dumps(card), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
