"""An earlier version live again: its files are there, its engine has it, then the pointer moves."""

from collections.abc import Callable

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig
from support_pipeline.errors import ArtifactError
from support_pipeline.serving.deployment import Deployment, Deployments, files_of, put_live, read_deployments
from support_pipeline.serving.engine.ollama_api import OllamaApi
from support_pipeline.serving.engine.ollama_tags import go_live, register


def rollback(
    store: Store, config: ClientConfig, to: str | None = None, say: Callable[[str], None] = lambda _: None
) -> Deployments:
    """Puts the version before live, or the newest one of release `to`. Nothing is built, so it takes seconds.

    Raises:
        ArtifactError: nothing is live, there is no such version, or its files are gone.
        EngineError: Ollama does not take it; what is live stays live.
    """
    present = read_deployments(store, config.id)
    if present is None:
        raise ArtifactError(f"client '{config.id}' has no live model, so there is nothing to roll back.")
    target = _target(config.id, present, to)
    files = files_of(store, target)
    if target.engine == "ollama":
        api = OllamaApi(config.serving.url.rstrip("/"))
        if not api.exists(target.tag):
            say(f"{target.tag} is no longer in Ollama; registering it again")
            register(
                api, config.id, files.gguf, num_ctx=config.serving.context_tokens, stop=files.chat.eos_token
            )
        api.load(target.tag, config.serving.context_tokens)
        go_live(api, config.id, target.tag)
    changed = put_live(store, target)
    say(f"live: {target.version}, before: {present.live.version}")
    return changed


def _target(client: str, present: Deployments, to: str | None) -> Deployment:
    earlier = [version for version in present.earlier if to is None or version.as_of == to]
    if earlier:
        return earlier[0]
    if to is not None and present.live.as_of == to:
        raise ArtifactError(f"client '{client}': release {to} is live already ({present.live.version}).")
    known = ", ".join(version.as_of for version in present.earlier) or "none"
    raise ArtifactError(
        f"client '{client}': no earlier version{f' of release {to}' if to else ''} is kept. Kept: {known}."
    )
