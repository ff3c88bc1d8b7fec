"""`make demo`: the whole lineage for the demo client, and a table of what came out."""

import sys
import time
from typing import Any

import polars as pl
from rich.panel import Panel
from rich.table import Table

from support_pipeline.artifacts import Folder, Store
from support_pipeline.cli.asking import ask_live
from support_pipeline.cli.output import EXIT_RUN_FAILED, EXIT_WRONG_INPUT, console
from support_pipeline.cli.running import run_client
from support_pipeline.cli.status import client_status
from support_pipeline.clients import ClientRegistry
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.errors import SupportPipelineError
from support_pipeline.stages.months import last_complete_month

CLIENT = "demo-outfitters"
NOTICE = """\
The tickets of this demo are synthetic: a generator in this project
wrote them. Its base model is tiny (2.3 million parameters, trained from
nothing on generated text). The code path is the one that a real client
takes; the quality is not what a real base model gives."""


def main() -> int:
    """Runs the demo; the exit code is 0 only if every stage succeeded."""
    console.print(Panel(NOTICE, title="support_pipeline demo", border_style="yellow"))
    started = time.monotonic()
    try:
        as_of = last_complete_month()
        _export(as_of)
        outcome = run_client(CLIENT, as_of, None)
        if not outcome.success:
            console.print(f"[bold red]Failed[/] {outcome.failure}")
            return EXIT_RUN_FAILED
        _summary(as_of)
    except SupportPipelineError as error:
        console.print("[bold red]Error[/] ", end="")
        console.print(str(error), markup=False)
        return EXIT_WRONG_INPUT
    console.print(
        f"done in {time.monotonic() - started:.0f} s. Now: make dev for the lineage, make serve for the approval page"
    )
    return 0


def _export(as_of: str) -> None:
    registry = ClientRegistry.default()
    target = registry.root / registry.load(CLIENT).sources[0].files(CLIENT)
    made = write_demo_export(target.parent, last_month=as_of)
    console.print(f"Zendesk export of {made.counts['lines']:,} lines, 18 months up to {as_of}: {target}")


def _summary(as_of: str) -> None:
    store = Store.default()
    status = client_status(store, CLIENT)
    counts = {stage: shown["counts"] for stage, shown in status["stages"].items()}
    folders = {stage: store.release(CLIENT, as_of, stage) for stage in status["stages"]}
    table = Table(
        title=f"{CLIENT}, release {as_of} (synthetic tickets, tiny model)",
        show_header=False,
        title_justify="left",
    )
    table.add_column(style="bold")
    table.add_column()
    for name, text in _rows(counts, folders):
        table.add_row(name, text)
    console.print(table)
    _one_ticket(folders["jsonl_splits"])


def _rows(counts: dict[str, dict[str, int]], folders: dict[str, Folder]) -> list[tuple[str, str]]:
    raw, pairs, splits = counts["raw_tickets"], counts["filtered_pairs"], counts["jsonl_splits"]
    training = folders["lora_adapter"].require()
    report, gguf = folders["eval_report"].require(), folders["gguf_artifact"].require()
    live = folders["deployed_model"].require()
    return [
        ("tickets in", _joined(raw, ("lines_in", "quarantined", "duplicates", "unique"))),
        ("pairs out", f"{pairs['pairs']:,} ({_prefixed(pairs, 'kind: ')})"),
        ("handed over, by reason", _prefixed(pairs, "pair: ")),
        ("left out, by reason", _prefixed(pairs, "excluded: ")),
        ("splits", _joined(splits, ("train", "valid", "test", "held_back"))),
        (
            "training loss",
            f"{training.info['first_loss']:.3f} → {training.info['last_loss']:.3f}, validation {training.info['valid_loss']:.3f}",
        ),
        ("scores", _joined(report.counts, ("score_3", "score_2", "score_1"))),
        (
            "under other policy values",
            f"{report.counts['flips_followed']} of {report.counts['flips']} answers followed, "
            f"{report.counts['flips_stale']} kept to the old value",
        ),
        ("verdict", str(report.info["verdict"])),
        ("promotion", str(report.info["promotion"]["reason"])),
        (
            "GGUF",
            f"{gguf.counts['bytes'] / 1e6:.1f} MB, {gguf.info['quantisation']}; {gguf.checks['tokens_equal'].detail}",
        ),
        ("served as judged", gguf.checks["scores_kept"].detail),
        ("deployed as", str(live.info["version"])),
    ]


def _joined(counts: dict[str, int], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {counts[name]:,}" for name in names if name in counts)


def _prefixed(counts: dict[str, int], prefix: str) -> str:
    found = {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}
    return ", ".join(f"{name} {count:,}" for name, count in sorted(found.items(), key=lambda item: -item[1]))


def _one_ticket(splits: Folder) -> None:
    index = pl.read_parquet(splits.local() / "index.parquet")
    row: dict[str, Any] = index.filter((pl.col("split") == "test") & (pl.col("kind") == "answer")).row(
        0, named=True
    )
    drafted = ask_live(CLIENT, row["customer_text"])
    table = Table(title="one held-out ticket", show_header=False, title_justify="left", show_lines=True)
    table.add_row("customer", row["customer_text"])
    table.add_row("deployed GGUF", drafted.response)
    table.add_row("human", row["resolution_text"])
    table.add_row("routed", f"{drafted.route}, confidence {drafted.confidence}: {'; '.join(drafted.reasons)}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
