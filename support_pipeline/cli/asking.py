"""`support-pipeline ask`: one ticket through the router, on the client's live model."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import ArtifactError
from support_pipeline.model.base import load_format
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.serving.engine import LlamaCppEngine
from support_pipeline.serving.router import Asking, RouterAnswer, answer


def ask_live(client: str, ticket_text: str) -> RouterAnswer:
    """Starts the engine on the live model, asks, and stops it.

    Raises:
        ConfigError: no such client.
        ArtifactError: nothing is live.
    """
    store, config = Store.default(), ClientRegistry.default().load(client)
    deployments = read_deployments(store, client)
    if deployments is None:
        raise ArtifactError(
            f"client '{client}' has no live model. Run `support-pipeline run {client}` first, or look at "
            f"`support-pipeline status {client}` for the stage that is missing."
        )
    live = deployments.live
    model = store.release(client, live.as_of, "gguf_artifact")
    chat = load_format(store.release(client, live.as_of, "lora_adapter").local())
    with (
        tempfile.TemporaryDirectory() as scratch,
        LlamaCppEngine(
            model.local() / live.gguf,
            log=Path(scratch) / "engine.log",
            context_tokens=config.serving.context_tokens,
        ) as engine,
    ):
        return answer(Asking(config, chat, engine, live.version, datetime.now(UTC).date()), ticket_text)
