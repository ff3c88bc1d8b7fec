"""Makes a release's GGUF and proves that it is the model that was trained.

Merge, convert to F16, prove F16 equal to the checkpoint, quantise, prove that the quantised file
still reads the same token ids, and count how many answers the quantisation changed.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_pipeline.artifacts import Check
from support_pipeline.model.base import load_format
from support_pipeline.model.gguf.adapter import convert_adapter
from support_pipeline.model.gguf.convert import Provenance, convert
from support_pipeline.model.gguf.importance import measure
from support_pipeline.model.gguf.job import FINER, GgufJob, Quantisation
from support_pipeline.model.gguf.licence import licence_of
from support_pipeline.model.gguf.merge import merge
from support_pipeline.model.gguf.official import convert_with, with_provenance
from support_pipeline.model.gguf.parity import (
    AnswerParity,
    Reference,
    TokenParity,
    bos_id,
    compare_answers,
    compare_tokenizers,
    followed_answers,
)
from support_pipeline.model.gguf.quantise import Importance, quantise
from support_pipeline.model.gguf.transitions import Served as Scored
from support_pipeline.model.gguf.transitions import judge_served
from support_pipeline.model.progress import Say, Throttle
from support_pipeline.model.supervision import read_chats
from support_pipeline.serving.engine import Generation, LlamaCppEngine

NEAR_TIE = 0.05
"""Two tokens whose log-probabilities differ by less than this are a coin toss between two float roundings."""
MAX_DISTANCE = 0.1
"""Bound of any chosen token's log-probability, and of any merged logit, against the float32 checkpoint."""
IMPORTANCE_PROMPTS = 128


@dataclass(frozen=True)
class Served:
    """What llama.cpp made of a GGUF: its token ids against the tokenizer's, and its answers."""

    tokens: TokenParity
    answers: list[Generation]


def make_gguf(job: GgufJob, say: Say) -> None:
    """Writes the GGUF, the adapter alone as a GGUF LoRA, and `parity.json` (checks, counts, info).

    Raises:
        ModelError: base, adapter or template cannot be converted.
        EngineError: llama.cpp does not load the file.
    """
    started = time.monotonic()
    scratch = job.stats.parent
    device = _device()
    prompts = _prompts(job)
    say("merging the adapter into the 16-bit base model")
    merged = merge(job.base, job.adapter, scratch / "merged", prompts=prompts[:4], device=device)
    chat = load_format(job.adapter)
    provenance = Provenance(
        name=f"{job.client} {job.as_of}",
        licence=job.licence or licence_of(job.base),
        client=job.client,
        release=job.as_of,
        base=job.base_name,
    )
    whole = _converted(job, merged.folder, provenance, chat.template, say)
    stem = f"{job.client}-{job.as_of}"
    convert_adapter(job.adapter, job.base, job.out / f"{stem}-lora.gguf", name=f"{stem} adapter")
    f16_bytes = whole.stat().st_size
    say(f"F16 is {f16_bytes / 1e6:.1f} MB; answering {len(prompts)} held-out tickets")
    f16 = _serve(job, whole, merged.folder, prompts)
    say("comparing each answer with transformers'")
    throttled = Throttle(say)
    references = followed_answers(
        merged.folder,
        prompts,
        f16.answers,
        max_tokens=job.max_answer_tokens,
        device=device,
        done=lambda count: throttled(f"{count} of {len(prompts)} answers compared"),
    )
    shipped = _shipped(job, whole, stem, merged.folder, prompts, f16, say)
    name, served = shipped.file.name, shipped.served
    found = _verdict(references, f16, served, prompts, merged.max_logit_distance, job.least_stop_rate)
    found["info"] |= {
        "file": name,
        "adapter_file": f"{stem}-lora.gguf",
        "quantisation": shipped.quantisation,
        "quantisation_wanted": job.quantisation,
        "too_lossy": shipped.too_lossy,
        "importance": job.calibration is not None and shipped.quantisation != "F16",
        "converter": "llama.cpp" if job.converter else "built in",
        "template_sha256": chat.sha256,
        "licence": provenance.licence,
    }
    if shipped.scored is not None:
        found["checks"] |= {"scores_kept": shipped.scored.check.model_dump()}
        found["counts"] |= shipped.scored.counts
        found["info"] |= shipped.scored.info
    found["counts"] |= {"bytes": shipped.file.stat().st_size, "f16_bytes": f16_bytes}
    (job.out / "parity.json").write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
    job.stats.write_text(json.dumps({"gguf_seconds": round(time.monotonic() - started, 2)}), encoding="utf-8")
    say(
        f"{name}: {shipped.file.stat().st_size / 1e6:.1f} MB; "
        + "; ".join(c["detail"] for c in found["checks"].values())
    )


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _prompts(job: GgufJob) -> list[str]:
    chat = load_format(job.adapter)
    prompts = [chat.text(messages[:-1], add_generation_prompt=True) for messages in read_chats(job.chats)]
    return prompts[: job.proof_prompts] if job.proof_prompts else prompts


