"""The FastAPI app: routes, middleware, start and end."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from support_pipeline.clients import ClientRegistry
from support_pipeline.serving.decisions import Database, people, readiness
from support_pipeline.serving.decisions.database import DatabaseUnusable, storable
from support_pipeline.serving.decisions.writer import Overloaded
from support_pipeline.web import api, hooks, pages, signin
from support_pipeline.web.desk import Desk, WebSettings
from support_pipeline.web.figures import exposition, figures
from support_pipeline.web.security import Keys, Patience, SecurityHeaders, SignedOut, desk_of

LOOPBACK = ("127.0.0.1", "::1")


def create_app(database: Database, registry: ClientRegistry, settings: WebSettings | None = None) -> FastAPI:
    """The app on a database and a folder of clients."""
    settings = settings or WebSettings()
    app = FastAPI(
        title="support_pipeline router",
        version="1",
        lifespan=_lifespan,
        docs_url=None,  # its page would load scripts from a CDN
        redoc_url=None,
    )
    app.state.desk = Desk(database, registry, settings)
    app.state.keys, app.state.patience = Keys(), Patience()
    app.state.provider = signin.provider(settings)
    for router in (api.router, hooks.router, signin.router, pages.router):
        app.include_router(router)
    _service_routes(app)
    _error_pages(app)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), "static")
    if settings.oidc:
        # Only the state of a sign-in that is under way; it need not outlive this process.
        app.add_middleware(
            SessionMiddleware, secret_key=secrets.token_urlsafe(32), session_cookie="signin", max_age=600
        )
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.largest_body)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts))
    app.add_middleware(SecurityHeaders)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    desk.database.migrate()
    with desk.writer:
        desk.waiters.start()
        try:
            yield
        finally:
            desk.waiters.stop()
            desk.worker_bell.close()
    desk.database.close()


def _service_routes(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def home() -> Response:
        return RedirectResponse("/ui/queue", 303)

    @app.get("/healthz", include_in_schema=False)
    def alive() -> Response:
        return PlainTextResponse("ok")

    @app.get("/readyz", include_in_schema=False)
    async def ready(request: Request) -> Response:
        """Whether a write reaches the disk and every live model answers.

        For people and alarms: webhooks are kept without a model too, so a load balancer asks `/healthz`.
        """
        desk = desk_of(request)
        await desk.write(lambda connection: None)
        problems = await asyncio.to_thread(_problems, desk)
        if not problems:
            return PlainTextResponse("ok")
        return PlainTextResponse("\n".join(problems) if _inside(request) else "not ready", 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        desk = desk_of(request)
        if not _inside(request):
            return PlainTextResponse("not allowed: send the metrics token", 403)
        with desk.database.reading() as connection:
            return PlainTextResponse(exposition(figures(connection, None)))

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return RedirectResponse("/static/icon.svg", 308)


def _problems(desk: Desk) -> list[str]:
    with desk.database.reading() as connection:
        return readiness.problems(connection)


def _inside(request: Request) -> bool:
    """Whether clients' names and figures may be told: to this machine, or for the metrics token."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    local = request.client is not None and request.client.host in LOOPBACK
    # Behind a proxy everybody comes from the loopback, so then only the token counts.
    direct = local and "x-forwarded-for" not in request.headers and "forwarded" not in request.headers
    return direct or people.same(given, desk_of(request).settings.metrics_token)


def _error_pages(app: FastAPI) -> None:
    @app.exception_handler(SignedOut)
    async def signed_out(request: Request, error: SignedOut) -> Response:
        return RedirectResponse(f"/login?next={quote(error.wanted)}", 303)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return _problem(request, error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # The input itself is not repeated: it may be long, private, or no text that can be sent.
        found = [
            f"{storable('.'.join(str(part) for part in one['loc']))}: {one['msg']}" for one in error.errors()
        ]
        return _problem(request, 422, "; ".join(found), {})

    @app.exception_handler(Overloaded)
    @app.exception_handler(DatabaseUnusable)
    async def overloaded(request: Request, error: Exception) -> Response:
        return _problem(request, 503, str(error), {"Retry-After": "1"})

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return _problem(
            request, 500, "Something went wrong here; it is in the log. Nothing was acknowledged.", {}
        )


def _problem(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    if request.url.path.startswith("/ui/"):
        return pages.render(request, "problem.html", {"status": status, "detail": detail}, status)
    return JSONResponse({"detail": detail}, status, headers)
