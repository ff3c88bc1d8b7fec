"""Who may do what: people with their sessions, and the API keys of clients. Secrets only as hashes."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.serving.decisions import audit
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.schema import API_KEY, PERSON, SESSION

Role = Literal["admin", "agent"]
SESSION_HOURS = 8
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Person:
    """Somebody who works on the page. An admin sees every client, an agent those in `clients`."""

    email: str
    name: str
    role: Role
    clients: tuple[str, ...] = ()
    shortcuts: bool = True

    @property
    def visible(self) -> tuple[str, ...] | None:
        """The clients that this person may see; None is all."""
        return None if self.role == "admin" else self.clients

    def sees(self, client: str) -> bool:
        """Whether this person may see a client."""
        return self.role == "admin" or client in self.clients


@dataclass(frozen=True)
class Session:
    """A signed-in person, with the token that every change must carry."""

    person: Person
    csrf: str


def add_person(
    connection: sa.Connection,
    email: str,
    *,
    role: Role,
    password: str | None,
    name: str = "",
    clients: Sequence[str] = (),
    by: str = "command line",
) -> None:
    """Adds somebody, or changes what they may do; without a password they sign in by OIDC only.

    Raises:
        ConfigError: no address, or a password that is too short.
    """
    email = email.strip().lower()
    problems = [] if "@" in email and len(email) <= 255 else [f"'{email}' is no e-mail address"]
    if password is not None and len(password) < SHORTEST_PASSWORD:
        problems.append(f"the password has {len(password)} characters; give at least {SHORTEST_PASSWORD}")
    if problems:
        raise ConfigError("user", problems)
    row: dict[str, Any] = {
        "name": name or email.split("@")[0],
        "role": role,
        "clients": list(clients),
        "active": True,
    }
    if password is not None:
        row["password"] = _hasher().hash(password)
    if not connection.execute(PERSON.update().where(PERSON.c.email == email).values(**row)).rowcount:
        row = {"password": "", "shortcuts": True, "created_at": now_stamp()} | row
        connection.execute(PERSON.insert().values(email=email, **row))
    end_sessions(connection, email)
    audit.append(connection, by, "person", "", email, {"role": role, "clients": list(clients)})


def remove_person(connection: sa.Connection, email: str, by: str = "command line") -> None:
    """Locks somebody out at once; their name stays on what they decided.

    Raises:
        ConfigError: nobody of that address.
    """
    email = email.strip().lower()
    if not connection.execute(PERSON.update().where(PERSON.c.email == email).values(active=False)).rowcount:
        raise ConfigError("user", [f"nobody has the address '{email}'"])
    end_sessions(connection, email)
    audit.append(connection, by, "person", "", email, {"active": False})


def people(connection: sa.Connection) -> list[dict[str, Any]]:
    """Everybody, without password hashes."""
    names = ("email", "name", "role", "clients", "active", "created_at")
    query = sa.select(*(PERSON.c[name] for name in names)).order_by(PERSON.c.email)
    return [dict(row) for row in connection.execute(query).mappings()]


def check_password(row: dict[str, Any] | None, password: str) -> bool:
    """Whether it is the person's password; an unknown person costs the same time as a known one."""
    from argon2.exceptions import InvalidHashError, VerificationError

    known = row["password"] if row and row["active"] and row["password"] else ""
    try:
        return _hasher().verify(known or _nobody(), password) and bool(known)
    except (VerificationError, InvalidHashError):
        return False


