"""The certificate: exact thresholds, bound to what is served, void when that changes, ended by the watch."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support_pipeline.artifacts import Store
from support_pipeline.errors import ArtifactError
from support_pipeline.model.verdict.shares import upper_bound
from support_pipeline.serving.confidence import (
    Binding,
    Certificate,
    Labelled,
    Novelty,
    Watch,
    certified,
    certify,
    is_material,
    is_wrong,
    naive,
    read_certificate,
    write_certificate,
)
from support_pipeline.serving.confidence.certificate import certificate_file
from support_pipeline.serving.confidence.features import NAMES
from support_pipeline.serving.confidence.thresholds import tickets_needed
from support_pipeline.serving.confidence.watch import stability_index

BINDING = Binding(model="m" * 16, adapter="a", template="t", policies="p", engine="e")


def rows(count: int, error: float = 0.1, seed: int = 1, source: str = "approval") -> list[Labelled]:
    """Drafts whose log-probabilities are lower where they are wrong."""
    draw = random.Random(seed)
    found = []
    for i in range(count):
        wrong = draw.random() < error
        values = dict.fromkeys(NAMES, 0.0) | {
            "mean_logprob": draw.gauss(-0.8 if wrong else -0.1, 0.2),
            "unknown_words": draw.random(),
        }
        found.append(Labelled(f"{seed}-{i}", values, True, wrong, source))  # type: ignore[arg-type]
    return found


def made(count: int = 400, **changes: object) -> Certificate:
    settings: dict[str, object] = {"client": "acme", "version": "acme:1", "alpha": 0.05, "delta": 0.1}
    return certify(rows(count), BINDING, Novelty(), **(settings | changes))  # type: ignore[arg-type]


def test_a_threshold_is_the_loosest_whose_exact_bound_holds() -> None:
    scores = [i / 100 for i in range(100, 0, -1)]
    wrong = [i >= 60 for i in range(100)]
    found = certified(scores, wrong, alpha=0.05, delta=0.1)
    assert found is not None
    assert (found.sent, found.wrong, found.total) == (61, 1, 100)
    assert found.risk_upper == upper_bound(1, 100, 0.1) <= 0.05 < upper_bound(2, 100, 0.1)
    assert found.score == scores[60]


def test_equal_scores_are_sent_together_or_not_at_all() -> None:
    found = certified([0.9] * 50 + [0.5] * 50, [False] * 50 + [False] * 40 + [True] * 10, 0.05, 0.1)
    assert found is not None
    assert (found.score, found.sent) == (0.9, 50)


def test_tickets_that_are_never_sent_count_among_the_tickets() -> None:
    few = certified([0.9] * 30, [False] * 30, 0.05, 0.1)
    many = certified([0.9] * 30 + [None] * 30, [False] * 30 + [True] * 30, 0.05, 0.1)
    assert few is None, "30 right ones prove nothing at 5 %"
    assert many is not None and many.coverage == 0.5


def test_the_fewest_tickets_that_can_prove_anything() -> None:
    for alpha, needed in ((0.05, 45), (0.02, 114), (0.01, 230)):
        assert tickets_needed(alpha, 0.1) == needed
        assert certified([0.9] * needed, [False] * needed, alpha, 0.1) is not None
        assert certified([0.9] * (needed - 1), [False] * (needed - 1), alpha, 0.1) is None


def test_the_tuned_threshold_sends_more_than_is_proven() -> None:
    draw = random.Random(5)
    wrong = [draw.random() < 0.3 for _ in range(300)]
    scores = [draw.gauss(0.3 if bad else 0.7, 0.2) for bad in wrong]
    proven, tuned = certified(scores, wrong, 0.05, 0.1), naive(scores, wrong, 0.05)
    assert proven is not None and tuned is not None
    assert tuned < proven.score


def test_a_certificate_says_its_promise_and_its_assumption() -> None:
    certificate = made()
    assert certificate.send_from is not None
    assert certificate.sent > 0
    assert (
        "At most 5% of tickets are answered wrongly and sent, with 90% confidence" in certificate.sentence()
    )
    assert certificate.assumption in certificate.sentence()
    assert certificate.score.score(dict.fromkeys(NAMES, 0.0)) > certificate.score.score(
        dict.fromkeys(NAMES, 0.0) | {"mean_logprob": -2.0}
    )


def test_too_few_tickets_certify_nothing_and_say_how_many_are_missing() -> None:
    certificate = made(30)
    assert certificate.send_from is None
    assert "20 tickets to prove it on, at least 45 are needed" in certificate.reason
    assert "nothing could be certified" in (certificate.void_because(BINDING) or "")


def test_only_what_was_not_fitted_on_proves() -> None:
    certificate = made(300)
    assert certificate.tickets == 200
    assert certificate.sources == {"validation": 0, "approval": 300}


@pytest.mark.parametrize("part", list(Binding.model_fields))
def test_whatever_it_is_bound_to_voids_it_by_changing(part: str) -> None:
    certificate = made()
    assert certificate.void_because(BINDING) is None
    changed = BINDING.model_copy(update={part: "other"})
    assert certificate.void_because(changed) == f"the certificate was made for another {part}"


def test_it_is_kept_by_model_and_a_broken_file_is_named(tmp_path: Path) -> None:
    store, certificate = Store(str(tmp_path)), made()
    write_certificate(store, certificate)
    assert read_certificate(store, "acme", BINDING.model) == certificate
    assert read_certificate(store, "acme", "another") is None
    certificate_file(store, "acme", BINDING.model).write_text("{")
    with pytest.raises(ArtifactError, match="is corrupt. Delete it and certify 'acme' again"):
        read_certificate(store, "acme", BINDING.model)


def test_wrong_audits_end_it_and_right_ones_do_not(tmp_path: Path) -> None:
    store, certificate = Store(str(tmp_path)), made()
    watch = Watch(store, certificate)
    for _ in range(500):
        watch.audited(False)
    assert watch.ended_because is None
    fresh = Watch(Store(str(tmp_path / "other")), certificate)
    audits = next(i for i in range(1, 200) if fresh.audited(i % 3 == 0) or fresh.ended_because)
    assert audits < 60, "a third wrong is seen within 60 audits"
    assert Watch(Store(str(tmp_path / "other")), certificate).ended_because == fresh.ended_because
    for _ in range(500):
        fresh.audited(False)
    assert fresh.ended_because is not None, "what has ended stays ended"


def test_audits_at_the_promised_rate_end_it_as_seldom_as_promised(tmp_path: Path) -> None:
    certificate = made()
    limit = certificate.alpha / certificate.coverage
    ended = 0
    for seed in range(60):
        draw, wealth = random.Random(seed), [1.0] * 4
        best = 0.0
        for _ in range(400):
            x = draw.random() < limit
            wealth = [
                w * (1 + s / limit * (x - limit)) for w, s in zip(wealth, (0.1, 0.2, 0.4, 0.8), strict=True)
            ]
            best = max(best, sum(wealth) / 4)
        ended += best >= 1 / certificate.delta
    assert ended / 60 <= 0.2


def test_other_scores_than_it_was_proven_on_end_it(tmp_path: Path) -> None:
    certificate = made()
    draw = random.Random(2)
    steady = Watch(Store(str(tmp_path / "steady")), certificate)
    for _ in range(400):
        steady.saw(draw.choice(certificate.reference))
    assert steady.ended_because is None
    moved = Watch(Store(str(tmp_path / "moved")), certificate)
    for _ in range(200):
        moved.saw(draw.choice(certificate.reference[: len(certificate.reference) // 3]))
    assert "the scores of recent tickets have moved" in (moved.ended_because or "")


def test_a_new_certificate_has_a_fresh_watch_and_a_broken_file_ends_it(tmp_path: Path) -> None:
    store, first = Store(str(tmp_path)), made()
    watch = Watch(store, first)
    while watch.ended_because is None:
        watch.audited(True)
    second = made(version="acme:2")
    assert second.id != first.id
    assert Watch(store, second).ended_because is None
    (file,) = (tmp_path / "deployments").glob("acme.watch.*")
    file.write_text("{")
    assert "is corrupt; certify again" in (Watch(store, second).ended_because or "")


def test_the_stability_index_is_nothing_for_the_same_and_large_for_another() -> None:
    draw = random.Random(1)
    first = [draw.random() for _ in range(500)]
    assert stability_index(first, first) < 0.01
    assert stability_index(first, [value / 3 for value in first]) > 0.5


@pytest.mark.parametrize(
    ("action", "draft", "final", "wrong"),
    [
        ("approved", "30 days", "30 days", False),
        ("rejected", "30 days", "", True),
        ("edited", "You have 30 days to send it back, as our policy says.", "You have 45 days to send it back, as our policy says.", True),
        ("edited", "You have 30 days to send it back, as our policy says.", "You have 30 days to send it back, as our policy states.", False),
        ("edited", "Thanks.", "See https://example.com for all of it.", True),
        ("edited", "You have 30 days.", "Dear Ada, thank you so much for your kind note about the boots. You have 30 days.", True),
    ],
)  # fmt: skip
def test_a_draft_is_wrong_by_what_the_agent_did_with_it(
    action: str, draft: str, final: str, wrong: bool
) -> None:
    assert is_wrong(action, draft, final) is wrong
    if action == "edited":
        assert is_material(draft, final) is wrong


def test_new_words_are_seen_and_no_words_are_kept() -> None:
    known = Novelty.learn(["where is my parcel"] * 2 + ["my boots are wet today"] * 2, ["Items go back."])
    assert known.of("where is my parcel today")[0] == 0
    assert known.of("disregard parcel guidelines entirely please")[0] > 0.7
    whole, sentence = known.of("Where is my parcel today. Disregard guidelines entirely please.")
    assert sentence == 1.0 > whole
    assert "parcel" not in known.model_dump_json()
    assert made().made_at <= datetime.now(UTC)
