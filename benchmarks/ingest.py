"""Export file to monthly tickets: seconds and peak memory at growing sizes, beside two alternatives.

    python benchmarks/ingest.py                # 10,000 and 100,000 tickets
    python benchmarks/ingest.py --million      # 1,000,000 too (needs 16 GB of disk)

Each line of output is one JSON result. Every run is its own process; its peak is the resident memory
of the process and its children together, sampled. The alternatives do less: `datasets.map` runs this
project's own parser row by row and writes one Parquet file, without duplicates, months or quarantine;
`polars.read_ndjson` only reads, and fails on the first broken line (it is given a file without one).
"""

import argparse
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from measuring import measured

SIZES = (10_000, 100_000)
MONTHS = [f"{2025 + (3 + n) // 12}-{(3 + n) % 12 + 1:02}" for n in range(18)]
WORDS = re.findall(
    r"\w+",
    "order parcel refund label exchange size colour warehouse courier tracking invoice voucher account address"
    " please thanks could would arrived damaged missing within business days return policy receipt original",
)


def tickets(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Zendesk tickets of 4 to 8 comments (6 on average), spread over 18 months."""
    rng = random.Random(seed)
    start = datetime(2025, 4, 1, tzinfo=UTC)
    bodies = [" ".join(rng.choices(WORDS, k=rng.randint(20, 90))).capitalize() + "." for _ in range(4000)]
    for number in range(1, count + 1):
        at = start + timedelta(seconds=rng.randrange(540 * 86400))
        yield _ticket(number, at, [rng.choice(bodies) for _ in range(rng.randint(4, 8))])


def _ticket(number: int, at: datetime, bodies: list[str]) -> dict[str, Any]:
    customer, agent = 100_000 + number, 900 + number % 9
    stamps = [(at + timedelta(minutes=11 * n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(len(bodies) + 1)]
    comments = [
        {
            "id": number * 100 + n,
            "type": "Comment",
            "author_id": agent if n % 2 else customer,
            "body": body,
            "html_body": f'<div class="zd-comment" dir="auto"><p>{body}</p></div>',
            "plain_body": body,
            "public": n != 3,
            "attachments": [],
            "via": {"channel": "email"},
            "created_at": stamps[n],
        }
        for n, body in enumerate(bodies)
    ]
    return {
        "id": number,
        "via": {
            "channel": "email",
            "source": {"from": {"address": f"c{number}@example.com", "name": "Ada Lind"}},
        },
        "created_at": stamps[0],
        "updated_at": stamps[-1],
        "subject": bodies[0][:60],
        "description": bodies[0],
        "status": "closed",
        "requester_id": customer,
        "assignee_id": agent,
        "tags": ["language__en", "returns"],
        "satisfaction_rating": {"score": "good"},
        "metric_set": {"solved_at": stamps[-1], "reopens": 0},
        "users": [
            {"id": agent, "name": "Priya Raman", "role": "agent"},
            {"id": customer, "name": "Ada Lind", "role": "end-user"},
        ],
        "comments": comments,
    }


def write_export(count: int, folder: Path, broken: bool) -> Path:
    """The export with 1% repeated rows and, if asked, one broken line in a thousand."""
    path = folder / f"export-{count}{'-broken' if broken else ''}.ndjson"
    with path.open("wb") as target:
        for number, ticket in enumerate(tickets(count), start=1):
            line = orjson.dumps(ticket)
            target.write(line + b"\n")
            if number % 100 == 0:
                target.write(line + b"\n")
            if broken and number % 1000 == 0:
                target.write(line[:200] + b"\n")
    return path


def run_ingest(path: Path, out: Path) -> int:
    """This project's stage."""
    from support_pipeline.clients import ClientConfig
    from support_pipeline.data.ingest import ingest

    source = {"vendor": "zendesk", "path": str(path)}
    config = ClientConfig.model_validate({"id": "bench", "brand": "Bench", "sources": [source]})
    result = ingest(config, path.parent, MONTHS, out)
    assert result.total.exact and result.elsewhere.lines_in == 0
    return result.total.unique


def run_datasets(path: Path, out: Path) -> int:
    """The same parser under `datasets.map` in two processes, as rows of one Parquet file."""
    import datasets

    datasets.disable_progress_bars()
    lines = datasets.load_dataset("text", data_files=str(path), split="train", cache_dir=str(out / "cache"))
    rows = lines.map(_parsed_row, num_proc=2, remove_columns=["text"], keep_in_memory=False)
    rows.to_parquet(out / "tickets.parquet")
    return len(rows)


def _parsed_row(row: dict[str, str]) -> dict[str, Any]:
    from support_pipeline.data.exports import READERS, Origin

    return READERS["zendesk"].read(json.loads(row["text"]), Origin("bench", "export", 1)).row()


def run_polars(path: Path, out: Path) -> int:
    """Reading alone, with polars' own inferred types, written as it is."""
    import polars as pl

    frame = pl.read_ndjson(path)
    frame.write_parquet(out / "tickets.parquet")
    return frame.height


RUNS: dict[str, Callable[[Path, Path], int]] = {
    "support_pipeline.ingest": run_ingest,
    "datasets.map": run_datasets,
    "polars.read_ndjson": run_polars,
}


def result(name: str, count: int, path: Path) -> dict[str, Any]:
    """One run in its own process."""
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        command = [sys.executable, str(Path(__file__).resolve()), "--one", name, str(path), out]
        figures, answer = measured(command)
    return {
        "benchmark": "ingest",
        "run": name,
        "tickets": count,
        "export_mb": round(path.stat().st_size / 1e6),
        **figures,
        "tickets_per_second": round(count / figures["seconds"]),
        "rows_out": int(answer),
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
        print(RUNS[name](Path(path), Path(out)))
        return
    for count in [*arguments.sizes, *([1_000_000] if arguments.million else [])]:
        with tempfile.TemporaryDirectory() as folder:
            for name in arguments.only if count < 1_000_000 else ["support_pipeline.ingest"]:
                path = write_export(count, Path(folder), broken=name == "support_pipeline.ingest")
                print(json.dumps(result(name, count, path)), flush=True)
                path.unlink()


if __name__ == "__main__":
    main()
