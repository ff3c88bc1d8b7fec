"""Where every client stands: release, verdict, what is live, certificate, edits waiting, last ingestion.

One row a client, read from manifests and one query over the decisions; the command line and Dagster show it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from support_pipeline.artifacts import RELEASE_STAGES, Manifest, Store
from support_pipeline.errors import ArtifactError
from support_pipeline.onboarding import GRACE, schedule_time
from support_pipeline.retraining import Decided
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.stages.months import last_complete_month
from support_pipeline.stages.standing import each

NO_CERTIFICATE = "none"


@dataclass(frozen=True)
class Row:
    """One client. `as_of`, `stage`, `verdict` are of its newest release; None where there is nothing yet.

    `ingested` is when its newest month was read, `late` why its history is behind, `problem` what keeps it
    from being told at all (a broken file or artifact).
    """

    client: str
    as_of: str | None = None
    stage: str | None = None
    verdict: str | None = None
    live: str | None = None
    certificate: str = NO_CERTIFICATE
    edits_waiting: int = 0
    newest_month: str | None = None
    ingested: datetime | None = None
    age_days: float | None = None
    late: str | None = None
    problem: str | None = None


def overview(
    store: Store,
    clients: Sequence[str],
    broken: Mapping[Path, Sequence[str]],
    decided: Mapping[str, Mapping[str, Decided]],
    now: datetime,
) -> list[Row]:
    """A row for each client, sorted by name; clients with broken files have theirs too."""
    problems = {path.stem: "; ".join(found) for path, found in broken.items()}

    def row(client: str) -> Row:
        try:
            return _row(store, client, decided.get(client, {}), now, problems.get(client))
        except ArtifactError as error:  # one client's broken artifact must not hide the others
            return Row(client, problem=str(error))

    return each(store, sorted({*clients, *problems}), row)


def _row(
    store: Store, client: str, decided: Mapping[str, Decided], now: datetime, problem: str | None
) -> Row:
    as_of, found = newest_release(store, client)
    report, deployments = found.get("eval_report"), read_deployments(store, client)
    month, ingestion = newest_history(store, client)
    learned = deployments.live.as_of if deployments else ""
    newest = max((manifest.created_at for manifest in found.values()), default=None)
    return Row(
        client,
        as_of,
        next((stage for stage in reversed(RELEASE_STAGES) if stage in found), None),
        report.info.get("verdict") if report else None,
        deployments.live.version if deployments else None,
        certificate(store, client),
        sum(counts.corrected for when, counts in decided.items() if when > learned),
        month,
        ingestion.created_at if ingestion else None,
        round((now - newest).total_seconds() / 86400, 2) if newest else None,
        late(month, now) if problem is None else None,
        problem,
    )


def newest_release(store: Store, client: str) -> tuple[str | None, dict[str, Manifest]]:
    """The newest release that anything was made of, and its manifests by stage."""
    for as_of in reversed(store.releases(client)):
        manifests = {stage: store.release(client, as_of, stage).manifest() for stage in RELEASE_STAGES}
        found = {stage: manifest for stage, manifest in manifests.items() if manifest is not None}
        if found:
            return as_of, found
    return None, {}


def newest_history(store: Store, client: str) -> tuple[str | None, Manifest | None]:
    """The newest month with pairs, and their manifest."""
    for month in reversed(store.months(client)):
        manifest = store.history(client, month, "filtered_pairs").manifest()
        if manifest is not None:
            return month, manifest
    return None, None


def late(newest_month: str | None, now: datetime) -> str | None:
    """Why a client's history is behind; None while it is not, or while the month's ingestion has time."""
    wanted, since = last_complete_month(now), schedule_time(now)
    if newest_month is not None and newest_month >= wanted:
        return None
    if newest_month is not None and now < since + GRACE:
        wanted = last_complete_month(datetime(int(wanted[:4]), int(wanted[5:]), 1, tzinfo=UTC))
        if newest_month >= wanted:
            return None
    have = f"the newest is {newest_month}" if newest_month else "it has none"
    return f"{wanted} was due {since:%Y-%m-%d}; {have}"


def certificate(store: Store, client: str) -> str:
    """What the live model's certificate promises, in a few words."""
    deployments = read_deployments(store, client)
    if deployments is None:
        return NO_CERTIFICATE
    path = store.root / "deployments" / f"{client}.certificate.{deployments.live.fingerprint[:12]}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["send_from"] is None:
            return f"nothing can be sent: {found['reason']}"
        return f"at most {found['alpha']:.0%} wrong, sends {found['sent']} of {found['tickets']}"
    except FileNotFoundError:
        return NO_CERTIFICATE
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: is corrupt. Delete it and certify '{client}' again.") from error
