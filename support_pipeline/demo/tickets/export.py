"""The demo's Zendesk export and its answer key, written to a folder."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from support_pipeline.demo.tickets import gold, mixture, zendesk
from support_pipeline.demo.tickets.answerable import (
    Memory,
    answered,
    copied,
    enquiry,
    looked_up,
    wrongly_answered,
)
from support_pipeline.demo.tickets.apart import MATTERS, NO_EXAMPLE, for_people
from support_pipeline.demo.tickets.brand import AGENTS, customers
from support_pipeline.demo.tickets.faults import mangled, with_faults
from support_pipeline.demo.tickets.story import Story
from support_pipeline.demo.tickets.thread import Opening

FIRST_TICKET = 20_001
CUSTOMERS_PER_TICKET = 0.55
COPIES = 0.045
FOLLOW_UPS = 0.02
MANGLED_EVERY = 18


@dataclass(frozen=True)
class DemoExport:
    """What was written, and how much of what."""

    export: Path
    gold: Path
    summary: Path
    counts: Mapping[str, Any]


def write_demo_export(
    folder: Path, *, seed: int = 7, tickets: int = 1800, last_month: str = "2026-10", months: int = 18
) -> DemoExport:
    """`zendesk.ndjson`, `gold.jsonl` and `gold.summary.json`; the same arguments give the same bytes."""
    rng = random.Random(seed)
    told = stories(rng, tickets, last_month, months)
    rows = [(zendesk.ticket(story), gold.row(story)) for story in told]
    lines = with_faults(_some_mangled(rows), rng)
    key = [{"line": number, **line.gold} for number, line in enumerate(lines, start=1)]
    counts = gold.summary(key, seed=seed, first_month=_first_month(last_month, months), last_month=last_month)
    folder.mkdir(parents=True, exist_ok=True)
    files = DemoExport(folder / "zendesk.ndjson", folder / "gold.jsonl", folder / "gold.summary.json", counts)
    files.export.write_bytes(b"\n".join(line.content for line in lines))
    files.gold.write_text(
        "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in key), encoding="utf-8"
    )
    files.summary.write_text(f"{json.dumps(counts, indent=1)}\n", encoding="utf-8")
    return files


def stories(rng: random.Random, tickets: int, last_month: str, months: int) -> list[Story]:
    """All tickets in the order in which they came in."""
    starts = mixture.month_starts(last_month, months)
    end = datetime.combine(mixture.end_of_month(starts[-1]), time(23, 50), tzinfo=UTC)
    buyers = customers(rng, max(20, round(tickets * CUSTOMERS_PER_TICKET)))
    kinds = mixture.classes(tickets)
    rng.shuffle(kinds)
    memory, told = Memory(), list[Story]()
    for place, (kind, at) in enumerate(zip(kinds, mixture.arrivals(starts, tickets, rng), strict=True)):
        buyer, agent = rng.choice(buyers), rng.choice(AGENTS)
        opening = Opening(FIRST_TICKET + place, buyer, agent, at, end.date(), rng)
        told.append(_told(kind, opening, memory, told).no_later_than(end))
    return told


def _told(kind: str, opening: Opening, memory: Memory, earlier: list[Story]) -> Story:
    if kind in MATTERS:
        return for_people(MATTERS[kind], opening, memory)
    if kind == "live_data":
        return looked_up(opening, memory)
    if kind == "factual_error":
        return wrongly_answered(opening, memory)
    if kind in NO_EXAMPLE:
        return NO_EXAMPLE[kind](opening, memory)
    chance = opening.rng.random()
    examples = [story for story in earlier if story.wording is not None and story.copied_from is None]
    if chance < COPIES and examples:
        return copied(opening, opening.rng.choice(examples))
    if chance < COPIES + FOLLOW_UPS and examples:
        return _follow_up(opening, memory, opening.rng.choice(examples[-60:]))
    return answered(opening, enquiry(opening, memory))


def _follow_up(opening: Opening, memory: Memory, before: Story) -> Story:
    """The customer of an earlier ticket comes back to its closed thread with another question."""
    opening = replace(opening, buyer=before.buyer)
    story = answered(opening, enquiry(opening, memory))
    return replace(story, follows=before.ticket_id, subject=f"Re: {before.subject.removeprefix('Re: ')}")


def _some_mangled(
    rows: Iterable[tuple[dict[str, Any], dict[str, Any]]],
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    curly, result = 0, list[tuple[dict[str, Any], dict[str, Any]]]()
    for ticket, key in rows:
        if ticket["comments"] and "\u2019" in (ticket["description"] or ""):
            curly += 1
            ticket = mangled(ticket) if curly % MANGLED_EVERY == 5 else ticket
        result.append((ticket, key))
    return result


def _first_month(last_month: str, months: int) -> str:
    return f"{mixture.month_starts(last_month, months)[0]:%Y-%m}"
