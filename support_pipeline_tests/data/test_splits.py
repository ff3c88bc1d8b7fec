import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_pipeline.claims import rewrite
from support_pipeline.data import splits
from support_pipeline.data.splits import HELD_BACK, SPLITS, Shares, build_splits, check_overlap
from support_pipeline.data.tickets import POLICY_STATE
from support_pipeline.errors import DatasetError
from support_pipeline_tests.data.examples import config, pair_row, write_pairs

WORDS = "jacket boots tent lamp stove order parcel refund size color zip button sole strap lid pocket cable".split()
TODAY = date(2026, 9, 30)


def text(number: int) -> str:
    """A question like no other number's."""
    chosen = [WORDS[(number * step + step) % len(WORDS)] for step in (1, 3, 7, 11)]
    letters = "".join(chr(ord("a") + (number // 26**place) % 26) for place in range(4))
    return f"{letters * 3} about the {' '.join(chosen)} of {letters} {letters[::-1] * 2}"


def split(
    folder: Path, rows: list[dict[str, Any]], *, earlier: set[str] | None = None, **changes: Any
) -> dict[str, Any]:
    pairs = write_pairs(folder / "pairs.parquet", rows)
    settings_ = config(**changes)
    return build_splits(
        settings_, [pairs], "2026-09", folder / "out", earlier_test_ids=earlier or set(), today=TODAY
    )


def index(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "out" / "index.parquet")


def held_back(folder: Path) -> dict[str, str]:
    frame = pl.read_parquet(folder / "out" / "held_back.parquet")
    return dict(zip(frame["pair_id"], frame["reason"], strict=True))


def test_files_hold_the_chats_and_nothing_else(tmp_path: Path) -> None:
    info = split(tmp_path, [pair_row(n, text(n)) for n in range(60)])
    rows = index(tmp_path)
    for name in SPLITS:
        lines = (tmp_path / "out" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        here = rows.filter(pl.col("split") == name).sort("row")
        assert len(lines) == info[name] == here.height
        for line, question in zip(lines, here["customer_text"], strict=True):
            chat = json.loads(line)
            assert list(chat) == ["messages"]
            assert [message["role"] for message in chat["messages"]] == ["system", "user", "assistant"]
            assert chat["messages"][1]["content"] == question
            assert "within 30 days" in chat["messages"][0]["content"]
            assert "Fraud Team" in chat["messages"][0]["content"]


def test_test_split_is_the_newest(tmp_path: Path) -> None:
    split(tmp_path, [pair_row(n, text(n)) for n in range(90)], evaluation={"test_size": 20})
    newest = index(tmp_path).filter(pl.col("split") == "test")["ticket_id"].to_list()
    assert sorted(newest) == sorted(f"t{n}" for n in range(70, 90))


def test_test_split_is_stratified(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n), intent="return" if n % 4 else "refund") for n in range(200)]
    split(tmp_path, rows, evaluation={"test_size": 40})
    intents = index(tmp_path).filter(pl.col("split") == "test")["intent"].value_counts()
    assert dict(intents.iter_rows()) == {"return": 30, "refund": 10}


def test_what_is_tied_to_a_test_pair_is_held_back_with_its_reason(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n)) for n in range(40)]
    rows[0]["customer_id"] = "c39"
    rows[1]["thread_id"] = "t38"
    rows[2]["customer_text"] = rows[37]["customer_text"] + " please"
    split(tmp_path, rows, evaluation={"test_size": 10})
    reasons = held_back(tmp_path)
    assert (reasons["p00000"], reasons["p00001"], reasons["p00002"]) == (
        "test_customer",
        "test_thread",
        "test_near_duplicate",
    )
    assert not any(check_overlap(tmp_path / "out" / "index.parquet").values())


def test_earlier_test_pairs_are_never_trained_on(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n)) for n in range(60)]
    rows.append(pair_row(61, text(5) + " again", ticket_id="t5", pair_id="other"))
    split(tmp_path, rows, earlier={"p00005", "p00006"}, evaluation={"test_size": 10})
    trained = set(index(tmp_path).filter(pl.col("split") != "test")["pair_id"])
    assert not trained & {"p00005", "p00006", "other"}
    assert held_back(tmp_path)["p00006"] == "earlier_test"


