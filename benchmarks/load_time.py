"""How long Dagster needs to load the project's definitions, against bare `import dagster`.

    python benchmarks/load_time.py

Every web server, daemon and run worker pays this. Median of five processes each, alternating, in
seconds of wall time and of CPU time.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time

RUNS = 5
CANDIDATES = {"definitions": "import support_pipeline.definitions", "bare_dagster": "import dagster"}


def measure(code: str) -> tuple[float, float]:
    """Wall and CPU seconds of one fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Prints one JSON line."""
    for code in CANDIDATES.values():  # byte code and file cache are warm for both
        subprocess.run([sys.executable, "-c", code], check=True)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CANDIDATES}
    for _ in range(RUNS):
        for name, code in CANDIDATES.items():
            found[name].append(measure(code))
    wall = {name: statistics.median(wall for wall, _ in runs) for name, runs in found.items()}
    cpu = {name: statistics.median(cpu for _, cpu in runs) for name, runs in found.items()}
    line = {
        "benchmark": "load_time",
        **{f"{name}_wall_seconds": round(seconds, 3) for name, seconds in wall.items()},
        **{f"{name}_cpu_seconds": round(seconds, 3) for name, seconds in cpu.items()},
        "wall_ratio": round(wall["definitions"] / wall["bare_dagster"], 2),
        "cpu_ratio": round(cpu["definitions"] / cpu["bare_dagster"], 2),
        "runs": RUNS,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
