"""A release's GGUF as a job of its own.

    python -m support_pipeline.model.gguf.job --job job.json

Light on purpose: whoever only describes such a job imports no converter. The work is in `making`.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from support_pipeline.model.jobs import Job, run_job
from support_pipeline.policies import PolicyFact

CODE_VERSION = "2"


class GgufJob(Job):
    """Makes one GGUF: base model, adapter, the test chats that prove it, the quantisation.

    `judged` are the evaluation's scored answers to the same tickets (`answers.jsonl`); `quantisation_loss`
    is the share of them that may score lower once the model is quantised.
    """

    client: str
    as_of: str
    base: Path
    base_name: str
    adapter: Path
    chats: Path
    quantisation: Literal["F16", "Q8_0", "Q5_K_M", "Q4_K_M"]
    context_tokens: int
    max_answer_tokens: int
    brand: str
    index: Path
    judged: Path
    policies: tuple[PolicyFact, ...]
    today: date
    teams: tuple[str, ...]
    quantisation_loss: float
    proof_prompts: int = 24


if __name__ == "__main__":
    from support_pipeline.model.gguf.making import make_gguf

    run_job(GgufJob, make_gguf)
