"""A full disk, a store that is gone, corrupt files: the message names the place, and nothing is half written."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from support_pipeline.artifacts import HISTORY_STAGES, Product, Recipe, Store, product
from support_pipeline.errors import ArtifactError
from support_pipeline.stages.making import Scratch, make
from support_pipeline.storage import explained
from support_pipeline_tests.conftest import AS_OF, Project, make_project

RECIPE = Recipe(inputs={}, config={}, code_version="1")
MANY = pl.DataFrame({"number": list(range(400_000))})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, leave: int) -> None:
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(b"x" * (free - leave))


def write_table(scratch: Scratch) -> Product:
    MANY.write_parquet(scratch.payload / "table.parquet", compression="uncompressed")
    return product()


def test_a_full_disk_is_named_and_leaves_what_was_there(small_disk: Path) -> None:
    store = Store(str(small_disk / "store"))
    folder = store.history("acme", "2026-09", "raw_tickets")
    make(store, folder, RECIPE, lambda scratch: product())
    before = folder.verify()
    with pytest.raises(ArtifactError, match=r"raw_tickets: the disk is full .* Nothing was half written"):
        make(store, folder, Recipe(inputs={}, config={}, code_version="2"), write_table)
    assert folder.verify() == before
    assert not list((small_disk / "store" / ".staging").iterdir())


def test_a_disk_that_fills_up_under_a_run_fails_it_with_the_cure(small_disk: Path) -> None:
    project = make_project(small_disk.parent / "project", tickets=60)
    full = Project(project.root)
    (small_disk / "store").mkdir()
    (project.root / "store").symlink_to(small_disk / "store")
    fill(small_disk, 48 << 10)
    done = full.run("backfill", "small", "--from", "2026-08", "--to", AS_OF, "--json")
    assert done.returncode == 1, done.stderr
    (outcome,) = json.loads(done.stdout)
    assert "the disk is full" in outcome["failure"] and "store/history/small" in outcome["failure"]
    store = Store(str(project.root / "store"))
    for month in store.months("small"):
        for stage in HISTORY_STAGES:
            if store.history("small", month, stage).manifest() is not None:
                store.history("small", month, stage).verify()
    (small_disk / "filler").unlink()
    assert full.run("backfill", "small", "--from", "2026-08", "--to", AS_OF).returncode == 0


def test_a_corrupt_table_is_named_before_anybody_reads_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    folder = store.history("acme", "2026-09", "filtered_pairs")
    make(store, folder, RECIPE, write_table)
    folder.local()
    file = folder.local() / "table.parquet"
    content = bytearray(file.read_bytes())
    content[100] ^= 255  # the size is what it was
    file.write_bytes(bytes(content))
    with pytest.raises(
        ArtifactError, match=r"table.parquet: its content has changed .* run filtered_pairs again"
    ):
        folder.local()


def test_a_corrupt_manifest_fails_the_run_and_is_named(tmp_path: Path) -> None:
    project = make_project(tmp_path, tickets=60)
    assert project.run("backfill", "small", "--from", "2026-08", "--to", AS_OF).returncode == 0
    broken = project.store / "history" / "small" / "2026-08" / "raw_tickets" / "manifest.json"
    broken.write_text("{")
    done = project.run("backfill", "small", "--from", "2026-08", "--to", AS_OF, "--json")
    assert done.returncode == 1
    assert f"{broken}: is corrupt" in json.loads(done.stdout)[0]["failure"]


def test_a_store_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ArtifactError, match="the store s3://bucket/.* cannot be reached"):
        Store("s3://bucket/store").history("acme", "2026-09", "raw_tickets").manifest()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/store/x"), "/store/x: Permission denied. Give this user"),
        (OSError(30, "Read-only file system", "/store/x"), "/store/x: Read-only file system"),
        (OSError(5, "Input/output error", "/store/x"), "reports an input/output error"),
        (ConnectionRefusedError(111, "refused"), "the store s3://b cannot be reached"),
        (pl.exceptions.ComputeError("parquet: No space left on device (os error 28)"), "the disk is full"),
        (ValueError("something else"), None),
        (FileNotFoundError(2, "No such file", "/x"), None),
    ],
)  # fmt: skip
def test_storage_errors_are_told_apart(error: Exception, said: str | None) -> None:
    found = explained(error, "s3://b")
    assert (found is None) == (said is None)
    assert said is None or said in str(found)
