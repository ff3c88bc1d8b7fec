"""Seconds and peak memory of each stage of the demo's lineage, from an empty store.

    python benchmarks/lineage.py

One JSON line a stage, and one for the whole. Each stage is a run of its own here (`--through STAGE`), so
its memory is its own; every run also pays for starting Python and Dagster, which the line `overhead`
(a run that re-uses everything) shows.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import resident

from support_pipeline.artifacts import STAGES
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.stages.months import last_complete_month

ROOT = Path(__file__).parent.parent
CLIENT = "demo-outfitters"


def run(through: str, environment: dict[str, str], cwd: Path) -> tuple[float, int]:
    """Seconds and the peak memory in MB of the largest process of a run."""
    code = "from support_pipeline.cli import main; main()"
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", CLIENT, "--through", through],
        cwd=cwd,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process.pid) // 2**20)
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the run through {through} failed; run `make demo` to see why")
    return time.perf_counter() - started, peak


def main() -> None:
    """Prints the lines."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "clients").mkdir()
        (root / "home").mkdir()
        (root / "home" / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
        (root / "clients" / f"{CLIENT}.yaml").write_text((ROOT / "clients" / f"{CLIENT}.yaml").read_text())
        write_demo_export(root / "store" / "demo", last_month=last_complete_month())
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(root / "home"),
            "SUPPORT_PIPELINE_STORE": str(root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(root / "clients"),
        }
        total = 0.0
        for stage in STAGES:
            seconds, peak = run(stage, environment, root)
            total += seconds
            print(
                json.dumps(
                    {"benchmark": "lineage", "stage": stage, "seconds": round(seconds, 1), "peak_mb": peak}
                )
            )
        seconds, peak = run(STAGES[-1], environment, root)
        print(
            json.dumps(
                {"benchmark": "lineage", "stage": "overhead", "seconds": round(seconds, 1), "peak_mb": peak}
            )
        )
        print(json.dumps({"benchmark": "lineage", "stage": "all", "seconds": round(total, 1)}))


if __name__ == "__main__":
    main()
