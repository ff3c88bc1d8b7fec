"""What a draft must not do, checked at send time without a model: contradict a policy, or invent.

A finding never blocks a person; it takes the draft off every automatic path.
"""

from collections.abc import Sequence
from datetime import date

from support_pipeline.claims import claims, judge
from support_pipeline.data.cleaning.residue import placeholders
from support_pipeline.model.scoring import hallucinations
from support_pipeline.policies import PolicyBook


def findings(book: PolicyBook, day: date, ticket: str, draft: str, teams: Sequence[str] = ()) -> list[str]:
    """What is wrong with a draft, as sentences for the agent; empty when nothing was found."""
    found = [
        f"contradicts the policy on {claim.topic}: {claim.sentence.strip()!r}"
        for claim in claims(book, draft)
        if judge(book, claim, day) != "current"
    ]
    found += [
        f"says what neither the ticket nor a policy supports: {entity.text}"
        for entity in hallucinations(draft, ticket, policies=book.sentences(day), teams=teams)
    ]
    found += [f"holds an unfilled placeholder: {text}" for text in placeholders(draft)]
    return found
