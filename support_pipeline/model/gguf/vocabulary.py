"""The vocabulary of a tokenizer.json in the form that llama.cpp reads.

llama.cpp has its own tokenizers and picks one by two names, `model` and `pre`. The official converter
recognises a vocabulary by a hash of token ids and knows only published ones; here the names follow
from the tokenizer's own rules, so a vocabulary trained for one client works too, and rules that
llama.cpp does not have are refused.

llama.cpp's copies of the rules are not perfect: `tekken` (Mistral Nemo) treats combining marks
otherwise than the tokenizer, which shows in Hindi or Thai, and all of them miss scripts that Unicode
took up lately. So nothing here replaces the comparison in `parity` on a client's own tickets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, TokenType

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.checkpoint import Checkpoint, optional_json, read_json

_TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_CLITICS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + _TAIL
)
# The regex that splits text before merging -> llama.cpp's name for the same splitting.
PRE_TOKENIZERS = {
    _CLITICS + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + _TAIL: "llama-bpe",
    _CLITICS + r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + _TAIL: "qwen2",
    _TEKKEN: "tekken",
}
# With these names llama.cpp takes a word that is a token as it is, without replaying its merges.
_IGNORES_MERGES = {"llama-bpe", "tekken"}


@dataclass(frozen=True)
class Vocabulary:
    model: str
    pre: str
    tokens: tuple[str, ...]
    types: tuple[TokenType, ...]
    merges: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    special: Mapping[str, int] = field(default_factory=dict)
    add_bos: bool = False
    space_prefix: bool = False
    normalisation: str | None = None


def read_vocabulary(checkpoint: Checkpoint, vocab_size: int) -> Vocabulary:
    """The vocabulary of a checkpoint, padded to the rows of its embedding.

    Raises:
        ModelError: llama.cpp has no tokenizer with these rules.
    """
    path = checkpoint.folder / "tokenizer.json"
    tokenizer = read_json(path)
    model = tokenizer["model"]
    if model.get("type") != "BPE":
        raise ModelError(
            f"{path}: {model.get('type')} tokenizer. Known: BPE, byte-level or with byte fallback."
        )
    _refuse_trimming_tokens(tokenizer, path)
    texts = _texts(tokenizer, vocab_size, path)
    shared = {
        "tokens": texts,
        "special": _special_ids(checkpoint, texts),
        "add_bos": _adds_bos(path, checkpoint, texts),
    }
    if model.get("byte_fallback"):
        return _sentencepiece(tokenizer, path, **shared)
    return _byte_level(tokenizer, path, **shared)


def write_vocabulary(writer: GGUFWriter, vocabulary: Vocabulary) -> None:
    """The vocabulary as GGUF metadata."""
    writer.add_tokenizer_model(vocabulary.model)
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    if vocabulary.scores:
        writer.add_token_scores(vocabulary.scores)
    writer.add_token_types(vocabulary.types)
    if vocabulary.merges:
        writer.add_token_merges(vocabulary.merges)
    for role, token_id in vocabulary.special.items():
        getattr(writer, f"add_{role}_token_id")(token_id)
    writer.add_add_bos_token(vocabulary.add_bos)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(vocabulary.space_prefix)


def _byte_level(tokenizer: Mapping[str, Any], path: Path, **shared: Any) -> Vocabulary:
    pre = _pre_tokenizer(tokenizer, path)
    merges = tuple(" ".join(pair) for pair in _merges(tokenizer))
    ignores = bool(tokenizer["model"].get("ignore_merges"))
    if ignores != (pre in _IGNORES_MERGES):
        _demand_reachable(tokenizer, path)
    return Vocabulary(
        model="gpt2",
        pre=pre,
        merges=merges,
        types=tuple(_types(tokenizer, shared["tokens"])),
        normalisation=_unicode_form(tokenizer, path),
        **shared,
    )


def _pre_tokenizer(tokenizer: Mapping[str, Any], path: Path) -> str:
    """llama.cpp's name for the splitting rule."""
    steps = _steps(tokenizer.get("pre_tokenizer"), "pretokenizers")
    cure = f"Known rules: {', '.join(PRE_TOKENIZERS.values())}. Choose a base model with one of them."
    kinds = [step["type"] for step in steps]
    if kinds != ["Split", "ByteLevel"]:
        raise ModelError(f"{path}: pre-tokenizer {kinds or None} has no counterpart in llama.cpp. {cure}")
    split, byte_level = steps
    regex = split["pattern"].get("Regex")
    plain = split["behavior"] == "Isolated" and not split["invert"] and not byte_level["add_prefix_space"]
    if regex not in PRE_TOKENIZERS or not plain or byte_level.get("use_regex"):
        raise ModelError(f"{path}: pre-tokenizer rule {regex!r} has no counterpart in llama.cpp. {cure}")
    return PRE_TOKENIZERS[regex]


