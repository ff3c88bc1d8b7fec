"""Signing in and out: a password of this installation, or the agency's own identity provider (OIDC)."""

import logging
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from support_pipeline.serving.decisions import people
from support_pipeline.web.desk import Desk, WebSettings
from support_pipeline.web.pages import render
from support_pipeline.web.security import (
    Changing,
    DeskNow,
    Patience,
    cookie_name,
    refuse_other_sites,
    text_of,
)

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

HOME = "/ui/queue"


@router.get("/login")
def login_page(request: Request, desk: DeskNow, next: str = HOME) -> Response:
    """The sign-in form."""
    return _form(request, desk, next)


def _form(request: Request, desk: Desk, wanted: str, problem: str = "", status: int = 200) -> Response:
    values = {"next": _local(wanted), "problem": problem, "oidc": desk.settings.oidc}
    return render(request, "login.html", values, status)


def _local(path: str) -> str:
    """A place on this site: whoever sends a link must not choose where it ends."""
    return path if path.startswith("/ui/") and "\\" not in path and "//" not in path else HOME


@router.post("/login")
async def login(request: Request, desk: DeskNow) -> Response:
    """Checks a password; a failure does not tell whether the address is known."""
    import asyncio

    refuse_other_sites(request)
    form = await request.form()
    email, password = text_of(form.get("email")).strip().lower()[:255], text_of(form.get("password"))[:1024]
    wanted = text_of(form.get("next"))
    patience: Patience = request.app.state.patience
    who = (email, f"from {request.client.host if request.client else ''}")
    if patience.exhausted(*who):
        return _form(request, desk, wanted, "Too many failed sign-ins. Try again in five minutes.", 429)
    if not await asyncio.to_thread(_is_password, desk, email, password):
        patience.failed(*who)
        log.warning("failed sign-in of %r", email)
        return _form(request, desk, wanted, "The e-mail address or the password is wrong.", 401)
    return await _signed_in(request, desk, email, wanted, "password")


def _is_password(desk: Desk, email: str, password: str) -> bool:
    with desk.database.reading() as connection:
        row = people.person_row(connection, email)
    return people.check_password(row, password)


async def _signed_in(request: Request, desk: Desk, email: str, wanted: str, how: str) -> Response:
    token = await desk.write(lambda connection: people.begin_session(connection, email, how))
    response = RedirectResponse(_local(wanted), 303)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=people.SESSION_HOURS * 3600,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
        path="/",
    )
    return response


@router.post("/logout")
def logout(request: Request, desk: DeskNow, person: Changing) -> Response:
    """Ends the session here and in the database."""
    token = request.cookies.get(cookie_name(request), "")
    desk.write_now(lambda connection: people.end_session(connection, token))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(request), path="/")
    return response


# OIDC


def provider(settings: WebSettings) -> Any:
    """authlib's client of the identity provider, None when none is configured."""
    if not settings.oidc:
        return None
    from authlib.integrations.starlette_client import OAuth

    oauth = OAuth()
    return oauth.register(
        name="oidc",
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )


@router.get("/oidc/start")
async def oidc_start(request: Request) -> Response:
    """To the identity provider."""
    client = _provider_of(request)
    found: Response = await client.authorize_redirect(request, str(request.url_for("oidc_back")))
    return found


@router.get("/oidc/back")
async def oidc_back(request: Request, desk: DeskNow) -> Response:
    """Back from it: the token is checked, and whoever it names must be a user here with that address."""
    import asyncio

    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import JoseError

    client = _provider_of(request)
    try:
        token = await client.authorize_access_token(request)
    except (OAuthError, JoseError) as error:
        log.warning("refused OIDC sign-in: %s", error)
        return _form(request, desk, HOME, "The identity provider's answer could not be verified.", 401)
    claims = token.get("userinfo") or {}
    email = str(claims.get("email") or "").lower()
    if not email or claims.get("email_verified") is not True:
        return _form(request, desk, HOME, "The identity provider did not confirm your e-mail address.", 403)
    if not await asyncio.to_thread(_is_person, desk, email):
        problem = f"{email} is no user here. An administrator adds you with `support-pipeline user add`."
        return _form(request, desk, HOME, problem, 403)
    return await _signed_in(request, desk, email, HOME, "oidc")


def _provider_of(request: Request) -> Any:
    if request.app.state.provider is None:
        raise HTTPException(404, "no identity provider is configured")
    return request.app.state.provider


def _is_person(desk: Desk, email: str) -> bool:
    with desk.database.reading() as connection:
        return people.person_row(connection, email) is not None
