"""Processes that share the work on tickets: as many as there are processors, none outliving a killed parent."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor


def processors() -> int:
    """Processors that this process may put to work; one where it may have no children."""
    if multiprocessing.current_process().daemon:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_pool(count: int) -> ProcessPoolExecutor:
    """A pool of `count` fresh processes."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _end_with_parent)


def _end_with_parent() -> None:
    """A killed parent cannot stop its pool, so each worker watches for itself."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
