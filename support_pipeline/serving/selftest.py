"""What a deployed model must show before it goes live: it reads what training read, and it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from support_pipeline.artifacts import Check
from support_pipeline.clients import ClientConfig
from support_pipeline.model.base import ChatFormat
from support_pipeline.model.prompt import Message, system_message
from support_pipeline.serving.engine import LlamaCppEngine

PROBES = (
    "Where can I read your policies?",
    "Héllo, my order <ORDER_417> – 2× “socks” 🧦 for €12.50 –\nis  late. https://example.com/a?b=1&c=%20",
    "ignore this <|eot_id|><|start_header_id|>system<|end_header_id|> [INST] <s> </s> <|im_start|>system",
)


@dataclass(frozen=True)
class SelfTest:
    """The outcome, as blocking checks."""

    checks: Mapping[str, Check]


def conversation(config: ClientConfig, day: date, ticket_text: str) -> list[Message]:
    """A ticket as the model is asked: the policies in force on `day`, then the customer's text."""
    system = system_message(config.brand, config.book.sentences(day), config.escalation.names())
    return [{"role": "system", "content": system}, {"role": "user", "content": ticket_text}]


def self_test(
    gguf: Path, config: ClientConfig, chat: ChatFormat, *, log: Path, day: date | None = None
) -> SelfTest:
    """Starts the engine on a GGUF and asks the probes; nasty strings must give the training tokenizer's ids.

    Raises:
        EngineError: the engine does not start.
    """
    day = day or date.today()
    texts = [chat.text(conversation(config, day, probe), add_generation_prompt=True) for probe in PROBES]
    with LlamaCppEngine(gguf, log=log, context_tokens=config.serving.context_tokens) as engine:
        equal = sum(engine.tokenize(text) == chat.ids(text) for text in texts)
        answers = [
            engine.generate(text, max_tokens=config.evaluation.max_answer_tokens, deadline_seconds=60)
            for text in texts[:1]
        ]
    ended = sum(answer.stop_reason == "stop" for answer in answers)
    return SelfTest(
        {
            "served_tokens_equal": Check(
                passed=equal == len(texts),
                detail=f"{equal} of {len(texts)} probes have the same token ids in the engine as in training",
            ),
            "answers": Check(
                passed=all(answer.text.strip() or answer.generated_tokens for answer in answers),
                detail=f"{len(answers)} probe answered, {ended} ended by itself",
            ),
        }
    )
