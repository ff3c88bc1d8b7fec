"""Answers to the demo client's tickets: in batches that share their prefix, against one-by-one `generate`.

    python benchmarks/generation.py [--tickets 200] [--threads 2] [--model FOLDER] [--adapter FOLDER] [--max-tokens 160]

Both sides run in one process on the same prompts: the system message of the demo client and tickets of
its generator. One JSON line a way of asking, with the answers that are token for token the same as
those of transformers' `generate` on each prompt alone. A difference is called a near tie where the two
best tokens were within 0.05 log-probability. Runs on the GPU where there is one.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch

from support_pipeline.clients import load_client
from support_pipeline.demo.tickets import write_demo_export
from support_pipeline.model.base import EMBEDDED, ChatFormat, load_format
from support_pipeline.model.generation import generate, load_adapted
from support_pipeline.model.prompt import system_message

ROOT = Path(__file__).resolve().parents[1]
NEAR_TIE = 0.05
Ids = tuple[int, ...]


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--max-tokens", type=int, default=160)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    chat = load_format(given.model)
    model = load_adapted(given.model, given.adapter)
    prompts = _prompts(chat, given.tickets)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"cpu, {given.threads} threads"
    single, seconds = _timed(lambda: _one_by_one(model, chat, prompts, given.max_tokens))
    _say("generate, one by one", device, seconds, single, single, model, chat, prompts)
    answers, seconds = _timed(lambda: generate(model, chat, prompts, max_tokens=given.max_tokens))
    _say("batched", device, seconds, [answer.ids for answer in answers], single, model, chat, prompts)


def _prompts(chat: ChatFormat, count: int) -> list[str]:
    config = load_client(ROOT / "clients" / "demo-outfitters.yaml")
    system = system_message(config.brand, config.book.sentences(date(2026, 9, 30)), config.escalation.names())
    with tempfile.TemporaryDirectory() as folder:
        export = write_demo_export(Path(folder), tickets=2 * count).export
        lines = export.read_text(encoding="utf-8", errors="replace").splitlines()
    asked = [text for line in lines if (text := _described(line))][:count]
    chats = [[{"role": "system", "content": system}, {"role": "user", "content": text}] for text in asked]
    return [chat.text(messages, add_generation_prompt=True) for messages in chats]


def _described(line: str) -> str | None:
    """What a customer wrote first; the demo's export has broken lines on purpose."""
    try:
        text = json.loads(line)["description"]
    except (ValueError, KeyError, TypeError):
        return None
    return text if isinstance(text, str) and text.strip() else None


def _one_by_one(model: Any, chat: ChatFormat, prompts: Sequence[str], max_tokens: int) -> list[Ids]:
    end, found = chat.id_of(chat.eos_token), []
    for prompt in prompts:
        ids = torch.tensor([chat.ids(prompt)], device=model.device)
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=max_tokens,
                do_sample=False,
                eos_token_id=end,
                pad_token_id=end,
            )[0, ids.shape[1] :].tolist()
        found.append(tuple(out[: out.index(end)] if end in out else out))
    return found


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _say(
    way: str,
    device: str,
    seconds: float,
    answers: Sequence[Ids],
    single: Sequence[Ids],
    model: Any,
    chat: ChatFormat,
    prompts: Sequence[str],
) -> None:
    other = [i for i, (a, b) in enumerate(zip(answers, single, strict=True)) if a != b]
    tokens = sum(map(len, answers))
    line = {
        "benchmark": "generation",
        "way": way,
        "device": device,
        "tickets": len(answers),
        "prompt_tokens": sum(len(chat.ids(prompt)) for prompt in prompts),
        "answer_tokens": tokens,
        "seconds": round(seconds, 2),
        "tickets_per_second": round(len(answers) / seconds, 2),
        "same_as_one_by_one": len(answers) - len(other),
        "near_ties": sum(_near_tie(model, chat, prompts[i], answers[i], single[i]) for i in other),
    }
    print(json.dumps(line), flush=True)


def _near_tie(model: Any, chat: ChatFormat, prompt: str, answer: Ids, other: Ids) -> bool:
    """Whether the first token that differs was a coin toss between two roundings."""
    same = next((n for n, (x, y) in enumerate(zip(answer, other, strict=False)) if x != y), None)
    same = min(len(answer), len(other)) if same is None else same
    ids = torch.tensor([[*chat.ids(prompt), *other[:same]]], device=model.device)
    with torch.inference_mode():
        top = model(input_ids=ids).logits[0, -1].float().log_softmax(-1).topk(2).values
    return float(top[0] - top[1]) < NEAR_TIE


if __name__ == "__main__":
    main()
