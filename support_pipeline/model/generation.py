"""Greedy answers for many prompts: batched by length, what they share read once, each kept as it comes.

A client's prompts all begin with the same system message, which is most of their tokens. It is read
once a batch and its keys and values are shared; a row leaves its batch as soon as it has ended.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from support_pipeline.errors import ModelError
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.beginnings import by_beginning
from support_pipeline.model.gguf.merge import without_peft_deprecation

GenerativeModel = Any
"""A transformers causal model, or a PEFT model around one; both are untyped where it matters here."""

BATCH_SIZE = 32
SHORTEST_PREFIX = 32
"""Fewer shared tokens than this are not worth a pass of their own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `stopped` is False when it was still talking at `max_tokens`."""

    text: str
    ids: tuple[int, ...]
    stopped: bool
    mean_logprob: float


class AnswerLog:
    """Answers on disk as they come, so that a killed run goes on where it was.

    A file of JSON lines, one an answer, found again by the digest of its prompt; whoever names the file
    keeps one for each model and each limit of tokens. A line that a kill cut in two is written anew.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._known = dict(_read_log(file)) if file is not None and file.is_file() else {}

    def get(self, prompt: str) -> Answer | None:
        """The answer to a prompt, if it is known."""
        return self._known.get(_digest(prompt))

    def add(self, answers: Sequence[tuple[str, Answer]]) -> None:
        """Appends answers; they are on disk when this returns."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"prompt": _digest(prompt), **asdict(answer)}) for prompt, answer in answers]
        with self.file.open("a", encoding="utf-8") as stream:
            # A line that was cut short must not swallow the next one.
            stream.write("\n" + "\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def _digest(prompt: str) -> str:
    return sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()


def _read_log(file: Path) -> Iterator[tuple[str, Answer]]:
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            yield row.pop("prompt"), Answer(**{**row, "ids": tuple(row["ids"])})
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def load_adapted(base: Path, adapter: Path | None) -> GenerativeModel:
    """The base model, with a LoRA adapter on it when one is named, ready for generation; on the GPU if there is one."""
    import torch

    from support_pipeline.model.adapter import load_base

    model: Any = load_base(base)
    if adapter is not None:
        from peft import PeftModel

        with without_peft_deprecation():
            model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    return model.to("cuda") if torch.cuda.is_available() else model


def generate(
    model: GenerativeModel,
    chat: ChatFormat,
    prompts: Sequence[str],
    *,
    max_tokens: int,
    batch_size: int = BATCH_SIZE,
    done: Callable[[int], None] = lambda count: None,
    log: AnswerLog | None = None,
) -> list[Answer]:
    """Greedy answers to rendered prompts, in their order. `done` hears how many are finished.

    What `log` knows is not asked again, and what is new is added to it batch by batch.

    Raises:
        ModelError: the model's logits are not numbers.
    """
    log = log or AnswerLog(None)
    answers = {i: known for i, prompt in enumerate(prompts) if (known := log.get(prompt))}
    if answers:
        done(len(answers))
    ids = {i: chat.ids(prompt) for i, prompt in enumerate(prompts)}
    for batch in batches(ids, batch_size):
        # Batches are the same with and without a log, so a run that goes on says what one run would.
        if all(i in answers for i in batch.rows):
            continue
        found = _generate_batch(model, chat, batch, [ids[i] for i in batch.rows], max_tokens)
        answers |= dict(zip(batch.rows, found, strict=True))
        log.add([(prompts[i], answer) for i, answer in zip(batch.rows, found, strict=True)])
        done(len(answers))
    return [answers[i] for i in range(len(prompts))]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are answered at once. `prefixes` are the token ids that some of them begin with, `prefix_of` whose is whose."""

    rows: tuple[int, ...]
    prefixes: tuple[tuple[int, ...], ...]
    prefix_of: tuple[int, ...]


def batches(ids: dict[int, list[int]], batch_size: int) -> Iterator[Batch]:
    """Prompts in batches: those that begin alike together, within these the ones of like length."""
    groups = _alike(ids)
    ordered = [
        (i, group) for group, (_, rows) in enumerate(groups) for i in sorted(rows, key=lambda i: len(ids[i]))
    ]
    for start in range(0, len(ordered), batch_size):
        part = ordered[start : start + batch_size]
        used = sorted({group for _, group in part})
        yield Batch(
            tuple(i for i, _ in part),
            tuple(groups[group][0] for group in used),
            tuple(used.index(group) for _, group in part),
        )