def _unicode_form(tokenizer: Mapping[str, Any], path: Path) -> str | None:
    """The Unicode form that the tokenizer brings text into and llama.cpp does not."""
    kinds = [step["type"] for step in _steps(tokenizer.get("normalizer"), "normalizers")]
    if kinds not in ([], ["NFC"]):
        raise ModelError(f"{path}: normalizer {kinds} has no counterpart in llama.cpp. Known: none, NFC.")
    return kinds[0] if kinds else None


def _demand_reachable(tokenizer: Mapping[str, Any], path: Path) -> None:
    """Where llama.cpp and the tokenizer disagree on ignore_merges, it must make no difference."""
    from tokenizers import Tokenizer

    bpe = Tokenizer.from_file(str(path)).model
    added = {token["content"] for token in tokenizer["added_tokens"]}
    words = [word for word in tokenizer["model"]["vocab"] if word not in added]
    unreachable = [word for word in words if len(bpe.tokenize(word)) != 1]
    if unreachable:
        raise ModelError(
            f"{path}: {len(unreachable)} tokens (first: {unreachable[0]!r}) depend on ignore_merges, which "
            "llama.cpp sets by the pre-tokenizer's name. Retrain the vocabulary or choose another base model."
        )


def _sentencepiece(tokenizer: Mapping[str, Any], path: Path, **shared: Any) -> Vocabulary:
    """SentencePiece-like vocabularies: llama.cpp merges by the score of the result, not by a list."""
    merges = _merges(tokenizer)
    ranks: dict[str, int] = {}
    for rank, (left, right) in enumerate(merges):
        ranks.setdefault(left + right, rank)
    _demand_all_splits(tokenizer, ranks, path)
    return Vocabulary(
        model="llama",
        pre="default",
        types=tuple(_types(tokenizer, shared["tokens"])),
        scores=tuple(-float(ranks.get(text, len(merges))) for text in shared["tokens"]),
        space_prefix=_space_prefix(tokenizer, path),
        **shared,
    )


def _demand_all_splits(tokenizer: Mapping[str, Any], ranks: Mapping[str, int], path: Path) -> None:
    """Any two neighbours that make a token merge in llama.cpp, so every such pair must be listed."""
    vocab = set(tokenizer["model"]["vocab"])
    listed = {tuple(pair) for pair in _merges(tokenizer)}
    for word in ranks:
        for cut in range(1, len(word)):
            pair = (word[:cut], word[cut:])
            if pair not in listed and all(part in vocab for part in pair):
                raise ModelError(
                    f"{path}: {pair[0]!r} + {pair[1]!r} make the token {word!r} but are no merge; llama.cpp "
                    "would merge them. Only vocabularies made from SentencePiece models can be converted."
                )


def _space_prefix(tokenizer: Mapping[str, Any], path: Path) -> bool:
    """Whether text after each special token gains a leading space.

    Metaspace "first" adds it at the very start of the text only, which llama.cpp cannot do; with
    False both agree on every text that starts with a special token, as rendered prompts do.
    """
    steps = _steps(tokenizer.get("normalizer"), "normalizers")
    steps += _steps(tokenizer.get("pre_tokenizer"), "pretokenizers")
    match [step["type"] for step in steps]:
        case ["Prepend", "Replace"]:
            return True
        case ["Replace"]:
            return False
        case ["Metaspace"]:
            return bool(steps[0].get("prepend_scheme") == "always")
        case kinds:
            raise ModelError(
                f"{path}: text rules {kinds} have no counterpart in llama.cpp's `llama` vocabulary."
            )


