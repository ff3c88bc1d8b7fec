"""Pairs to train, valid and test chats that share no customer, no thread and no near-duplicate.

The test split is the newest pairs, stratified by kind and intent. What is tied to a test pair (the
same customer, thread, ticket or near-duplicate cluster) is never trained on: it is held back, each
pair with its reason. Ties are cut one step deep and not by whole connected components, since a few
busy customers connect nearly everything to everything; one step is what leak-safety needs.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from support_pipeline.claims import rewrite
from support_pipeline.clients import ClientConfig
from support_pipeline.data.carving import Carver, quotas, spread
from support_pipeline.data.neighbours import alike, codes, components, exact_groups, near_duplicate_clusters
from support_pipeline.data.tickets import INSTANT, PAIR_SCHEMA, POLICY_STATE
from support_pipeline.errors import DatasetError
from support_pipeline.model.prompt import system_message
from support_pipeline.policies import PolicyBook

CODE_VERSION = "3"
SPLITS = ("train", "valid", "test")
MIN_PAIRS = 3
ENOUGH_PAIRS = 300
TEST_SHARE = 3  # at most one pair in three is tested on
ESCALATE_SHARE = 0.20
CANNOT_KNOW_SHARE = 0.10
SAME_TEXT_CAP = 3
CLUSTER_CAP = 20
SELECTION_RULE = (
    "above max_pairs: edits first, then by kind and intent in proportion to the square root of their counts, "
    "within each the clusters in turn, the newest pair of each first"
)

Places = NDArray[np.int64]
Say = Callable[[str], None]

HELD_BACK = {
    "superseded": "a newer pair of the same ticket takes its place",
    "policy_not_in_force": "states a policy that has no version in force on the release's day",
    "earlier_test": "was in the test split of an earlier release",
    "near_duplicate": f"more than {SAME_TEXT_CAP} pairs with the same customer text, or {CLUSTER_CAP} near-duplicates",
    "over_max_pairs": "more pairs than max_pairs",
    "escalation_share": "more hand-overs than their share of training",
    "cannot_know_share": "more cannot-know answers than their share of training",
    "test_customer": "shares its customer with a test pair",
    "test_thread": "shares its thread or ticket with a test pair",
    "test_near_duplicate": "is a near-duplicate of a test pair",
    "valid_customer": "shares its customer with a validation pair",
    "valid_thread": "shares its thread or ticket with a validation pair",
    "valid_near_duplicate": "is a near-duplicate of a validation pair",
}

INDEX_SCHEMA = pl.Schema(
    {
        "split": pl.String(),
        "row": pl.Int64(),
        "pair_id": pl.String(),
        "ticket_id": pl.String(),
        "customer_id": pl.String(),
        "thread_id": pl.String(),
        "cluster": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "intent": pl.String(),
        "resolved_at": INSTANT,
        "customer_text": pl.String(),
        "resolution_text": pl.String(),
        "edit_class": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Shares:
    """The largest parts of training that hand-overs and cannot-know answers may be."""

    escalate: float = ESCALATE_SHARE
    cannot_know: float = CANNOT_KNOW_SHARE


USUAL_SHARES = Shares()


@dataclass
class Plan:
    """Where each pair goes: the split or the reason it is held back; a pair is decided once."""

    frame: pl.DataFrame
    where: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.where = [""] * self.frame.height

    def put(self, places: Places | Sequence[int], name: str) -> None:
        """Decides places that are still undecided."""
        for place in places:
            if not self.where[place]:
                self.where[place] = name

    def undecided(self) -> Places:
        """Places still to be decided, oldest first."""
        return np.array([place for place, name in enumerate(self.where) if not name], dtype=np.int64)

    def of(self, name: str) -> Places:
        """Places of a split or a reason."""
        return np.array([place for place, given in enumerate(self.where) if given == name], dtype=np.int64)


def build_splits(
    config: ClientConfig,
    pairs: Sequence[Path],
    as_of: str,
    out: Path,
    *,
    earlier_test_ids: Collection[str],
    today: date,
    shares: Shares = USUAL_SHARES,
    progress: Say = lambda line: None,
) -> dict[str, Any]:
    """Writes train.jsonl, valid.jsonl, test.jsonl, index.parquet and held_back.parquet; returns the figures.

    Raises:
        DatasetError: too few pairs, or all of them tied together.
    """
    frame = _read(pairs, config.book.state(today))
    total = frame.height
    if total < MIN_PAIRS:
        raise DatasetError(
            f"client '{config.id}', release {as_of}: {total} pairs, at least {MIN_PAIRS} are needed "
            f"({ENOUGH_PAIRS} to 3,000 make a model). See the reasons of the excluded tickets, or widen window_months."
        )
    progress(f"{total:,} pairs: looking for near-duplicates")
    clusters = near_duplicate_clusters(frame["customer_text"].to_list())
    frame, out_of_force = _in_force(frame, config.book, today)
    plan = _planned(config, frame, clusters, set(earlier_test_ids), out_of_force, shares)
    counts = {split: len(plan.of(split)) for split in SPLITS}
    if not counts["train"] or not counts["test"]:
        raise DatasetError(
            f"client '{config.id}', release {as_of}: {total} pairs make no dataset ({counts['test']} test, "
            f"{counts['train']} train): nearly all share a customer, a thread or their text. "
            f"Held back: {_held_back_counts(plan)}."
        )
    _write(config, plan, clusters, out, today)
    progress(", ".join(f"{count:,} {split}" for split, count in counts.items()))
    return _figures(config, plan, clusters, counts)


def _read(files: Sequence[Path], policy_state: str) -> pl.DataFrame:
    """All pairs, oldest first; `followed` says whose answers follow the wanted state of the policies already."""
    frames = [
        pl.read_parquet(file).with_columns(
            followed=pl.lit(pl.read_parquet_metadata(file).get(POLICY_STATE) == policy_state)
        )
        for file in files
    ]
    # Diagonal: pairs made before edits had a class have no such column.
    empty = pl.DataFrame(schema={**PAIR_SCHEMA, "followed": pl.Boolean()})
    frame = pl.concat([empty, *frames], how="diagonal").with_columns(pl.col("edit_class").fill_null(""))
    return frame.sort("resolved_at", "pair_id", "source_digest")


def _in_force(frame: pl.DataFrame, book: PolicyBook, today: date) -> tuple[pl.DataFrame, Places]:
    """Answers that state the policies of the release's day, as its system message does.

    Pairs were brought up to date on the day they were made, which may lie on the other side of a change.
    Places whose answer states a policy that has no version in force on that day come back too.
    """
    texts = frame["resolution_text"].to_list()
    stale = np.flatnonzero(~frame["followed"].to_numpy())
    out_of_force = []
    for place in stale.tolist():
        found = rewrite(book, texts[place], today)
        texts[place] = found.text
        if found.errors:
            out_of_force.append(place)
    column = pl.Series("resolution_text", texts, dtype=pl.String)
    return frame.with_columns(column).drop("followed"), np.array(out_of_force, dtype=np.int64)


def _planned(
    config: ClientConfig,
    frame: pl.DataFrame,
    clusters: Places,
    earlier: set[str],
    out_of_force: Places,
    shares: Shares,
) -> Plan:
    plan = Plan(frame)
    plan.put(_superseded(frame), "superseded")
    plan.put(out_of_force, "policy_not_in_force")
    barred = _barred(frame, earlier)
    ties = {
        "customer": codes(frame["customer_id"].to_list()),
        "thread": codes(frame["thread_id"].to_list()),
        "ticket": codes(frame["ticket_id"].to_list()),
        "near_duplicate": clusters,
    }
    strata = (frame["kind"] + "|" + frame["intent"]).to_list()
    _choose_test(config, plan, ties, strata)
    plan.put(barred, "earlier_test")
    _trim_training(config, plan, clusters, shares)
    _hold_back_alike(plan, "test")
    _choose_valid(config, plan, ties, strata)
    plan.put(plan.undecided(), "train")
    return plan


def _superseded(frame: pl.DataFrame) -> Places:
    """All but one pair of each ticket: an edit wins over the reply it corrects, then the newest."""
    edit = pl.col("kind") == "edit"
    ranked = frame.select("pair_id", pl.int_range(pl.len()).alias("place"), edit.alias("edit")).sort(
        "edit", "place"
    )
    best = ranked.group_by("pair_id").agg(pl.col("place").last())["place"]
    edited = frame.select((edit.any().over("ticket_id") & ~edit).alias("edited"))["edited"]
    return np.union1d(
        np.setdiff1d(np.arange(frame.height), best.to_numpy()), np.flatnonzero(edited.to_numpy())
    )


def _barred(frame: pl.DataFrame, earlier: set[str]) -> Places:
    """Places of earlier test pairs, and of any other pair of their tickets."""
    if not earlier:
        return np.array([], dtype=np.int64)
    ids = pl.Series(sorted(earlier))
    tickets = frame.filter(pl.col("pair_id").is_in(ids.implode()))["ticket_id"].unique()
    hit = frame["pair_id"].is_in(ids.implode()) | frame["ticket_id"].is_in(tickets.implode())
    return np.flatnonzero(hit.to_numpy())


def _choose_test(config: ClientConfig, plan: Plan, ties: dict[str, Places], strata: list[str]) -> None:
    open_places = plan.undecided()
    size = min(config.evaluation.test_size, len(open_places) // TEST_SHARE)
    carver = Carver(ties, open_places)
    newest = open_places[::-1]
    taken = carver.take(newest, max(size, 1), quotas(newest, strata, max(size, 1)), strata)
    plan.put(taken, "test")
    _hold_back_ties(plan, carver, taken, "test")


def _choose_valid(config: ClientConfig, plan: Plan, ties: dict[str, Places], strata: list[str]) -> None:
    open_places = plan.undecided()
    if len(open_places) < 2:
        return
    size = max(1, round(config.evaluation.valid_share * len(open_places)))
    carver = Carver(ties, open_places)
    shuffled = spread(open_places, plan.frame["pair_id"].to_list())
    taken = carver.take(shuffled, size, quotas(shuffled, strata, size), strata)
    plan.put(taken, "valid")
    _hold_back_ties(plan, carver, taken, "valid")
    _hold_back_alike(plan, "valid")


def _hold_back_ties(plan: Plan, carver: Carver, taken: Places, split: str) -> None:
    """Holds back what is tied to a split, each pair with the first tie as its reason."""
    for tie, places in carver.tied(taken).items():
        plan.put(places, f"{split}_{'thread' if tie == 'ticket' else tie}")


def _hold_back_alike(plan: Plan, split: str) -> None:
    """Holds back what an exact comparison with a split finds and MinHash missed."""
    texts, rest = plan.frame["customer_text"], plan.undecided()
    missed = alike(texts.gather(plan.of(split)).to_list(), texts.gather(rest).to_list())
    plan.put(rest[missed], f"{split}_near_duplicate")


def _trim_training(config: ClientConfig, plan: Plan, clusters: Places, shares: Shares) -> None:
    """Caps duplicates, the dataset's size and the shares of hand-overs and cannot-know answers."""
    rest = plan.undecided()
    texts = exact_groups(plan.frame["customer_text"].gather(rest).to_list())
    plan.put(_beyond(rest, texts, SAME_TEXT_CAP), "near_duplicate")
    rest = plan.undecided()
    plan.put(_beyond(rest, clusters[rest], CLUSTER_CAP), "near_duplicate")
    kinds = np.array(plan.frame["kind"].to_list())
    room = max(config.evaluation.max_pairs - len(plan.of("test")), 1)
    for reason, places in _over_share(plan, kinds, clusters, room, shares).items():
        plan.put(places, reason)
    rest = plan.undecided()
    kept = _by_diversity(plan, rest, clusters, room)
    plan.put(np.setdiff1d(rest, kept), "over_max_pairs")


