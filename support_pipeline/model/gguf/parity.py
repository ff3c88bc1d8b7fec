"""Whether a GGUF is the model that was trained: token by token, answer by answer.

The comparisons are pure functions over what both sides said. The reference is the checkpoint in
float32 under transformers; the other side is whatever `Engine` serves the GGUF. Averages can agree
while answers flip, so flips are counted and the first one is shown.
"""

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from support_pipeline.model.gguf.checkpoint import Checkpoint, optional_json
from support_pipeline.model.gguf.header import read_header
from support_pipeline.model.gguf.merge import load_with_adapter, token_ids
from support_pipeline.serving.engine import Engine, Generation, LlamaCppEngine


@dataclass(frozen=True)
class Reference:
    """One greedy answer of the checkpoint; `data` is its text as bytes, without control tokens."""

    data: bytes
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: bool

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")


@dataclass(frozen=True)
class TokenParity:
    """How many prompts both tokenizers read alike, and how many hold BOS exactly once, at the start.

    `single_bos` counts all prompts when the model has no BOS.
    """

    n: int
    equal: int
    first_difference: str | None
    single_bos: int

    @property
    def holds(self) -> bool:
        return self.equal == self.single_bos == self.n


@dataclass(frozen=True)
class AnswerParity:
    """How many answers are the same text, and how many ended by themselves.

    `max_logprob_distance` is over the answers whose token ids are all equal, None without any.
    """

    n: int
    equal: int
    first_difference: str | None
    stop_rate: float
    max_logprob_distance: float | None

    @property
    def flips(self) -> int:
        return self.n - self.equal


@dataclass(frozen=True)
class Parity:
    tokens: TokenParity
    answers: AnswerParity


def prove(
    model: Path,
    checkpoint: Path,
    prompts: Sequence[str],
    *,
    log: Path,
    max_tokens: int,
    deadline_seconds: float = 60.0,
    adapter: tuple[Path, Path] | None = None,
    context_tokens: int = 2048,
    n_parallel: int = 1,
    threads: int | None = None,
    device: str = "cpu",
) -> Parity:
    """Serve the GGUF and compare it with its checkpoint on rendered prompts.

    Args:
        adapter: a PEFT folder and the GGUF LoRA made from it, to prove base + adapter.
        device: where transformers computes the reference.
    """
    references = reference_answers(
        checkpoint, prompts, max_tokens=max_tokens, adapter=adapter[0] if adapter else None, device=device
    )
    engine = LlamaCppEngine(
        model,
        log=log,
        adapters={"adapter": adapter[1]} if adapter else None,
        context_tokens=context_tokens,
        n_parallel=n_parallel,
        threads=threads,
    )
    lora = "adapter" if adapter else None
    with engine:
        tokens = compare_tokenizers(engine, checkpoint, prompts, bos_id=bos_id(model))
        answers = engine.generate_many(
            prompts, max_tokens=max_tokens, deadline_seconds=deadline_seconds, lora=lora
        )
    return Parity(tokens, compare_answers(prompts, references, answers))


def compare_tokenizers(
    engine: Engine, checkpoint: Path, texts: Sequence[str], *, bos_id: int | None
) -> TokenParity:
    """The checkpoint's tokenizer against the served one, on rendered text."""
    return compare_token_ids(
        texts, token_ids(checkpoint, texts), [engine.tokenize(text) for text in texts], bos_id=bos_id
    )


def compare_token_ids(
    texts: Sequence[str],
    expected: Sequence[Sequence[int]],
    actual: Sequence[Sequence[int]],
    *,
    bos_id: int | None,
) -> TokenParity:
    """Ids that the reference tokenizer gave against ids that the server gave."""
    differences = [
        _token_difference(text, list(left), list(right))
        for text, left, right in zip(texts, expected, actual, strict=True)
        if list(left) != list(right)
    ]
    single = sum(
        bos_id is None or (list(ids[:1]) == [bos_id] and list(ids).count(bos_id) == 1) for ids in actual
    )
    return TokenParity(
        n=len(texts),
        equal=len(texts) - len(differences),
        first_difference=differences[0] if differences else None,
        single_bos=single,
    )


def compare_answers(
    prompts: Sequence[str], expected: Sequence[Reference], actual: Sequence[Generation]
) -> AnswerParity:
    """Answers of the checkpoint against answers of the server."""
    pairs = list(zip(prompts, expected, actual, strict=True))
    differences = [
        f"after {prompt[-60:]!r}: expected {left.text!r}, served {right.text!r}"
        for prompt, left, right in pairs
        if _whole_characters(left.data) != _whole_characters(_bytes(right))
    ]
    distances = [
        abs(x - y)
        for _, left, right in pairs
        if left.tokens == right.tokens
        for x, y in zip(left.logprobs, right.logprobs, strict=True)
    ]
    stopped = sum(right.stop_reason == "stop" for _, _, right in pairs)
    return AnswerParity(
        n=len(pairs),
        equal=len(pairs) - len(differences),
        first_difference=differences[0] if differences else None,
        stop_rate=stopped / len(pairs) if pairs else 0.0,
        max_logprob_distance=max(distances, default=None),
    )


def reference_answers(
    checkpoint: Path,
    prompts: Sequence[str],
    *,
    max_tokens: int,
    adapter: Path | None = None,
    device: str = "cpu",
) -> list[Reference]:
    """Greedy answers of the checkpoint in float32, one prompt at a time so that no padding takes part."""
    model = load_with_adapter(checkpoint, adapter, device=device)
    stops = stop_ids(checkpoint)
    decode = _TokenBytes(checkpoint)
    answers = []
    for ids in token_ids(checkpoint, prompts):
        tokens, logprobs = _generate(model, ids, max_tokens, stops, device)
        data = b"".join(decode(token) for token in tokens)
        answers.append(Reference(data, tuple(tokens), tuple(logprobs), tokens[-1] in stops))
    return answers


