"""The history stages, by client and month: raw_tickets, agent_edits, filtered_pairs.

A whole range of months is one call, since an export is read once however many months it holds.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from support_pipeline.artifacts import Check, Folder, Manifest, Product, Recipe, Store, commit, product
from support_pipeline.clients import ClientConfig
from support_pipeline.data.filtering.funnel import Drift, drift
from support_pipeline.data.ingest import ingest, source_digest
from support_pipeline.data.pairs import CODE_VERSION as PAIRS_VERSION
from support_pipeline.data.pairs import build_pairs, pair_workers
from support_pipeline.data.sync import sync_client
from support_pipeline.erasures import drop_erased, erased
from support_pipeline.erasures import inputs as erasure_inputs
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.stages.making import Say, Scratch, StageResult, conservation, make
from support_pipeline.storage import clear_storage_errors

RAW_VERSION = "3"
EDITS_VERSION = "2"
DRIFT_MONTHS = 6
WORTH_WORKERS = 10_000
"""Tickets in a range below which starting processes costs more than it saves."""


def raw_tickets(
    store: Store, config: ClientConfig, root: Path, months: Sequence[str], say: Say
) -> list[StageResult]:
    """The client's tickets by month of resolution, with every line of the export accounted for."""
    if any(source.api is not None for source in config.sources):
        sync_client(config, root, say)
    say("reading the export's digest")
    recipe = raw_recipe(config, source_digest(config, root), erased(store, config.id))
    folders = [store.history(config.id, month, "raw_tickets") for month in months]
    present = [folder.reusable(recipe.key("raw_tickets")) for folder in folders]
    found = [manifest for manifest in present if manifest is not None]
    if len(found) == len(folders):
        say(f"raw_tickets {months[0]} .. {months[-1]}: unchanged, re-used")
        return [StageResult(folder, manifest, True) for folder, manifest in zip(folders, found, strict=True)]
    with clear_storage_errors(folders[0].path.parent.parent):
        return _ingest(store, config, root, folders, recipe, say)


def raw_recipe(config: ClientConfig, export: str, marks: frozenset[str]) -> Recipe:
    """What raw_tickets are made from: the export's digest, and who was erased."""
    return Recipe(
        inputs={"export": export, **erasure_inputs(marks)},
        config={"client": config.id, "sources": [source.model_dump() for source in config.sources]},
        code_version=RAW_VERSION,
    )


def _ingest(
    store: Store, config: ClientConfig, root: Path, folders: Sequence[Folder], recipe: Recipe, say: Say
) -> list[StageResult]:
    started = datetime.now(UTC)
    with store.staging(folders[0]) as scratch:
        result = ingest(config, root, [folder.period for folder in folders], scratch, say)
        seconds = (datetime.now(UTC) - started).total_seconds() / len(folders)
        done, marks = [], erased(store, config.id)
        for folder in folders:
            counts = asdict(result.months[folder.period])
            gone = drop_erased(config.id, scratch / folder.period, marks)
            if gone:
                counts |= {"unique": counts["unique"] - gone, "erased": gone}
            info = {"export": asdict(result.total), "other_months": asdict(result.elsewhere)}
            made = product(counts, raw_checks(scratch / folder.period, counts), info)
            done.append(
                StageResult(folder, commit(folder, scratch / folder.period, recipe, made, seconds), False)
            )
        return done


def raw_checks(payload: Path, counts: dict[str, int]) -> dict[str, Check]:
    """Conservation, with the rows counted again in the files that were written."""
    unique = pl.scan_parquet(payload / "tickets.parquet").select(pl.len()).collect().item()
    quarantined = _lines(payload / "quarantine.jsonl")
    duplicates = _lines(payload / "duplicates.jsonl")
    parts = {"unique": unique, "duplicates": duplicates, "quarantined": quarantined}
    if "erased" in counts:
        parts["erased"] = counts["erased"]
    passed, detail = conservation(counts["lines_in"], parts)
    return {"conservation": Check(passed=passed, detail=f"lines in {detail}")}


def agent_edits(
    store: Store, config: ClientConfig, log: DecisionLog, months: Sequence[str], say: Say
) -> list[StageResult]:
    """The agents' decisions on drafts, by month of the decision; an empty log gives empty tables."""
    return _told([_edits_of(store, config, log, month) for month in months], say)


