"""`support-pipeline explain`: what became of one ticket, each step with its rule, before and after."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from support_pipeline.artifacts import Folder, Store
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.data.pairs import make_pair
from support_pipeline.data.tickets import Ticket, ticket_from_row
from support_pipeline.errors import ArtifactError


def explain(client: str, ticket_id: str) -> dict[str, Any]:
    """The ticket, the steps that it went through, and where its pair is in the newest release.

    Raises:
        ConfigError: no such client.
        ArtifactError: the ticket is in no month of its history.
    """
    store, config = Store.default(), ClientRegistry.default().load(client)
    month, ticket = _ticket(store, config, ticket_id)
    result = make_pair(ticket, config, datetime.now(UTC).date())
    return {
        "client": client,
        "ticket_id": ticket_id,
        "month": month,
        "source": f"{ticket.source_file}:{ticket.source_line}",
        "status": ticket.status,
        "reason": result.verdict.reason,
        "layer": result.verdict.layer,
        "evidence": result.verdict.evidence,
        "steps": [asdict(step) for step in result.trace],
        "pair": result.pair.row() if result.pair else None,
        "excluded": asdict(result.excluded) if result.excluded else None,
        "split": _split(store, client, result.pair.pair_id) if result.pair else None,
    }


def _ticket(store: Store, config: ClientConfig, ticket_id: str) -> tuple[str, Ticket]:
    months = store.months(config.id)
    for month in reversed(months):
        folder = store.history(config.id, month, "raw_tickets")
        if folder.manifest() is None:
            continue
        rows = (
            pl.scan_parquet(folder.local() / "tickets.parquet")
            .filter(pl.col("ticket_id") == ticket_id)
            .collect()
        )
        if rows.height:
            return month, ticket_from_row(rows.row(0, named=True))
    looked = f"{months[0]} .. {months[-1]}" if months else "no month; run `support-pipeline run` first"
    raise ArtifactError(
        f"client '{config.id}' has no ticket '{ticket_id}' in its history ({looked}). A line that could not be read is "
        "in quarantine.jsonl beside tickets.parquet."
    )


def _split(store: Store, client: str, pair_id: str) -> str | None:
    for folder in _split_folders(store, client):
        index = pl.read_parquet(folder.local() / "index.parquet", columns=["split", "pair_id"])
        if (found := index.filter(pl.col("pair_id") == pair_id)).height:
            return f"{found['split'][0]} of release {folder.period}"
        held_back = pl.read_parquet(folder.local() / "held_back.parquet")
        if (found := held_back.filter(pl.col("pair_id") == pair_id)).height:
            return f"held back from release {folder.period}: {found['reason'][0]}"
    return None


def _split_folders(store: Store, client: str) -> Iterator[Folder]:
    for as_of in reversed(store.releases(client)):
        folder = store.release(client, as_of, "jsonl_splits")
        if folder.manifest() is not None:
            yield folder


def show(found: dict[str, Any], console: Console) -> None:
    """The explanation for people."""
    console.print(
        f"[bold]{found['client']} ticket {found['ticket_id']}[/], {found['month']}, from {escape(found['source'])}"
    )
    for number, step in enumerate(found["steps"], 1):
        console.print(f"\n[bold]{number}. {escape(step['name'])}[/] — {escape(step['rule'])}")
        if step["before"]:
            console.print(f"[red]- {escape(step['before'])}[/]")
        if step["after"]:
            console.print(f"[green]+ {escape(step['after'])}[/]")
    if found["pair"] is None:
        console.print(
            f"\n[bold]No pair:[/] {found['excluded']['reason']} {escape(found['excluded']['detail'])}"
        )
        return
    console.print(
        f"\n[bold]Pair[/] ({found['pair']['kind']}, intent {found['pair']['intent']}): {found['split'] or 'in no release yet'}"
    )
    console.print(escape(found["pair"]["customer_text"]))
    console.print(f"→ {escape(found['pair']['resolution_text'])}", style="green")
