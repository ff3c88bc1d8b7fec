"""What Dagster's chart takes of the values that we give: our own rules, after the schema of its 1.13 line.

The chart merges values into its defaults, so nothing is required here but what makes a whole of its own.
Kubernetes' own shapes (volumes, variables) are checked against Kubernetes' models elsewhere.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PullPolicy = Literal["Always", "IfNotPresent", "Never"]
Whole = Annotated[int, Field(strict=True)]
Yes = Annotated[bool, Field(strict=True)]


class Strict(BaseModel):
    """A part of the values in which the chart knows no other key; a misspelt one would do nothing."""

    model_config = ConfigDict(extra="forbid")


class Enabled(Strict):
    enabled: Yes


class Image(Strict):
    repository: str
    tag: str | int | None = None
    pullPolicy: PullPolicy


class UserDeployment(Strict):
    name: str
    image: Image
    port: Whole
    dagsterApiGrpcArgs: list[str]
    env: list[dict[str, Any]] = []
    envSecrets: list[dict[str, str]] = []
    volumes: list[dict[str, Any]] = []
    volumeMounts: list[dict[str, Any]] = []
    includeConfigInLaunchedRuns: Enabled


class UserDeployments(Strict):
    enabled: Yes
    deployments: list[UserDeployment]


class RunLauncherConfig(Strict):
    k8sRunLauncher: dict[Literal["imagePullPolicy"], PullPolicy]


class RunLauncher(Strict):
    type: Literal["K8sRunLauncher", "CeleryK8sRunLauncher", "CustomRunLauncher"]
    config: RunLauncherConfig


class Pools(Strict):
    defaultLimit: Whole | None = None
    granularity: Literal["run", "op"] | None = None


class Limit(Strict):
    key: str
    value: str | dict[Literal["applyLimitPerUniqueValue"], bool] | None = None
    limit: Whole


class Runs(Strict):
    maxConcurrentRuns: Whole | None = None
    tagConcurrencyLimits: list[Limit] = []


class Concurrency(Strict):
    enabled: Yes = False
    pools: Pools = Pools()
    runs: Runs = Runs()


class RunMonitoring(Strict):
    """Any key passes the chart's schema here; these are the ones that its template writes down."""

    enabled: Yes
    startTimeoutSeconds: Whole
    cancelTimeoutSeconds: Whole
    maxRuntimeSeconds: Whole
    pollIntervalSeconds: Whole
    freeSlotsAfterRunEndSeconds: Whole


class RunRetries(Strict):
    enabled: Yes
    maxRetries: Whole


class Daemon(Strict):
    enabled: Yes
    runCoordinator: Enabled
    runMonitoring: RunMonitoring
    runRetries: RunRetries


class DaysByOutcome(Strict):
    skipped: Whole
    success: Whole
    failure: Whole
    started: Whole


class TickRetention(Strict):
    purgeAfterDays: DaysByOutcome


class Retention(Strict):
    enabled: Yes
    schedule: TickRetention
    sensor: TickRetention


class PostgreSQL(Strict):
    enabled: Yes
    postgresqlHost: str
    postgresqlUsername: str
    postgresqlDatabase: str
    postgresqlScheme: str


class Values(Strict):
    """Our values file."""

    userDeployments: UserDeployments = Field(alias="dagster-user-deployments")
    runLauncher: RunLauncher
    concurrency: Concurrency
    dagsterDaemon: Daemon
    retention: Retention
    postgresql: PostgreSQL
    generatePostgresqlPasswordSecret: Yes
    telemetry: Enabled


def instance_of(values: Values) -> dict[str, Any]:
    """The dagster.yaml that the chart writes for these values, without storage, launcher and its own defaults."""
    limits = [limit.model_dump(exclude_none=True) for limit in values.concurrency.runs.tagConcurrencyLimits]
    pools, monitoring = values.concurrency.pools, values.dagsterDaemon.runMonitoring
    return {
        "telemetry": {"enabled": values.telemetry.enabled},
        "concurrency": {
            "pools": {"default_limit": pools.defaultLimit, "granularity": pools.granularity},
            "runs": {
                "max_concurrent_runs": values.concurrency.runs.maxConcurrentRuns,
                "tag_concurrency_limits": limits,
            },
        },
        "run_monitoring": {
            "enabled": monitoring.enabled,
            "start_timeout_seconds": monitoring.startTimeoutSeconds,
            "cancel_timeout_seconds": monitoring.cancelTimeoutSeconds,
            "max_runtime_seconds": monitoring.maxRuntimeSeconds,
            "poll_interval_seconds": monitoring.pollIntervalSeconds,
            "free_slots_after_run_end_seconds": monitoring.freeSlotsAfterRunEndSeconds,
        },
        "retention": {
            "schedule": {"purge_after_days": values.retention.schedule.purgeAfterDays.model_dump()},
            "sensor": {"purge_after_days": values.retention.sensor.purgeAfterDays.model_dump()},
        },
    }
