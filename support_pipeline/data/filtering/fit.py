"""`python -m support_pipeline.data.filtering.fit --labels DIR`: makes the shipped models again.

The same labels give the same bytes on one machine; another BLAS may change the last digits.

DIR holds the labelled public texts that the cards name. The valence lexicon is read from the
vaderSentiment package (`pip install vaderSentiment`, MIT), which is needed here and nowhere else.
Every figure on a card is measured by five-fold cross-validation inside its own source: across sources
a filter learns the domain instead of the class.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse, stats

from support_pipeline.data.filtering import shop_examples
from support_pipeline.data.filtering.hashing import Texts
from support_pipeline.data.filtering.learned import (
    BUCKETS,
    MODELS,
    Bags,
    Table,
    log_sum,
    manner_columns,
    multi_issue_columns,
    probability,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FOLDS = 5
SEED = 7
FRAUD_INTENTS = (
    "card_payment_not_recognised",
    "cash_withdrawal_not_recognised",
    "direct_debit_payment_not_recognised",
    "compromised_card",
    "lost_or_stolen_card",
)
FRAUD_RECALL = 0.9625
ANGRY = frozenset({"anger", "disgust", "annoyance"})
BANKING = "PolyAI banking77, CC BY 4.0"
EMOTIONS = "GoEmotions, Apache-2.0"
DIALOGUES = "AWS MultiDoGO, CDLA-Permissive-1.0"
SHOPPING = "Bitext customer support sample, CDLA-Sharing-1.0"
LEXICON = "VADER lexicon (vaderSentiment), MIT"
OWN = "sentences written for this project, Apache-2.0"


def read(path: Path) -> list[dict[str, Any]]:
    """A JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# Linear models


def matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    """Texts by buckets."""
    return rows_of(Bags.of(Texts.of(texts)))


def rows_of(bags: Bags) -> sparse.csr_matrix:
    """Bags as a sparse matrix."""
    return sparse.csr_matrix((bags.weight, (bags.owner, bags.bucket)), shape=(bags.texts, BUCKETS))


def columns_of(x: sparse.csr_matrix, least: int) -> NDArray[np.int64]:
    """Buckets that at least so many texts have."""
    return np.flatnonzero(np.bincount(x.indices, minlength=BUCKETS) >= least)


def rarity(x: sparse.csr_matrix) -> Floats:
    """Inverse document frequency of each column."""
    found: Floats = 1 + np.log((1 + x.shape[0]) / (1 + np.bincount(x.indices, minlength=x.shape[1])))
    return found


def log_ratio(x: sparse.csr_matrix, y: Bools) -> Floats:
    """How much more often a column stands in texts of the class than in the others (naive Bayes)."""
    inside = np.bincount(x[y].indices, minlength=x.shape[1]) + 1.0
    outside = np.bincount(x[~y].indices, minlength=x.shape[1]) + 1.0
    ratio: Floats = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return ratio


def logistic(x: Any, y: Bools, strength: float) -> tuple[Floats, float]:
    """Weights and bias of an L2 logistic regression (L-BFGS)."""
    sign = np.where(y, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ weights[:-1] + weights[-1])
        slope = -sign * probability(-margin)
        value = np.logaddexp(0, -margin).sum() + 0.5 / strength * (weights[:-1] ** 2).sum()
        return float(value), np.append(x.T @ slope + weights[:-1] / strength, slope.sum())

    found = optimize.minimize(
        loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    )
    return found.x[:-1], float(found.x[-1])


def sigmoids(x: Any, targets: Bools, strength: float) -> tuple[Floats, Floats]:
    """One logistic regression a column of targets, all at once."""
    count = targets.shape[1]
    sign = np.where(targets, 1.0, -1.0)
    across = x.T.tocsr()

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat[:-count].reshape(-1, count)
        margin = sign * (x @ weights + flat[-count:])
        slope = -sign * probability(-margin)
        value = np.logaddexp(0, -margin).sum() + 0.5 / strength * (weights**2).sum()
        return float(value), np.concatenate([(across @ slope + weights / strength).ravel(), slope.sum(0)])

    start = np.zeros((x.shape[1] + 1) * count)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40, "maxcor": 5})
    return found.x[:-count].reshape(-1, count), found.x[-count:]


