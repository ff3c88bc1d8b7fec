"""The answer key: one line for each line of the export, and the counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from support_pipeline.demo.tickets.story import Story

# Details of a ticket that must not reach a training file as they are.
PERSONAL = ("email", "phone", "order", "tracking", "address")


def row(story: Story) -> dict[str, Any]:
    """What ought to become of a ticket; its line is added when the file is put together.

    `customer_clean` and `resolution_clean` are the texts without signatures, quotes and notes, with
    today's policy values, before personal data is replaced. They are None where no text is due: an
    escalation's answer is a hand-over, a `cannot_know` answer is the client's sentence for that.
    """
    verdict = story.verdict
    posts = story.posts
    public = "\n".join(post.body for post in posts if post.author != "note")
    return {
        "ticket_id": str(story.ticket_id),
        "fate": verdict.fate,
        "kind": verdict.kind,
        "reason": verdict.reason,
        "intent": verdict.intent,
        "detail": verdict.detail,
        "month": (story.solved or story.last).strftime("%Y-%m"),
        "subject": story.subject,
        "customer_clean": verdict.customer,
        "resolution_clean": verdict.resolution,
        "stale": verdict.stale,
        "copied_from": str(story.copied_from) if story.copied_from else None,
        "follows": str(story.follows) if story.follows else None,
        "notes": [post.text for post in posts if post.author == "note"],
        "signatures": sorted({post.signature for post in posts if post.signature}),
        "quotes": [post.quote for post in posts if post.quote],
        "personal": [story.buyer.name, *(value for value in _personal(story) if value in public)],
    }


def _personal(story: Story) -> Iterable[str]:
    return (story.about.slots[name] for name in PERSONAL)


def summary(rows: Iterable[Mapping[str, Any]], **settings: object) -> dict[str, Any]:
    """How many lines of each fate, reason, kind, intent and month."""
    rows = list(rows)
    kept = [row for row in rows if row["fate"] in ("pair", "excluded")]
    return {
        **settings,
        "lines": len(rows),
        "tickets": len(kept),
        "fates": _counts(row["fate"] for row in rows),
        "reasons": _counts(row["reason"] for row in kept),
        "kinds": _counts(row["kind"] for row in kept if row["kind"]),
        "intents": _counts(row["intent"] for row in kept if row["intent"]),
        "months": _counts(row["month"] for row in kept),
        "stale": sum(row["stale"] for row in kept),
        "copied": sum(row["copied_from"] is not None for row in kept),
        "notes": sum(len(row["notes"]) for row in kept),
        "quotes": sum(len(row["quotes"]) for row in kept),
    }


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
