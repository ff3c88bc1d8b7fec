import json

import numpy as np
import pytest

from support_pipeline.data.filtering import learned
from support_pipeline.data.filtering.hashing import Texts, distinct
from support_pipeline.data.filtering.learned import MODELS, Bags, score

NAMES = ("fraud", "emotional", "multi_issue")


@pytest.mark.parametrize("name", NAMES)
def test_models_are_plain_arrays_with_a_card(name: str) -> None:
    with np.load(MODELS / f"{name}.npz", allow_pickle=False) as file:
        assert {file[key].dtype.kind for key in file.files} <= set("iuf")
    card = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    assert {"measured", "measured_on", "fitted_on", "files", "thresholds"} <= set(card)
    assert all("," in line for line in card["fitted_on"])  # each source with its licence


def test_models_are_small() -> None:
    assert sum(file.stat().st_size for file in MODELS.iterdir()) < 4_000_000


def test_cards_hold_the_promised_figures() -> None:
    fraud, emotional, multi = (learned.load(name).card["measured"] for name in NAMES)
    assert fraud["recall"] >= 0.95
    assert fraud["precision"] >= 0.85
    assert emotional["auc"] >= 0.85
    assert multi["f1"] >= 0.60


def test_clear_cases_are_told_apart() -> None:
    disowned, lost, card, shouted, calm = score(
        [
            ["I see a cash withdrawal on my account that I did not make"],
            ["Where is my parcel? The tracking has not moved."],
            ["When will my new card arrive?"],
            ["This is disgusting, you stupid liars!!! I HATE this company"],
            ["Could you tell me the size of the box please"],
        ]
    )
    assert disowned.fraud > learned.threshold("fraud") > max(lost.fraud, card.fraud)
    assert shouted.emotional > 0.9 > 0.3 > calm.emotional


def test_a_conversation_scores_the_same_in_any_batch() -> None:
    talks = [["My card was used by someone"], ["Hello", "I want a refund NOW!", "thanks"], [], ["?"]]
    alone = [score([talk])[0] for talk in talks]
    for one, other in zip(score(talks), alone, strict=True):
        assert one.fraud == pytest.approx(other.fraud, abs=1e-5)
        assert one.emotional == pytest.approx(other.emotional, abs=1e-5)
        assert one.multi_issue == pytest.approx(other.multi_issue, abs=1e-5)
    assert score([]) == []


def test_case_digits_and_punctuation_do_not_change_the_words() -> None:
    words = Texts.of(["Didn't arrive: order #77!", "didnt ARRIVE order 88"]).words(2)
    halves = np.split(words.hashes, 2)
    assert halves[0].tolist() == halves[1].tolist()


def test_hashes_never_change() -> None:
    """Shipped models rest on them."""
    assert Texts.of(["refund"]).words(1).hashes.tolist() == [3437686756504067396]


def test_features_of_one_text_do_not_reach_into_the_next() -> None:
    together, alone = Texts.of(["ab", "cd"]), Texts.of(["ab"])
    assert together.characters((3,)).hashes.tolist() == []
    assert together.words(2).counts().tolist() == [1, 1]
    assert alone.words(2).counts().tolist() == [1]


def test_each_feature_counts_once_a_text() -> None:
    once, twice = Bags.of(Texts.of(["refund"])), Bags.of(Texts.of(["refund refund"]))
    assert set(once.bucket) < set(twice.bucket)
    assert len(twice.bucket) == len(set(twice.bucket))


def test_distinct_is_sorted() -> None:
    assert distinct(np.array([3, 1, 3, 2])).tolist() == [1, 2, 3]
    assert distinct(np.array([], dtype=np.int64)).tolist() == []


TALKS = [
    ["see https://help.example.com/a/1"],
    ["my card was used by someone I do not know"],
    ["where is it? www.example.com/x and https://x.example/y", "thanks, https://x.example/z"],
    ["I am furious"],
    [],
    ["see https://help.example.com/a/1", "my card was used by someone I do not know"],
]


def test_a_score_does_not_depend_on_its_neighbours() -> None:
    alone = [score([talk])[0] for talk in TALKS]
    assert score(TALKS) == alone
    assert score(TALKS[::-1]) == alone[::-1]


@pytest.mark.parametrize("remember", [0, 2, 100])
def test_a_scorer_that_remembers_says_the_same(remember: int) -> None:
    scorer = learned.Scorer(remember)
    assert [scorer.score(TALKS), scorer.score(TALKS[::-1])[::-1]] == [score(TALKS)] * 2


def test_a_text_that_ends_with_a_link_does_not_run_into_the_next() -> None:
    texts = ["first https://example.com/a", "second", "", "https://example.com"]
    batch = Texts.of(texts)
    assert batch.texts == len(texts)
    assert batch.words(1).counts().tolist() == [1, 1, 0, 0]
