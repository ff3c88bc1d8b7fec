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
from support_pipeline.model.gguf.convert import Provenance, convert
from support_pipeline.model.gguf.job import GgufJob
from support_pipeline.model.gguf.merge import merge
from support_pipeline.model.gguf.parity import (
    AnswerParity,
    Reference,
    TokenParity,
    bos_id,
    compare_answers,
    compare_tokenizers,
    reference_answers,
)
from support_pipeline.model.gguf.quantise import quantise
from support_pipeline.model.gguf.transitions import judge_served
from support_pipeline.model.progress import Say
from support_pipeline.model.supervision import read_chats
from support_pipeline.serving.engine import Generation, LlamaCppEngine

NEAR_TIE = 0.05
"""Two tokens whose log-probabilities differ by less than this are a coin toss between two float roundings."""


@dataclass(frozen=True)
class Served:
    """What llama.cpp made of a GGUF: its token ids against the tokenizer's, and its answers."""

    tokens: TokenParity
    answers: list[Generation]


def make_gguf(job: GgufJob, say: Say) -> None:
    """Writes the GGUF and `parity.json` (checks, counts, info).

    Raises:
        ModelError: base, adapter or template cannot be converted.
        EngineError: llama.cpp does not load the file.
    """
    started = time.monotonic()
    scratch = job.stats.parent
    prompts = _prompts(job)
    proof = prompts[: job.proof_prompts]
    say("merging the adapter into the 16-bit base model")
    merged = merge(job.base, job.adapter, scratch / "merged", prompts=proof[:4])
    chat = load_format(job.adapter)
    provenance = Provenance(
        name=f"{job.client} {job.as_of}",
        client=job.client,
        release=job.as_of,
        base=job.base_name,
    )
    whole = convert(merged.folder, scratch / "f16.gguf", provenance=provenance, chat_template=chat.template)
    say(f"F16 is {whole.stat().st_size / 1e6:.1f} MB; proving it on {len(proof)} held-out tickets")
    references = reference_answers(merged.folder, proof, max_tokens=job.max_answer_tokens)
    f16 = _serve(job, whole, merged.folder, prompts, proof)
    name = f"{job.client}-{job.as_of}-{job.quantisation}.gguf"
    shipped, served = _shipped(job, whole, job.out / name, merged.folder, prompts, proof, f16, say)
    found = _verdict(job, references, f16, served, proof)
    found["info"] |= {
        "file": name,
        "quantisation": job.quantisation,
        "template_sha256": chat.sha256,
        "merge_max_logit_distance": round(merged.max_logit_distance, 6),
    }
    answered = judge_served(job, shipped, prompts, say)
    found["checks"] |= {"scores_kept": answered.check.model_dump()}
    found["counts"] |= answered.counts
    found["info"] |= answered.info
    found["counts"] |= {"bytes": shipped.stat().st_size, "f16_bytes": whole.stat().st_size}
    (job.out / "parity.json").write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")
    job.stats.write_text(json.dumps({"gguf_seconds": round(time.monotonic() - started, 2)}), encoding="utf-8")
    say(
        f"{name}: {shipped.stat().st_size / 1e6:.1f} MB; "
        + "; ".join(c["detail"] for c in found["checks"].values())
    )


def _prompts(job: GgufJob) -> list[str]:
    chat = load_format(job.adapter)
    return [chat.text(messages[:-1], add_generation_prompt=True) for messages in read_chats(job.chats)]


def _serve(
    job: GgufJob, gguf: Path, checkpoint: Path, prompts: Sequence[str], proof: Sequence[str]
) -> Served:
    with LlamaCppEngine(
        gguf, log=job.stats.parent / "engine.log", context_tokens=job.context_tokens
    ) as engine:
        tokens = compare_tokenizers(engine, checkpoint, prompts, bos_id=bos_id(gguf))
        answers = engine.generate_many(proof, max_tokens=job.max_answer_tokens, deadline_seconds=300)
    return Served(tokens, answers)


def _shipped(
    job: GgufJob,
    whole: Path,
    target: Path,
    checkpoint: Path,
    prompts: Sequence[str],
    proof: Sequence[str],
    f16: Served,
    say: Say,
) -> tuple[Path, Served]:
    if job.quantisation == "F16":
        return whole.replace(target), f16
    say(f"quantising to {job.quantisation}")
    quantise(whole, target, job.quantisation)
    return target, _serve(job, target, checkpoint, prompts, proof)


def _verdict(
    job: GgufJob, references: Sequence[Reference], f16: Served, shipped: Served, proof: Sequence[str]
) -> dict[str, Any]:
    answers = compare_answers(proof, references, f16.answers)
    ties = sum(
        _is_near_tie(reference, answer)
        for reference, answer in zip(references, f16.answers, strict=True)
        if reference.data != answer.text.encode()
    )
    stopped = sum(answer.stop_reason == "stop" for answer in shipped.answers)
    changed = sum(a.text != b.text for a, b in zip(f16.answers, shipped.answers, strict=True))
    checks = {
        "tokens_equal": _tokens_check([f16.tokens, shipped.tokens]),
        "f16_answers_equal": _answers_check(answers, ties),
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
            "first_difference": answers.first_difference,
        },
    }


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
