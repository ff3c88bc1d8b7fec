"""Making an artifact: re-used when nothing that goes in has changed."""

import contextlib
from pathlib import Path

import pytest

from support_pipeline.artifacts import Product, Recipe, Store, product
from support_pipeline.errors import ModelError
from support_pipeline.stages.making import Scratch, conservation, make


def test_work_is_done_once_for_a_recipe(tmp_path: Path) -> None:
    store, calls = Store(str(tmp_path)), []
    folder = store.release("acme", "2026-09", "jsonl_splits")

    def work(scratch: Scratch) -> Product:
        calls.append(1)
        (scratch.payload / "a.txt").write_text("a")
        scratch.stats_file.write_text('{"seconds": 3}')
        return product(counts={"n": 1})

    first = make(store, folder, Recipe({"in": "1"}, {}, "1"), work)
    again = make(store, folder, Recipe({"in": "1"}, {}, "1"), work)
    changed = make(store, folder, Recipe({"in": "2"}, {}, "1"), work)
    assert [result.reused for result in (first, again, changed)] == [False, True, False]
    assert len(calls) == 2
    assert first.stats == {"seconds": 3}
    assert first.manifest.fingerprint == changed.manifest.fingerprint, "the payload is the same"


def test_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    folder = store.release("acme", "2026-09", "lora_adapter")

    def work(scratch: Scratch) -> Product:
        (scratch.payload / "half.safetensors").write_text("half")
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        make(store, folder, Recipe({}, {}, "1"), work)
    assert folder.manifest() is None
    assert not folder.path.exists()
    assert not list((tmp_path / ".staging").iterdir())


def test_work_that_fails_leaves_the_release_before_it_as_it_was(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    folder = store.release("acme", "2026-09", "lora_adapter")

    def good(scratch: Scratch) -> Product:
        (scratch.payload / "adapter.safetensors").write_text("good")
        return product(counts={})

    def bad(scratch: Scratch) -> Product:
        (scratch.payload / "adapter.safetensors").write_text("half")
        raise ModelError("the loss is not a number")

    before = make(store, folder, Recipe({"in": "1"}, {}, "1"), good).manifest
    with pytest.raises(ModelError):
        make(store, folder, Recipe({"in": "2"}, {}, "1"), bad)
    assert folder.verify() == before
    assert (folder.local() / "adapter.safetensors").read_text() == "good"


def test_conservation_counts_every_part() -> None:
    assert conservation(5, {"kept": 3, "lost": 2}) == (True, "5 = 3 kept + 2 lost")
    assert conservation(6, {"kept": 3, "lost": 2})[0] is False
