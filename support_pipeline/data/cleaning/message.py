"""Cleaning of one message, in order: encoding, quoted replies, signature.

Every step that changed something is kept with its text before and after, so that what became of a
ticket can be shown. Personal data and policy statements are the business of `redaction` and `claims`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from support_pipeline.data.cleaning.encoding import repair_encoding
from support_pipeline.data.cleaning.quotes import strip_quotes
from support_pipeline.data.cleaning.residue import placeholders
from support_pipeline.data.cleaning.signatures import named_in, own_words, strip_own
from support_pipeline.data.remembering import remembered
from support_pipeline.data.tickets import Role


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that changed the text."""

    rule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A message's own words, and how they were found."""

    text: str
    steps: tuple[Step, ...] = ()

    @property
    def residue(self) -> tuple[str, ...]:
        """Placeholders left unfilled; a reply that has any is no example to learn from."""
        return placeholders(self.text)


def clean_message(
    text: str, *, role: Role, names: Sequence[str] = (), signatures: Sequence[str] = ()
) -> Cleaned:
    """The sender's own words.

    `names` are the ticket's people (the sender's own, or all of them); `signatures` the values of
    the vendor's signature fields. Bots and the system have no signatures to remove.
    """
    people = own_words(tuple(names))
    if text.isascii():  # else a repair of the encoding may bring a name to light
        people = named_in(text, people)
    return _cleaned(text, role, people, tuple(signatures))


@remembered
def _cleaned(text: str, role: Role, people: frozenset[str], signatures: tuple[str, ...]) -> Cleaned:
    steps: list[Step] = []
    text = _step(steps, "encoding", text, repair_encoding(text))
    text = _step(steps, "quotes", text, strip_quotes(text))
    if role in ("agent", "customer"):
        rule, stripped = strip_own(text, role, people, signatures)
        text = _step(steps, rule, text, stripped)
    return Cleaned(_step(steps, "whitespace", text, _evened(text)), tuple(steps))


def _evened(text: str) -> str:
    """One space where there were several, none at the ends of lines. HTML has none left to tell, so without this the same
    words would be another text from a vendor that sends HTML."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _step(steps: list[Step], rule: str, before: str, after: str) -> str:
    if after != before:
        steps.append(Step(rule, before, after))
    return after
