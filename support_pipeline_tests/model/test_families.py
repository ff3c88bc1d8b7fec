"""One prompt module for three readers: equal ids in HF, in the GGUF under llama.cpp, and in what the engine sends."""

from functools import lru_cache
from pathlib import Path

import pytest

from support_pipeline.model.base import ChatFormat
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.parity import bos_id, compare_token_ids
from support_pipeline.model.preflight import check_base
from support_pipeline.model.prompt import Message, neutralise, system_message
from support_pipeline.model.supervision import IGNORED, supervise
from support_pipeline.serving.engine import LlamaCppEngine
from support_pipeline_tests.model.families import FAMILIES
from support_pipeline_tests.model.gguf import tiny

SYSTEM = system_message(
    "Größe & Søn 🙂", ["Returns within 30 days.", "Express costs $14.95."], ["Care", "Billing"]
)
ANSWER = "  Yes — within 30 days.\n\nBest 🙂 [Escalated to: Care]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@lru_cache
def checkpoint(name: str, folder: Path) -> Path:
    return FAMILIES[name].write(folder / name)


def customers(name: str) -> list[str]:
    # A family's normaliser joins marks that llama.cpp keeps apart, and a turn is never empty.
    return [text for text in tiny.NASTY if text.strip()] + list(FAMILIES[name].controls)


def turns(text: str) -> list[Message]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


class Recording(LlamaCppEngine):
    """The engine, and the ids that it made of the last prompt."""

    sent: tuple[int, ...] = ()

    def tokenize(self, text: str) -> list[int]:
        ids = super().tokenize(text)
        self.sent = tuple(ids)
        return ids


@pytest.mark.parametrize("name", FAMILIES)
def test_all_readers_read_the_same_ids(name: str, folder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    base = checkpoint(name, folder)
    chat = check_base(base)
    theirs = AutoTokenizer.from_pretrained(base)
    texts = [chat.text(turns(text), add_generation_prompt=True) for text in customers(name)]
    own = [chat.ids(text) for text in texts]
    for text, ids in zip(customers(name), own, strict=True):
        safe = neutralise(text, chat.special_tokens)
        found = theirs.apply_chat_template(
            turns(safe), add_generation_prompt=True, enable_thinking=False, return_dict=False
        )
        assert found == ids, text
    model = convert(base, tmp_path / "model.gguf")
    with Recording(model, log=tmp_path / "log", context_tokens=4096, threads=1) as engine:
        parity = compare_token_ids(
            texts, own, [engine.tokenize(text) for text in texts], bos_id=bos_id(model)
        )
        assert parity.holds, parity.first_difference
        for text, ids in zip(texts, own, strict=True):
            answer = engine.generate(text, max_tokens=1, deadline_seconds=60)
            assert list(engine.sent) == ids
            assert answer.prompt_tokens == len(ids)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_customer_types_no_control_token(name: str, folder: Path) -> None:
    chat = check_base(checkpoint(name, folder))
    controls = {chat.id_of(token) for token in chat.special_tokens}

    def counted(text: str) -> int:
        return sum(i in controls for i in chat.ids(chat.text(turns(text), add_generation_prompt=True)))

    assert {counted(text) for text in customers(name)} == {counted("plain words")}


@pytest.mark.parametrize("name", FAMILIES)
def test_only_the_answer_and_its_end_are_supervised(name: str, folder: Path) -> None:
    chat = check_base(checkpoint(name, folder))
    example = supervise([*turns("Can I return it?"), {"role": "assistant", "content": ANSWER}], chat)
    learned = [label for label in example.labels if label != IGNORED]
    assert chat.tokenizer.decode(learned[:-1], skip_special_tokens=False).strip() == ANSWER.strip()
    assert learned[-1] == chat.id_of(chat.eos_token)
    assert learned.count(learned[-1]) == 1


@pytest.mark.parametrize("name", FAMILIES)
def test_pad_is_a_token_of_its_own(name: str, folder: Path) -> None:
    chat: ChatFormat = check_base(checkpoint(name, folder))
    assert chat.pad_token not in ("", chat.eos_token, chat.bos_token)
    assert chat.pad_token not in chat.template