def _texts(tokenizer: Mapping[str, Any], vocab_size: int, path: Path) -> tuple[str, ...]:
    """Token texts by id; rows of the embedding that no token uses are named and never produced."""
    by_id = {i: text for text, i in tokenizer["model"]["vocab"].items()}
    by_id |= {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    if max(by_id) >= vocab_size:
        raise ModelError(
            f"{path}: token id {max(by_id)} but the embedding has {vocab_size} rows. "
            "The tokenizer belongs to another checkpoint, or the embedding was not resized."
        )
    return tuple(by_id.get(i, f"[PAD{i}]") for i in range(vocab_size))


def _types(tokenizer: Mapping[str, Any], texts: Sequence[str]) -> Iterator[TokenType]:
    vocab = tokenizer["model"]["vocab"]
    unknown = tokenizer["model"].get("unk_token")
    bytes_too = bool(tokenizer["model"].get("byte_fallback"))
    added = {token["content"]: token["special"] for token in tokenizer["added_tokens"]}
    for text in texts:
        if text == unknown:
            yield TokenType.UNKNOWN
        elif text in added:
            yield TokenType.CONTROL if added[text] else TokenType.USER_DEFINED
        elif text not in vocab:
            yield TokenType.UNUSED
        elif bytes_too and len(text) == 6 and text.startswith("<0x"):
            yield TokenType.BYTE
        else:
            yield TokenType.NORMAL


def _special_ids(checkpoint: Checkpoint, texts: Sequence[str]) -> dict[str, int]:
    """Ids by role, from the tokenizer's configuration; `eot` and `eom` are further ends of an answer."""
    ids = {text: i for i, text in enumerate(texts)}
    named = optional_json(checkpoint.folder / "tokenizer_config.json")
    special: dict[str, int] = {}
    for role in ("bos", "eos", "unk", "pad"):
        entry = named.get(f"{role}_token")
        text = entry.get("content") if isinstance(entry, dict) else entry
        if text in ids:
            special[role] = ids[text]
        elif isinstance(fallback := checkpoint.config.get(f"{role}_token_id"), int):
            special[role] = fallback
    stops = [i for i in checkpoint.stop_ids() if i != special.get("eos")]
    if "eos" not in special and stops:
        special["eos"] = stops.pop(0)
    return special | dict(zip(("eot", "eom"), stops, strict=False))


def _adds_bos(path: Path, checkpoint: Checkpoint, texts: Sequence[str]) -> bool:
    """Whether the tokenizer itself puts BOS first: asked, not read from one of four settings."""
    from tokenizers import Tokenizer

    bos = _special_ids(checkpoint, texts).get("bos")
    ids = Tokenizer.from_file(str(path)).encode("a").ids
    return bos is not None and ids[:1] == [bos]


def _merges(tokenizer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Merge pairs; files written before tokenizers 0.20 hold them as one string."""
    pairs = (m.split(" ") if isinstance(m, str) else m for m in tokenizer["model"]["merges"])
    return [(left, right) for left, right in pairs]


def _steps(part: Mapping[str, Any] | None, inner: str) -> list[Mapping[str, Any]]:
    if part is None:
        return []
    return list(part[inner]) if part["type"] == "Sequence" else [part]


def _refuse_trimming_tokens(tokenizer: Mapping[str, Any], path: Path) -> None:
    trimming = [
        token["content"]
        for token in tokenizer["added_tokens"]
        if token["lstrip"] or token["rstrip"] or token["single_word"]
    ]
    if trimming:
        raise ModelError(
            f"{path}: tokens {', '.join(trimming)} swallow the space beside them (lstrip, rstrip or "
            "single_word); llama.cpp would keep it. Choose a base model without such tokens."
        )
