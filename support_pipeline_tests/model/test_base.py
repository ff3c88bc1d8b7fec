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


def hub_error(kind: type[Exception]) -> Exception:
    """An error as huggingface_hub raises it, which wants the server's response."""
    error = kind.__new__(kind)
    Exception.__init__(error, "from the hub")
    return error


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("GatedRepoError", "is gated: accept its licence on the hub and set HF_TOKEN"),
        ("RepositoryNotFoundError", "is not on the hub"),
        ("RevisionNotFoundError", "has no revision 'v9'"),
        ("LocalEntryNotFoundError", r"neither cached nor can it be downloaded .* `hf download owner/model`"),
    ],
)
def test_a_hub_model_that_cannot_be_had_is_refused_with_the_cure(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    from huggingface_hub import errors

    def refuse(*_: object, **__: object) -> str:
        raise hub_error(getattr(errors, name))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ModelError, match=message):
        resolve_base("owner/model", "v9")


@pytest.mark.parametrize(
    ("named", "special", "pad"),
    [
        ("<|eot_id|>", ["<|eot_id|>", "<|reserved_special_token_0|>"], "<|reserved_special_token_0|>"),
        (None, ["<s>", "</s>", "<unk>"], "<unk>"),
        ("<|endoftext|>", ["<|endoftext|>", "<|im_end|>"], "<|endoftext|>"),
        (None, ["<|eot_id|>"], ""),
    ],
)
def test_pad_is_never_the_end_of_turn(
    named: str | None, special: list[str], pad: str, tmp_path: Path
) -> None:
    ends = {"<|eot_id|>", "</s>", "<|im_end|>"}
    eos = next(token for token in special if token in ends)
    settings = {"eos_token": eos, "pad_token": named, "bos_token": "<s>" if "<s>" in special else None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}" + eos)
    added = [{"content": token, "special": True} for token in special]
    (tmp_path / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    assert load_format(tmp_path).pad_token == pad
