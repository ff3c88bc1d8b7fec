"""The engines of what is live, for a process that answers many clients' tickets.

An engine is started when its client is first asked, and shown to be right before anyone is answered.
When the pointer moves (a new release, a rollback), the next version's engine starts beside the one at
work, takes over when it has passed its test, and the old one ends with its last answer: no request
fails, and none waits. Clients that share a base model share one engine, each by its own adapter.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from types import TracebackType
from typing import Self

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import ArtifactError, EngineError, SupportPipelineError
from support_pipeline.model.base import ChatFormat
from support_pipeline.serving.confidence import Binding, Certificate, Watch, read_certificate
from support_pipeline.serving.deployment import Deployment, ModelFiles, files_of, read_deployments
from support_pipeline.serving.engine import BoundedEngine, LlamaCppEngine
from support_pipeline.serving.guardrails import policy_digest
from support_pipeline.serving.opening import open_engine
from support_pipeline.serving.router import Asking, Trust
from support_pipeline.serving.selftest import conversation, refuse_another_model, refuse_unless_right

log = logging.getLogger(__name__)

RETRY_SECONDS = 15.0
"""How long an engine that failed to start is left alone."""


@dataclass
class _Served:
    """One running engine with the versions that it serves, by client."""

    key: tuple[str, ...]
    engine: BoundedEngine
    chats: Mapping[str, ChatFormat]
    deployments: Mapping[str, Deployment]
    ends: ExitStack
    alive: Callable[[], bool] = lambda: True
    leases: int = 0
    retired: bool = False


@dataclass
class _Place:
    """Where the engine of a client, or of a shared base, stands."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    served: _Served | None = None
    starting: threading.Thread | None = None
    failed: EngineError | None = None
    failed_at: float = 0.0


