"""The base model: where it lies, and the chat format that travels with it.

Light on purpose (no torch, no transformers): the splits, the router and the GGUF proof need the
format and the tokenizer, not the weights.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_pipeline.artifacts import digest, file_facts
from support_pipeline.clients import EMBEDDED_MODEL
from support_pipeline.errors import ModelError
from support_pipeline.model.prompt import Message, neutralise, render, template_sha256

if TYPE_CHECKING:
    from tokenizers import Tokenizer

EMBEDDED = Path(__file__).parent.parent / "demo" / "base_model"


@dataclass(frozen=True)
class ChatFormat:
    """A model's chat template with the strings that it needs, and the tokenizer beside it."""

    folder: Path
    template: str
    bos_token: str
    eos_token: str
    pad_token: str
    special_tokens: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The digest of the template text."""
        return template_sha256(self.template)

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The model's own fast tokenizer."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self.folder / "tokenizer.json"))

    def text(self, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
        """Messages as the model reads them, with control strings in customer text made harmless."""
        safe = [
            message
            if message["role"] == "system"
            else {**message, "content": neutralise(message["content"], self.special_tokens)}
            for message in messages
        ]
        return render(
            safe,
            self.template,
            bos_token=self.bos_token,
            eos_token=self.eos_token,
            add_generation_prompt=add_generation_prompt,
            enable_thinking=False,  # Qwen 3 would learn to open every answer with an empty thought
        )

    def ids(self, text: str) -> list[int]:
        """Token ids of a rendered text; special strings in it are read as special tokens."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def id_of(self, token: str) -> int:
        """The id of a single token.

        Raises:
            ModelError: the tokenizer does not have it.
        """
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise ModelError(
                f"{self.folder / 'tokenizer.json'}: has no token {token!r}. Use the model's own tokenizer."
            )
        return int(found)


def resolve_base(name: str, revision: str | None = None, *, root: Path = Path()) -> Path:
    """The local folder of a base model: embedded, a folder (relative to `root`), or a hub snapshot.

    A hub model is taken from the local cache, or downloaded; that is tried before any other work,
    so that a gated or misspelt name fails at once.

    Raises:
        ModelError: with the cure.
    """
    if name == EMBEDDED_MODEL:
        return _checked(EMBEDDED, name)
    folder = root / name
    if folder.is_dir():
        return _checked(folder.resolve(), name)
    if name.count("/") != 1 or name.startswith((".", "/")):
        raise ModelError(
            f"base_model '{name}': no such folder ({folder}), and not a hub id (owner/name). "
            f"Use '{EMBEDDED_MODEL}', a folder with config.json, or a hub id."
        )
    return _checked(_hub_snapshot(name, revision), name)


def _hub_snapshot(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    patterns = ["*.json", "*.safetensors", "*.jinja", "tokenizer.model", "LICENSE*"]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except GatedRepoError as error:
        raise ModelError(
            f"base_model '{name}' is gated: accept its licence on the hub and set HF_TOKEN, or choose an open model."
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(
            f"base_model '{name}' has no revision '{revision}'. Name a tag, branch or commit."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"base_model '{name}' is not on the hub (or private). Check the spelling."
        ) from error
    except Exception as error:  # huggingface_hub raises many kinds when the network is away
        raise ModelError(
            f"base_model '{name}': no such folder, and as a hub model it is neither cached nor can it be downloaded "
            f"({type(error).__name__}). Download it once with `hf download {name}`, or name a folder."
        ) from error


def _checked(folder: Path, name: str) -> Path:
    missing = [file for file in ("config.json", "tokenizer.json") if not (folder / file).is_file()]
    if not list(folder.glob("*.safetensors")):
        missing.append("*.safetensors")
    if missing:
        raise ModelError(f"base_model '{name}': {folder} lacks {', '.join(missing)}.")
    return folder


def fingerprint(folder: Path) -> str:
    """The digest of a base model's files: an input of every artifact made from it."""
    return digest(
        {name: facts["sha256"] for name, facts in file_facts(folder).items() if not name.startswith(".")}
    )


def load_format(folder: Path) -> ChatFormat:
    """The chat format beside a model or an adapter.

    Raises:
        ModelError: no chat template, no end-of-turn token, or pad is the end of turn.
    """
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    template_file = folder / "chat_template.jinja"
    template = (
        template_file.read_text(encoding="utf-8")
        if template_file.is_file()
        else settings.get("chat_template")
    )
    if not isinstance(template, str) or not template:
        raise ModelError(
            f"{folder}: has no chat template. Use an instruct model, or add chat_template.jinja."
        )
    eos = _token(settings.get("eos_token"))
    if not eos:
        raise ModelError(
            f"{folder / 'tokenizer_config.json'}: names no eos_token, so answers would never end."
        )
    added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("added_tokens", [])
    special = tuple(token["content"] for token in added if token.get("special"))
    bos = _token(settings.get("bos_token"))
    return ChatFormat(
        folder=folder,
        template=template,
        bos_token=bos,
        eos_token=eos,
        pad_token=_pad_token(_token(settings.get("pad_token")), template, {bos, eos}, special),
        special_tokens=special,
    )


def _pad_token(named: str, template: str, taken: Collection[str], special: Sequence[str]) -> str:
    """The named pad token, or a special one that means nothing in a chat; "" when there is none.

    Llama 3 and Mistral name none, many checkpoints name the end of turn, from which a model whose
    padding counts unlearns to stop.
    """
    if named and named not in taken:
        return named
    free = [token for token in special if token not in taken and token not in template]
    marks = ("pad", "reserved", "unk", "endoftext")
    ranked = [token for mark in marks for token in free if mark in token.casefold()]
    return next(iter([*ranked, *free]), "")


def _token(value: Any) -> str:
    return str(value["content"]) if isinstance(value, dict) else str(value or "")
