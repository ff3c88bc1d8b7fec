"""Claims about live data: stock, parcels, refunds under way, actions done, what a look-up showed.

A model without the order record cannot make them. Only statements count: a condition ("once your
order has shipped"), a question or a denial ("I can't see whether it has shipped") claims nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import re2

from support_pipeline.model.scoring.conduct import factless
from support_pipeline.model.scoring.wording import fold, sentences

LiveKind = Literal["stock", "parcel", "refund", "action", "record", "offer"]


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """One statement that only live data could bear."""

    kind: LiveKind
    text: str


_NUMBERED = r"(?:[A-Z]{1,4}-?\d[\w-]*|\d[\d-]{5,}\d)"
_GOODS = r"(?:order|parcel|package|shipment|item|return|refund|replacement|label|money|payment|subscription|account|address|card|invoice)"
_THING = (
    rf"(?:\b(?:it|they|that|this|these|(?:the|your|our) [\w<># -]{{1,40}}?)|<[A-Z_]+\d+>|#\d+|\b{_NUMBERED})"
)
_BE = r"(?:is|are|'s|'re|was|were)"
_HAVE = r"(?:has|have|'s|'ve|had)"
_ADVERB = r"(?: (?:just|now|already|still|also|all|both|indeed|not|never|\w+ly))*"
_MATTER = (  # what a ticket is about, and who handles it
    r"(?:order|parcel|package|shipment|delivery|item|product|return|refund|replacement|exchange|label|money|payment|charge|subscription|"
    r"account|address|card|invoice|courier|carrier|driver|seller|supplier|bank|transaction|amount|credit|balance|pickup|delay|request|claim|case|voucher|complaint|login|password|points|box)"
)
_THIS_MATTER = rf"\b(?:your|the|this|that|an?|our) (?:[\w<>#'-]+ ){{0,3}}?{_MATTER}(?: (?:of|for|to|from|on) \S+| <\S+| #?\S*\d\S*)?"
_BEEN = rf" ?(?:{_HAVE}{_ADVERB} (?:been |gone )?|{_BE}{_ADVERB} (?:being |not )?)"
_I = r"(?:I|we|our (?:team|warehouse|colleagues?)|my colleagues?|the team|the warehouse|the carrier)"
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a few|a couple|several|plenty|only|no)"
_SOON = (
    r"(?:by |on |before |this |later |first thing |due |for |around )*(?:today|tomorrow|tonight|yesterday|monday|tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|next|the end of|end of|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d|\d{1,2}[/.]\d)"
)
_DONE = (
    r"(?:cancel?led|refunded|issued|processed|approved|applied|updated|changed|corrected|credited|reset|extended|waived|reserved|ordered|"
    r"re-?sent|shipped|dispatched|scheduled|arranged|booked|placed|activated|deactivated|upgraded|removed|deleted|added|created|"
    r"generated|e-?mailed|located|initiated|submitted|unlocked|adjusted|charged|merged|rerouted|redirected|set aside|put|pushed|sent|"
    r"checked|looked|found|opened|received|booked in|flagged|escalated)"
)
_STOCK = (
    rf"\bthere(?:'s| is| are| were| was) (?:still |just |only |about )*(?:{_NUMBER}|some)(?: more| left| of (?:it|them|these|those))? (?:in|of) (?:stock|medium|large|small|x+l|your|that|this|size|black|blue|red|green|white|grey|gray|the (?:warehouse|store|shop))",
    r"\b(?:is|are|sits?|stands?|left)(?: still| now)? (?:on|in) (?:the|our) (?:shelf|shelves|shop floor|showroom)\b",
    r"\bback (?:on|in) (?:the |our )?(?:shelf|shelves|store|stores|shop|warehouse)\b",
    rf"{_THING}{_BEEN}(?:back |now )?(?:in stock|out of stock|sold out|unavailable|back-?ordered|on back-?order|discontinued|low in stock)",
    rf"{_THING}{_BEEN}(?:back )?available(?: again| now| today| in (?:your|size|black|blue|red|green)|[.!,]|$)",
    rf"(?:^|[^$€£\d.])\b{_NUMBER} (?:\S+ ){{0,3}}(?:left|remaining|in stock|on hand|in (?:the|our) warehouse)\b",
    r"\b(?:is|are|was|were)(?: \S+){0,3} (?:left|remaining)\b",
    rf"\b(?:we|our warehouse|the warehouse) (?:still |currently |now |only |do )*(?:have|has|got) (?:it|them|{_NUMBER}|your size|the)\b[^.!?]{{0,40}}\b(?:left|in stock|available|on hand)",
    rf"(?:{_THING}|\w+ (?:color|colour|size)) (?:just |already )?sold out\b",
    rf"{_THING} (?:will be|should be|gets?|comes?|will come) (?:back (?:in stock|soon|{_SOON})|in stock|restocked|available again)",
    rf"\b(?:we|they|it)(?:'re| are|'s| is){_ADVERB} out of (?:it|them|that|this|these|your|the|size)\b",
    rf"\b(?:we|they)(?:'ve| have)?{_ADVERB} (?:ran|run|are running) (?:out|low)\b|\b{_NUMBER} (?:\w+ )?(?:waiting|set aside|reserved) for you\b",
    rf"{_THING} (?:(?:has |have |'s )?{_ADVERB} ?sold out|{_BE}{_ADVERB} on back ?order)\b|\byour size {_BE}\b",
    r"\bno longer (?:carry|sell|stock|make|have)\b|\b(?:we|they) expect (?:more|them|it|another|new)\b",
    r"\b(?:we|our (?:store|shop|warehouse))(?:'ve| have| has)?(?: \w+)? (?:got|have) (?:it|them|that|this|one|some|a few|plenty|enough|your size|that size)\b",
    rf"\b(?:color|colour|size|style|model|version|one|item|product) (?:is|are|was){_ADVERB} (?:gone|sold|unavailable|available)\b",
    r"\b(?:next|new|fresh) (?:delivery|shipment|batch|stock) (?:is|arrives|comes|will)\b|\b(?:we|it) (?:will |'ll )?(?:restock|be restocked|are restocking)",
)
_PARCEL = (
    r"\b(?:courier|driver|carrier|mailman|postman|neighbou?r|fedex|ups|dhl|usps|dpd|hermes|evri)(?: just| already)? (?:dropped|left|handed|brought|took|put|threw|signed|delivered|lost|has|have)\b",
    rf"\byou (?:should|will|'ll|can expect to|are going to) (?:have|get|receive) (?:it|them|your (?:\w+ )?{_GOODS}) (?:back )?{_SOON}",
    r"\b(?:it|they|everything)(?:'s| is| are) (?:all )?(?:packed|ready (?:to (?:ship|go)|for (?:pick-?up|dispatch|collection|shipping)))",
    rf"{_THING}{_BEEN}(?:shipped|dispatched|delivered|posted|left (?:our|the)|handed (?:over )?to|picked up|lost|delayed|held|stuck|scanned|packed|loaded|arriving|arrived|sitting|waiting at|en route)\b",
    rf"{_THING}{_BEEN}(?:on (?:its|the|their) way|in transit|out for delivery|with (?:the|our|your) [\w ]{{0,12}}(?:carrier|courier|driver)|at (?:the |our |your |a )?[\w ]{{0,16}}(?:depot|warehouse|hub|post office|center|centre|customs)|in our [\w ]{{0,14}}(?:hall|warehouse|depot)|returned to (?:sender|us)|scheduled for delivery|due {_SOON})",
    r"\byours (?:just |already )?(?:is|was|has|left|went|shipped|ships|leaves|arrives|arrived|comes|will)\b",
    rf"{_THING} (?:left|leaves|departed|shipped|went out|arrived|reached) (?:our|the|at|on|from|in|with|{_SOON})\b",
    rf"{_THING} (?:ships|leaves|goes out|arrives|comes) (?:with \S+ truck|{_SOON})",
    rf"\b(?:left|leaves) (?:\S+ ){{1,3}}{_SOON}\b",
    rf"{_THING} (?:will|'ll|should|is going to|is due to|is expected to|is scheduled to|is set to|{_BE} estimated to) (?:be with you|be delivered|be there|be opened|arrive|reach you|ship|get to you|leave) {_SOON}",
    r"\b(?:estimated|expected|new|scheduled|latest) (?:delivery|arrival|shipping|ship)(?: date| time)? (?:is|of|:)",
    r"\b(?:the )?(?:carrier|courier|driver|warehouse|depot) (?:had|has|have|is having|packed|is packing|scanned|picked|attempted|tried|lost|reports?|delivered|will)\b",
    r"\blast (?:scan|update)\b|\b(?:shipped|went out|sent) (?:out )?(?:on [^.!?]{1,24} )?(?:under|with|via) tracking\b",
)
_REFUND = (
    r"\b(?:we|I)(?:'ve| have)?(?: already| just| now)? (?:paid|sent|given|transferred|wired|returned) (?:you|it|(?:the|your) (?:money|amount|sum))(?: all| everything)? back\b",
    r"\b(?:the|your) (?:money|amount|charge|payment)(?: has| have| was|'s)?(?: been)? (?:reversed|wired|transferred|paid back)\b",
    rf"(?:{_THING} |a |the |your )?(?:full |partial )?(?:refund|money|payment|amount|credit|reimbursement)(?: (?:of|for) [^.!?]{{1,30}}?)?{_BEEN}(?:sent|issued|processed|approved|initiated|paid|completed?|released|credited|returned|made|refunded|on (?:its|the) way|pending|under way|underway)\b",
    r"\b(?:refund|money|payment|credit) (?:went out|went through|goes out|leaves|left|hit|posted|cleared)\b",
    rf"\b{_I} ?(?:{_HAVE} )?{_ADVERB}[ ]?(?:refunded|credited|reimbursed)\b|\byou {_HAVE}{_ADVERB} been (?:refunded|credited|reimbursed|charged)",
    rf"\b{_I}{_ADVERB} (?:{_HAVE}{_ADVERB} )?(?:sent|issued|processed|approved|initiated|released|pushed|made|triggered) (?:you )?(?:the|your|a|that)(?: full| partial)? (?:refund|money|payment|credit)",
)
_ACTION = (
    rf"\b{_I} ?{_HAVE}{_ADVERB} (?:gone ahead and )?{_DONE}\b",
    rf"\b{_I}{_ADVERB} (?:went ahead and )?{_DONE} (?:you |it |them |up |into )?(?:(?:the|your|a|this|that|our) (?:\w+ ){{0,2}}{_GOODS}|you\b|it\b)",
    rf"\byour (?:order|subscription|account|address|booking|reservation|request|return|exchange|replacement|password|card|membership|points|discount|code|label|claim)(?: [\w<>#-]+){{0,2}}{_BEEN}{_DONE}\b",
    r"\bI(?:'ll| will| am going to|'m going to) (?:now |personally |gladly |happily |also )*(?:refund|cancel|ship|send|issue|process|credit|replace|waive|extend|apply|change|update|arrange|re-?ship|re-?send|expedite|upgrade|reserve)\b",
)
# Goodwill that nobody granted: a present, a rebate, an exception.
_OFFER = (
    r"\b(?:we|I)(?:'ll| will|'d like to| would like to| can| am happy to|'m happy to) (?:happily |gladly |also |even )*(?:give|offer|grant|gift|treat|compensate|throw in|add in) (?:you|in)\b",
    r"\b(?:you can |you may |please |just |simply |feel free to )?keep (?:it|them|the \w+)[^.!?]{0,24}\b(?:for free|free of charge|at no cost|anyway|as a gift)\b",
    r"\b(?:on the house|half price|half off|double your|twice (?:the|your) money|for free as an?|as (?:a|an) (?:goodwill|gesture|exception|apology|one-time|thank[- ]you|courtesy))\b",
    r"\byou(?:'ll| will)? (?:also |even )?(?:get|receive|earn) (?:a |an |one )?(?:free|complimentary|extra|bonus)\b",
    r"\b(?:your|the|any) next (?:order|purchase|delivery|visit|shipment)\b",
)
_RECORD = (
    r"\b(?:I|we) (?:can |could |do |just )?(?:see|checked|confirmed|verified|found|looked)(?: (?:here|now|on our side|in (?:our|the) system))?[,:]? (?:that )?(?:your|the|it|up|and|this|in our)\b",
    rf"\bI just (?:checked|looked|verified)\b|\b(?:I|we) (?:can )?see (?:here )?(?:<|{_NUMBERED})",
    r"\b(?:according to|looking at|based on|after (?:checking|reviewing)|upon (?:checking|reviewing|investigation)|as per) (?:our|the|your) (?:records?|systems?|order|account|tracking|file|data)",
    r"\b(?:our|the) (?:records?|systems?|tracking|carrier) (?:show|shows|says?|indicates?|confirms?)\b|\b(?:hiccup|glitch|delay|mix-?up) in our\b",
    r"\b(?:the|its|your) (?:current )?(?:status|tracking)(?: of (?:your|the) order)? (?:is|shows|says)\b",
)
# Whatever happened to this ticket's matter, in the past or at this moment.
_HAPPENED = (
    rf"{_THIS_MATTER}{_ADVERB} (?:was|were|reached|arrived|bounced|failed|went|came|landed|cleared)\b",
    rf"{_THIS_MATTER} (?:has|have|had|'s){_ADVERB} (?:been|gone|left|come|got|gotten|taken|sent|made|paid|put|lost|found|\w+ed)\b",
    rf"{_THIS_MATTER} (?:is|are){_ADVERB} (?:being|running|complete|completed|locked|suspended|closed|blocked|empty|late|lost|missing|ready|"
    r"pending|inactive|overdue|under way|waiting|stuck|held|on (?:the|its) (?:road|way)|under (?:review|investigation)|\w+ (?:days?|hours?) away)\b",
    rf"{_THIS_MATTER} (?:{_BE}|got|made|went){_ADVERB} (?:back on|in the hands|lost|through|out of|saved|held up|stuck|gone|cleared|shipped|stolen)\b",
    rf"\b(?:I|we)(?:'re|'m| are| am){_ADVERB} \w+ing (?:the|your|a) (?:\w+ ){{0,2}}?{_MATTER}\b",
    rf"\byou (?:were|have been|was){_ADVERB} (?:charged|refunded|credited|billed|double)|\bhas been charged\b",
    rf"\b(?:fedex|ups|dhl|usps|royal mail|hermes|the \w+) (?:has|have|had|got) your {_MATTER}\b|\b(?:it's|it is|they are) due (?:to|on|by|in)\b",
    rf"\byour account (?:shows?|says?|has) |\bwe had to \w+ (?:the|your) {_MATTER}\b|\bI (?:reset|changed|fixed|saved) your\b",
    r"\b(?:I|we)(?: just| already)? \w+ed (?:it|them|(?:your|the) \w+)\b",
    r"\b(?:the|your) (?:\w+ ){1,3}(?:is|are) under ?way\b",
    r"\b(?:it|they) (?:was|were|has been|have been) (?:\w+ed|sent|lost|held|put|made|found|paid)\b",
    r"\b(?:should|must) (?:already )?be (?:with you|back|there|on your)\b[^.!?]{0,30}\b(?:by now|already|today|tomorrow)\b",
    rf"\b(?:I|we)(?:'ve| have)?{_ADVERB} (?:went ahead and |gone ahead and )?(?:\w+ed|sent|put|made|found|gave|paid|left|took) "
    rf"(?:you |up |out |back )?(?:the|your|a|this|that) (?:[\w<>#'-]+ ){{0,2}}?(?:{_MATTER}|shipping)\b",
)
_PATTERNS: dict[LiveKind, tuple[str, ...]] = {
    "stock": _STOCK,
    "parcel": _PARCEL,
    "refund": _REFUND,
    "action": _ACTION,
    "offer": _OFFER,
    "record": (*_RECORD, *_HAPPENED),
}
_COMPILED: dict[LiveKind, Any] = {
    kind: re2.compile("(?i)" + "|".join(f"(?:{pattern})" for pattern in patterns))
    for kind, patterns in _PATTERNS.items()
}

# What stands before a claim in its sentence and takes its force away.
_HYPOTHETICAL = re2.compile(
    r"(?i)\b(?:if|whether|once|when|whenever|after|as soon as|until|till|unless|before|while|in case|provided|since|because|as long as|"
    r"so long as|what|whatever|anything|cannot|can ?not|can't|could not|couldn't|unable|not able|don't|do not|doesn't|"
    r"does not|didn't|no way|not sure|unsure|which|who|where|how|sorry|apologi[sz]e|apologies|regret|hear|"
    r"i understand|the (?:day|date|time|moment)|"
    r"(?:an?|any|every|items?|orders?|parcels?|returns?|products?|goods|everything)(?: \w+)? that)\b[^,.:]*$"
)
# A present tense with a condition behind it is a rule: "your card is charged when the order ships".
_PRESENT = re2.compile(r"(?i)\b(?:is|are|ships|leaves|gets?|comes?)\b")
_PAST = re2.compile(r"(?i)\b(?:was|were|has|have|had|being|now|already|just|currently)\b|'ve\b")
_CONDITION = re2.compile(r"(?i)\b(?:if|once|when|whenever|after|as soon as|unless|until|before|within)\b")
_VERB = re2.compile(
    r"(?i)\b(?:is|are|was|were|has|have|had|will|should|left|shipped|arrived)\b|'s\b|'re\b|'ve\b|'ll\b"
)
# "We have received your message" acknowledges the ticket, which is there to see.
_RECEIPT = re2.compile(
    r"(?i)^[\w' ]{0,24}\b(?:received|read|got|noted) (?:your|the) (?:\w+ )?(?:message|e-?mail|note|question|inquiry|feedback|photos?|pictures?)"
)
# A hand-over is done by saying so.
_HANDING = re2.compile(
    r"(?i)\b(?:passing|handing|forwarding|transferring|escalating|passed|handed|forwarded|escalated)\b[^.!?]{0,24}\b(?:request|message|case|ticket|question|complaint|claim|matter)\b"
)
_REQUEST = re2.compile(
    r"(?i)\b(?:please|could you|can you|would you|let us know|tell us|kindly|(?:please|to) confirm)\b[^,.:]*$"
)

_ADMITS = re2.compile(
    r"(?i)\b(?:cannot|can ?not|can't|could not|couldn't|unable to|not able to|no way to|don't|do not|doesn't|does not|"
    r"isn't|is not|aren't|are not|not possible|impossible)\b[^.!?]{0,60}?\b(?:know|see|check|access|look|tell|verify|view|"
    r"confirm|say|find|track|live|real-time|have (?:that|this|any|live|access|insight|visibility|the (?:data|information)))\b"
    r"|\b(?:no|without) (?:live|access|insight|view|real-time|current)\b"
    r"|\bonly (?:a colleague|an agent|a person|our team|someone)\b[^.!?]{0,40}\b(?:see|check|look|know|access)"
)
_POLITE = re2.compile(r"(?i)\b(?:do not|don't) (?:hesitate|worry|forget|mind)\b")


@lru_cache(maxsize=8192)
def live_claims(text: str) -> tuple[LiveClaim, ...]:
    """The statements about live data that an answer makes, in its order."""
    return tuple(
        LiveClaim(kind, sentence)
        for sentence in sentences(text)
        for kind, pattern in _COMPILED.items()
        if not sentence.endswith("?")
        and not factless(sentence)
        and any(_stated(sentence, match) for match in pattern.finditer(sentence))
    )


def admits_not_knowing(text: str) -> bool:
    """Whether a text says that it cannot know or see what was asked."""
    return bool(_ADMITS.search(_POLITE.sub("", fold(text))))


def _stated(sentence: str, match: Any) -> bool:
    claim, rest = match.group(0), sentence[match.end() :]
    before = sentence[: match.start()] + _VERB.split(claim, 1)[0]
    told = sentence[match.start() :]
    if _RECEIPT.search(told) or _HANDING.search(claim) or rest.startswith(" to be"):
        return False
    if _PRESENT.search(claim) and not _PAST.search(claim) and _CONDITION.search(rest):
        return False
    return not (_HYPOTHETICAL.search(before) or _REQUEST.search(before))
