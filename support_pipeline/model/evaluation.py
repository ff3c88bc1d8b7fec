"""A release judged: every held-out ticket answered, scored, compared with the champion, decided.

    python -m support_pipeline.model.evaluation --job job.json

Light on purpose: whoever only describes such a job imports no torch. The work is in `judging`.
"""

from datetime import date
from pathlib import Path

from support_pipeline.clients import Evaluation
from support_pipeline.model.jobs import Job, run_job
from support_pipeline.policies import PolicyFact

CODE_VERSION = "1"


class EvaluationJob(Job):
    """Judges one adapter on the test chats, next to the champion's adapter where there is one.

    `today` is the day whose policies the answers are judged by.
    """

    client: str
    brand: str
    as_of: str
    base: Path
    adapter: Path
    champion: Path | None
    champion_as_of: str | None
    chats: Path
    index: Path
    policies: tuple[PolicyFact, ...]
    today: date
    teams: tuple[str, ...]
    evaluation: Evaluation


if __name__ == "__main__":
    from support_pipeline.model.judging import judge

    run_job(EvaluationJob, judge)
