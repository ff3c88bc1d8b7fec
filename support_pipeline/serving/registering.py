"""A release made ready for its engine: uploaded to Ollama, or made a LoRA on a shared base; then live."""

from collections.abc import Callable
from pathlib import Path

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig
from support_pipeline.serving.deployment import Deployment, Deployments, files_of, put_live, shared_files
from support_pipeline.serving.engine.ollama_api import OllamaApi
from support_pipeline.serving.engine.ollama_tags import go_live as go_live_in_ollama
from support_pipeline.serving.engine.ollama_tags import register
from support_pipeline.serving.opening import open_engine
from support_pipeline.serving.selftest import SelfTest, self_test

Say = Callable[[str], None]


def registered(
    store: Store, config: ClientConfig, deployment: Deployment, base: Path, adapter: Path, say: Say
) -> Deployment:
    """The deployment as its engine knows it. `base` and `adapter` are the checkpoint and PEFT folders.

    Raises:
        EngineError: Ollama does not take the model.
        ModelError: the adapter cannot be a LoRA of its own in llama.cpp.
    """
    if deployment.shared_base:
        _convert_shared(store, deployment, base, adapter, say)
    if config.serving.engine != "ollama":
        return deployment
    files = files_of(store, deployment)
    say(f"registering {files.gguf.name} in Ollama at {config.serving.url}")
    tag = register(
        OllamaApi(config.serving.url.rstrip("/")),
        config.id,
        files.gguf,
        num_ctx=config.serving.context_tokens,
        stop=files.chat.eos_token,
    )
    return deployment.model_copy(update={"tag": tag})


def _convert_shared(store: Store, deployment: Deployment, base: Path, adapter: Path, say: Say) -> None:
    from support_pipeline.model.base import load_format
    from support_pipeline.model.gguf.adapter import convert_adapter
    from support_pipeline.model.gguf.convert import Provenance, convert

    whole, lora = shared_files(store, deployment.shared_base, deployment.adapter)
    whole.parent.mkdir(parents=True, exist_ok=True)
    if not whole.is_file():
        say("converting the shared base model, once for all its clients")
        convert(base, whole, provenance=Provenance(name="base"), chat_template=load_format(adapter).template)
    if not lora.is_file():
        convert_adapter(adapter, base, lora, name=deployment.version)


def tested_deployment(store: Store, config: ClientConfig, deployment: Deployment, log: Path) -> SelfTest:
    """The self-test of a deployment on its own engine, started for it.

    Raises:
        EngineError: the engine does not start or fails.
    """
    files = files_of(store, deployment)
    adapters = {config.id: files.lora} if files.lora else {}
    with open_engine(config.serving, files, log=log, tag=deployment.tag, adapters=adapters) as engine:
        return self_test(engine, config, files.chat, lora=config.id if files.lora else None)


def go_live(store: Store, config: ClientConfig, deployment: Deployment) -> Deployments:
    """Moves Ollama's `live` name, if it is the engine, and then the pointer."""
    if deployment.tag:
        go_live_in_ollama(OllamaApi(config.serving.url.rstrip("/")), config.id, deployment.tag)
    return put_live(store, deployment)
