from pathlib import Path

import pytest

from support_pipeline.model.gguf.parity import (
    Reference,
    TokenParity,
    compare_answers,
    compare_token_ids,
    reference_answers,
    stop_ids,
)
from support_pipeline.serving.engine import Generation, StopReason
from support_pipeline_tests.model.gguf import tiny


def served(
    text: str, *tokens: int, logprobs: tuple[float, ...] = (), stop: StopReason = "stop"
) -> Generation:
    return Generation(text, tokens, logprobs or (0.0,) * len(tokens), stop, prompt_tokens=3)


def expected(text: str, *tokens: int, logprobs: tuple[float, ...] = ()) -> Reference:
    return Reference(text.encode(), tokens, logprobs or (0.0,) * len(tokens), stopped=True)


def test_equal_ids_hold() -> None:
    found = compare_token_ids(["a", "b"], [[1, 5], [1, 6]], [[1, 5], [1, 6]], bos_id=1)
    assert found == TokenParity(n=2, equal=2, first_difference=None, single_bos=2)
    assert found.holds


@pytest.mark.parametrize(
    ("actual", "equal", "single_bos", "shown"),
    [
        ([1, 5, 7], 0, 1, "'text': token 2 is [6] in the checkpoint's tokenizer and [7] in llama.cpp's"),
        ([1, 5], 0, 1, "'text': token 2 is [6] in the checkpoint's tokenizer and [] in llama.cpp's"),
        # Doubled, missing, and in the middle.
        (
            [1, 1, 5, 6],
            0,
            0,
            "'text': token 1 is [5, 6] in the checkpoint's tokenizer and [1, 5, 6] in llama.cpp's",
        ),
        (
            [5, 6],
            0,
            0,
            "'text': token 0 is [1, 5, 6] in the checkpoint's tokenizer and [5, 6] in llama.cpp's",
        ),
        ([1, 5, 1], 0, 0, "'text': token 2 is [6] in the checkpoint's tokenizer and [1] in llama.cpp's"),
        ([1, 5, 6], 1, 1, None),
    ],
)
def test_the_first_different_token_is_shown(
    actual: list[int], equal: int, single_bos: int, shown: str | None
) -> None:
    found = compare_token_ids(["text"], [[1, 5, 6]], [actual], bos_id=1)
    assert (found.equal, found.single_bos, found.first_difference) == (equal, single_bos, shown)


def test_a_doubled_bos_does_not_hold_even_where_both_sides_agree() -> None:
    assert not compare_token_ids(["a"], [[1, 1, 5]], [[1, 1, 5]], bos_id=1).holds


def test_models_without_bos_need_none() -> None:
    assert compare_token_ids(["a"], [[5]], [[5]], bos_id=None).holds


def test_flips_are_counted_and_the_first_is_shown() -> None:
    found = compare_answers(
        ["p", "q", "r"],
        [expected("yes", 1, 2), expected("30 days", 3), expected("no", 4)],
        [served("yes", 1, 2), served("60 days", 5), served("No", 6, stop="limit")],
    )
    assert (found.n, found.equal, found.flips) == (3, 1, 2)
    assert found.first_difference == "after 'q': expected '30 days', served '60 days'"
    assert found.stop_rate == pytest.approx(2 / 3)


def test_distance_is_over_answers_with_equal_tokens() -> None:
    found = compare_answers(
        ["p", "q"],
        [expected("ab", 1, 2, logprobs=(-0.1, -0.2)), expected("c", 3, logprobs=(-0.5,))],
        [served("ab", 1, 2, logprobs=(-0.1, -0.25)), served("c", 4, logprobs=(-9.0,))],
    )
    assert found.max_logprob_distance == pytest.approx(0.05)
    assert compare_answers(["p"], [expected("a", 1)], [served("b", 2)]).max_logprob_distance is None


def test_a_character_cut_by_the_token_limit_is_no_flip() -> None:
    cut = Reference(b"ok \xf0\x9f", (1, 2), (0.0, 0.0), stopped=False)
    assert compare_answers(["p"], [cut], [served("ok ", 1, stop="limit")]).flips == 0
    assert compare_answers(["p"], [cut], [served("ok", 1, stop="limit")]).flips == 1


def test_no_prompts_prove_nothing() -> None:
    found = compare_answers([], [], [])
    assert (found.n, found.stop_rate, found.max_logprob_distance) == (0, 0.0, None)


def test_references_are_greedy_answers_in_bytes(llama: Path, root: Path) -> None:
    for folder in (llama, tiny.taught("mistral", root)):
        prompts = tiny.prompts(folder, tiny.LESSONS)
        found = reference_answers(folder, prompts, max_tokens=60)
        # A SentencePiece vocabulary says the space before its first word, and llama.cpp shows it too.
        assert [answer.text.removeprefix(" ") for answer in found] == list(tiny.LESSONS.values())
        assert all(answer.stopped and answer.tokens[-1] in stop_ids(folder) for answer in found)
        assert all(len(answer.logprobs) == len(answer.tokens) for answer in found)
