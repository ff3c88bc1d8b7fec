"""The entity layer: what the answer states and no source supports is hallucinated, and scores 1.

Sources are the ticket, the policies in force, the names of the teams, and the human answer: the agent
who wrote it had the order record open, so it is the record that the model did not see. What is
supported by the human answer alone is right, if lucky, and costs no points.
"""

from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import re2

from support_pipeline.model.prompt import without_hand_over
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.entities import known, unsupported
from support_pipeline.model.scoring.layers import Hallucination, Layer, layer, right
from support_pipeline.model.scoring.lexicon import unheard_of
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.live import LiveClaim, live_claims
from support_pipeline.model.scoring.names import invented_names
from support_pipeline.model.scoring.products import invented
from support_pipeline.model.scoring.wording import sentences

REPEATED = 0.75
_PEOPLE = re2.compile(r"<(?:CUSTOMER|AGENT)_\d+>")


def hallucinations(
    answer: str,
    ticket: str,
    *,
    policies: Iterable[str] = (),
    human: str = "",
    teams: Sequence[str] = (),
    granted: Iterable[str] = (),
) -> tuple[Hallucination, ...]:
    """Everything in an answer that neither the ticket, the policies, nor the human answer bears out.

    `granted` are placeholders that need no source.
    """
    spoken = without_hand_over(answer)
    policy = "\n".join(policies)
    sources = known(ticket, bare_numbers=True) | known(policy) | known(human) | frozenset(granted)
    found = [Hallucination(entity.kind, entity.text) for entity in unsupported(spoken, sources)]
    found += [Hallucination("product", name) for name in invented(spoken, ticket, policy, human)]
    found += [Hallucination("name", name) for name in invented_names(spoken, ticket, policy, human, *teams)]
    claims = {claim.text: claim.kind for claim in reversed(unborne(spoken, ticket, policy, human))}
    # Nothing is granted by a customer who asks for it.
    claims |= {claim.text: claim.kind for claim in unborne(spoken, policy, human) if claim.kind == "offer"}
    found += [Hallucination(kind, text) for text, kind in reversed(claims.items())]
    return tuple(dict.fromkeys(found))


def entity_layer(
    case: Case, answer: str, policies: Iterable[str], names: Sequence[str]
) -> tuple[Layer, tuple[Hallucination, ...]]:
    """The layer with the hallucinated entities."""
    spoken = without_hand_over(answer)
    policies = list(policies)
    strange = unheard_of(spoken, case.customer_text, case.human_answer, *policies)
    found = hallucinations(
        answer,
        case.customer_text,
        policies=policies,
        human=case.human_answer,
        teams=names,
        granted=_people(answer, case.human_answer),
    )
    found = tuple(dict.fromkeys((*found, *(Hallucination("product", name) for name in strange))))
    if not found:
        return right("entities"), ()
    return layer("entities", 1, *(f"{entity} is in no source" for entity in found)), found


def _people(answer: str, human: str) -> list[str]:
    """Placeholders of people whose number the model cannot know and need not.

    Every ticket has its customer, named in the prompt or not; an agent only where the human says so.
    """
    return [
        mark
        for mark in _PEOPLE.findall(answer)
        if mark.startswith("<CUSTOMER") or any(other.startswith("<AGENT") for other in _PEOPLE.findall(human))
    ]


def unborne(answer: str, *sources: str) -> list[LiveClaim]:
    """The live claims of an answer that no source makes too: a quarter of its words, or a number, is new.

    "I am sorry that your jacket arrived damaged" repeats the ticket; "your jacket left our warehouse" does not.
    """
    heard = [words for source in sources for words in _windows(source)]
    stated = {claim.kind for source in sources for claim in live_claims(source)}
    return [claim for claim in live_claims(answer) if not _repeats(claim, heard, stated)]


def _repeats(claim: LiveClaim, heard: Iterable[frozenset[str]], stated: Container[str]) -> bool:
    words = content_words(claim.text)
    if len(words) < 2:  # "It is in stock": too few words to go by
        return claim.kind in stated
    return any(_covered(words, others) for others in heard)


def _covered(words: frozenset[str], others: frozenset[str]) -> bool:
    new = words - others
    return len(new) <= (1 - REPEATED) * len(words) and not any(word.isdigit() for word in new)


@lru_cache(maxsize=4096)
def _windows(source: str) -> tuple[frozenset[str], ...]:
    """The content words of every two sentences in a row: a long mail holds any word somewhere."""
    parts = [content_words(sentence) for sentence in sentences(source)]
    return tuple(a | b for a, b in pairwise([*parts, frozenset()]))
