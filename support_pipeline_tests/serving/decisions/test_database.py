"""Migrations, durability, and one writer for many requests."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import Database, audit
from support_pipeline.serving.decisions.database import HEAD, MIGRATIONS
from support_pipeline.serving.decisions.schema import API_KEY, METADATA
from support_pipeline.serving.decisions.writer import GroupWriter, Overloaded


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("v*.py"))
    assert newest.startswith(f"v{HEAD}") and database.revision() == HEAD


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()
    assert database.revision() == HEAD


def test_a_log_from_before_migrations_keeps_its_rows(tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with old.writing() as connection:
        connection.execute(
            sa.text(
                "create table decision (draft_id varchar(64) primary key, ticket_id varchar(255) not null, client varchar(63) "
                "not null, decided_at varchar(32) not null, customer_id varchar(255) not null, customer_text text not null, "
                "draft_text text not null, final_text text not null, action varchar(16) not null, reason text not null, "
                "agent varchar(255) not null, model varchar(128) not null, trainable boolean not null)"
            )
        )
        connection.execute(
            sa.text(
                "insert into decision values ('d', 't', 'acme', '2026-09-01T00:00:00.000000+00:00', 'c', 'q', 'a', 'a', "
                "'approved', '', 'Ada', 'm', 1)"
            )
        )
    old.migrate()
    with old.reading() as connection:
        assert connection.execute(sa.text("select draft_id, kind from decision")).all() == [("d", "")]


def test_a_newer_database_is_refused_with_the_cure(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    database.migrate()
    with database.writing() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(
        SupportPipelineError, match="newer version of support_pipeline.*Update this installation"
    ):
        database.migrate()


def _key(name: str) -> sa.Insert:
    row = {"client": "acme", "name": name, "created_at": "", "expires_at": "", "revoked_at": ""}
    return API_KEY.insert().values(sha256=name, **row)


def test_one_failing_write_takes_nobody_with_it(database: Database) -> None:
    with GroupWriter(database) as writer:
        hold = threading.Event()
        blocked = writer.submit(lambda connection: hold.wait(5))
        good = [
            writer.submit(lambda connection, n=n: connection.execute(_key(f"k{n}")) is not None)
            for n in range(5)
        ]
        bad = writer.submit(lambda connection: connection.execute(_key("k0")))
        hold.set()
        assert [future.result(5) for future in good] == [True] * 5
        assert blocked.result(5)
        with pytest.raises(sa.exc.IntegrityError):
            bad.result(5)
    with database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(API_KEY)).scalar() == 5


def test_a_future_resolves_only_after_its_commit(database: Database) -> None:
    with GroupWriter(database) as writer:
        writer.write(lambda connection: connection.execute(_key("k")))
        with database.reading() as connection:
            assert connection.execute(sa.select(API_KEY.c.sha256)).scalar() == "k"


def test_a_full_queue_refuses_instead_of_promising(database: Database) -> None:
    with GroupWriter(database, waiting=2) as writer:
        hold = threading.Event()
        futures = [writer.submit(lambda connection: hold.wait(5))]
        with pytest.raises(Overloaded, match="nothing was written. Try again"):
            for _ in range(5):
                futures.append(writer.submit(lambda connection: True))
        hold.set()
        assert all(future.result(5) for future in futures)


def test_sqlite_is_durable_and_writers_queue(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    with database.reading() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


def test_the_audit_chain_shows_what_was_altered(database: Database) -> None:
    with database.writing() as connection:
        for number in range(4):
            audit.append(connection, "ada", "stop", "acme", f"o{number}", {"n": number})
        assert audit.first_broken(connection) is None
        connection.execute(sa.text("update audit set actor = 'eve' where id = 3"))
        assert audit.first_broken(connection) == 3
        connection.execute(sa.text("update audit set actor = 'ada' where id = 3"))
        connection.execute(sa.text("delete from audit where id = 2"))
        assert audit.first_broken(connection) == 3
