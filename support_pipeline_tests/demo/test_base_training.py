"""The tiny base model: how it is made, and what the shipped files must keep."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

from support_pipeline.demo import base_probe, base_training
from support_pipeline.demo.base_circuit import build_model
from support_pipeline.demo.base_corpus.conversations import FULL, MANY_VOICES, Chat, Turn, make_chat
from support_pipeline.demo.base_forward import BLOCK, hidden_states
from support_pipeline.demo.base_tokenizer import (
    CHAT_TEMPLATE,
    LLAMA3_SPLIT,
    SPECIAL_TOKENS,
    supervised_positions,
)
from support_pipeline.demo.base_training import Settings, encode, learn_tokenizer, render_chat
from support_pipeline.model.prompt import render

SHIPPED = Path(base_training.__file__).parent / "base_model"
MINI = Settings(
    steps=3,
    decay=1,
    first_lessons=1,
    curriculum=2,
    voice_steps=2,
    batch_tokens=400,
    tokenizer_chats=40,
    vocabulary=400,
    hidden=128,
    feed_forward=64,
    heads=2,
    groups=1,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def mini_tokenizer() -> Tokenizer:
    return learn_tokenizer(MINI)


@pytest.fixture(scope="module")
def shipped() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True)


def chats(count: int) -> list[Chat]:
    rng = Random(11)
    return [make_chat(rng) for _ in range(count)]


def trained(settings: Settings, tokenizer: Tokenizer, checkpoints: Path | None = None) -> torch.Tensor:
    model = build_model(settings.model_config(tokenizer), settings.seed)
    base_training.train(model, tokenizer, settings, checkpoints)
    return torch.cat([parameter.flatten() for parameter in model.parameters()])


def test_equal_settings_give_equal_weights(mini_tokenizer: Tokenizer) -> None:
    assert torch.equal(trained(MINI, mini_tokenizer), trained(MINI, mini_tokenizer))


def test_a_longer_run_goes_on_from_the_level_stretch_of_a_shorter_one(
    mini_tokenizer: Tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(base_training, "CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(base_training, "POOL_BATCHES", 2)
    shorter, longer = replace(MINI, steps=8, decay=2), replace(MINI, steps=10, decay=3)
    trained(shorter, mini_tokenizer, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".pt"] * len(list(tmp_path.iterdir()))
    assert torch.equal(trained(longer, mini_tokenizer, tmp_path), trained(longer, mini_tokenizer))
    assert f"goes on from {tmp_path}" in capsys.readouterr().out


def test_a_run_with_other_settings_begins_anew(
    mini_tokenizer: Tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(base_training, "CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(base_training, "POOL_BATCHES", 1)
    trained(replace(MINI, decay=0), mini_tokenizer, tmp_path)
    assert list(tmp_path.iterdir())
    trained(replace(MINI, decay=0, seed=21), mini_tokenizer, tmp_path)
    assert "goes on from" not in capsys.readouterr().out


def test_the_fast_forward_pass_agrees_with_transformers() -> None:
    tokenizer = learn_tokenizer(Settings(tokenizer_chats=40))
    model = build_model(Settings().model_config(tokenizer), seed=0)
    torch.manual_seed(2)
    ids = torch.randint(0, tokenizer.get_vocab_size(), (3, BLOCK + 50))
    theirs, ours = model.model(input_ids=ids).last_hidden_state, hidden_states(model, ids, torch.float32)
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
    wanted = torch.randn_like(theirs)
    expected, made = (gradients(model, (states * wanted).sum()) for states in (theirs, ours))
    assert expected.keys() == made.keys()
    for name in expected:
        assert torch.cosine_similarity(expected[name], made[name], dim=0) > 0.9999, name
    # In random text many copies compete, and bf16 now and then takes another one.
    likeness = torch.cosine_similarity(hidden_states(model, ids).float(), theirs, dim=-1)
    assert likeness.quantile(0.05) > 0.998


def gradients(model: LlamaForCausalLM, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch ships no annotation for it
    return {name: p.grad.flatten().clone() for name, p in model.named_parameters() if p.grad is not None}


def test_lessons_grow_from_few_facts_to_the_full_range() -> None:
    settings = Settings()
    first, last = settings.first_lessons, settings.curriculum
    start, middle, end = (
        base_training.difficulty_at(step, settings) for step in (first, (first + last) // 2, last)
    )
    assert start.facts == (2, 3) and start.usual == 1.0 and start.dressed == 0.0
    assert start.facts[1] < middle.facts[1] < end.facts[1]
    assert end == FULL
    assert base_training.difficulty_at(0, settings.second_course()) == MANY_VOICES


def test_the_rate_rises_stays_and_falls() -> None:
    settings = Settings()
    rates = [base_training.rate_at(step, settings) for step in range(settings.steps)]
    assert rates[0] < rates[base_training.WARMUP] == 1.0
    assert rates.count(1.0) == settings.steps - settings.decay - base_training.WARMUP + 2
    assert rates[-1] == pytest.approx(1 / settings.decay)


def test_a_run_writes_every_file_and_says_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = base_training.run(MINI, tmp_path, probe_questions=2)
    assert {path.name for path in tmp_path.iterdir()} >= {
        "README.md", "chat_template.jinja", "config.json", "generation_config.json",
        "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    assert "step 3/3" in capsys.readouterr().out
    assert outcome.probe["questions"] == outcome.seen["questions"] == 2
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "generates" in page and "--steps 3 --decay 1 --voice-steps 2 --seed 20" in page


def test_the_second_course_goes_on_from_the_files_of_the_first(tmp_path: Path) -> None:
    both, first, second = tmp_path / "both", tmp_path / "first", tmp_path / "second"
    base_training.run(MINI, both, probe_questions=1)
    base_training.run(replace(MINI, voice_steps=0), first, probe_questions=1)
    base_training.run(MINI, second, probe_questions=1, first=first)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (both, second, first)]
    assert weights[0] == weights[1] != weights[2]


def test_fresh_weights_copy_what_followed_before(mini_tokenizer: Tokenizer) -> None:
    """The circuit itself, untrained: in a random sequence said twice, the second half is known."""
    settings = Settings(tokenizer_chats=40)
    model = build_model(settings.model_config(mini_tokenizer), seed=0)
    torch.manual_seed(1)
    once = torch.randint(0, mini_tokenizer.get_vocab_size(), (4, 60))
    with torch.no_grad():
        guessed = model(input_ids=torch.cat([once, once], dim=1)).logits.argmax(-1)
    assert (guessed[:, 60:-1] == once[:, 1:]).float().mean() > 0.6


def test_a_model_too_shallow_for_the_circuit_is_refused(mini_tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="need at least 2 layers"):
        build_model(Settings(layers=1).model_config(mini_tokenizer), seed=0)


def test_only_the_assistant_is_supervised(mini_tokenizer: Tokenizer) -> None:
    for chat in chats(20):
        ids = mini_tokenizer.encode(render_chat(chat), add_special_tokens=False).ids
        mask = supervised_positions(ids, mini_tokenizer)
        wanted = mini_tokenizer.decode(
            [i for i, m in zip(ids, mask, strict=True) if m], skip_special_tokens=False
        )
        assert wanted == "".join(f"{turn.answer.strip()}<|eot_id|>" for turn in chat.turns)


def test_values_read_from_policies_weigh_more(mini_tokenizer: Tokenizer) -> None:
    turn = Turn("fact", "How long?", "You have 30 days.", values=("30 days",))
    example = encode(Chat("Returns: 30 days.", (turn,)), mini_tokenizer)
    heavy = [i for i, w in zip(example.ids, example.weights, strict=True) if w == base_training.VALUE_WEIGHT]
    assert mini_tokenizer.decode(heavy).strip() == "30 days"
    assert set(example.weights) == {0.0, 1.0, base_training.VALUE_WEIGHT}


@pytest.mark.parametrize("generation_prompt", [False, True])
def test_shipped_template_renders_alike_in_transformers_and_here(
    shipped: PreTrainedTokenizerBase, generation_prompt: bool
) -> None:
    for chat in chats(10):
        messages = [dict(message) for message in chat.messages()]
        theirs = shipped.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=generation_prompt
        )
        ours = render(
            messages,
            (SHIPPED / "chat_template.jinja").read_text(encoding="utf-8"),
            bos_token=str(shipped.bos_token),
            eos_token=str(shipped.eos_token),
            add_generation_prompt=generation_prompt,
        )
        assert theirs == ours


def test_shipped_tokenizer_is_llama3s_in_all_but_vocabulary() -> None:
    stored = json.loads((SHIPPED / "tokenizer.json").read_text(encoding="utf-8"))
    split, bytes_ = stored["pre_tokenizer"]["pretokenizers"]
    assert split["pattern"] == {"Regex": LLAMA3_SPLIT}
    assert (split["behavior"], split["invert"]) == ("Isolated", False)
    assert (bytes_["type"], bytes_["add_prefix_space"], bytes_["use_regex"]) == ("ByteLevel", False, False)
    assert stored["model"]["ignore_merges"] is True
    assert tuple(token["content"] for token in stored["added_tokens"]) == SPECIAL_TOKENS
    assert len(stored["model"]["vocab"]) + len(SPECIAL_TOKENS) == 2048
    assert (SHIPPED / "chat_template.jinja").read_text(encoding="utf-8") == CHAT_TEMPLATE


def test_shipped_special_tokens_have_their_roles(shipped: PreTrainedTokenizerBase) -> None:
    assert shipped.bos_token == "<|begin_of_text|>"
    assert shipped.eos_token == "<|eot_id|>"
    assert shipped.pad_token == "<|finetune_right_pad_id|>"
    assert shipped("hi").input_ids[0] == shipped.bos_token_id
    text = "Ça coûte 12,50 € — naïve? <ORDER_417>\n\n\u200b"
    assert shipped.decode(shipped(text, add_special_tokens=False).input_ids) == text


def test_shipped_model_loads_and_is_small(shipped: PreTrainedTokenizerBase) -> None:
    model = AutoModelForCausalLM.from_pretrained(SHIPPED, local_files_only=True)
    config = model.config
    assert (config.model_type, config.hidden_size, config.num_hidden_layers) == ("llama", 256, 3)
    assert config.tie_word_embeddings and config.vocab_size == len(shipped)
    assert config.eos_token_id == shipped.eos_token_id != config.pad_token_id == shipped.pad_token_id
    assert config.max_position_embeddings == shipped.model_max_length == 4096
    assert next(model.parameters()).dtype == torch.bfloat16
    assert (SHIPPED / "model.safetensors").stat().st_size <= 6_000_000


def test_probe_judges_values_teams_and_inventions() -> None:
    fact = base_probe.Question("- Returns: 30 days.", Turn("fact", "How long?", "30 days.", ("30 days",)))
    person = base_probe.Question(
        "teams: Care", Turn("escalate", "Manager!", "Sorry. [Escalated to: Care]", team="Care")
    )
    assert base_probe.is_right(fact.turn, "We have a 30-day return window.")
    assert not base_probe.is_right(fact.turn, "It is 60 days.")
    assert not base_probe.is_right(fact.turn, "30 days. [Escalated to: Care]")
    assert base_probe.is_right(person.turn, "Sorry! [Escalated to: Care]")
    assert not base_probe.is_right(person.turn, "Sorry! [Escalated to: Legal]")
    assert base_probe.invented(fact, "60 days for <ORDER_1>, not 30") == {"60", "<ORDER_1>"}
    figures = base_probe.summarise([fact, person], ["60 days.", "Sorry! [Escalated to: Care]"])
    assert (figures["fact"], figures["escalate"], figures["escalation_right"], figures["invented"]) == (
        0,
        1,
        1,
        0.5,
    )


def test_probe_asks_the_same_questions_for_the_same_seed() -> None:
    assert base_probe.make_questions(20, seed=1) == base_probe.make_questions(20, seed=1)
    assert base_probe.make_questions(20, seed=1) != base_probe.make_questions(20, seed=2)
