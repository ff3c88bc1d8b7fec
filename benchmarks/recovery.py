"""kill -9 at random moments, while sensors onboard a client and release it; against a run that nobody disturbs.

    python benchmarks/recovery.py [--kills 15] [--a-round 15] [--seed 1] [--minutes 30]

Real web server, daemon, code servers, run workers (which hold the steps), training and engine children. In each
round a client's history and first release start by themselves; again and again one process is killed: each kind
as often as the others, in an order, at a moment and in a step that chance chooses. Web server and daemon are
started again as systemd would. Nobody launches anything by hand: the sensors have to finish it. After each kill every visible artifact is verified against its manifest; after each round there
is no process of the project left but the services, no claimed pool slot, no unfinished run, nothing in
staging, and every fingerprint equals the undisturbed run's. Each kill waits for a process of its kind, and a killed run
begins its step again, so a kill costs half a minute to a minute of two cores. One JSON line a round, of all that was done so
far; after `--minutes` the round at work stops killing, is let finish, and is the last.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import yaml

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES, STAGES, Folder, Store
from support_pipeline.demo.services import Services
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.orchestration.runs import UNFINISHED
from support_pipeline.serving.deployment import read_deployments

ROOT = Path(__file__).parent.parent
CLIENT, AS_OF = "small", "2026-09"
PATIENCE_SECONDS = 45
"""How long a kill waits for a process of its kind."""
RELEASE_SECONDS = 1_800
"""How long a release may take that nobody disturbs: a minute on two free cores, ten and more on busy ones."""
KINDS = {
    "webserver": "dagster_webserver",
    "daemon": "dagster._daemon",
    "code server": "dagster api grpc",
    "run worker": "multiprocessing.spawn",
    "model job": "support_pipeline.model",
    "engine": "support_pipeline.serving",
}
VICTIMS = (
    ("webserver",),
    ("daemon",),
    ("code server",),
    ("run worker",),
    ("model job", "engine"),
)
"""Kinds that are killed equally often. An engine lives for seconds, so it shares its turn with training and evaluation."""


@dataclass
class Project:
    """A project's folders and what a killer and a judge want to know of it."""

    root: Path
    kills: Counter[str] = field(default_factory=Counter)
    during: Counter[str] = field(default_factory=Counter)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DAGSTER_HOME": str(self.root / "home"),
            "SUPPORT_PIPELINE_STORE": str(self.root / "store"),
            "SUPPORT_PIPELINE_CLIENTS": str(self.root / "clients"),
            "SUPPORT_PIPELINE_CLOCK": str(self.root / "clock"),
            "SUPPORT_PIPELINE_FIRST_RETRY_MINUTES": "0",
            "SUPPORT_PIPELINE_SENSOR_SECONDS": "3",
            "HF_HUB_OFFLINE": "1",
        }

    @property
    def store(self) -> Store:
        return Store(str(self.root / "store"))

    def folders(self) -> list[Folder]:
        months = self.store.months(CLIENT)
        history = [self.store.history(CLIENT, month, stage) for month in months for stage in HISTORY_STAGES]
        return history + [self.store.release(CLIENT, AS_OF, stage) for stage in RELEASE_STAGES]

    def fingerprints(self) -> dict[str, str]:
        """Verified: every visible artifact is whole."""
        return {
            f"{folder.period}/{folder.stage}": folder.verify().fingerprint
            for folder in self.folders()
            if folder.manifest() is not None
        }

    def step(self) -> str:
        """The stage that a run is at, by what it is staging."""
        staged = " ".join(path.name for path in (self.root / "store" / ".staging").glob("*"))
        return next((stage for stage in STAGES if f"-{stage}-" in staged), "between steps")

    def processes(self) -> dict[int, str]:
        """Live processes of this project by kind, found by the environment that they inherited."""
        found = {}
        mark = f"DAGSTER_HOME={self.root / 'home'}\0".encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    if mark not in (folder / "environ").read_bytes():
                        continue
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if words and "resource_tracker" not in words:
                    kind = next((kind for kind, text in KINDS.items() if text in words), words[:60])
                    found[int(folder.name)] = kind
        return found


