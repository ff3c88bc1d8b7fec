"""How any stage makes an artifact: re-use it if its recipe is unchanged, else stage, work, commit."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support_pipeline.artifacts import Folder, Manifest, Product, Recipe, Store, commit
from support_pipeline.model.jobs import Job
from support_pipeline.storage import clear_storage_errors

Say = Callable[[str], None]
Launch = Callable[[str, Job], None]
"""Runs `python -m <module> --job <file>` for a job and returns when it has succeeded."""


@dataclass(frozen=True)
class StageResult:
    """An artifact in its place. `stats` are figures of this run (seconds, memory), empty when re-used."""

    folder: Folder
    manifest: Manifest
    reused: bool
    stats: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scratch:
    """A staged artifact: what becomes the payload, and what is only of this run."""

    root: Path

    @property
    def payload(self) -> Path:
        """The folder that is committed."""
        return self.root / "payload"

    @property
    def stats_file(self) -> Path:
        """Where a model job leaves its figures."""
        return self.root / "stats.json"

    def stats(self) -> dict[str, Any]:
        """The figures of this run, if there are any."""
        if not self.stats_file.is_file():
            return {}
        return dict(json.loads(self.stats_file.read_text(encoding="utf-8")))


def _silent(_: str) -> None:
    pass


def make(
    store: Store, folder: Folder, recipe: Recipe, work: Callable[[Scratch], Product], say: Say = _silent
) -> StageResult:
    """The artifact of a recipe: the one in place when nothing that goes in has changed, else a new one.

    Raises:
        ArtifactError: the disk is full, or the store cannot be written; what was there is still there.
    """
    with clear_storage_errors(folder.path):
        return _make(store, folder, recipe, work, say)


def _make(
    store: Store, folder: Folder, recipe: Recipe, work: Callable[[Scratch], Product], say: Say
) -> StageResult:
    present = folder.reusable(recipe.key(folder.stage))
    if present is not None:
        store.sweep()  # a kill between the commit and the end of the scratch folder
        say(f"{folder.stage} {folder.period}: unchanged, re-used ({present.fingerprint[:12]})")
        return StageResult(folder, present, reused=True)
    started = time.monotonic()
    with store.staging(folder) as root:
        scratch = Scratch(root)
        scratch.payload.mkdir()
        made = work(scratch)
        manifest = commit(folder, scratch.payload, recipe, made, time.monotonic() - started)
        return StageResult(folder, manifest, reused=False, stats=scratch.stats())


def conservation(total: int, parts: dict[str, int]) -> tuple[bool, str]:
    """Whether a total equals the sum of its parts, and the sentence that says so."""
    found = sum(parts.values())
    sides = " + ".join(f"{count:,} {name}" for name, count in parts.items())
    return total == found, f"{total:,} {'=' if total == found else '≠'} {sides}"
