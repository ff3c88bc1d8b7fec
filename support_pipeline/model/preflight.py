"""Whether a base model can go all the way, asked before any work: chat format, training, GGUF, serving.

Reads configuration and tokenizer only. What is refused here would otherwise fail after the training,
at the conversion, or never show but in the answers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from support_pipeline.errors import DatasetError, ModelError
from support_pipeline.model.base import ChatFormat, load_format
from support_pipeline.model.supervision import supervise

T = TypeVar("T")
_CHAT = (
    {"role": "system", "content": "You are the support assistant."},
    {"role": "user", "content": "May I ask something?"},
    {"role": "assistant", "content": "Of course."},
)


def check_base(folder: Path) -> ChatFormat:
    """The chat format of a base model that training, conversion and serving all know.

    Raises:
        ModelError: with every reason why it cannot be used.
    """
    from support_pipeline.model.gguf.architecture import read_architecture
    from support_pipeline.model.gguf.checkpoint import Checkpoint
    from support_pipeline.model.gguf.vocabulary import read_vocabulary

    if not folder.is_dir():
        raise ModelError(f"{folder}: the base model's folder is not there. Name a folder with config.json.")
    checkpoint = Checkpoint(folder)
    problems: list[str] = []

    def tried(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (ModelError, DatasetError) as error:
            problems.append(str(error))
            return None
        except (OSError, ValueError, KeyError) as error:
            problems.append(
                f"{folder}: cannot be read ({type(error).__name__}: {error}). Fetch the model again."
            )
            return None

    shape = tried(lambda: read_architecture(checkpoint.config, where=str(folder / "config.json")))
    chat = tried(lambda: load_format(folder))
    if shape:
        tried(lambda: read_vocabulary(checkpoint, shape.vocab_size))
    if chat:
        tried(lambda: _check_format(chat))
    if problems or chat is None:
        raise ModelError(" ".join(dict.fromkeys(problems)))
    return chat


def _check_format(chat: ChatFormat) -> None:
    """The template takes the three roles and appends the answer; the answer ends; pad is another token."""
    if not chat.pad_token or chat.pad_token == chat.eos_token:
        raise ModelError(
            f"{chat.folder}: pad and end of turn are the same token and the tokenizer has no other special one to pad "
            "with, so the model would never learn to stop. Add a pad token to tokenizer_config.json."
        )
    chat.id_of(chat.pad_token)
    end = chat.id_of(chat.eos_token)
    learned = supervise(_CHAT, chat)
    if end not in learned.labels:
        raise ModelError(
            f"{chat.folder}: the chat template {chat.sha256[:12]} does not end an answer with the tokenizer's "
            f"eos_token {chat.eos_token!r}, so answers would never end. Set eos_token to the template's end of turn."
        )
