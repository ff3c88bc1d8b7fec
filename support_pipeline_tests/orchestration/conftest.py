"""Dagster keeps the last instance's storage in a context variable; a test must not find another test's there."""

from collections.abc import Iterator

import pytest
from dagster._core.storage.defs_state.base import _current_storage


@pytest.fixture(autouse=True)
def no_instance_left() -> Iterator[None]:
    """Forgets the instance of the test that is over."""
    yield
    _current_storage.set(None)
