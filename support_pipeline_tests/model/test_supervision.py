"""Which tokens are learned, and what a training set holds before a minute is spent on it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from support_pipeline.errors import DatasetError
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.model.supervision import IGNORED, Example, audit, read_chats, supervise

CHAT = load_format(EMBEDDED)
END = CHAT.id_of(CHAT.eos_token)


def messages(answer: str = "Within 30 days.") -> list[dict[str, str]]:
    return [
        {"role": "system", "content": "Returns within 30 days."},
        {"role": "user", "content": "How long can I return it?"},
        {"role": "assistant", "content": answer},
    ]


def test_exactly_the_answer_and_its_end_are_learned() -> None:
    example = supervise(messages(), CHAT)
    learned = [i for i, label in zip(example.ids, example.labels, strict=True) if label != IGNORED]
    assert CHAT.tokenizer.decode(learned[:-1], skip_special_tokens=False).strip() == "Within 30 days."
    assert learned[-1] == END
    assert all(label in (IGNORED, i) for i, label in zip(example.ids, example.labels, strict=True))


def test_a_line_break_after_the_end_is_not_learned() -> None:
    example = supervise(messages(), replace(CHAT, template=CHAT.template + "\n"))
    assert example.labels[-1] in (IGNORED, END)
    assert [label for label in example.labels if label != IGNORED][-1] == END


def test_a_template_that_rewrites_the_prompt_is_refused() -> None:
    rewriting = "{{ messages | length }}" + CHAT.template
    with pytest.raises(DatasetError, match="rewrites the prompt .*How long can I return"):
        supervise(messages(), replace(CHAT, template=rewriting))


def test_an_over_long_example_is_left_out_whole() -> None:
    short, long = supervise(messages(), CHAT), supervise(messages("word " * 500), CHAT)
    kept, found = audit([short, long], max_tokens=len(short.ids), end_of_turn=END)
    assert kept == [short]
    assert (found.examples, found.too_long, found.ends_supervised) == (1, 1, 1)
    assert found.supervised_tokens == short.supervised == found.supervised_min


def test_nothing_to_learn_is_an_error_with_the_cure() -> None:
    with pytest.raises(
        DatasetError, match=r"none of 1 examples fits into lora.max_tokens=2 .* Raise lora.max_tokens"
    ):
        audit([Example([1, 2, 3], [IGNORED, 2, 3])], max_tokens=2, end_of_turn=END)
    with pytest.raises(DatasetError, match="none of 0"):
        audit([], max_tokens=2, end_of_turn=END)


def test_a_line_that_is_no_chat_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"messages": messages()}) + "\n{broken\n")
    with pytest.raises(DatasetError, match=r"train.jsonl:2: is not a chat"):
        read_chats(path)
