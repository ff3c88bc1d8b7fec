"""What the scorer catches, and how often it objects to right answers.

    python benchmarks/scorer.py [--per-fault 299] [--exports FOLDER] [--missed]

One JSON line a fault with the caught mutants and the exact one-sided 95 % bound, then the false alarms
of each source: on the human answers themselves, and (`peers`) on other agents' right answers to the
same intent. `unsupported` counts human answers that state what neither the ticket nor a policy bears
out: those that only the order record can support. The demo's right answers are the pairs that its
answer key confirms; a folder of exports (northpeak, brightcart, realcare) is read when it is there.
"""

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import fuzz

from support_pipeline.clients import ClientConfig, Source, load_client
from support_pipeline.data.ingest import ingest
from support_pipeline.data.pairs import PairMaker
from support_pipeline.data.tickets import Pair, ticket_from_row
from support_pipeline.demo.tickets import live_data, write_demo_export
from support_pipeline.demo.tickets.brand import ELECTRONICS, PRODUCTS
from support_pipeline.demo.tickets.grammar import expand, fill
from support_pipeline.model.scoring import Case, cases, hallucinations
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.mutation import Materials, Mutant, false_alarms, measure, mutants, peers
from support_pipeline.model.verdict import Share
from support_pipeline.policies import PolicyFact

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 9, 30)
MONTHS = [f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13)]
EXPORTS = ("northpeak", "brightcart", "realcare")
GOODS: tuple[tuple[str, ...], ...] = (
    ("charger",), ("headphones",), ("blender",), ("laptop", "macbook"), ("shirt",), ("camera",), ("mixer",), ("speaker",),
    ("kettle",), ("jacket",), ("backpack",), ("playstation", "xbox", "console"), ("iphone", "phone", "smartphone"),
)  # fmt: skip
UNLABELLED = ("other_subject",)  # needs intents that people labelled
REFUND = PolicyFact(
    topic="refund_time",
    statement="Refunds reach the original payment method in {value}.",
    value="5-7",
    unit="business_days",
    patterns=("(?:refund|money|credit)[^.!?]{0,90}?{value}", "{value}[^.!?]{0,60}?refund"),
    critical=True,
)

_PEOPLE = re.compile(r"<(?:CUSTOMER|AGENT)_\d+>")


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--per-fault", type=int, default=299)
    parser.add_argument("--exports", type=Path, default=ROOT.parent / "shared" / "exports")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missed", action="store_true", help="show mutants that were not caught")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, config, right, names in load_sources(Path(folder), given.exports):
            materials = materials_of(config, names)
            started = time.perf_counter()
            labelled = name == "demo-outfitters"
            skipped = () if labelled else UNLABELLED
            found = measure(mutants(right, materials, given.per_fault, given.seed, skipped), materials)
            for measured in found.values():
                _say("detected", name, measured.share, fault=measured.fault)
                for mutant in measured.missed if given.missed else ():
                    print("   missed:", repr(mutant.case.human_answer), "->", repr(mutant.answer))
            alarms = false_alarms(right, materials)
            _say(
                "false_alarms",
                name,
                Share(len(alarms), len(right)),
                seconds=round(time.perf_counter() - started, 1),
            )
            if labelled:
                _say("false_alarms_peers", name, _peers(right, materials, given.missed))
            _say("unsupported", name, _unsupported(right, materials))


def _say(figure: str, source: str, share: Share, **more: Any) -> None:
    line = {
        "benchmark": "scorer",
        "figure": figure,
        "source": source,
        **more,
        "count": share.count,
        "total": share.total,
    }
    bound, value = ("lower_95", share.lower) if figure == "detected" else ("upper_95", share.upper)
    print(json.dumps({**line, "rate": round(share.rate or 0.0, 4), bound: round(value, 4)}), flush=True)


def _peers(right: Sequence[Case], materials: Materials, show: bool) -> Share:
    wrong = total = 0
    for case, answer in peers(right):
        score = Mutant("peer", case, answer, 3).score(materials)
        total += 1
        wrong += score.score < 3
        if show and score.score < 3:
            print("   objected:", repr(case.human_answer), "<-", repr(answer), score.evidence())
    return Share(wrong, total)


