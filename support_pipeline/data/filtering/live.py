"""Answers that rest on live data: where a parcel is now, whether something is in stock, whether money went out.

The model that is trained sees no order system, so from such tickets it learns to say so. Both sides
must show it: the customer asks for a live fact and the reply states one.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from support_pipeline.data.filtering.turns import sentences
from support_pipeline.data.remembering import remembered
from support_pipeline.policies import PolicyFact

_PARCEL = frozenset(
    "order parcel package delivery shipment item box stuff courier carrier driver warehouse tracking orders items".split()
)
_WHERE = frozenset(
    "where where's wheres status track tracking eta update updates news locate trace happening going".split()
)
_MOVED = frozenset(
    """arrive arrived arrives arriving received receive come came coming ship shipped ships deliver delivered dispatched
    transit left sent moved moving here way""".split()
)
_MONEY = frozenset("refund refunded money credit reimbursement return returned returns reimbursed".split())
_ASK_MONEY = frozenset(
    """where where's status when yet already received got get issued sent processed out reached reach arrived shows see
    update booked book way gone still day""".split()
)
_STOCK = frozenset("stock restock restocked unavailable available availability sold".split())
_SIZES = frozenset(
    "left size small medium large xs s m l xl xxl color colour somewhere black white blue red green".split()
)
_HAVING = frozenset("have there single whether come back more still".split())
_ASKS = frozenset(
    """where where's when status update updates track tracking still yet not hasn't haven't hasnt havent isn't never no
    check see news locate late delayed lost stuck whether already""".split()
)
_NOT_NOW = frozenset(
    """if once whether when unless until after before usually normally typically always every any within takes take case
    provided long would refunds orders parcels shipments business""".split()
)
_DEFINITE = frozenset("your the this it it's they i we that i've we've my".split())
_BEING = frozenset(
    """is was has are were had been it's left went leaves packed shows says sits just i i've we we've should will
    arrived shipped delivered""".split()
)
_STATE = frozenset(
    """shipped dispatched delivered transit stuck delayed delay scanned scan packed packing left arriving scheduled leaves
    handed due lost customs depot hub carrier courier arrive delivery""".split()
)
_DAY = frozenset(
    """today tonight tomorrow yesterday morning afternoon evening now monday tuesday wednesday thursday friday saturday
    sunday january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec ago currently moment just""".split()
)
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten few couple last only several none no more".split()
)
_PAID = frozenset(
    """issued sent processed completed released initiated approved credited went leaves left pushed refunded posted checked
    booked received gone pending hall""".split()
)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_CODE = re.compile(r"<(?:ORDER|TRACKING)_\d+>|\b[A-Z]{1,4}-?\d{4,}\b|#\d{4,}")
_DATE = re.compile(
    r"\d+/\d+|\b\d{1,2}(?:st|nd|rd|th)?\b(?![ -]?(?:business |working )?(?:hour|day|week|month|year|%|percent))"
)

Words = frozenset[str]


@remembered
def asked_for(text: str) -> tuple[str, ...]:
    """The live facts that a customer asks for, in order of precedence."""
    found: set[str] = set()
    before: Words = frozenset()
    for sentence in sentences(text):
        words = _words(sentence)
        if "?" in sentence or words & _ASKS:  # what "it" is may have been said in the sentence before
            found |= set(_asked(sentence, words, words | before))
        before = words
    return tuple(topic for topic in ANSWERS if topic in found)


@remembered
def stated(text: str) -> frozenset[str]:
    """The live facts that a reply states; rules and conditions ("within 5 days", "once it ships") are none."""
    found: set[str] = set()
    for sentence in sentences(text):
        words = _words(sentence)
        if not words & _NOT_NOW:
            found |= set(_stated(sentence, words))
    return frozenset(found)


@remembered
def _words(sentence: str) -> Words:
    return frozenset(_WORD.findall(sentence.casefold()))


def _asked(sentence: str, words: Words, around: Words) -> Iterator[str]:
    if around & _MONEY and words & _ASK_MONEY:
        yield "refund"
    if around & _STOCK or (words & _SIZES and words & _HAVING) or {"many", "left"} <= words:
        yield "stock"
    parcel = words & _PARCEL or _CODE.search(sentence)
    if (
        parcel
        and (words & (_WHERE | _MOVED) or "out for delivery" in sentence.casefold())
        or {"track", "me"} <= words
    ):
        yield "order"


def _stated(sentence: str, words: Words) -> Iterator[str]:
    dated = bool(words & _DAY) or bool(_DATE.search(sentence))
    if words & _MONEY | words & {"payment", "amount"} and words & _PAID and words & _DEFINITE:
        yield "refund"
    counted = words & _STOCK or (words & {"left", "back"} and (dated or words & _NUMBERS))
    if counted and words & (_BEING | {"only", "have"}):
        yield "stock"
    placed = dated or words & {"carrier", "courier", "scan", "transit", "stuck", "lost", "tracking"}
    is_parcel = words & (_PARCEL | {"it", "they"}) or _CODE.search(sentence)
    if placed and is_parcel and words & _STATE and words & _BEING:
        yield "order"


ANSWERS: dict[str, tuple[str, ...]] = {
    "order": (
        "I can't see live order or courier data from here, so I can't tell you where your order is right now. The tracking link in your "
        "shipping confirmation shows its latest position, and the order page in your account shows whether it has left our warehouse.",
        "I don't have access to live tracking, so I can't say where your parcel is at this moment. Please follow the tracking link in your "
        "dispatch e-mail, which is updated at every scan; if it has not moved for several days, reply here and a colleague will check with the courier.",
        "Where the order is just now is something I cannot see from this chat. The quickest way to know is the tracking link that was e-mailed "
        "when it shipped. If there is no such e-mail yet, the order has most likely not been handed to the courier.",
        "I'm not able to look up the current status of an order. The order page in your account and the tracking link in the shipping e-mail "
        "always show the newest information, and our team can look into it if that information looks wrong.",
    ),
    "stock": (
        "I can't see live stock levels, so I can't promise whether it is available right now. The product page always shows what can be "
        "ordered, and where it offers a back-in-stock notice you can leave your e-mail address there.",
        "Stock changes by the hour and I have no live view of it. Please check the product page for the size and colour that you want: what "
        "can be put in the basket is available.",
        "I don't have access to current stock, so I would only be guessing. The product page is up to date, and it is the best place to see "
        "whether the item is available or when it is back.",
    ),
    "refund": (
        "I can't see payments from here, so I can't tell whether your refund has already gone out. You will get an e-mail as soon as it is "
        "issued, and your bank or card statement shows when it has arrived.",
        "I have no access to live payment data, so I can't confirm the status of your refund. Please check the e-mail that confirms the refund "
        "and your account statement; if neither shows it, reply here and a colleague will check.",
        "Whether the refund was sent is something I cannot look up in this chat. The order page in your account shows its status, and you "
        "receive a confirmation by e-mail when the money is on its way.",
    ),
}
_TOPICS: dict[str, tuple[str, ...]] = {
    "order": ("ship", "deliver", "track", "dispatch", "transit"),
    "stock": ("stock", "availab", "back-order", "backorder"),
    "refund": ("refund", "reimburs"),
}


def live_topic(question: str, resolution: str) -> str | None:
    """The live fact that the customer asks for and the reply states, or None."""
    asked = asked_for(question)
    if not asked:
        return None
    known = stated(resolution)
    return next((topic for topic in asked if topic in known), None)


def cannot_know(
    topic: str, ticket_id: str, policies: Iterable[PolicyFact], own_answer: str | None = None
) -> str:
    """What to say instead; the client's own words win. A policy in force on the topic is added."""
    text = own_answer or choose(ANSWERS[topic], ticket_id)
    sentence = next((fact.sentence() for fact in policies if _about(fact, topic)), None)
    return f"{text} {sentence}" if sentence and not own_answer else text


def choose(phrasings: Sequence[str], key: str) -> str:
    """One of several phrasings, always the same for the same key."""
    return phrasings[int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % len(phrasings)]


def _about(fact: PolicyFact, topic: str) -> bool:
    return any(word in fact.topic.casefold() for word in _TOPICS[topic])
