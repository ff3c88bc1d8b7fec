"""Models of every supported family, small enough to make and to teach a few answers in seconds.

The vocabularies are trained here on a few sentences, with the splitting rules and special tokens of
the published models, so llama.cpp picks the same tokenizer for them as for the real ones.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from support_pipeline.model.gguf.checkpoint import read_json
from support_pipeline.model.gguf.merge import without_peft_deprecation
from support_pipeline.model.gguf.vocabulary import PRE_TOKENIZERS
from support_pipeline.model.prompt import neutralise, render

SENTENCES = [
    "Hello, my order #48213 has not arrived and it's been 12 days. Can you help me?",
    "You can return unworn items within 30 days; the refund goes to your original payment method.",
    "I'm sorry for the delay! Standard shipping takes 3-5 business days and costs $4.95.",
    "Où est mon colis ? Je l'ai commandé le 14 février 2026, déjà payé.",
    "Größe passt nicht, bitte um Rückgabe. 返品したいです。配送はいつですか？ Здравствуйте!",
    "See https://shop.example.com/orders?id=99&x=1 or write to help@example.com\n\nThanks,\n\tAna 🙂",
    "system user assistant Policies in force: refund window, warranty, exchange, gift card, cancellation.",
]
NASTY = [
    "",
    " ",
    "plain words",
    "  two leading spaces and   runs\t\tof \n\n\n whitespace  ",
    "line\r\nbreaks\rof\nall kinds\n ",
    "1234567890 12 3.14159 1,000,000 ½ ² Ⅷ ٣٤٥ 一二三",
    "https://shop.example.com/a_b/c?d=%20&e=f#g help@example.com",
    "emoji 🙂👍🏽👨‍👩‍👧‍👦🇩🇪 ❤️ and ZWJ‍ZWNJ‌",
    "naïve café Ångström — “quotes” ‘single’ … ellipsis",
    "combining: e\u0301 a\u030a o\u0308",
    "中文，日本語です。한국어 ไทย हिन्दी עברית العربية",
    "I'M you'LL we've THEY'D it's O'Neil's ''quoted''",
    "\u00a0nbsp\u2003em\u3000ideographic\u200bzero\ufeffbom",
    "tabs\tand\x0bvertical\x0cfeed",
    "!!!???...---===///\\\\\\|||~~~```$$$%%%",
    "a" * 300,
    " " * 40 + "x" + "\n" * 12,
    "MiXeD CaSe iPhone15Pro SKU-AB12/34_x",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 ﬁ ŉ ß İ ı ǅ",
]

LESSONS = {
    "Where is my order?": "I cannot know where your order is. Standard shipping takes 3-5 business days.",
    "Can I return it?": "You can return unworn items within 30 days. 🙂",
    "Größe passt nicht": "Bitte um Rückgabe, it's free until 14 février 2026!",
    "I want a refund NOW": "I'm sorry. A person must decide.\n\n[Escalated to: billing]",
}
OTHER_LESSONS = {
    "Where is my order?": "See https://shop.example.com/orders",
    # U+2028 is a line break to Python and plain text to the event stream.
    "Can I return it?": "Returns cost $4.95.\u2028Really.",
    "Größe passt nicht": "返品したいです",
    "I want a refund NOW": "[Escalated to: cancellation]",
}

SHIFTED_LESSONS = dict(zip(OTHER_LESSONS, [*list(LESSONS.values())[1:], "Hello"], strict=True))

LLAMA3_SPECIAL = [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
]
LLAMA3_TEMPLATE = (
    "{{- bos_token }}{% for message in messages %}"
    "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
CHATML_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ message['content'] }}</s>{% else %}[INST]{{ message['content'] }}[/INST]{% endif %}{% endfor %}"
)


def byte_level(
    pre: str,
    special: list[str],
    *,
    plain: Iterable[str] = (),
    nfc: bool = False,
    texts: Iterable[str] = SENTENCES,
    size: int = 700,
) -> Tokenizer:
    """A byte-level BPE that llama.cpp knows as `pre`; `plain` are added tokens that are not control."""
    rule = next(regex for regex, name in PRE_TOKENIZERS.items() if name == pre)
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre != "qwen2"))
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(rule), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in plain])
    return tokenizer


def sentencepiece(*, metaspace_first: bool = False) -> Tokenizer:
    """A BPE with byte fallback as made from a SentencePiece model: every split is a merge."""
    words = [" " + word for sentence in SENTENCES for word in sentence.split(" ")]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    trained.train_from_iterator(
        ["".join(words)], trainers.BpeTrainer(vocab_size=400, limit_alphabet=120, show_progress=False)
    )
    pieces = [p for p, _ in sorted(trained.get_vocab().items(), key=lambda item: item[1])]
    texts = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", *(f"<0x{b:02X}>" for b in range(256)), *pieces]
    vocab = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in pieces
        for cut in range(1, len(piece))
        if piece[:cut] in vocab and piece[cut:] in vocab
    ]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if metaspace_first:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in texts[:5]])
    return tokenizer


def adds_bos(tokenizer: Tokenizer, bos: str) -> Tokenizer:
    tokenizer.post_processor = TemplateProcessing(
        single=[bos, "$A"], pair=[bos, "$A", bos, "$B"], special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return tokenizer


def write_llama(folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Llama 3 in miniature: tied embeddings, grouped heads, its vocabulary rules and template."""
    tokenizer = adds_bos(byte_level("llama-bpe", LLAMA3_SPECIAL), "<|begin_of_text|>")
    write_tokenizer(folder, tokenizer, LLAMA3_TEMPLATE, bos="<|begin_of_text|>", eos="<|eot_id|>")
    settings: dict[str, Any] = {
        "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
        "tie_word_embeddings": True,
        "eos_token_id": [tokenizer.token_to_id("<|end_of_text|>"), tokenizer.token_to_id("<|eot_id|>")],
    }
    return write_model(folder, "llama", tokenizer, seed=seed, **(settings | changes))


