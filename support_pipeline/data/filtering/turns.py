"""What a message does in its conversation: settles something, asks back, holds the line, or is polite.

A pair needs the reply that settled the ticket and the customer's words that led to it; closings,
thanks and "one moment please" are neither. Each sentence is read on its own, and a message is the
most that any of its sentences is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from support_pipeline.data.filtering.patterns import PatternSet
from support_pipeline.data.remembering import remembered

Act = Literal["nothing", "courtesy", "notice", "holding", "question", "substance"]

CLOSING_WORDS = frozenset(
    """a again alright all amazing and appreciate appreciated are awesome be best bye cheers cool day did do done
    dear everything excellent evening fantastic fast fine for from glad good goodbye got great gr8 happy have hello
    helped helpful help helping hey hi i im is issue it its just kind kindly kk later lovely lot lots love m made many
    me much my nice night no nope not nothing now of off oh ok okay one perfect please pleasure prompt quick
    quickly r really reply resolved response s sir so solved sorted super sure ta take talk team thank thanks thankyou
    thanx that thats the then there thing this thnks thnx thx time to today too totally ty u ur very was weekend
    welcome well will with wonderful works working would yay yeah yep yes you your youre greatly quite
    assistance service support else any anything more ahead go morning afternoon madam maam sounds patient patience
    understanding worries problem noted understood right""".split()
)
CLOSING_CORE = frozenset(
    """thanks thank thankyou thx thnx thanx thnks ty ta cheers appreciate appreciated bye goodbye ok okay k kk great
    perfect awesome cool excellent hello hi hey yes yeah yep no nope sure fine nothing amazing noted understood
    alright lovely wonderful resolved solved sorted good nice""".split()
)

_SENTENCES = PatternSet.of(
    {
        "notice": (
            r"\bhaven'?t heard (back )?from you\b",
            r"\b(clos(e|ed|ing)|mark(ed|ing)?) (out )?(this|the|your) (ticket|case|request|conversation|chat)\b",
            r"\b(ticket|case|request|conversation|chat|enquiry|inquiry)\b[^.]{0,30}\b(has been|have been|was|is being|"
            r"will be|is now) (closed|received|created|updated|merged|assigned|logged|marked|solved)\b",
            r"\bwe('ve| have)? (just )?received your (request|message|e-?mail|ticket|enquiry|inquiry)\b",
            r"\bthis is an automat(ed|ic)\b|\bauto(matic|mated)?[- ]?(reply|response|acknowledg)",
            r"\b(please rate|rate (us|our|your|this|the) |how would you rate|take (a|our) (short |quick )?survey|short survey|feedback survey)\b",
            r"\bdo not reply to this (e-?mail|message)\b",
            r"\b(a member of our|one of our) (support |customer )?(team|agents?|representatives?)\b[^.]*"
            r"\b(will|shall) (be in touch|respond|reply|get back)",
            r"^(as|since) (this|it) is now (resolved|solved)",
            r"^if you (still |do )?(need|have|require|want)\b[^.]*\b(help|questions?|assistance|support)\b[^.]*\b(reply|respond|write|contact|reopen|let us know)\b",
            r"\b(common|frequent(ly asked)?|general) questions\b[^.]*\b(visit|see|check|read|help cent(er|re)|faq)\b",
            r"\byour (message|request|e-?mail) is important to us\b|\brequests? (come|comes|came) in\b|\bin the order\b[^.]*\breceived\b",
            r"\byour (ticket|request|case|reference) (number|no\.?|id) is\b",
            r"\b(repl(y|ies)|responses?|answers?|(response|reply|waiting|wait) times?)\b[^.?]*\b(longer|slow(er)?|delay(ed|s)?)\b",
        ),
        "holding": (
            r"\b(allow|give|grant) (me|us) (a |some |just )*(few |couple of |one |two |2-3 )*(moments?|minutes?|mins?|seconds?|time)\b",
            r"^(just )?(one|a) (moment|minute|second|sec)\b|\bhold on\b|\bbear with (me|us)\b|\bplease (wait|hold|stay)\b",
            r"^(please )?(take your time|wait)\b",
            r"^(i|we)( am|'m| are|'re)? (still |currently |now |just )*(checking|looking into|investigating|reviewing|"
            r"verifying|pulling up|awaiting)\b[^?]*$",
            r"^(i|we)('ll| will| shall) (now |just |quickly |immediately )*(check|look into|investigate|review|verify|"
            r"get back|update you|keep you (updated|informed|posted)|be right back|let you know)\b",
            r"^let (me|us) (quickly |just )?(check|look|see|pull|verify|review|investigate)\b",
            r"\b(i|we)('ll| will) (be|get) (right |straight )?back (to|with) you\b",
            r"\b(reviewing|looking into|investigating) (this|it|your (case|request|order)) and will (update|get back|reply)",
            r"\b(i|we)('ll| will| shall| am going to| are going to) (\w+ly )?(also )?(\w+ly )?(ensure|make sure|follow[- ]?up|monitor|contact|update|"
            r"call|e-?mail|inform|notify|keep|prioriti[sz]e|note|make a note|document|oversee|track|see to it|do (my|our|everything)|"
            r"try (my|our)|be (in touch|contacting|here|available|monitoring|following)|provide (you )?(with )?(an?|regular|daily|further|"
            r"the|another|any)? ?(\w+ )?(updates?|confirmation|feedback)|get (this|it|that) (sorted|resolved|done)|expedite|remain|"
            r"reach out|respond|share your feedback|(pass|forward) (on )?(your|this|the) (\w+ )?(feedback|suggestion|comments|concerns?))\b",
            r"\b(i|we)( have|'ve)? (now |also |duly |already )*(noted|documented|made a note|added a note|logged|recorded)\b",
            r"\byou('ll| will| should) (be|get|receive|hear)\b[^.]{0,30}\b(updates?|update you|hear (back )?from (me|us)|informed|notified|"
            r"a (call|reply|response)|contacted)\b",
            r"\b(we|i) (are|am)('re|'m)? (\w+ly )?(working|committed|dedicated|trying|striving|doing (our|my|everything))\b",
            r"\b(forward|pass|share)(ed|ing)? (on )?(your|this|the) (\w+ )?(feedback|suggestion|comments|concerns?)\b",
            r"\b(i|we)( am|'m| are|'re)? (personally )?(assure|guarantee|promise) you\b",
        ),
        "courtesy": (
            r"^@?\w* ?(hi|hello|hey|dear|greetings|good (morning|afternoon|evening|day))\b[^?]{0,40}$",
            r"\b(you'?re|you are|your) (very |most |always |more than )*welcome(\W*$|[,.!;]| (dear|sir|madam|ma'am)\b)",
            r"\b(anything|something) else\b",
            r"(^|\b(and|please|hope you|to|you|,) )have (a|an) (\w+ly )?(good|great|nice|lovely|wonderful|pleasant|fantastic|blessed|beautiful|"
            r"amazing|super|safe|happy|relaxing|sunny|fun)\b",
            r"(^|\b(and|please|hope you) )enjoy (the|your|a|an|it)\b[^.]{0,40}[.!]*$",
            r"^(many |thanks |thank you )*(thanks|thank you)\b[^.?]{0,30}\b(for|so much|very much|again|in advance|kindly)\b",
            r"^(thanks|thank you|many thanks|cheers)\b.{0,20}$",
            r"^(i am|i'm|we are|we're) (so |very |really |always |truly )*(glad|happy|pleased|delighted|here)\b[^?]{0,90}$",
            r"^(glad|happy|pleased) (to|i|we|that|it)\b[^?]{0,60}$",
            r"^(it'?s |it was |it is )?(my|our|a) pleasure\b|^pleasure (was|helping|assisting)|^no (problem|worries)\b|^anytime\b",
            r"\b(don'?t|do not|never) hesitate\b|\bfeel free to (reach|contact|write|reply|message|let|get|ask|call)\b",
            r"^(please |just )*let (me|us) know (if|how|whether|should|when|once|what happens)\b|^let us know\b.{0,20}$",
            r"^(take care|stay safe|all the best|best wishes|cheers|bye|goodbye|see you)\b",
            r"^(best|kind|warm|warmest|kindest)? ?(regards|wishes)\b|^(sincerely|yours (truly|sincerely|faithfully))\b",
            r"^(we|i) (really |truly |greatly |sincerely )*(appreciate|value)\b[^?]{0,80}$",
            r"\bthank(s| you) for (contacting|reaching|choosing|being|your (patience|understanding|time|business|"
            r"message|loyalty|cooperation|co-operation|feedback|reply|response|patronage)|getting in touch|writing|"
            r"letting|shopping|the (tag|update|information|details|confirmation))\b[^?]{0,60}$",
            r"^(we|i) (hope|trust) (this|that|you|it|to|we)\b[^?]{0,80}$|^hope (this|that|it) helps\b|^hoping\b",
            r"^(we|i)('re| are|'m| am)? (look(ing)? forward)\b",
            r"^(i|we)?( am|'m| are|'re|'d like to| would like to| do| must| can| completely| fully| truly| really| so|"
            r" very| sincerely| deeply| totally| wholeheartedly| again| once)*,? ?(sincerely |deeply |very |so |really "
            r"|terribly |extremely )*(sorry|apologi[sz]e|understand|regret|appreciate|realize|realise|hear you)\b",
            r"^(our|my|please accept (our|my)) (sincere |sincerest |deepest )*apolog",
            r"^(certainly|absolutely|of course|sure( thing)?|great|perfect|excellent|understood|noted|wonderful|okay|ok|"
            r"alright|no problem|yes|got it)\W*$",
            r"^(that|this) (is|was|must|must be|sounds|would be)\b[^.?]{0,40}\b(frustrating|disappointing|unacceptable|upsetting|"
            r"inconvenient|concerning|understandable|great|wonderful|good to hear)\b",
            r"^oh no\b|^(uh|yikes|ouch|oof)\b.{0,30}$|\bnot what we (like|want) to (hear|see)\b",
        ),
        "question": (
            r"\?[\"')\]]*$",
            r"\b(please|kindly|could you|can you|would you|may i|might i|can i|could i)\b[^.]*\b(provide|confirm|share|send (me|us|over|in|a|an|photos?|pictures?|your (order|e-?mail|phone))|tell|specify|"
            r"give (me|us)|clarify|describe|elaborate|verify|have|attach|upload|dm|explain|indicate|state|let (me|us) know)\b"
            r"[^.]*\b(number|id|details?|e-?mail|address|name|photos?|pictures?|images?|screenshots?|model|more|which|what|"
            r"whether|if|information|info|phone|order|when|where|how|version|date|preference|choice|zip|receipt|proof|"
            r"happened|problem|issue|username|account)\b",
            r"^(please )?(dm|direct message|private message|pm) us\b",
            r"^(please )?(let (me|us) know|confirm|advise) (if|which|what|whether|how|when|your|the)\b[^.]*\b(prefer|like|want|"
            r"works?|device|model|see|seeing|happens|shows|version|running|using|acceptable|suits?|details?|number|address)\b",
        ),
    }
)
_EXCEPT = PatternSet.of(
    {
        # An apology or a thank-you that carries the answer in its second half is substance.
        "substance": (
            r"\b(but|however|unfortunately|unable to|cannot|can'?t|could not|couldn'?t|not (possible|able|available|eligible)|"
            r"policy|policies|refund(s|ed)? (is|are|has|have|takes?)|\d+ (business |working )days|"
            r"you (can|may|need|must|have to)|will be (refunded|replaced|shipped|sent))\b",
            r"https?://|\bwww\.",
        )
    }
)
_LINK = PatternSet.of({"link": (r"https?://\S+", r"\bwww\.\S+", r"<(url|link)[_\d]*>|\[(url|link)[_\d]*\]")})
_RANK: dict[str, int] = {
    "nothing": 0,
    "courtesy": 1,
    "notice": 2,
    "holding": 3,
    "question": 4,
    "substance": 5,
}
# A look-behind says the same and costs five times as much.
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+|\n+")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_DEVICE = re.compile(r"^\s*(?:sent|get outlook|envoyé|gesendet|enviado)\b.{0,60}$", re.IGNORECASE)
_SALUTATION = re.compile(r"^(?:@\w+[ ,]*)+")
_SIGN_OFF = re.compile(r"\s*(?:[\^*/-]\s?[A-Z][A-Za-z]{0,14}|-[A-Z][a-z]+)\s*$")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'"})


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped; line breaks end a sentence too."""
    if not text.isascii():
        text = text.translate(_APOSTROPHES)
    pieces, at = [], 0
    for end in _SENTENCE_END.finditer(text):
        stop = end.start()
        pieces.append(text[at : stop + (text[stop] != "\n")].strip())
        at = end.end()
    pieces.append(text[at:].strip())
    return [piece for piece in pieces if piece]


