"""How fast a LoRA is trained, against TRL's own defaults on the same examples, in the same run.

    python benchmarks/training.py [--store FOLDER] [--examples 96]          CPU: the demo client
    python benchmarks/training.py --shape llama-3-8b                        one GPU: 8B shapes, random weights
    python benchmarks/training.py --shape small --examples 24 --epochs 1    dry run of the latter on a CPU

"ours" is training as a release does it, with the system message shared by the chats of a row; of the random examples'
300 tokens, 180 are such a system message.

One JSON line a setting: seconds of training, microseconds a supervised token, tokens of chats a second, model
FLOP utilisation (GPU; of the tokens that are computed), peak memory, the loss at the end (on the demo's validation chats, else the last
training loss). "TRL defaults" is SFTTrainer with SFTConfig's own values (padding, no packing, random
order, gradient checkpointing), given the same labels, LoRA, batch size, learning rate and seed;
"without checkpointing" turns that one off. The last line holds the ratios.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from shaped import SHAPES, write_checkpoint

from support_pipeline.artifacts import Store
from support_pipeline.clients import Lora, load_client
from support_pipeline.model.base import EMBEDDED, ChatFormat, load_format
from support_pipeline.model.supervision import IGNORED, Example, read_chats, supervise
from support_pipeline.model.training.fitting import Material, fit, import_libraries, order_of
from support_pipeline.model.training.machine import Machine, Shape, plan
from support_pipeline.model.training.watching import peak_bytes

ROOT = Path(__file__).resolve().parents[1]
PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12}
"""Dense bfloat16, from the makers' data sheets."""


def main() -> None:
    """Trains by every setting and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--shape", choices=SHAPES, default=None)
    parser.add_argument("--examples", type=int, default=None)
    parser.add_argument("--epochs", type=float, default=None)
    parser.add_argument("--default-steps", type=int, default=60, help="steps of TRL's defaults on a GPU")
    chosen = parser.parse_args()
    import_libraries()
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.shape is None:
            _demo(chosen, Path(scratch))
        else:
            _shaped(chosen, Path(scratch))


def _demo(chosen: Any, scratch: Path) -> None:
    config = load_client(ROOT / "clients" / "demo-outfitters.yaml")
    kept, chat = Store(str(chosen.store)), load_format(EMBEDDED)
    months = [m for m in kept.releases(config.id) if kept.release(config.id, m, "jsonl_splits").manifest()]
    if not months:
        print(f"{chosen.store}: the demo has not run there; say make demo, or name its store with --store")
        return
    splits = kept.release(config.id, months[-1], "jsonl_splits").local()
    train = [supervise(one, chat) for one in read_chats(splits / "train.jsonl")][-(chosen.examples or 96) :]
    valid = [supervise(one, chat) for one in read_chats(splits / "valid.jsonl")][:24]
    lora = config.lora.model_copy(update={"epochs": chosen.epochs or 1.0, "patience": None})
    settings = {
        "ours": lambda: ours(EMBEDDED, lora, chat, train, valid, scratch / "ours"),
        "ours, nothing shared": lambda: ours(
            EMBEDDED, lora.model_copy(update={"packing": "never"}), chat, train, valid, scratch / "apart"
        ),
        "TRL defaults": lambda: defaults(EMBEDDED, lora, chat, train, valid, scratch / "trl"),
        "TRL, without checkpointing": lambda: defaults(
            EMBEDDED, lora, chat, train, valid, scratch / "plain", activation_checkpointing=False
        ),
    }
    _report("demo client on a CPU", settings, train, lora.epochs, Shape.of(_config(EMBEDDED)))


def _shaped(chosen: Any, scratch: Path) -> None:
    base = scratch / "base"
    write_checkpoint(base, chosen.shape, shard_bytes=5 * 10**9)
    chat, shape = load_format(base), Shape.of(_config(base))
    train = random_examples(chosen.examples or 1500, shape.vocabulary)
    lora = Lora(epochs=chosen.epochs or 3.0, patience=None, checkpoint_steps=10**6)
    settings = {
        "ours": lambda: ours(base, lora, chat, train, [], scratch / "ours"),
        "TRL defaults": lambda: defaults(
            base, lora, chat, train, [], scratch / "trl", max_steps=chosen.default_steps
        ),
    }
    _report(f"{chosen.shape} shapes, random weights", settings, train, lora.epochs, shape)


def random_examples(count: int, vocabulary: int, *, seed: int = 0) -> list[Example]:
    """About 300 tokens each, the first 180 the same, the last fifth supervised: support chats with their policies."""
    rng = Random(seed)
    policies = [rng.randrange(vocabulary) for _ in range(180)]
    made = []
    for _ in range(count):
        length = max(240, round(rng.gauss(300, 60)))
        ids = policies + [rng.randrange(vocabulary) for _ in range(length - len(policies))]
        asked = round(length * 0.8)
        made.append(Example(ids, [IGNORED] * asked + ids[asked:], len(policies)))
    return made


def ours(
    base: Path, lora: Lora, chat: ChatFormat, train: Sequence[Example], valid: Sequence[Example], folder: Path
) -> dict[str, Any]:
    """This project's training, as a release runs it."""
    lengths, contexts = [len(one.ids) for one in train], [one.context for one in train]
    planned = plan(lora, Shape.of(_config(base)), lengths, Machine.here(), contexts=contexts)
    (folder / "out").mkdir(parents=True)
    done = fit(
        base, lora, planned, chat, Material(train, valid, []), folder, folder / "out", lambda line: None
    )
    losses = [
        row["valid_loss" if valid else "loss"]
        for row in done.log
        if ("valid_loss" if valid else "loss") in row
    ]
    order = order_of(train, planned, lora.seed)
    places = list(order)
    computed = sum(order.cost(places[at : at + planned.chats]) for at in range(0, len(places), planned.chats))
    return {
        "plan": str(planned),
        "seconds": done.seconds,
        "loss": losses[-1],
        "share": 1.0,
        "computed": computed / sum(lengths),
    }


