"""The figures of the metrics page and of `/metrics`: how much waits, how it is decided, what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.schema import DECISION, DRAFT, JOB

WINDOW_DAYS = 30


@dataclass
class ClientFigures:
    """One client's figures; decisions are those of the last `WINDOW_DAYS` days."""

    client: str
    pending: dict[str, int] = field(default_factory=dict)
    oldest_minutes: float = 0.0
    decided: dict[str, dict[str, int]] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        """All decisions of the window."""
        return sum(sum(actions.values()) for actions in self.decided.values())

    def share(self, band: str, action: str) -> str:
        """The share of an action among a band's decisions, "–" without any."""
        actions = self.decided.get(band, {})
        total = sum(actions.values())
        return f"{actions.get(action, 0) / total:.0%}" if total else "–"


def figures(connection: sa.Connection, clients: Sequence[str] | None) -> list[ClientFigures]:
    """The figures of the clients that somebody may see, by name."""
    found: dict[str, ClientFigures] = {}

    def of(client: str) -> ClientFigures:
        return found.setdefault(client, ClientFigures(client))

    for row in _rows(connection, _pending(), clients):
        of(row["client"]).pending[row["confidence"]] = row["count"]
        of(row["client"]).oldest_minutes = max(of(row["client"]).oldest_minutes, _minutes(row["oldest"]))
    for row in _rows(connection, _decided(), clients):
        of(row["client"]).decided.setdefault(row["confidence"], {})[row["action"]] = row["count"]
    for row in _rows(connection, _kinds(), clients):
        of(row["client"]).kinds[row["kind"]] = row["count"]
    for row in _rows(connection, _jobs(), clients):
        of(row["client"]).jobs[f"{row['kind']} {row['state']}"] = row["count"]
    return [found[name] for name in sorted(found)]


def _rows(
    connection: sa.Connection, query: sa.Select[Any], clients: Sequence[str] | None
) -> Sequence[sa.RowMapping]:
    column = query.selected_columns["client"]
    return connection.execute(query if clients is None else query.where(column.in_(clients))).mappings().all()


def _pending() -> sa.Select[Any]:
    count, oldest = sa.func.count().label("count"), sa.func.min(DRAFT.c.created_at).label("oldest")
    query = sa.select(DRAFT.c.client, DRAFT.c.confidence, count, oldest).where(DRAFT.c.state == "pending")
    return query.group_by(DRAFT.c.client, DRAFT.c.confidence)


def _decided() -> sa.Select[Any]:
    query = (
        sa.select(DECISION.c.client, DRAFT.c.confidence, DECISION.c.action, sa.func.count().label("count"))
        .join(DRAFT, DRAFT.c.id == DECISION.c.draft_id)
        .where(DECISION.c.decided_at > now_stamp(-WINDOW_DAYS * 86400.0))
    )
    return query.group_by(DECISION.c.client, DRAFT.c.confidence, DECISION.c.action)


def _kinds() -> sa.Select[Any]:
    query = sa.select(DECISION.c.client, DECISION.c.kind, sa.func.count().label("count")).where(
        DECISION.c.kind != "", DECISION.c.decided_at > now_stamp(-WINDOW_DAYS * 86400.0)
    )
    return query.group_by(DECISION.c.client, DECISION.c.kind)


def _jobs() -> sa.Select[Any]:
    query = sa.select(JOB.c.client, JOB.c.kind, JOB.c.state, sa.func.count().label("count"))
    return query.group_by(JOB.c.client, JOB.c.kind, JOB.c.state)


def _minutes(stamp: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds() / 60


def exposition(found: Sequence[ClientFigures]) -> str:
    """The figures in Prometheus' text format."""
    lines = ["# TYPE support_pipeline_pending_drafts gauge"]
    for one in found:
        lines += [
            f'support_pipeline_pending_drafts{{client="{one.client}",confidence="{band}"}} {count}'
            for band, count in sorted(one.pending.items())
        ]
    lines.append("# TYPE support_pipeline_oldest_pending_minutes gauge")
    lines += [
        f'support_pipeline_oldest_pending_minutes{{client="{one.client}"}} {one.oldest_minutes:.2f}'
        for one in found
    ]
    lines.append("# TYPE support_pipeline_decisions_30d gauge")
    for one in found:
        lines += [
            f'support_pipeline_decisions_30d{{client="{one.client}",confidence="{band}",action="{action}"}} {count}'
            for band, actions in sorted(one.decided.items())
            for action, count in sorted(actions.items())
        ]
    lines.append("# TYPE support_pipeline_jobs gauge")
    for one in found:
        for name, count in sorted(one.jobs.items()):
            kind, state = name.split(" ")
            lines.append(
                f'support_pipeline_jobs{{client="{one.client}",kind="{kind}",state="{state}"}} {count}'
            )
    return "\n".join(lines) + "\n"
