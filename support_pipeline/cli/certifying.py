"""`support-pipeline certify`: the certificate of what is live."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from support_pipeline.artifacts import Store, is_local
from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.confidence import Certificate
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.serving.live import LiveModels
from support_pipeline.stages.certifying import certify_deployment


def certify_live(client: str, say: Callable[[str], None]) -> Certificate:
    """Starts the live engine, answers its validation tickets, reads the decisions, and certifies.

    Raises:
        ConfigError: no such client.
        ArtifactError: nothing is live, or its splits are gone.
        EngineError: the engine does not start or fails.
    """
    store, registry = Store.default(), ClientRegistry.default()
    root = Path(store.root.path) if is_local(store.root) else Path("store").resolve()
    decisions = DecisionLog.default(root)
    with LiveModels(store, registry) as models, models.lease(client) as asking:
        deployments = read_deployments(store, client)
        assert deployments is not None  # the lease has read it
        months = sorted({*store.months(client), *_months_since(deployments.live.as_of)})
        approvals = pl.concat([decisions.edits(client, month) for month in months])
        return certify_deployment(store, asking.config, deployments.live, asking, approvals, say)


def _months_since(as_of: str) -> list[str]:
    """The months from a release's own to the present one: decisions on its drafts are in these."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    year, month = int(as_of[:4]), int(as_of[5:])
    found = []
    while (year, month) <= (now.year, now.month):
        found.append(f"{year:04}-{month:02}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found