def defaults(
    base: Path,
    lora: Lora,
    chat: ChatFormat,
    train: Sequence[Example],
    valid: Sequence[Example],
    folder: Path,
    *,
    max_steps: int = -1,
    **changes: Any,
) -> dict[str, Any]:
    """SFTTrainer with its own defaults, but for what makes the two comparable."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = chat.pad_token
    dtype = torch.bfloat16 if gpu else torch.float32
    settings = {
        "output_dir": str(folder),
        "per_device_train_batch_size": lora.batch_size,
        "learning_rate": lora.learning_rate,
        "num_train_epochs": lora.epochs,
        "lr_scheduler_type": lora.schedule,
        "warmup_steps": lora.warmup_share,
        "max_length": None,
        "max_steps": max_steps if gpu else -1,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not gpu,
        "seed": lora.seed,
    }
    if not gpu:  # SFTConfig's bf16 is a GPU's; on a CPU both run as this project's plan says
        settings["bf16"] = Machine.here().bfloat16
    trainer: Any = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=dtype),
        args=SFTConfig(**settings | changes),
        train_dataset=_dataset(Dataset, train),
        eval_dataset=_dataset(Dataset, valid) if valid else None,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    trainer.remove_callback(PrinterCallback)
    started = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started
    planned = -(-len(train) // lora.batch_size) * lora.epochs
    share = trainer.state.global_step / planned
    loss = (
        trainer.evaluate()["eval_loss"]
        if valid
        else [row["loss"] for row in trainer.state.log_history if "loss" in row][-1]
    )
    return {"plan": "SFTConfig()", "seconds": seconds, "loss": loss, "share": share}


def _dataset(kind: Any, examples: Sequence[Example]) -> Any:
    return kind.from_dict(
        {"input_ids": [one.ids for one in examples], "labels": [one.labels for one in examples]}
    )


def _report(
    what: str, settings: dict[str, Any], train: Sequence[Example], epochs: float, shape: Shape
) -> None:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    peak_flops = next((flops for name, flops in PEAK_FLOPS.items() if name in device), None)
    tokens, supervised = sum(len(one.ids) for one in train), sum(one.supervised for one in train)
    per_token: dict[str, float] = {}
    for name, run in settings.items():
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        found = run()
        seconds = found["seconds"] / max(found["share"], 1e-9)
        per_token[name] = seconds / (supervised * epochs)
        rate = tokens * epochs / seconds
        line = {
            "benchmark": "training",
            "what": what,
            "device": device,
            "setting": name,
            "plan": found["plan"],
            "examples": len(train),
            "epochs": epochs,
            "share_run": round(found["share"], 3),
            "seconds": round(seconds, 1),
            "us_per_supervised_token": round(1e6 * per_token[name], 1),
            "tokens_per_second": round(rate),
            "computed_tokens_share": round(found.get("computed", 1.0), 3),
            "mfu": round(
                rate * found.get("computed", 1.0) * shape.step_flops(1, recomputed=False) / peak_flops, 3
            )
            if peak_flops
            else None,
            "peak_mb": peak_bytes() >> 20,
            "loss": round(float(found["loss"]), 4),
        }
        print(json.dumps(line), flush=True)
    ratios = {name: round(per_token[name] / per_token["ours"], 2) for name in per_token if name != "ours"}
    print(json.dumps({"benchmark": "training", "what": what, "time_per_supervised_token_over_ours": ratios}))


def _config(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    main()