def softmax(
    x: sparse.csr_matrix, classes: NDArray[np.int64], strength: float, rounds: int
) -> tuple[Floats, Floats]:
    """Weights (columns by classes) and biases of an L2 multinomial regression."""
    count = int(classes.max()) + 1
    x = x.astype(np.float32)
    across = x.T.tocsr()
    target = np.eye(count, dtype=np.float32)[classes]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat[:-count].reshape(-1, count).astype(np.float32)
        logits = x @ weights + flat[-count:].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        share = np.exp(logits)
        share /= share.sum(axis=1, keepdims=True)
        value = -np.log(share[np.arange(len(classes)), classes] + 1e-12).sum(dtype=np.float64)
        value += 0.5 / strength * float((flat[:-count] ** 2).sum())
        slope = share - target
        return float(value), np.concatenate(
            [(across @ slope + weights / strength).ravel(), slope.sum(0)]
        ).astype(float)

    start = np.zeros((x.shape[1] + 1) * count)
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 5}
    )
    return found.x[:-count].reshape(-1, count), found.x[-count:]


def table(
    buckets: NDArray[np.int64], weights: Floats, bias: Floats, rank: int | None = None
) -> dict[str, NDArray[Any]]:
    """Weights as rows of small integers; with a `rank`, as low-rank rows (good where outputs are alike)."""
    rows, outputs = weights, np.eye(weights.shape[1])
    if rank is not None:
        left, values, right = np.linalg.svd(weights, full_matrices=False)
        rows, outputs = left[:, :rank] * values[:rank], right[:rank]
    scale = np.maximum(np.abs(rows).max(axis=0), 1e-9) / 127
    small = np.round(rows / scale).astype(np.int8)
    used = np.any(small != 0, axis=1)
    return {
        "table.buckets": buckets[used].astype(np.int32),
        "table.rows": small[used],
        "table.scale": scale.astype(np.float32),
        "table.outputs": outputs.astype(np.float32),
        "table.bias": bias.astype(np.float32),
    }


# Measuring


def folds(count: int) -> NDArray[np.int64]:
    """A fold for each row, the same at every run."""
    return np.random.default_rng(SEED).permutation(count) % FOLDS


def out_of_fold(count: int, fit_and_score: Callable[[Bools, Bools], Floats]) -> Floats:
    """Each row's score from the models that did not see it."""
    fold = folds(count)
    scores = np.zeros(count)
    for number in range(FOLDS):
        test = fold == number
        scores[test] = fit_and_score(~test, test)
    return scores


def auc(y: Bools, scores: Floats) -> float:
    """Area under the ROC curve."""
    ranks = stats.rankdata(scores)
    inside, outside = int(y.sum()), int((~y).sum())
    return float((ranks[y].sum() - inside * (inside + 1) / 2) / (inside * outside))


def at_threshold(y: Bools, scores: Floats, threshold: float) -> dict[str, float]:
    """Precision, recall and F1 of a decision."""
    said = scores >= threshold
    hits = int((said & y).sum())
    precision, recall = hits / max(int(said.sum()), 1), hits / max(int(y.sum()), 1)
    f1 = 2 * hits / max(int(said.sum()) + int(y.sum()), 1)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def for_recall(y: Bools, scores: Floats, recall: float) -> float:
    """The largest threshold that finds this share of the class."""
    return float(np.quantile(scores[y], 1 - recall))


def for_f1(y: Bools, scores: Floats) -> float:
    """The threshold of the best F1."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(y[order])
    return float(scores[order][np.argmax(2 * hits / (np.arange(1, len(y) + 1) + y.sum()))])


# The models


def fit_fraud(labels: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Banking intents, with shop texts and small talk as classes of their own so that fraud is not "banking"."""
    rows = read(labels / "fraud.banking_train.jsonl")
    shop = [row["utterance"] for row in read(labels / "intents.train.jsonl")][::4]
    talk = [row["text"] for row in read(labels / "emotional.train.jsonl")][::5]
    lines = [
        turn
        for row in read(labels / "multi_issue.jsonl")
        for turn in row["turns"]
        if row["domain"] != "finance" and turn and len(turn.split()) > 4
    ][::6]
    extra = {"shop_problem": shop_examples.problems(), "shop": shop, "talk": talk, "lines": lines}
    intents = sorted({row["intent"] for row in rows})
    names = ["shop_fraud", *intents, *extra]
    is_fraud = np.array([name in FRAUD_INTENTS or name == "shop_fraud" for name in names])
    banking = [(row["text"], row["intent"]) for row in rows]
    others = [
        (text, name)
        for name, more in (("shop_fraud", shop_examples.fraud()), *extra.items())
        for text in more
    ]
    texts = [text for text, _ in banking + others]
    classes = np.array([names.index(name) for _, name in banking + others])
    x, y = matrix(texts), is_fraud[classes]

    def made(train: Bools) -> dict[str, NDArray[Any]]:
        kept = columns_of(x[train], 3)
        scale = rarity(x[train][:, kept])
        weights, bias = softmax(x[train][:, kept] @ sparse.diags(scale), classes[train], 1.0, 50)
        return table(kept, weights * scale[:, None], bias)

    def scored(train: Bools, test: Bools) -> Floats:
        outputs = Table.load(made(train), "table").score(_bags([texts[at] for at in np.flatnonzero(test)]))
        return probability(log_sum(outputs[:, is_fraud]) - log_sum(outputs[:, ~is_fraud]))

    scores = out_of_fold(len(texts), scored)
    bank = np.arange(len(texts)) < len(rows)
    threshold = for_recall(y[bank], scores[bank], FRAUD_RECALL)
    false_alarms = {
        name: round(float((scores[~bank & (classes == names.index(name))] >= threshold).mean()), 4)
        for name in ("shop_fraud", *extra)
    }
    card = {
        "measured": {
            "auc": round(auc(y[bank], scores[bank]), 4),
            **at_threshold(y[bank], scores[bank], threshold),
        },
        "measured_on": "banking queries, 5-fold; the share flagged in the other sources, 5-fold",
        "flagged": false_alarms,
        "thresholds": {"default": round(threshold, 4)},
        "fitted_on": [BANKING, SHOPPING, EMOTIONS, DIALOGUES, OWN],
        "rows": len(texts),
    }
    return {**made(np.ones(len(texts), dtype=bool)), "is_fraud": is_fraud.astype(np.int8)}, card


