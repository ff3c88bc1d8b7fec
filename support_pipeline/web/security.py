"""Headers on every answer, forged requests refused, and who is asking."""

import asyncio
import hmac
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from support_pipeline.serving.decisions import people
from support_pipeline.serving.decisions.people import Person, Session
from support_pipeline.web.desk import Desk

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
KEY_SECONDS = 5.0


class SecurityHeaders:
    """Adds the headers; pages hold customers' words, so nothing but static files is cached."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        cached = scope["path"].startswith("/static/")

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "max-age=3600" if cached else "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, add)


class SignedOut(Exception):
    """Nobody is signed in; `wanted` is where they were going."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted


def desk_of(request: Request) -> Desk:
    """The app's shared state."""
    desk: Desk = request.app.state.desk
    return desk


async def _desk(request: Request) -> Desk:
    return desk_of(request)  # async, or each request would wait for a thread to look at an attribute


DeskNow = Annotated[Desk, Depends(_desk)]


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to this host over https; plain http on the loopback cannot have it."""
    return "__Host-session" if request.url.scheme == "https" else "session"


def session_of(request: Request, desk: DeskNow) -> Session:
    """The session of a signed-in person.

    Raises:
        SignedOut: there is none.
    """
    token = request.cookies.get(cookie_name(request), "")
    if token:
        with desk.database.reading() as connection:
            found = people.session_of(connection, token)
        if found is not None:
            request.state.session = found
            return found
    raise SignedOut(request.url.path if request.method == "GET" else "/ui/queue")


SignedIn = Annotated[Session, Depends(session_of)]


async def changing(request: Request, session: SignedIn) -> Person:
    """Who makes a change, having shown the session's token; other sites do not have it.

    Raises:
        HTTPException: 403.
    """
    refuse_other_sites(request)
    token = request.headers.get("x-csrf-token") or str((await request.form()).get("csrf", ""))
    if not people.same(token, session.csrf):
        raise HTTPException(403, "This page is too old, or the request came from elsewhere. Load it again.")
    return session.person


Changing = Annotated[Person, Depends(changing)]


def admin(session: SignedIn) -> Person:
    """An administrator."""
    if session.person.role != "admin":
        raise HTTPException(403, "Only an administrator may do this.")
    return session.person


def refuse_other_sites(request: Request) -> None:
    """Refuses what the browser says another site has sent.

    Raises:
        HTTPException: 403.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if site not in ("same-origin", "none") or foreign:
        raise HTTPException(403, "The request came from another site.")


class Keys:
    """API keys that were looked up a moment ago, so that a busy shop does not read the table each time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[str, tuple[float, str | None]] = {}
        self._clock = clock

    async def client(self, desk: Desk, key: str) -> str | None:
        """The client of a key; a revoked one ends within `KEY_SECONDS`."""
        digest = people.sha256(key)
        found = self._known.get(digest)
        if found is not None and found[0] > self._clock():
            return found[1]
        client = await asyncio.to_thread(_client_of, desk, key)
        if len(self._known) > 4096:
            self._known.clear()
        self._known[digest] = (self._clock() + KEY_SECONDS, client)
        return client


def _client_of(desk: Desk, key: str) -> str | None:
    with desk.database.reading() as connection:
        return people.client_of(connection, key)


async def api_client(request: Request, desk: DeskNow) -> str:
    """The client that an API key belongs to; nothing in a request can name another.

    Raises:
        HTTPException: 401.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    keys: Keys = request.app.state.keys
    client = await keys.client(desk, key.strip()) if scheme.lower() == "bearer" and key.strip() else None
    if client is None:
        cure = "Send `Authorization: Bearer KEY`; an administrator makes one with `support-pipeline key add CLIENT`."
        raise HTTPException(401, f"no valid API key. {cure}", {"WWW-Authenticate": "Bearer"})
    return client


ApiClient = Annotated[str, Depends(api_client)]


class Patience:
    """Failed sign-ins by name and by address: after `allowed` in `seconds`, the next are refused unread."""

    def __init__(
        self, allowed: int = 5, seconds: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._allowed, self._seconds, self._clock = allowed, seconds, clock
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def exhausted(self, *who: str) -> bool:
        """Whether one of them has failed too often."""
        with self._lock:
            return any(len(self._recent(name)) >= self._allowed for name in who)

    def failed(self, *who: str) -> None:
        """Counts a failure."""
        with self._lock:
            if len(self._failures) > 10_000:
                self._failures.clear()
            for name in who:
                self._failures[name] = [*self._recent(name), self._clock()]

    def _recent(self, name: str) -> list[float]:
        since = self._clock() - self._seconds
        return [at for at in self._failures.get(name, ()) if at > since]


def digest_equal(given: str, expected: str) -> bool:
    """Equality of signatures in constant time; bytes, because a header may hold anything."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def text_of(value: Any) -> str:
    """A form value as text."""
    return value if isinstance(value, str) else ""
