"""Dagster's web server and daemon as processes of their own, for what plays a whole project by itself."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"


class Services:
    """A web server and a daemon on one DAGSTER_HOME; either can be ended and started again."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = dict(environment), log
        self.port = _free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Services":
        # Two processes that create the instance's tables at once would collide.
        subprocess.run(
            [sys.executable, "-m", "dagster", "instance", "migrate"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        self.start("daemon")
        self.start("webserver")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.stop(name)

    def start(self, name: str) -> None:
        """Starts `daemon` or `webserver`."""
        words = {
            "daemon": ["dagster._daemon", "run", "-w", str(WORKSPACE)],
            "webserver": ["dagster_webserver", "-w", str(WORKSPACE), "-p", str(self.port)],
        }[name]
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=WORKSPACE.parent,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def revive(self) -> None:
        """Starts again what has ended."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def stop(self, name: str) -> None:
        """Ends one with everything that it started."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def answers(self) -> bool:
        """Whether the web server answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/server_info", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait(self, seconds: float = 120) -> None:
        """Returns when the web server answers.

        Raises:
            TimeoutError: it does not in time.
        """
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Dagster's web server did not come up in {seconds:.0f} s; see {self.log}")
            time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
