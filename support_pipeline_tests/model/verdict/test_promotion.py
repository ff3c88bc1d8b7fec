"""The gate: a table of what is promoted, how far, and why."""

import math
from dataclasses import replace

import pytest

from support_pipeline.clients import Margins, Targets
from support_pipeline.model.verdict import Contender, Graded, Share, Summary, decide_promotion, verdicts

MET = verdicts(
    Summary(
        Share(195, 200), Share(1, 200), Share(120, 122), Share(199, 200), Share(20, 20), Share(1, 200),
        Share(200, 200), Share(200, 200),
    ),
    Targets(),
)  # fmt: skip
FAILED = verdicts(
    Summary(
        Share(50, 200), Share(90, 200), Share(20, 122), Share(150, 200), Share(2, 20), Share(80, 200),
        Share(190, 200), Share(180, 200),
    ),
    Targets(),
)  # fmt: skip


def release(as_of: str, scores: list[int], **changes: object) -> Contender:
    tickets = {f"p{i}": Graded(score, f"c{i}") for i, score in enumerate(scores)}
    return replace(Contender(as_of, tickets, MET), **changes)  # type: ignore[arg-type]


GOOD = [3] * 190 + [2] * 10


def test_the_first_release_goes_live_for_approval_whatever_its_verdict() -> None:
    decided = decide_promotion(release("2026-09", [1] * 200, claims=FAILED))

    assert (decided.promote, decided.route_ceiling) == (True, "approve")
    assert "targets failed" in decided.reason and "hallucination failed" in decided.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stop_rate": 0.49}, "only 49% of its answers come to an end"),
        ({"well_formed": 0.2}, "only 20% of its answers are well-formed"),
        ({"stop_rate": math.nan}, "only nan% of its answers come to an end"),
        ({"well_formed": math.nan}, "only nan% of its answers are well-formed"),
        ({"tickets": {}}, "no held-out ticket was answered"),
    ],
)
@pytest.mark.parametrize("champion", [None, release("2026-06", GOOD)])
def test_an_unusable_release_stays_out(
    changes: dict[str, object], reason: str, champion: Contender | None
) -> None:
    decided = decide_promotion(release("2026-09", GOOD, **changes), champion)

    assert not decided.promote
    assert decided.reason.startswith(f"unusable: {reason}") and "targets met" in decided.reason


def test_a_backfill_cannot_move_the_champion_back() -> None:
    decided = decide_promotion(release("2026-03", GOOD), release("2026-06", [1] * 200))

    assert (decided.promote, decided.reason.split(";")[0]) == (
        False, "release 2026-03 is older than the live one (2026-06)",
    )  # fmt: skip


def test_equal_answers_are_promoted_and_met_targets_open_auto() -> None:
    champion = release("2026-06", GOOD)

    assert decide_promotion(release("2026-09", GOOD), champion).route_ceiling == "auto"
    open_claims = decide_promotion(release("2026-09", GOOD, claims=FAILED), champion)
    assert (open_claims.promote, open_claims.route_ceiling) == (True, "approve")


def test_a_worse_release_is_refused_with_the_figures() -> None:
    decided = decide_promotion(release("2026-09", [3] * 160 + [2] * 40), release("2026-06", GOOD))

    assert not decided.promote and decided.comparison is not None
    assert decided.reason.startswith(
        "not shown to be non-inferior: -15.0% fully correct against 2026-06 on 200"
    )
    assert "with a margin of 5%" in decided.reason


def test_more_wrong_answers_are_refused_where_the_right_ones_are_as_many() -> None:
    champion = release("2026-06", [3] * 170 + [2] * 30)
    worse = release("2026-09", [3] * 170 + [1] * 30)
    decided = decide_promotion(worse, champion)

    assert not decided.promote and decided.comparison is not None
    assert (decided.comparison.difference, decided.comparison.wrong_difference) == (0, 0.15)
    assert "wrong +15.0%, at worst" in decided.reason and "margin of 5%" in decided.reason
    assert decide_promotion(worse, champion, margins=Margins(wrong=0.25)).promote


def test_what_is_proven_worse_than_the_bare_base_model_stays_out() -> None:
    base = release("base", [3] * 180 + [2] * 20)
    decided = decide_promotion(release("2026-09", [3] * 150 + [2] * 50), base=base)

    assert not decided.promote
    assert decided.reason.startswith("worse than the bare base model: -15.0% fully correct on 200 tickets")
    assert decide_promotion(release("2026-09", [3] * 178 + [2] * 22), base=base).promote  # not proven worse


def test_too_few_shared_tickets_prove_nothing() -> None:
    few = release("2026-06", [3] * 15)

    assert not decide_promotion(release("2026-09", GOOD), few).promote
    assert decide_promotion(
        release("2026-09", GOOD), few, margins=Margins(fully_correct=0.20, wrong=0.20)
    ).promote
    assert "no ticket is shared" in decide_promotion(release("2026-09", GOOD), release("2026-06", [])).reason


def test_one_critical_topic_must_not_get_worse() -> None:
    def graded(wrong: int) -> dict[str, Graded]:
        return {
            f"p{i}": Graded(1 if i == wrong else 3, f"c{i}", ("return_window",) if i < 20 else ())
            for i in range(200)
        }

    champion = release("2026-06", [], tickets=graded(wrong=150))
    decided = decide_promotion(release("2026-09", [], tickets=graded(wrong=3)), champion)

    assert not decided.promote
    assert decided.reason.startswith("regression in critical topics: return_window (1 wrong, before 0)")
    assert decide_promotion(release("2026-09", [], tickets=graded(wrong=151)), champion).promote
