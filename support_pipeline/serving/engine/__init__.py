"""What turns a rendered prompt into an answer, behind one interface.

Embedded llama.cpp (`LlamaCppEngine`), the `llama-server` binary (`LlamaServerEngine`) and Ollama
(`OllamaEngine`). Engines take text that `model.prompt` rendered, so the model reads in production
what it read in training. Nothing here imports torch, transformers or llama.cpp: the model lives in
another process.
"""

from support_pipeline.serving.engine.answer import Engine, Generation, StopReason
from support_pipeline.serving.engine.limits import (
    BoundedEngine,
    CircuitBreaker,
    EngineBusyError,
    EngineUnavailableError,
)
from support_pipeline.serving.engine.llama_cpp import LlamaCppEngine, LlamaServerEngine
from support_pipeline.serving.engine.ollama import OllamaEngine

__all__ = [
    "BoundedEngine",
    "CircuitBreaker",
    "Engine",
    "EngineBusyError",
    "EngineUnavailableError",
    "Generation",
    "LlamaCppEngine",
    "LlamaServerEngine",
    "OllamaEngine",
    "StopReason",
]
