"""What is served is what was judged: the GGUF answers the held-out tickets, and every change of score counts.

Averages can agree while answers flip (Dutta et al. 2024, arXiv 2407.09141), so a budget bounds the share
of tickets whose answer scores lower than before quantisation; those that score higher pay for nothing.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.artifacts import Check
from support_pipeline.errors import DatasetError
from support_pipeline.model.gguf.job import Judged
from support_pipeline.model.scoring import Case, cases, score_answer
from support_pipeline.model.verdict.shares import Share
from support_pipeline.policies import PolicyBook
from support_pipeline.serving.engine import Generation

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Transitions:
    """Scores before and after, ticket by ticket: "3->1" is how many fell from 3 to 1."""

    counts: Mapping[str, int]
    lower: Share
    higher: Share
    fallen: tuple[str, ...]

    def check(self, budget: float) -> Check:
        """Whether no more answers than the budget allows score lower."""
        steps = ", ".join(f"{step} {count}" for step, count in self.counts.items() if step[0] != step[-1])
        return Check(
            passed=self.lower.total > 0 and self.lower.count <= budget * self.lower.total,
            detail=f"{self.lower.count} of {self.lower.total} answers score lower in the GGUF than when they were judged, "
            f"{self.higher.count} higher ({steps or 'no score changed'}); at most {budget:.0%} may; "
            f"at worst {self.lower.upper:.1%} of all tickets (95 %)",
        )


@dataclass(frozen=True)
class Served:
    """The outcome for the artifact's manifest."""

    check: Check
    counts: dict[str, int]
    info: dict[str, Any]


def transitions(judged: Mapping[str, int], served: Mapping[str, int]) -> Transitions:
    """Both scores of every ticket by pair_id.

    Raises:
        DatasetError: they are not about the same tickets.
    """
    if set(judged) != set(served):
        raise DatasetError(
            f"{len(judged)} judged and {len(served)} served answers are not about the same tickets; make eval_report "
            "again, then gguf_artifact."
        )
    steps = Counter(f"{judged[i]}->{served[i]}" for i in judged)
    fallen = tuple(sorted(i for i in judged if served[i] < judged[i]))
    rising = sum(served[i] > judged[i] for i in judged)
    return Transitions(
        dict(sorted(steps.items(), reverse=True)),
        Share(len(fallen), len(judged)),
        Share(rising, len(judged)),
        fallen,
    )


def judge_served(judged: Judged, answers: Sequence[Generation], out: Path) -> Served:
    """Scores the GGUF's answers to the first test tickets as the evaluation did its own, and writes them."""
    before = _judged(judged.answers)
    index = pl.read_parquet(judged.index).filter(pl.col("split") == "test").sort("row")
    tickets = cases(index.head(len(answers)).iter_rows(named=True))
    if len(tickets) != len(answers):
        raise DatasetError(
            f"{judged.index} has {len(tickets)} test rows, {len(answers)} tickets were answered; make the splits again."
        )
    # Both by the rules alone, so that a judge's word on one side is not taken for a change.
    scored = {
        case.pair_id: _score(judged, case, row["answer"], row["stopped"])
        for case in tickets
        if (row := before.get(case.pair_id))
    }
    after = {
        case.pair_id: _score(judged, case, answer.text.strip(), answer.stop_reason == "stop")
        for case, answer in zip(tickets, answers, strict=True)
    }
    found = transitions(scored, after)
    _write(out / "served.jsonl", tickets, answers, after, scored)
    same = sum(before[c.pair_id]["answer"] == a.text.strip() for c, a in zip(tickets, answers, strict=True))
    counts = {
        "served": len(tickets),
        "served_same_text": same,
        "scores_lower": found.lower.count,
        "scores_higher": found.higher.count,
    }
    info = {"transitions": dict(found.counts), "fallen": list(found.fallen[:SHOWN])}
    return Served(found.check(judged.loss), counts, info)


def _judged(file: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        return {row["pair_id"]: row for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{file}: holds no judged answers ({error!r}). Materialize eval_report again."
        ) from error


def _score(judged: Judged, case: Case, answer: str, stopped: bool) -> int:
    return score_answer(
        case,
        answer,
        book=PolicyBook(facts=judged.policies),
        today=judged.today,
        teams=judged.teams,
        stopped=stopped,
        brand=judged.brand,
    ).score


def _write(
    file: Path,
    tickets: Sequence[Case],
    answers: Sequence[Generation],
    after: Mapping[str, int],
    before: Mapping[str, int],
) -> None:
    rows = [
        {
            "pair_id": case.pair_id,
            "answer": answer.text,
            "score": after[case.pair_id],
            "judged_score": before[case.pair_id],
        }
        for case, answer in zip(tickets, answers, strict=True)
    ]
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