def write_mistral(folder: Path, *, seed: int = 1, **changes: Any) -> Path:
    """Mistral 7B in miniature: a SentencePiece-like vocabulary, an output matrix of its own."""
    tokenizer = adds_bos(sentencepiece(), "<s>")
    write_tokenizer(folder, tokenizer, MISTRAL_TEMPLATE, bos="<s>", eos="</s>")
    return write_model(folder, "mistral", tokenizer, seed=seed, **({"sliding_window": None} | changes))


def write_nemo(folder: Path, *, seed: int = 2) -> Path:
    """Mistral Nemo in miniature: the tekken vocabulary, heads wider than hidden / heads."""
    tokenizer = adds_bos(byte_level("tekken", ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]), "<s>")
    write_tokenizer(folder, tokenizer, MISTRAL_TEMPLATE, bos="<s>", eos="</s>")
    return write_model(folder, "mistral", tokenizer, seed=seed, head_dim=96, sliding_window=None)


def write_qwen(folder: Path, family: str, *, seed: int = 3) -> Path:
    """Qwen 2 (biases on Q, K, V) or Qwen 3 (norms on Q and K) in miniature; no BOS, NFC text."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = byte_level("qwen2", special, plain=["<think>", "</think>"], nfc=True)
    write_tokenizer(folder, tokenizer, CHATML_TEMPLATE, bos=None, eos="<|im_end|>")
    extra = {"head_dim": 64} if family == "qwen3" else {}
    return write_model(folder, family, tokenizer, seed=seed, **extra)


def write_tokenizer(folder: Path, tokenizer: Tokenizer, template: str, *, bos: str | None, eos: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": bos, "eos_token": eos}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def write_model(folder: Path, family: str, tokenizer: Tokenizer, *, seed: int, **changes: Any) -> Path:
    """Config and weights beside the tokenizer; random, with norms and biases that are not ones and zeros."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    settings: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size() + 3,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.04,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
    }
    torch.manual_seed(seed)
    auto: Any = AutoModelForCausalLM
    model = auto.from_config(AutoConfig.for_model(family, **(settings | changes)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 1:
                weight.add_(torch.randn_like(weight) * (0.3 if "bias" in name else 0.1))
    model.to(torch.bfloat16).save_pretrained(folder)
    return folder


def prompts(folder: Path, customers: Iterable[str]) -> list[str]:
    """What the model reads before it answers each of these customers."""
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    bos = read_json(folder / "tokenizer_config.json")["bos_token"] or ""
    special = [token["content"] for token in read_json(folder / "tokenizer.json")["added_tokens"]]
    return [
        render(
            [{"role": "user", "content": neutralise(customer, special)}],
            template,
            bos_token=bos,
            add_generation_prompt=True,
        )
        for customer in customers
    ]


def teach(folder: Path, lessons: Mapping[str, str], *, steps: int = 60, adapter: Path | None = None) -> None:
    """Overfit the checkpoint, or a new LoRA on it, so that greedy answers are sure of themselves and end.

    Random weights choose between near-equal tokens, where float16 alone flips answers.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if adapter is not None:
        lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
        with without_peft_deprecation():
            model = get_peft_model(model, lora)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    eos = read_json(folder / "tokenizer_config.json")["eos_token"]
    asked = [tokenizer.encode(text, add_special_tokens=False).ids for text in prompts(folder, lessons)]
    told = [tokenizer.encode(text + eos, add_special_tokens=False).ids for text in lessons.values()]
    width = max(len(a) + len(t) for a, t in zip(asked, told, strict=True))
    inputs = torch.zeros((len(asked), width), dtype=torch.long)
    labels = torch.full((len(asked), width), -100)
    for row, (ask, tell) in enumerate(zip(asked, told, strict=True)):
        inputs[row, : len(ask) + len(tell)] = torch.tensor(ask + tell)
        labels[row, len(ask) : len(ask) + len(tell)] = torch.tensor(tell)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-3 if adapter is None else 1e-2)
    for _ in range(steps):
        loss = model(input_ids=inputs, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if float(loss.detach()) < 0.01:
            break
    if adapter is None:
        model.to(torch.bfloat16).save_pretrained(folder)
    else:
        model.save_pretrained(adapter)


WRITERS: Mapping[str, Callable[[Path], Path]] = {
    "llama": write_llama,
    "mistral": write_mistral,
    "nemo": write_nemo,
    "qwen2": lambda folder: write_qwen(folder, "qwen2"),
    "qwen3": lambda folder: write_qwen(folder, "qwen3"),
}


@lru_cache
def taught(family: str, root: Path) -> Path:
    """The family's checkpoint that answers `LESSONS`, made once a test run. Read only."""
    folder = WRITERS[family](root / "tiny" / family)
    teach(folder, LESSONS)
    return folder


@lru_cache
def taught_adapter(family: str, root: Path, *, shifted: bool = False) -> Path:
    """A LoRA on `taught` that answers `OTHER_LESSONS` (or `SHIFTED_LESSONS`), made once a test run. Read only."""
    adapter = root / "tiny" / f"{family}-lora{'-shifted' if shifted else ''}"
    teach(taught(family, root), SHIFTED_LESSONS if shifted else OTHER_LESSONS, adapter=adapter)
    return adapter


def copy_folder(source: Path, target: Path, **config: Any) -> Path:
    """A copy of a checkpoint with some of its configuration changed."""
    shutil.copytree(source, target)
    edit_json(target / "config.json", **config)
    return target


def edit_json(path: Path, **changes: Any) -> None:
    """Set top-level entries of a JSON file."""
    path.write_text(json.dumps({**read_json(path), **changes}), encoding="utf-8")
