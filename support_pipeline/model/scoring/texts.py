"""Scores from plain columns of texts, for callers that have no cases: the `evaluate` modules."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.score import Score, score_answer
from support_pipeline.policies import PolicyBook, PolicyFact


def score_texts(
    predictions: Sequence[str],
    references: Sequence[str],
    tickets: Sequence[str],
    *,
    kinds: Sequence[str] = (),
    policies: Sequence[Mapping[str, Any] | PolicyFact] = (),
    today: str | date | None = None,
    teams: Sequence[str] = (),
    stopped: Sequence[bool] = (),
) -> list[Score]:
    """Scores of answers against human answers, ticket by ticket.

    `policies` are the `policies:` of a client's YAML, `today` decides which are in force (default: the
    real today), `teams` may be left out where the human answers name them all.
    """
    day = date.fromisoformat(today) if isinstance(today, str) else today or date.today()
    book = PolicyBook(facts=tuple(PolicyFact.model_validate(fact) for fact in policies))
    found = [
        Case(str(i), str(i), kind, "unknown", ticket, human)
        for i, (kind, ticket, human) in enumerate(
            zip(kinds or ["answer"] * len(predictions), tickets, references, strict=True)
        )
    ]
    known = tuple(teams) or tuple(sorted({case.team for case in found if case.team}))
    ended = stopped or [True] * len(predictions)
    return [
        score_answer(case, answer, book=book, today=day, teams=known, stopped=end)
        for case, answer, end in zip(found, predictions, ended, strict=True)
    ]
