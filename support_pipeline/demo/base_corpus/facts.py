"""What a policy topic is: a value, and the ways to state it, to ask for it and to answer with it."""

from dataclasses import dataclass

from support_pipeline.demo.base_corpus.values import Maker


@dataclass(frozen=True)
class Judgement:
    """Questions that give the customer's own number `{n}`, to be judged against the policy's value.

    `inside` says whether a smaller number is the good case (a deadline) or the bad one (a minimum).
    """

    questions: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    smaller_is_yes: bool = True


@dataclass(frozen=True)
class Topic:
    """One subject of a policy book. `{v}` is the value, `{a}` its form before a noun, `{x}` and `{y}` its two parts."""

    name: str
    about: tuple[str, ...]
    value: Maker
    policies: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    judgement: Judgement | None = None
