"""One vendor's API over HTTP: credentials, one host, patience.

A request goes only to the host it was made for (a known vendor, or the loopback in tests), and no
redirect is followed, so credentials reach nobody else. Too many requests, server errors, lost
connections and cut-off bodies are tried again; the vendor's own headers say how long to wait.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import orjson

from support_pipeline.errors import ExportError

VENDOR_HOSTS = {
    "zendesk": (".zendesk.com",),
    "gorgias": (".gorgias.com",),
    "freshdesk": (".freshdesk.com",),
    "intercom": ("api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io"),
}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
ATTEMPTS = 8
LONGEST_WAIT_SECONDS = 900.0
TIMEOUT_SECONDS = 60.0


class ApiRefused(ExportError):
    """The vendor answered that this request will never work; `status` says how."""

    def __init__(self, place: str, status: int, answer: str) -> None:
        self.status = status
        self.answer = answer
        super().__init__(f"{place}: the API answered {status}: {answer[:300]}")


@dataclass(frozen=True)
class Clock:
    """Time and chance, so that tests need neither."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default_factory=lambda: random.Random().random)


class VendorApi:
    """JSON requests to one host; safe to share between threads."""

    def __init__(self, vendor: str, client: httpx.Client, clock: Clock) -> None:
        check_host(vendor, str(client.base_url))
        self._client, self._clock = client, clock
        self._pause_until = 0.0
        self._lock = threading.Lock()

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The JSON answer of a GET."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON answer of a POST that only asks (a search)."""
        return self._ask("POST", path, json=body)

    def now(self) -> float:
        """The time in epoch seconds."""
        return self._clock.now()

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        problem = ""
        for attempt in range(ATTEMPTS):
            self._wait_for_allowance()
            try:
                answer = self._client.request(method, path, follow_redirects=False, **request)
                if answer.status_code not in RETRIED:
                    self._note_allowance(answer.headers)
                    return self._read(answer, path)
                problem = f"answer {answer.status_code}"
                wait = asked_wait(answer.headers, self._clock.now())
            except (httpx.TransportError, orjson.JSONDecodeError) as error:
                problem, wait = f"{type(error).__name__}: {error}", None
            self._hold(self._backoff(attempt) if wait is None else wait + self._clock.jitter())
        raise ExportError(
            f"{self._place(path)}: gave up after {ATTEMPTS} attempts ({problem}). Run it again: it goes on where"
            " it stopped."
        )

    def _read(self, answer: httpx.Response, path: str) -> dict[str, Any]:
        place, status = self._place(path), answer.status_code
        if answer.is_redirect:
            raise ApiRefused(
                place, status, "a redirect, which is not followed; correct subdomain or base_url"
            )
        if status in (401, 403):
            raise ApiRefused(
                place, status, "not allowed; check the token that api.token_env names and its rights"
            )
        if status >= 400:
            raise ApiRefused(place, status, answer.text)
        value = orjson.loads(answer.content)
        return cast(dict[str, Any], value if isinstance(value, dict) else {"items": value})

    def _place(self, path: str) -> str:
        return f"{self._client.base_url.host}{path}"

    def _backoff(self, attempt: int) -> float:
        return float(min(60.0, 0.5 * 2**attempt) * (0.5 + self._clock.jitter()))

    def _hold(self, seconds: float) -> None:
        with self._lock:
            until = self._clock.now() + min(seconds, LONGEST_WAIT_SECONDS)
            self._pause_until = max(self._pause_until, until)

    def _wait_for_allowance(self) -> None:
        with self._lock:
            wait = self._pause_until - self._clock.now()
        if wait > 0:
            self._clock.sleep(wait)

    def _note_allowance(self, headers: Mapping[str, str]) -> None:
        """Waits before the next request when this one used up the allowance."""
        if allowance_used(headers):
            self._hold(asked_wait(headers, self._clock.now()) or 1.0)


def check_host(vendor: str, base_url: str) -> None:
    """Refuses a host that is not the vendor's, and plain HTTP but for the loopback.

    Raises:
        ExportError: credentials would go to a stranger.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    known = VENDOR_HOSTS.get(vendor, ())
    ours = any(host.endswith(name) if name.startswith(".") else host == name for name in known)
    if host not in LOOPBACK and not (ours and parts.scheme == "https"):
        raise ExportError(
            f"{base_url} is not an address of {vendor}. Expected https and one of: {', '.join(known)}"
        )


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the vendor asks to wait: Retry-After (seconds or a date), else its reset headers."""
    after = headers.get("retry-after")
    if after is not None:
        return _seconds(after, now)
    for name in ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"):
        if (given := headers.get(name)) is not None:
            return _seconds(given, now)
    for name, value in headers.items():
        if name.lower().startswith("zendesk-ratelimit") and "resets=" in value:
            return _seconds(value.split("resets=")[1].split(";")[0].strip(), now)
    return None


def _seconds(text: str, now: float) -> float | None:
    """A wait out of seconds, an epoch time, or an HTTP date."""
    try:
        count = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        count = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return max(count - now if count > 1e8 else count, 0.0)


def allowance_used(headers: Mapping[str, str]) -> bool:
    """Whether the headers say that nothing is left of the current window."""
    for name in ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"):
        if headers.get(name, "").strip() == "0":
            return True
    used, _, limit = headers.get("x-gorgias-account-api-call-limit", "").partition("/")
    if limit and used.strip() == limit.strip():
        return True
    return any(n.lower().startswith("zendesk-ratelimit") and "remaining=0" in v for n, v in headers.items())


def utc_text(epoch: float) -> str:
    """An epoch time as ISO text with Z."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
