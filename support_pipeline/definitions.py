"""All that Dagster loads. Nothing heavy is imported here: model work happens in child processes."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from support_pipeline.orchestration.assets import ASSETS
from support_pipeline.orchestration.jobs import HISTORY_JOB, RELEASE_JOB, rollback_job
from support_pipeline.orchestration.resources import LocalTrainer, ReleaseMonth, Workspace


def build_defs(
    resources: Mapping[str, Any] | None = None, loggers: Mapping[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """The project's definitions; tests and the command line replace a resource or a logger by its key."""
    defaults = {
        "workspace": Workspace(),
        "release_month": ReleaseMonth(),
        "trainer": LocalTrainer(),
    }
    return dg.Definitions(
        assets=ASSETS,
        jobs=[HISTORY_JOB, RELEASE_JOB, rollback_job],
        resources={**defaults, **(resources or {})},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


defs = build_defs()
