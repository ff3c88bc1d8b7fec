"""How well tickets are filtered and split: the shipped rules and models beside naive alternatives.

    python benchmarks/filtering.py [--labels DIR] [--exports DIR]

Prints one JSON line a result. On the files that a model was fitted on, its cross-validated figure is
printed (`how: cross-validated`); on any other file of the same kind, the shipped model's own
(`how: shipped model`). Everything is measured inside its own source.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from support_pipeline.clients import ClientConfig
from support_pipeline.data.filtering import fit, learned, rules
from support_pipeline.data.filtering.hashing import Texts
from support_pipeline.data.ingest import ingest
from support_pipeline.data.pairs import build_pairs
from support_pipeline.data.splits import build_splits, check_overlap

SHARED = Path(__file__).parent.parent.parent / "shared"
FRAUD_WORDS = (
    "fraud stolen unauthorized unauthorised dispute chargeback hacked scam compromised unrecognised".split()
)
ANGRY_WORDS = """angry furious hate terrible awful worst stupid idiot ridiculous disgusting disgusted unacceptable annoyed annoying
    damn hell shit fuck fucking bullshit crap garbage trash pathetic useless horrible gross sick joke liar moron dumb""".split()
MONTHS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]
TODAY = date(2026, 10, 1)

Row = dict[str, Any]


def main() -> int:
    """Prints what can be measured with the folders that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, default=SHARED / "labels")
    parser.add_argument("--exports", type=Path, default=SHARED / "exports")
    given = parser.parse_args()
    for row in [*labelled(given.labels), *exported(given.exports)]:
        print(json.dumps(row), flush=True)
    return 0


def labelled(folder: Path) -> Iterator[Row]:
    """The three models on the labelled files of a folder."""
    for file in sorted(folder.glob("fraud.*.jsonl")):
        yield from fraud(file)
    for file in sorted(folder.glob("emotional.*.jsonl")):
        yield from emotional(file)
    for file in sorted(folder.glob("multi_issue*.jsonl")):
        yield from multi_issue(file)


def fraud(file: Path) -> Iterator[Row]:
    """Fraud or dispute within banking queries: precision and recall; target .85 and .95."""
    rows = fit.read(file)
    texts, y = [row["text"] for row in rows], np.array([row["intent"] in fit.FRAUD_INTENTS for row in rows])
    started = time.perf_counter()
    scores = np.array([score.fraud for score in learned.score([[text] for text in texts])])
    seconds = time.perf_counter() - started
    yield figure(
        "fraud dispute",
        file,
        "fraud",
        fit.at_threshold(y, scores, learned.threshold("fraud")),
        seconds,
        len(rows),
    )
    yield naive("fraud dispute", file, "keyword list", fit.at_threshold(y, has_word(texts, FRAUD_WORDS), 1.0))
    by_rule = np.array([float("fraud_dispute" in rules.customer_reasons(text)) for text in texts])
    yield naive("fraud dispute", file, "built-in rules alone", fit.at_threshold(y, by_rule, 1.0))


def emotional(file: Path) -> Iterator[Row]:
    """Anger, disgust or annoyance against neutral: AUC; target .85."""
    rows = [row for row in fit.read(file) if row["labels"] == ["neutral"] or fit.ANGRY & set(row["labels"])]
    rows = [row for row in rows if row["labels"] == ["neutral"] or "neutral" not in row["labels"]]
    texts, y = [row["text"] for row in rows], np.array([row["labels"] != ["neutral"] for row in rows])
    started = time.perf_counter()
    scores = np.array([score.emotional for score in learned.score([[text] for text in texts])])
    seconds = time.perf_counter() - started
    yield figure("emotional", file, "emotional", {"auc": round(fit.auc(y, scores), 4)}, seconds, len(rows))
    words = has_word(texts, ANGRY_WORDS) + np.array(
        [text.count("!") / 3 + sum(map(str.isupper, text)) / max(len(text), 1) for text in texts]
    )
    yield naive("emotional", file, "word list, capitals and !", {"auc": round(fit.auc(y, words), 4)})
    known, valence = (
        learned.load("emotional").arrays["lexicon.words"],
        learned.load("emotional").arrays["lexicon.valence"],
    )
    manner = learned.manner_columns(texts, Texts.of(texts), known, valence)
    yield naive(
        "emotional",
        file,
        "valence lexicon (VADER)",
        {"auc": round(fit.auc(y, manner[:, 0] - manner[:, 1]), 4)},
    )


