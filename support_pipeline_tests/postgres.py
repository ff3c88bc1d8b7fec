"""A Postgres of the tests' own, on a socket in a temporary folder; absent where it is not installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and postgres."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


@contextmanager
def cluster(bin_folder: Path) -> Iterator[str]:
    """A running cluster; gives the URL of its database."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    # Postgres refuses to run as root, so tests that run as root lend the folder to somebody else.
    user: dict[str, str] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        user = {"user": "nobody"}
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    make = [str(bin_folder / "initdb"), "-D", str(data), "-U", "test", "-A", "trust", "--no-sync"]
    subprocess.run(make, check=True, **quiet, **user)  # type: ignore[call-overload]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    start = [str(bin_folder / "pg_ctl"), "-D", str(data), "-w", "-o", options, "start"]
    subprocess.run(start, check=True, **quiet, **user)  # type: ignore[call-overload]
    try:
        yield f"postgresql://test@/postgres?host={folder}"
    finally:
        stop = [str(bin_folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"]
        subprocess.run(stop, check=False, **quiet, **user)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
