"""The tiny base model's tokenizer: byte-level BPE with Llama-3's split rule, special tokens and template.

What Llama-3 fixes is kept to the letter, so that every reader of a Llama-3 tokenizer (llama.cpp's
`llama-bpe` too) reads this one; only the vocabulary is small and learnt from the corpus.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BOS, EOS, PAD = "<|begin_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>"
START_HEADER, END_HEADER = "<|start_header_id|>", "<|end_header_id|>"
SPECIAL_TOKENS = (BOS, "<|end_of_text|>", PAD, START_HEADER, END_HEADER, EOS)
VOCABULARY_SIZE = 2048
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
    "{{- message['content'] | trim + '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}"
    "{%- endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """A tokenizer learnt from `texts`; its special tokens come last, as in Llama-3."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3_SPLIT), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    )
    tokenizer.post_processor = _prepend_bos(tokenizer)
    return tokenizer


def _prepend_bos(tokenizer: Tokenizer) -> processors.PostProcessor:
    template = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS}:1 $B:1", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return processors.Sequence([processors.ByteLevel(add_prefix_space=True, trim_offsets=False), template])


def wrap_tokenizer(tokenizer: Tokenizer, max_positions: int) -> "PreTrainedTokenizerFast":
    """The tokenizer as transformers uses it, with the chat template."""
    # transformers takes seconds to import, and the corpus checks need only `tokenizers`.
    from transformers import PreTrainedTokenizerFast

    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves it unannotated
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=max_positions,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )
    wrapped.chat_template = CHAT_TEMPLATE
    return wrapped


def save_tokenizer(tokenizer: Tokenizer, folder: Path, max_positions: int) -> None:
    """`tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja`, as transformers writes them."""
    wrap_tokenizer(tokenizer, max_positions).save_pretrained(folder)
    config = folder / "tokenizer_config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    # transformers 5 writes its own class name, which older readers do not know.
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    config.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def supervised_positions(ids: list[int], tokenizer: Tokenizer) -> list[bool]:
    """Which tokens of a rendered chat the assistant wrote, each end of turn included."""
    vocabulary = tokenizer.get_vocab()
    start, end, stop = (vocabulary[token] for token in (START_HEADER, END_HEADER, EOS))
    role = tokenizer.encode("assistant", add_special_tokens=False).ids
    gap = len(tokenizer.encode("\n\n", add_special_tokens=False).ids)
    mask = [False] * len(ids)
    for at, token in enumerate(ids):
        after = at + 1 + len(role)
        if token != start or ids[at + 1 : after] != role or ids[after] != end:
            continue
        first = after + 1 + gap
        last = ids.index(stop, first)
        mask[first : last + 1] = [True] * (last + 1 - first)
    return mask
