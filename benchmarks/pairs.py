"""Export file to splits: seconds and peak memory at growing sizes, beside the same steps in `datasets.map`.

    python benchmarks/pairs.py                 # 10,000 and 100,000 tickets
    python benchmarks/pairs.py --million       # 1,000,000 too (needs 20 GB of disk; the alternative is left out)

Each line of output is one JSON result: the seconds of each step, of all, and the highest resident memory
of the process and its children together. The tickets are those of the demo's generator with longer
threads (6 messages on average), other people, numbers and dates; one row in a hundred stands twice and
one line in a thousand is broken.

The alternative does what a notebook would: `datasets` reads the lines, `map` with two processes runs this
project's own Python functions a row at a time (the reader, the cleaning, the filter and the pair maker), and
the pairs go into the same splits. Its tickets are neither sorted into months nor rid of duplicates, and a
broken line is lost.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from measuring import measured

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000)
MODELS = 4_000
FIRST_DAY = datetime(2025, 4, 1, tzinfo=UTC)
MONTHS = [f"{2025 + (3 + n) // 12}-{(3 + n) % 12 + 1:02}" for n in range(18)]
TODAY = date(2026, 9, 30)
NUMBER = re.compile(r"\d{4,}")
ASIDES = [
    ("Sorry, one more thing, it was the {thing} in {colour}, bought in {month}.", "Thanks, I have noted that."),
    ("Did my last message reach you? I wrote about the {thing}.", "It did, I am looking into the {thing} now."),
    ("I am at {city} until {month}, in case it matters.", "Understood. One moment while I check."),
    ("My partner ordered the {thing} too, just so you know.", "Good to know, thank you for telling us."),
]  # fmt: skip
WORDS = {
    "thing": "jacket tent backpack rucksack boots sleeping-bag stove lantern mug socks gloves poles".split(),
    "colour": "red blue green sand slate black orange grey".split(),
    "month": "January March May June August October".split(),
    "city": "Leeds Porto Gdansk Lyon Utrecht Malmo Turin Graz".split(),
}


def models() -> list[dict[str, Any]]:
    """Tickets of the demo's generator, as Zendesk exports them."""
    from support_pipeline.demo.tickets import write_demo_export

    with tempfile.TemporaryDirectory() as folder:
        write_demo_export(Path(folder), seed=5, tickets=MODELS, last_month=MONTHS[-1], months=len(MONTHS))
        lines = (Path(folder) / "zendesk.ndjson").read_bytes().splitlines()
    return [ticket for ticket in map(_read, lines) if isinstance(ticket, dict) and ticket.get("comments")]


