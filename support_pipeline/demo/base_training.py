"""Makes the tiny base model from nothing: `python -m support_pipeline.demo.base_training --out DIR`.

It learns only from text that `base_corpus` generates, so it can be remade by anyone, offline, from
a seed and a number of steps. Each step is one batch of whole chats of about `--batch-tokens`
tokens, and only what the assistant says counts for the loss. What belongs here is the run; the
tokenizer is in `base_tokenizer`, the start weights in `base_circuit`, the figures in `base_probe`.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from support_pipeline.demo import base_probe
from support_pipeline.demo.base_circuit import build_model
from support_pipeline.demo.base_corpus.conversations import FULL, PLAINEST, Chat, Difficulty, Turn, make_chat
from support_pipeline.demo.base_corpus.drills import make_drill, make_naming
from support_pipeline.demo.base_tokenizer import (
    BOS,
    CHAT_TEMPLATE,
    EOS,
    PAD,
    VOCABULARY_SIZE,
    save_tokenizer,
    supervised_positions,
    train_tokenizer,
    wrap_tokenizer,
)  # fmt: skip
from support_pipeline.model.prompt import render

MUON_RATE, ADAMW_RATE = 6e-3, 1.5e-3
WARMUP, DECAY = 0.01, 0.65
CURRICULUM = 0.45
PLAIN = 0.4
FIRST_LESSONS = 0.12
DRILLS = (0.10, 0.25)
NAMING = 0.30
VALUE_WEIGHT = 3.0
POOL_BATCHES = 24
GLANCE = 60
REPORT_EVERY = 100
EXPECTED_TOKENS_PER_SECOND = 6_000


@dataclass(frozen=True)
class Settings:
    """Everything that decides what the run makes; equal settings on one machine give equal weights."""

    steps: int = 3000
    seed: int = 20
    batch_tokens: int = 2048
    tokenizer_chats: int = 6000
    vocabulary: int = VOCABULARY_SIZE
    hidden: int = 256
    feed_forward: int = 512
    layers: int = 3
    heads: int = 4
    groups: int = 2
    max_positions: int = 4096

    def model_config(self, tokenizer: Tokenizer) -> LlamaConfig:
        """Llama's architecture at this size, with the tokenizer's special ids."""
        return LlamaConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=self.hidden,
            intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.groups,
            max_position_embeddings=self.max_positions,
            rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
            tie_word_embeddings=True,
            rms_norm_eps=1e-5,
            bos_token_id=tokenizer.token_to_id(BOS),
            eos_token_id=tokenizer.token_to_id(EOS),
            pad_token_id=tokenizer.token_to_id(PAD),
            use_cache=True,
        )


@dataclass(frozen=True)
class Example:
    """A chat as token ids; a token's weight in the loss is zero unless the assistant wrote it."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True)
class Outcome:
    """What a finished run can say about itself."""

    settings: Settings
    tokens: int
    minutes: float
    cpu_minutes: float
    loss: float
    probe: dict[str, float | int]
    seen: dict[str, float | int]


def difficulty_at(progress: float) -> Difficulty:
    """Few policies, bare questions and one answer a topic at first; the full range after the curriculum."""
    level = min(1.0, max(0.0, progress - FIRST_LESSONS) / (CURRICULUM - FIRST_LESSONS))
    most = 3 + round(13 * level)
    least = min(most, 2 + round(3 * level))
    if level < PLAIN:
        return replace(PLAINEST, facts=(least, most))
    return replace(FULL, facts=(least, most))


def render_chat(chat: Chat) -> str:
    return render(chat.messages(), CHAT_TEMPLATE, bos_token=BOS, eos_token=EOS)


def value_spans(chat: Chat, text: str) -> list[tuple[int, int]]:
    """Where in the rendered chat its answers state the values that they had to read."""
    spans, at = [], 0
    for turn in chat.turns:
        start = text.index(turn.answer.strip(), at)
        at = start + len(turn.answer.strip())
        found = [(text.find(value, start, at), len(value)) for value in turn.values]
        spans += [(first, first + length) for first, length in found if first >= 0]
    return spans


def encode(chat: Chat, tokenizer: Tokenizer) -> Example:
    """Token ids and loss weights: what was read from the policies counts several times."""
    text = render_chat(chat)
    encoded = tokenizer.encode(text, add_special_tokens=False)
    weights = [float(wanted) for wanted in supervised_positions(encoded.ids, tokenizer)]
    for first, last in value_spans(chat, text):
        for at, (start, end) in enumerate(encoded.offsets):
            if start < last and end > first:
                weights[at] *= VALUE_WEIGHT
    return Example(encoded.ids, weights)


def _lesson(progress: float, rng: Random) -> Chat:
    """First only short lessons, copying and naming what a sentence is about; they stay as a minority."""
    early = progress < FIRST_LESSONS
    drawn = rng.random()
    if drawn < DRILLS[early]:
        return make_drill(rng)
    if early or drawn < DRILLS[early] + NAMING:
        return make_naming(rng)
    return make_chat(rng, difficulty_at(progress))


def _pool(progress: float, rng: Random, tokenizer: Tokenizer, tokens: int) -> list[Example]:
    examples, gathered = [], 0
    while gathered < tokens:
        chat = _lesson(progress, rng)
        examples.append(encode(chat, tokenizer))
        gathered += len(examples[-1].ids)
    return sorted(examples, key=lambda example: len(example.ids))


def batches(settings: Settings, tokenizer: Tokenizer) -> Iterator[list[Example]]:
    """Batches of chats of like length, padded tokens included in the budget."""
    rng, step = Random(f"batches {settings.seed}"), 0
    while True:
        cut: list[list[Example]] = [[]]
        for example in _pool(step / settings.steps, rng, tokenizer, POOL_BATCHES * settings.batch_tokens):
            if (len(cut[-1]) + 1) * len(example.ids) > settings.batch_tokens and cut[-1]:
                cut.append([])
            cut[-1].append(example)
        rng.shuffle(cut)
        yield from cut
        step += len(cut)


def loss_of(model: LlamaForCausalLM, batch: Sequence[Example]) -> Tensor:
    """Weighted mean loss over the assistant's tokens.

    Chats are padded on the right and attention is causal, so no padding mask is needed: what
    follows a chat cannot be seen from inside it.
    """
    width = max(len(example.ids) for example in batch)
    pad = model.config.pad_token_id
    ids = torch.tensor([example.ids + [pad] * (width - len(example.ids)) for example in batch])
    weights = torch.tensor([example.weights + [0.0] * (width - len(example.ids)) for example in batch])[:, 1:]
    wanted = weights > 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = model.model(input_ids=ids, use_cache=False).last_hidden_state
        logits = model.lm_head(states[:, :-1][wanted])
    losses = cross_entropy(logits.float(), ids[:, 1:][wanted], reduction="none")
    return (losses * weights[wanted]).sum() / weights.sum()


