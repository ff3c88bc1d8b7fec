"""Generates and scores the held-out answers of a release, and decides its promotion."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.errors import DatasetError
from support_pipeline.model.base import EMBEDDED, ChatFormat, load_format
from support_pipeline.model.evaluation import EvaluationJob
from support_pipeline.model.generation import Answer, generate, load_adapted
from support_pipeline.model.progress import Say, Throttle
from support_pipeline.model.report import build_report, write_report
from support_pipeline.model.scoring import Case, Score, cases, contender, score_answer
from support_pipeline.model.supervision import read_chats
from support_pipeline.model.verdict import Promotion, decide_promotion
from support_pipeline.policies import PolicyBook

TINY_MODEL = "The base model is the embedded tiny one; a real base model answers far better."


@dataclass(frozen=True)
class _Judged:
    """One adapter's answers to the test tickets, scored."""

    answers: list[Answer]
    scores: list[Score]


def judge(job: EvaluationJob, say: Say) -> None:
    """Writes the report's files and `summary.json` (counts, info, promotion).

    Raises:
        DatasetError: the test split is empty, or its files disagree.
        ModelError: base, adapter or template cannot be used, or the logits are not numbers.
    """
    started = time.monotonic()
    chat = load_format(job.adapter)
    tickets, prompts = _tickets(job), _prompts(job, chat)
    if len(tickets) != len(prompts):
        raise DatasetError(
            f"{job.index} has {len(tickets)} test rows and {job.chats} {len(prompts)}; make the splits again."
        )
    if not tickets:
        raise DatasetError(
            f"{job.chats}: the test split is empty, so nothing can be said of the model. Add history."
        )
    candidate = _judge_adapter(job, job.adapter, chat, tickets, prompts, "candidate", say)
    champion = None
    if job.champion is not None:
        champion = _judge_adapter(
            job, job.champion, chat, tickets, prompts, f"champion {job.champion_as_of}", say
        )
    promotion = _decide(job, tickets, candidate, champion)
    _write(job, tickets, candidate, promotion)
    seconds = round(time.monotonic() - started, 2)
    job.stats.write_text(json.dumps({"evaluation_seconds": seconds}), encoding="utf-8")


def _tickets(job: EvaluationJob) -> list[Case]:
    index = pl.read_parquet(job.index).filter(pl.col("split") == "test").sort("row")
    return cases(index.iter_rows(named=True))


def _prompts(job: EvaluationJob, chat: ChatFormat) -> list[str]:
    return [chat.text(messages[:-1], add_generation_prompt=True) for messages in read_chats(job.chats)]


def _judge_adapter(
    job: EvaluationJob,
    adapter: Path,
    chat: ChatFormat,
    tickets: Sequence[Case],
    prompts: Sequence[str],
    who: str,
    say: Say,
) -> _Judged:
    say(f"{who}: answering {len(prompts)} held-out tickets")
    progress = Throttle(say)
    answers = generate(
        load_adapted(job.base, adapter),
        chat,
        prompts,
        max_tokens=job.evaluation.max_answer_tokens,
        done=lambda count: progress(f"{who}: {count}/{len(prompts)} answered", always=count == len(prompts)),
    )
    book = PolicyBook(facts=job.policies)
    scores = [
        score_answer(
            case,
            answer.text,
            book=book,
            today=job.today,
            teams=job.teams,
            stopped=answer.stopped,
            brand=job.brand,
        )
        for case, answer in zip(tickets, answers, strict=True)
    ]
    threes, ones = (sum(score.score == points for score in scores) for points in (3, 1))
    say(f"{who}: {threes} of {len(scores)} fully correct, {ones} wrong")
    return _Judged(answers, scores)


def _decide(
    job: EvaluationJob, tickets: Sequence[Case], candidate: _Judged, champion: _Judged | None
) -> Promotion:
    targets = job.evaluation.targets
    beaten = None
    if champion is not None and job.champion_as_of is not None:
        beaten = contender(job.champion_as_of, tickets, champion.scores, targets)
    return decide_promotion(contender(job.as_of, tickets, candidate.scores, targets), beaten)


def _write(job: EvaluationJob, tickets: Sequence[Case], candidate: _Judged, promotion: Promotion) -> None:
    answers = [answer.text for answer in candidate.answers]
    report = build_report(
        tickets,
        answers,
        candidate.scores,
        client=job.client,
        as_of=job.as_of,
        policy_date=job.today,
        targets=job.evaluation.targets,
        book=PolicyBook(facts=job.policies),
        promotion=promotion,
        champion=job.champion_as_of,
        notes=[TINY_MODEL] if job.base == EMBEDDED else [],
    )
    write_report(job.out, report, tickets, answers, candidate.scores)
    summary = {"counts": _counts(candidate), "info": _info(report), "promotion": asdict(promotion)}
    (job.out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")


def _counts(judged: _Judged) -> dict[str, int]:
    return {
        "answered": len(judged.scores),
        **{f"score_{points}": sum(score.score == points for score in judged.scores) for points in (3, 2, 1)},
        "hallucinated": sum(bool(score.hallucinated) for score in judged.scores),
        "stopped": sum(score.stopped for score in judged.scores),
    }


def _info(report: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("name", "direction", "target", "rate", "lower", "upper", "total", "verdict", "settled_at")
    return {
        "verdict": report["verdict"],
        "claims": [{name: claim[name] for name in shown} for claim in report["claims"]],
    }
