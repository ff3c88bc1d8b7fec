"""Artifact folders: whole or absent, immutable, and told apart by what went in and what came out."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support_pipeline.artifacts import Check, Folder, Manifest, Product, Recipe, Store, commit, product
from support_pipeline.errors import ArtifactError


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store on disk, and one on another fsspec file system."""
    return Store(str(tmp_path / "store") if request.param == "disk" else f"memory://{tmp_path.name}")


Write = Callable[..., Manifest]


@pytest.fixture
def write(store: Store) -> Write:
    def writing(folder: Folder, text: str, *, inputs: str = "a", made: Product | None = None) -> Manifest:
        with store.staging(folder) as scratch:
            (scratch / "deep").mkdir()
            (scratch / "deep" / "payload.txt").write_text(text)
            return commit(folder, scratch, Recipe({"input": inputs}, {"x": 1}, "1"), made or product(), 0.5)

    return writing


def test_a_folder_without_manifest_does_not_exist(store: Store, write: Write) -> None:
    folder = store.release("acme", "2026-09", "jsonl_splits")
    write(folder, "text")
    (folder.path / "manifest.json").unlink()
    assert folder.manifest() is None
    with pytest.raises(ArtifactError, match="does not exist .* Materialize jsonl_splits first"):
        folder.require()


def test_same_payload_has_the_same_fingerprint_and_another_has_another(store: Store, write: Write) -> None:
    first = write(store.release("acme", "2026-08", "jsonl_splits"), "text")
    second = write(store.release("acme", "2026-09", "jsonl_splits"), "text", inputs="b")
    third = write(store.release("acme", "2026-10", "jsonl_splits"), "other")
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert first.key != second.key, "what went in differs"


def test_only_an_equal_recipe_is_reusable(store: Store, write: Write) -> None:
    folder = store.history("acme", "2026-09", "raw_tickets")
    write(folder, "text")
    assert folder.reusable(Recipe({"input": "a"}, {"x": 1}, "1").key("raw_tickets")) is not None
    for changed in (
        Recipe({"input": "b"}, {"x": 1}, "1"),
        Recipe({"input": "a"}, {"x": 2}, "1"),
        Recipe({"input": "a"}, {"x": 1}, "2"),
    ):
        assert folder.reusable(changed.key("raw_tickets")) is None


def test_a_replaced_release_is_kept_and_replaced_history_is_not(store: Store, write: Write) -> None:
    release, history = (
        store.release("acme", "2026-09", "lora_adapter"),
        store.history("acme", "2026-09", "raw_tickets"),
    )
    for folder in (release, history):
        old = write(folder, "old")
        write(folder, "new", inputs="b")
        assert (folder.local() / "deep" / "payload.txt").read_text() == "new"
    kept = release.path.parent / ".superseded" / f"lora_adapter-{old.fingerprint[:12]}"
    assert (kept / "deep" / "payload.txt").read_text() == "old"
    assert not (history.path.parent / ".superseded").exists()
    assert store.releases("acme") == ["2026-09"]


def test_an_artifact_that_its_checks_refused_is_shown_but_not_built_on(store: Store, write: Write) -> None:
    folder = store.history("acme", "2026-09", "filtered_pairs")
    write(folder, "text", made=product(checks={"conservation": Check(passed=False, detail="3 ≠ 2 + 0")}))
    with pytest.raises(ArtifactError, match="failed its check conservation: 3 ≠ 2"):
        folder.require()
    assert folder.require(accept_failed=True).failed_checks()
    assert folder.reusable(Recipe({"input": "a"}, {"x": 1}, "1").key("filtered_pairs")) is None


def test_damage_is_named_with_its_file(store: Store, write: Write) -> None:
    folder = store.release("acme", "2026-09", "gguf_artifact")
    write(folder, "text")
    payload = folder.path / "deep" / "payload.txt"
    payload.write_text("TEXT")
    folder.require()  # the size is the same
    with pytest.raises(ArtifactError, match="payload.txt: its content has changed"):
        folder.verify()
    payload.write_text("longer text")
    with pytest.raises(ArtifactError, match=r"payload.txt: has 11 bytes, the manifest says 4"):
        folder.require()
    payload.unlink()
    with pytest.raises(ArtifactError, match="payload.txt: is missing"):
        folder.require()
    (folder.path / "manifest.json").write_text('{"stage": "gguf')
    with pytest.raises(ArtifactError, match=r"manifest.json: is corrupt .* Delete the folder"):
        folder.manifest()


def test_the_manifest_is_written_last(store: Store, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store.release("acme", "2026-09", "jsonl_splits")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("support_pipeline.artifacts._write_manifest", die)
    with pytest.raises(KeyboardInterrupt):
        write(folder, "text")
    assert (folder.path / "deep" / "payload.txt").exists()
    assert folder.manifest() is None
    monkeypatch.undo()
    write(folder, "whole")
    assert (folder.local() / "deep" / "payload.txt").read_text() == "whole"


def test_staging_is_gone_whatever_happens_and_swept_after_a_kill(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    folder = store.release("acme", "2026-09", "jsonl_splits")
    with pytest.raises(RuntimeError), store.staging(folder) as scratch:
        raise RuntimeError
    assert not scratch.exists()
    killed = (
        "import os, signal; from support_pipeline.artifacts import Store;"
        f"store = Store({str(tmp_path)!r}); context = store.staging(store.release('acme', '2026-09', 'jsonl_splits'));"
        "context.__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", killed], check=False, env={**os.environ})
    assert len(list((tmp_path / ".staging").iterdir())) == 1
    with store.staging(folder) as scratch:
        assert list((tmp_path / ".staging").iterdir()) == [scratch]


def test_manifest_says_what_it_is_made_of(store: Store, write: Write) -> None:
    folder = store.release("acme", "2026-09", "jsonl_splits")
    write(folder, "text", made=product(counts={"train": 3}, seeds={"splits": 17}, info={"note": "x"}))
    found = json.loads((folder.path / "manifest.json").read_text())
    assert found["inputs"] == {"input": "a"}
    assert found["counts"] == {"train": 3}
    assert found["seeds"] == {"splits": 17}
    assert found["libraries"]["polars"]
    assert found["files"]["deep/payload.txt"]["bytes"] == 4


def test_what_a_killed_work_had_reached_is_found_by_the_same_recipe_only(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    folder = store.release("acme", "2026-09", "lora_adapter")
    with contextlib.suppress(KeyboardInterrupt), store.resumable(folder, "key-one") as kept:
        (kept / "checkpoint").write_text("step 5")
        raise KeyboardInterrupt
    with store.resumable(folder, "key-one") as again:
        assert (again / "checkpoint").read_text() == "step 5"
    assert not again.exists(), "gone once the work has ended well"
    with contextlib.suppress(KeyboardInterrupt), store.resumable(folder, "key-one") as kept:
        raise KeyboardInterrupt
    with store.resumable(folder, "key-two") as other:
        assert other != kept and not kept.exists()
