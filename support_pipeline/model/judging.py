"""Generates and scores the held-out answers of a release, and decides its promotion."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from support_pipeline.clients import Endpoint
from support_pipeline.errors import DatasetError, EngineError
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.model.evaluation import EvaluationJob
from support_pipeline.model.generation import Answer, AnswerLog, GenerativeModel, generate, load_adapted
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.hosted import ask_hosted
from support_pipeline.model.policy_flips import FlipOutcome, compliance, flipped_tickets, judge_flip, leaks
from support_pipeline.model.progress import Say, Throttle
from support_pipeline.model.prompt import Message
from support_pipeline.model.report import Opponent, build_report, write_report
from support_pipeline.model.scoring import Case, Score, cases, contender, score_answer
from support_pipeline.model.scoring.open_cases import Ask, Trust, judged, read_labels, trust
from support_pipeline.model.supervision import read_chats
from support_pipeline.model.verdict import Promotion, decide_promotion
from support_pipeline.policies import PolicyBook
from support_pipeline.serving.engine import Engine, LlamaCppEngine
from support_pipeline.serving.engine.answer import RefusedError

TINY_MODEL = "The base model is the embedded tiny one; a real base model answers far better."
GRADE_TOKENS = 8
JUDGE_CONTEXT = 8192

Chats = Sequence[Sequence[Message]]


@dataclass(frozen=True)
class _Judged:
    """One model's answers to the test tickets, scored."""

    answers: list[Answer]
    scores: list[Score]


class _Bench:
    """What all contenders share: the job, the tickets, and how answers are kept, scored and reported."""

    def __init__(self, job: EvaluationJob, say: Say) -> None:
        self.job, self.say = job, say
        self.chat = load_format(job.adapter)
        self.chats = read_chats(job.chats)
        self.tickets = _tickets(job)
        self.book = PolicyBook(facts=job.policies)
        self.trust: Trust | None = None
        self.ask_judge: Ask | None = None
        if len(self.tickets) != len(self.chats):
            raise DatasetError(
                f"{job.index} has {len(self.tickets)} test rows and {job.chats} {len(self.chats)}; make the splits again."
            )
        if not self.tickets:
            raise DatasetError(
                f"{job.chats}: the test split is empty, so nothing can be said of the model. Add history."
            )

    def generate(self, model: GenerativeModel, chats: Chats, who: str, log: str) -> list[Answer]:
        """A local model's answers to chats without their last turn."""
        progress = Throttle(self.say)
        prompts = [self.chat.text(messages, add_generation_prompt=True) for messages in chats]
        self.say(f"{who}: answering {len(prompts)} tickets")
        return generate(
            model,
            self.chat,
            prompts,
            max_tokens=self.job.evaluation.max_answer_tokens,
            done=lambda count: progress(
                f"{who}: {count}/{len(prompts)} answered", always=count == len(prompts)
            ),
            log=self.log(log),
        )

    def log(self, name: str) -> AnswerLog:
        """Where a contender's answers are kept while the job runs."""
        return AnswerLog(self.job.answers / f"{name}.jsonl" if self.job.answers else None)

    def questions(self) -> list[Sequence[Message]]:
        """The test chats without the human answer."""
        return [messages[:-1] for messages in self.chats]

    def scored(self, answers: list[Answer], who: str) -> _Judged:
        """Answers with their scores, the judge's word among them where it counts."""
        scores = [
            score_answer(
                case,
                answer.text,
                book=self.book,
                today=self.job.today,
                teams=self.job.teams,
                stopped=answer.stopped,
                brand=self.job.brand,
            )
            for case, answer in zip(self.tickets, answers, strict=True)
        ]
        if self.trust is not None and self.ask_judge is not None:
            texts = [answer.text for answer in answers]
            scores = judged(scores, self.tickets, texts, self.trust, self.ask_judge)
        threes, ones = (sum(score.score == points for score in scores) for points in (3, 1))
        self.say(f"{who}: {threes} of {len(scores)} fully correct, {ones} wrong")
        return _Judged(answers, scores)


