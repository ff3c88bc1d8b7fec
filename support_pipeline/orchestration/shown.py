"""What each asset shows in the web UI: row counts, samples, reasons, pictures. One function a stage.

Each is given one artifact and reads only that: a run may hold many clients, and none of them shows
another's tickets.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from support_pipeline.data.filtering.funnel import waterfall
from support_pipeline.model.report import score_picture
from support_pipeline.orchestration import metadata, pictures
from support_pipeline.stages.making import StageResult

Shown = dict[str, Any]


def tickets(result: StageResult) -> Shown:
    """Tickets by status, and a sample without the conversations."""
    frame = pl.read_parquet(_payload(result) / "tickets.parquet")
    return {
        **_frame(frame, frame.drop("messages", "signatures", "source_line")),
        "tickets by status": metadata.counts_table(frame, "status"),
        "quarantined lines": metadata.table(_json_lines(result, "quarantine.jsonl")[: metadata.SAMPLE_ROWS]),
    }


def edits(result: StageResult) -> Shown:
    """Decisions by action, and a sample."""
    frame = pl.read_parquet(_payload(result) / "edits.parquet")
    return {**_frame(frame, frame), "decisions by action": metadata.counts_table(frame, "action")}


def pairs(result: StageResult) -> Shown:
    """The waterfall from raw to kept as picture and table, the reasons, the kinds, and samples."""
    frame = pl.read_parquet(_payload(result) / "pairs.parquet")
    excluded = pl.read_parquet(_payload(result) / "excluded.parquet")
    reasons = pl.concat([frame.select("reason"), excluded.select("reason")])
    steps = waterfall(dict(reasons.group_by("reason").len().iter_rows()))
    rows = [{"step": step.name, "tickets": step.left, "left here": _joined(step.lost)} for step in steps]
    return {
        **_frame(
            frame, frame.select("kind", "reason", "intent", "customer_text", "resolution_text", "ticket_id")
        ),
        "waterfall": metadata.table(rows),
        "waterfall picture": pictures.waterfall(steps, f"{result.folder.client} {result.folder.period}"),
        "reasons": metadata.counts_table(reasons, "reason"),
        "kinds": metadata.counts_table(frame, "kind"),
        "excluded sample": metadata.sample(excluded),
    }


def splits(result: StageResult) -> Shown:
    """Chats by split and kind, what was held back, and the first chat as it is written."""
    index = pl.read_parquet(_payload(result) / "index.parquet")
    held_back = pl.read_parquet(_payload(result) / "held_back.parquet")
    by_kind = index.group_by("split", "kind").len("chats").sort("split", "kind")
    return {
        **_frame(index, index.select("split", "kind", "intent", "customer_text", "resolution_text")),
        "by split and kind": metadata.table(by_kind.to_dicts()),
        "held back": metadata.counts_table(held_back, "reason"),
        "first chat": dg.MetadataValue.md(_first_chat(_payload(result) / "train.jsonl")),
    }


def adapter(result: StageResult) -> Shown:
    """The loss curve and the newest lines of the training log."""
    log, info = _json_lines(result, "training_log.jsonl"), result.manifest.info
    losses = {
        name: info[name]
        for name in ("first_loss", "last_loss", "valid_loss", "flip_compliance")
        if info.get(name) is not None
    }
    return {
        "dagster/row_count": result.manifest.counts["examples"],
        "loss curve": pictures.loss_curve(log),
        **losses,
        "training log": metadata.table(log[-metadata.SAMPLE_ROWS :]),
    }


def report(result: StageResult) -> Shown:
    """The score distribution, the verdict on each target, who it was compared with, the decision, and some answers."""
    content = json.loads((_payload(result) / "report.json").read_text(encoding="utf-8"))
    info = result.manifest.info
    flips = content["flips"]
    return {
        "dagster/row_count": result.manifest.counts["answered"],
        "score distribution": pictures.png(score_picture(content), "score distribution"),
        "verdict": info["verdict"],
        "promotion": info["promotion"]["reason"],
        "claims": metadata.table(info["claims"]),
        "opponents": metadata.table([_opponent(row) for row in content["opponents"]]),
        "other policy values": metadata.table(flips["by_topic"] if flips else []),
        "policies": metadata.table(content["policy"]),
        "hallucinations": metadata.table(content["hallucinations"][: metadata.SAMPLE_ROWS]),
        "report": dg.MetadataValue.path(str(result.folder.path / "report.html")),
        "answers": metadata.table(_json_lines(result, "answers.jsonl")[: metadata.SAMPLE_ROWS]),
        "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in content["notes"]) or "none"),
    }


def _opponent(row: Mapping[str, Any]) -> Shown:
    scores = {f"score {part['score']}": part["count"] for part in row["distribution"]}
    compared = row["comparison"] or {}
    shown = ("wins", "losses", "difference", "lower", "mcnemar_p", "permutation_p")
    return {
        "model": f"{row['role']}: {row['name']}",
        **scores,
        **{name: compared.get(name) for name in shown},
    }


def gguf(result: StageResult) -> Shown:
    """The plain facts, and every change of score that quantisation made."""
    steps = result.manifest.info["transitions"]
    rows = [{"scores": step, "tickets": count} for step, count in steps.items()]
    return {**facts(result), "scores before and after": metadata.table(rows)}


def facts(result: StageResult) -> Shown:
    """The plain facts of a manifest, for artifacts that are a file and its proof."""
    return {
        name: value for name, value in result.manifest.info.items() if isinstance(value, int | float | str)
    }


def _frame(frame: pl.DataFrame, sampled: pl.DataFrame) -> Shown:
    return {
        "dagster/row_count": frame.height,
        "dagster/column_schema": metadata.column_schema(frame.schema),
        "sample": metadata.sample(sampled),
    }


def _payload(result: StageResult) -> Path:
    return result.folder.local(accept_failed=True)


def _json_lines(result: StageResult, name: str) -> list[dict[str, Any]]:
    with (_payload(result) / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _joined(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _first_chat(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        first = next(lines, None)
    if first is None:
        return "no chat"
    return "\n\n".join(f"**{m['role']}**\n\n```\n{m['content']}\n```" for m in json.loads(first)["messages"])
