"""Answers in batches: the same as one by one, none asked twice, and a broken model is named."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.errors import ModelError
from support_pipeline.model.base import EMBEDDED, ChatFormat, load_format
from support_pipeline.model.generation import Answer, AnswerLog, batches, generate, load_adapted
from support_pipeline.model.prompt import system_message

SHORT = 24


@cache
def model() -> Any:
    return load_adapted(EMBEDDED, None)


@cache
def chat() -> ChatFormat:
    return load_format(EMBEDDED)


@cache
def prompts() -> tuple[str, ...]:
    """Two brands with several tickets each, one with a single ticket, and one without a system message."""
    systems = [
        system_message(brand, [f"Items can be returned within {days} days.", "Shipping is $5."], ["Billing"])
        for brand, days in (("Acme", 30), ("Acme", 45), ("Nord Light", 14))
    ]
    asked = [
        "How long can I return it?",
        "Where is order <ORDER_417>? I have waited since Monday.",
        "Hi",
        "Refund!",
    ]
    chats = [(system, text) for system in systems[:2] for text in asked] + [(systems[2], asked[0])]
    made = [[{"role": "system", "content": a}, {"role": "user", "content": b}] for a, b in chats]
    made.append([{"role": "user", "content": "Hello?"}])
    return tuple(chat().text(messages, add_generation_prompt=True) for messages in made)


@cache
def one_by_one() -> tuple[tuple[int, ...], ...]:
    """What transformers' own `generate` says to each prompt alone."""
    import torch

    end, found = chat().id_of(chat().eos_token), []
    for prompt in prompts():
        ids = torch.tensor([chat().ids(prompt)])
        out = model().generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=SHORT, do_sample=False,
            eos_token_id=end, pad_token_id=end,
        )[0, ids.shape[1] :].tolist()  # fmt: skip
        found.append(tuple(out[: out.index(end)] if end in out else out))
    return tuple(found)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 32])
def test_batches_say_what_generate_says_one_by_one(batch_size: int) -> None:
    answers = generate(model(), chat(), prompts(), max_tokens=SHORT, batch_size=batch_size)

    assert [answer.ids for answer in answers] == list(one_by_one())


def test_an_answer_that_never_stops_says_so() -> None:
    answers = generate(model(), chat(), prompts()[:2], max_tokens=3)

    assert [(len(answer.ids), answer.stopped) for answer in answers] == [(3, False)] * 2


def test_the_log_probability_is_that_of_the_chosen_tokens() -> None:
    import torch

    prompt = prompts()[0]
    answer = generate(model(), chat(), [prompt], max_tokens=4)[0]
    ids = [*chat().ids(prompt), *answer.ids]
    with torch.inference_mode():
        logprobs = model()(input_ids=torch.tensor([ids])).logits.log_softmax(-1)[0]
    start = len(ids) - len(answer.ids) - 1
    expected = [float(logprobs[start + i, token]) for i, token in enumerate(answer.ids)]
    assert answer.mean_logprob == pytest.approx(sum(expected) / len(expected), abs=1e-4)


def test_what_prompts_share_is_read_once_and_every_row_is_in_one_batch() -> None:
    ids = {i: chat().ids(prompt) for i, prompt in enumerate(prompts())}
    made = list(batches(ids, 4))

    assert sorted(row for batch in made for row in batch.rows) == list(ids)
    assert max(len(batch.rows) for batch in made) == 4
    for batch in made:
        for row, place in zip(batch.rows, batch.prefix_of, strict=True):
            prefix = batch.prefixes[place]
            assert tuple(ids[row][: len(prefix)]) == prefix and len(prefix) < len(ids[row])
    shared = sum(len(batch.prefixes[p]) for batch in made for p in batch.prefix_of)
    assert shared > 0.6 * sum(map(len, ids.values()))


class Counting:
    """A model that counts its passes and may break after some."""

    def __init__(self, last: int = 10**9) -> None:
        self.device, self.passes, self._last = model().device, 0, last

    def __call__(self, **inputs: Any) -> Any:
        self.passes += 1
        if self.passes > self._last:
            raise KeyboardInterrupt
        return model()(**inputs)


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    settings: dict[str, Any] = {"max_tokens": 4, "batch_size": 2}
    with pytest.raises(KeyboardInterrupt):
        generate(Counting(last=12), chat(), prompts(), log=AnswerLog(file), **settings)
    with file.open("a") as stream:
        stream.write('{"prompt": "cut sho')
    known = len([line for line in file.read_text().splitlines() if line.endswith("}")])
    counting, heard = Counting(), list[int]()

    answers = generate(counting, chat(), prompts(), log=AnswerLog(file), done=heard.append, **settings)

    assert 0 < known < len(prompts()) and heard[0] == known and heard[-1] == len(prompts())
    assert answers == generate(model(), chat(), prompts(), **settings)
    again = Counting()
    assert generate(again, chat(), prompts(), log=AnswerLog(file), **settings) == answers
    assert (again.passes, counting.passes > 0) == (0, True)


def test_a_log_keeps_an_answer_whole(tmp_path: Path) -> None:
    answer = Answer("ä <b>\u2028\n", (1, 2), True, -0.25)
    AnswerLog(tmp_path / "new" / "log").add([("who?", answer)])

    assert AnswerLog(tmp_path / "new" / "log").get("who?") == answer
    assert len([line for line in (tmp_path / "new" / "log").read_text().split("\n") if line]) == 1
    assert json.loads((tmp_path / "new" / "log").read_text())["stopped"] is True


def test_logits_that_are_no_numbers_are_an_error_with_its_cure() -> None:
    class Broken(Counting):
        def __call__(self, **inputs: Any) -> Any:
            out = super().__call__(**inputs)
            out.logits[:] = float("nan")
            return out

    with pytest.raises(ModelError, match=r"not numbers \(NaN\).*lower lora.learning_rate"):
        generate(Broken(), chat(), prompts()[:1], max_tokens=4)


def test_no_prompts_give_no_answers() -> None:
    assert generate(model(), chat(), [], max_tokens=4) == []
