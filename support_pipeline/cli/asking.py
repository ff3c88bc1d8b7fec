"""`support-pipeline ask`: one ticket through the router, on the client's live model."""

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.router import RouterAnswer, answer


def ask_live(client: str, ticket_text: str) -> RouterAnswer:
    """Starts the engine on the live model, asks, and stops it.

    Raises:
        ConfigError: no such client.
        ArtifactError: nothing is live.
        EngineError: the engine does not start, or is not the right one.
    """
    with LiveModels(Store.default(), ClientRegistry.default()) as models, models.lease(client) as asking:
        return answer(asking, ticket_text)
