"""The report's files: `report.json`, `answers.jsonl`, `flips.jsonl` and the page `report.html`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support_pipeline.errors import ArtifactError
from support_pipeline.model.policy_flips import FlipOutcome
from support_pipeline.model.report.content import REPORT_SCHEMA, Report, answer_rows
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.score import Score

REPORT = "report.json"
ANSWERS = "answers.jsonl"
FLIPS = "flips.jsonl"
PAGE = "report.html"


def write_report(
    folder: Path,
    report: Report,
    cases: Sequence[Case],
    answers: Sequence[str],
    scores: Sequence[Score],
    flips: Sequence[FlipOutcome] = (),
) -> None:
    """Writes the files into a folder that exists."""
    from support_pipeline.model.report.page import report_page

    rows = answer_rows(cases, answers, scores)
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / REPORT).write_text(text + "\n", encoding="utf-8")
    _write_lines(folder / ANSWERS, rows)
    _write_lines(folder / FLIPS, [asdict(outcome) for outcome in flips])
    (folder / PAGE).write_text(report_page(report, rows), encoding="utf-8")


def _write_lines(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    file.write_text("".join(lines), encoding="utf-8")


def json_lines(file: Path) -> list[dict[str, Any]]:
    """The rows of `answers.jsonl` or `flips.jsonl`.

    Raises:
        ArtifactError: the file is missing or broken.
    """
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    except (ValueError, OSError) as error:
        raise ArtifactError(f"{file}: cannot be read: {error}. Materialize eval_report again.") from error


def read_report(folder: Path) -> Report:
    """The report of a release.

    Raises:
        ArtifactError: there is none, it is not JSON, or it was written by another schema.
    """
    file = folder / REPORT
    try:
        report: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"{file}: does not exist. Materialize eval_report first.") from error
    except (ValueError, OSError) as error:
        raise ArtifactError(f"{file}: cannot be read: {error}. Materialize eval_report again.") from error
    schema = report.get("schema") if isinstance(report, dict) else None
    if schema != REPORT_SCHEMA:
        raise ArtifactError(
            f"{file}: has the schema {schema!r}, this version reads {REPORT_SCHEMA!r}. Materialize eval_report again."
        )
    return dict(report)
