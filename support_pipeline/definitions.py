"""All that Dagster loads. Nothing heavy is imported here: model work happens in child processes."""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from support_pipeline.errors import ConfigError
from support_pipeline.orchestration.alerting import alert_sensors
from support_pipeline.orchestration.assets import ASSETS
from support_pipeline.orchestration.jobs import HISTORY_JOB, OVERVIEW_JOB, RELEASE_JOB, rollback_job
from support_pipeline.orchestration.overview import client_overview
from support_pipeline.orchestration.remote_trainers import K8sTrainer, RayTrainer
from support_pipeline.orchestration.resources import (
    Automation,
    LocalTrainer,
    ReleaseMonth,
    Trainer,
    Workspace,
)
from support_pipeline.orchestration.schedules import schedules
from support_pipeline.orchestration.sensors import sensors


def build_defs(
    resources: Mapping[str, Any] | None = None, loggers: Mapping[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """The project's definitions; tests and the command line replace a resource or a logger by its key.

    With SUPPORT_PIPELINE_AUTOMATION=off nothing starts by itself until it is switched on in the web UI;
    SUPPORT_PIPELINE_SENSOR_SECONDS is how often sensors look (30).
    """
    seconds = int(os.environ.get("SUPPORT_PIPELINE_SENSOR_SECONDS", "30"))
    running = os.environ.get("SUPPORT_PIPELINE_AUTOMATION", "on") != "off"
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    defaults = {
        "workspace": Workspace(),
        "release_month": ReleaseMonth(),
        "automation": Automation(),
        "trainer": trainer(),
    }
    return dg.Definitions(
        assets=[*ASSETS, client_overview],
        jobs=[HISTORY_JOB, RELEASE_JOB, rollback_job, OVERVIEW_JOB],
        sensors=[*sensors(status, seconds), *alert_sensors(status)],
        schedules=schedules(
            dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
        ),
        resources={**defaults, **(resources or {})},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


def trainer() -> Trainer:
    """Where model jobs run: SUPPORT_PIPELINE_TRAINER is local, k8s or ray.

    Raises:
        ConfigError: it is something else.
    """
    kinds: dict[str, type[LocalTrainer] | type[K8sTrainer] | type[RayTrainer]] = {
        "local": LocalTrainer,
        "k8s": K8sTrainer,
        "ray": RayTrainer,
    }
    kind = os.environ.get("SUPPORT_PIPELINE_TRAINER", "local")
    if kind not in kinds:
        raise ConfigError("SUPPORT_PIPELINE_TRAINER", [f"'{kind}' is unknown; known: {', '.join(kinds)}"])
    return kinds[kind]()


defs = build_defs()
