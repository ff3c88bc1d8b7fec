"""Whether an agent granted what the policy does not.

Either the words name it (an exception, just this once, goodwill), or one sentence states a limit and the
same or the next one steps over it: "we usually need the box, but I'll accept it without". A limit alone is
a refusal, a favour alone is service.
"""

from collections.abc import Sequence
from itertools import pairwise

from support_pipeline.data.filtering.patterns import PatternSet, compiled, quoted
from support_pipeline.data.filtering.turns import sentences
from support_pipeline.data.remembering import remembered

_DO = (
    r"(?:accept(?:ed)?|approv\w+|refund(?:ed)?|reimburse[d]?|credit(?:ed)?|replace[d]?|repair(?:ed)?|remake|redo|send|sent|ship(?:ped)?|extend(?:ed)?|appl(?:y|ied)|honou?r(?:ed)?|process(?:ed)?|arranged?|cancel(?:l?ed)?|add(?:ed)?|put|"
    r"issued?|created?|reactivated?|restored?|removed?|took|take|taken|waived?|lift(?:ed)?|upgraded?|bumped|moved?|reserved?|exchange[d]?|give|given|gave|set up|set|let|allow(?:ed)?|authori[sz]ed?|overrid\w+|overrode|pay|paid|collect|got|made|make|"
    r"slipped|charged|cut|change[d]?|reopened|include[d]?|hold|cover(?:ed)?|keep|kept|reduced?|match(?:ed)?|opened)"
)
_I = r"\b(?:i|we)(?:'ve|'ll|'d| have| will| would| can| could| am| are|'m|'re| did| do)?"
_EAGER = r"(?: (?:still|also|now|just|nevertheless|nonetheless|gladly|gone ahead and|go ahead and|went ahead and|happy to|be happy to|glad to|able to|like to|was able to|were able to|decided to|going to|manually|personally|even|been able to|make it work|anyway|already))*"

