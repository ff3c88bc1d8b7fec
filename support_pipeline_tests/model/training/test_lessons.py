"""What is taught: a share under other policies, corrections by their class, the same for the same seed."""

from pathlib import Path
from random import Random

import pytest

from support_pipeline.clients import EditWeights
from support_pipeline.errors import DatasetError
from support_pipeline.flips import FlippedChat
from support_pipeline.model.training.lessons import Lessons, edit_classes, taught, under_other_policies
from support_pipeline_tests.model.training.material import BOOK, DAY, chats, index

WEIGHTS = EditWeights().model_dump()


def lessons(count: int = 60, classes: list[str] | None = None, share: float = 0.4, seed: int = 1) -> Lessons:
    named = classes or [""] * count
    return taught(chats(count), named, WEIGHTS, BOOK, DAY, other_policies_share=share, seed=seed)


def test_a_share_of_the_examples_and_of_the_stating_ones_is_under_other_policies() -> None:
    found = lessons()
    assert found.other_policies == 24
    assert found.flipped_answers == 16, "40 of 60 answers state a value"
    for lesson in found.lessons:
        system, _, answer = (message["content"] for message in lesson.messages)
        if "return_window" in lesson.flipped:
            assert "30 days" not in system + answer
            days = answer.split("within ")[1].removesuffix(".")
            assert f"returned within {days} of delivery" in system
        if not lesson.other_policies:
            assert "within 30 days" in system


def test_no_share_leaves_every_chat_as_it_is() -> None:
    found = lessons(share=0)
    assert [lesson.messages for lesson in found.lessons] == chats(60)


def test_the_same_seed_gives_the_same_lessons_and_another_gives_others() -> None:
    assert lessons() == lessons()
    assert lessons().lessons != lessons(seed=2).lessons


def test_corrections_are_repeated_by_their_class() -> None:
    classes = ["policy", "fact", "tone", "missing_step", "escalation", "", "", ""]
    found = lessons(8, classes, share=0)
    questions = [lesson.messages[1]["content"] for lesson in found.lessons]
    times = [questions.count(chat[1]["content"]) for chat in chats(8)]
    assert times[:2] == [3, 3]
    assert times[2] in (1, 2), "1.5 is one copy and by chance another"
    assert times[3:] == [2, 2, 1, 1, 1]
    assert found.repeated == {
        name: WEIGHTS[name] - 1 for name in ("escalation", "fact", "missing_step", "policy")
    } | ({"tone": 1} if times[2] == 2 else {})


def test_half_a_copy_is_half_of_the_chats_in_the_long_run() -> None:
    found = lessons(200, ["tone"] * 200, share=0)
    assert 270 <= len(found.lessons) <= 330


def test_all_policies_but_those_that_would_change_the_conclusion_read_differently() -> None:
    chat = chats(1)[0]
    chat[1] = {"role": "user", "content": "I got it 20 days ago, can I return it?"}
    for seed in range(20):
        found = under_other_policies(chat, BOOK, DAY, Random(seed), every=True)
        assert isinstance(found, FlippedChat)
        assert "$9.95" not in found.messages[0]["content"]
        if "return_window" in found.stated:
            assert int(found.messages[2]["content"].split()[5]) >= 20


def test_classes_come_from_the_index_in_the_chats_order(tmp_path: Path) -> None:
    path = index(tmp_path / "index.parquet", ["", "policy", "tone"])
    assert edit_classes(path, "train", 3) == ["", "policy", "tone"]
    assert edit_classes(None, "train", 2) == ["", ""]
    with pytest.raises(DatasetError, match="lists 3 train chats, the file holds 4"):
        edit_classes(path, "train", 4)
