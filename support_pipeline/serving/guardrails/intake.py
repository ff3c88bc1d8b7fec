"""How much of a ticket is read at all: whatever costs more than its share goes to a person unread.

The heavy passes (redaction, entities, the model) cost by the character and by the mark: a run of
digits, an @, an end of a sentence. So both are counted first, which costs next to nothing, and the
limits keep any request below 20 ms of CPU (benchmarks/guardrails.py).
"""

import re2

from support_pipeline.serving.guardrails.finding import Finding

MAX_RAW = 3_000
"""Characters of a message as it came, quoted history included."""
MAX_ASKED = 1_500
"""Characters of the customer's own words: about 250 words."""
MAX_LINES = 400
MAX_MARKS = 150
"""Runs of digits, @ signs and ends of sentences in the customer's own words."""
MAX_DRAFT = 4_000

_MARK = re2.compile(r"\d+|@|[.!?;]\s|\n+|[^\x00-\x7f]{24}")


def too_large(raw: str) -> Finding | None:
    """Whether a message is left unread."""
    if len(raw) > MAX_RAW:
        return Finding(
            "too_large", f"the ticket has {len(raw):,} characters; above {MAX_RAW:,} a person reads it"
        )
    if raw.count("\n") > MAX_LINES:
        return Finding("too_large", f"the ticket has more than {MAX_LINES} lines; a person reads it")
    return None


def too_dense(asked: str) -> Finding | None:
    """Whether the customer's own words are too long or too dense to be drafted for."""
    if len(asked) > MAX_ASKED:
        return Finding(
            "too_large", f"the question has {len(asked):,} characters; above {MAX_ASKED:,} a person answers"
        )
    marks = sum(1 for _ in _MARK.finditer(asked))
    if marks > MAX_MARKS:
        return Finding("too_large", f"the question holds {marks} numbers and sentences; a person answers")
    return None
