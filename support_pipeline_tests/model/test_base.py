"""Base models: found before any work, or refused with the cure."""

import json
import shutil
from pathlib import Path

import pytest

from support_pipeline.errors import ModelError
from support_pipeline.model.base import EMBEDDED, fingerprint, load_format, resolve_base


def test_the_embedded_one_is_always_there() -> None:
    folder = resolve_base("embedded")
    chat = load_format(folder)
    assert chat.pad_token != chat.eos_token == "<|eot_id|>"


@pytest.mark.parametrize("name", ["models/llama", "./models/llama/x", "llama"])
def test_a_name_that_is_nothing_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=f"base_model '{name}'"):
        resolve_base(name, root=tmp_path)


def test_a_local_folder_is_relative_to_the_project(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "models" / "tiny")
    folder = resolve_base("models/tiny", root=tmp_path)
    assert fingerprint(folder) == fingerprint(EMBEDDED)
    (folder / "config.json").write_text("{}")
    assert fingerprint(folder) != fingerprint(EMBEDDED)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"lacks tokenizer.json"):
        resolve_base("models/tiny", root=tmp_path)


def test_a_base_model_without_an_end_or_a_template_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(EMBEDDED, folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "eos_token": None}))
    with pytest.raises(ModelError, match="names no eos_token"):
        load_format(folder)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="has no chat template"):
        load_format(folder)
