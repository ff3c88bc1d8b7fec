"""The warning about drift, on months that were really made from an export."""

import json
from datetime import UTC, datetime
from pathlib import Path

from support_pipeline.artifacts import Store
from support_pipeline.orchestration.checks import drift_outcome
from support_pipeline.serving.decisions import DecisionLog
from support_pipeline.stages import history
from support_pipeline_tests.data.examples import config
from support_pipeline_tests.data.shapes import conversations, zendesk

MONTHS = ["2026-01", "2026-02", "2026-03"]


def test_a_changed_month_is_warned_of_and_an_equal_one_is_not(tmp_path: Path) -> None:
    lines = []
    for number, month in enumerate(MONTHS, start=1):
        for one in conversations(90, seed=number, start=datetime(2026, number, 1, tzinfo=UTC)):
            row = json.dumps(zendesk(one) | {"id": number * 1000 + one.number})
            row = row.replace(one.said[0].at.strftime("%Y-%m"), month).replace(
                one.solved.strftime("%Y-%m"), month
            )
            changed = month == MONTHS[-1] and one.number % 2
            lines.append(
                row.replace("Where is my order", "I never made this payment. Order") if changed else row
            )
    (tmp_path / "acme.ndjson").write_text("\n".join(lines), encoding="utf-8")
    store, client, say = Store(str(tmp_path / "store")), config(), lambda line: None
    history.raw_tickets(store, client, tmp_path, MONTHS, say)
    history.agent_edits(store, client, DecisionLog(f"sqlite:///{tmp_path / 'log.db'}"), MONTHS, say)
    made = history.filtered_pairs(store, client, MONTHS, say)
    found = {result.folder.period: history.drift_of(store, result) for result in made}
    outcome = drift_outcome(found)
    assert not outcome.passed
    assert "2026-03: index" in (outcome.description or "")
    assert "2026-02" not in (outcome.description or "")
    assert found["2026-01"].index is None
    assert drift_outcome({"2026-02": found["2026-02"]}).passed
