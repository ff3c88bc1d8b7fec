"""Where the desk's database is."""

import os
from pathlib import Path

from support_pipeline.artifacts import Store, is_local
from support_pipeline.errors import ConfigError

VARIABLE = "SUPPORT_PIPELINE_DECISIONS"


def database_url(store: Store | None = None) -> str:
    """The URL in SUPPORT_PIPELINE_DECISIONS, `decisions.db` in a local store without it.

    Raises:
        ConfigError: the store is not on this machine's disk, and no URL is given.
    """
    if given := os.environ.get(VARIABLE):
        return given
    root = (store or Store.default()).root
    if not is_local(root):
        raise ConfigError(
            f"environment variable {VARIABLE}",
            [
                "is not set, and the store is not a local folder; give the URL of a Postgres, or of a local SQLite file"
            ],
        )
    return f"sqlite:///{Path(root.path).resolve() / 'decisions.db'}"