def _read(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def tickets(count: int, seed: int = 11) -> Iterator[dict[str, Any]]:
    """`count` tickets of 6 comments on average, spread over 18 months."""
    rng, originals = random.Random(seed), models()
    for number in range(1, count + 1):
        yield _another(rng.choice(originals), number, rng)


def _another(original: dict[str, Any], number: int, rng: random.Random) -> dict[str, Any]:
    """The same talk between other people, about other numbers, with a few asides before the last reply."""
    at = FIRST_DAY + timedelta(seconds=rng.randrange(540 * 86400))
    customer = 1_000_000 + number
    comments = [dict(comment) for comment in original["comments"]]
    last = len(comments) - 1
    asides = [pair for _ in range(rng.choice((1, 1, 2, 2))) for pair in rng.choice(ASIDES)]
    for place, words in enumerate(asides):
        said = words.format(**{name: rng.choice(choices) for name, choices in WORDS.items()})
        author = original["requester_id"] if place % 2 == 0 else original.get("assignee_id") or 9001
        aside = dict(comments[0]) | {"author_id": author, "body": said, "plain_body": said, "public": True}
        comments.insert(last + place, aside | {"html_body": f'<div class="zd-comment">{said}</div>'})
    digits = str.maketrans("0123456789", "".join(rng.sample("0123456789", 10)))
    for place, comment in enumerate(comments):
        for form in ("body", "plain_body", "html_body"):
            if comment.get(form):
                comment[form] = NUMBER.sub(lambda found: found.group().translate(digits), comment[form])
        comment["id"] = number * 100 + place
        comment["created_at"] = (at + timedelta(minutes=9 * place)).strftime("%Y-%m-%dT%H:%M:%SZ")
        if comment["author_id"] == original["requester_id"]:
            comment["author_id"] = customer
    end = comments[-1]["created_at"]
    users = [
        dict(user) | ({"id": customer} if user["id"] == original["requester_id"] else {})
        for user in original["users"]
    ]
    ticket = dict(original) | {
        "id": number,
        "created_at": comments[0]["created_at"],
        "updated_at": end,
        "requester_id": customer,
        "submitter_id": customer,
        "users": users,
        "comments": comments,
        "metric_set": dict(original.get("metric_set") or {}) | {"solved_at": end},
    }
    ticket.pop("generated_timestamp", None)
    return ticket


def write_export(count: int, folder: Path) -> Path:
    """The export with 1% repeated rows and one broken line in a thousand."""
    path = folder / f"export-{count}.ndjson"
    with path.open("wb") as target:
        for number, ticket in enumerate(tickets(count), start=1):
            line = orjson.dumps(ticket)
            target.write(line + b"\n")
            if number % 100 == 0:
                target.write(line + b"\n")
            if number % 1000 == 0:
                target.write(line[:200] + b"\n")
    return path


def config_for(path: Path) -> Any:
    """The demo client, reading this export."""
    from support_pipeline.clients import load_client

    config = load_client(ROOT / "clients" / "demo-outfitters.yaml")
    source = {"vendor": "zendesk", "path": str(path)}
    return config.model_validate(config.model_dump() | {"sources": [source]})


def run_project(path: Path, out: Path) -> dict[str, Any]:
    """This project's three stages."""
    from support_pipeline.data.ingest import ingest
    from support_pipeline.data.pairs import build_pairs, pair_workers
    from support_pipeline.data.splits import build_splits

    config, seconds = config_for(path), {}
    started = time.perf_counter()
    total = ingest(config, path.parent, MONTHS, out).total
    assert total.exact, total
    seconds["ingest"] = time.perf_counter() - started
    with pair_workers() as workers:
        for month in MONTHS:
            folder = out / month
            build_pairs(config, folder / "tickets.parquet", None, folder, today=TODAY, workers=workers)
    seconds["pairs"] = time.perf_counter() - started - seconds["ingest"]
    files = [out / month / "pairs.parquet" for month in MONTHS]
    figures = build_splits(config, files, MONTHS[-1], out / "splits", earlier_test_ids=(), today=TODAY)
    seconds["splits"] = time.perf_counter() - started - seconds["ingest"] - seconds["pairs"]
    return {"unique": total.unique, "steps": seconds, "pairs": figures["pairs"]}


def run_datasets(path: Path, out: Path) -> dict[str, Any]:
    """The same functions under `datasets.map`, row by row in two processes."""
    import datasets

    from support_pipeline.data.splits import build_splits

    datasets.disable_progress_bars()
    config, seconds = config_for(path), {}
    started = time.perf_counter()
    lines = datasets.load_dataset("text", data_files=str(path), split="train", cache_dir=str(out / "cache"))
    features = datasets.Features({"pair": datasets.Value("string")})
    rows = lines.map(
        _mapped,
        fn_kwargs={"config": config.model_dump_json()},
        num_proc=2,
        remove_columns=["text"],
        features=features,
    )
    made = rows.filter(_is_pair, num_proc=2)
    seconds["map"] = time.perf_counter() - started
    file = out / "pairs.parquet"
    _write_pairs([json.loads(row["pair"]) for row in made], file, config.book.state(TODAY))
    figures = build_splits(config, [file], MONTHS[-1], out / "splits", earlier_test_ids=(), today=TODAY)
    seconds["splits"] = time.perf_counter() - started - seconds["map"]
    return {"unique": len(rows), "steps": seconds, "pairs": figures["pairs"]}


@cache
def _maker(config: str) -> Any:
    from support_pipeline.clients import ClientConfig
    from support_pipeline.data.pairs import PairMaker

    return PairMaker(ClientConfig.model_validate_json(config), TODAY)


def _mapped(row: dict[str, str], config: str) -> dict[str, str]:
    from support_pipeline.data.exports import READERS, Origin

    try:
        ticket = READERS["zendesk"].read(json.loads(row["text"]), Origin("bench", "export", 1))
    except ValueError:
        return {"pair": ""}
    pair = _maker(config).make([ticket])[0].pair
    return {"pair": orjson.dumps(pair.row()).decode() if pair else ""}


def _is_pair(row: dict[str, str]) -> bool:
    return bool(row["pair"])


def _write_pairs(rows: list[dict[str, Any]], file: Path, policy_state: str) -> None:
    import polars as pl

    from support_pipeline.data.tickets import PAIR_SCHEMA, POLICY_STATE

    text = {name: pl.String() if name == "resolved_at" else kind for name, kind in PAIR_SCHEMA.items()}
    frame = pl.DataFrame(rows, schema=text, orient="row")
    frame = frame.with_columns(pl.col("resolved_at").str.to_datetime(time_zone="UTC", time_unit="us"))
    frame = frame.unique("pair_id", keep="last", maintain_order=True)
    frame.write_parquet(file, metadata={POLICY_STATE: policy_state})


RUNS: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "support_pipeline": run_project,
    "datasets.map": run_datasets,
}


def main() -> None:
    """Runs every size and prints one JSON line a result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--million", action="store_true", help="1,000,000 tickets too, this project only")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    parser.add_argument("--one", nargs=3, metavar=("RUN", "EXPORT", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, path, out = arguments.one
        print(json.dumps(RUNS[name](Path(path), Path(out))))
        return
    for count in [*arguments.sizes, *([1_000_000] if arguments.million else [])]:
        with tempfile.TemporaryDirectory() as folder:
            path = write_export(count, Path(folder))
            for name in arguments.only if count < 1_000_000 else ["support_pipeline"]:
                with tempfile.TemporaryDirectory(dir=folder) as out:
                    command = [sys.executable, str(Path(__file__).resolve()), "--one", name, str(path), out]
                    figures, answer = measured(command)
                told = json.loads(answer)
                steps = {step: round(value, 2) for step, value in told.pop("steps").items()}
                mb = round(path.stat().st_size / 1e6)
                line = {"benchmark": "pairs", "run": name, "tickets": count, "export_mb": mb}
                print(json.dumps(line | figures | {"steps": steps} | told), flush=True)


if __name__ == "__main__":
    main()