class LiveModels:
    """Engines by client, for as long as the `with` block lasts. `parallel` is each engine's slots.

    `waiting` bounds each engine's queue; `log` is where engines write, a scratch folder when None.
    """

    def __init__(
        self,
        store: Store,
        registry: ClientRegistry,
        *,
        parallel: int = 1,
        threads: int | None = None,
        waiting: int = 64,
        log_folder: Path | None = None,
    ) -> None:
        self._store, self._registry = store, registry
        self._parallel, self._threads, self._waiting = parallel, threads, waiting
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._logs = log_folder
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()
        self._trusts: dict[str, tuple[str, Trust | None]] = {}

    def __enter__(self) -> Self:
        if self._logs is None:
            self._scratch = tempfile.TemporaryDirectory()
            self._logs = Path(self._scratch.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every engine."""
        for place in list(self._places.values()):
            if place.starting is not None:
                place.starting.join()
            if place.served is not None:
                place.served.ends.close()
                place.served = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    @contextmanager
    def lease(self, client: str, *, deadline_seconds: float = 60.0) -> Iterator[Asking]:
        """What the router needs to ask the client's live model; the engine stays while the block lasts.

        Raises:
            ConfigError: no such client.
            ArtifactError: nothing is live.
            EngineError: the engine does not start, or is not the right one.
        """
        config = self._registry.load(client)
        live = self._live(client)
        place = self._place(client, live)
        served = self._take(place, config, live)
        try:
            deployment = served.deployments[client]
            yield Asking(
                config=config,
                chat=served.chats[client],
                engine=served.engine,
                version=deployment.version,
                day=datetime.now(UTC).date(),
                deadline_seconds=deadline_seconds,
                lora=client if deployment.shared_base else None,
                ceiling=deployment.route_ceiling,
                trust=self._trust(config, deployment),
            )
        finally:
            self._give_back(place, served)

    def warm(self, client: str) -> None:
        """Starts a client's engine before its first ticket; raises as `lease` does."""
        with self.lease(client):
            pass

    def prove(self, client: str) -> str:
        """Asks the client's live model a question whose answer is known; gives the version that answered.

        Raises:
            SupportPipelineError: as `lease` does, or the answer is not that of the deployment.
        """
        config, live = self._registry.load(client), self._live(client)
        place = self._place(client, live)
        served = self._take(place, config, live)
        try:
            deployment = served.deployments[client]
            refuse_another_model(
                served.engine,
                served.chats[client],
                deployment.canaries,
                who=deployment.version,
                lora=client if deployment.shared_base else None,
            )
            return deployment.version
        finally:
            self._give_back(place, served)

    def live_clients(self) -> list[str]:
        """Every client that has a live model."""
        return [
            path.stem
            for path in self._registry.files()
            if read_deployments(self._store, path.stem) is not None
        ]

    def watch(self, client: str) -> Watch | None:
        """The watch over the client's certificate, to be told of audits; None without a certificate."""
        trust = self._trust(self._registry.load(client), self._live(client))
        return trust.watch if trust else None

    def _live(self, client: str) -> Deployment:
        deployments = read_deployments(self._store, client)
        if deployments is None:
            raise ArtifactError(
                f"client '{client}' has no live model. Run `support-pipeline run {client}` first, or look at "
                f"`support-pipeline status {client}` for the stage that is missing."
            )
        return deployments.live

    def _place(self, client: str, live: Deployment) -> _Place:
        with self._lock:
            return self._places.setdefault(
                f"base {live.shared_base}" if live.shared_base else client, _Place()
            )

    def _take(self, place: _Place, config: ClientConfig, live: Deployment) -> _Served:
        """A lease on the engine that serves the client; one that serves another version only until it is ready."""
        with place.lock:
            served = self._running(place)
            if served is not None and self._serves(served, live):
                served.leases += 1
                return served
            if served is not None and live.client in served.deployments:
                # The version before answers on while the next one starts.
                self._start_beside(place, config, live)
                if place.failed is None:
                    served.leases += 1
                    return served
            if place.failed is not None and time.monotonic() - place.failed_at < RETRY_SECONDS:
                raise place.failed
            started = self._start(place, config, live)
            started.leases += 1
            return started

    def _running(self, place: _Place) -> _Served | None:
        """What serves now; an engine whose process has gone makes room for the next one."""
        if place.served is None or place.served.alive():
            return place.served
        log.warning("the engine of %s has gone; another is started", ", ".join(place.served.deployments))
        gone, place.served = place.served, None
        gone.retired = True
        if gone.leases == 0:
            gone.ends.close()
        return None

    def _serves(self, served: _Served, live: Deployment) -> bool:
        found = served.deployments.get(live.client)
        return found is not None and (found.version, found.engine) == (live.version, live.engine)

    def _start_beside(self, place: _Place, config: ClientConfig, live: Deployment) -> None:
        if place.starting is not None and place.starting.is_alive():
            return
        if place.failed is not None and time.monotonic() - place.failed_at < RETRY_SECONDS:
            return

        def start() -> None:
            try:
                fresh = self._opened(config, live)
            except SupportPipelineError as error:
                with place.lock:
                    self._failed(place, error)
                return
            with place.lock:
                self._put(place, fresh)

        place.failed = None
        place.starting = threading.Thread(target=start, name=f"start {live.version}", daemon=True)
        place.starting.start()

    def _start(self, place: _Place, config: ClientConfig, live: Deployment) -> _Served:
        try:
            fresh = self._opened(config, live)
        except SupportPipelineError as error:
            raise self._failed(place, error) from error
        self._put(place, fresh)
        return fresh

    def _failed(self, place: _Place, error: SupportPipelineError) -> EngineError:
        log.error("%s", error)
        place.failed = error if isinstance(error, EngineError) else EngineError(str(error))
        place.failed_at = time.monotonic()
        return place.failed

    def _put(self, place: _Place, fresh: _Served) -> None:
        before, place.served, place.failed = place.served, fresh, None
        if before is not None:
            before.retired = True
            if before.leases == 0:
                before.ends.close()

    def _give_back(self, place: _Place, served: _Served) -> None:
        with place.lock:
            served.leases -= 1
            ended = served.retired and served.leases == 0
        if ended:
            served.ends.close()

    def _opened(self, config: ClientConfig, live: Deployment) -> _Served:
        """A running engine that has passed its test, for the client and whoever shares its base.

        Raises:
            SupportPipelineError: it does not start, files are missing, or it is not the right model.
        """
        together = self._sharing(config, live)
        files = {client: files_of(self._store, deployment) for client, (_, deployment) in together.items()}
        with ExitStack() as stack:
            engine = stack.enter_context(
                open_engine(
                    config.serving,
                    files[config.id],
                    log=self._log(config.id),
                    tag=live.tag,
                    adapters={client: found.lora for client, found in files.items() if found.lora},
                    parallel=self._parallel,
                    threads=self._threads,
                )
            )
            for client, (its_config, deployment) in together.items():
                refuse_unless_right(
                    engine,
                    its_config,
                    files[client].chat,
                    deployment.canaries,
                    who=deployment.version,
                    lora=client if files[client].lora else None,
                )
            if isinstance(engine, LlamaCppEngine) and len(together) > 1:
                engine.self_test(_greetings(together, files))
            log.info("serving %s", ", ".join(deployment.version for _, deployment in together.values()))
            return _Served(
                key=tuple(sorted(deployment.version for _, deployment in together.values())),
                engine=BoundedEngine(engine, slots=self._parallel, waiting=self._waiting),
                chats={client: found.chat for client, found in files.items()},
                deployments={client: deployment for client, (_, deployment) in together.items()},
                ends=stack.pop_all(),
                alive=(lambda: engine.alive) if isinstance(engine, LlamaCppEngine) else (lambda: True),
            )

    def _sharing(self, config: ClientConfig, live: Deployment) -> dict[str, tuple[ClientConfig, Deployment]]:
        """The client, and every other whose live model is a LoRA on the same base."""
        found = {config.id: (config, live)}
        if not live.shared_base:
            return found
        for path in self._registry.files():
            try:
                other = self._registry.load(path.stem)
                deployments = read_deployments(self._store, other.id)
            except SupportPipelineError:
                continue  # a client whose file is broken does not stop the others
            same = deployments is not None and deployments.live.shared_base == live.shared_base
            if same and deployments is not None and other.serving.engine == config.serving.engine:
                found.setdefault(other.id, (other, deployments.live))
        return found

    def _log(self, client: str) -> Path:
        assert self._logs is not None, "use LiveModels in a with block"
        return self._logs / f"{client}.engine.log"

    def _trust(self, config: ClientConfig, deployment: Deployment) -> Trust | None:
        certificate = read_certificate(self._store, config.id, deployment.fingerprint)
        if certificate is None:
            return None
        known = self._trusts.get(config.id)
        if known is not None and known[0] == certificate.id + deployment.version:
            return known[1]
        trust = trust_of(self._store, config, deployment, certificate)
        self._trusts[config.id] = (certificate.id + deployment.version, trust)
        return trust


def trust_of(store: Store, config: ClientConfig, deployment: Deployment, certificate: Certificate) -> Trust:
    """A certificate with what is really served, and its watch."""
    return Trust(certificate, binding_of(config, deployment), Watch(store, certificate))


def binding_of(config: ClientConfig, deployment: Deployment) -> Binding:
    """What a certificate of this deployment is about, today."""
    serving = config.serving
    return Binding(
        model=deployment.fingerprint,
        adapter=deployment.adapter,
        template=deployment.template_sha256,
        policies=policy_digest(config.book, datetime.now(UTC).date()),
        engine=f"{serving.engine} {serving.base} {deployment.quantisation} {serving.context_tokens} "
        f"{config.evaluation.max_answer_tokens} {installed('xllamacpp') if serving.engine == 'llama.cpp' else ''}".strip(),
    )


def _greetings(
    together: Mapping[str, tuple[ClientConfig, Deployment]], files: Mapping[str, ModelFiles]
) -> list[str]:
    """One prompt a client, each with its own system message: with one alone, mixing hides."""
    day = datetime.now(UTC).date()
    return [
        files[client].chat.text(
            conversation(config, day, "Where can I read your policies?"), add_generation_prompt=True
        )
        for client, (config, _) in list(together.items())[:4]
    ]
