"""A release's GGUF as a job of its own.

    python -m support_pipeline.model.gguf.job --job job.json

Light on purpose: whoever only describes such a job imports no converter. The work is in `making`.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from support_pipeline.model.jobs import Job, run_job
from support_pipeline.policies import PolicyFact

CODE_VERSION = "5"

Quantisation = Literal["Q4_K_M", "Q5_K_M", "Q8_0", "F16"]
FINER: tuple[Quantisation, ...] = ("Q4_K_M", "Q5_K_M", "Q8_0", "F16")
"""From the smallest file to the whole one: where one loses too much, the next is made."""


class Judged(BaseModel):
    """What was judged: the evaluation's answers (`answers.jsonl`) to the test tickets of `index`, and by what rules.

    `loss` is the share of answers that may score lower once the model is quantised.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: Path
    index: Path
    brand: str
    policies: tuple[PolicyFact, ...]
    today: date
    teams: tuple[str, ...]
    loss: float


class GgufJob(Job):
    """Makes one GGUF: base model, adapter, the test chats that prove it, the quantisation.

    `least_stop_rate` is the share of answers that must end by themselves. With `judged` the GGUF's answers are scored and held against the evaluation's; a quantisation that loses
    more than `judged.loss` gives way to the next finer one, at last to F16.
    `proof_prompts` limits the proof to the first chats. `calibration` are training chats for an importance
    matrix, `converter` is llama.cpp's convert_hf_to_gguf.py in place of the built-in converter.
    """

    client: str
    as_of: str
    base: Path
    base_name: str
    adapter: Path
    chats: Path
    quantisation: Quantisation
    context_tokens: int
    max_answer_tokens: int
    least_stop_rate: float = 0.995
    judged: Judged | None = None
    licence: str = ""
    proof_prompts: int | None = None
    calibration: Path | None = None
    converter: Path | None = None


if __name__ == "__main__":
    from support_pipeline.model.gguf.making import make_gguf

    run_job(GgufJob, make_gguf)
