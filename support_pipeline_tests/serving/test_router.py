"""The router: what a draft becomes, and that every failure goes to a person."""

from datetime import date

import pytest

from support_pipeline.clients import ClientConfig
from support_pipeline.errors import EngineError
from support_pipeline.model.base import EMBEDDED, load_format
from support_pipeline.serving.engine import Generation
from support_pipeline.serving.router import Asking, RouterAnswer, answer

CONFIG = ClientConfig.model_validate(
    {
        "id": "acme",
        "brand": "Acme",
        "sources": [{"vendor": "zendesk", "path": "x"}],
        "policies": [
            {
                "topic": "returns",
                "statement": "Items can be returned within {value} of delivery.",
                "value": 30,
                "unit": "days",
                "patterns": ["return[^.]{0,60}?{value}"],
            }
        ],
    }
)


class Scripted:
    """An engine that says one thing, or fails."""

    def __init__(self, text: str | Exception, *, logprob: float = -0.01, stop: str = "stop") -> None:
        self.text, self.logprob, self.stop = text, logprob, stop
        self.prompts: list[str] = []

    def tokenize(self, text: str) -> list[int]:
        return [len(text)]

    def generate(
        self, prompt_text: str, *, max_tokens: int, deadline_seconds: float, lora: str | None = None
    ) -> Generation:
        self.prompts.append(prompt_text)
        if isinstance(self.text, Exception):
            raise self.text
        return Generation(self.text, (1, 2), (self.logprob, self.logprob), self.stop, 10)  # type: ignore[arg-type]


def ask(engine: Scripted, ticket: str = "How long can I return my boots?") -> RouterAnswer:
    return answer(Asking(CONFIG, load_format(EMBEDDED), engine, "acme:1", date(2026, 9, 1)), ticket)


def test_a_sound_draft_waits_for_approval() -> None:
    found = ask(Scripted("Items can be returned within 30 days of delivery."))
    assert (found.confidence, found.escalate, found.route) == ("medium", False, "approve")
    assert "no certificate" in found.reasons[0]


def test_the_policies_in_force_are_what_the_model_reads() -> None:
    engine = Scripted("ok")
    ask(engine)
    assert "- Items can be returned within 30 days of delivery." in engine.prompts[0]


def test_a_handover_goes_to_an_agent() -> None:
    found = ask(Scripted("I am sorry. A colleague will look at it.\n\n[Escalated to: Senior Support]"))
    assert (found.confidence, found.escalate, found.route) == ("low", True, "agent")
    assert found.reasons == ("the model hands over to Senior Support",)


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (Scripted("Items can be returned within 90 days of delivery."), "contradicts the policy on returns"),
        (
            Scripted("Your refund of $412.50 is on its way."),
            "says what neither the ticket nor a policy supports",
        ),
        (Scripted("Hello [Customer Name], sure."), "unfilled placeholder"),
        (Scripted(""), "the draft is empty"),
        (Scripted("Items can be", stop="limit"), "cut off (limit)"),
        (Scripted("Sure, of course.", logprob=-2.0), "unsure"),
        (Scripted("Sure, of course.", logprob=float("nan")), "no token probabilities"),
    ],
)
def test_a_doubtful_draft_goes_to_an_agent_with_the_reason(engine: Scripted, reason: str) -> None:
    found = ask(engine)
    assert (found.confidence, found.route) == ("low", "agent")
    assert any(reason in text for text in found.reasons), found.reasons


def test_an_engine_that_fails_goes_to_a_person() -> None:
    found = ask(Scripted(EngineError("llama.cpp did not start")))
    assert (found.response, found.escalate, found.route) == ("", True, "agent")
    assert found.reasons == ("no draft: llama.cpp did not start",)


def test_an_empty_ticket_is_not_answered() -> None:
    engine = Scripted("Sure.")
    assert ask(engine, "  \n").route == "agent"
    assert engine.prompts == []


def test_personal_data_does_not_reach_the_model_and_comes_back_in_the_answer() -> None:
    class Echo(Scripted):
        def generate(self, prompt_text: str, **rest: object) -> Generation:
            self.text = "We wrote to " + prompt_text.split("mail ")[1].split(" please")[0] + "."
            return super().generate(prompt_text, max_tokens=1, deadline_seconds=1)

    engine = Echo("")
    found = ask(engine, "Answer to my mail ada@example.com please")
    assert "ada@example.com" not in engine.prompts[0]
    assert "ada@example.com" in found.response


def test_the_same_question_has_the_same_draft_id() -> None:
    assert (
        ask(Scripted("Sure.")).draft_id
        == ask(Scripted("Sure.")).draft_id
        != ask(Scripted("Sure."), "Other?").draft_id
    )
