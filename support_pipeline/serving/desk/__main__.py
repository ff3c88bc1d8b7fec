"""`python -m support_pipeline.serving.desk`: the worker process that `support-pipeline serve` starts.

Which database, store and clients is told by the environment, so that no password stands in a command
line. It ends, after the jobs in hand, when the process that started it has gone.
"""

import argparse
import fcntl
import hashlib
import logging
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientRegistry
from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import Database
from support_pipeline.serving.desk.answering import Answerer, LiveAnswers
from support_pipeline.serving.desk.place import database_url
from support_pipeline.serving.desk.worker import DeskSettings, Worker, forever
from support_pipeline.serving.live import LiveModels

EXIT_WRONG_INPUT = 2
PATIENCE_SECONDS = 120.0


def main() -> None:
    """Runs the worker with the models that are live."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    models = LiveModels(Store.default(), ClientRegistry.default(), parallel=arguments.answers)
    try:
        with models:
            answers = LiveAnswers(models)
            serve(Database(database_url(), pooled=True), answers, settings_of(arguments), arguments.parent)
    except SupportPipelineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_WRONG_INPUT)


def serve(database: Database, answerer: Answerer, settings: DeskSettings, parent: int) -> None:
    """Works until the parent has gone, or SIGTERM comes; only one worker of a name works at a time."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it as well, and ends us in order
    lock = _sole(database.url, settings.owner)
    try:
        with Worker(database, ClientRegistry.default(), answerer, settings) as worker:
            forever(worker, lambda: bool(ended) or os.getppid() != parent)
    finally:
        os.close(lock)
        database.close()


def settings_of(arguments: argparse.Namespace) -> DeskSettings:
    """The settings that the command line gives."""
    return DeskSettings(
        hold_seconds=arguments.hold,
        answers=arguments.answers,
        page_url=arguments.page_url,
        settle_seconds=arguments.settle,
        name=arguments.name,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The desk's worker.")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--hold", type=float, default=DeskSettings.hold_seconds)
    parser.add_argument("--answers", type=int, default=DeskSettings.answers)
    parser.add_argument("--settle", type=float, default=DeskSettings.settle_seconds)
    parser.add_argument("--page-url", default="")
    parser.add_argument("--name", default="")
    return parser.parse_args()


def _sole(url: str, owner: str) -> int:
    """Waits until no other worker of this name is left; the kernel frees the lock of a killed one."""
    digest = hashlib.sha256(f"{url}|{owner}".encode()).hexdigest()[:24]
    path = Path(tempfile.gettempdir()) / f"support-pipeline-{os.getuid()}-{digest}.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise SupportPipelineError(
                    f"another worker named '{owner}' works on this database. Stop it, or give this one another --name."
                ) from None
            time.sleep(0.05)


if __name__ == "__main__":
    main()
