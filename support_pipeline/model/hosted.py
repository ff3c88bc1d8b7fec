"""Answers from a chat model behind an OpenAI-compatible address (`POST /chat/completions`).

Tickets are sent as the model reads them, personal data redacted. Format: platform.openai.com/docs/api-reference/chat;
llama-server, vLLM, Ollama and most hosts speak it.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx

from support_pipeline.clients import Endpoint
from support_pipeline.errors import EngineError
from support_pipeline.model.generation import Answer, AnswerLog
from support_pipeline.model.prompt import Message

TRIES = 4
_PASSING = (408, 409, 425, 429, 500, 502, 503, 504)


def ask_hosted(
    endpoint: Endpoint,
    chats: Sequence[Sequence[Message]],
    *,
    max_tokens: int,
    done: Callable[[int], None] = lambda count: None,
    log: AnswerLog | None = None,
    wait_seconds: float = 1.0,
) -> list[Answer]:
    """The model's answers at temperature 0, in the chats' order; `parallel` at a time.

    A busy or failing host is tried again after `wait_seconds`, twice as long each time. An answer has no
    token ids, and a log-probability of 0, which says nothing.

    Raises:
        EngineError: the key's variable is not set, or the host refuses, does not answer, or answers nonsense.
    """
    log = log or AnswerLog(None)
    asked = [json.dumps([dict(message) for message in chat]) for chat in chats]
    answers = {i: known for i, text in enumerate(asked) if (known := log.get(text))}
    open_chats = [i for i in range(len(chats)) if i not in answers]
    if answers:
        done(len(answers))
    headers = _headers(endpoint)
    with (
        httpx.Client(headers=headers, timeout=endpoint.timeout_seconds) as client,
        ThreadPoolExecutor(endpoint.parallel) as pool,
    ):
        waiting = {
            pool.submit(_ask, client, endpoint, chats[i], max_tokens, wait_seconds): i for i in open_chats
        }
        try:
            for future in as_completed(waiting):
                i = waiting[future]
                answers[i] = future.result()
                log.add([(asked[i], answers[i])])
                done(len(answers))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [answers[i] for i in range(len(chats))]


def _headers(endpoint: Endpoint) -> dict[str, str]:
    if endpoint.api_key_env is None:
        return {}
    key = os.environ.get(endpoint.api_key_env)
    if not key:
        raise EngineError(
            f"{endpoint.base_url}: the environment variable {endpoint.api_key_env} holds no key. Set it, or leave "
            "api_key_env out where no key is needed."
        )
    return {"Authorization": f"Bearer {key}"}


def _ask(
    client: httpx.Client, endpoint: Endpoint, chat: Sequence[Message], max_tokens: int, wait_seconds: float
) -> Answer:
    body = {
        "model": endpoint.model,
        "messages": [dict(message) for message in chat],
        "temperature": 0,
        "max_tokens": max_tokens,
    }
    url = endpoint.base_url.rstrip("/") + "/chat/completions"
    for turn in range(TRIES):
        last = turn == TRIES - 1
        try:
            response = client.post(url, json=body)
        except httpx.TransportError as error:
            if last:
                raise EngineError(
                    f"{url}: does not answer ({type(error).__name__}). Check base_url and that the server runs."
                ) from error
        else:
            if response.status_code == 200:
                return _answer(url, response)
            if last or response.status_code not in _PASSING:
                raise EngineError(
                    f"{url}: HTTP {response.status_code} for model '{endpoint.model}': {response.text[:200]!r}. "
                    "Check the model's name and the key."
                )
        time.sleep(wait_seconds * 2**turn)
    raise AssertionError("the last try returns or raises")


def _answer(url: str, response: httpx.Response) -> Answer:
    try:
        choice: dict[str, Any] = response.json()["choices"][0]
        text = choice["message"]["content"] or ""
        reason = choice.get("finish_reason")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise EngineError(
            f"{url}: the answer is no chat completion ({response.text[:120]!r}). base_url must end before /chat/completions."
        ) from error
    if not isinstance(text, str):
        raise EngineError(f"{url}: the answer's content is no text.")
    return Answer(text.strip(), (), reason != "length", 0.0)
