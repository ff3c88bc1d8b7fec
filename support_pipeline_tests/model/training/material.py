"""A training that takes a second or two: few short chats of one brand, the embedded base model."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.clients import Lora
from support_pipeline.model.adapter import AdapterJob
from support_pipeline.model.base import EMBEDDED
from support_pipeline.model.prompt import system_message
from support_pipeline.policies import PolicyBook, PolicyFact

DAY = date(2026, 8, 31)
POLICIES = (
    PolicyFact(
        topic="return_window",
        statement="Items can be returned within {value} of delivery.",
        value=30,
        unit="days",
        patterns=("return[^.!?]{0,60}?{value}",),
    ),
    PolicyFact(
        topic="express_fee",
        statement="Express shipping costs {value} per order.",
        value=9.95,
        unit="USD",
        patterns=("express[^.!?]{0,60}?{value}",),
    ),
    PolicyFact(topic="exchange", statement="Exchanges are free."),
)
BOOK = PolicyBook(facts=POLICIES)
ASKED = (
    ("How long can I return the {}?", "You can return it within 30 days."),
    ("What is express delivery of the {}?", "Express shipping is $9.95 per order."),
    ("Can I exchange the {}?", "Yes, exchanges are free."),
)
THINGS = ("boots", "tent", "lamp", "jacket", "stove", "mug", "cap", "scarf", "rope", "bag")


def chats(count: int) -> list[list[dict[str, str]]]:
    """Chats of one brand, three kinds in turn."""
    system = system_message("Shop", BOOK.sentences(DAY), ["Care"])
    made = []
    for at in range(count):
        question, answer = ASKED[at % len(ASKED)]
        made.append(
            [
                {"role": "system", "content": system},
                {"role": "user", "content": question.format(THINGS[at % len(THINGS)])},
                {"role": "assistant", "content": answer},
            ]
        )
    return made


def write(path: Path, made: list[list[dict[str, str]]]) -> Path:
    """Chats as the splits write them."""
    path.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in made), encoding="utf-8")
    return path


def index(path: Path, classes: list[str]) -> Path:
    """The part of index.parquet that a training reads."""
    rows = {"split": ["train"] * len(classes), "row": list(range(len(classes))), "edit_class": classes}
    pl.DataFrame(rows).write_parquet(path)
    return path


def job(folder: Path, *, train: int = 20, valid: int = 4, base: Path = EMBEDDED, **lora: Any) -> AdapterJob:
    """A job in a folder of its own."""
    (folder / "out").mkdir(parents=True)
    settings = {
        "rank": 4,
        "alpha": 8,
        "learning_rate": 0.004,
        "epochs": 2,
        "batch_size": 4,
        "max_tokens": 512,
    }
    return AdapterJob(
        out=folder / "out",
        stats=folder / "stats.json",
        base=base,
        base_name="embedded",
        train=write(folder / "train.jsonl", chats(train)),
        valid=write(folder / "valid.jsonl", chats(valid)),
        policies=POLICIES,
        today=DAY,
        lora=Lora.model_validate(settings | lora),
    )
