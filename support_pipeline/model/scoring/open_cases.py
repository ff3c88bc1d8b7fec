"""A judge for what the layers leave open, counted only where people have shown that it can be.

Format, entities, policies and hand-overs are settled by rules. Whether an answer says the same as the
human one in other words is not: there the likeness, grounding and coverage layers only guess, and a judge may
speak in their place, once its agreement with people's scores is proven on labelled answers.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import re2

from support_pipeline.errors import DatasetError
from support_pipeline.model.prompt import Message
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.layers import Points, layer, right
from support_pipeline.model.scoring.score import Score
from support_pipeline.model.verdict.shares import Share

GUESSING = ("likeness", "grounding", "coverage")
Ask = Callable[[Sequence[Sequence[Message]]], Sequence[str]]
"""The judge itself: chats to replies, in their order."""

INSTRUCTION = """\
You grade answers of customer support. You are given a customer's message, the answer that a colleague gave, and \
another answer. Reply with one digit and nothing else:
3 - it says all that the colleague's answer says that matters to the customer, and nothing wrong
2 - it says part of it, or adds something beside the point
1 - it says something else, or something wrong"""
_DIGIT = re2.compile(r"\b([123])\b")


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer that a person scored."""

    ticket: str
    human_answer: str
    answer: str
    score: Points


@dataclass(frozen=True, slots=True)
class Trust:
    """What a judge is worth: its agreement with people, and whether it may speak."""

    name: str
    agreement: Share
    needed: float
    counted: bool
    reason: str


def is_open(score: Score) -> bool:
    """Whether nothing but a guess of likeness keeps an answer from being right."""
    return score.score < 3 and all(found.score == 3 or found.name in GUESSING for found in score.layers)


def read_labels(path: Path) -> list[Labelled]:
    """The labelled answers of a JSONL file with `ticket`, `human_answer`, `answer` and `score` (1, 2 or 3).

    Raises:
        DatasetError: the file cannot be read, or naming the line that is no such row.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path}: the judge's labels cannot be read: {error}. Mend evaluation.judge.labels."
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            texts = [str(row[name]) for name in ("ticket", "human_answer", "answer")]
            labelled = Labelled(texts[0], texts[1], texts[2], row["score"])
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}:{number}: is no labelled answer ({error!r}).") from error
        if labelled.score not in (1, 2, 3) or isinstance(labelled.score, bool):
            raise DatasetError(f"{path}:{number}: score {labelled.score!r} is not 1, 2 or 3.")
        found.append(labelled)
    return found


def trust(name: str, ask: Ask, labels: Sequence[Labelled], needed: float) -> Trust:
    """Measures a judge against people. It counts where the exact lower bound of its agreement reaches `needed`."""
    if not labels:
        return Trust(name, Share(0, 0), needed, False, "not counted: no answers that people scored")
    replies = ask([question(one.ticket, one.human_answer, one.answer) for one in labels])
    agreed = sum(points(reply) == one.score for reply, one in zip(replies, labels, strict=True))
    share = Share(agreed, len(labels))
    counted = share.lower >= needed
    seen = f"agrees with people on {agreed} of {len(labels)} answers (at least {share.lower:.1%} with 95 %)"
    verdict = "counted" if counted else f"not counted, {needed:.0%} is needed"
    return Trust(name, share, needed, counted, f"{verdict}: {seen}")


def judged(
    scores: Sequence[Score], cases: Sequence[Case], answers: Sequence[str], found: Trust, ask: Ask
) -> list[Score]:
    """The scores with the judge's word in place of the guesses, where the judge counts and gives one."""
    if not found.counted:
        return list(scores)
    places = [i for i, score in enumerate(scores) if is_open(score)]
    replies = ask([question(cases[i].customer_text, cases[i].human_answer, answers[i]) for i in places])
    changed = list(scores)
    for i, reply in zip(places, replies, strict=True):
        if (given := points(reply)) is not None:
            changed[i] = _with_judge(scores[i], found.name, given)
    return changed


def question(ticket: str, human: str, answer: str) -> list[Message]:
    """What the judge is asked about one answer."""
    asked = f"Customer's message:\n{ticket}\n\nColleague's answer:\n{human}\n\nAnswer to grade:\n{answer}\n\nGrade:"
    return [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": asked}]


def points(reply: str) -> Points | None:
    """The grade in a reply; None where there is none, or more than one."""
    found = set(_DIGIT.findall(reply))
    return int(found.pop()) if len(found) == 1 else None  # type: ignore[return-value]


def _with_judge(score: Score, name: str, given: Points) -> Score:
    said = right("judge") if given == 3 else layer("judge", given, f"{name} gives it a {given}")
    kept = tuple(one for one in score.layers if one.name not in GUESSING)
    return replace(score, score=given, layers=(*kept, said))
