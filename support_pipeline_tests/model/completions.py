"""A small OpenAI-compatible server on a real socket, for tests at that border."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[list[dict[str, str]]], str]


class Completions(ThreadingHTTPServer):
    """Answers by a function of the messages; `faults` are statuses that the first requests meet."""

    daemon_threads = True

    def __init__(self, reply: Reply, faults: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply, self.faults, self.lock = reply, faults, threading.Lock()
        self.seen: list[dict[str, Any]] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Completions

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
            status = self.server.faults.pop(0) if self.server.faults else 200
        message = {"role": "assistant", "content": self.server.reply(body["messages"])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        sent = (
            {"id": "x", "object": "chat.completion", "choices": [choice]}
            if status == 200
            else {"error": "no"}
        )
        data = json.dumps(sent).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def completions(reply: Reply, faults: tuple[int, ...] = ()) -> Iterator[Completions]:
    """The server for as long as the block lasts."""
    server = Completions(reply, list(faults))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
