"""Whether a reviewed draft was wrong: by what the agent did with it."""

from rapidfuzz.distance import Levenshtein

from support_pipeline.model.scoring.entities import entities
from support_pipeline.model.scoring.live import live_claims
from support_pipeline.quantities import quantities

MATERIAL_EDIT = 0.2
"""The share of words changed above which an edit is material whatever it says."""


def is_wrong(action: str, draft: str, final: str) -> bool:
    """Rejected, or changed in a fact (number, date, price, link, promise), or in more than a fifth of its words."""
    if action == "rejected":
        return True
    return action == "edited" and is_material(draft, final)


def is_material(draft: str, final: str) -> bool:
    """Whether an edit changed what the draft says, and not only how."""
    if _facts(draft) != _facts(final):
        return True
    before, after = draft.split(), final.split()
    return Levenshtein.normalized_distance(before, after) > MATERIAL_EDIT


def _facts(text: str) -> tuple[frozenset[object], frozenset[object], frozenset[str]]:
    return (
        frozenset((entity.kind, entity.needs) for entity in entities(text)),
        frozenset((q.low, q.high, q.unit) for q in quantities(text)),
        frozenset(claim.kind for claim in live_claims(text)),
    )