def _over_share(
    plan: Plan, kinds: NDArray[np.str_], clusters: Places, room: int, shares: Shares
) -> dict[str, Places]:
    rest = plan.undecided()
    escalate, unknown = rest[kinds[rest] == "escalate"], rest[kinds[rest] == "cannot_know"]
    allowed = _allowed(len(rest) - len(escalate) - len(unknown), len(escalate), len(unknown), room, shares)
    return {
        "escalation_share": np.setdiff1d(escalate, _by_diversity(plan, escalate, clusters, allowed[0])),
        "cannot_know_share": np.setdiff1d(unknown, _by_diversity(plan, unknown, clusters, allowed[1])),
    }


def _allowed(others: int, escalate: int, unknown: int, room: int, shares: Shares) -> tuple[int, int]:
    """How many of each bounded kind may stay, so that each is at most its share of what stays."""
    if not others:  # nothing else to learn from: a hand-over model is better than none
        return escalate, unknown
    for _ in range(50):
        total = min(others + escalate + unknown, room)
        smaller = max(1, int(shares.escalate * total)), max(1, int(shares.cannot_know * total))
        new = min(escalate, smaller[0]), min(unknown, smaller[1])
        if new == (escalate, unknown):
            break
        escalate, unknown = new
    return escalate, unknown


