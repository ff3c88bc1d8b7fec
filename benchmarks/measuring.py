"""One command's seconds and peak memory, for the benchmarks that run each setting in a process of its own."""

import os
import resource
import subprocess
import threading
import time
from pathlib import Path
from typing import Any


def measured(command: list[str]) -> tuple[dict[str, Any], str]:
    """Runs a command; its figures (the peak is that of the whole process tree) and its standard output.

    Raises:
        RuntimeError: the command failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = _Peak(process.pid)
    answer, _ = process.communicate()
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak_bytes = peak.stop()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    figures = {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, 2),
        "peak_mb": round(peak_bytes / 1e6),
        "cpus": len(os.sched_getaffinity(0)),
    }
    return figures, answer


class _Peak:
    """The highest resident memory of a process and all its descendants, sampled from /proc."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._done = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """The peak in bytes."""
        self._done.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._peak = max(self._peak, resident(self._pid))


def resident(pid: int) -> int:
    """Bytes of memory that a process and all that it started have in use."""
    return sum(map(_resident, _family(pid)))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        found = [int(child) for child in children.read_text(encoding="ascii").split()]
    except OSError:
        return [pid]
    return [pid, *(member for child in found for member in _family(child))]


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
