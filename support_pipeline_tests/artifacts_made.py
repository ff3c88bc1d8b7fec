"""Small artifacts without the work behind them, for the tests of what decides and shows."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, Folder, Recipe, Store, commit, product


def put(folder: Folder, text: str = "made", info: Mapping[str, Any] | None = None, **counts: int) -> None:
    """An artifact in its folder."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "payload.txt").write_text(text, encoding="utf-8")
        recipe = Recipe(inputs={}, config={"text": text}, code_version="1")
        commit(folder, Path(scratch), recipe, product(counts, info=info), 0.0)


def put_history(store: Store, client: str, months: Iterable[str]) -> None:
    """All history stages of some months."""
    for month in months:
        for stage in HISTORY_STAGES:
            put(store.history(client, month, stage))


def put_release(store: Store, client: str, as_of: str, promote: bool = True) -> None:
    """A release; one that is not promoted has no deployed_model."""
    for stage in RELEASE_STAGES:
        decision = {"promote": promote, "reason": "better" if promote else "worse than the live one"}
        info = {"verdict": "met" if promote else "failed", "promotion": decision}
        if promote or stage != "deployed_model":
            put(store.release(client, as_of, stage), info=info)


def write_client(folder: Path, client: str, **settings: Any) -> Path:
    """The least that a client's file can hold, and an export that is there."""
    (folder / "clients").mkdir(exist_ok=True)
    (folder / "export.ndjson").touch()
    content = {
        "id": client,
        "brand": client.title(),
        "sources": [{"vendor": "zendesk", "path": "export.ndjson"}],
    }
    path = folder / "clients" / f"{client}.yaml"
    path.write_text(yaml.safe_dump({**content, **settings}), encoding="utf-8")
    return path
