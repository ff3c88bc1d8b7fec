"""Makes the tiny base model from nothing: `python -m support_pipeline.demo.base_training --out DIR`.

It learns only from text that `base_corpus` generates, so it can be remade by anyone, offline, from
a seed and a number of steps. Each step is one batch of whole chats of about `--batch-tokens`
tokens, and only what the assistant says counts for the loss. There are two courses: the first teaches to read policies, with
few words; the second, which starts from what the first one saved, has many agents' wordings, so that an adapter for one client's
wording has little to undo. It reads a little worse than before, so the weights that are kept are a mean of both. `--first DIR`
takes a finished first course. What belongs here is the run; the
tokenizer is in `base_tokenizer`, the start weights in `base_circuit`, the figures in `base_probe`.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeAlias

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy, linear
from torch.optim import Optimizer
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from support_pipeline.demo import base_probe
from support_pipeline.demo.base_circuit import build_model
from support_pipeline.demo.base_corpus.conversations import (
    FULL,
    MANY_VOICES,
    PLAINEST,
    Chat,
    Difficulty,
    Turn,
    make_chat,
)
from support_pipeline.demo.base_corpus.drills import make_drill, make_naming
from support_pipeline.demo.base_forward import hidden_states
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
WARMUP = 50
DRILLS = (0.10, 0.25)
NAMING = 0.30
VALUE_WEIGHT = 3.0
POOL_BATCHES = 24
GLANCE = 60
GLANCE_EVERY = 1000
REPORT_EVERY = 100
CHECKPOINT_EVERY = 250
EXPECTED_TOKENS_PER_SECOND = 10_000


@dataclass(frozen=True)
class Settings:
    """Everything that decides what the run makes; equal settings on one machine give equal weights.

    Of the steps, the last `decay` lower the learning rate; the lessons are the first ones up to
    `first_lessons`, then grow harder up to `curriculum`. `many_voices` marks the second course, of `voice_steps` steps, whose answers come in many wordings;
    its weights count for `voice_share` in the end, those of the first course for the rest.
    """

    steps: int = 5000
    decay: int = 1500
    first_lessons: int = 150
    curriculum: int = 1800
    many_voices: bool = False
    voice_steps: int = 8000
    voice_share: float = 0.7
    seed: int = 20
    batch_tokens: int = 3072
    tokenizer_chats: int = 6000
    vocabulary: int = VOCABULARY_SIZE
    hidden: int = 256
    feed_forward: int = 512
    layers: int = 3
    heads: int = 4
    groups: int = 2
    max_positions: int = 4096

    def second_course(self) -> "Settings":
        """The course that goes on from a finished first one."""
        steps = self.voice_steps
        return replace(
            self,
            many_voices=True,
            steps=steps,
            decay=steps * 2 // 3,
            first_lessons=0,
            curriculum=0,
            seed=self.seed + 1,
        )

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
    """What a finished run can say about itself; costs are those of the courses that it ran itself."""

    settings: Settings
    courses: int
    tokens: int
    minutes: float
    cpu_minutes: float
    probe: dict[str, float | int]
    seen: dict[str, float | int]


def difficulty_at(step: int, settings: Settings) -> Difficulty:
    """Few policies, bare questions and one answer a topic at first; by and by the full range."""
    if settings.many_voices:
        return MANY_VOICES
    span = max(1, settings.curriculum - settings.first_lessons)
    level = min(1.0, max(0, step - settings.first_lessons) / span)

    def between(first: float, last: float) -> float:
        return first + level * (last - first)

    most = round(between(3, FULL.facts[1]))
    return Difficulty(
        facts=(min(most, round(between(2, FULL.facts[0]))), most),
        turns=FULL.turns if level == 1.0 else PLAINEST.turns,
        usual=between(PLAINEST.usual, FULL.usual),
        dressed=between(PLAINEST.dressed, FULL.dressed),
    )


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


def _lesson(step: int, settings: Settings, rng: Random) -> Chat:
    """First only short lessons, copying and naming what a sentence is about; they stay as a minority."""
    early = step < settings.first_lessons
    drawn = rng.random()
    if drawn < DRILLS[early]:
        return make_drill(rng)
    if early or drawn < DRILLS[early] + NAMING:
        return make_naming(rng)
    return make_chat(rng, difficulty_at(step, settings))


Batch: TypeAlias = list[Example]


def make_pool(settings: Settings, tokenizer: Tokenizer, index: int, step: int) -> list[Batch]:
    """The batches of one pool of chats, which starts at `step`: chats of like length stay together.

    A batch holds at most `batch_tokens` tokens, padding included. The order of batches is random.
    """
    rng = Random(f"batches {settings.seed} {index}")
    examples, gathered = [], 0
    while gathered < POOL_BATCHES * settings.batch_tokens:
        examples.append(encode(_lesson(step, settings, rng), tokenizer))
        gathered += len(examples[-1].ids)
    cut: list[Batch] = [[]]
    for example in sorted(examples, key=lambda example: len(example.ids)):
        if (len(cut[-1]) + 1) * len(example.ids) > settings.batch_tokens and cut[-1]:
            cut.append([])
        cut[-1].append(example)
    rng.shuffle(cut)
    return cut


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
    states = hidden_states(model, ids)[:, :-1][wanted]
    logits = linear(states, model.lm_head.weight.bfloat16())
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


def rate_at(step: int, settings: Settings) -> float:
    """Share of the full learning rate: a short rise, a level stretch, a linear fall to nothing.

    All but the fall is the same whatever the number of steps, so that a checkpoint of the level
    stretch serves a run of any length (Hu et al. 2024, arXiv 2404.06395).
    """
    fall = (settings.steps - step) / max(1, settings.decay)
    return min(1.0, (step + 1) / WARMUP, fall)


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
    """Where a run is, and what it has cost so far; `losses` are those since the last report."""

    step: int = 0
    pools: int = 0
    tokens: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    losses: list[float] = field(default_factory=list)


def train(
    model: LlamaForCausalLM, tokenizer: Tokenizer, settings: Settings, checkpoints: Path | None = None
) -> Progress:
    """Runs all steps that are left and returns what they cost.

    With `checkpoints`, a folder, the level stretch is saved there from time to time, and the newest
    state of an earlier run with equal settings (but for the number of steps and of those that decay) is taken up.
    """
    optimizers = make_optimizers(model)
    progress = _take_up(checkpoints, model, optimizers, settings) if checkpoints else Progress()
    model.train()
    saved = progress.step
    while progress.step < settings.steps:
        pool = make_pool(settings, tokenizer, progress.pools, progress.step)
        for batch in pool[: settings.steps - progress.step]:
            _advance(model, tokenizer, optimizers, batch, settings, progress)
        progress.pools += 1
        level = progress.step <= settings.steps - settings.decay
        if checkpoints and level and progress.step - saved >= CHECKPOINT_EVERY:
            _put_down(checkpoints, model, optimizers, settings, progress)
            saved = progress.step
    return progress


def _advance(
    model: LlamaForCausalLM,
    tokenizer: Tokenizer,
    optimizers: Sequence[Optimizer],
    batch: Batch,
    settings: Settings,
    progress: Progress,
) -> None:
    started, cpu_started = time.monotonic(), time.process_time()
    progress.losses.append(_take_step(model, optimizers, batch, rate_at(progress.step, settings)))
    progress.tokens += sum(len(example.ids) for example in batch)
    progress.step += 1
    progress.seconds += time.monotonic() - started
    progress.cpu_seconds += time.process_time() - cpu_started
    if progress.step % REPORT_EVERY == 0 or progress.step == settings.steps:
        _report(settings, progress)
    if progress.step % GLANCE_EVERY == 0:
        print(f"  probe, held-out phrasings: {json.dumps(_glance(model, tokenizer, settings))}", flush=True)


def _identity(settings: Settings) -> dict[str, int]:
    """What the level stretch depends on: not how long it is, nor what is made of it."""
    later = {"steps", "decay", "voice_steps", "voice_share"}
    return {name: value for name, value in asdict(settings).items() if name not in later}


def _put_down(
    folder: Path,
    model: LlamaForCausalLM,
    optimizers: Sequence[Optimizer],
    settings: Settings,
    progress: Progress,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "settings": _identity(settings),
        "progress": asdict(progress),
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    unfinished = folder / "unfinished"
    torch.save(state, unfinished)
    unfinished.replace(folder / f"step-{progress.step:06}.pt")


def _take_up(
    folder: Path, model: LlamaForCausalLM, optimizers: Sequence[Optimizer], settings: Settings
) -> Progress:
    """The newest state that a run of this many steps would have passed; else the beginning."""
    for path in sorted(folder.glob("step-*.pt"), reverse=True):
        state = torch.load(path, weights_only=True)
        progress = Progress(**state["progress"])
        if state["settings"] != _identity(settings) or progress.step > settings.steps - settings.decay:
            continue
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        print(f"goes on from {path}", flush=True)
        return progress
    return Progress()


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


def _report(settings: Settings, progress: Progress) -> None:
    """Prints where the run is."""
    mean = sum(progress.losses) / len(progress.losses)
    left = progress.seconds / progress.step * (settings.steps - progress.step)
    print(
        f"step {progress.step}/{settings.steps}  loss {mean:.3f}  "
        f"{progress.tokens / progress.seconds:,.0f} tokens/s  {left / 60:.1f} min left",
        flush=True,
    )
    if progress.step < settings.steps:
        progress.losses.clear()


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
--decay {outcome.settings.decay} --voice-steps {outcome.settings.voice_steps} --seed {outcome.settings.seed}`, in two courses. \
{"Both" if outcome.courses == 2 else "The last one"}: {outcome.tokens:,} tokens in {outcome.cpu_minutes:.0f} minutes of \
CPU time ({outcome.minutes:.0f} minutes on the clock) on a {os.cpu_count()}-core {platform.machine()} machine, {torch.get_num_threads()} threads.

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


def run(
    settings: Settings,
    folder: Path,
    probe_questions: int,
    checkpoints: Path | None = None,
    first: Path | None = None,
) -> Outcome:
    """Tokenizer and start weights, both courses, files and probe, in this order.

    The second course starts from the files of the first one, which are those in `first` or else made here.
    """
    spent = []
    if first is None:
        tokenizer = learn_tokenizer(settings)
        model = build_model(settings.model_config(tokenizer), settings.seed)
        spent.append(train(model, tokenizer, settings, checkpoints))
        save(model, tokenizer, settings, folder)
    if settings.voice_steps:
        model, tokenizer = load_course(first or folder)
        spent.append(train(model, tokenizer, settings.second_course(), checkpoints))
        with TemporaryDirectory() as second:
            save(model, tokenizer, settings, Path(second))
            model = blend(first or folder, Path(second), settings.voice_share)
        save(model, tokenizer, settings, folder)
    written, reader = base_probe.load(folder)
    figures = [base_probe.probe(written, reader, probe_questions, 0, held_out) for held_out in (True, False)]
    outcome = Outcome(
        settings,
        courses=len(spent),
        tokens=sum(part.tokens for part in spent),
        minutes=sum(part.seconds for part in spent) / 60,
        cpu_minutes=sum(part.cpu_seconds for part in spent) / 60,
        probe=figures[0],
        seen=figures[1],
    )
    (folder / "README.md").write_text(readme(outcome), encoding="utf-8")
    return outcome


def load_course(folder: Path) -> tuple[LlamaForCausalLM, Tokenizer]:
    """The model of a finished course, in fp32, and its tokenizer."""
    model = LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


def blend(first: Path, second: Path, share: float) -> LlamaForCausalLM:
    """The mean of two courses' weights, `share` of it the second's, as their files hold them.

    Between the two lie weights that have what the second learnt and lose less of the first (Wortsman et al. 2022,
    arXiv 2109.01903).
    """
    (before, _), (after, _) = load_course(first), load_course(second)
    with torch.no_grad():
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            new.copy_((1 - share) * old + share * new)
    return after


def main(arguments: Sequence[str] | None = None) -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the model's files")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--decay", type=int, default=defaults.decay)
    parser.add_argument("--voice-steps", type=int, default=defaults.voice_steps, help="of the second course")
    parser.add_argument("--first", type=Path, help="a finished first course (--voice-steps 0), to go on from")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--batch-tokens", type=int, default=defaults.batch_tokens)
    parser.add_argument(
        "--checkpoints", type=Path, help="folder for the run's states; one that is stopped goes on from there"
    )
    parser.add_argument("--threads", type=int, default=2, help="another number rounds differently")
    parser.add_argument("--probe-questions", type=int, default=400)
    options = parser.parse_args(arguments)
    if options.first and not options.voice_steps:
        parser.error("--first is a finished first course, and --voice-steps 0 leaves out the second")
    torch.set_num_threads(options.threads)
    settings = Settings(
        options.steps,
        options.decay,
        seed=options.seed,
        batch_tokens=options.batch_tokens,
        voice_steps=options.voice_steps,
    )
    steps = settings.voice_steps + (0 if options.first else settings.steps)
    minutes = steps * settings.batch_tokens / EXPECTED_TOKENS_PER_SECOND / 60
    print(
        f"{steps} steps of {settings.batch_tokens} tokens: about {minutes:.0f} min on two quiet cores",
        flush=True,
    )
    outcome = run(settings, options.out, options.probe_questions, options.checkpoints, options.first)
    print(json.dumps({"held_out": outcome.probe, "seen": outcome.seen, "minutes": round(outcome.minutes, 1)}))


if __name__ == "__main__":
    main()
