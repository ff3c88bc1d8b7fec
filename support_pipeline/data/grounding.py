"""Placeholders that an answer holds and the customer's message does not: the model could only guess them.

An agent sees the ticket's name and order fields, the model only the text. A greeting by name loses the
name, a sentence in which an agent says who they are is dropped, and what remains (an order or tracking
number, an address) is reported: such an answer needs data that the model will not have.
"""

import re
from dataclasses import dataclass

from support_pipeline.data.redaction import PLACEHOLDER

_ADDRESSED = re.compile(r"(?:,?[ \t]+|\A)<CUSTOMER_\d{3,7}>(?=[\s,.!?:;–-]|$)")
_SENTENCE = re.compile(r"[^.!?\n]*<AGENT_\d{3,7}>[^.!?\n]*(?:[.!?]+|$)[ \t]*", re.MULTILINE)
_BARE_START = re.compile(
    r"\A(?:dear|sehr geehrte[rs]?|cher|chère|estimad[oa])?[\s,.!:;–-]*\n?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer without guessed names, and the placeholders that it still holds without a source."""

    text: str
    missing: tuple[str, ...]


def ground(answer: str, question: str) -> Grounded:
    """The answer as it can be given by somebody who has read only the question."""
    known = set(PLACEHOLDER.findall(question))
    unknown = [mark for mark in dict.fromkeys(PLACEHOLDER.findall(answer)) if mark not in known]
    if not unknown:
        return Grounded(answer, ())
    text = answer
    if any(mark.startswith("<CUSTOMER_") for mark in unknown):
        text = _unaddressed(text, known)
    if any(mark.startswith("<AGENT_") for mark in unknown):
        text = _SENTENCE.sub(lambda found: "" if _guessed(found.group(), known) else found.group(), text)
    missing = [mark for mark in dict.fromkeys(PLACEHOLDER.findall(text)) if mark not in known]
    return Grounded(re.sub(r"\n{3,}", "\n\n", text).strip(), tuple(missing))


def _unaddressed(text: str, known: set[str]) -> str:
    """Without the names that the question does not give; "Dear NAME," goes whole."""

    def without(found: re.Match[str]) -> str:
        return "" if _guessed(found.group(), known) else found.group()

    cleared = _ADDRESSED.sub(without, text)
    return _BARE_START.sub("", cleared) if cleared != text else cleared


def _guessed(text: str, known: set[str]) -> bool:
    return any(mark not in known for mark in PLACEHOLDER.findall(text))
