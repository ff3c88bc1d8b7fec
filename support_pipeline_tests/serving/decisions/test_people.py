"""Passwords, sessions and keys: only hashes are kept, and all of them end."""

import pytest
import sqlalchemy as sa

from support_pipeline.errors import ConfigError, SupportPipelineError
from support_pipeline.serving.decisions import Database, people
from support_pipeline.serving.decisions.schema import API_KEY, METADATA, SESSION

PASSWORD = "correct horse battery"


def test_a_password_opens_a_session_and_its_removal_ends_it(database: Database) -> None:
    with database.writing() as connection:
        people.add_person(connection, "Ada@Acme.example", role="agent", password=PASSWORD, clients=["acme"])
        row = people.person_row(connection, "ada@acme.EXAMPLE")
        assert people.check_password(row, PASSWORD)
        assert not people.check_password(row, PASSWORD + "!")
        assert not people.check_password(None, PASSWORD)
        token = people.begin_session(connection, "ada@acme.example", "password")
        session = people.session_of(connection, token)
        assert session and session.person.clients == ("acme",) and session.person.visible == ("acme",)
        assert people.session_of(connection, token + "x") is None
        people.remove_person(connection, "ada@acme.example")
        assert people.session_of(connection, token) is None
        assert people.person_row(connection, "ada@acme.example") is None


def test_an_old_session_has_ended(database: Database) -> None:
    with database.writing() as connection:
        people.add_person(connection, "a@b.example", role="admin", password=PASSWORD)
        token = people.begin_session(connection, "a@b.example", "password")
        connection.execute(SESSION.update().values(expires_at="2026-01-01T00:00:00.000000+00:00"))
        assert people.session_of(connection, token) is None


def test_somebody_without_a_password_cannot_use_one(database: Database) -> None:
    with database.writing() as connection:
        people.add_person(connection, "a@b.example", role="agent", password=None)
        assert not people.check_password(people.person_row(connection, "a@b.example"), "")


def test_all_problems_of_a_user_are_told_at_once(database: Database) -> None:
    with database.writing() as connection, pytest.raises(ConfigError) as caught:
        people.add_person(connection, "ada", role="agent", password="short")
    assert len(caught.value.problems) == 2


def test_a_key_opens_its_client_until_it_is_revoked(database: Database) -> None:
    with database.writing() as connection:
        key = people.add_key(connection, "acme", "shop")
        gone = people.add_key(connection, "acme", "old", days=1)
        assert people.client_of(connection, key) == "acme"
        assert people.client_of(connection, key[:-1]) is None
        connection.execute(
            API_KEY.update()
            .where(API_KEY.c.name == "old")
            .values(expires_at="2026-01-01T00:00:00.000000+00:00")
        )
        assert people.client_of(connection, gone) is None
        people.revoke_key(connection, people.keys(connection)[0]["id"])
        assert people.client_of(connection, key) is None
        with pytest.raises(SupportPipelineError, match="no valid key begins with"):
            people.revoke_key(connection, "0123456789")


def test_no_secret_stands_in_any_table(database: Database) -> None:
    with database.writing() as connection:
        people.add_person(connection, "a@b.example", role="admin", password=PASSWORD)
        secrets = [PASSWORD, people.add_key(connection, "acme", "shop")]
        secrets.append(people.begin_session(connection, "a@b.example", "password"))
        everything = "".join(
            str(connection.execute(sa.select(table)).all()) for table in METADATA.sorted_tables
        )
    assert not [secret for secret in secrets if secret in everything]