def _generate(
    model: Any, ids: list[int], max_tokens: int, stops: Sequence[int], device: str
) -> tuple[list[int], list[float]]:
    import torch

    with torch.inference_mode():
        output = model.generate(
            input_ids=torch.tensor([ids], device=device),
            attention_mask=torch.ones((1, len(ids)), dtype=torch.long, device=device),
            max_new_tokens=max_tokens,
            do_sample=False,
            eos_token_id=list(stops) or None,
            pad_token_id=stops[0] if stops else 0,
            return_dict_in_generate=True,
            output_logits=True,
        )
    tokens: list[int] = output.sequences[0, len(ids) :].tolist()
    rows = torch.cat(output.logits).float().log_softmax(-1)
    return tokens, rows[torch.arange(len(tokens)), tokens].tolist()


def followed_answers(
    checkpoint: Path,
    prompts: Sequence[str],
    served: Sequence[Generation],
    *,
    max_tokens: int,
    device: str = "cpu",
    done: Callable[[int], None] = lambda count: None,
) -> list[Reference]:
    """The checkpoint's greedy answers, found by following the served ones: one forward pass an answer.

    An answer is the greedy one exactly if each of its tokens is the checkpoint's first choice after
    those before it. Where one is not, the answer ends with the checkpoint's own choice there.
    An answer that llama.cpp does not report token by token is generated instead.
    """
    model = load_with_adapter(checkpoint, None, device=device)
    stops = stop_ids(checkpoint)
    decode = _TokenBytes(checkpoint)
    answers: list[Reference] = []
    for ids, answer in zip(token_ids(checkpoint, prompts), served, strict=True):
        whole = len(answer.tokens) == answer.generated_tokens > 0
        found = (
            _follow(model, ids, answer, device) if whole else _generate(model, ids, max_tokens, stops, device)
        )
        tokens, logprobs = found
        data = b"".join(decode(token) for token in tokens)
        answers.append(Reference(data, tuple(tokens), tuple(logprobs), tokens[-1] in stops))
        done(len(answers))
    return answers


def _follow(model: Any, ids: list[int], answer: Generation, device: str) -> tuple[list[int], list[float]]:
    import torch

    said = list(answer.tokens)
    with torch.inference_mode():
        row = torch.tensor([ids + said[:-1]], device=device)
        logits = model(input_ids=row, logits_to_keep=len(said)).logits[0].float()
    best: list[int] = logits.argmax(-1).tolist()
    agreed = next(
        (i for i, (own, other) in enumerate(zip(best, said, strict=True)) if own != other), len(said)
    )
    tokens = said if agreed == len(said) else [*said[:agreed], best[agreed]]
    rows = logits[: len(tokens)].log_softmax(-1)
    return tokens, rows[torch.arange(len(tokens)), tokens].tolist()


def bos_id(model: Path) -> int | None:
    """The BOS that prompts of this GGUF must start with, None when it wants none."""
    facts = read_header(model)
    return int(facts["tokenizer.ggml.bos_token_id"]) if facts.get("tokenizer.ggml.add_bos_token") else None


def stop_ids(checkpoint: Path) -> tuple[int, ...]:
    """Every id that ends an answer: the configurations' and the tokenizer's own end of text."""
    from tokenizers import Tokenizer

    entry = optional_json(checkpoint / "tokenizer_config.json").get("eos_token")
    text = entry.get("content") if isinstance(entry, dict) else entry
    own = Tokenizer.from_file(str(checkpoint / "tokenizer.json")).token_to_id(text) if text else None
    ids = ([] if own is None else [own]) + list(Checkpoint(checkpoint).stop_ids())
    return tuple(dict.fromkeys(ids))


class _TokenBytes:
    """The bytes of one token. A tokenizer's `decode` trims and replaces, which hides differences."""

    def __init__(self, checkpoint: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = {i: b"" if token.special else token.content.encode() for i, token in added.items()}
        self._pieces = "▁" in self._tokenizer.get_vocab()

    def __call__(self, token: int) -> bytes:
        text = self._tokenizer.id_to_token(token)
        if token in self._added or text is None:
            return self._added.get(token, b"")
        if not self._pieces:
            return bytes(_byte_alphabet()[character] for character in text)
        if len(text) == 6 and text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        replaced: str = text.replace("▁", " ")
        return replaced.encode()


@lru_cache(maxsize=1)
def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-ins for bytes: printable ones stand for themselves, the rest follow 255."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def _bytes(generation: Generation) -> bytes:
    return b"".join(generation.pieces) if generation.pieces else generation.text.encode()


def _whole_characters(data: bytes) -> bytes:
    """Without a character that the token limit cut in two; the server never sends half of one."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    cut = decoder.getstate()[0]
    return data[: len(data) - len(cut)]


def _token_difference(text: str, expected: list[int], actual: list[int]) -> str:
    at = next((i for i, (x, y) in enumerate(zip(expected, actual, strict=False)) if x != y), None)
    at = min(len(expected), len(actual)) if at is None else at
    return (
        f"{text[:60]!r}: token {at} is {expected[at : at + 3]} in the checkpoint's tokenizer "
        f"and {actual[at : at + 3]} in llama.cpp's"
    )
