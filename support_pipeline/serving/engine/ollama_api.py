"""Ollama's REST interface as far as it is used: blobs, create, copy, show, tags, generate.

httpx and not the official client, which has no `truncate` and no `shift`. Errors are told apart as the
vendor documents them: a status with `{"error": ...}`, 503 when the queue is full, and an `error` line
in the middle of a stream that began with 200.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine.answer import RefusedError
from support_pipeline.serving.engine.limits import EngineBusyError

DEFAULT_URL = "http://127.0.0.1:11434"
OLDEST = (0, 30)
"""Before 0.30 Ollama had runners of its own, and a known hole in reading GGUF files before 0.17.1."""

_CHUNK = 1 << 20


class MissingModelError(EngineError):
    """Ollama has no model of this name."""


@dataclass(frozen=True)
class OllamaApi:
    """One Ollama server. `seconds` bound every call that does no model work."""

    url: str = DEFAULT_URL
    seconds: float = 30.0
    create_seconds: float = 1800.0

    def version(self) -> tuple[int, ...]:
        """The server's version.

        Raises:
            EngineError: it does not answer, or is too old.
        """
        text = str(self._json("GET", "/api/version").get("version", ""))
        found = tuple(int(part) for part in text.split("-")[0].split(".") if part.isdigit())
        if found < OLDEST:
            raise EngineError(
                f"{self.url}: Ollama {text or 'without a version'} is too old. Install 0.30 or later."
            )
        return found

    def has_blob(self, digest: str) -> bool:
        """Whether a file is there already, by `sha256:<hex>`."""
        response = self._send("HEAD", f"/api/blobs/{digest}")
        if response.status_code not in (200, 404):
            raise _failure(response, self.url)
        return response.status_code == 200

    def upload(self, file: Path, digest: str) -> None:
        """Sends a file; the server hashes it again.

        Raises:
            EngineError: the digest is not the file's, or the server has no room.
        """
        with self._client(self.create_seconds) as client:
            try:
                response = client.post(
                    f"/api/blobs/{digest}",
                    content=_chunks(file),
                    headers={"Content-Length": str(file.stat().st_size)},
                )
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
        if response.status_code not in (200, 201):
            raise EngineError(
                f"{self.url}: refused the file {file.name}: {_said(response)}. Its content may have changed while "
                "it was sent; verify the artifact and deploy again."
            )

    def create(self, name: str, files: Mapping[str, str], parameters: Mapping[str, Any]) -> None:
        """A model from uploaded files.

        Raises:
            EngineError: the server says so, by status or in its answer.
        """
        body = {"model": name, "files": dict(files), "parameters": dict(parameters), "stream": False}
        answer = self._json("POST", "/api/create", body, seconds=self.create_seconds)
        if answer.get("status") != "success":
            raise EngineError(f"{self.url}: creating {name} ended with {answer}. See Ollama's log.")

    def show(self, name: str) -> dict[str, Any]:
        """What the server knows of a model.

        Raises:
            MissingModelError: it has none of this name.
        """
        return self._json("POST", "/api/show", {"model": name})

    def exists(self, name: str) -> bool:
        """Whether there is a model of this name."""
        try:
            self.show(name)
        except MissingModelError:
            return False
        return True

    def digests(self) -> dict[str, str]:
        """Every model's manifest digest by name; a copy has its original's."""
        models = self._json("GET", "/api/tags").get("models") or []
        return {str(model["name"]): str(model["digest"]) for model in models}

    def copy(self, source: str, destination: str) -> None:
        """Gives a model a second name; an existing one is moved to it.

        Raises:
            MissingModelError: there is no such source.
        """
        response = self._send("POST", "/api/copy", {"source": source, "destination": destination})
        if response.status_code != 200:
            raise _failure(response, self.url, source)

    def load(self, name: str, num_ctx: int, keep_alive: str = "24h") -> None:
        """Has a model loaded into memory; returns when it is."""
        body = {"model": name, "keep_alive": keep_alive, "options": {"num_ctx": num_ctx}, "stream": False}
        self._json("POST", "/api/generate", body, seconds=self.create_seconds)

    def generate(self, body: Mapping[str, Any], deadline: float) -> Iterator[dict[str, Any]]:
        """The lines of an answer until it is done or `deadline` (monotonic) passes; leaving ends the work.

        Raises:
            EngineError: by status, by a line in the stream, or because the stream broke off.
        """
        remaining = max(0.001, deadline - time.monotonic())
        with self._client(remaining) as client:
            try:
                with client.stream("POST", "/api/generate", json=dict(body)) as response:
                    if response.status_code != 200:
                        response.read()
                        raise _failure(response, self.url, str(body.get("model")))
                    for line in _lines(response):
                        if "error" in line:
                            raise EngineError(f"{self.url}: Ollama failed while answering: {line['error']}")
                        yield line
                        if line.get("done"):
                            return
                        if time.monotonic() > deadline:
                            return
                raise EngineError(f"{self.url}: Ollama's answer broke off. See its log.")
            except httpx.TimeoutException:
                return
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error

    def _json(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float | None = None
    ) -> dict[str, Any]:
        response = self._send(method, path, body, seconds)
        if response.status_code != 200:
            raise _failure(response, self.url, str((body or {}).get("model", "")))
        try:
            answer = response.json()
        except ValueError as error:
            raise EngineError(f"{self.url}{path}: answered no JSON. Is this an Ollama server?") from error
        if not isinstance(answer, dict) or "error" in answer:
            raise EngineError(f"{self.url}{path}: {answer}")
        return answer

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float | None = None
    ) -> httpx.Response:
        with self._client(seconds or self.seconds) as client:
            try:
                return client.request(method, path, json=None if body is None else dict(body))
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error

    def _client(self, seconds: float) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=seconds, trust_env=False, follow_redirects=False)

    def _unreachable(self, error: httpx.HTTPError) -> EngineError:
        return EngineError(
            f"{self.url}: Ollama does not answer ({type(error).__name__}: {error}). Start it with `ollama serve`, or "
            "correct serving.url."
        )


def digest_of(file: Path) -> str:
    """A file's name as a blob: `sha256:<hex>`."""
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _lines(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Lines of JSON. Not `iter_lines`: it also splits at U+2028, which answers contain."""
    rest = b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in (line for line in lines if line.strip()):
            yield _parsed(line)
    if rest.strip():
        yield _parsed(rest)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise EngineError(f"Ollama sent a line that is no JSON: {line[:200]!r}") from error
    if not isinstance(found, dict):
        raise EngineError(f"Ollama sent a line that is no object: {line[:200]!r}")
    return found


def _failure(response: httpx.Response, url: str, name: str = "") -> EngineError:
    said = _said(response)
    if response.status_code == 503:
        return EngineBusyError(f"{url}: Ollama's queue is full ({said}). Try again shortly.")
    if response.status_code == 404:
        return MissingModelError(f"{url}: Ollama has no model '{name}' ({said}). Deploy the release again.")
    if response.status_code == 400:
        return RefusedError(f"{url}: Ollama refused the request ({said}).")
    return EngineError(f"{url}: Ollama answered {response.status_code}: {said}")


def _said(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"])[:500]
    except (ValueError, KeyError, TypeError):
        return response.text[:500] or "no reason given"
