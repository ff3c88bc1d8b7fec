"""One database by URL, the same code for SQLite and Postgres; only durability and locking differ.

SQLite runs in WAL mode with synchronous=FULL: with NORMAL, acknowledged rows are gone after a power
cut. Writers of one SQLite file queue on a lock file, because SQLite's own waiting sleeps in growing
steps. On Postgres an advisory lock keeps the order of time stamps and of the audit chain.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError

BUSY_MILLISECONDS = 10_000
MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0004"
"""The newest migration; a test compares it with the files."""


class DatabaseUnusable(SupportPipelineError):
    """The database cannot be read or written."""


def stamp(at: datetime) -> str:
    """A time as the tables hold it: UTC, fixed width."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def now_stamp(plus_seconds: float = 0.0) -> str:
    """The present time, or one near it, as the tables hold it."""
    return stamp(datetime.now(UTC) + timedelta(seconds=plus_seconds))


def storable(text: str) -> str:
    """The text as every database can hold it: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@dataclass(frozen=True)
class Database:
    """The database at a SQLAlchemy URL. `pooled` keeps connections open between transactions."""

    url: str
    pooled: bool = False

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return sa.make_url(self.url).render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return sa.make_url(self.url).get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(sa.make_url(self.url).database or "")

    @property
    def absent(self) -> bool:
        """Whether there is no SQLite file yet; reading must not create one."""
        return self.is_sqlite and not self.file.exists()

    @cached_property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine; use `reading` and `writing` instead."""
        settings: dict[str, Any] = {} if self.pooled else {"poolclass": sa.NullPool}
        engine = sa.create_engine(_with_driver(self.url), **settings)
        if self.is_sqlite:
            sa.event.listen(engine, "connect", _durable)
            sa.event.listen(engine, "begin", _begin)
        return engine

    @cached_property
    def _writer(self) -> sa.Engine:
        return self.engine.execution_options(writes=True)

    def close(self) -> None:
        """Closes the pooled connections."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A consistent view.

        Raises:
            DatabaseUnusable: it cannot be read.
        """
        with self._named("read"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A write transaction: on disk once the block has ended without an error.

        Raises:
            DatabaseUnusable: it cannot be written.
        """
        with self._named("written"), self._queued(), self._writer.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Brings the tables to the newest version; nothing happens when they are there already.

        Raises:
            DatabaseUnusable: it cannot be written, or a newer version of this project has written it.
        """
        if self.is_sqlite and self.file.parent != Path():
            with self._named("written"):
                try:
                    self.file.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise DatabaseUnusable(self._problem("written", error)) from error
        if not self.absent and self.revision() == HEAD:
            return
        from alembic import command  # a tenth of a second, needed once

        with self.writing() as connection:
            lock(connection)
            config = _alembic(connection)
            try:
                command.upgrade(config, "head")
            except Exception as error:
                if "Can't locate revision" in str(error):
                    raise DatabaseUnusable(
                        f"the decision log {self.shown} was written by a newer version of support_pipeline "
                        f"({error}). Update this installation."
                    ) from error
                raise

    def revision(self) -> str | None:
        """The migration that the tables are at, None before the first."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(
                sa.text("select version_num from alembic_version")
            ).scalar()
            return found

    @contextmanager
    def _queued(self) -> Iterator[None]:
        """Writers of one SQLite file, of whatever process, one after the other; a killed one frees the lock."""
        if not self.is_sqlite:
            yield
            return
        try:
            handle = os.open(f"{self.file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseUnusable(self._problem("written", error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _named(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except sa.exc.SQLAlchemyError as error:
            raise DatabaseUnusable(self._problem(verb, error)) from error

    def _problem(self, verb: str, error: Exception) -> str:
        return (
            f"the decision log {self.shown} cannot be {verb}: {error.__cause__ or error}. "
            "Check SUPPORT_PIPELINE_DECISIONS."
        )


def lock(connection: sa.Connection, name: str = "support_pipeline") -> None:
    """Holds other writers of the same name back until this transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


def _with_driver(url: str) -> sa.URL:
    """`postgresql://` and `postgres://` mean the driver that is installed with this project."""
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    made = sa.make_url(url)
    return made.set(drivername="postgresql+psycopg") if made.drivername == "postgresql" else made


def _durable(connection: Any, _record: Any) -> None:
    # The driver's own transactions would begin late and deferred; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _alembic(connection: sa.Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
