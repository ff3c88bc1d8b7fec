"""Watching a release that the sensors start: what became of it, and where its seconds went."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from support_pipeline.artifacts import RELEASE_STAGES, Manifest, Store
from support_pipeline.demo.loop.project import CLIENT
from support_pipeline.demo.services import Services
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.stages.standing import refused_release

PATIENCE_SECONDS = 600
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of the release of a month. `seconds` are from the month's end to the decision."""

    as_of: str
    result: Literal["promoted", "refused"]
    verdict: str
    reason: str
    seconds: float


def until_decided(store: Store, services: Services, as_of: str, say: Say) -> Outcome:
    """Returns when the release of that month is live or refused; nobody here starts it. Tells each stage as it is there.

    Raises:
        TimeoutError: it is neither in time.
    """
    started, seen = time.monotonic(), set[str]()
    while time.monotonic() - started < PATIENCE_SECONDS:
        services.revive()
        after = time.monotonic() - started
        for stage, manifest in _stages(store, as_of).items():
            if stage not in seen:
                seen.add(stage)
                say(f"  {after:4.0f} s: {stage} is there ({manifest.seconds:.0f} s of work)")
        decided = _decided(store, as_of, after)
        if decided is not None:
            say(f"  {after:4.0f} s: release {as_of} is {decided.result}: {decided.reason}")
            return decided
        time.sleep(0.5)
    raise TimeoutError(f"release {as_of} was not decided in {PATIENCE_SECONDS} s; see {services.log}")


def _stages(store: Store, as_of: str) -> dict[str, Manifest]:
    found = {stage: store.release(CLIENT, as_of, stage).manifest() for stage in RELEASE_STAGES}
    return {stage: manifest for stage, manifest in found.items() if manifest is not None}


def _decided(store: Store, as_of: str, seconds: float) -> Outcome | None:
    stages = _stages(store, as_of)
    report, deployments = stages.get("eval_report"), read_deployments(store, CLIENT)
    if report is None:
        return None
    verdict = str(report.info.get("verdict"))
    if "deployed_model" in stages and deployments is not None and deployments.live.as_of == as_of:
        reason = str(report.info["promotion"]["reason"])
        return Outcome(as_of, "promoted", verdict, reason, seconds)
    refused = refused_release(store, CLIENT, as_of)
    if refused is not None:
        return Outcome(as_of, "refused", verdict, refused.reason, seconds)
    failed = [f"{stage}: {name}" for stage, made in stages.items() for name in made.failed_checks()]
    return (
        Outcome(as_of, "refused", verdict, f"checks failed ({', '.join(failed)})", seconds)
        if failed
        else None
    )
