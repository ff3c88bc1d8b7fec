"""What runs on this machine, for the tests that kill."""

import time
from collections.abc import Callable
from pathlib import Path


def running(mark: str) -> list[int]:
    """Live processes whose command line holds a text: the model jobs and engines of one project."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            state = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mark in command and ") Z " not in state:
            found.append(int(folder.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether a condition became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())
