"""A draft with its facts marked: right by the policy in force, against it, or from nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from support_pipeline.claims import Claim, claims, judge
from support_pipeline.clients import ClientConfig
from support_pipeline.model.scoring import hallucinations
from support_pipeline.policies import PolicyFact

MarkKind = Literal["", "right", "wrong", "unknown"]


@dataclass(frozen=True)
class Piece:
    """A run of the draft's text. `note` says what the mark is about."""

    text: str
    kind: MarkKind = ""
    note: str = ""


@dataclass(frozen=True)
class Marked:
    """The draft in pieces that join to its text."""

    pieces: tuple[Piece, ...]

    @property
    def facts(self) -> list[Piece]:
        """The marked pieces."""
        return [piece for piece in self.pieces if piece.kind]


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    kind: MarkKind
    note: str


def mark(config: ClientConfig, asked: str, draft: str, day: date) -> Marked:
    """The pieces of a draft; what is wrong wins over what is right where they overlap."""
    book = config.book
    spans = [_claimed(config, claim, day) for claim in claims(book, draft)]
    names = (*config.escalation.names(), config.brand)
    found = hallucinations(draft, asked, policies=book.sentences(day), teams=names)
    spans += _unknown(draft, [entity.text for entity in found])
    order = {"wrong": 0, "unknown": 1, "right": 2, "": 3}
    return Marked(_pieces(draft, sorted(spans, key=lambda span: (order[span.kind], span.start))))


def _claimed(config: ClientConfig, claim: Claim, day: date) -> _Span:
    right = judge(config.book, claim, day) == "current"
    policy = next(
        (fact.sentence() for fact in _versions(config, claim.topic, day)), "no policy on this is in force"
    )
    what = "as the policy says" if right else "against the policy"
    return _Span(claim.start, claim.end, "right" if right else "wrong", f"{claim.topic}, {what}: {policy}")


def _versions(config: ClientConfig, topic: str, day: date) -> Sequence[PolicyFact]:
    return [fact for fact in config.book.in_force(day) if fact.topic == topic]


def _unknown(draft: str, texts: Sequence[str]) -> list[_Span]:
    spans, at = [], 0
    for text in texts:
        place = draft.find(text, at)
        place = draft.find(text) if place < 0 else place
        if place >= 0:
            spans.append(
                _Span(place, place + len(text), "unknown", "neither the ticket nor a policy says so")
            )
            at = place + len(text)
    return spans


def _pieces(text: str, spans: Sequence[_Span]) -> tuple[Piece, ...]:
    taken = bytearray(len(text))
    kept: list[_Span] = []
    for span in spans:
        if span.end > span.start and not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    pieces: list[Piece] = []
    at = 0
    for span in sorted(kept, key=lambda one: one.start):
        pieces += [Piece(text[at : span.start]), Piece(text[span.start : span.end], span.kind, span.note)]
        at = span.end
    return tuple(piece for piece in [*pieces, Piece(text[at:])] if piece.text)
