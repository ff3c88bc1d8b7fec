import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from support_pipeline.data.neighbours import (
    alike,
    components,
    connected,
    exact_groups,
    near_duplicate_clusters,
)

LONG = "I bought a blue jacket in your shop last week and the zip does not close any more, what can I do about it"


def test_near_duplicates_are_one_cluster_and_others_are_not() -> None:
    texts = [
        LONG,
        "Do you ship boots to Norway before Christmas?",
        LONG.replace("blue", "red") + " please",
        LONG.upper() + "!!!",
        "My password reset mail never arrives.",
    ]
    assert near_duplicate_clusters(texts).tolist() == [0, 1, 0, 0, 4]


def test_numbers_and_placeholders_do_not_tell_texts_apart() -> None:
    texts = ["Where is order 4471 <ORDER_123>?", "where is ORDER 9980 <ORDER_777>"]
    assert exact_groups(texts).tolist() == [0, 0]


def test_texts_without_letters_are_alike_only_when_equal() -> None:
    assert near_duplicate_clusters(["???", "!!!", "???", ""]).tolist() == [0, 1, 0, 3]


def test_order_and_seed_do_not_change_clear_clusters() -> None:
    texts = [f"{LONG} number {word}" for word in ("one", "two", "three")] + [
        "something else entirely, thank you all"
    ]
    assert (
        near_duplicate_clusters(texts, seed=1).tolist()
        == near_duplicate_clusters(texts, seed=2).tolist()
        == [0, 0, 0, 3]
    )


def test_alike_is_exact() -> None:
    assert alike([LONG], [LONG + " thanks", "no", LONG.replace("jacket", "coat")]).tolist() == [
        True,
        False,
        True,
    ]
    assert alike([], ["a"]).tolist() == [False]


def test_components_join_what_shares_any_value() -> None:
    assert components([["a", "b", "a", ""], ["x", "y", "z", ""]], 4).tolist() == [0, 1, 0, 3]
    assert components([["a", "b", "c"], ["x", "y", "x"], ["q", "q", ""]], 3).tolist() == [0, 0, 0]


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_connected_is_union_find(count: int, links: list[tuple[int, int]]) -> None:
    links = [(a % count, b % count) for a, b in links]
    parent = list(range(count))
    for _ in range(count):
        for a, b in links:
            parent[a] = parent[b] = min(parent[a], parent[b])
    found = connected(count, np.array(links, dtype=np.int64).reshape(-1, 2))
    assert found.tolist() == parent
