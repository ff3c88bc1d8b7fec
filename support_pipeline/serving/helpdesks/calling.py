"""One request to a helpdesk, and what is known of its effect afterwards.

A write is never repeated here. Whoever asked is told whether it certainly had no effect, certainly
was refused, or may have been done although no answer came.
"""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from support_pipeline.data.sync.http import asked_wait
from support_pipeline.errors import SupportPipelineError

NO_EFFECT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class NotReached(SupportPipelineError):
    """The request certainly had no effect; it may be sent again after `wait_seconds`."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(message)


class Refused(SupportPipelineError):
    """The helpdesk said no; the same request will be refused again."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class Moved(SupportPipelineError):
    """The ticket has changed since it was read, so the helpdesk did not take the write."""


class Uncertain(SupportPipelineError):
    """No answer that tells; the request may have had its effect."""


class Api:
    """JSON requests of one vendor's account."""

    def __init__(self, vendor: str, http: httpx.Client) -> None:
        self.vendor, self._http = vendor, http

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer of a GET; without one nothing was changed, so it is `NotReached`."""
        try:
            return self._ask("GET", path, params=params)
        except Uncertain as error:
            raise NotReached(str(error)) from error

    def search(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer of a POST that only asks."""
        try:
            return self._ask("POST", path, json=dict(body))
        except Uncertain as error:
            raise NotReached(str(error)) from error

    def send(
        self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON answer of a write.

        Raises:
            NotReached, Refused, Moved, Uncertain: what is known of its effect.
        """
        return self._ask(method, path, json=dict(body), headers=dict(headers or {}))

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        place = f"{self.vendor} {method} {path}"
        try:
            answer = self._http.request(method, path, follow_redirects=False, **request)
        except NO_EFFECT as error:
            raise NotReached(f"{place}: {type(error).__name__}: {error}") from error
        except httpx.HTTPError as error:
            raise Uncertain(f"{place}: no answer ({type(error).__name__}: {error})") from error
        return _read(place, answer)


def _read(place: str, answer: httpx.Response) -> Any:
    status, said = answer.status_code, answer.text[:300]
    if status == 429:
        wait = asked_wait(answer.headers, time.time())
        raise NotReached(f"{place}: too many requests", wait)
    if status == 409:
        raise Moved(f"{place}: the ticket has changed meanwhile: {said}")
    if status >= 500 or status == 408:
        raise Uncertain(f"{place}: answered {status}: {said}")
    if status >= 300:
        cure = "; check the token that api.token_env names and its rights" if status in (401, 403) else ""
        raise Refused(f"{place}: answered {status}: {said}{cure}", status)
    try:
        return orjson.loads(answer.content) if answer.content else {}
    except orjson.JSONDecodeError as error:
        raise Uncertain(f"{place}: an answer that is no JSON: {said}") from error
