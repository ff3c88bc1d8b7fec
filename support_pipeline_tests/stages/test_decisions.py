"""Who may put a release live: the gate, or a person over its head; never an old month over a new one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.artifacts import Check, Recipe, Store, commit, product
from support_pipeline.errors import ArtifactError, PromotionError
from support_pipeline.serving.deployment import Deployment, put_live
from support_pipeline.stages.overrides import FILE, override, read_override
from support_pipeline.stages.release import ReleaseContext, _decided, _remedy, deployed_model, eval_report
from support_pipeline_tests.model.scoring.brands import demo

NO = {"promote": False, "route_ceiling": "approve", "reason": "not shown to be non-inferior: -9.0%"}
YES = {"promote": True, "route_ceiling": "auto", "reason": "non-inferior: +1.0%"}
CLIENT = "demo-outfitters"


def made(
    store: Store, folder: Path, as_of: str, stage: str, content: str, *, checks: dict[str, Check] | None = None,
    inputs: dict[str, str] | None = None, **info: Any,
) -> str:  # fmt: skip
    payload = folder / f"{as_of}-{stage}-{content}"
    payload.mkdir()
    (payload / "content").write_text(content)
    recipe = Recipe(inputs or {}, {"content": content}, "1")
    outcome = product({}, checks or {}, info)
    return commit(store.release(CLIENT, as_of, stage), payload, recipe, outcome, 0.0).fingerprint


def release(store: Store, as_of: str, said: list[str] | None = None) -> ReleaseContext:
    def nothing(_module: str, _job: Any) -> None:
        raise AssertionError("nothing is launched here")

    return ReleaseContext(store, demo(), Path(), as_of, (said if said is not None else []).append, nothing)


def live(store: Store, as_of: str) -> None:
    put_live(
        store,
        Deployment(
            client=CLIENT, as_of=as_of, version=f"{CLIENT}:{as_of}-x", fingerprint="x", gguf="x.gguf",
            quantisation="Q8_0", template_sha256="", route_ceiling="approve",
        ),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_the_gates_word_is_kept_and_without_one_nothing_goes_live(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, "2026-09", "eval_report", "a", promotion=YES)
    made(store, tmp_path, "2026-06", "eval_report", "b", promotion=NO)
    made(store, tmp_path, "2026-03", "eval_report", "c")

    decided = _decided(release(store, "2026-09"))
    assert (decided.reason, decided.route_ceiling, decided.override) == (YES["reason"], "auto", None)
    with pytest.raises(PromotionError, match="not shown to be non-inferior.*support-pipeline promote"):
        deployed_model(release(store, "2026-06"))
    with pytest.raises(ArtifactError, match="carries no promotion decision"):
        deployed_model(release(store, "2026-03"))


def test_a_person_overrides_with_name_and_reason_for_one_report_only(store: Store, tmp_path: Path) -> None:
    fingerprint = made(store, tmp_path, "2026-09", "eval_report", "a", promotion=NO)
    written = override(store, CLIENT, "2026-09", by=" Ann Lee ", reason="the champion states a wrong fee")
    said: list[str] = []
    decided = _decided(release(store, "2026-09", said))

    assert decided.route_ceiling == "approve" and decided.override == written
    assert decided.reason == said[0] == written.sentence()
    assert "promoted by Ann Lee on " in said[0] and "the gate said: not shown to be non-inferior" in said[0]
    kept = json.loads((store.root / "releases" / CLIENT / "2026-09" / FILE).read_text())
    assert (kept["by"], kept["reason"], kept["report"]) == (
        "Ann Lee",
        "the champion states a wrong fee",
        fingerprint,
    )

    made(store, tmp_path, "2026-09", "eval_report", "judged anew", promotion=NO)
    with pytest.raises(PromotionError, match="is not promoted"):
        _decided(release(store, "2026-09"))


@pytest.mark.parametrize(
    ("by", "reason", "wrong"), [("", "because", "by"), ("Ann", "  ", "reason"), ("", "", "by, reason")]
)
def test_an_override_without_name_or_reason_is_none(
    store: Store, tmp_path: Path, by: str, reason: str, wrong: str
) -> None:
    fingerprint = made(store, tmp_path, "2026-09", "eval_report", "a", promotion=NO)
    with pytest.raises(PromotionError, match=f"wrong here: {wrong}"):
        override(store, CLIENT, "2026-09", by=by, reason=reason)
    assert read_override(store, CLIENT, "2026-09", fingerprint) is None


def test_what_needs_no_override_or_cannot_have_one(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, "2026-09", "eval_report", "a", promotion=YES)
    made(store, tmp_path, "2026-06", "eval_report", "b", promotion=NO)
    live(store, "2026-08")
    with pytest.raises(PromotionError, match="promoted by the gate already"):
        override(store, CLIENT, "2026-09", by="Ann", reason="because")
    with pytest.raises(PromotionError, match=r"older than the live one \(2026-08\)"):
        override(store, CLIENT, "2026-06", by="Ann", reason="because")
    with pytest.raises(ArtifactError, match="2026-01"):
        override(store, CLIENT, "2026-01", by="Ann", reason="because")
    (store.root / "releases" / CLIENT / "2026-06" / FILE).write_text("{")
    with pytest.raises(ArtifactError, match="is corrupt. Delete it"):
        read_override(store, CLIENT, "2026-06", "x")


def test_a_backfill_of_an_old_release_cannot_move_the_champion_back(store: Store, tmp_path: Path) -> None:
    """Its report was made when nothing was live, and says yes; an override from that time does not help either."""
    made(store, tmp_path, "2026-03", "eval_report", "a", promotion=YES)
    made(store, tmp_path, "2026-04", "eval_report", "b", promotion=NO)
    override(store, CLIENT, "2026-04", by="Ann", reason="because")
    live(store, "2026-06")
    before = (store.root / "deployments" / f"{CLIENT}.json").read_text()
    for as_of in ("2026-03", "2026-04"):
        with pytest.raises(
            PromotionError, match=r"older than the live one \(2026-06\), which it cannot replace"
        ):
            deployed_model(release(store, as_of))
    assert (store.root / "deployments" / f"{CLIENT}.json").read_text() == before


def test_a_decision_against_another_champion_does_not_count(store: Store, tmp_path: Path) -> None:
    champion = made(store, tmp_path, "2026-06", "lora_adapter", "champion")
    made(store, tmp_path, "2026-09", "eval_report", "a", promotion=YES, inputs={"champion": ""})
    assert _decided(release(store, "2026-09")).reason == YES["reason"]
    live(store, "2026-06")
    with pytest.raises(PromotionError, match=r"another champion than the live one \(2026-06\)"):
        _decided(release(store, "2026-09"))
    made(store, tmp_path, "2026-09", "eval_report", "b", promotion=YES, inputs={"champion": champion})
    assert _decided(release(store, "2026-09")).reason == YES["reason"]


def test_a_champion_whose_folder_is_gone_is_named_and_stays_live(store: Store, tmp_path: Path) -> None:
    champion = made(store, tmp_path, "2026-06", "lora_adapter", "champion")
    for stage in ("jsonl_splits", "lora_adapter"):
        made(store, tmp_path, "2026-09", stage, "challenger")
    made(store, tmp_path, "2026-09", "eval_report", "a", promotion=YES, inputs={"champion": champion})
    live(store, "2026-06")
    before = (store.root / "deployments" / f"{CLIENT}.json").read_text()
    shutil.rmtree(str(store.release(CLIENT, "2026-06", "lora_adapter").path))

    for stage in (eval_report, deployed_model):
        with pytest.raises(ArtifactError, match=r"lora_adapter of client .* for 2026-06 does not exist"):
            stage(release(store, "2026-09"))
    assert (store.root / "deployments" / f"{CLIENT}.json").read_text() == before
    assert store.release(CLIENT, "2026-09", "eval_report").require().info["promotion"] == YES


def test_a_gguf_that_loses_too_many_scores_is_refused(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, "2026-09", "eval_report", "a", promotion=YES)
    lost = Check(passed=False, detail="9 of 100 answers score lower in the GGUF than when they were judged")
    made(store, tmp_path, "2026-09", "gguf_artifact", "g", checks={"scores_kept": lost})
    with pytest.raises(ArtifactError, match="9 of 100 answers score lower"):
        deployed_model(release(store, "2026-09"))


def test_the_newest_earlier_report_asks_for_the_remedy(store: Store, tmp_path: Path) -> None:
    def claims(verdict: str) -> list[dict[str, Any]]:
        return [
            {"name": "hallucination", "verdict": verdict, "rate": 0.2, "direction": "at most", "target": 0.05}
        ]

    made(store, tmp_path, "2026-03", "eval_report", "a", claims=claims("failed"))
    made(store, tmp_path, "2026-06", "jsonl_splits", "s", remedy={"cannot_know": 0.15, "escalate": 0.15})
    made(store, tmp_path, "2026-06", "eval_report", "b", claims=claims("failed"))
    made(store, tmp_path, "2026-09", "eval_report", "c", claims=claims("failed"))

    assert _remedy(release(store, "2026-03")).reasons == ()
    assert _remedy(release(store, "2026-06")).cannot_know == 0.15
    assert _remedy(release(store, "2026-09")).cannot_know == 0.20
    assert "release 2026-06" in _remedy(release(store, "2026-09")).reasons[0]
