"""What every request shares: the database and its one writer, the clients, who waits for which draft."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import ConfigError
from support_pipeline.serving.decisions import Database
from support_pipeline.serving.decisions.schema import DRAFT
from support_pipeline.serving.decisions.writer import GroupWriter
from support_pipeline.serving.desk.bells import Bell

T = TypeVar("T")

LOOK_SECONDS = 0.1
CHUNK = 200


@dataclass(frozen=True)
class WebSettings:
    """How the page is served. `hosts` are the names it answers to; `hold_seconds` is the time to undo."""

    hold_seconds: float = 10.0
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    wait_seconds: float = 20.0
    largest_body: int = 256 * 1024
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    metrics_token: str = ""

    @property
    def oidc(self) -> bool:
        """Whether people can sign in with the agency's own identity provider."""
        return bool(self.oidc_issuer and self.oidc_client_id)


@dataclass
class Desk:
    """The shared state of the app."""

    database: Database
    registry: ClientRegistry
    settings: WebSettings
    writer: GroupWriter = field(init=False)
    waiters: "Waiters" = field(init=False)
    worker_bell: Bell = field(init=False)

    def __post_init__(self) -> None:
        self.writer = GroupWriter(self.database)
        self.waiters = Waiters(self.database)
        self.worker_bell = Bell(self.database.url, "worker")

    async def write(self, change: Callable[[sa.Connection], T]) -> T:
        """A write; it is on disk when this returns."""
        return await asyncio.wrap_future(self.writer.submit(change))

    def write_now(self, change: Callable[[sa.Connection], T]) -> T:
        """The same from a thread."""
        return self.writer.write(change)

    def client(self, name: str) -> ClientConfig | None:
        """A client's configuration, None when there is no such client or its file is broken."""
        try:
            return self.registry.load(name)
        except ConfigError:
            return None

    def client_names(self) -> list[str]:
        """Every client that has a file."""
        return [path.stem for path in self.registry.files()]


class Waiters:
    """Requests that wait for their draft. One thread looks for all of them, when the worker rings."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = Bell(database.url, "router")
        self._waiting: dict[str, list[asyncio.Future[dict[str, Any]]]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waiters", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._bell.listen()
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._ended.set()
        self._bell.ring()
        self._thread.join(2)
        self._bell.close()

    async def draft(self, draft_id: str, seconds: float) -> dict[str, Any] | None:
        """The draft once it is there, None when it does not come in time."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.setdefault(draft_id, []).append(future)
        try:
            found = await asyncio.to_thread(self._look, [draft_id])
            if found:
                return found[draft_id]
            return await asyncio.wait_for(future, seconds) if seconds > 0 else None
        except TimeoutError:
            return None
        finally:
            self._forget(draft_id, future)

    def _forget(self, draft_id: str, future: "asyncio.Future[dict[str, Any]]") -> None:
        with self._lock:
            left = [one for one in self._waiting.get(draft_id, ()) if one is not future]
            if left:
                self._waiting[draft_id] = left
            else:
                self._waiting.pop(draft_id, None)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._bell.wait(LOOK_SECONDS)
            with self._lock:
                wanted = list(self._waiting)
            for place in range(0, len(wanted), CHUNK):
                try:
                    self._tell(self._look(wanted[place : place + CHUNK]))
                except Exception:  # the database is away: whoever waits gets a 202 in the end
                    self._ended.wait(1)

    def _look(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        with self._database.reading() as connection:
            rows = connection.execute(DRAFT.select().where(DRAFT.c.id.in_(list(ids)))).mappings()
            return {row["id"]: dict(row) for row in rows}

    def _tell(self, found: dict[str, dict[str, Any]]) -> None:
        for draft_id, row in found.items():
            with self._lock:
                futures = self._waiting.pop(draft_id, [])
            for future in futures:
                future.get_loop().call_soon_threadsafe(_resolve, future, row)


def _resolve(future: "asyncio.Future[dict[str, Any]]", row: dict[str, Any]) -> None:
    if not future.done():
        future.set_result(row)