def test_edits_replace_the_reply_that_they_correct(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n)) for n in range(30)]
    rows.append(pair_row(40, text(3), ticket_id="t3", pair_id="p00003", kind="edit", customer_id=""))
    rows[-1] |= {"edit_class": "fact", "resolution_text": "The corrected answer."}
    split(tmp_path, rows, evaluation={"test_size": 5})
    here = index(tmp_path).filter(pl.col("ticket_id") == "t3")
    assert here.select("kind", "edit_class").rows() in ([], [("edit", "fact")])
    chats = "".join((tmp_path / "out" / f"{name}.jsonl").read_text(encoding="utf-8") for name in SPLITS)
    assert '"Answer 3."' not in chats
    assert "superseded" in pl.read_parquet(tmp_path / "out" / "held_back.parquet")["reason"].to_list()


def test_pairs_made_before_edits_had_a_class_are_read(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n)) for n in range(30)]
    old = write_pairs(tmp_path / "old.parquet", rows[:15])
    pl.read_parquet(old).drop("edit_class").write_parquet(old)
    new = write_pairs(tmp_path / "new.parquet", rows[15:])
    build_splits(config(), [old, new], "2026-09", tmp_path / "out", earlier_test_ids=set(), today=TODAY)
    assert set(index(tmp_path)["edit_class"]) == {""}


def test_training_is_bounded_in_duplicates_shares_and_size(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n), kind="escalate", reason="needs_human") for n in range(100)]
    rows += [pair_row(n, text(n), kind="cannot_know") for n in range(100, 160)]
    rows += [pair_row(n, text(n), intent=f"i{n % 7}") for n in range(160, 400)]
    rows += [pair_row(n, "where can I find the size chart of the boots") for n in range(400, 410)]
    info = split(tmp_path, rows, evaluation={"test_size": 30, "max_pairs": 200})
    learned = {
        kind: info["kinds"]["train"].get(kind, 0) + info["kinds"]["valid"].get(kind, 0)
        for kind in ("escalate", "cannot_know")
    }
    total = info["train"] + info["valid"]
    assert learned["escalate"] <= 0.16 * total
    assert learned["cannot_know"] <= 0.11 * total
    assert total + info["test"] <= 200
    assert {"escalation_share", "cannot_know_share", "over_max_pairs"} <= set(info["held_back_by_reason"])
    assert set(info["held_back_by_reason"]) <= set(HELD_BACK)


@pytest.mark.parametrize("count", [3, 4, 9, 60])
def test_small_sets_work_in_proportion(tmp_path: Path, count: int) -> None:
    info = split(tmp_path, [pair_row(n, text(n)) for n in range(count)])
    assert info["train"] >= info["test"] >= 1
    assert info["train"] + info["valid"] + info["test"] + info["held_back"] == count
    assert "more are needed" in info["missing"]


def test_too_little_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="2 pairs, at least 3 are needed"):
        split(tmp_path, [pair_row(n, text(n)) for n in range(2)])
    with pytest.raises(DatasetError, match="nearly all share a customer"):
        split(tmp_path, [pair_row(n, text(n), customer_id="one") for n in range(20)])


