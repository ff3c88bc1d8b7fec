"""Checkpoints that are whole or not there, and belong to the training that finds them.

A checkpoint counts once its mark lies in it, which is written last; a kill or a full disk in between
leaves a folder that the next run removes.
"""

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_pipeline.errors import ModelError

MARK = "whole.json"
OWNER = "training.json"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Whole:
    """A checkpoint that can be gone on from. `ended`: the training was over when it was written."""

    folder: Path
    step: int
    ended: bool


def claim(folder: Path, identity: str) -> None:
    """Makes the folder this training's own; checkpoints of another one in it are removed.

    `identity` is the digest of all that the adapter depends on.
    """
    owner = folder / OWNER
    if folder.is_dir() and not (owner.is_file() and owner.read_text(encoding="utf-8") == identity):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    owner.write_text(identity, encoding="utf-8")


def newest(folder: Path) -> Whole | None:
    """The newest whole checkpoint; those that are not whole are removed."""
    found: list[Whole] = []
    for path in folder.glob("checkpoint-*"):
        mark = path / MARK
        if not mark.is_file():
            shutil.rmtree(path, ignore_errors=True)
            continue
        facts: dict[str, Any] = json.loads(mark.read_text(encoding="utf-8"))
        found.append(Whole(path, int(path.name.removeprefix("checkpoint-")), bool(facts["ended"])))
    return max(found, key=lambda one: one.step, default=None)


@contextmanager
def whole(folder: Path, *, ended: bool, mark: bool = True) -> Iterator[None]:
    """Marks a checkpoint as whole when the block that writes it ends well; of several processes one marks it.

    Raises:
        ModelError: it could not be written, mostly because the disk is full.
    """
    try:
        yield
        if mark:
            (folder / MARK).write_text(json.dumps({"ended": ended}), encoding="utf-8")
    except Exception as error:  # safetensors, torch and the file system each raise kinds of their own
        if not _is_of_the_disk(error):
            raise
        shutil.rmtree(folder, ignore_errors=True)
        free = shutil.disk_usage(folder.parent).free
        raise ModelError(
            f"{folder}: the checkpoint could not be written ({_reason(error)}; {free / 1e6:,.0f} MB free). Free disk "
            "space and run again: training goes on from the checkpoint before it."
        ) from error


def demand_space(folder: Path, needed: int) -> None:
    """Raises ModelError when the disk cannot hold the checkpoints that a training keeps (bytes)."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{folder}: {free / 1e6:,.0f} MB are free, the checkpoints need about {needed / 1e6:,.0f} MB. Free disk "
            "space, or put the store on another disk (SUPPORT_PIPELINE_STORE)."
        )


def _is_of_the_disk(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    text = str(error).lower()
    return (
        "i/o error" in text or "no space" in text or "file write failed" in text or "failed writing" in text
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _FULL:
        return "the disk is full"
    return " ".join(str(error).split())[:160]
