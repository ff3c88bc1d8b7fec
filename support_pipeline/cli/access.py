"""`support-pipeline user` and `key`: who may use the desk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy as sa

from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import ConfigError
from support_pipeline.serving.decisions import Database, people
from support_pipeline.serving.decisions.people import Role
from support_pipeline.serving.desk.place import database_url

ROLES = ("admin", "agent")


@contextmanager
def _writing() -> Iterator[sa.Connection]:
    database = Database(database_url())
    database.migrate()
    with database.writing() as connection:
        yield connection


def add_user(email: str, role: str, clients: Sequence[str], name: str, password: str | None) -> None:
    """Adds somebody, or changes them.

    Raises:
        ConfigError: with every problem.
    """
    registry = ClientRegistry.default()
    known = [path.stem for path in registry.files()]
    problems = [
        f"no client '{one}'; known: {', '.join(known) or 'none'}" for one in clients if one not in known
    ]
    if role not in ROLES:
        problems.append(f"no role '{role}'; known: {', '.join(ROLES)}")
    if role == "agent" and not clients:
        problems.append("an agent sees the clients that --client names; name at least one")
    if problems:
        raise ConfigError("user", problems)
    with _writing() as connection:
        people.add_person(
            connection, email, role=cast(Role, role), password=password, name=name, clients=clients
        )


def users() -> list[dict[str, Any]]:
    """Everybody."""
    with _writing() as connection:
        return people.people(connection)


def remove_user(email: str) -> None:
    """Locks somebody out."""
    with _writing() as connection:
        people.remove_person(connection, email)


def add_client_key(client: str, name: str, days: int | None) -> str:
    """A new key of a client that has a file."""
    ClientRegistry.default().load(client)
    with _writing() as connection:
        return people.add_key(connection, client, name, days)


def client_keys() -> list[dict[str, Any]]:
    """Every key."""
    with _writing() as connection:
        return people.keys(connection)


def revoke_client_key(key_id: str) -> None:
    """Ends a key."""
    with _writing() as connection:
        people.revoke_key(connection, key_id)
