"""Verdicts on targets."""

from dataclasses import replace

import pytest

from support_pipeline.clients import Targets
from support_pipeline.model.verdict import Share, Summary, overall, verdict, verdicts

GOOD = Summary(
    fully_correct=Share(195, 200),
    wrong=Share(1, 200),
    policy_accuracy=Share(120, 122),
    escalation_accuracy=Share(199, 200),
    escalation_recall=Share(20, 20),
    hallucination=Share(1, 200),
    stopped=Share(200, 200),
    well_formed=Share(200, 200),
)


@pytest.mark.parametrize(
    ("share", "target", "direction", "expected"),
    [
        (Share(170, 200), 0.80, "at least", "met"),
        (Share(169, 200), 0.80, "at least", "not proven"),
        (Share(151, 200), 0.80, "at least", "not proven"),
        (Share(150, 200), 0.80, "at least", "failed"),
        (Share(4, 200), 0.05, "at most", "met"),
        (Share(5, 200), 0.05, "at most", "not proven"),
        (Share(17, 200), 0.05, "at most", "failed"),
        (Share(1, 1), 0.80, "at least", "not proven"),  # one ticket proves nothing
        (Share(0, 0), 0.05, "at most", "not proven"),
    ],
)
def test_verdict(share: Share, target: float, direction: str, expected: str) -> None:
    assert verdict(share, target, direction) == expected  # type: ignore[arg-type]


def test_all_targets_met() -> None:
    claims = verdicts(GOOD, Targets())

    assert [claim.name for claim in claims] == [
        "fully_correct", "wrong", "policy_accuracy", "escalation_accuracy", "escalation_recall", "hallucination",
    ]  # fmt: skip
    assert overall(claims) == "met"
    # 20 of 20 hand-overs do not prove 90 %, and need not: they must only not refute it.
    assert [claim.verdict for claim in claims if not claim.required] == ["not proven"]


def test_flips_are_claims_where_they_were_asked() -> None:
    asked = replace(GOOD, flip_compliance=Share(290, 299), stale_leak=Share(0, 299))

    assert [(claim.name, claim.verdict) for claim in verdicts(asked, Targets())][-2:] == [
        ("flip_compliance", "met"), ("stale_leak", "met"),
    ]  # fmt: skip
    assert overall(verdicts(replace(asked, stale_leak=Share(30, 299)), Targets())) == "failed"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"wrong": Share(5, 200)}, "not proven"),
        ({"wrong": Share(30, 200)}, "failed"),
        ({"escalation_recall": Share(5, 20)}, "failed"),  # hidden by the accuracy over all tickets
        ({"policy_accuracy": Share(0, 0)}, "not proven"),
    ],
)
def test_one_claim_decides(change: dict[str, Share], expected: str) -> None:
    assert overall(verdicts(replace(GOOD, **change), Targets())) == expected


def test_an_open_claim_says_what_would_settle_it() -> None:
    claim = verdicts(replace(GOOD, fully_correct=Share(168, 200)), Targets())[0]

    assert claim.verdict == "not proven"
    assert claim.settled_at is not None and claim.settled_at > 200
    assert f"{claim.settled_at} tickets at this rate would settle it" in claim.sentence()


def test_no_tickets_is_a_verdict_and_no_crash() -> None:
    empty = Summary(*[Share(0, 0)] * 8)

    assert overall(verdicts(empty, Targets())) == "not proven"
    assert "no such ticket" in verdicts(empty, Targets())[0].sentence()
