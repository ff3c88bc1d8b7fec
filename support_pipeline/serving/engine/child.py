"""A model server as a child process: started, watched until it answers, ended with all that it started."""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine.llama_http import tail


class Child:
    """A running server. `start_seconds` bound the start; `log` takes the output and is appended to."""

    def __init__(self, model: Path, log: Path, start_seconds: float) -> None:
        self.model, self.log, self._start_seconds = model, log, start_seconds
        self._deadline = time.monotonic() + start_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    def spawn(self, command: Sequence[str], secrets: Mapping[str, str]) -> None:
        """Starts a server whose address is known; `secrets` go into its environment."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = self._popen(command, secrets, log.fileno(), ())

    def spawn_and_ask(self, command: Sequence[str], secrets: Mapping[str, str]) -> str:
        """Starts a server that writes its address to the file descriptor named last in its command."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        readable, writable = os.pipe()
        try:
            with self.log.open("ab") as log:
                self._process = self._popen([*command, str(writable)], secrets, log.fileno(), (writable,))
        finally:
            os.close(writable)
        with os.fdopen(readable, "rb") as ready:
            if not select.select([ready], [], [], max(0.0, self._deadline - time.monotonic()))[0]:
                raise self._too_slow()
            address = ready.readline().decode().strip()
        if not address:
            raise self._ended()
        return address

    def _popen(
        self, command: Sequence[str], secrets: Mapping[str, str], log: int, inherited: Sequence[int]
    ) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **secrets},
                pass_fds=list(inherited),
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(
                f"{command[0]}: cannot be started ({error.strerror}). Install it, or name it in "
                "SUPPORT_PIPELINE_LLAMA_SERVER."
            ) from error

    def await_health(self, client: httpx.Client) -> None:
        """Returns when the server answers that it is well."""
        while time.monotonic() < self._deadline:
            try:
                if client.get("/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                if self._process is None or self._process.poll() is not None:
                    raise self._ended() from None
            time.sleep(0.02)
        raise self._too_slow()

    def close(self) -> None:
        """Ends the child's whole group: politely, then not. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        for order, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if process.poll() is not None:
                return
            try:
                os.killpg(process.pid, order)
                process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def _too_slow(self) -> EngineError:
        return EngineError(
            f"{self.model}: llama.cpp did not answer within {self._start_seconds:g} s. "
            f"Raise start_seconds for a large file. Last lines of {self.log}:\n{tail(self.log)}"
        )

    def _ended(self) -> EngineError:
        """The child closed its pipe or its socket, so it is ending or has ended."""
        code = self._process.wait(5) if self._process else None
        return EngineError(
            f"{self.model}: llama.cpp ended with code {code}. The file or a LoRA for it is corrupt; "
            f"build it again. Last lines of {self.log}:\n{tail(self.log)}"
        )


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
