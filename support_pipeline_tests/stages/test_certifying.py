"""Agents' decisions become rows of a certificate: where the live model drafts the same again, and never undone ones."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.serving.confidence import Labelled, Novelty
from support_pipeline.serving.decisions import Database, DecisionLog, drafts
from support_pipeline.serving.decisions.drafts import Choice
from support_pipeline.serving.decisions.log import EDIT_SCHEMA
from support_pipeline.serving.deployment import Deployment
from support_pipeline.serving.router import Asking
from support_pipeline.stages.certifying import _reviewed
from support_pipeline_tests.serving.decisions.conftest import a_draft
from support_pipeline_tests.serving.test_router import CONFIG, Scripted

LIVE = Deployment(
    client="acme",
    as_of="2026-08",
    version="acme:1",
    fingerprint="f",
    gguf="model.gguf",
    quantisation="Q8_0",
    template_sha256="t",
    route_ceiling="approve",
)
SAID = "Items can be returned within 30 days of delivery."


def decision(number: int, action: str, final: str = SAID, **rest: object) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(EDIT_SCHEMA, "")
    row |= {"decided_at": None, "trainable": True, "model": "acme:1", "customer_text": "How long for boots?"}
    row |= {"draft_id": f"d{number}", "ticket_id": f"t{number}", "draft_text": SAID, "action": action}
    return row | {"final_text": final} | rest


def reviewed(approvals: pl.DataFrame) -> tuple[list[Labelled], list[str]]:
    said: list[str] = []
    asking = Asking(CONFIG, load_format(EMBEDDED), Scripted(SAID), "acme:1", date(2026, 9, 1))
    return list(_reviewed(asking, LIVE, approvals, Novelty(), said.append)), said


@pytest.mark.parametrize(
    ("action", "final", "wrong"),
    [
        ("approved", SAID, False),
        ("edited", "Hi! Items can be returned within 30 days of delivery.", False),  # only how it is said
        ("edited", "Items can be returned within 45 days of delivery.", True),
        ("rejected", "", True),
    ],
)
def test_a_decision_says_whether_the_draft_was_wrong(action: str, final: str, wrong: bool) -> None:
    rows, said = reviewed(pl.DataFrame([decision(1, action, final)], schema=EDIT_SCHEMA))
    assert [(row.wrong, row.source) for row in rows] == [(wrong, "approval")]
    assert said == ["1 of 1 decisions are on drafts that the live model makes again"]


def test_decisions_on_other_drafts_and_models_are_left_out() -> None:
    approvals = [
        decision(1, "approved"),
        decision(2, "approved", draft_text="Items can be returned within 29 days of delivery."),
        decision(3, "rejected", model="acme:0"),
    ]
    rows, said = reviewed(pl.DataFrame(approvals, schema=EDIT_SCHEMA))
    assert len(rows) == 1 and not rows[0].wrong
    assert said == ["1 of 2 decisions are on drafts that the live model makes again"]
    assert reviewed(pl.DataFrame(schema=EDIT_SCHEMA)) == ([], [])


def test_what_was_undone_is_no_label(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'decisions.db'}", pooled=True)
    database.migrate()
    kept, undone = a_draft(database, 1, response=SAID), a_draft(database, 2, response=SAID)
    with database.writing() as connection:
        for draft in (kept, undone):
            choice = Choice(draft, "acme", "approved", None, "", "ada", "", 1)
            drafts.decide(connection, choice, hold_seconds=0 if draft == kept else 30)
        drafts.undo(connection, undone, "acme", "ada")
        month = drafts.now_stamp()[:7]
    database.close()
    rows, _ = reviewed(DecisionLog(database.url).edits("acme", month))
    assert len(rows) == 1
