"""`python -m support_pipeline.demo.tickets --out DIR`: write the demo's export and its answer key."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from support_pipeline.demo.tickets.export import write_demo_export


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files and say what is in them."""
    parser = argparse.ArgumentParser(prog="python -m support_pipeline.demo.tickets", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for zendesk.ndjson and gold.jsonl")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes")
    parser.add_argument("--tickets", type=int, default=1800, help="number of tickets")
    parser.add_argument("--last-month", type=_month, default="2026-10", help="newest month, as YYYY-MM")
    given = parser.parse_args(arguments)
    written = write_demo_export(
        given.out, seed=given.seed, tickets=given.tickets, last_month=given.last_month
    )
    fates = ", ".join(f"{count} {fate}" for fate, count in written.counts["fates"].items())
    print(f"{written.export}: {written.counts['lines']} lines of synthetic tickets ({fates})")
    return 0


def _month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no month; write it as 2026-10")
    return text


if __name__ == "__main__":
    raise SystemExit(main())