def _converted(job: GgufJob, merged: Path, provenance: Provenance, template: str, say: Say) -> Path:
    """The F16 GGUF: by the built-in converter, or by llama.cpp's own where the job names it."""
    target = job.stats.parent / "f16.gguf"
    if job.converter is None:
        return convert(merged, target, provenance=provenance, chat_template=template)
    say(f"converting with {job.converter}")
    plain = job.stats.parent / "official.gguf"
    convert_with(job.converter, merged, plain, log=job.stats.parent / "converter.log")
    return with_provenance(plain, target, provenance, template)


def _serve(job: GgufJob, gguf: Path, checkpoint: Path, prompts: Sequence[str]) -> Served:
    with LlamaCppEngine(
        gguf, log=job.stats.parent / "engine.log", context_tokens=job.context_tokens
    ) as engine:
        tokens = compare_tokenizers(engine, checkpoint, prompts, bos_id=bos_id(gguf))
        answers = engine.generate_many(prompts, max_tokens=job.max_answer_tokens, deadline_seconds=300)
    return Served(tokens, answers)


@dataclass(frozen=True)
class _Shipped:
    """The file that goes out, and what kept smaller ones from going out."""

    file: Path
    quantisation: Quantisation
    served: Served
    scored: Scored | None
    too_lossy: dict[str, str]


def _shipped(
    job: GgufJob, whole: Path, stem: str, checkpoint: Path, prompts: Sequence[str], f16: Served, say: Say
) -> _Shipped:
    """The smallest file from the wanted quantisation up to F16 whose answers keep their scores and end."""
    importance = _importance(job, checkpoint, say) if job.quantisation != "F16" else None
    too_lossy: dict[str, str] = {}
    for quantisation in FINER[FINER.index(job.quantisation) :]:
        target = job.out / f"{stem}-{quantisation}.gguf"
        if quantisation == "F16":
            whole.replace(target)
            served = f16
        else:
            say(f"quantising to {quantisation}")
            quantise(whole, target, quantisation, importance=importance)
            served = _serve(job, target, checkpoint, prompts)
        scored = judge_served(job.judged, served.answers, job.out) if job.judged is not None else None
        problem = _loss(served, f16, scored, job.least_stop_rate)
        if quantisation == "F16" or problem is None:
            return _Shipped(target, quantisation, served, scored, too_lossy)
        say(f"{quantisation} loses too much: {problem}")
        too_lossy[quantisation] = problem
        target.unlink()
    raise AssertionError("F16 is always the last")


def _importance(job: GgufJob, checkpoint: Path, say: Say) -> Importance | None:
    if job.calibration is None:
        return None
    say(f"measuring which weights matter on up to {IMPORTANCE_PROMPTS} training chats")
    chat = load_format(job.adapter)
    texts = [chat.text(messages) for messages in read_chats(job.calibration)[:IMPORTANCE_PROMPTS]]
    return measure(checkpoint, texts, device=_device())