def _edits_of(store: Store, config: ClientConfig, log: DecisionLog, month: str) -> StageResult:
    frame = log.edits(config.id, month)
    recipe = Recipe(
        inputs={"decisions": log.digest(frame)}, config={"client": config.id}, code_version=EDITS_VERSION
    )

    def work(scratch: Scratch) -> Product:
        path = scratch.payload / "edits.parquet"
        frame.write_parquet(path)
        written = pl.read_parquet(path)
        counts = {"decisions": frame.height, "trainable": int(frame["trainable"].sum())}
        passed, detail = conservation(counts["decisions"], {"written": written.height})
        return product(counts, {"conservation": Check(passed=passed, detail=f"decisions {detail}")})

    return make(store, store.history(config.id, month, "agent_edits"), recipe, work)


def filtered_pairs(store: Store, config: ClientConfig, months: Sequence[str], say: Say) -> list[StageResult]:
    """The clean pairs of each month; every ticket and edit that is no pair has exactly one reason."""
    today = datetime.now(UTC).date()
    policies = config.book.sentences(today)
    tickets = sum(
        store.history(config.id, month, "raw_tickets").require().counts["unique"] for month in months
    )
    with pair_workers() if tickets >= WORTH_WORKERS else nullcontext() as workers:
        return _told([_pairs_of(store, config, month, policies, workers, say) for month in months], say)


def _pairs_of(
    store: Store, config: ClientConfig, month: str, policies: list[str], workers: Executor | None, say: Say
) -> StageResult:
    raw, edits = (
        store.history(config.id, month, "raw_tickets"),
        store.history(config.id, month, "agent_edits"),
    )
    made_from = {"raw_tickets": raw.require().fingerprint}
    edits_manifest = edits.manifest()
    if edits_manifest is not None:
        made_from["agent_edits"] = edits.require().fingerprint
    recipe = Recipe(
        inputs=made_from,
        config={
            "policies": config.model_dump(
                mode="json", include={"policies", "contacts", "escalation", "filters", "language", "brand"}
            ),
            # Not the date: pairs stay what they are until a policy in force changes.
            "in_force": policies,
        },
        code_version=PAIRS_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        edits_file = edits.local() / "edits.parquet" if edits_manifest is not None else None
        tickets = raw.local() / "tickets.parquet"
        counts = build_pairs(
            config,
            tickets,
            edits_file,
            scratch.payload,
            today=datetime.now(UTC).date(),
            progress=lambda line: say(f"{month}: {line}"),
            workers=workers,
        )
        return product(counts, _pair_checks(scratch.payload, raw.require(), edits_manifest, counts))

    return make(store, store.history(config.id, month, "filtered_pairs"), recipe, work)


def _pair_checks(
    payload: Path, raw: Manifest, edits: Manifest | None, counts: dict[str, int]
) -> dict[str, Check]:
    pairs = pl.read_parquet(payload / "pairs.parquet", columns=["pair_id"])
    excluded = pl.read_parquet(payload / "excluded.parquet", columns=["reason"])
    came_in = raw.counts["unique"] + (edits.counts["decisions"] if edits else 0)
    parts = {"pairs": pairs.height} | {
        f"excluded ({reason})": count
        for reason, count in excluded.group_by("reason").len().sort("reason").iter_rows()
    }
    passed, detail = conservation(came_in, parts)
    unreasoned = excluded.filter(pl.col("reason").is_null() | (pl.col("reason") == "")).height
    return {
        "conservation": Check(passed=passed and not unreasoned, detail=f"tickets and edits {detail}"),
        "pairs_unique": Check(
            passed=pairs["pair_id"].n_unique() == pairs.height, detail=f"{pairs.height} pairs, one row each"
        ),
    }


def drift_of(store: Store, result: StageResult) -> Drift:
    """How a month's reasons compare with those of up to six months before it."""
    client, month = result.folder.client, result.folder.period
    before = [earlier for earlier in store.months(client) if earlier < month][-DRIFT_MONTHS:]
    manifests = [store.history(client, earlier, "filtered_pairs").manifest() for earlier in before]
    return drift(_reasons(result.manifest), [_reasons(manifest) for manifest in manifests if manifest])


def _reasons(manifest: Manifest) -> dict[str, int]:
    """Tickets by reason, from the breakdown in the counts ("pair: ..." and "excluded: ...")."""
    prefixes = ("pair: ", "excluded: ")
    return {
        name.split(": ", 1)[1]: count for name, count in manifest.counts.items() if name.startswith(prefixes)
    }


def _told(results: list[StageResult], say: Say) -> list[StageResult]:
    """The results, once it has been said how many of them were there already."""
    reused = sum(result.reused for result in results)
    made = len(results) - reused
    say(f"{results[0].folder.stage}: {made} months made, {reused} unchanged and re-used")
    return results


def _lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