def _beyond(places: Places, groups: Places, cap: int) -> Places:
    """Places beyond the newest `cap` of each group; places come oldest first."""
    met: Counter[int] = Counter()
    over = []
    for place, group in zip(places[::-1].tolist(), groups[::-1].tolist(), strict=True):
        met[group] += 1
        if met[group] > cap:
            over.append(place)
    return np.array(over[::-1], dtype=np.int64)


def _by_diversity(plan: Plan, places: Places, clusters: Places, size: int) -> Places:
    """The `size` places to keep, by `SELECTION_RULE`."""
    if len(places) <= size:
        return places
    kinds, intents, reasons = (
        plan.frame[name].gather(places).to_list() for name in ("kind", "intent", "reason")
    )
    strata: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    turn: Counter[int] = Counter()
    for at in range(len(places) - 1, -1, -1):
        cluster = int(clusters[places[at]])
        stratum = ("edit",) if kinds[at] == "edit" else (kinds[at], intents[at], reasons[at])
        strata.setdefault(stratum, []).append((turn[cluster], -int(places[at])))
        turn[cluster] += 1
    kept = [-place for _, place in sorted(strata.pop(("edit",), []))][:size]
    shares = _square_root_shares({name: len(found) for name, found in strata.items()}, size - len(kept))
    for name, found in strata.items():
        kept += [-place for _, place in sorted(found)[: shares[name]]]
    return np.array(sorted(kept), dtype=np.int64)


