"""A server that behaves as Ollama's documents say, with the faults that they name.

It keeps blobs and manifests, answers by a script and not by a model, and speaks over real HTTP.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Count = Callable[[str], int]


@dataclass
class Ollama:
    """What the server holds, and how it misbehaves.

    `script` is the answer by tokens; `fault` one of "", "busy", "midstream", "broken_off", "no_json",
    "cuts" (the prompt is cut silently), "slow", "no_logprobs"; `prompts` are the raw prompts it got.
    """

    count: Count
    version: str = "0.32.15"
    script: tuple[str, ...] = ("Items ", "can be ", "returned.", "")
    fault: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    interrupted: int = 0

    def digest(self, name: str) -> str:
        made = json.dumps(self.models[name], sort_keys=True)
        return hashlib.sha256(made.encode()).hexdigest()

    def answer(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The lines of one answer."""
        read = self.count(body["prompt"])
        context = body["options"]["num_ctx"]
        if read > context and self.fault != "cuts":
            raise _Refusal(400, "the input length exceeds the context length")
        if self.fault == "cuts":
            read = min(read, context // 2)
        shown = self.script[: body["options"]["num_predict"]]
        for i, token in enumerate(shown):
            if self.fault == "slow":
                time.sleep(0.1)
            if self.fault == "midstream" and i == 1:
                yield {"error": "an error was encountered while running the model"}
                return
            if self.fault == "broken_off" and i == 1:
                return
            line: dict[str, Any] = {"model": body["model"], "response": token, "done": False}
            if body.get("logprobs") and token and self.fault != "no_logprobs":
                tops = [{"token": token, "logprob": -0.01}, {"token": "x", "logprob": -5.0}]
                line["logprobs"] = [
                    {"token": token, "logprob": -0.01, "bytes": list(token.encode()), "top_logprobs": tops}
                ]
            yield line
        ended = "stop" if len(shown) == len(self.script) else "length"
        yield {
            "model": body["model"],
            "response": "",
            "done": True,
            "done_reason": ended,
            "prompt_eval_count": read,
            "eval_count": len(shown),
        }


class _Refusal(Exception):
    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error


def serve(ollama: Ollama) -> tuple[ThreadingHTTPServer, str]:
    """A running server and its address; call `shutdown` and `server_close`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_HEAD(self) -> None:
            self._bare(200 if self.path.removeprefix("/api/blobs/") in ollama.blobs else 404)

        def do_GET(self) -> None:
            if self.path == "/api/version":
                return self._json(200, {"version": ollama.version})
            models = [{"name": name, "digest": ollama.digest(name)} for name in ollama.models]
            return self._json(200, {"models": models})

        def do_POST(self) -> None:
            data = self._read()
            if self.path.startswith("/api/blobs/"):
                return self._blob(self.path.removeprefix("/api/blobs/"), data)
            body = json.loads(data)
            ollama.requests.append(("POST", self.path, body))
            try:
                return getattr(self, "_" + self.path.removeprefix("/api/"))(body)
            except _Refusal as refusal:
                return self._json(refusal.status, {"error": refusal.error})

        def _read(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _blob(self, digest: str, data: bytes) -> None:
            if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
                return self._json(400, {"error": "digest mismatch"})
            ollama.blobs[digest] = data
            return self._bare(201)

        def _create(self, body: dict[str, Any]) -> None:
            missing = [digest for digest in body["files"].values() if digest not in ollama.blobs]
            if missing:
                raise _Refusal(400, f"blob {missing[0]} not found")
            ollama.models[body["model"]] = {"files": body["files"], "parameters": body["parameters"]}
            return self._json(200, {"status": "success"})

        def _known(self, name: str) -> dict[str, Any]:
            if name not in ollama.models:
                raise _Refusal(404, f"model '{name}' not found")
            return ollama.models[name]

        def _show(self, body: dict[str, Any]) -> None:
            self._json(200, {"template": "{{ .Prompt }}", **self._known(body["model"])})

        def _copy(self, body: dict[str, Any]) -> None:
            ollama.models[body["destination"]] = self._known(body["source"])
            self._bare(200)

        def _generate(self, body: dict[str, Any]) -> None:
            self._known(body["model"])
            if ollama.fault == "busy":
                raise _Refusal(503, "server busy, please try again.  maximum pending requests exceeded")
            if not body.get("prompt"):
                ollama.loaded.append(body["model"])
                return self._json(200, {"model": body["model"], "done": True, "done_reason": "load"})
            lines = ollama.answer(body)
            first = next(lines)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                if ollama.fault == "no_json":
                    self.wfile.write(b"<html>\n")
                for line in (first, *lines) if ollama.fault != "slow" else _chained(first, lines):
                    self.wfile.write(json.dumps(line).encode() + b"\n")
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                ollama.interrupted += 1
            self.close_connection = True

        def _bare(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _json(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def _chained(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest
