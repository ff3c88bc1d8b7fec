"""Words that need no source: politeness, sympathy and the conduct of a conversation.

What a shop may invent is without end; how people are polite is nearly a closed list. So it is the polite
words that are listed, and a sentence is held against the sources by what is left of it.
"""

from functools import lru_cache

import re2

from support_pipeline.model.scoring.likeness import GREETING, content_words, stems_of
from support_pipeline.model.scoring.wording import fold

_WORDS = """
thank thanks thankful grateful gratitude appreciate appreciated appreciation pleasure delighted happy happily glad gladly please
pleased kindly welcome hello greetings cheers regards sincerely truly wish wishing hope hoping trust enjoy enjoyable
enjoying fun lovely nice pleasant wonderful fantastic great excellent awesome amazing perfect beautiful safe trails trail outdoors
adventure adventures weekend day week evening morning afternoon night today holiday year season
sorry apologize apologise apologies apology regret unfortunately unfortunate inconvenience inconvenient trouble troubling hassle
mishap confusion confusing confused frustration frustrating frustrated upset upsetting disappointment disappointing disappointed
annoying annoyed annoyance worry worries worrying worried concern concerns concerned concerning stress stressful unsettling
unsettled tough hard difficult awful terrible urgent urgency distress distressing anger angry situation circumstances
experience feel feeling feelings feels felt sound sounds seem seems matter matters understand understood understandable understandably
understanding imagine empathize empathise sympathize sympathy realize realise patience patient bear bearing cooperation kindness loyal loyalty
business support customer customers sir madam ma'am mr mrs ms friend everyone folks
help helps helpful helping assist assists assistance assisting question questions query queries inquiry ask asked asking answer
answers answering reply replies replying respond response write writing wrote written message messages mail note contact contacting
contacted reach reaching reached touch hear hearing heard tell telling told let know known share sharing shared reporting
bring bringing brought attention raise raising raised mention mentioned explain explaining explained explanation detail details
detailed information info clear clearer clears clarify clarification clarity unclear fine print sense
shout ping holler drop line back again anything something else nothing further hesitate feel free moment time quick quickly short
right away straight sorted sort sorting solve solved resolve resolved resolution stuck problem problems issue issues certainly
absolutely sure surely course definitely indeed exactly correct okay ok alright yes yep got noted good better best fair
point honest open interest interested choosing shopping visiting luck favorite attentive important valid wise smart worth
worthwhile look looking forward see soon talk care luck happen happens happened honestly personally deeply really very
particular specific regarding concerning follow following summary brief briefly add added addition additionally
finally meanwhile moreover overview run-down rule rules simple simply easy easily basically general generally usual
usually normally typically case cases always here there make makes take takes mind chance alone together settles settle shy agree reason reasons world inbox stick sticking travel travels holidays much many comes coming checking
whenever wherever hopefully stay caused cause causing lot lots bunch giving given give letting trip trips journey warm warmest
obliged wait waiting waits totally completely fully entirely sincere heartfelt kind kindest words word compliment compliments
greatly highly extremely incredibly deserve deserves love loved loves excited excuse pardon forgive forgiveness mean means meant
ease peace calm smile smiling bright sunny shining rest relax human humans person people guys folk fellow dear
curious interesting remark remarks comment comments feedback suggestion suggestions idea ideas thought thoughts thoughtful
wonder wondering unsure uncertain lost puzzled puzzling tricky complicated complex simple unpleasant unhappy sad saddened
angry mad nervous anxious tired exhausting overwhelming long-standing valued trusting trusted faithful
standby disposal service services serve serving tune speak speaking chat chatting conversation
heads-up bother bothering spent spend taking took effort honesty openness courage promptly swift swiftly soonest
goodbye bye farewell congratulations congrats celebrate celebration birthday christmas
"""
# Such words say something when they stand with others; alone they are ordinary ways to close.
_CLOSING = re2.compile(r"(?i)^\W*(?:(?:your|the|our) )?(?:[\w'&-]+ ){0,3}(?:team|support|care|service)\W*$")


@lru_cache(maxsize=1)
def _polite() -> frozenset[str]:
    return frozenset(stems_of(_WORDS))


@lru_cache(maxsize=8192)
def beside_courtesy(sentence: str) -> frozenset[str]:
    """The content words of a sentence that are not polite ones."""
    plain = GREETING.sub("", fold(sentence))
    if _CLOSING.search(plain):
        return frozenset()
    return content_words(f"x {plain}") - _polite()