def _loss(served: Served, f16: Served, scored: Scored | None, least: float) -> str | None:
    """What a quantised file does worse than the whole one, or None."""
    ended = _stop_check(_stopped(served.answers), len(served.answers), least)
    whole_ended = _stop_check(_stopped(f16.answers), len(f16.answers), least)
    if whole_ended.passed and not ended.passed:
        return ended.detail
    return scored.check.detail if scored is not None and not scored.check.passed else None


def _stopped(answers: Sequence[Generation]) -> int:
    return sum(answer.stop_reason == "stop" for answer in answers)


def _verdict(
    references: Sequence[Reference],
    f16: Served,
    shipped: Served,
    prompts: Sequence[str],
    merge_distance: float,
    least_stop_rate: float,
) -> dict[str, Any]:
    answers = compare_answers(prompts, references, f16.answers)
    ties = sum(
        _is_near_tie(reference, answer)
        for reference, answer in zip(references, f16.answers, strict=True)
        if reference.data != answer.text.encode()
    )
    stopped = _stopped(shipped.answers)
    changed = sum(a.text != b.text for a, b in zip(f16.answers, shipped.answers, strict=True))
    checks = {
        "tokens_equal": _tokens_check([f16.tokens, shipped.tokens]),
        "f16_answers_equal": _answers_check(answers, ties),
        "logits_near": _distance_check(answers.max_logprob_distance, merge_distance),
        "answers_stop": _stop_check(stopped, len(shipped.answers), least_stop_rate),
    }
    return {
        "checks": {name: check.model_dump() for name, check in checks.items()},
        "counts": {
            "prompts": shipped.tokens.n,
            "answers": answers.n,
            "f16_equal": answers.equal,
            "f16_near_ties": ties,
            "changed_by_quantisation": changed,
            "stopped": stopped,
        },
        "info": {
            "stop_rate": stopped / max(len(shipped.answers), 1),
            "f16_max_logprob_distance": answers.max_logprob_distance,
            "merge_max_logit_distance": round(merge_distance, 6),
            "first_difference": answers.first_difference,
        },
    }


def _distance_check(answer_distance: float | None, merge_distance: float) -> Check:
    """Both distances are absolute: of merged logits, and of chosen tokens' log-probabilities."""
    near = answer_distance is not None and answer_distance <= MAX_DISTANCE and merge_distance <= MAX_DISTANCE
    shown = "no answer to measure" if answer_distance is None else f"{answer_distance:.4f}"
    return Check(
        passed=near,
        detail=f"log-probabilities in llama.cpp differ from transformers' by at most {shown}, merged logits from "
        f"base + adapter by {merge_distance:.4f} (bound {MAX_DISTANCE})",
    )


def _stop_check(stopped: int, total: int, least: float) -> Check:
    return Check(
        passed=total > 0 and stopped >= least * total,
        detail=f"{stopped} of {total} answers end by themselves (at least {least:.1%})",
    )


def _tokens_check(parities: Sequence[TokenParity]) -> Check:
    wrong = next((p.first_difference for p in parities if p.first_difference), None)
    equal, total = sum(p.equal for p in parities), sum(p.n for p in parities)
    return Check(
        passed=total > 0 and all(parity.holds for parity in parities),
        detail=f"{equal} of {total} prompts have the training tokenizer's ids in llama.cpp, each with one BOS"
        + (f"; {wrong}" if wrong else ""),
    )


def _answers_check(parity: AnswerParity, ties: int) -> Check:
    detail = f"{parity.equal} of {parity.n} F16 answers equal transformers' in float32"
    if ties:
        detail += f", {ties} differ at a near tie (two tokens within {NEAR_TIE} log-probability)"
    passed = parity.n > 0 and parity.equal + ties >= parity.n
    return Check(passed=passed, detail=detail if passed else f"{detail}; {parity.first_difference}")


def _is_near_tie(reference: Reference, answer: Generation) -> bool:
    """Whether the first token that differs was a coin toss for llama.cpp."""
    for i, (expected, actual) in enumerate(zip(reference.tokens, answer.tokens, strict=False)):
        if expected != actual:
            top = sorted(answer.top_logprobs[i], reverse=True) if i < len(answer.top_logprobs) else []
            return len(top) > 1 and top[0] - top[1] < NEAR_TIE
    return False