_NAMED = PatternSet.of(
    {
        "policy_exception": (
            r"\b(?:as|make|made|making|grant(?:ed|ing)?|approved?|allow(?:ed)?|offer(?:ed)?|a|an|this|one|your) (?:you )?(?:an?|this|the|one|as)? ?(?:one[- ]?(?:time|off) |special |single |rare |small |exceptional |courtesy )*(?:exceptions?|exemptions?|goodwill (?:gesture|credit|refund|exception))\b",
            r"\b(?:one[- ]?(?:time|off)|special|exceptional|personal) (?:only )?(?:exceptions?|courtesy|favou?r|arrangement|allowance|measure|gesture|treatment|discount)\b|\bas a one[- ]off\b|\ba one[- ]off favou?r\b|\b(?:made|making|make) an? (?:\w+ )?allowance\b",
            r"\bjust (?:this once|for (?:you|today)|this (?:one|1) time)\b|\b(?:just|only)? ?this (?:once|one time)\b|\bthis time (?:only|around)\b|\bon this (?:one )?occasion (?:only|as an exception)\b",
            r"\b(?:gesture|act|sign|token) of (?:our )?(?:goodwill|good will|good faith)\b|\bgoodwill gesture\b|\b(?:as|out of|in) (?:a |our )?(?:goodwill|good will)\b|\b(?:as|out of) (?:a )?courtesy\b|\bwith our compliments\b|\bon the house\b|\b(?:this|that) one(?: is|'s) on us\b",
            r"\b(?:waive|waived|waiving) (?:the|this|that|your|our|it|half|any|all) ?(?:[\w₹$£€-]+ ){0,3}(?:fees?|charges?|costs?|policy|requirement|deadline|shipping|it)?\b",
            r"\b(?:bend|bent|bending|stretch(?:ed)?) the rules?\b|\bpull(?:ed)? (?:some |a few )?strings\b|\bturn a blind eye\b|\blet (?:it|that|this) slide\b|\boverrid(?:e|den|ing) (?:the|our|it)\b|\boverrode\b|\b(?:not|won'?t) be (?:so |too )?strict\b|\bmake it work for you\b",
            r"\b(?:outside|beyond) (?:of )?our (?:regular|normal|usual|standard) (?:process|policy|rules|terms)\b|\bcontrary to our\b|\bisn'?t (?:normally|usually) (?:available|offered|possible)\b|\b(?:please )?(?:don'?t|do not) expect (?:that|this) every\b|\bcan'?t do (?:that|this|it) again\b|\bonly do (?:that|this|it)? ?once\b",
            r"\b(?:manager|supervisor|team lead|management|head office|boss)(?:'s)?,? (?:(?:has|have|had|and (?:she|he|they)|she|he|they) )?(?:approved|signed off|authori[sz]ed|agreed)\b|\b(?:approved|authori[sz]ed|signed off|agreed) by (?:\w+ )?(?:management|manager|supervisor|head office)\b|"
            r"\b(?:got|have|get|had) (?:the |an |special )?(?:ok|okay|approval|permission|go-ahead) from\b|\bspecial(?:ly)? (?:approval|approved|permission|authori[sz]ation)\b|\b(?:talked|talking|spoke|speaking|spoken|discussed|word)\b[^.]{0,30}\b(?:manager|supervisor|team lead|team)\b[^.]{0,60}\b(?:agreed|they'll|we'll|she'll|he'll|exception|ok(?:ay)?|approv\w+)\b",
            # Compensation beyond what went wrong.
            r"\b(?:to make (?:it|this|that|things) up to you|as (?:an? )?(?:apology|compensation)|as an? (?:\w+ )?(?:apology|compensation) for|for (?:the|your) (?:trouble|inconvenience|hassle|wait))\b[^.]{0,60}\b(?:credit(?:ed)?|voucher|discount|coupon|refund(?:ed)?|gift card|free of charge|off your)\b|"
            r"\b(?:credit(?:ed)?|voucher|discount|coupon|gift card|\d+ ?%)\b[^.]{0,60}\b(?:as (?:an? )?(?:\w+ )?(?:apology|compensation)|to make (?:it|this|that) up|for (?:the|your) (?:trouble|inconvenience|hassle))\b",
            r"\byou (?:may|can) keep (?:it|them|the \w+|both) (?:with|as a gift|for free)\b|\brefund(?:ed)? (?:you )?anyway\b|\b(?:e?specially|only|just) for you\b|\b(?:upgrad|bump)ed (?:you|your \w+) to\b[^.]{0,40}\b(?:free|no (?:extra |additional )?(?:cost|charge))\b|"
            r"\b(?:cut|reduced?|lowered|halved|removed|dropped) (?:the|your|that|half the) (?:[\w-]+ ){0,3}(?:fees?|charges?)\b",
        )
    }
)
NORM = "norm"
_PARTS = PatternSet.of(
    {
        NORM: (r"\b(?:usual(?:ly)?|normally|ordinarily|strictly speaking|as a (?:general )?rule)\b",),
        "limit": (
            r"\b(?:usual(?:ly)?|normally|typically|generally|ordinarily|strictly speaking|as a (?:general )?rule|officially|policy|polic(?:y|ies) (?:is|says?|states?)|our (?:terms|rules|guidelines))\b",
            r"\b(?:can(?:'t|not| not)|won'?t|could ?n'?t|should ?n'?t|don'?t|do not|does ?n'?t|is ?n'?t|is not|are ?n'?t|are not|was ?n'?t) (?:\w+ ){0,2}(?:be )?(?:return(?:ed|able)?|exchange[d]?|refund(?:ed|able)?|accept\w*|eligible|cancel\w*|combin\w+|cover(?:ed)?|valid|ship|match|"
            r"extend(?:ed)?|reserve[d]?|allow(?:ed)?|permit(?:ted)?|take|do returns|part of|apply)\b",
            r"\b(?:non-?(?:returnable|refundable|eligible)|excluded|final sale|ineligible|not covered|isn'?t covered|aren'?t in our)\b|\b(?:only|must|need to|have to|require[sd]?) (?:be |for |the |once|work|apply|valid|complete)",
            r"\b(?:has|have|had|is|are|was|you're|it's|it|period|window|trial|nights|days|deadline|warranty|code|sale|pricing)\b (?:now |already |\w+ )?(?:expired|passed|over|ended|ran out|run out|lapsed|closed|past)\b|\b(?:outside|past|beyond|over) (?:of )?(?:the|our|your|that)\b|\b(?:out of|exceed\w*) (?:the |our )?(?:warranty|window|limit|period)\b|"
            r"\b(?:one|two|\d+|a few) (?:days?|weeks?|dollars|euros|months?) (?:over|late|short|under|outside)\b|\bshort of\b|\bjust (?:over|under|short)\b|\b(?:limit|minimum|maximum|window|price|period|deadline) (?:is|went|was)\b|\bcarry a fee\b|\bcosts? \d|\b(?:for|is for) (?:[\w-]+ ){1,3}only\b|\bworks? (?:it )?(?:once|only)\b|\bget store credit\b|\brun out\b|\bran out\b|\bgo to the original\b|\bgo to (?:the )?original\b",
        ),
        "contrast": (
            r"\b(?:but|however|yet|still|nevertheless|nonetheless|that said|although|though|even though|while|despite|anyway|regardless|even if|all the same|but no worries|in (?:your|this) case|given (?:your|the|that)|because of|seeing|since you(?:'re|'ve| are| were| have)|under the circumstances|especially for you|by hand|manually|personally|at (?:no|our) (?:extra )?(?:cost|charge|expense)|free of charge|so you can|as discussed)\b|;",
        ),
        "grants": (
            rf"{_I}{_EAGER} {_DO}\b|\band (?:will|have) {_DO}\b",
            r"\b(?:your|the) (?:refund|return|exchange|claim|order|replacement)(?: is| has been|'s) (?:approved|on its way|accepted|processed|done)\b|\bplease (?:go ahead|send it (?:in|back))\b|\byou (?:may|can) (?:still )?(?:return|keep|send|use)\b|\bthey(?:'ll| will| have|'ve)? (?:take it|changed?|accept)\b|\bgot it stopped\b|\bwe won'?t be charging\b",
        ),
        # A limit of the shop, not of a policy, and doing what was asked anyway.
        "service": (
            r"\b(?:out of stock|sold out|unfortunately the|in transit|no longer (?:in|available|make|made)|technical|couldn'?t find|system (?:is|was) down|unable to (?:find|locate|see)|(?:usually|normally|typically|generally) takes?|need to|before (?:i|we)|(?:added?|put|make|made) a note|assure you)\b",
            r"\b(?:if|once|when|unless|as long as) (?:you|it|the|your|we)\b|\b(?:usually|normally|typically|generally) takes?\b",
        ),
    }
)