def test_same_pairs_same_bytes(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n), intent=f"i{n % 3}") for n in range(80)]
    written = []
    for name, order in (("a", rows), ("b", rows[::-1])):
        (tmp_path / name).mkdir()
        split(tmp_path / name, order)
        written.append({file.name: file.read_bytes() for file in sorted((tmp_path / name / "out").iterdir())})
    assert written[0] == written[1]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_and_nothing_straddles(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count = data.draw(st.integers(3, 60))
    number = st.integers(0, 12)
    rows = [
        pair_row(
            n,
            text(data.draw(number)) + data.draw(st.sampled_from(["", " please", " now", " thanks"])),
            customer_id=data.draw(st.sampled_from(["", "a", "b", f"c{n}", f"d{n}"])),
            thread_id=data.draw(st.sampled_from(["h", f"t{n}", f"u{n}"])),
            kind=data.draw(st.sampled_from(["answer", "escalate", "cannot_know"])),
        )
        for n in range(count)
    ]
    folder = tmp_path_factory.mktemp("splits")
    earlier = set(data.draw(st.lists(st.sampled_from([row["pair_id"] for row in rows]), max_size=5)))
    try:
        info = split(folder, rows, earlier=earlier, evaluation={"test_size": 8})
    except DatasetError:
        return
    assert info["train"] + info["valid"] + info["test"] + info["held_back"] == count
    assert index(folder).height + len(held_back(folder)) == count
    assert not any(check_overlap(folder / "out" / "index.parquet").values())
    assert not set(index(folder).filter(pl.col("split") != "test")["pair_id"]) & earlier


@pytest.mark.parametrize(("day", "days"), [(date(2026, 1, 15), 60), (TODAY, 30)])
def test_answers_state_the_policies_of_the_release(tmp_path: Path, day: date, days: int) -> None:
    answers = ["Items can be returned within 30 days of delivery.", "You have 60 days to return it."]
    rows = [pair_row(n, text(n), resolution_text=answers[n % 2]) for n in range(60)]
    pairs = write_pairs(tmp_path / "pairs.parquet", rows)
    build_splits(config(), [pairs], "2026-09", tmp_path / "out", earlier_test_ids=set(), today=day)
    for line in (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines():
        system, _, assistant = (message["content"] for message in json.loads(line)["messages"])
        assert f"within {days} days" in system
        assert f"{days} days" in assistant
    assert set(index(tmp_path)["resolution_text"]) == {
        f"Items can be returned within {days} days of delivery.",
        f"You have {days} days to return it.",
    }


def test_an_answer_about_a_policy_that_is_over_is_held_back(tmp_path: Path) -> None:
    over = {
        "topic": "gift_wrap",
        "statement": "Gift wrapping costs {value}.",
        "value": 5,
        "unit": "USD",
        "effective_to": "2026-01-31",
    }
    rows = [pair_row(n, text(n)) for n in range(40)]
    rows[7]["resolution_text"] = "Gift wrapping costs $5."
    split(tmp_path, rows, policies=[over])
    assert held_back(tmp_path)["p00007"] == "policy_not_in_force"


@pytest.mark.parametrize(("state", "followed"), [("2026-09-30", True), ("2026-01-15", False)])
def test_answers_that_follow_the_policies_already_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, followed: bool
) -> None:
    pairs = write_pairs(tmp_path / "pairs.parquet", [pair_row(n, text(n)) for n in range(40)])
    day = date.fromisoformat(state)
    pl.read_parquet(pairs).write_parquet(pairs, metadata={POLICY_STATE: config().book.state(day)})
    read: list[str] = []
    monkeypatch.setattr(
        splits, "rewrite", lambda book, answer, today: read.append(answer) or rewrite(book, answer, today)
    )
    build_splits(config(), [pairs], "2026-09", tmp_path / "out", earlier_test_ids=set(), today=TODAY)
    assert len(read) == (0 if followed else 40)


def test_the_shares_of_hand_overs_and_cannot_knows_can_be_raised(tmp_path: Path) -> None:
    rows = [pair_row(n, text(n), kind="escalate", reason="needs_human") for n in range(100)]
    rows += [pair_row(n, text(n), kind="cannot_know") for n in range(100, 200)]
    rows += [pair_row(n, text(n), intent=f"i{n % 7}") for n in range(200, 400)]
    reached = []
    for name, shares in (("usual", Shares()), ("raised", Shares(escalate=0.3, cannot_know=0.25))):
        file = write_pairs(tmp_path / f"{name}.parquet", rows)
        settings = config(evaluation={"test_size": 30})
        info = build_splits(
            settings, [file], "2026-09", tmp_path / name, earlier_test_ids=set(), today=TODAY, shares=shares
        )
        kinds = info["kinds"]["train"]
        reached.append([kinds[kind] / info["train"] for kind in ("escalate", "cannot_know")])
    assert reached[0][0] < 0.22 and reached[0][1] < 0.12
    assert reached[1][0] > reached[0][0] + 0.05 and reached[1][1] > reached[0][1] + 0.08