def multi_issue(file: Path) -> Iterator[Row]:
    """More than one request in a conversation: F1 at one threshold; target .60."""
    rows = fit.read(file)
    talks = [[turn for turn in row["turns"] if turn] for row in rows]
    y = np.array([len(set(row["task_intents"])) > 1 for row in rows])
    started = time.perf_counter()
    scores = np.array([score.multi_issue for score in learned.score(talks)])
    seconds = time.perf_counter() - started
    found = fit.at_threshold(y, scores, learned.threshold("multi_issue"))
    yield figure("multi-issue", file, "multi_issue", found, seconds, len(rows))
    joined = np.array([float(rules.joins_requests("\n".join(talk))) for talk in talks])
    yield naive("multi-issue", file, "connecting words", fit.at_threshold(y, joined, 1.0))


def figure(what: str, file: Path, model: str, found: Row, seconds: float, count: int) -> Row:
    """A result of a shipped model; cross-validated where it was fitted on this very file."""
    card = learned.load(model).card
    seen = card["files"].get(file.name) == hashlib.sha256(file.read_bytes()).hexdigest()
    measured = {name: card["measured"][name] for name in found} if seen else found
    how = "cross-validated" if seen else "shipped model"
    speed = round(seconds / count * 1e6, 1)
    return {
        "what": what,
        "file": file.name,
        "rows": count,
        "how": how,
        **measured,
        "microseconds_a_text": speed,
    }


def naive(what: str, file: Path, how: str, found: Row) -> Row:
    """A result of a naive alternative."""
    return {"what": what, "file": file.name, "how": how, **found}


def has_word(texts: Iterable[str], words: Sequence[str]) -> Any:
    """1.0 where a text has any of the words."""
    known = set(words)
    return np.array(
        [
            float(bool(known & set(text.casefold().replace(".", " ").replace(",", " ").split())))
            for text in texts
        ]
    )


def exported(folder: Path) -> Iterator[Row]:
    """Whole exports through pairs and splits: what is kept, whether all is accounted for, whether anything straddles."""
    for export in sorted(folder.glob("*/zendesk.ndjson")):
        with tempfile.TemporaryDirectory() as scratch:
            yield whole(export, Path(scratch))


def whole(export: Path, scratch: Path) -> Row:
    """One export."""
    name = export.parent.name
    config = ClientConfig.model_validate(
        {"id": name, "brand": name.title(), "sources": [{"vendor": "zendesk", "path": str(export)}]}
    )
    ingest(config, Path("/"), MONTHS, scratch, lambda line: None)
    started, counts = time.process_time(), Counter[str]()
    months = [scratch / month for month in MONTHS if (scratch / month / "tickets.parquet").exists()]
    for month in months:
        counts.update(build_pairs(config, month / "tickets.parquet", None, month, today=TODAY))
    seconds = time.process_time() - started
    pairs = [month / "pairs.parquet" for month in months]
    info = build_splits(config, pairs, MONTHS[-1], scratch / "splits", earlier_test_ids=(), today=TODAY)
    parts = info["train"] + info["valid"] + info["test"] + info["held_back"]
    messages = sum(
        int(pl.read_parquet(month / "tickets.parquet")["messages"].list.len().sum()) for month in months
    )
    return {
        "what": "export to splits",
        "file": name,
        "tickets": counts["unique"],
        "answerable_share": round(counts["pair: answerable"] / counts["unique"], 4),
        "conserved": counts["unique"] == counts["pairs"] + counts["excluded"] and counts["pairs"] == parts,
        "straddling": sum(check_overlap(scratch / "splits" / "index.parquet").values()),
        "train_valid_test": [info["train"], info["valid"], info["test"]],
        "pair_reasons": {
            key: value for key, value in counts.items() if key.startswith(("pair: ", "excluded: ", "kind: "))
        },
        "pairs_microseconds_a_message": round(seconds / messages * 1e6),
    }


if __name__ == "__main__":
    raise SystemExit(main())