def _square_root_shares(counts: dict[tuple[str, ...], int], size: int) -> dict[tuple[str, ...], int]:
    """`size` split by the square roots of the counts, none above its count."""
    shares = dict.fromkeys(counts, 0)
    while (left := size - sum(shares.values())) > 0:
        open_names = [name for name in sorted(counts) if shares[name] < counts[name]]
        if not open_names:
            break
        weight = sum(counts[name] ** 0.5 for name in open_names)
        for name in open_names:
            share = max(1, int(left * counts[name] ** 0.5 / weight))
            shares[name] += min(share, counts[name] - shares[name], size - sum(shares.values()))
    return shares


# Writing


def _write(config: ClientConfig, plan: Plan, clusters: Places, out: Path, today: date) -> None:
    out.mkdir(parents=True, exist_ok=True)
    system = system_message(config.brand, config.book.sentences(today), config.escalation.names())
    frame = plan.frame.with_columns(
        pl.Series("split", plan.where),
        plan.frame["pair_id"].gather(clusters).alias("cluster"),
    )
    parts = []
    for split in SPLITS:
        part = frame.filter(pl.col("split") == split)
        _write_chats(out / f"{split}.jsonl", system, part)
        parts.append(part.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("row")))
    pl.concat(parts).select(INDEX_SCHEMA.names()).write_parquet(out / "index.parquet")
    held = frame.filter(~pl.col("split").is_in(SPLITS)).select("pair_id", pl.col("split").alias("reason"))
    held.write_parquet(out / "held_back.parquet")