def make_project(root: Path) -> Project:
    (root / "clients").mkdir(parents=True)
    (root / "home").mkdir()
    settings = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    quick = settings.replace("start_timeout_seconds: 180", "start_timeout_seconds: 45")
    quick = quick.replace("poll_interval_seconds: 30", "poll_interval_seconds: 5")
    (root / "home" / "dagster.yaml").write_text(
        quick.replace("free_slots_after_run_end_seconds: 60", "free_slots_after_run_end_seconds: 5")
    )
    config = yaml.safe_load((ROOT / "clients" / "demo-outfitters.yaml").read_text(encoding="utf-8"))
    config |= {
        "id": CLIENT,
        "sources": [{"vendor": "zendesk", "path": "export/zendesk.ndjson"}],
        "lora": {
            "epochs": 1,
            "rank": 4,
            "alpha": 8,
            "batch_size": 8,
            "learning_rate": 0.003,
            "max_tokens": 1024,
        },
        "release": {"window_months": 3},
        "evaluation": {"test_size": 4, "max_answer_tokens": 96},  # all four have to end by themselves
    }
    (root / "clients" / f"{CLIENT}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    write_demo_export(root / "export", seed=7, tickets=60, last_month=AS_OF, months=3)
    (root / "clock").write_text("2026-10-10T00:00:00+00:00")
    return Project(root)


def undisturbed(root: Path) -> tuple[dict[str, str], float]:
    """The fingerprints of a run that nobody disturbs, and its seconds."""
    project, started = make_project(root), time.monotonic()
    with Services(project.environment, root / "services.log") as services:
        services.wait()
        started = time.monotonic()
        if not wait_until(lambda: deployed(project), RELEASE_SECONDS):
            raise SystemExit(f"the undisturbed release did not finish; see {root / 'services.log'}")
        seconds = time.monotonic() - started
    return project.fingerprints(), seconds


def deployed(project: Project) -> bool:
    """Whether the release is live: the last thing that a run does."""
    return read_deployments(project.store, CLIENT) is not None


def wait_until(true: object, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.5)
    return False


def disturbed(
    root: Path, kills: int, pause: float, dice: random.Random, until: float, alone: float
) -> tuple[Project, float, dict[str, object]]:
    """A round: kills until there were enough, then the time to the finished release, and what is left behind.

    `until` is the monotonic second after which nothing is killed any more, `alone` the undisturbed run's seconds.
    """
    project, turns = make_project(root), victims(dice)
    with Services(project.environment, root / "services.log") as services:
        services.wait()
        while project.kills.total() < kills and time.monotonic() < until and not deployed(project):
            kill_one(project, services, next(turns), pause, dice)
            services.revive()
            project.fingerprints()  # raises when anything visible is not whole
        since = time.monotonic()
        finished = wait_until(lambda: (services.revive(), deployed(project))[1], max(420, 6 * alone))
        seconds = time.monotonic() - since
        left = leftovers(project, services) if finished else {"unfinished": str(root)}
    return project, seconds, left


def victims(dice: random.Random) -> Iterator[tuple[str, ...]]:
    """Whose turn it is: every kind once, in an order of chance, then again."""
    while True:
        yield from dice.sample(VICTIMS, len(VICTIMS))


def kill_one(
    project: Project, services: Services, kinds: tuple[str, ...], pause: float, dice: random.Random
) -> None:
    """Kills a process of the kinds, at a chance moment after one is there; without one in time nothing happens."""

    def there() -> list[tuple[int, str]]:
        services.revive()
        return sorted((pid, kind) for pid, kind in project.processes().items() if kind in kinds)

    if not wait_until(lambda: there() or deployed(project), PATIENCE_SECONDS):
        print(f"  no {' or '.join(kinds)} in {PATIENCE_SECONDS} s", file=sys.stderr, flush=True)
        return
    time.sleep(dice.uniform(0.0, pause))
    found = there()
    if found:
        pid, kind = dice.choice(found)
        step = project.step()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            project.kills[kind] += 1
            project.during[step] += 1
            print(f"  {project.kills.total()}: {kind} killed, {step}", file=sys.stderr, flush=True)


def leftovers(project: Project, services: Services) -> dict[str, object]:
    """What should not be there once the release is done; code servers of killed services have their heartbeat's time."""
    with dg.DagsterInstance.from_config(str(project.root / "home")) as instance:
        unfinished = dg.RunsFilter(statuses=list(UNFINISHED))
        wait_until(lambda: not instance.get_runs(unfinished), 120)
        wait_until(lambda: len(project.processes()) <= 4, 90)
        slots = (
            instance.event_log_storage.get_concurrency_info("gpu")
            if "gpu" in instance.event_log_storage.get_concurrency_keys()
            else None
        )
        found: dict[str, object] = {
            "orphans": sorted(Counter(project.processes().values()).items())
            if len(project.processes()) > 4
            else 0,
            "stuck_runs": len(instance.get_runs(unfinished)),
            "stuck_slots": slots.active_slot_count + slots.pending_step_count if slots else 0,
            "staging": len(list((project.root / "store" / ".staging").iterdir())),
        }
    return {name: value for name, value in found.items() if value}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--a-round", type=int, default=15)
    parser.add_argument("--pause", type=float, default=4.0, help="longest seconds a process lives before")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30.0, help="kill nothing after so long")
    wanted = parser.parse_args()
    dice, kills, during = random.Random(wanted.seed), Counter[str](), Counter[str]()
    scratch = Path(tempfile.mkdtemp(prefix="recovery-"))
    reference, alone = undisturbed(scratch / "undisturbed")
    print(f"undisturbed: {alone:.0f} s", file=sys.stderr, flush=True)
    seconds: list[float] = []
    problems: list[object] = []
    until = time.monotonic() + wanted.minutes * 60
    while kills.total() < wanted.kills and time.monotonic() < until:
        root = scratch / f"round-{len(seconds)}"
        few = min(wanted.a_round, wanted.kills - kills.total())
        project, took, left = disturbed(root, few, wanted.pause, dice, until, alone)
        kills += project.kills
        during += project.during
        seconds.append(took)
        if left:
            problems.append({f"round {len(seconds)}": left})
        if not left.get("unfinished") and project.fingerprints() != reference:
            problems.append({f"round {len(seconds)}": "other fingerprints than the undisturbed run"})
        if not problems:
            shutil.rmtree(root)
        line = {
            "benchmark": "recovery",
            "kills": kills.total(),
            "of": wanted.kills,
            "by_process": dict(kills),
            "by_step": dict(during),
            "rounds": len(seconds),
            "undisturbed_seconds": round(alone, 1),
            "seconds_to_finish_after_last_kill": {
                "median": round(statistics.median(seconds), 1),
                "most": round(max(seconds), 1),
            },
            "artifacts_compared": len(reference) * len(seconds),
            "problems": problems,
        }
        print(json.dumps(line), flush=True)
    if problems:
        sys.exit(1)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
