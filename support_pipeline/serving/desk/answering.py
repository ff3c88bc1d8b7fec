"""From a client's name and a ticket's text to the router's answer, on whatever is live at the moment."""

import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import EngineError, SupportPipelineError
from support_pipeline.model.base import ChatFormat, load_format
from support_pipeline.serving.deployment import Deployment, read_deployments
from support_pipeline.serving.engine import Generation, LlamaCppEngine
from support_pipeline.serving.router import Asking, RouterAnswer, answer

log = logging.getLogger(__name__)

NO_MODEL = "none"
RESTART_SECONDS = 20.0


class Answerer(Protocol):
    """Drafts answers. It may raise anything: the worker hands the ticket to a person."""

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        """The router's answer, and the version of the model that gave it."""
        ...


@dataclass
class _Live:
    deployment: Deployment
    chat: ChatFormat
    engine: LlamaCppEngine
    lock: threading.Lock = field(default_factory=threading.Lock)


class LiveAnswers:
    """One engine a client, started when it is first needed and again when another model goes live.

    An engine that fails is stopped, and started anew no sooner than `RESTART_SECONDS` later: until then
    its client's tickets go to people at once.
    """

    def __init__(self, store: Store, registry: ClientRegistry, *, deadline_seconds: float = 60.0) -> None:
        self._store, self._registry, self._deadline = store, registry, deadline_seconds
        self._live: dict[str, _Live] = {}
        self._failed_at: dict[str, datetime] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._own = threading.Lock()
        self._scratch = tempfile.TemporaryDirectory(prefix="support-pipeline-")

    def answer(self, client: str, ticket_id: str, text: str) -> tuple[RouterAnswer, str]:
        """The router's answer on the live model.

        Raises:
            ConfigError: no such client.
            EngineError: nothing is live, or the engine does not start.
        """
        config = self._registry.load(client)
        with self._lock(client):
            live = self._current(config)
        guarded = _Watched(live.engine, lambda: self._dropped(client, live))
        asking = Asking(
            config, live.chat, guarded, live.deployment.version, datetime.now(UTC).date(), self._deadline
        )
        return answer(asking, text, ticket_id), live.deployment.version

    def warm(self, client: str) -> None:
        """Starts a client's engine, so that its first ticket does not wait for it."""
        config = self._registry.load(client)
        with self._lock(client):
            self._current(config)

    def close(self) -> None:
        """Stops every engine."""
        for live in self._live.values():
            live.engine.close()
        self._live.clear()
        self._scratch.cleanup()

    def _lock(self, client: str) -> threading.Lock:
        with self._own:
            return self._locks.setdefault(client, threading.Lock())

    def _current(self, config: ClientConfig) -> _Live:
        found = read_deployments(self._store, config.id)
        if found is None:
            raise EngineError(
                f"client '{config.id}' has no live model; run `support-pipeline run {config.id}`"
            )
        live = self._live.get(config.id)
        if live is not None and live.deployment == found.live:
            return live
        failed = self._failed_at.get(config.id)
        if failed and (datetime.now(UTC) - failed).total_seconds() < RESTART_SECONDS:
            raise EngineError(f"the engine of '{config.id}' failed a moment ago and is being restarted")
        started = self._start(config, found.live)
        if live is not None:
            live.engine.close()
        self._live[config.id] = started
        return started

    def _start(self, config: ClientConfig, deployment: Deployment) -> _Live:
        log.info("starting the engine of %s on %s", config.id, deployment.version)
        try:
            model = (
                self._store.release(config.id, deployment.as_of, "gguf_artifact").local() / deployment.gguf
            )
            chat = load_format(self._store.release(config.id, deployment.as_of, "lora_adapter").local())
            engine = LlamaCppEngine(
                model,
                log=Path(self._scratch.name) / f"{config.id}.log",
                context_tokens=config.serving.context_tokens,
            )
            engine.__enter__()
        except SupportPipelineError:
            self._failed_at[config.id] = datetime.now(UTC)
            raise
        return _Live(deployment, chat, engine)

    def _dropped(self, client: str, live: _Live) -> None:
        with self._lock(client):
            if self._live.get(client) is live:
                self._failed_at[client] = datetime.now(UTC)
                del self._live[client]
        live.engine.close()


class _Watched:
    """An engine that says when its process has gone, so that the next ticket gets a new one."""

    def __init__(self, engine: LlamaCppEngine, gone: Callable[[], None]) -> None:
        self._engine, self._gone = engine, gone

    def tokenize(self, text: str) -> list[int]:
        return self._engine.tokenize(text)

    def generate(
        self, prompt_text: str, *, max_tokens: int, deadline_seconds: float, lora: str | None = None
    ) -> Generation:
        try:
            return self._engine.generate(
                prompt_text, max_tokens=max_tokens, deadline_seconds=deadline_seconds, lora=lora
            )
        except EngineError:
            if not alive(self._engine.pid):
                self._gone()
            raise


def alive(pid: int | None) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    if pid is None:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state not in ("Z", "X")
