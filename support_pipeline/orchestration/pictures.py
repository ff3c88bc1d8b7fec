"""Pictures for the web UI, as Markdown with the PNG inside (kept under 50 kB: they live in event rows)."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from support_pipeline.data.filtering.funnel import Step

INK, ACCENT, SECOND, FAINT = "#1f2937", "#2563eb", "#d97706", "#dbeafe"


def loss_curve(log: Sequence[Mapping[str, float]]) -> dg.MarkdownMetadataValue:
    """Training and validation loss over steps."""
    figure, axes = _figure()
    train = [(row["step"], row["loss"]) for row in log if "loss" in row]
    valid = [(row["step"], row["valid_loss"]) for row in log if "valid_loss" in row]
    axes.plot(*_columns(train), color=ACCENT, linewidth=1.4, label="training")
    if valid:
        axes.plot(*_columns(valid), color=SECOND, marker="o", linewidth=1.4, label="validation")
    axes.set_xlabel("step")
    axes.set_ylabel("loss a supervised token")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return _markdown(figure, "loss curve")


def waterfall(steps: Sequence[Step], title: str) -> dg.MarkdownMetadataValue:
    """Tickets left after each step, with what left at it in a lighter colour behind."""
    figure, axes = _figure(height=2.6)
    names = [step.name for step in steps]
    before = [steps[max(i - 1, 0)].left for i in range(len(steps))]
    axes.bar(names, before, color=FAINT)
    bars = axes.bar(names, [step.left for step in steps], color=ACCENT)
    axes.bar_label(bars, padding=2, color=INK, fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")
    return _markdown(figure, title)


def png(picture: bytes, alt: str) -> dg.MarkdownMetadataValue:
    """A picture that is PNG already."""
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{base64.b64encode(picture).decode()})")


def _figure(height: float = 3.0) -> Any:
    from matplotlib.figure import Figure  # heavy: only when a picture is drawn

    figure = Figure(figsize=(6.4, height), dpi=80, layout="constrained")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _markdown(figure: Any, alt: str) -> dg.MarkdownMetadataValue:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return png(buffer.getvalue(), alt)
