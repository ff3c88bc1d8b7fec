"""Pictures of a report: small SVGs for the page, and one PNG for places that show only images."""

import io
from typing import Any

from markupsafe import Markup, escape

from support_pipeline.model.report.content import Report

COLOURS = {"3": "#2f855a", "2": "#d69e2e", "1": "#c53030"}
VERDICT_COLOURS = {"met": "#2f855a", "not proven": "#b7791f", "failed": "#c53030"}
INK, FAINT, GRID = "#2d3748", "#718096", "#e2e8f0"


def score_picture(report: Report) -> bytes:
    """The distribution and the claims with their intervals as a PNG of some 20 kB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # heavy, and no window system
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 2.9), dpi=72, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    _distribution_axes(left, report)
    _claims_axes(right, report)
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]  # no types there
    return buffer.getvalue()


def _distribution_axes(axes: Any, report: Report) -> None:
    for row in report["distribution"]:
        rate, name = row["rate"] or 0.0, str(row["score"])
        axes.bar(name, rate, color=COLOURS[name], width=0.7)
        if row["total"]:
            axes.vlines(name, row["lower"], row["upper"], color=INK, linewidth=1.5)
        axes.text(name, row["upper"] + 0.02, f"{row['count']}", ha="center", color=INK, fontsize=9)
    axes.set_ylim(0, 1.12)
    axes.set_title(f"scores of {report['tickets']} held-out tickets", fontsize=9, color=INK)
    _plain(axes)


def _claims_axes(axes: Any, report: Report) -> None:
    for place, claim in enumerate(reversed(report["claims"])):
        colour = VERDICT_COLOURS[claim["verdict"]]
        axes.hlines(place, claim["lower"], claim["upper"], color=colour, linewidth=3)
        if claim["rate"] is not None:
            axes.plot(claim["rate"], place, "o", color=colour, markersize=6)
        axes.plot(claim["target"], place, "|", color=INK, markersize=14, markeredgewidth=2)
    names = [claim["name"].replace("_", " ") for claim in reversed(report["claims"])]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(-0.02, 1.02)
    axes.set_title(f"targets (|) and exact 95 % bounds: {report['verdict']}", fontsize=9, color=INK)
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)


def distribution_svg(report: Report) -> Markup:
    """Three columns with their intervals."""
    parts = []
    for column, row in enumerate(report["distribution"]):
        x, colour = 40 + column * 95, COLOURS[str(row["score"])]
        top = 170 - 140 * (row["rate"] or 0.0)
        parts.append(f'<rect x="{x}" y="{top:.1f}" width="56" height="{170 - top:.1f}" fill="{colour}"/>')
        if row["total"]:
            high, low = 170 - 140 * row["upper"], 170 - 140 * row["lower"]
            parts.append(
                f'<path d="M{x + 28} {high:.1f}V{low:.1f}M{x + 20} {high:.1f}h16M{x + 20} {low:.1f}h16" {_stroke(INK)}/>'
            )
        label = "-" if row["rate"] is None else f"{row['rate']:.1%}"
        parts.append(
            _text(
                x + 28, min(top, 170 - 140 * row["upper"]) - 8, f"{label} ({row['count']})", anchor="middle"
            )
        )
        parts.append(_text(x + 28, 190, f"score {row['score']}", anchor="middle", colour=FAINT))
    return _svg(
        330, 200, f'<path d="M30 170H320" {_stroke(GRID)}/>' + "".join(parts), "Distribution of scores"
    )


def claims_svg(report: Report) -> Markup:
    """One line a claim: the seen share, its bounds, and the target as a tick."""
    parts = []
    for row, claim in enumerate(report["claims"]):
        y, colour = 22 + row * 30, VERDICT_COLOURS[claim["verdict"]]
        parts.append(_text(150, y + 4, claim["name"].replace("_", " "), anchor="end"))
        parts.append(f'<path d="M160 {y}H460" {_stroke(GRID)}/>')
        low, high = 160 + 300 * claim["lower"], 160 + 300 * claim["upper"]
        parts.append(
            f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="{colour}" stroke-width="4" stroke-linecap="round"/>'
        )
        if claim["rate"] is not None:
            parts.append(f'<circle cx="{160 + 300 * claim["rate"]:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        target = 160 + 300 * claim["target"]
        parts.append(f'<path d="M{target:.1f} {y - 9}V{y + 9}" stroke="{INK}" stroke-width="2"/>')
        parts.append(
            _text(
                470, y + 4, f"{claim['verdict']} ({claim['direction']} {claim['target']:.0%})", colour=colour
            )
        )
    height = 30 * len(report["claims"]) + 24
    parts += [
        _text(160 + 3 * share, height - 4, f"{share} %", anchor="middle", colour=FAINT)
        for share in (0, 50, 100)
    ]
    return _svg(640, height, "".join(parts), "Targets with exact bounds")


def groups_svg(groups: list[dict[str, Any]]) -> Markup:
    """One stacked bar a group: how many 3, 2 and 1."""
    parts = []
    for row, group in enumerate(groups):
        y, x = 6 + row * 24, 190.0
        parts.append(_text(180, y + 12, _short(group["name"].replace("_", " ")), anchor="end"))
        for points in ("3", "2", "1"):
            width = 260 * group["scores"][points] / group["tickets"]
            if width:
                parts.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" fill="{COLOURS[points]}"/>'
                )
            x += width
        low, high = 190 + 260 * group["lower"], 190 + 260 * group["upper"]
        parts.append(
            f'<path d="M{low:.1f} {y + 8}H{high:.1f}M{low:.1f} {y + 4}v8M{high:.1f} {y + 4}v8" {_stroke(INK)}/>'
        )
        parts.append(_text(460, y + 12, f"{group['scores']['3']} of {group['tickets']}", colour=FAINT))
    return _svg(540, 24 * len(groups) + 8, "".join(parts), "Scores by group")


def contenders_svg(report: Report) -> Markup:
    """This release and every other model: how many 3, 2 and 1."""
    rows = [{"name": f"this release, {report['as_of']}", "distribution": report["distribution"]}]
    for opponent in report["opponents"]:
        label = opponent["name"] if opponent["role"] == "base" else f"{opponent['role']} {opponent['name']}"
        rows.append({"name": label, "distribution": opponent["distribution"]})
    return groups_svg(
        [
            {
                "name": row["name"],
                "tickets": max(row["distribution"][0]["total"], 1),
                "scores": {str(part["score"]): part["count"] for part in row["distribution"]},
                "lower": row["distribution"][0]["lower"],
                "upper": row["distribution"][0]["upper"],
            }
            for row in rows
        ]
    )


def flips_svg(topics: list[dict[str, Any]]) -> Markup:
    """One bar a topic: answers that followed the other value, said neither, or kept to the old one."""
    parts = []
    for row, topic in enumerate(topics):
        y, x = 6 + row * 24, 190.0
        parts.append(_text(180, y + 12, _short(topic["topic"].replace("_", " ")), anchor="end"))
        neither = topic["asked"] - topic["complied"] - topic["leaked"]
        for count, colour in (
            (topic["complied"], COLOURS["3"]),
            (neither, GRID),
            (topic["leaked"], COLOURS["1"]),
        ):
            width = 260 * count / topic["asked"]
            if width:
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" fill="{colour}"/>')
            x += width
        label = f"{topic['complied']} of {topic['asked']} followed, {topic['leaked']} stale"
        parts.append(_text(460, y + 12, label, colour=FAINT))
    return _svg(640, 24 * len(topics) + 8, "".join(parts), "Answers under other policy values")


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _stroke(colour: str) -> str:
    return f'stroke="{colour}" stroke-width="1.5" fill="none"'


def _svg(width: int, height: int, body: str, title: str) -> Markup:
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
