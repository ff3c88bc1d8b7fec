"""The judge: asked only where rules leave it open, counted only where people agree with it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from support_pipeline.clients import Endpoint
from support_pipeline.errors import DatasetError
from support_pipeline.model.hosted import ask_hosted
from support_pipeline.model.prompt import Message
from support_pipeline.model.scoring import Case, Score, score_answer
from support_pipeline.model.scoring.open_cases import (
    Labelled,
    Trust,
    is_open,
    judged,
    points,
    question,
    read_labels,
    trust,
)
from support_pipeline.model.verdict import Share
from support_pipeline_tests.model.completions import completions
from support_pipeline_tests.model.scoring.brands import TODAY, demo

HUMAN = "The size chart on the product page shows your size; between two sizes take the larger one."
TRUSTED = Trust("big", Share(60, 60), 0.8, True, "")


def scored(answer: str, human: str = HUMAN, kind: str = "answer") -> tuple[Case, Score]:
    config = demo()
    case = Case("p", "c", kind, "sizing", "Which size of the jacket shall I take?", human)
    return case, score_answer(
        case, answer, book=config.book, today=TODAY, teams=config.escalation.names(), stopped=True
    )


def test_only_a_guess_of_likeness_is_open() -> None:
    assert not is_open(scored(HUMAN)[1])
    assert is_open(scored("Measure yourself and pick whatever feels comfortable.")[1])
    assert not is_open(scored("It is in stock, order <ORDER_999> ships today.")[1])
    assert not is_open(scored("Returns are accepted within 60 days.")[1])
    assert not is_open(scored("Just wait.", "A colleague takes over. [Escalated to: Billing]", "escalate")[1])


def test_a_trusted_judge_speaks_for_the_guesses_and_for_nothing_else() -> None:
    answers = [
        "Measure yourself and pick whatever feels comfortable.",
        "Returns are accepted within 60 days.",
        HUMAN,
    ]
    cases, scores = zip(*(scored(answer) for answer in answers), strict=True)
    asked: list[Sequence[Message]] = []

    def three(chats: Sequence[Sequence[Message]]) -> list[str]:
        asked.extend(chats)
        return ["3"] * len(chats)

    found = judged(scores, cases, answers, TRUSTED, three)
    assert [score.score for score in found] == [3, 1, 3]
    assert len(asked) == 1 and answers[0] in asked[0][1]["content"]
    assert found[0].layers[-1].name == "judge" and not {"likeness", "grounding"} & {
        la.name for la in found[0].layers
    }
    assert judged(scores, cases, answers, TRUSTED, lambda chats: ["2"] * len(chats))[0].evidence() == [
        "judge: big gives it a 2"
    ]
    # A reply without a grade changes nothing, and a judge that does not count is not asked.
    assert judged(scores, cases, answers, TRUSTED, lambda chats: ["good"] * len(chats)) == list(scores)
    untrusted = Trust("big", Share(3, 6), 0.8, False, "")
    assert judged(scores, cases, answers, untrusted, lambda _: pytest.fail("asked")) == list(scores)


@pytest.mark.parametrize(
    ("right", "total", "counted"),
    [(60, 60, True), (55, 60, True), (50, 60, False), (5, 5, False), (0, 0, False)],
)
def test_agreement_must_be_proven(right: int, total: int, counted: bool) -> None:
    labels = [Labelled("t", "h", f"a{i}", 3) for i in range(total)]
    found = trust("big", lambda chats: ["3"] * right + ["1"] * (len(chats) - right), labels, 0.8)

    assert (found.counted, found.agreement.count, found.agreement.total) == (counted, right, total)
    assert found.reason.startswith("counted" if counted else "not counted")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [("3", 3), (" Grade: 2.", 2), ("1 - wrong", 1), ("3 or 2", None), ("", None), ("33", None), ("4", None)],
)
def test_a_grade_is_one_digit(reply: str, expected: int | None) -> None:
    assert points(reply) == expected


def test_a_judge_behind_an_endpoint_is_measured_against_people(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    rows = [
        {"ticket": "t", "human_answer": "h", "answer": f"answer worth {1 + i % 3}", "score": 1 + i % 3}
        for i in range(60)
    ]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")

    def grader(messages: list[dict[str, str]]) -> str:
        return messages[-1]["content"].split("worth ")[1][0]

    with completions(grader) as server:
        endpoint = Endpoint(base_url=server.base_url, model="grader")
        found = trust(
            "grader",
            lambda chats: [answer.text for answer in ask_hosted(endpoint, chats, max_tokens=8)],
            read_labels(file),
            0.9,
        )
    assert (found.counted, found.agreement.count) == (True, 60)
    assert server.seen[0]["messages"] == [
        dict(m)
        for m in question(
            "t", "h", server.seen[0]["messages"][1]["content"].split("grade:\n")[1].split("\n")[0]
        )
    ]


@pytest.mark.parametrize(
    "line",
    ['{"ticket": "t"}', "no json", '{"ticket": "t", "human_answer": "h", "answer": "a", "score": 4}', "[]"],
)
def test_a_broken_label_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(
        '{"ticket": "t", "human_answer": "h", "answer": "a", "score": 3}\n' + line, encoding="utf-8"
    )
    with pytest.raises(DatasetError, match=r"labels.jsonl:2: "):
        read_labels(file)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_labels(tmp_path / "none.jsonl")