def _alike(ids: dict[int, list[int]]) -> list[tuple[tuple[int, ...], list[int]]]:
    """Groups of prompts with what they begin with.

    A prompt joins the group before it unless that would shorten the group's prefix by more tokens, in
    all, than the prompt itself saves. The last token is never shared: it is read to begin the answer.
    """
    places = list(ids)
    found = by_beginning(
        [ids[i][:-1] for i in places],
        least=SHORTEST_PREFIX,
        worth=lambda common, length, members: common * members >= length * (members - 1),
    )
    # A prompt alone shares nothing: it is read in one pass.
    return [
        (tuple(ids[places[group[0]]][:length]) if len(group) > 1 else (), [places[at] for at in group])
        for length, group in found
    ]


def _generate_batch(
    model: GenerativeModel, chat: ChatFormat, batch: Batch, ids: Sequence[Sequence[int]], max_tokens: int
) -> list[Answer]:
    import torch

    end = chat.id_of(chat.eos_token)
    pad = chat.id_of(chat.pad_token) if chat.pad_token else end
    tokens: list[list[int]] = [[] for _ in ids]
    logprobs: list[list[float]] = [[] for _ in ids]
    with torch.inference_mode():
        reading = _Reading(model, pad)
        reading.prefixes(batch.prefixes, batch.prefix_of)
        logits = reading.read(
            [row[len(batch.prefixes[p]) :] for row, p in zip(ids, batch.prefix_of, strict=True)]
        )
        running = list(range(len(ids)))
        for _ in range(max_tokens):
            chosen, sure = _most_likely(logits)
            for row, token, logprob in zip(running, chosen, sure, strict=True):
                tokens[row].append(token)
                logprobs[row].append(logprob)
            going = [place for place, token in enumerate(chosen) if token != end]
            if not going or len(tokens[running[going[0]]]) == max_tokens:
                break
            if len(going) < len(running):
                reading.keep(going)
                running = [running[place] for place in going]
            logits = reading.read([[tokens[row][-1]] for row in running])
    return [_answer(row, values, end, chat) for row, values in zip(tokens, logprobs, strict=True)]


class _Reading:
    """A batch that a model has read so far: its keys and values, and which places are padding."""

    def __init__(self, model: GenerativeModel, pad: int) -> None:
        self._model, self._pad = model, pad
        self._cache: Any = None
        self._mask: Any = None

    def prefixes(self, prefixes: Sequence[Sequence[int]], prefix_of: Sequence[int]) -> None:
        """Reads what rows begin with, once each, and gives every row its own."""
        if any(prefixes):
            self.read(prefixes)
            self.keep(prefix_of)

    def keep(self, rows: Sequence[int]) -> None:
        """Leaves these rows, in this order; one may stand several times."""
        import torch

        places = torch.tensor(list(rows), device=self._mask.device)
        self._cache.batch_select_indices(places)
        self._mask = self._mask[places]

    def read(self, rows: Sequence[Sequence[int]]) -> Any:
        """Reads the next tokens of every row, and returns the logits of what follows: (rows, vocabulary)."""
        import torch

        width = max(len(row) for row in rows)
        padding = [width - len(row) for row in rows]
        device = self._model.device
        inputs = torch.tensor(
            [[self._pad] * more + list(row) for more, row in zip(padding, rows, strict=True)], device=device
        )
        mask = torch.tensor([[0] * more + [1] * (width - more) for more in padding], device=device)
        self._mask = mask if self._mask is None else torch.cat([self._mask, mask], dim=1)
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)[:, -width:]
        out = self._model(
            input_ids=inputs,
            attention_mask=self._mask,
            position_ids=positions,
            cache=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._cache = out.cache
        return out.logits[:, -1]


def _most_likely(logits: Any) -> tuple[list[int], list[float]]:
    """The most likely token of each row, with its log-probability.

    Raises:
        ModelError: a row holds no number to choose by.
    """
    import torch

    logprobs = torch.log_softmax(logits.float(), -1)
    values, places = logprobs.max(-1)
    if not bool(torch.isfinite(values).all()):
        raise ModelError(
            "the model's logits are not numbers (NaN); the adapter or the base model is broken. Train the adapter "
            "again with a lower lora.learning_rate, or choose another base model."
        )
    return places.tolist(), values.tolist()


def _answer(tokens: list[int], logprobs: list[float], end: int, chat: ChatFormat) -> Answer:
    stopped = tokens[-1] == end
    length = len(tokens) - stopped
    text = chat.tokenizer.decode(tokens[:length], skip_special_tokens=False)
    # The end of turn is part of what the model chose, so its probability counts.
    return Answer(text.strip(), tuple(tokens[:length]), stopped, sum(logprobs) / len(logprobs))
