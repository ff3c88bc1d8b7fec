"""Clients with something live, made without a training: tiny models in real artifact folders."""

import json
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from support_pipeline.artifacts import Recipe, Store, commit, product
from support_pipeline.clients import ClientConfig, ClientRegistry, load_client
from support_pipeline.model.base import load_format
from support_pipeline.model.gguf.convert import convert
from support_pipeline.serving.deployment import Deployment
from support_pipeline.serving.registering import go_live, registered, tested_deployment
from support_pipeline_tests.model.gguf import tiny

CONTEXT = 768
_CHAT = ("chat_template.jinja", "tokenizer.json", "tokenizer_config.json")


def write_client(root: Path, client: str, **serving: object) -> ClientConfig:
    """A client file with one policy."""
    (root / "clients").mkdir(exist_ok=True)
    content = {
        "id": client,
        "brand": client.title(),
        "sources": [{"vendor": "zendesk", "path": "x"}],
        "policies": [
            {"topic": "returns", "statement": "Items go back within {value}.", "value": 30, "unit": "days"}
        ],
        "evaluation": {"max_answer_tokens": 40},
        "serving": {"context_tokens": CONTEXT, **serving},
    }
    path = root / "clients" / f"{client}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_client(path)


def registry(root: Path) -> ClientRegistry:
    return ClientRegistry(root / "clients")


def release(
    store: Store,
    config: ClientConfig,
    as_of: str,
    checkpoint: Path,
    *,
    adapter: Path | None = None,
    base: str = "",
) -> Deployment:
    """A release live for a client: `checkpoint` merged, or a LoRA (`adapter`) on it as the shared `base`."""
    scratch = Path(store.root.path) / "scratch" / f"{config.id}-{as_of}"
    gguf, lora = scratch / "gguf", scratch / "lora"
    for folder in (gguf, lora):
        folder.mkdir(parents=True)
    for name in _CHAT:
        shutil.copy(checkpoint / name, lora / name)
    for file in adapter.iterdir() if adapter else ():
        if file.name not in _CHAT and file.is_file():
            shutil.copy(file, lora / file.name)
    (lora / "whose.json").write_text(json.dumps([config.id, as_of]), encoding="utf-8")
    shutil.copy(_converted(checkpoint), gguf / "model.gguf")
    recipe = Recipe({}, {"as_of": as_of}, "1")
    trained = commit(store.release(config.id, as_of, "lora_adapter"), lora, recipe, product(), 0)
    made = commit(store.release(config.id, as_of, "gguf_artifact"), gguf, recipe, product(), 0)
    deployment = Deployment(
        client=config.id,
        as_of=as_of,
        version=f"{config.id}:{as_of}-{made.fingerprint[:12]}",
        fingerprint=made.fingerprint,
        gguf="model.gguf",
        quantisation="F16",
        template_sha256=load_format(checkpoint).sha256,
        route_ceiling="approve",
        adapter=trained.fingerprint,
        engine=config.serving.engine,
        shared_base=base,
    )
    folder = store.release(config.id, as_of, "lora_adapter").local()
    ready = registered(store, config, deployment, checkpoint, folder, lambda _: None)
    tested = tested_deployment(store, config, ready, scratch / "log")
    failed = {name: check for name, check in tested.checks.items() if not check.passed}
    assert not failed, failed
    live = ready.model_copy(update={"canaries": tested.canaries})
    go_live(store, config, live)
    return live


@lru_cache
def _converted(checkpoint: Path) -> Path:
    return convert(checkpoint, checkpoint.parent / f"{checkpoint.name}.converted.gguf")


def random_adapter(checkpoint: Path, folder: Path, seed: int) -> Path:
    """A LoRA of random numbers, strong enough that its client answers like no other."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    hidden, feed, rank = config["hidden_size"], config["intermediate_size"], 4
    draw = np.random.default_rng(seed)
    tensors = {}
    for layer in range(config["num_hidden_layers"]):
        for name, rows, columns in (("gate_proj", hidden, feed), ("down_proj", feed, hidden)):
            at = f"base_model.model.model.layers.{layer}.mlp.{name}"
            tensors[f"{at}.lora_A.weight"] = draw.normal(0, 0.3, (rank, rows)).astype("float32")
            tensors[f"{at}.lora_B.weight"] = draw.normal(0, 0.3, (columns, rank)).astype("float32")
    save_file(tensors, folder / "adapter_model.safetensors")
    settings = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": 8,
        "target_modules": ["gate_proj", "down_proj"],
        "bias": "none",
    }
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def questions(count: int) -> Sequence[str]:
    return [f"{list(tiny.LESSONS)[i % 4]} {i // 4 or ''}".strip() for i in range(count)]
