"""A release's GGUF as a job of its own.

    python -m support_pipeline.model.gguf.job --job job.json

Light on purpose: whoever only describes such a job imports no converter. The work is in `making`.
"""

from pathlib import Path
from typing import Literal

from support_pipeline.model.jobs import Job, run_job

CODE_VERSION = "2"


class GgufJob(Job):
    """Makes one GGUF: base model, adapter, the test chats that prove it, the quantisation.

    `proof_prompts` limits the proof to the first chats. `calibration` are training chats for an importance
    matrix, `converter` is llama.cpp's convert_hf_to_gguf.py in place of the built-in converter.
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
    licence: str = ""
    proof_prompts: int | None = None
    calibration: Path | None = None
    converter: Path | None = None


if __name__ == "__main__":
    from support_pipeline.model.gguf.making import make_gguf

    run_job(GgufJob, make_gguf)
