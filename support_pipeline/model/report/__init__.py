"""The evaluation report: one dictionary, its files, its page and its picture."""

from support_pipeline.model.report.content import REPORT_SCHEMA, Opponent, answer_rows, build_report
from support_pipeline.model.report.files import read_report, write_report
from support_pipeline.model.report.pictures import score_picture

__all__ = [
    "REPORT_SCHEMA",
    "Opponent",
    "answer_rows",
    "build_report",
    "read_report",
    "score_picture",
    "write_report",
]