def fit_emotional(labels: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Anger, disgust and annoyance against neutral."""
    rows = read(labels / "emotional.train.jsonl")
    neutral = [row["text"] for row in rows if row["labels"] == ["neutral"]]
    angry = [row["text"] for row in rows if ANGRY & set(row["labels"]) and "neutral" not in row["labels"]]
    texts, y = neutral + angry, np.array([False] * len(neutral) + [True] * len(angry))
    batch = Texts.of(texts)
    x = matrix(texts)
    words, valence = lexicon()
    manner = manner_columns(texts, batch, words, valence)

    def made(train: Bools) -> dict[str, NDArray[Any]]:
        kept = columns_of(x[train], 2)
        ratio = log_ratio(x[train][:, kept], y[train])
        weights, bias = logistic(x[train][:, kept] @ sparse.diags(ratio), y[train], 1.0)
        return table(kept, (weights * ratio)[:, None], np.array([bias]))

    def grams(train: Bools, test: Bools) -> Floats:
        return Table.load(made(train), "table").score(_bags([texts[at] for at in np.flatnonzero(test)]))[:, 0]

    def stack(train: Bools) -> tuple[Floats, float]:
        places = np.flatnonzero(train)
        inner = folds(len(places))
        logits = np.zeros(len(places))
        for number in range(FOLDS):
            inside, outside = (
                _mask(places[inner != number], len(texts)),
                _mask(places[inner == number], len(texts)),
            )
            logits[inner == number] = grams(inside, outside)
        return logistic(np.column_stack([logits, manner[train]]), y[train], 10.0)

    def scored(train: Bools, test: Bools) -> Floats:
        weights, bias = stack(train)
        return probability(np.column_stack([grams(train, test), manner[test]]) @ weights + bias)

    scores = out_of_fold(len(texts), scored)
    everything = np.ones(len(texts), dtype=bool)
    weights, bias = stack(everything)
    card = {
        "measured": {"auc": round(auc(y, scores), 4), **at_threshold(y, scores, 0.97)},
        "measured_on": "anger, disgust or annoyance against neutral, 5-fold",
        "thresholds": {"default": 0.97, "said": 0.8},
        "fitted_on": [EMOTIONS, LEXICON],
        "rows": len(texts),
    }
    arrays = made(everything) | {
        "lexicon.words": words,
        "lexicon.valence": valence,
        "stack.weights": weights,
        "stack.bias": np.array(bias),
    }
    return arrays, card


def lexicon() -> tuple[NDArray[np.uint64], NDArray[np.float16]]:
    """Hashes of single words, sorted, with their valence from -4 to 4."""
    try:
        text = (resources.files("vaderSentiment") / "vader_lexicon.txt").read_text(encoding="utf-8")
    except ModuleNotFoundError as error:
        raise SystemExit("the lexicon is missing: pip install vaderSentiment") from error
    entries = [line.split("\t")[:2] for line in text.splitlines() if line.strip()]
    words = [(word, float(value)) for word, value in entries if word.isalpha()]
    hashes = Texts.of([word for word, _ in words]).words(1).hashes
    order = np.argsort(hashes)
    return hashes[order], np.array([value for _, value in words], dtype=np.float16)[order]


def fit_multi_issue(labels: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """More than one task intent in a conversation: yes-or-no, and which requests are there."""
    rows = read(labels / "multi_issue.jsonl")
    talks = [[turn for turn in row["turns"] if turn] for row in rows]
    y = np.array([len(set(row["task_intents"])) > 1 for row in rows])
    domain = np.array([row["domain"] for row in rows])
    counts = Counter(intent for row in rows for intent in set(row["task_intents"]))
    intents = sorted(intent for intent, count in counts.items() if count >= 15)
    wanted = np.array([[intent in row["task_intents"] for intent in intents] for row in rows])
    x = rows_of(_talk_bags(talks))

    def made(train: Bools) -> dict[str, NDArray[Any]]:
        kept = columns_of(x[train], 5)
        scale = rarity(x[train][:, kept])
        targets = np.column_stack([y, wanted])[train]
        weights, bias = sigmoids((x[train][:, kept] @ sparse.diags(scale)).tocsr(), targets, 2.0)
        return table(kept, weights * scale[:, None], bias, rank=16)

    def columns(train: Bools, test: Bools) -> Floats:
        some = [talks[at] for at in np.flatnonzero(test)]
        return multi_issue_columns(some, Table.load(made(train), "table").score(_talk_bags(some)))

    def stack(train: Bools) -> tuple[Floats, float]:
        places = np.flatnonzero(train)
        inner = folds(len(places))
        seen = [
            (
                inner == number,
                columns(_mask(places[inner != number], len(rows)), _mask(places[inner == number], len(rows))),
            )
            for number in range(FOLDS)
        ]
        gathered = np.zeros((len(places), seen[0][1].shape[1]))
        for here, values in seen:
            gathered[here] = values
        return logistic(gathered, y[train], 10.0)

    def scored(train: Bools, test: Bools) -> Floats:
        weights, bias = stack(train)
        return probability(columns(train, test) @ weights + bias)

    scores = out_of_fold(len(rows), scored)
    threshold = for_f1(y, scores)
    everything = np.ones(len(rows), dtype=bool)
    weights, bias = stack(everything)
    by_domain = {
        str(name): at_threshold(y[domain == name], scores[domain == name], threshold)["f1"]
        for name in np.unique(domain)
    }
    card = {
        "measured": {
            "auc": round(auc(y, scores), 4),
            **at_threshold(y, scores, threshold),
            "f1_by_domain": by_domain,
        },
        "measured_on": "conversations of six domains, 5-fold, one threshold for all",
        "thresholds": {"default": round(threshold, 4), "joined": 0.1},
        "fitted_on": [DIALOGUES],
        "rows": len(rows),
    }
    return made(everything) | {"stack.weights": weights, "stack.bias": np.array(bias)}, card


def _talk_bags(talks: Sequence[Sequence[str]]) -> Bags:
    owners = np.array([at for at, talk in enumerate(talks) for _ in talk], dtype=np.int64)
    return Bags.of(Texts.of([turn for talk in talks for turn in talk])).together(owners, len(talks))


def _bags(texts: Sequence[str]) -> Bags:
    return Bags.of(Texts.of(texts))


def _mask(places: NDArray[np.int64], count: int) -> Bools:
    mask = np.zeros(count, dtype=bool)
    mask[places] = True
    return mask


MAKERS = {"emotional": fit_emotional, "multi_issue": fit_multi_issue, "fraud": fit_fraud}


FILES = {
    "emotional": ("emotional.train.jsonl",),
    "multi_issue": ("multi_issue.jsonl",),
    "fraud": (
        "fraud.banking_train.jsonl",
        "intents.train.jsonl",
        "emotional.train.jsonl",
        "multi_issue.jsonl",
    ),
}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write(name: str, arrays: dict[str, NDArray[Any]], card: dict[str, Any], out: Path) -> None:
    """The model and its card."""
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / f"{name}.npz", allow_pickle=False, **arrays)
    text = json.dumps({"model": name, "made_by": "support_pipeline.data.filtering.fit", **card}, indent=2)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits the models that are asked for, all without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder of the labelled texts")
    parser.add_argument("--out", type=Path, default=MODELS, help="where the models go")
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(MAKERS)}; all without a name")
    given = parser.parse_args(arguments)
    for name in given.names or MAKERS:
        arrays, card = MAKERS[name](given.labels)
        card["files"] = {file: _sha256(given.labels / file) for file in FILES[name]}
        write(name, arrays, card, given.out)
        print(json.dumps({"model": name, **card["measured"], "thresholds": card["thresholds"]}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
