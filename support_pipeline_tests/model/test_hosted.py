"""Answers from an OpenAI-compatible address, over a real socket."""

from pathlib import Path

import pytest

from support_pipeline.clients import Endpoint
from support_pipeline.errors import EngineError
from support_pipeline.model.generation import AnswerLog
from support_pipeline.model.hosted import ask_hosted
from support_pipeline_tests.model.completions import completions

CHATS = [
    [{"role": "system", "content": "Be short."}, {"role": "user", "content": f"question {i}"}]
    for i in range(6)
]


def test_answers_come_in_order_with_key_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    heard: list[int] = []
    with completions(lambda messages: f" answer to {messages[-1]['content']} ") as server:
        endpoint = Endpoint(base_url=server.base_url + "/", model="big", api_key_env="SOME_KEY")
        answers = ask_hosted(endpoint, CHATS, max_tokens=9, done=heard.append)

    assert [answer.text for answer in answers] == [f"answer to question {i}" for i in range(6)]
    assert all(answer.stopped for answer in answers) and heard[-1] == 6
    for seen in server.seen:
        assert (seen["path"], seen["key"], seen["model"]) == ("/v1/chat/completions", "Bearer s3cret", "big")
        assert (seen["temperature"], seen["max_tokens"], len(seen["messages"])) == (0, 9, 2)


def test_a_busy_host_is_asked_again_and_known_answers_are_not(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with completions(lambda _: "yes", faults=(429, 503)) as server:
        endpoint = Endpoint(base_url=server.base_url, model="m", parallel=1)
        first = ask_hosted(endpoint, CHATS[:2], max_tokens=9, log=AnswerLog(log), wait_seconds=0.01)
        assert len(server.seen) == 4
        assert ask_hosted(endpoint, CHATS[:3], max_tokens=9, log=AnswerLog(log))[:2] == first
        assert len(server.seen) == 5


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ((401,), "HTTP 401 for model 'm'"),
        ((500,) * 9, "HTTP 500 for model 'm'"),
        ((404,), "Check the model's name"),
    ],
)
def test_a_host_that_refuses_is_one_clear_error(faults: tuple[int, ...], message: str) -> None:
    with completions(lambda _: "yes", faults=faults) as server:
        endpoint = Endpoint(base_url=server.base_url, model="m", parallel=1)
        with pytest.raises(EngineError, match=message):
            ask_hosted(endpoint, CHATS[:1], max_tokens=9, wait_seconds=0.001)


def test_a_missing_key_and_a_dead_host_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(EngineError, match="NO_KEY holds no key"):
        ask_hosted(
            Endpoint(base_url="http://127.0.0.1:9/v1", model="m", api_key_env="NO_KEY"), CHATS, max_tokens=9
        )
    with pytest.raises(EngineError, match="does not answer"):
        ask_hosted(
            Endpoint(base_url="http://127.0.0.1:9/v1", model="m"), CHATS[:1], max_tokens=9, wait_seconds=0.001
        )
