"""What the store says of a client when something has to be decided: history, last release, stale pairs.

Only manifests are read, and only those that a decision needs: a portfolio is asked at every tick.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import polars as pl

from support_pipeline.artifacts import MANIFEST, Folder, Store, is_local
from support_pipeline.claims import claims, judge
from support_pipeline.clients import ClientConfig
from support_pipeline.policies import PolicyBook
from support_pipeline.retraining import LastRelease, Refused
from support_pipeline.stages.months import last_day

REMOTE_READERS = 32
T = TypeVar("T")
R = TypeVar("R")


def each(store: Store, items: Sequence[T], read: Callable[[T], R]) -> list[R]:
    """`read` of every item in order; side by side where the store is a network away."""
    if is_local(store.root) or len(items) < 2:
        return [read(item) for item in items]
    with ThreadPoolExecutor(REMOTE_READERS) as readers:
        return list(readers.map(read, items))


def history_months(store: Store, client: str, months: Iterable[str]) -> frozenset[str]:
    """Those of the months that have filtered_pairs."""
    return frozenset(
        month for month in months if (store.history(client, month, "filtered_pairs").path / MANIFEST).exists()
    )


def last_release(store: Store, client: str) -> LastRelease | None:
    """The newest release that went through its last stage, whatever is live now.

    Raises:
        ArtifactError: a manifest cannot be read.
    """
    for as_of in reversed(store.releases(client)):
        manifest = store.release(client, as_of, "deployed_model").manifest()
        if manifest is not None and not manifest.failed_checks():
            return LastRelease(as_of, manifest.created_at)
    return None


def refused_release(store: Store, client: str, as_of: str) -> Refused | None:
    """The release of that month, when its decision keeps it from going live."""
    report = store.release(client, as_of, "eval_report").manifest()
    decision = report.info.get("promotion") if report is not None else None
    if not decision or decision.get("promote"):
        return None
    return Refused(as_of, str(decision.get("reason", "no reason given")))


def stale_pairs(store: Store, config: ClientConfig, last: LastRelease, as_of: str) -> int:
    """Trained pairs of the last release that state a policy which was current then and is not at `as_of`.

    Raises:
        ArtifactError: the release's splits are missing or corrupt.
    """
    then, now = last_day(last.as_of), last_day(as_of)
    if config.book.sentences(then) == config.book.sentences(now):
        return 0
    splits = store.release(config.id, last.as_of, "jsonl_splits")
    return _stale(splits, splits.require().fingerprint, config.book, last.as_of, as_of)


@lru_cache(maxsize=1024)
def _stale(splits: Folder, _fingerprint: str, book: PolicyBook, last: str, as_of: str) -> int:
    then, now = last_day(last), last_day(as_of)
    index = pl.read_parquet(splits.local() / "index.parquet", columns=["split", "resolution_text"])
    answers = index.filter(pl.col("split") == "train")["resolution_text"]

    def gone(answer: str) -> bool:
        return any(
            judge(book, claim, then) == "current" and judge(book, claim, now) != "current"
            for claim in claims(book, answer)
        )

    return sum(gone(answer) for answer in answers)
