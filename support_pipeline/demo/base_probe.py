"""Does the base model read the policies? `python -m support_pipeline.demo.base_probe DIR` prints one JSON line.

Asked about shops whose names no training text has, with 8 to 16 policies whose values are drawn anew.
Held out are whole phrasings: of each topic's own templates, of the frames that topics share ("How late
can I still ...?"), of requests for a person and for live data, every seventh is kept from training, and
so is each sentence that a kept template can give, even if another one gives it too. The words in them
are those that training has; both the question and every policy sentence of the prompt are held out.
Greetings and stories around a question are not. `seen` repeats it with phrasings from training.

Judged by strings alone: the value must be in the answer, the team must be the right one, and every
number and placeholder of an answer must stand in the prompt.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from support_pipeline.demo.base_corpus.conversations import KINDS, Difficulty, Turn, make_scene, make_turn
from support_pipeline.model.prompt import escalated_to, render

ENTITY = re.compile(r"<[A-Z]+_\d+>|\d+(?:[.,:]\d+)*")
UNKNOWABLE = re.compile(
    r"cannot know|can't (?:tell|know|say|look|see)|cannot (?:see|know|tell)|no live data|live data, which I do not|"
    r"not visible to me|do not (?:know|have (?:access|live|a live))",
    re.IGNORECASE,
)
PROBE = Difficulty(facts=(8, 16), turns=(1,))
ASKED = tuple(kind for kind in KINDS if kind != "small_talk")
NEW_TOKENS = 96


@dataclass(frozen=True)
class Question:
    """A prompt of the probe and the turn that says what is right."""

    system: str
    turn: Turn

    def prompt(self, tokenizer: PreTrainedTokenizerBase) -> str:
        messages = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.turn.question},
        ]
        return render(
            messages,
            str(tokenizer.chat_template),
            bos_token=str(tokenizer.bos_token),
            add_generation_prompt=True,
        )


def make_questions(count: int, seed: int, held_out: bool = True) -> list[Question]:
    """`count` questions, each to its own shop; half of them plain facts."""
    rng = Random(f"probe {seed} {held_out}")
    weights = [5 if kind == "fact" else 1 for kind in ASKED]
    questions = []
    for _ in range(count):
        scene, system = make_scene(rng, PROBE, held_out)
        kind = rng.choices(ASKED, weights)[0]
        questions.append(Question(system, make_turn(scene, kind, rng, warm=0.3)))
    return questions


@torch.no_grad()
def answer(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], batch_size: int = 32
) -> list[str]:
    """Greedy answers, in the order of `prompts`."""
    order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = tokenizer(
            [prompts[at] for at in chosen],
            add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt",
        )  # fmt: skip
        made: Tensor = model.generate(**batch, max_new_tokens=NEW_TOKENS, do_sample=False)  # type: ignore[operator]  # a mixin that mypy reads as a tensor
        tails = made[:, batch["input_ids"].shape[1] :]
        for at, text in zip(chosen, tokenizer.batch_decode(tails, skip_special_tokens=True), strict=True):
            answers[at] = text.strip()
    return answers


def _plain(text: str) -> str:
    """Text in which "30 days" and "30-day" are the same."""
    words = " ".join(text.casefold().replace("–", "-").replace("-", " ").split())
    return re.sub(r"\b(minute|hour|day|week|month|year)s\b", r"\1", words)


def invented(question: Question, text: str) -> set[str]:
    """Numbers and placeholders of an answer that its prompt does not have."""
    return set(ENTITY.findall(text)) - set(ENTITY.findall(f"{question.system}\n{question.turn.question}"))


def is_right(turn: Turn, text: str) -> bool:
    """The answer does what its kind asks for."""
    team = escalated_to(text)
    if turn.kind in ("escalate", "not_covered"):
        return team == turn.team
    if turn.kind == "cannot_know":
        return team is None and UNKNOWABLE.search(text) is not None
    return team is None and all(_plain(value) in _plain(text) for value in turn.values)


def judgement_agrees(turn: Turn, text: str) -> bool:
    """A judged answer takes the same side, yes or no, as the right one."""

    def no(words: str) -> bool:
        return (
            re.search(r"\b(no|not|unfortunately|sorry|too late|afraid)\b", words, re.IGNORECASE) is not None
        )

    return no(text) == no(turn.answer)


def escalation_is_right(turn: Turn, text: str) -> bool:
    """Handed over when, and only when, a person must decide."""
    return (escalated_to(text) is not None) == (turn.team is not None)


def summarise(questions: Sequence[Question], answers: Sequence[str]) -> dict[str, float | int]:
    """Shares of right answers by kind, of right escalation decisions, and of answers that invent."""
    asked: Counter[str] = Counter(question.turn.kind for question in questions)
    right: Counter[str] = Counter()
    escalation = invents = judged = 0
    for question, text in zip(questions, answers, strict=True):
        turn = question.turn
        right[turn.kind] += is_right(turn, text)
        escalation += escalation_is_right(turn, text) if turn.kind != "not_covered" else 0
        invents += bool(invented(question, text))
        judged += turn.kind == "judged" and is_right(turn, text) and judgement_agrees(turn, text)
    decisions = len(questions) - asked["not_covered"]
    shares = {kind: round(right[kind] / asked[kind], 3) for kind in ASKED if asked[kind]}
    return {
        "questions": len(questions),
        **shares,
        "judged_side": round(judged / max(1, asked["judged"]), 3),
        "escalation_right": round(escalation / max(1, decisions), 3),
        "invented": round(invents / len(questions), 3),
    }


def probe(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, count: int, seed: int, held_out: bool = True
) -> dict[str, float | int]:
    """The figures of `model` on `count` questions."""
    questions = make_questions(count, seed, held_out)
    answers = answer(model, tokenizer, [question.prompt(tokenizer) for question in questions])
    return summarise(questions, answers)


def load(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model in fp32, ready to answer, and its tokenizer; from disk alone."""
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "base_model")
    parser.add_argument("--count", type=int, default=600, help="questions in each of the two sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    model, tokenizer = load(options.folder)
    held_out = probe(model, tokenizer, options.count, options.seed)
    seen = probe(model, tokenizer, options.count, options.seed, held_out=False)
    print(json.dumps({"model": str(options.folder), "held_out": held_out, "seen": seen}))


if __name__ == "__main__":
    main()
