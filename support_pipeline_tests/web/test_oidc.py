"""Signing in at an identity provider: the standard's discovery, code with PKCE, and a signed token."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from support_pipeline.web.app import create_app
from support_pipeline.web.desk import WebSettings
from support_pipeline_tests.web.conftest import AGENT, prepare


class Provider:
    """An identity provider on loopback; `claims` override what its token says."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        self.signing_key = self.key
        self.claims: dict[str, Any] = {}
        self.nonce, self.challenge = "", ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("openid-configuration"):
                    self._say(provider.metadata())
                else:
                    self._say({"keys": [provider.key.as_dict(private=False)]})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                assert form["code"] == ["the-code"] and form["code_verifier"]
                self._say({"access_token": "a", "token_type": "Bearer", "id_token": provider.token()})

            def _say(self, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def token(self) -> str:
        now = int(time.time())
        said = {"iss": self.url, "aud": "desk", "sub": "1", "iat": now, "exp": now + 60, "nonce": self.nonce}
        said |= {"email": AGENT, "email_verified": True} | self.claims
        return jwt.encode({"alg": "RS256", "kid": "k1"}, said, self.signing_key)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def http(tmp_path: Path, provider: Provider) -> Iterator[TestClient]:
    database, registry, _ = prepare(tmp_path)
    settings = WebSettings(oidc_issuer=provider.url, oidc_client_id="desk", oidc_client_secret="s")
    with TestClient(create_app(database, registry, settings), base_url="http://localhost") as client:
        yield client


def sign_in(http: TestClient, provider: Provider, **changed: str) -> Any:
    """To the provider and back, as a browser goes."""
    away = http.get("/oidc/start", follow_redirects=False)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
    assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (
        "desk",
        "code",
        "S256",
    )
    provider.nonce = asked["nonce"]
    back = {"code": "the-code", "state": asked["state"], **changed}
    return http.get("/oidc/back", params=back, follow_redirects=False)


def test_a_user_of_this_desk_gets_in(http: TestClient, provider: Provider) -> None:
    assert "Sign in with your organisation" in http.get("/login").text
    assert sign_in(http, provider).status_code == 303
    assert http.get("/ui/queue").status_code == 200


@pytest.mark.parametrize(
    ("claims", "status", "said"),
    [
        ({"email": "stranger@acme.example"}, 403, "is no user here"),
        ({"email_verified": False}, 403, "did not confirm"),
        ({"email_verified": "true"}, 403, "did not confirm"),
        ({"aud": "another"}, 401, "could not be verified"),
        ({"iss": "https://evil.example"}, 401, "could not be verified"),
        ({"exp": 1}, 401, "could not be verified"),
        ({"nonce": "replayed"}, 401, "could not be verified"),
    ],
)
def test_others_do_not(
    http: TestClient, provider: Provider, claims: dict[str, Any], status: int, said: str
) -> None:
    provider.claims = claims
    done = sign_in(http, provider)
    assert done.status_code == status and said in done.text
    assert http.get("/ui/queue", follow_redirects=False).status_code == 303


def test_a_token_that_somebody_else_has_signed_is_refused(http: TestClient, provider: Provider) -> None:
    provider.signing_key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
    assert sign_in(http, provider).status_code == 401


def test_an_answer_to_a_question_nobody_asked_is_refused(http: TestClient, provider: Provider) -> None:
    assert sign_in(http, provider, state="made-up").status_code == 401