_STEPS_OVER = frozenset({"limit", "contrast", "grants"})
_REFUSED = compiled(
    r"\b(?:unable to|not able to|can(?:'t|not| not)|won'?t|will not|do(?:n'?t| not)|not authori[sz]ed to|not possible to|never) (?:\w+ ){0,2}(?:make|grant|offer|give|waive|allow|override|bend|approve|provide)\b[^.?!,;]{0,40}\b(?:exceptions?|goodwill|fees?|charges?|courtesy|compensation|credit|rules?|system|restrictions?|assessment|protocols?|policy)\b|\bno exceptions?\b|"
    r"\b(?:explor\w+|request(?:ed|ing)?|see if|whether|ask(?:ed|ing)? for|appl(?:y|ied) for|consider(?:ing)?|require|submit(?:ted)?|look into|check(?:ed|ing)?|if|would you)\b[^.?!]{0,40}\bexceptions?\b|\bexception (?:request|can be|might|may be|is possible)\b"
)


@remembered
def granted_exception(text: str) -> str | None:
    """The words in which an agent granted what the policy does not, or None."""
    named, signs = _NAMED.first(text), set(_PARTS.labels(text))
    if not named and not signs >= _STEPS_OVER:
        return None
    parts = sentences(text)
    for part in parts if named else ():
        if (found := _NAMED.first(part)) and not _REFUSED.search(part):
            return quoted(found[1], part)
    return (
        _stepped_over([(part, frozenset(_PARTS.labels(part))) for part in parts])
        if signs >= _STEPS_OVER
        else None
    )


def _stepped_over(parts: Sequence[tuple[str, frozenset[str]]]) -> str | None:
    for part, signs in parts:
        if signs >= _STEPS_OVER and not _serves(signs):
            return part[:80]
    for (one, limit), (two, grant) in pairwise(parts):
        if "limit" in limit and grant >= _STEPS_OVER - {"limit"} and not _serves(limit | grant):
            return f"{one[:40]} … {two[:40]}"
    return None


def _serves(signs: frozenset[str]) -> bool:
    """Whether it only tells how things go; "we normally don't" is a limit whatever stands beside it."""
    return "service" in signs and NORM not in signs
