"""The policy layer: what the answer says of the policies, against the book and the human answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rapidfuzz import fuzz

from support_pipeline.claims import Claim, claims, judge
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.wording import sentences
from support_pipeline.policies import PolicyBook
from support_pipeline.quantities import Quantity, quantities

SAME_SENTENCE = 80.0


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """Topics by what became of them.

    `expected` are the topics that the human answer states as they are in force; `right` and `missing`
    split them; `beside` are topics that it states and the human does not. `contradicted` may hold topics that nobody expected; `evidence` explains it. `critical`
    are the critical topics among `expected`.
    """

    expected: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the answer states all that is expected, so that its subject is beyond doubt."""
        return bool(self.expected) and not self.missing


def policy_finding(book: PolicyBook, today: date, case: Case, answer: str) -> PolicyFinding:
    """What an answer does with the policies that are at stake.

    A claim that the human makes in the same words of value is not held against the answer, even where
    the book does not bear it out: the book's patterns may misread it, and the human is the reference.
    """
    human, said = claims(book, case.human_answer), claims(book, answer)
    # A policy without a value can be told in any words; the likeness layer speaks for those.
    valued = {fact.topic for fact in book.in_force(today) if fact.value is not None}
    holding = (claim for claim in human if judge(book, claim, today) == "current")
    expected = _topics(claim for claim in holding if claim.topic in valued)
    due = [
        value
        for fact in book.in_force(today)
        if fact.topic in expected
        for value in quantities(fact.spoken_value())
    ]
    wrong = [
        claim
        for claim in said
        if judge(book, claim, today) != "current"
        and not any(_same(claim, other) for other in human)
        and (claim.topic in expected or not _misread(claim, due, case.human_answer.lower()))
    ]
    wrong += _other_value(human, said, answer, expected)
    borne = [claim for claim in said if judge(book, claim, today) == "current"]
    wrong += _misplaced(book, today, borne, case.human_answer.lower())
    contradicted = _topics(wrong)
    stated = (*_topics(borne), *_unclaimed(book, today, (*borne, *wrong), answer))
    critical = {fact.topic for fact in book.in_force(today) if fact.critical}
    return PolicyFinding(
        expected=expected,
        right=tuple(topic for topic in expected if topic in stated and topic not in contradicted),
        missing=tuple(topic for topic in expected if topic not in stated and topic not in contradicted),
        contradicted=contradicted,
        critical=tuple(topic for topic in expected if topic in critical),
        beside=tuple(topic for topic in _topics(borne) if topic not in expected),
        evidence=tuple(_contradiction(book, claim, today) for claim in wrong),
    )


def _other_value(
    human: Sequence[Claim], said: Sequence[Claim], answer: str, expected: Sequence[str]
) -> list[Claim]:
    """The human's sentence with another value in it, which the patterns took for another topic's.

    "Standard shipping takes 45 days" holds a value in force, only not of this topic.
    """
    stated = {claim.topic for claim in said}
    missing = [
        claim for claim in human if claim.topic in expected and claim.topic not in stated and claim.quantity
    ]
    found = []
    for claim in missing:
        for sentence in sentences(answer):
            other = next(
                (q for q in quantities(sentence) if claim.quantity and q.kind == claim.quantity.kind), None
            )
            if other and not other.same_value(claim.quantity) and _alike(sentence, claim.sentence):
                found.append(replace(claim, quantity=other, values=(other,), sentence=sentence))
    return found


_GENERAL = ("time", "window", "policy", "period", "limit", "rule")


def _misplaced(book: PolicyBook, today: date, borne: Sequence[Claim], human: str) -> list[Claim]:
    """One topic's value said of another: "refunds arrive within 3 to 5 business days" is how long shipping takes.

    Told by the names of the topics: that of the value's own topic is not in the sentence, another's opens
    it, and the human does not speak of that one.
    """
    topics = {fact.topic: _name_words(fact.topic) for fact in book.in_force(today) if fact.value is not None}
    found = []
    for claim in borne:
        sentence = claim.sentence.lower()
        if any(word in sentence for word in topics.get(claim.topic, ())):
            continue
        subject = " ".join(sentence.split()[:3])
        others = [
            t for t, words in topics.items() if words and all(w in subject and w not in human for w in words)
        ]
        found += [replace(claim, topic=topic) for topic in others if topic != claim.topic]
    return [claim for claim in found if judge(book, claim, today) != "current"]


def _name_words(topic: str) -> list[str]:
    words = topic.replace("-", "_").split("_")
    return [word[:5] for word in words if len(word) > 3 and word not in _GENERAL]


def _alike(sentence: str, other: str) -> bool:
    return fuzz.ratio(_masked(sentence), _masked(other)) >= SAME_SENTENCE


def _masked(sentence: str) -> str:
    for quantity in reversed(quantities(sentence)):
        sentence = sentence[: quantity.start] + "#" + sentence[quantity.end :]
    return sentence.lower().strip()


def _misread(claim: Claim, due: Sequence[Quantity], said_by_human: str) -> bool:
    """Whether a claim that does not hold is the value that is due, taken by a pattern for another topic.

    "You have 45 days from delivery" reads like a time of delivery. The topic's own words decide: where
    none of them stands in the sentence but those that the human uses too, the value gets its due.
    """
    words = [word[:5] for word in claim.topic.replace("-", "_").split("_") if len(word) > 3]
    telling = [word for word in words if word not in said_by_human]
    sentence = claim.sentence.lower()
    return any(value.same_value(q) for value in due for q in claim.values) and not any(
        word in sentence for word in telling
    )


def _unclaimed(book: PolicyBook, today: date, said: Iterable[Claim], answer: str) -> tuple[str, ...]:
    """Topics whose value in force stands in the answer where no pattern claims it.

    Patterns cannot foresee every wording, and a right value is not missing because of its sentence.
    """
    taken = [(quantity.start, quantity.end) for claim in said for quantity in claim.values]
    free = [q for q in quantities(answer) if not any(start <= q.start < end for start, end in taken)]
    return tuple(
        fact.topic
        for fact in book.in_force(today)
        if any(q.same_value(value) for value in quantities(fact.spoken_value()) for q in free)
    )


def _topics(found: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(claim.topic for claim in found))


def _same(claim: Claim, other: Claim) -> bool:
    return claim.topic == other.topic and _values(claim) == _values(other)


def _values(claim: Claim) -> list[tuple[float, float, str]]:
    quantities = claim.values or ((claim.quantity,) if claim.quantity else ())
    return [(quantity.low, quantity.high, quantity.kind) for quantity in quantities]


def _contradiction(book: PolicyBook, claim: Claim, today: date) -> str:
    said = claim.quantity.text if claim.quantity else claim.sentence
    current = [fact.spoken_value() for fact in book.in_force(today) if fact.topic == claim.topic]
    held = "an old value" if judge(book, claim, today) == "superseded" else "never in force"
    return f"says '{said}' of {claim.topic} ({held}; in force: {', '.join(current) or 'none'})"


def policy_layer(finding: PolicyFinding, *, lenient: bool = False) -> Layer:
    """Contradicted is wrong; missing is half right, or wrong where the fact is critical.

    `lenient` counts a critical one like any other: nobody is misled by what an answer leaves out that
    hands over, or that says it cannot know.
    """
    if finding.contradicted:
        return layer("policy", 1, *finding.evidence)
    if not finding.missing:
        return right("policy")
    lost = [topic for topic in finding.missing if topic in finding.critical]
    said = [f"does not state {topic}{' (critical)' if topic in lost else ''}" for topic in finding.missing]
    return layer("policy", 1 if lost and not lenient else 2, *said)
