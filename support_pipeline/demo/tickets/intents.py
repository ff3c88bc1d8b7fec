"""What customers want: an intent holds the questions and the answers that belong together.

Questions are written so that the policies and the question are enough to answer; answers state
nothing else. Slots: `{product} {item} {the_item} {it} {they} {are}` and details of the order; policy
topics (`{return_window}`, `{return_window_adj}`) are put in later, by day.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Intent:
    """One intent of the shop.

    `topics` are the policy facts it needs; `situations` name the kinds of story that lead up to it
    (see `phrasing.SITUATIONS`); `also` are short forms that follow "also, I wanted to know".
    """

    name: str
    weight: int
    topics: tuple[str, ...]
    situations: tuple[str, ...]
    subjects: tuple[str, ...]
    questions: tuple[str, ...]
    also: tuple[str, ...]
    answers: tuple[str, ...]
    products: str = "any"  # any, sized, gear or electronics
    stands_alone: bool = False  # the questions are clear without a story


# Questions that people ask in one breath; the first one names the ticket's intent.
TOGETHER = (
    ("return_window", "refund_time"),
    ("return_window", "exchange"),
    ("standard_shipping", "free_shipping"),
    ("express_fee", "standard_shipping"),
    ("free_shipping", "express_fee"),
    ("exchange", "size_chart"),
    ("damage_report", "warranty"),
    ("student_discount", "free_shipping"),
    ("restocking_fee", "refund_time"),
    ("cancel_window", "address_change"),
    ("warranty", "return_window"),
    ("gift_card", "invoice"),
    ("size_chart", "return_window"),
    ("price_match", "return_window"),
)
