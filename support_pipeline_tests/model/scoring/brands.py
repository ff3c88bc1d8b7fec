"""Right answers of the demo client, generated, and what faults are made of."""

import json
import random
from datetime import date
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from support_pipeline.clients import ClientConfig, load_client
from support_pipeline.demo.tickets import live_data, write_demo_export
from support_pipeline.demo.tickets.brand import ELECTRONICS, PRODUCTS
from support_pipeline.demo.tickets.grammar import expand, fill
from support_pipeline.model.prompt import escalation
from support_pipeline.model.scoring import Case
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.mutation import Materials

TODAY = date(2026, 9, 30)
CANNOT_KNOW = "I can't see live order, stock or refund data from here, so I cannot know this."
HAND_OVERS = (
    "This is for a person to decide, so a colleague takes over from here.",
    "I'm truly sorry about this. I am handing your message to a colleague now.",
)


@lru_cache(maxsize=1)
def demo() -> ClientConfig:
    """The demo client."""
    return load_client(Path(__file__).parents[3] / "clients" / "demo-outfitters.yaml")


@lru_cache(maxsize=1)
def right_answers(tickets: int = 700) -> tuple[Case, ...]:
    """Tickets of the demo's answer key with the right answer; hand-overs and cannot-knows in our words."""
    with TemporaryDirectory() as folder:
        write_demo_export(Path(folder), tickets=tickets)
        lines = (Path(folder) / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["fate"] == "pair" and row["customer_clean"]]
    return tuple(
        _case(row) for row in rows if row["kind"] != "answer" or content_words(row["resolution_clean"])
    )


def _case(row: dict[str, str]) -> Case:
    chance = random.Random(row["ticket_id"])
    answer = {"cannot_know": CANNOT_KNOW, "answer": row["resolution_clean"]}.get(row["kind"])
    if row["kind"] == "escalate":
        answer = f"{chance.choice(HAND_OVERS)}\n\n{escalation(demo().escalation.team(row['reason']))}"
    assert answer is not None
    intent = row["detail"] if "+" in row["detail"] else row["intent"]
    return Case(row["ticket_id"], row["ticket_id"], row["kind"], intent, row["customer_clean"], answer)


@lru_cache(maxsize=1)
def materials() -> Materials:
    """The demo's policies, goods, and what its agents answered when they had looked something up."""
    config = demo()
    kinds = {
        "invented_stock": live_data.STOCK,
        "invented_delivery": live_data.ORDER_STATUS,
        "invented_refund": live_data.REFUND_STATUS,
    }
    return Materials(
        book=config.book,
        today=TODAY,
        teams=config.escalation.names(),
        goods=tuple((product.name, product.item) for product in (*PRODUCTS, *ELECTRONICS)),
        live={
            fault: [_live(line, i) for line in kind.answers for i in range(8)]
            for fault, kind in kinds.items()
        },
    )


def _live(template: str, seed: int) -> str:
    chance = random.Random(f"{template}{seed}")
    details = {
        "order": f"DO-{chance.randint(100000, 999999)}",
        "tracking": f"1Z{chance.randint(10**9, 10**10 - 1)}",
        "amount": f"${chance.randint(18, 260)}.45",
        "date": f"{chance.choice(['October', 'November'])} {chance.randint(1, 28)}",
        "later": f"{chance.choice(['November', 'December'])} {chance.randint(1, 28)}",
        "weekday": chance.choice(["Monday", "Tuesday", "Friday"]),
        "city": chance.choice(["Boise", "Duluth", "Ithaca"]),
        "size": chance.choice(["M", "size 8", "a large"]),
        "color": chance.choice(["rust", "plum", "sand"]),
    }
    return fill(expand(template, chance), details)
