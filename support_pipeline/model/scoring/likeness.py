"""The likeness layer: is the answer about the same thing as the human one?

Only where no other layer has spoken for the content: no policy claim to check, nothing to hand over.
It compares content words, not wording, and is lenient: it is there to catch another subject.
"""

from functools import lru_cache

import re2
from rapidfuzz import fuzz

from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.wording import fold, sentences

# Fitted on the demo client: answers to the same intent in other words against answers to other intents.
NEAR = 0.40
NEAR_STRAYED = 0.60
FAR = 0.33
# A sentence of the human answer is told if a quarter of its words are: one in 500 of other agents' right answers lies below.
TOLD = 0.25
LEFT_OUT = 0.3

_STOP_WORDS = """
a about again all also am an and another any anything are as at back be been before being both but by can
come could did do does done down each else even every for from further get go going good had has have
having he hello help her here hey hi him his hope how i if in into is it its itself just kind know let
like ll look may me more most my need no not now of off on once one only or other our out over own please
question questions re regards s same she should so some sorry still such t take team than thank thanks
that the their them then there these they this those through to too under until up us ve very want was
way we well were what when where which while who why will with won would write yes yet you your yours day
great glad happy contacting contact reaching feel free best dear cheers regards welcome sure simply
"""
STOP = frozenset(_STOP_WORDS.split())
_WORD = re2.compile(r"[a-z]{2,}|\d+")
_PLACEHOLDER = re2.compile(r"<[A-Z_]+_\d+>|\[Escalated to:[^\]]*\]")


# Sentences that every agent writes under every answer.
COURTESY = re2.compile(
    r"(?i)^\W*(?:thank|hope|happy to|glad|good to hear|great question|sure\b|no worries|i(?:'m| am| would|'d)? "
    r"(?:glad|happy|appreciate|trust|hope|understand|know)|we (?:appreciate|are always|hope)|let (?:me|us) know|let me|"
    r"let's get|please (?:let|do not hesitate|don't hesitate|feel free)|feel free|if (?:you have|anything|there is)|"
    r"(?:just )?(?:ping|shout|reply|write)|do write|have a (?:great|nice|lovely|good)|take care|enjoy|all the best|"
    r"wishing|wish you|happy trails|anything else|is there anything else|here you go|got it|quick answer|best|kind|"
    r"cheers)[^0-9]*$"
)
GREETING = re2.compile(
    r"(?i)^(?:hi|hello|hey|dear|good (?:morning|afternoon|day|evening))\b[^,!.\n]{0,40}(?:[,!.\n]|$)\s*"
)


@lru_cache(maxsize=8192)
def told(text: str) -> str:
    """What a text says, in lower case, without placeholders, greetings and short sentences of courtesy."""
    parts = [GREETING.sub("", part) for part in sentences(_PLACEHOLDER.sub("", fold(text)))]
    return " ".join(p for p in parts if not (COURTESY.search(p) and len(p.split()) <= 16)).lower()


@lru_cache(maxsize=8192)
def content_words(text: str) -> frozenset[str]:
    """The stems of the words that carry content."""
    return frozenset(
        stemmed(word) for word in _WORD.findall(told(text).replace("n't", " not")) if word not in STOP
    )


def likeness(answer: str, human: str, ticket: str = "") -> float:
    """How alike two answers are in content, 0 to 1: the better of word overlap and character similarity.

    Words that the ticket already has count half: both answers may echo them whatever they say.
    """
    ours, theirs = content_words(answer), content_words(human)
    if not theirs:
        return 1.0
    echoed = content_words(ticket)
    weight = {word: 0.5 if word in echoed else 1.0 for word in ours | theirs}
    shared = sum(weight[word] for word in ours & theirs)
    smaller = min(sum(weight[w] for w in ours), sum(weight[w] for w in theirs))
    overlap = shared / smaller if smaller else 0.0
    return max(overlap, fuzz.token_sort_ratio(told(answer), told(human)) / 100 - 0.25)


def likeness_layer(
    answer: str, human: str, ticket: str, *, settled: bool = False, strayed: bool = False
) -> Layer:
    """Near is right, far is wrong, and between is half right, as is what leaves much of the human answer out.

    `settled` says that the answer states every policy that the human one does: it is on the subject.
    `strayed` says that it states a policy which the human did not, so more likeness is asked of it.
    """
    lost = left_out(answer, human)
    found = 1.0 if settled else likeness(answer, human, ticket)
    if found >= (NEAR_STRAYED if strayed else NEAR):
        return layer("likeness", 2, *(f"leaves out '{part}'" for part in lost)) if lost else right("likeness")
    missed = sorted(content_words(human) - content_words(answer))[:8]
    verdict = (
        "another subject than the human answer" if found < FAR else "only partly what the human answer says"
    )
    return layer(
        "likeness", 1 if found < FAR else 2, f"{verdict} (likeness {found:.2f}; missing: {', '.join(missed)})"
    )


def stems_of(words: str) -> list[str]:
    """The stems of a list of words; a greeting among them counts like any other."""
    return [stem for word in words.split() for stem in content_words(f"x {word}")]


def left_out(answer: str, human: str) -> list[str]:
    """The sentences of the human answer that the answer does not tell, where they are much of it.

    Questions and short sentences do not count, so that an answer may leave out what carries little.
    """
    ours = content_words(answer)
    told = {part: content_words(part) for part in sentences(human) if not part.endswith("?")}
    told = {part: words for part, words in told.items() if len(words) >= 4}
    lost = {part: words for part, words in told.items() if len(words & ours) < TOLD * len(words)}
    whole = sum(map(len, told.values()))
    return list(lost) if sum(map(len, lost.values())) > LEFT_OUT * whole else []


def stemmed(word: str) -> str:
    """A crude stem: enough for returns, returned and returning to meet."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _single(word[: -len(ending)])
    return word


def _single(stem: str) -> str:
    """Without the letter that an ending doubles: shipped is of ship."""
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz" else stem
