"""What a draft says of the policies: nothing but what is in force today.

Three layers. The book's own reader finds claims by pattern and by likeness. A value that belongs to
another policy than the sentence speaks of is found by the words around it ("right number, wrong
topic"). And a sentence that has a policy's words but denies it, or the other way round, by polarity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import re2

from support_pipeline.claims import claims, judge
from support_pipeline.claims.reading import reader_of
from support_pipeline.model.scoring.wording import sentences
from support_pipeline.policies import PolicyBook, PolicyFact
from support_pipeline.quantities import Quantity, quantities
from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.reading import seen

_WORD = re2.compile(r"[a-z]{4,}")
_NEGATION = re2.compile(
    r"\b(?:no|not|never|none|cannot|can't|cant|don't|dont|doesn't|doesnt|isn't|isnt|aren't|arent|won't|wont|without|unable|nothing|neither|nor|"
    r"refus\w+|declin\w+|reject\w*|prohibit\w*|forbid\w*|forbidden|impossible|unavailable|ineligible|excluded?|except|final sale|non-?(?:refundable|returnable)|no longer|stopped|discontinued|only)\b"
)
_FREE = re2.compile(
    r"\b(?:free|gratis|complimentary|no (?:extra |additional )?(?:costs?|charges?|fees?)|costs? nothing|without (?:charge|fee|cost)s?)\b"
)
# "No later than 45 days", "no charge": negative words that deny nothing.
_HARMLESS = re2.compile(
    r"\b(?:no (?:later|longer|more|less) than|no need|no rush|no worries|no problem|not only|not to worry|don't worry|do not worry|no (?:extra |additional |further )?(?:costs?|charges?|fees?)\b|costs? nothing|nothing (?:extra|for)|don't hesitate|do not hesitate|if not|without (?:any )?(?:extra |additional )?(?:costs?|charges?|fees?)|no matter)"
)
_COMMON = frozenset(
    "with your that this from have will they them then than been were what when which where would could should about there their "
    "here just also only free accept accepted accepts possible offer offers offered allow allowed allows available provide give take make sorry unfortunately order orders item items please after before within days hours weeks months years business time days'".split()
)
_STEM = 5
_SUBJECT = 0.6


@dataclass(frozen=True, slots=True)
class _Policy:
    fact: PolicyFact
    words: frozenset[str]
    values: tuple[Quantity, ...]
    negated: bool
    free: bool


def policy_findings(book: PolicyBook, day: date, draft: str, ticket: str) -> list[Finding]:
    """Where a draft contradicts the policies in force on `day`, or states one that has expired."""
    found = list(_by_claims(book, day, draft))
    policies = _compiled(book, day)
    asked = quantities(ticket)
    claimed = {claim.sentence.strip() for claim in claims(book, draft)}
    for sentence in sentences(draft):
        words = _stems(sentence)
        stated = any(sentence in other or other in sentence for other in claimed)
        found += _wrong_topic(sentence, words, policies, asked, ahead=2 if stated else 1)
        found += _not_free(sentence, words, policies)
        found += _denied(sentence, words, policies)
    return list(dict.fromkeys(found))


def _by_claims(book: PolicyBook, day: date, draft: str) -> Iterator[Finding]:
    for claim in claims(book, draft):
        if judge(book, claim, day) == "current":
            continue
        # In the policy's own words with a value that never was: contradicted, not expired.
        if any(version.agrees(claim) for version in reader_of(book).topics[claim.topic]):
            in_force = [fact for fact in book.in_force(day) if fact.topic == claim.topic]
            now = f"in force: {in_force[0].spoken_value()}" if in_force else "nothing is in force any more"
            yield Finding(
                "policy_expired",
                f"states an expired policy on {claim.topic} ({now}): {claim.sentence.strip()!r}",
                "send",
            )
        else:
            yield Finding(
                "policy_contradicted",
                f"contradicts the policy on {claim.topic}: {claim.sentence.strip()!r}",
                "send",
            )


def _wrong_topic(
    sentence: str,
    words: frozenset[str],
    policies: Sequence[_Policy],
    asked: Sequence[Quantity],
    *,
    ahead: int,
) -> Iterator[Finding]:
    """A value in force that stands in a sentence about another policy, which has another value.

    The other policy must have `ahead` more words in common with the sentence.
    """
    present = quantities(sentence)
    for quantity in present:
        if quantity.kind == "count" or quantity.past or any(quantity.same_value(q) for q in asked):
            continue
        owners = [p for p in policies if any(quantity.same_value(value) for value in p.values)]
        if not owners:
            continue  # a value from nowhere is unsupported; the entity guard says so
        rivals = [p for p in policies if p not in owners and any(v.kind == quantity.kind for v in p.values)]
        own = max(len(words & p.words) for p in owners)
        other = max(rivals, key=lambda p: len(words & p.words), default=None)
        if other is None or any(q.same_value(v) for q in present for v in other.values):
            continue
        if len(words & other.words) >= own + ahead:
            yield Finding(
                "policy_contradicted",
                f"says '{quantity.text}' where the policy on {other.fact.topic} says '{other.fact.spoken_value()}': {sentence!r}",
                "send",
            )


def _not_free(sentence: str, words: frozenset[str], policies: Sequence[_Policy]) -> Iterator[Finding]:
    """A sentence that calls free what has a price."""
    if not _FREE.search(seen(sentence)):
        return
    priced = [p for p in policies if any(v.kind in ("money", "percent") for v in p.values) and not p.free]
    free = max((len(words & p.words) for p in policies if p.free), default=0)
    nearest = max(priced, key=lambda p: len(words & p.words), default=None)
    if nearest is not None and len(words & nearest.words) > free:
        yield Finding(
            "policy_contradicted",
            f"calls free what the policy on {nearest.fact.topic} prices: {sentence!r}",
            "send",
        )


def _denied(sentence: str, words: frozenset[str], policies: Sequence[_Policy]) -> Iterator[Finding]:
    """A sentence that is about one policy, and is negative where the policy is not, or the other way round."""
    if not words or sentence.endswith("?"):
        return
    negated = _negative(sentence)
    for policy in policies:
        shared = len(words & policy.words)
        subject = shared >= _SUBJECT * len(words) or (policy.words and shared >= _SUBJECT * len(policy.words))
        if shared and subject and negated != policy.negated and (negated or shared > 1):
            yield Finding(
                "policy_contradicted",
                f"may deny the policy on {policy.fact.topic} ('{policy.fact.sentence()}'): {sentence!r}",
            )
            return


def _negative(sentence: str) -> bool:
    return bool(_NEGATION.search(_HARMLESS.sub(" ", seen(sentence))))


def states_policy(book: PolicyBook, day: date, draft: str) -> bool:
    """Whether a draft states any policy in force: by a claim that holds, or in most of its words."""
    if any(judge(book, claim, day) == "current" for claim in claims(book, draft)):
        return True
    said = _stems(draft)
    return any(len(said & p.words) >= max(2, _STATED * len(p.words)) for p in _compiled(book, day))


_STATED = 0.45


@lru_cache(maxsize=32)
def _compiled_facts(facts: tuple[PolicyFact, ...]) -> tuple[_Policy, ...]:
    return tuple(
        _Policy(
            fact,
            _stems(fact.sentence()) | _stems(fact.topic.replace("_", " ").replace("-", " ")),
            quantities(fact.sentence()),
            _negative(fact.sentence()),
            bool(_FREE.search(seen(fact.sentence()))),
        )
        for fact in facts
    )


def _compiled(book: PolicyBook, day: date) -> tuple[_Policy, ...]:
    return _compiled_facts(book.in_force(day))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(seen(text)) if word not in _COMMON)
