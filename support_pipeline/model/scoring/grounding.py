"""The grounding layers: what an answer says beside all of its sources.

A statement that no source speaks of is invented: the grounding layer, which goes by words and so is a guess
that a judge may overrule. Politeness needs no source (`courtesy`), and a customer's question is none. A
condition or a promise that no source makes is an invented policy, in words that no list of entities can
foresee: the terms layer. Both hold a sentence against each passage of each source, since all sources
together hold nearly any word somewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

import re2

from support_pipeline.model.prompt import escalated_to, without_hand_over
from support_pipeline.model.scoring.conduct import (
    GRAMMAR,
    HAPPENED,
    clauses,
    courteous,
    factless,
    of_the_trade,
)
from support_pipeline.model.scoring.courtesy import beside_courtesy
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.likeness import GREETING, stemmed, stems_of
from support_pipeline.model.scoring.live import admits_not_knowing
from support_pipeline.model.scoring.wording import fold, sentences
from support_pipeline.policies import PolicyBook
from support_pipeline.quantities import Quantity, quantities

Reader = Callable[[str], frozenset[str]]
"""What a sentence says, as words: `meant` or `spoken`."""

# Fitted on the demo client: other agents' right answers lie above, invented statements below.
GROUNDED = 0.50
BORNE = 0.70
# A statement of so few words that mean something is held against the sources with all that it says.
FEW = 2
SAID = 0.50
# What has happened is in no policy: so much of it the ticket or the human answer must say.
TOLD = 0.75
FRAGMENT = 6

_LETTERS = re2.compile(r"\(\?[a-z:]+|\{[^}]*\}|\[[^\]]*\]|\\.|[^A-Za-z]+")

_LETTERS_ONLY = re2.compile(r"[a-z]{2,}|\d+")
_FINITE = re2.compile(
    r"(?i)\b(?:is|are|was|were|has|have|had|will|can|may|must|should|would|gets?|\w+ed)\b|'s\b|'re\b"
)
# "The driver couldn't find you" admits nothing.
_OTHERS_DID_NOT = re2.compile(
    r"(?i)^\W*(?:the|an?|our|your|they|he|she) (?:\w+ ){0,2}?(?:could|did|was|were|had)(?:n't| not)\b"
)

# What binds the customer: conditions, exclusions, costs. Each idea in the words that shops use for it.
_CONDITION = re2.compile(
    r"(?i)\b(?:must|(?:has|have|had|need|needs|ought) to|needs? (?:your|our|an?|the|some|both|proof|written|to)|needed|"
    r"required?|requires|requirements?|requiring|mandatory|obligatory|compulsory|obliged|necessary|essential|crucial|vital|imperative|"
    r"pre-?requisites?|pre-?conditions?|(?:on |the |one )conditions?|subject to|provided|as long as|so long as|unless|only|solely|"
    r"exclusively|limited to|restricted|limits?|except|excepted|exceptions?|exclude[sd]?|excluding|exclusions?|exempt|in-?eligible|eligib\w+|"
    r"entitled|qualif\w+|final sale|are final|is final|non-?(?:returnable|refundable|transferable)|depends?|depending|"
    r"responsible|liable|liability|deduct\w*|forfeit\w*|void|voids|invalid|penalt\w+|surcharges?|deposits?|charged?|"
    r"at (?:your|the (?:customer|buyer)'?s?) (?:own )?(?:expense|cost|risk|charge)|for your own account|"
    r"(?:make|be|making|being) (?:sure|certain)|ensure|(?:do not|don't|never) forget|remember to|should (?:be|have|not|include|contain|come|bear|show)|"
    r"approv\w+|permission|permitted|consent|authori[sz]\w+|prior notice|in advance|beforehand|ahead|refuse[sd]?|reject\w*|denied|declined?|"
    r"(?:cannot|can't|can not|will not|won't|may not|is not|isn't|are not|aren't|not) (?:be |get )?(?:\w+ed|sold|sent|taken|given|possible|eligible|available|valid)|"
    r"(?:do|does|will) not (?:apply|accept|cover|take|include|allow|offer|count|refund|exchange|ship)|(?:don't|doesn't|won't) (?:apply|accept|cover|take|include|allow|offer|count|refund|exchange|ship)|"
    r"no (?:returns?|refunds?|exchanges?|guarantee|warranty)|accepts?|accepted|appl(?:y|ies)|covers?|covered|includes?|included|counts?|"
    r"is (?:up )?to be|are to be|comes? with|without)\b"
)
# What binds the shop: services, presents, time that nobody promised.
_PROMISE = re2.compile(
    r"(?i)\b(?:(?:I|we|they|someone|somebody)(?:'ll| will| shall|'m going to|'re going to| am going to| are going to)|"
    r"(?:our|the|an?|my|your) (?:[\w-]+ ){1,3}?(?:will|shall|is going to|are going to|calls?|contacts?)|"
    r"you(?:'ll| will| shall| are going to|'re going to| can expect| should expect| will be|'re entitled| get| also get| receive| even get)|"
    r"expect|guarantee[sd]?|promise[sd]?|(?:I|we) (?:can |always |also |even |gladly |happily )*(?:offer|give|pay|cover|beat|match|waive|ship|send|refund|replace|provide)|"
    r"free|complimentary|gratis|on us|on top|bonus|surprise|gift|reward\w*|discount\w*|compensat\w+|reimburs\w+|lifetime|money[- ]back|upgrade[sd]?)\b"
)
# What only looks so: a guess at how somebody feels, and a regret.
_NO_TERM = re2.compile(
    r"(?i)\b(?:that|this|it|which) must (?:have been|feel|seem|sound|be (?:(?:very|so|really|quite|deeply) )?(?:\w+ing|hard|tough|awful|terrible|stressful|painful|unpleasant))\b|\bshould(?: not|n't| never) (?:have )?happen(?:ed)?\b|\bno need\b|\bfeel free\b"
)
# A hand-over says that a person will see to it; what that person will do, or when, is a promise again.
_SOMEBODY = re2.compile(
    r"(?i)\b(?:colleagues?|person|people|human|someone|somebody|teams?|specialists?|expert)\b"
)
_CONCRETE = re2.compile(
    r"(?i)\b(?:call|phone|ring|visit|minutes?|hours?|days?|today|tonight|tomorrow|morning|evening|soon|shortly|immediately|refund|"
    r"within|weekend|noon|expect|permission|permit|consent|sign|credit|pay|reimburse|compensate|send|ship|replace|waive|discount|voucher|gift|free|receipt|invoice|form|document|photo|"
    r"tags?|labels?|box|packaging|approv\w+|must|required|only)\b|\d"
)
_COSTS_NOTHING = re2.compile(
    r"(?i)\b(?:(?:at )?no (?:extra |additional |further )?(?:charges?|costs?|fees?)|free of charge|costs? nothing|without (?:extra |any )?(?:charge|cost))\b"
)
_OFTEN = re2.compile(
    r"(?i)\b(?:once|twice|one time)(?: (?:per|a|an|every|each|in a) (?:day|week|month|quarter|year|season|lifetime|household|customer|person|account)\b|[.,!])"
)

# Words that say that something binds, in which order, or how politely: never what is demanded.
_EMPTY_WORDS = """
must has have need needs needed required require requires requirement requirements mandatory obligatory compulsory necessary
essential crucial important vital condition conditions provided long unless only solely exclusively just simply note
notice mind keep remember forget sure certain make making ensure ensures please possible allowed accept accepted accepts
apply applies should shall ought able item items product products customer customers everyone anyone people always also
colleague colleagues assist assistance reply answer further get gets things try look looking glance thing case matter matters
means works moment include included includes above below per after before up within expect first second part rush later option whether offer
offers takes take there first use using
"""
# One word for those that policies and agents use for the same thing.
_SAME_WORDS = """
exchange swap|start begin|change update edit correct modify adjust|deliver arrive ship shipping parcel package shipment|
valid expire expiry|refund money|broken damaged damage|purchase buy bought|order purchase|email mail|two pair|color colour
"""


_EMPTY = frozenset(stems_of(_EMPTY_WORDS))
# How a value binds: needless to say where the value itself is a source's.
_BINDING = frozenset(
    stems_of(
        "minimum maximum min max threshold least most limit cutoff cut mark point level bar amount value figure sum total subtotal "
        "start starts begin begins kick kicks onward onwards upward upwards exceed exceeds hit hits cross crosses top tops spend spending spent basket "
        "cart checkout latest earliest window period deadline term span stretch duration length lasts last run runs close closes end ends"
    )
)
_SAME = {
    stem: stems[0]
    for stems in (stems_of(group) for group in _SAME_WORDS.replace("\n", " ").split("|"))
    for stem in stems
}

# "It came on May 5" is "it arrived": of what happened, not of what a policy says.
_CAME = dict.fromkeys(stems_of("came come received receive"), _SAME[stems_of("arrive")[0]])


def grounding_layer(answer: str, told: Sequence[str], policies: Sequence[str]) -> Layer:
    """1 where a sentence of the answer has little in common with any passage of any source.

    `told` are the texts about this case (the ticket, the human answer); only they can say what has happened.
    """
    strange = [s for s in sentences(without_hand_over(answer)) if _strange(s, told, policies)]
    if not strange:
        return right("grounding")
    return layer("grounding", 1, *(f"no source speaks of this: '{sentence}'" for sentence in strange))


def terms_layer(answer: str, *sources: str) -> Layer:
    """1 where the answer states a condition or makes a promise that no source does.

    An answer that hands over may say that a person will see to it.
    """
    handed = escalated_to(answer) is not None
    invented = [
        s
        for s in sentences(without_hand_over(answer))
        if binds(s)
        and not (handed and _hands_over(s))
        and _share_borne(meant(s), sources) < BORNE
        and not _restates(s, sources)
    ]
    if not invented:
        return right("terms")
    return layer("terms", 1, *(f"no source makes this condition or promise: '{s}'" for s in invented))


@lru_cache(maxsize=4096)
def stated(ticket: str) -> str:
    """What a customer states: a question bears no answer out."""
    return "\n".join(sentence for sentence in sentences(ticket) if not sentence.endswith("?"))


def policy_passages(book: PolicyBook, today: date, *, patterns: bool) -> dict[str, str]:
    """The policies in force by topic, each after its topic's name and, if wanted, the words of its patterns.

    In the patterns' words people speak of a policy, though they do not say what it demands.
    """
    return {
        fact.topic: f"{_LETTERS.sub(' ', ' '.join((fact.topic, *(fact.patterns if patterns else ()))))} {fact.sentence()}"
        for fact in book.in_force(today)
    }


def binds(sentence: str) -> bool:
    """Whether a sentence states a condition or makes a promise; questions and not knowing do neither."""
    plain = _NO_TERM.sub(" ", fold(sentence))
    if plain.endswith("?") or admits_not_knowing(plain) or factless(sentence):
        return False
    return bool(_CONDITION.search(plain) or _PROMISE.search(plain))


def _hands_over(sentence: str) -> bool:
    return bool(_SOMEBODY.search(sentence)) and not _CONCRETE.search(sentence)


def _strange(sentence: str, told: Sequence[str], policies: Sequence[str]) -> bool:
    if sentence.endswith("?") or (admits_not_knowing(sentence) and not _OTHERS_DID_NOT.search(sentence)):
        return False
    if not HAPPENED.search(sentence) and _restates(sentence, (*told, *policies)):
        return False
    parts = clauses(sentence)
    polite = next((i for i, part in enumerate(parts) if not courteous(part)), len(parts))
    stated = [part for part in parts[:polite] if of_the_trade(part)]
    if polite < len(parts):
        rest = ", ".join(parts[polite:]) if polite else sentence
        # Few words after a courtesy belong to it: "Kind regards, your support team".
        stated += [] if polite and _fragment(rest) else [rest]
    return any(_invented(statement, told, policies) for statement in stated)


def _restates(sentence: str, sources: Iterable[str]) -> bool:
    """Whether one source holds every value of a sentence, and most of what else it says: how a value binds needs no source.

    "The minimum for free shipping is $75" is "free for orders over $75".
    """
    said = quantities(fold(sentence))
    rest = fold(sentence)
    for quantity in reversed(said):
        rest = f"{rest[: quantity.start]} {rest[quantity.end :]}"
    words = meant(rest) - _BINDING
    return bool(said) and any(
        _share_borne(words, [source]) >= BORNE
        for source in sources
        if all(any(value.same_value(own) for own in _values(source)) for value in said)
    )


@lru_cache(maxsize=4096)
def _values(source: str) -> tuple[Quantity, ...]:
    return tuple(quantities(fold(source)))


def _fragment(rest: str) -> bool:
    return len(rest.split()) <= FRAGMENT and not _FINITE.search(rest) and not of_the_trade(rest)


def _invented(statement: str, told: Sequence[str], policies: Sequence[str]) -> bool:
    """Whether a statement has too little in common with any passage."""
    sources = (*told, *policies)
    words, every = meant(statement), spoken(statement)
    if _share_borne(words, sources) <= GROUNDED:
        return True
    said = _share_borne(every, sources, spoken)
    if len(words) <= FEW and (said < SAID or (said == SAID and len(every) > 2)):
        return True
    happened = any(HAPPENED.search(part) and not courteous(part) for part in clauses(statement))
    return happened and _share_borne(every, told, spoken) < TOLD


def _share_borne(
    words: frozenset[str],
    sources: Iterable[str],
    read: Reader | None = None,
) -> float:
    """The largest share of the words that one passage of one source holds, 0 to 1; 1 of no words."""
    if not words:
        return 1.0
    passages = (others for source in sources for others in _passages(source, read or meant))
    return max((len(words & others) for others in passages), default=0) / len(words)


@lru_cache(maxsize=8192)
def _passages(source: str, read: Reader) -> tuple[frozenset[str], ...]:
    """What every two sentences in a row hold, as `read` takes a sentence."""
    parts = [read(sentence) for sentence in sentences(source)]
    return tuple(a | b for a, b in pairwise([*parts, frozenset()]))


@lru_cache(maxsize=8192)
def spoken(sentence: str) -> frozenset[str]:
    """The stems of all words of a sentence but those that carry grammar alone."""
    words = GRAMMAR.sub(
        " ", _OFTEN.sub("timely", _COSTS_NOTHING.sub("free", GREETING.sub("", fold(sentence))))
    ).lower()
    return frozenset(
        _SAME.get(stem, _CAME.get(stem, stem))
        for stem in (stemmed(word) for word in _LETTERS_ONLY.findall(words))
    )


@lru_cache(maxsize=8192)
def meant(sentence: str) -> frozenset[str]:
    """The content words of a sentence, one for all that mean the same, without those that are empty."""
    words = beside_courtesy(_OFTEN.sub("timely", _COSTS_NOTHING.sub("free", fold(sentence))))
    return frozenset(_SAME.get(word, word) for word in words - _EMPTY)
