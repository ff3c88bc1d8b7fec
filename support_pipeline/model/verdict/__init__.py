"""What the scores prove: exact bounds, claims against targets, sample sizes, and the promotion gate."""

from support_pipeline.model.verdict.claims import ClaimVerdict, Summary, Verdict, overall, verdict, verdicts
from support_pipeline.model.verdict.comparison import (
    Comparison,
    compare,
    design_effect,
    difference_lower,
    mcnemar,
    sign_flip,
)
from support_pipeline.model.verdict.planning import plan, settling
from support_pipeline.model.verdict.promotion import Contender, Graded, Promotion, decide_promotion
from support_pipeline.model.verdict.shares import Share, lower_bound, upper_bound

__all__ = [
    "ClaimVerdict",
    "Comparison",
    "Contender",
    "Graded",
    "Promotion",
    "Share",
    "Summary",
    "Verdict",
    "compare",
    "decide_promotion",
    "design_effect",
    "difference_lower",
    "lower_bound",
    "mcnemar",
    "overall",
    "plan",
    "settling",
    "sign_flip",
    "upper_bound",
    "verdict",
    "verdicts",
]
