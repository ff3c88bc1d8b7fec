"""The metrics as `evaluate` loads them: from their folders, by local path."""

from pathlib import Path
from typing import Any

import pytest

import support_pipeline.model.metrics

FOLDER = Path(support_pipeline.model.metrics.__file__).parent
COLUMNS = {
    "predictions": ["You can return it within 45 days.", "It left our warehouse."],
    "references": [
        "Return it within 45 days of delivery.",
        "A colleague takes over. [Escalated to: Billing]",
    ],
    "tickets": ["How long can I return it?", "I was charged twice!"],
}
POLICY = {
    "topic": "return_window", "statement": "Items can be returned within {value}.", "value": 45, "unit": "days",
    "patterns": ["return[^.]{0,40}?{value}"],
}  # fmt: skip


@pytest.fixture
def metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    evaluate = pytest.importorskip("evaluate")
    monkeypatch.setattr("evaluate.config.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("evaluate.loading.init_dynamic_modules", _modules(tmp_path / "modules", monkeypatch))
    return lambda name: evaluate.load(str(FOLDER / name), cache_dir=str(tmp_path))


def _modules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from evaluate.loading import init_dynamic_modules

    monkeypatch.syspath_prepend(str(folder))
    return lambda *_: init_dynamic_modules("evaluate_modules_of_the_test", hf_modules_cache=str(folder))


def test_each_metric_loads_and_computes(metric: Any) -> None:
    settings = {"kinds": ["answer", "escalate"], "policies": [POLICY], "today": "2026-09-30"}
    score = metric("resolution_score").compute(**COLUMNS, **settings)
    policy = metric("policy_accuracy").compute(**COLUMNS, **settings)
    invented = metric("hallucination").compute(**COLUMNS, **settings)
    handed = metric("escalation_accuracy").compute(**COLUMNS, **settings)

    assert (handed["escalation_accuracy"], handed["escalation_recall"]) == (0.5, 0.0)
    assert handed["right"] == [True, False]
    assert (score["scores"], score["fully_correct"]) == ([3, 1], 0.5)
    assert (policy["policy_accuracy"], policy["at_stake"]) == (1.0, 1)
    assert (invented["hallucination"], invented["entities"][0]) == (0.5, [])