def person_row(connection: sa.Connection, email: str) -> dict[str, Any] | None:
    """The row of somebody who may sign in, or None."""
    query = PERSON.select().where(PERSON.c.email == email.strip().lower(), PERSON.c.active)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def begin_session(connection: sa.Connection, email: str, how: str) -> str:
    """A new session's token; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    connection.execute(SESSION.delete().where(SESSION.c.expires_at < now_stamp()))
    connection.execute(
        SESSION.insert().values(
            token_sha256=sha256(token),
            email=email,
            csrf=secrets.token_urlsafe(32),
            created_at=now_stamp(),
            expires_at=now_stamp(SESSION_HOURS * 3600),
        )
    )
    audit.append(connection, email, "sign-in", "", email, {"how": how})
    return token


def session_of(connection: sa.Connection, token: str) -> Session | None:
    """The session of a token, None when it has ended or its person may no longer sign in."""
    query = (
        sa.select(SESSION.c.csrf, PERSON)
        .join(PERSON, PERSON.c.email == SESSION.c.email)
        .where(SESSION.c.token_sha256 == sha256(token), SESSION.c.expires_at > now_stamp(), PERSON.c.active)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    names = ("email", "name", "role", "shortcuts")
    return Session(Person(**{n: row[n] for n in names}, clients=tuple(row["clients"])), row["csrf"])


def end_session(connection: sa.Connection, token: str) -> None:
    """Signs out."""
    connection.execute(SESSION.delete().where(SESSION.c.token_sha256 == sha256(token)))


def end_sessions(connection: sa.Connection, email: str) -> None:
    """Signs somebody out everywhere."""
    connection.execute(SESSION.delete().where(SESSION.c.email == email))


def set_shortcuts(connection: sa.Connection, email: str, on: bool) -> None:
    """Single-key shortcuts on or off for a person."""
    connection.execute(PERSON.update().where(PERSON.c.email == email).values(shortcuts=on))


def add_key(
    connection: sa.Connection, client: str, name: str, days: int | None = None, by: str = "command line"
) -> str:
    """A new API key of a client. It is shown this once: only its hash is kept."""
    key = f"sp_{secrets.token_urlsafe(32)}"
    connection.execute(
        API_KEY.insert().values(
            sha256=sha256(key),
            client=client,
            name=name,
            created_at=now_stamp(),
            expires_at=now_stamp(days * 86400) if days else "",
            revoked_at="",
        )
    )
    audit.append(connection, by, "key", client, name, {"added": sha256(key)[:12]})
    return key


def client_of(connection: sa.Connection, key: str) -> str | None:
    """The client of an API key that is valid now."""
    row = connection.execute(API_KEY.select().where(API_KEY.c.sha256 == sha256(key))).mappings().first()
    if row is None or row["revoked_at"] or (row["expires_at"] and row["expires_at"] <= now_stamp()):
        return None
    return str(row["client"])


def keys(connection: sa.Connection, client: str | None = None) -> list[dict[str, Any]]:
    """The keys without what would let anybody use them; `id` is the start of the hash."""
    query = API_KEY.select().order_by(API_KEY.c.client, API_KEY.c.created_at)
    rows = connection.execute(query.where(API_KEY.c.client == client) if client else query).mappings()
    return [{"id": row["sha256"][:12], **{n: v for n, v in row.items() if n != "sha256"}} for row in rows]


def revoke_key(connection: sa.Connection, key_id: str, by: str = "command line") -> None:
    """Ends a key by the id that `keys` shows.

    Raises:
        SupportPipelineError: no such key.
    """
    found = API_KEY.c.sha256.startswith(key_id, autoescape=True)
    if (
        len(key_id) < 8
        or not connection.execute(
            API_KEY.update().where(found, API_KEY.c.revoked_at == "").values(revoked_at=now_stamp())
        ).rowcount
    ):
        raise SupportPipelineError(f"no valid key begins with '{key_id}'. See `support-pipeline key list`.")
    audit.append(connection, by, "key", "", key_id, {"revoked": True})


def same(given: str, expected: str) -> bool:
    """Equality that takes the same time wherever the difference is."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def sha256(text: str) -> str:
    """A secret as it is kept; enough for secrets of 256 random bits, which nobody can try out."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return str(_hasher().hash(secrets.token_urlsafe(16)))