def judge(job: EvaluationJob, say: Say) -> None:
    """Writes the report's files and `summary.json` (counts, info, promotion).

    Raises:
        DatasetError: the test split is empty, its files disagree, or the judge's labels are none.
        ModelError: base, adapter or template cannot be used, or the logits are not numbers.
    """
    started = time.monotonic()
    bench, notes = _Bench(job, say), [TINY_MODEL] if job.base == EMBEDDED else []
    notes += _appoint_judge(bench)
    model = load_adapted(job.base, job.adapter)
    candidate = bench.scored(bench.generate(model, bench.questions(), "candidate", "candidate"), "candidate")
    flips = _flips(bench, model)
    del model
    opponents, missing = _opponents(bench)
    promotion = _decide(job, bench.tickets, candidate, flips, opponents)
    _write(bench, candidate, flips, opponents, promotion, [*notes, *missing])
    seconds = round(time.monotonic() - started, 2)
    job.stats.write_text(json.dumps({"evaluation_seconds": seconds}), encoding="utf-8")


def _tickets(job: EvaluationJob) -> list[Case]:
    index = pl.read_parquet(job.index).filter(pl.col("split") == "test").sort("row")
    return cases(index.iter_rows(named=True))


def _flips(bench: _Bench, model: GenerativeModel) -> list[FlipOutcome]:
    job = bench.job
    asked = flipped_tickets(bench.chats, bench.tickets, bench.book, job.today, job.evaluation.policy_flips)
    if not asked:
        return []
    answers = bench.generate(model, [ticket.messages for ticket in asked], "other policy values", "flips")
    found = [judge_flip(ticket, answer.text) for ticket, answer in zip(asked, answers, strict=True)]
    bench.say(
        f"other policy values: {compliance(found).count} of {len(found)} followed, {leaks(found).count} stale"
    )
    return found


def _opponents(bench: _Bench) -> tuple[list[tuple[Opponent, _Judged]], list[str]]:
    """The champion, the bare base model and the hosted one on the same tickets; and who could not be asked."""
    job, found, missing = bench.job, list[tuple[Opponent, _Judged]](), list[str]()
    local: list[tuple[str, str, Path | None]] = []
    if job.champion is not None:
        local.append(("champion", job.champion_as_of or "", job.champion))
    if job.evaluation.against_base:
        local.append(("base", "bare base model", None))
    for role, name, adapter in local:
        who = f"{role} {name}" if role == "champion" else name
        model = load_adapted(job.base, adapter)
        result = bench.scored(bench.generate(model, bench.questions(), who, role), who)
        found.append((_opponent(role, name, bench, result), result))
    if job.evaluation.hosted is not None:
        name = job.evaluation.hosted.model
        try:
            result = bench.scored(_hosted_answers(bench, job.evaluation.hosted), name)
            found.append((_opponent("hosted", name, bench, result), result))
        except EngineError as error:  # a comparison that is only nice to have must not cost the evaluation
            missing.append(f"The hosted model '{name}' is not compared: {error}")
            bench.say(missing[-1])
    return found, missing


def _opponent(role: str, name: str, bench: _Bench, result: _Judged) -> Opponent:
    scores = {case.pair_id: score.score for case, score in zip(bench.tickets, result.scores, strict=True)}
    return Opponent(role, name, scores)


def _hosted_answers(bench: _Bench, endpoint: Endpoint) -> list[Answer]:
    progress, total = Throttle(bench.say), len(bench.chats)
    return ask_hosted(
        endpoint,
        bench.questions(),
        max_tokens=bench.job.evaluation.max_answer_tokens,
        done=lambda count: progress(f"{endpoint.model}: {count}/{total} answered", always=count == total),
        log=bench.log("hosted"),
    )


