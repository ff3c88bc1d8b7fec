"""Whether a fine-tuned model follows a policy that changes: trained with and without other policy values.

    python benchmarks/policy_flip.py [--store FOLDER] [--share 0.4] [--chats 60] [--epochs 3] [--train N]

Both adapters are trained in this run, on the demo client's train chats and by its settings, but for
`lora.other_policies_share`. Then held-out chats whose answers state a policy are asked again with
every value changed in the system message. One JSON line an adapter: `compliance` is the share of
answers that state the new value of each flipped topic of theirs and no other; `old_value` those that
state the value from training, `other_value` any other, `silent` not all topics.
`--store` re-uses the splits of a store in which the demo has run; `--train` takes only the newest N chats.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from support_pipeline.artifacts import Store
from support_pipeline.claims import claims, judge
from support_pipeline.clients import ClientConfig, load_client
from support_pipeline.flips import Flip, Refused, flip_chat, other_value, safe, with_facts
from support_pipeline.model.adapter import AdapterJob, train
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.model.generation import generate, load_adapted
from support_pipeline.model.prompt import Message
from support_pipeline.model.supervision import read_chats
from support_pipeline.stages.months import last_day

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Question:
    """A held-out chat under a flip, and the topics that its answer has to state."""

    messages: Sequence[Message]
    flipped: Flip
    topics: frozenset[str]


def main() -> None:
    """Trains twice, asks, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--share", type=float, default=0.4)
    parser.add_argument("--chats", type=int, default=60)
    parser.add_argument("--epochs", type=float, default=None)
    parser.add_argument("--train", type=int, default=None)
    chosen = parser.parse_args()
    config = load_client(ROOT / "clients" / "demo-outfitters.yaml")
    as_of, splits = _splits(chosen.store, config)
    day = last_day(as_of)
    asked = questions(config, day, read_chats(splits / "test.jsonl"), chosen.chats)
    for share in (0.0, chosen.share):
        with tempfile.TemporaryDirectory() as scratch:
            adapter, seconds = trained(config, splits, day, share, chosen.epochs, chosen.train, Path(scratch))
            figures = {
                "other_policies_share": share,
                "train_chats": chosen.train or "all",
                "epochs": chosen.epochs or config.lora.epochs,
                "train_seconds": round(seconds, 1),
            }
            print(json.dumps({"benchmark": "policy_flip", **figures, **measured(adapter, asked)}), flush=True)


def _splits(store: Path, config: ClientConfig) -> tuple[str, Path]:
    kept = Store(str(store))
    months = [
        as_of
        for as_of in kept.releases(config.id)
        if kept.release(config.id, as_of, "jsonl_splits").manifest()
    ]
    if not months:
        raise SystemExit(
            f"{store}: the demo has not run there; say make demo, or name its store with --store"
        )
    return months[-1], kept.release(config.id, months[-1], "jsonl_splits").local()


def questions(
    config: ClientConfig, day: date, chats: Sequence[Sequence[Message]], count: int
) -> list[Question]:
    """Chats whose answers state at least one policy that can be flipped."""
    found: list[Question] = []
    for at, chat in enumerate(chats):
        rng = Random(f"flip {at}")
        drawn = [other_value(config.book, fact, rng) for fact in config.book.in_force(day)]
        changed = safe([one for one in drawn if not isinstance(one, Refused)], config.book, chat)
        if not changed:
            continue
        flipped = with_facts(config.book, changed, day)
        under = flip_chat(flipped, chat)
        if not isinstance(under, Refused) and under.stated:
            found.append(Question(under.messages, flipped, frozenset(under.stated)))
        if len(found) == count:
            break
    return found


def trained(
    config: ClientConfig,
    splits: Path,
    day: date,
    share: float,
    epochs: float | None,
    newest: int | None,
    scratch: Path,
) -> tuple[Path, float]:
    """The adapter of one share, and the seconds that it took."""
    changes: dict[str, Any] = {"other_policies_share": share} | ({"epochs": epochs} if epochs else {})
    (scratch / "out").mkdir()
    lines = (splits / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    chats = scratch / "train.jsonl"
    chats.write_text("".join(lines[-newest:] if newest else lines), encoding="utf-8")
    job = AdapterJob(
        out=scratch / "out",
        stats=scratch / "stats.json",
        base=EMBEDDED,
        base_name="embedded",
        train=chats,
        valid=splits / "valid.jsonl",
        index=None if newest else splits / "index.parquet",
        policies=config.policies,
        today=day,
        lora=config.lora.model_copy(update=changes),
    )
    started = time.monotonic()
    train(job, lambda line: None)
    return job.out, time.monotonic() - started


def measured(adapter: Path, asked: Sequence[Question]) -> dict[str, Any]:
    """How the adapter answers under the flips."""
    chat, model = load_format(adapter), load_adapted(EMBEDDED, adapter)
    prompts = [chat.text(one.messages[:-1], add_generation_prompt=True) for one in asked]
    answers = generate(model, chat, prompts, max_tokens=120)
    verdicts = [_verdict(one, answer.text) for one, answer in zip(asked, answers, strict=True)]
    return {
        "asked": len(asked),
        "compliance": round(verdicts.count("new") / len(asked), 3),
        "old_value": round(verdicts.count("old") / len(asked), 3),
        "other_value": round(verdicts.count("other") / len(asked), 3),
        "silent": round(verdicts.count("silent") / len(asked), 3),
    }


def _verdict(one: Question, answer: str) -> str:
    found = [claim for claim in claims(one.flipped.book, answer) if claim.topic in one.topics]
    judged = {judge(one.flipped.book, claim, one.flipped.day) for claim in found}
    if "superseded" in judged:
        return "old"
    if "never" in judged:
        return "other"
    return "new" if {claim.topic for claim in found} == one.topics else "silent"


if __name__ == "__main__":
    main()