@lru_cache(maxsize=65536)
def sentence_act(sentence: str) -> Act:
    """What one sentence does."""
    text = _SIGN_OFF.sub("", _SALUTATION.sub("", sentence)).strip(" \t*•>-")
    words = _WORD.findall(text.casefold())
    if not words:
        return "nothing"
    if is_closing_words(words):
        return "courtesy"
    labels = _SENTENCES.labels(text)
    if not labels:
        return "substance"
    if labels[0] == "courtesy" and _EXCEPT.any(text) and "anything else" not in text.casefold():
        return "question" if "question" in labels else "substance"
    return labels[0]  # type: ignore[return-value]


@remembered
def act(text: str) -> Act:
    """What an agent's message does: the most that any of its sentences does; a link always settles."""
    if _LINK.any(text):
        return "substance"
    acts: list[Act] = [sentence_act(sentence) for sentence in sentences(text)]
    return max(acts, key=_RANK.__getitem__, default="nothing")


def has_link(text: str) -> bool:
    """Whether the text points to a page."""
    return _LINK.any(text)


def is_closing_words(words: Sequence[str]) -> bool:
    """Whether words say only thanks, greetings or yes and no."""
    return (
        len(words) <= 30
        and all(word in CLOSING_WORDS or (len(word) == 1 and not word.isdigit()) for word in words)
        and any(word in CLOSING_CORE for word in words)
    )


@remembered
def is_customer_closing(text: str) -> bool:
    """Whether a customer's message adds nothing to the question: thanks, ok, hello, bye."""
    if _DEVICE.match(text):
        return True
    words = _WORD.findall(text.casefold())
    return not words or is_closing_words(words)
