"""How many decisions each client has by month, in one query over the decision log.

Sensors ask this of a whole portfolio at every tick, so it counts in the database and reads no texts.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from support_pipeline.artifacts import Store, is_local
from support_pipeline.errors import SupportPipelineError
from support_pipeline.retraining import Decided
from support_pipeline.serving.decisions import DecisionLog

_DECISION = sa.table(
    "decision", *(sa.column(name) for name in ("client", "decided_at", "action", "trainable"))
)
Counts = Mapping[str, Mapping[str, Decided]]


def decision_log(store: Store) -> DecisionLog:
    """The decision log of a store: SUPPORT_PIPELINE_DECISIONS, its `decisions.db` without it."""
    return DecisionLog.default(Path(store.root.path) if is_local(store.root) else Path("store").resolve())


def decided_by_month(log: DecisionLog) -> Counts:
    """Client to month ("2026-09") to what agents decided in it; empty when nothing was ever decided.

    Raises:
        SupportPipelineError: the log is there and cannot be read.
    """
    url = sa.make_url(log.url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return {}
    month = sa.func.substr(_DECISION.c.decided_at, 1, 7)
    columns = (_DECISION.c.client, month, _DECISION.c.action, _DECISION.c.trainable)
    engine = sa.create_engine(log.url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(_DECISION.name):
                return {}
            rows = connection.execute(sa.select(*columns, sa.func.count()).group_by(*columns)).all()
    except sa.exc.SQLAlchemyError as error:
        shown = url.render_as_string(hide_password=True)
        raise SupportPipelineError(
            f"the decision log {shown} cannot be read: {error.__cause__ or error}. Check SUPPORT_PIPELINE_DECISIONS."
        ) from error
    found: dict[str, dict[str, Decided]] = defaultdict(lambda: defaultdict(Decided))
    for client, when, action, trainable, count in rows:
        found[client][when] += _decided(action, trainable, count)
    return found


def _decided(action: str, trainable: bool, count: int) -> Decided:
    if action == "approved":
        return Decided(approved=count)
    return Decided(corrected=count) if trainable else Decided(other=count)
