"""A release judged: every held-out ticket answered, scored, compared with the champion, decided.

    python -m support_pipeline.model.evaluation --job job.json

Light on purpose: whoever only describes such a job imports no torch. The work is in `judging`.
"""

from datetime import date
from pathlib import Path

from support_pipeline.clients import Evaluation
from support_pipeline.model.jobs import Job, run_job
from support_pipeline.policies import PolicyFact

CODE_VERSION = "6"


class EvaluationJob(Job):
    """Judges one adapter on the test chats, next to the champion's adapter where there is one.

    `today` is the day whose policies the answers are judged by. `answers` is a folder that outlives the
    job: what was answered before a kill is found there. `labels` are the judge's, when it has any.
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
    answers: Path | None = None
    labels: Path | None = None


if __name__ == "__main__":
    from support_pipeline.model.judging import judge

    run_job(EvaluationJob, judge)