def _appoint_judge(bench: _Bench) -> list[str]:
    """Measures the judge against its labels; returns what a reader must know of it."""
    settings = bench.job.evaluation.judge
    if settings is None:
        return []
    labels = read_labels(bench.job.labels) if bench.job.labels else []
    endpoint = settings.endpoint
    name = endpoint.model if endpoint else "the base model"
    ask = _endpoint_judge(endpoint) if endpoint else _local_judge(bench)
    try:
        bench.trust, bench.ask_judge = trust(name, ask, labels, settings.agreement), ask
    except EngineError as error:
        return [f"The judge '{name}' does not count: {error}"]
    bench.say(f"judge {name}: {bench.trust.reason}")
    return []


def _endpoint_judge(endpoint: Endpoint) -> Ask:
    return lambda chats: [answer.text for answer in ask_hosted(endpoint, chats, max_tokens=GRADE_TOKENS)]


def _local_judge(bench: _Bench) -> Ask:
    """The bare base model in the engine that serves. What it cannot be asked keeps the score of the layers."""

    def ask(chats: Chats) -> list[str]:
        if not chats:
            return []
        prompts = [bench.chat.text(messages, add_generation_prompt=True) for messages in chats]
        with TemporaryDirectory(dir=bench.job.stats.parent) as scratch:
            log = bench.job.stats.parent / "judge.log"
            gguf = convert(bench.job.base, Path(scratch) / "judge.gguf", chat_template=bench.chat.template)
            with LlamaCppEngine(gguf, log=log, context_tokens=JUDGE_CONTEXT) as engine:
                return [_grade(engine, prompt) for prompt in prompts]

    return ask


def _grade(engine: Engine, prompt: str) -> str:
    try:
        return engine.generate(prompt, max_tokens=GRADE_TOKENS, deadline_seconds=300).text
    except RefusedError:  # longer than the context
        return ""


def _decide(
    job: EvaluationJob,
    tickets: Sequence[Case],
    candidate: _Judged,
    flips: Sequence[FlipOutcome],
    opponents: Sequence[tuple[Opponent, _Judged]],
) -> Promotion:
    targets = job.evaluation.targets
    others = {
        opponent.role: contender(opponent.name, tickets, result.scores, targets)
        for opponent, result in opponents
    }
    shares = (compliance(flips), leaks(flips)) if flips else None
    return decide_promotion(
        contender(job.as_of, tickets, candidate.scores, targets, shares),
        others.get("champion"),
        base=others.get("base"),
        margins=job.evaluation.margins,
    )


def _write(
    bench: _Bench,
    candidate: _Judged,
    flips: Sequence[FlipOutcome],
    opponents: Sequence[tuple[Opponent, _Judged]],
    promotion: Promotion,
    notes: Sequence[str],
) -> None:
    job, answers = bench.job, [answer.text for answer in candidate.answers]
    report = build_report(
        bench.tickets,
        answers,
        candidate.scores,
        client=job.client,
        as_of=job.as_of,
        policy_date=job.today,
        targets=job.evaluation.targets,
        book=bench.book,
        promotion=promotion,
        champion=job.champion_as_of,
        opponents=[opponent for opponent, _ in opponents],
        flips=flips,
        flips_wanted=job.evaluation.policy_flips,
        judge=bench.trust,
        notes=notes,
    )
    write_report(job.out, report, bench.tickets, answers, candidate.scores, flips)
    summary = {"counts": _counts(candidate, flips), "info": _info(report), "promotion": asdict(promotion)}
    (job.out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")


def _counts(judged_answers: _Judged, flips: Sequence[FlipOutcome]) -> dict[str, int]:
    scores = judged_answers.scores
    return {
        "answered": len(scores),
        **{f"score_{points}": sum(score.score == points for score in scores) for points in (3, 2, 1)},
        "hallucinated": sum(bool(score.hallucinated) for score in scores),
        "stopped": sum(score.stopped for score in scores),
        "flips": len(flips),
        "flips_followed": compliance(flips).count,
        "flips_stale": leaks(flips).count,
    }


def _info(report: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("name", "direction", "target", "rate", "lower", "upper", "total", "verdict", "settled_at")
    return {
        "verdict": report["verdict"],
        "claims": [{name: claim[name] for name in shown} for claim in report["claims"]],
    }
