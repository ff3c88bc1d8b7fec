"""Runs of the two jobs: how they are asked for, and what became of those asked for before.

A run that anything here asks for says in its tags whose it is (`client`) and what it is for (`as_of` of a
release, `history_through` of a history), so that the instance itself remembers every try.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from support_pipeline.artifacts import HISTORY_STAGES
from support_pipeline.attempts import Attempt, Outcome
from support_pipeline.orchestration.jobs import HISTORY_JOB, RELEASE_JOB

CLIENT, AS_OF, THROUGH = "client", "as_of", "history_through"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
_STATUS = dg.DagsterRunStatus
UNFINISHED = (_STATUS.QUEUED, _STATUS.NOT_STARTED, _STATUS.STARTING, _STATUS.STARTED, _STATUS.CANCELING)


def history_tags(client: str, months: Sequence[str]) -> dict[str, str]:
    """The tags that make a history run one ranged run of a client's months."""
    return {
        CLIENT: client,
        THROUGH: months[-1],
        RANGE_START: f"{client}|{months[0]}",
        RANGE_END: f"{client}|{months[-1]}",
    }


def history_request(client: str, months: Sequence[str], run_key: str, why: str) -> dg.RunRequest:
    """A client's months as one run."""
    return dg.RunRequest(
        run_key=run_key, job_name=HISTORY_JOB.name, tags={**history_tags(client, months), "reason": why[:250]}
    )


def release_config(as_of: str) -> dict[str, object]:
    """The run configuration of a release as of a month."""
    return {"resources": {"release_month": {"config": {"as_of": as_of}}}}


def release_request(client: str, as_of: str, run_key: str, why: str) -> dg.RunRequest:
    """A client's release as of a month."""
    return dg.RunRequest(
        run_key=run_key,
        job_name=RELEASE_JOB.name,
        partition_key=client,
        run_config=release_config(as_of),
        tags={CLIENT: client, AS_OF: as_of, "reason": why[:250]},
    )


def attempts(
    instance: dg.DagsterInstance, job: str, tag: str, value: str, now: datetime
) -> Mapping[str, list[Attempt]]:
    """Client to its runs of a job with that tag, oldest first; none ended later than `now`."""
    records = instance.get_run_records(
        dg.RunsFilter(job_name=job, tags={tag: value}), order_by="create_timestamp", ascending=True
    )
    found: dict[str, list[Attempt]] = defaultdict(list)
    for record in records:
        found[client_of(record.dagster_run)].append(_attempt(record, now))
    return found


def unfinished(instance: dg.DagsterInstance) -> Mapping[str, list[dg.DagsterRun]]:
    """Client to its queued and running runs of either job, whoever launched them."""
    found: dict[str, list[dg.DagsterRun]] = defaultdict(list)
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED))):
        for client in clients_of(run):
            found[client].append(run)
    return found


def client_of(run: dg.DagsterRun) -> str:
    """The client of a run, empty when it has none or many."""
    found = clients_of(run)
    return found[0] if len(found) == 1 else ""


def clients_of(run: dg.DagsterRun) -> list[str]:
    """The clients of a run: its own tag's, its partition's, or those at the ends of its range."""
    if CLIENT in run.tags:
        return [run.tags[CLIENT]]
    keys = [run.tags.get(name, "") for name in ("dagster/partition", RANGE_START, RANGE_END)]
    return sorted({key.split("|")[0] for key in keys if key})


def family(run: dg.DagsterRun) -> str:
    """The job whose assets a run makes: a backfill or the web UI's "Materialize" runs in a job without that name."""
    if run.job_name in (HISTORY_JOB.name, RELEASE_JOB.name):
        return str(run.job_name)
    made = {key.to_user_string() for key in run.asset_selection or ()}
    return str(HISTORY_JOB.name if made & set(HISTORY_STAGES) else RELEASE_JOB.name)


def as_of_of(run: dg.DagsterRun) -> str | None:
    """The month of a release run, from its tag or its configuration."""
    if AS_OF in run.tags:
        return run.tags[AS_OF]
    config: Any = run.run_config
    try:
        return str(config["resources"]["release_month"]["config"]["as_of"]) or None
    except (KeyError, TypeError):
        return None


def _attempt(record: dg.RunRecord, now: datetime) -> Attempt:
    run = record.dagster_run
    at = record.end_time if run.is_finished and record.end_time else record.create_timestamp.timestamp()
    return Attempt(_outcome(run.status), min(datetime.fromtimestamp(at, UTC), now), run.run_id)


def _outcome(status: dg.DagsterRunStatus) -> Outcome:
    if status == _STATUS.SUCCESS:
        return "succeeded"
    if status == _STATUS.FAILURE:
        return "failed"
    return "canceled" if status == _STATUS.CANCELED else "going"