def _unsupported(right: Sequence[Case], materials: Materials) -> Share:
    policies = materials.book.sentences(materials.today)
    alone = [
        case
        for case in right
        if hallucinations(
            _PEOPLE.sub("", case.human_answer), case.customer_text, policies=policies, teams=materials.teams
        )
    ]
    return Share(len(alone), len(right))


def load_sources(
    folder: Path, exports: Path
) -> Iterator[tuple[str, ClientConfig, list[Case], Sequence[tuple[str, ...]]]]:
    written = write_demo_export(folder / "demo")
    config = load_client(ROOT / "clients" / "demo-outfitters.yaml")
    config = config.model_copy(update={"sources": (Source(vendor="zendesk", path=str(written.export)),)})
    goods = [(product.name, product.item) for product in (*PRODUCTS, *ELECTRONICS)]
    yield "demo-outfitters", config, _demo_cases(config, folder), goods
    for brand in EXPORTS:
        export = exports / brand / "zendesk.ndjson"
        if export.exists():
            config = ClientConfig(
                id=brand,
                brand=brand.title(),
                sources=(Source(vendor="zendesk", path=str(export)),),
                policies=(REFUND,),
            )
            pairs = _pairs(config, folder / brand)
            yield brand, config, cases(pair.row() for pair in pairs), GOODS


def _pairs(config: ClientConfig, folder: Path) -> list[Pair]:
    ingest(config, ROOT, MONTHS, folder, workers=1)
    frames = [pl.read_parquet(file) for file in sorted(folder.glob("*/tickets*.parquet"))]
    tickets = [ticket_from_row(row) for frame in frames for row in frame.iter_rows(named=True)]
    return [result.pair for result in PairMaker(config, TODAY).make(tickets) if result.pair]


def _demo_cases(config: ClientConfig, folder: Path) -> list[Case]:
    """The pairs that the answer key confirms, with the key's intents."""
    lines = (folder / "demo" / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    key = {row["ticket_id"]: row for row in map(json.loads, lines) if row["fate"] == "pair"}
    rows = []
    for pair in _pairs(config, folder / "pairs"):
        gold = key.get(pair.ticket_id)
        if gold and _confirmed(pair, gold):
            rows.append(pair.row() | {"intent": gold["detail"] if "+" in gold["detail"] else gold["intent"]})
    return cases(rows)


def _confirmed(pair: Pair, gold: dict[str, Any]) -> bool:
    if pair.kind != gold["kind"]:
        return False
    right = gold["resolution_clean"]
    return pair.kind != "answer" or bool(
        right and content_words(right) and fuzz.ratio(pair.resolution_text, right) >= 85
    )


def materials_of(config: ClientConfig, goods: Sequence[tuple[str, ...]]) -> Materials:
    kinds = {
        "invented_stock": live_data.STOCK,
        "invented_delivery": live_data.ORDER_STATUS,
        "invented_refund": live_data.REFUND_STATUS,
    }
    live = {
        fault: [_live(line, i) for line in kind.answers for i in range(40)] for fault, kind in kinds.items()
    }
    return Materials(config.book, TODAY, config.escalation.names(), tuple(goods), live)


def _live(template: str, seed: int) -> str:
    chance = random.Random(f"{template}{seed}")
    month = chance.choice(["October", "November", "December"])
    details = {
        "order": f"DO-{chance.randint(100000, 999999)}",
        "tracking": f"1Z{chance.randint(10**9, 10**10 - 1)}",
        "amount": f"${chance.randint(18, 260)}.{chance.choice(['05', '40', '85'])}",
        "date": f"{month} {chance.randint(1, 28)}",
        "later": f"{chance.choice(['November', 'December'])} {chance.randint(1, 28)}",
        "weekday": chance.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]),
        "city": chance.choice(["Boise", "Duluth", "Ithaca", "Spokane"]),
        "size": chance.choice(["M", "XL", "size 8", "a large"]),
        "color": chance.choice(["rust", "plum", "sand", "navy"]),
    }
    return fill(expand(template, chance), details)


if __name__ == "__main__":
    main()