def _write_chats(path: Path, system: str, part: pl.DataFrame) -> None:
    with path.open("wb") as lines:
        for question, answer in part.select("customer_text", "resolution_text").iter_rows():
            messages = [
                {"role": "system", "content": system},
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
            lines.write(orjson.dumps({"messages": messages}) + b"\n")


def _figures(config: ClientConfig, plan: Plan, clusters: Places, counts: dict[str, int]) -> dict[str, Any]:
    total = plan.frame.height
    missing = _missing(config, plan, counts)
    sizes = np.bincount(clusters)
    return {
        "pairs": total,
        **counts,
        "held_back": total - sum(counts.values()),
        "held_back_by_reason": _held_back_counts(plan),
        "kinds": {split: _kinds(plan, split) for split in SPLITS},
        "clusters": int((sizes > 0).sum()),
        "largest_cluster": int(sizes.max()),
        "largest_component": _largest_component(plan.frame, clusters),
        "test_from": str(plan.frame["resolved_at"].gather(plan.of("test")).min()),
        "selection_rule": SELECTION_RULE,
        "missing": missing,
    }


def _largest_component(frame: pl.DataFrame, clusters: Places) -> int:
    """Pairs in the largest group that customers, threads and near-duplicates tie together, over any number of steps."""
    keys = [frame["customer_id"].to_list(), frame["thread_id"].to_list(), clusters.tolist()]
    return int(np.bincount(components(keys, frame.height)).max())


def _held_back_counts(plan: Plan) -> dict[str, int]:
    counts = Counter(name for name in plan.where if name and name not in SPLITS)
    return dict(sorted(counts.items()))


def _kinds(plan: Plan, split: str) -> dict[str, int]:
    counts = Counter(plan.frame["kind"].gather(plan.of(split)).to_list())
    return dict(sorted(counts.items()))


def _missing(config: ClientConfig, plan: Plan, counts: dict[str, int]) -> str:
    """What a small dataset lacks, in words; "" when nothing does."""
    used = sum(counts.values())
    found = []
    if used < ENOUGH_PAIRS:
        found.append(
            f"{used} usable pairs; {ENOUGH_PAIRS - used} more are needed for a model that generalises "
            "(widen window_months, export more months, or let agents approve drafts)"
        )
    if counts["test"] < config.evaluation.test_size:
        found.append(
            f"{counts['test']} test pairs instead of {config.evaluation.test_size}: figures will be coarse"
        )
    kinds = _kinds(plan, "train")
    if not kinds.get("escalate"):
        found.append("no escalation to learn from")
    if not counts["valid"]:
        found.append("no validation pair")
    return "; ".join(found)


def check_overlap(index: Path) -> dict[str, int]:
    """What the written splits share, counted again from the file; every count must be 0.

    Near-duplicates are compared exactly, pair by pair across splits, with no MinHash in between.
    """
    frame = pl.read_parquet(index)
    shared = {
        name: _values_in_two_splits(frame, column)
        for name, column in (
            ("pairs", "pair_id"),
            ("tickets", "ticket_id"),
            ("customers", "customer_id"),
            ("threads", "thread_id"),
            ("clusters", "cluster"),
        )
    }
    texts = {split: frame.filter(pl.col("split") == split)["customer_text"].to_list() for split in SPLITS}
    near = (
        alike(texts["test"], texts["train"] + texts["valid"]).sum()
        + alike(texts["valid"], texts["train"]).sum()
    )
    return shared | {"near_duplicates": int(near)}


def _values_in_two_splits(frame: pl.DataFrame, column: str) -> int:
    named = frame.filter(pl.col(column).is_not_null() & (pl.col(column) != ""))
    return named.group_by(column).agg(pl.col("split").n_unique()).filter(pl.col("split") > 1).height