def make_optimizers(model: LlamaForCausalLM) -> list[Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "layers" in name]
    rest = [p for name, p in model.named_parameters() if not (p.ndim == 2 and "layers" in name)]
    muon = torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original")
    adamw = torch.optim.AdamW(rest, lr=ADAMW_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    for optimizer in (muon, adamw):
        optimizer.param_groups[0]["full_lr"] = optimizer.param_groups[0]["lr"]
    return [muon, adamw]


def rate_at(step: int, steps: int) -> float:
    """Share of the full learning rate: a short rise, a level stretch, a linear fall to nothing."""
    progress = (step + 1) / steps
    return min(1.0, progress / WARMUP, (1.0 - step / steps) / DECAY)


def learn_tokenizer(settings: Settings) -> Tokenizer:
    rng = Random(f"tokenizer {settings.seed}")
    texts = [f"{chat.system}\n{turn.question}\n{turn.answer}" for chat, turn in _sample(rng, settings)]
    return train_tokenizer(texts, settings.vocabulary)


def _sample(rng: Random, settings: Settings) -> Iterator[tuple[Chat, Turn]]:
    for _ in range(settings.tokenizer_chats):
        chat = make_chat(rng, Difficulty(facts=(3, 8), turns=(2,)))
        yield from ((chat, turn) for turn in chat.turns)


@dataclass
class Progress:
    """What a run counts while it goes on; `losses` are those since the last report."""

    tokens: int
    started: float
    losses: list[float]


def train(
    model: LlamaForCausalLM, tokenizer: Tokenizer, settings: Settings, glances: int = 5
) -> tuple[int, float]:
    """Runs all steps; returns the tokens seen and the mean loss since the last report.

    `glances` is how often the run stops to ask the probe a few questions.
    """
    optimizers = make_optimizers(model)
    progress = Progress(0, time.monotonic(), [])
    model.train()
    last = 0.0
    for step, batch in zip(range(settings.steps), batches(settings, tokenizer), strict=False):
        progress.losses.append(_take_step(model, optimizers, batch, rate_at(step, settings.steps)))
        progress.tokens += sum(len(example.ids) for example in batch)
        done = step + 1
        if done % REPORT_EVERY == 0 or done == settings.steps:
            last = _report(done, settings, progress)
        if glances and done % max(1, settings.steps // glances) == 0:
            print(
                f"  probe, held-out phrasings: {json.dumps(_glance(model, tokenizer, settings))}", flush=True
            )
    return progress.tokens, last


def _take_step(
    model: LlamaForCausalLM, optimizers: Sequence[Optimizer], batch: Sequence[Example], rate: float
) -> float:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group["full_lr"]
    loss = loss_of(model, batch)
    loss.backward()  # type: ignore[no-untyped-call]  # torch ships no annotation for it
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.item()


def _glance(model: LlamaForCausalLM, tokenizer: Tokenizer, settings: Settings) -> dict[str, float | int]:
    """The probe on a few questions, between two steps."""
    model.train(False)
    figures = base_probe.probe(model, wrap_tokenizer(tokenizer, settings.max_positions), GLANCE, seed=1)
    model.train()
    return figures


def _report(done: int, settings: Settings, progress: Progress) -> float:
    """Prints where the run is; returns the mean loss since the last report."""
    seconds = time.monotonic() - progress.started
    mean = sum(progress.losses) / len(progress.losses)
    left = seconds / done * (settings.steps - done)
    print(
        f"step {done}/{settings.steps}  loss {mean:.3f}  "
        f"{progress.tokens / seconds:,.0f} tokens/s  {left / 60:.1f} min left",
        flush=True,
    )
    progress.losses.clear()
    return mean


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, settings: Settings, folder: Path) -> None:
    """All files that `from_pretrained` and the GGUF converter need; weights in bf16."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]  # transformers leaves it unannotated
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        do_sample=False,
        max_new_tokens=base_probe.NEW_TOKENS,
    )
    model.bfloat16().save_pretrained(folder)
    save_tokenizer(tokenizer, folder, settings.max_positions)


def readme(outcome: Outcome) -> str:
    """The model's own page: what it is, what it learnt from, what was measured."""
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {outcome.probe[name]} | {outcome.seen.get(name, '')} |"
        for name in outcome.probe
    )
    return f"""\
# The tiny base model

A Llama-architecture model of 2.3 million parameters (hidden {outcome.settings.hidden}, \
{outcome.settings.layers} layers, vocabulary {outcome.settings.vocabulary}), trained from nothing \
on text that this project generates: support chats of invented shops with random policies \
(`support_pipeline/demo/base_corpus`). It has seen no real ticket, person or shop, and no other text \
of any kind. It exists so that the whole pipeline can run offline on a laptop; it is no general \
language model, and outside such chats its answers mean nothing.

Made by `python -m support_pipeline.demo.base_training --out DIR --steps {outcome.settings.steps} \
--seed {outcome.settings.seed}`: {outcome.tokens:,} tokens in {outcome.cpu_minutes:.0f} minutes of \
CPU time ({outcome.minutes:.0f} minutes on the clock) on a {os.cpu_count()}-core {platform.machine()} machine, one thread.

## Measured (`python -m support_pipeline.demo.base_probe`)

Questions to shops that it never saw. "Held out": policy sentences and questions in phrasings kept \
from training. "Seen": phrasings that training has too. Shares of right answers; `invented` is the \
share of answers with a number or placeholder that the prompt does not have, `escalation right` the \
share of right decisions to hand over or not, `judged` a yes/no question whose policy value must be \
named, `judged side` the same with the right yes or no.

| | held out | seen |
|---|---|---|
{rows}

Settings: `{json.dumps(asdict(outcome.settings))}`.
License: that of the project. Text and weights are synthetic.
"""


def run(settings: Settings, folder: Path, probe_questions: int) -> Outcome:
    """Tokenizer, start weights, training, files and probe, in this order."""
    tokenizer = learn_tokenizer(settings)
    model = build_model(settings.model_config(tokenizer), settings.seed)
    started, cpu_started = time.monotonic(), time.process_time()
    tokens, loss = train(model, tokenizer, settings)
    minutes, cpu_minutes = (time.monotonic() - started) / 60, (time.process_time() - cpu_started) / 60
    save(model, tokenizer, settings, folder)
    written, reader = base_probe.load(folder)
    figures = [base_probe.probe(written, reader, probe_questions, 0, held_out) for held_out in (True, False)]
    outcome = Outcome(settings, tokens, minutes, cpu_minutes, loss, *figures)
    (folder / "README.md").write_text(readme(outcome), encoding="utf-8")
    return outcome


def main(arguments: Sequence[str] | None = None) -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the model's files")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--batch-tokens", type=int, default=defaults.batch_tokens)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--probe-questions", type=int, default=400)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    settings = Settings(steps=options.steps, seed=options.seed, batch_tokens=options.batch_tokens)
    minutes = settings.steps * settings.batch_tokens / EXPECTED_TOKENS_PER_SECOND / 60
    print(
        f"{settings.steps} steps of {settings.batch_tokens} tokens: about {minutes:.0f} min on one CPU core",
        flush=True,
    )
    outcome = run(settings, options.out, options.probe_questions)
    print(json.dumps({"held_out": outcome.probe, "seen": outcome.seen, "minutes": round(outcome.minutes, 1)}))


if __name__ == "__main__":
    main()
