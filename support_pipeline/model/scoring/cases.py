"""A held-out ticket as the scorer sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support_pipeline.model.prompt import escalated_to


@dataclass(frozen=True)
class Case:
    """One held-out ticket with the human answer.

    `kind` is the pair's: answer, escalate, cannot_know or edit. `customer_text` and `human_answer` are
    redacted, as the model read them.
    """

    pair_id: str
    customer_id: str
    kind: str
    intent: str
    customer_text: str
    human_answer: str

    @cached_property
    def team(self) -> str | None:
        """The team that the human handed over to."""
        return escalated_to(self.human_answer)

    @property
    def must_escalate(self) -> bool:
        """Whether a person had to decide; an agent's edit may say so too."""
        return self.kind == "escalate" or self.team is not None


def cases(rows: Iterable[Mapping[str, Any]]) -> list[Case]:
    """The rows of `index.parquet` as cases, in their order."""
    return [
        Case(
            pair_id=row["pair_id"],
            customer_id=row["customer_id"] or row["pair_id"],
            kind=row["kind"],
            intent=row["intent"] or "unknown",
            customer_text=row["customer_text"],
            human_answer=row["resolution_text"],
        )
        for row in rows
    ]
