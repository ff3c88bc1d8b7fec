"""A deployment's engine, by the client's setting: embedded llama.cpp, llama-server, or Ollama."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support_pipeline.clients import Serving
from support_pipeline.serving.deployment import ModelFiles
from support_pipeline.serving.engine import Engine, LlamaCppEngine, LlamaServerEngine, OllamaEngine
from support_pipeline.serving.engine.ollama_api import OllamaApi

_LLAMA = {"llama.cpp": LlamaCppEngine, "llama-server": LlamaServerEngine}


@contextmanager
def open_engine(
    serving: Serving,
    files: ModelFiles,
    *,
    log: Path,
    tag: str = "",
    adapters: Mapping[str, Path] | None = None,
    parallel: int = 1,
    threads: int | None = None,
) -> Iterator[Engine]:
    """A running engine on a version's files; `adapters` are all LoRAs of a shared base, `tag` Ollama's name.

    Raises:
        EngineError: it does not start, or Ollama has no such model.
    """
    if serving.engine == "ollama":
        api = OllamaApi(serving.url.rstrip("/"))
        api.show(tag)
        yield OllamaEngine(
            api,
            tag,
            gguf=files.gguf,
            ids=files.chat.ids,
            bos_token=files.chat.bos_token,
            context_tokens=serving.context_tokens,
        )
        return
    with _LLAMA[serving.engine](
        files.gguf,
        log=log,
        adapters=adapters,
        context_tokens=serving.context_tokens,
        n_parallel=parallel,
        threads=threads,
    ) as engine:
        yield engine
