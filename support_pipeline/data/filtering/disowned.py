"""Payments, orders and access that a customer disowns, by ideas instead of phrases.

People say the same in many words: that it was not they, that somebody else did it, that a card or a phone
was stolen and then used. Alone each of these also opens an ordinary ticket (a wrong item, a lost receipt),
so what disowns counts only near what was taken. Hits are read in the sentence and its neighbour.
"""

from itertools import pairwise

from support_pipeline.data.filtering.patterns import PatternSet, compiled, quoted
from support_pipeline.data.filtering.turns import sentences

_NOT = r"(?:did(?:n'?t| not)|do(?:n'?t| not)|does(?:n'?t| not)|have(?:n'?t| not)|has(?:n'?t| not)|had(?:n'?t| not)|never|neither|certainly not)"
_WE = (
    r"(?:i|we|me|he|she|they|nobody|no[- ]?one|none of us|(?:my|our) (?:mother|mum|mom|father|dad|wife|husband|"
    r"son|daughter|staff|family|gran\w*))"
)
_DEAL = r"(?:charges?|payments?|purchases?|transactions?|orders?|debits?|withdrawals?|transfers?|invoices?|bills?)"
_OWNER = r"(?:my|our|his|her|their|me|mine|your customer'?s|(?:my |our |the )?\w+'?s)"
_BELONGING = (
    r"(?:cards?|visa|mastercard|amex|accounts?|profiles?|log-?ins?|passwords?|details|data|identity|paypal|klarna|"
    r"wallet|points|numbers?|name|bank|savings|address)"
)
_STRANGER = (
    r"(?:some(?:one|body)(?: else)?|some (?:\w+ )?(?:scumbag|stranger|idiot|scammer|thief|crook|person|guy|kid)s?|an?(?:other)? stranger|strangers|"
    r"hackers?|thie(?:f|ves)|criminals?|scammers?|fraudsters?|crooks|an? (?:employee|person|man|woman|guy) (?:who|that)|(?:my|our|an|his|her) ex\b|"
    r"whoever|the person (?:who|that)|who has|who the \w+ is)"
)
_EMPTIED = (
    r"\b(?:points|balance|vouchers?|credit|money|savings|gift card|dollars|euros?|pounds|usd|eur|gbp|\d+)\b[^.?!]{0,40}"
    r"\b(?:gone|spent|redeemed|emptied|missing|vanished|used up)\b|\baccount is (?:now )?empty\b"
)

_SIGNS = PatternSet.of(
    {
        # What was taken, or done in the customer's name.
        "taken": (
            r"\b(?:charg(?:ed?|es|ing)|debit(?:ed|s)?|direct debit|took|taken|withdrawn|payments?|paid|transactions?|pending|pre-?authori[sz]ation|bill(?:ed|ing)|"
            r"invoiced?|statement|mandate|collectors?|reminders?|debt|went through)\b",
            r"[£$€] ?\d|\b\d+(?:[.,]\d\d)? ?(?:€|£|dollars|euros?|pounds|quid|bucks|usd|eur|gbp)",
            r"\b(?:off|from|out of) (?:my|me|our|his|her) (?:\w+ ){0,2}(?:card|account|bank|paypal)\b",
        ),
        "deal": (
            rf"\b(?:{_DEAL}|ordered|ordering|bought|purchased|shopping|subscription|membership|credit plan|account|points|balance|gift card)\b",
        ),
        # It was not they.
        "disowned": (
            r"\bnone of (?:(?:th)?'?em|these|those|it|which) (?:are|is|were|was) (?:mine|ours|me)\b",
            rf"\b(?:it|that|this|{_DEAL}(?: [\w#./-]*\d[\w./-]*)?) (?:is|was|are|were)(?:n'?t| not) (?:made |done |placed |ordered )?(?:by )?(?:me|us|i)\b",
            rf"\b(?:it|that|this|{_DEAL}(?: [\w#./-]*\d[\w./-]*)?) (?:certainly|definitely|really|surely) (?:was(?:n'?t| not)|isn'?t|is not) (?:me|us|i)\b|"
            r"\b(?:isn'?t|is not|wasn'?t|was not|weren'?t|not|never) (?:\w+ )?by (?:me|us|anyone|anybody|any of us)\b",
            r"\b(?:this|that|the) (?:payment|charge|transaction|purchase|debit)s? (?:is|was|are)(?:n'?t| not) (?:mine|ours)\b",
            r"\bknow(?:s|n)? (?:absolutely |really )?nothing (?:of|about)\b|\b(?:has|have|had) no knowledge of\b|\bnothing to do with (?:it|this|that|them|these)\b",
            r"\bwithout (?:my|our|his|her|any|the) (?:\w+ ){0,2}(?:permission|consent|knowledge|approval|authori[sz]ation|say-?so)\b|"
            r"\bwithout (?:(?:me|us|asking me|asking us|even) )+(?:knowing|asking|agreeing|allowing|noticing)\b|\bwithout (?:asking|permission|autori[sz]ation|authori[sz]ation|consent)\b",
            rf"\b(?:i|we) {_NOT} (?:ever )?(?:agreed?|consent(?:ed)?|authori[sz]ed?|allow(?:ed)?|approved?|benefit(?:ed)?|(?:give|gave|given) (?:\w+ ){{0,2}}"
            r"(?:consent|permission))\b",
            rf"\b{_WE} {_NOT} (?:\w+ ){{0,2}}(?:bought|buy|ordered|order|purchased?|placed?|made|make|done) (?:any(?:thing)?|nowt|nothing|it\b|this\b|that\b|them\b|these\b|the (?:purchase|order|payment))|"
            rf"\b{_WE} (?:have |has |'ve )?(?:never|not) (?:\w+ )?(?:bought|ordered|purchased|made|placed) (?:\w+ ){{0,3}}(?:this|it|that|them|these|anything)\b|\b(?:have|has|had) (?:bought|ordered|purchased) nothing\b|"
            rf"\b(?:nobody|no[- ]?one|none)\b[^.?!]{{0,30}}\b(?:ordered|bought|made|placed|did)\b",
            r"\b(?:something|goods|items|things|stuff|anything|what) (?:that )?(?:i|we)(?:'ve| have)? never (?:\w+ )?(?:bought|ordered|purchased)\b|\b(?:i|we) neither (?:ordered|bought|made|placed)\b|\b(?:i|we) never (?:ordered|bought|purchased) \w+(?: \w+)?$|\b(?:i|we) (?:have )?(?:never|not) made\b|\bnot made by\b",
            r"\b(?:never|not) (?:ever )?(?:been|was|be) (?:a |your |one of your )(?:\w+ )?(?:customer|client|member)\b|\bnever (?:\w+ )?(?:shopped|heard of (?:you|this|your)|"
            r"had (?:an? |any )?(?:account|subscription|membership)|held|signed|subscribed|registered|opened an)\b|"
            r"\bdo(?:n'?t| not) (?:even )?(?:shop (?:here|there|with|at)|have an account|own a computer)\b",
            r"\bi (?:have|'ve) not (?:made|authori[sz]ed|placed|bought|ordered)\b|\b(?:purchases?|orders?|payments?) (?:that )?i (?:have not|haven'?t|did not|didn'?t|definite?ly did not|never) (?:\w+ )?(?:do|done|ma[dk]e|order(?:ed)?)\b|"
            r"\bi def\w+ (?:did not|didn'?t) (?:order|buy|make)\b|\bi (?:did not|didn'?t) do\b",
            r"\bgave (?:nobody|no one|not anybody)\b|\blent (?:nobody|no one)\b|\bnot given anybody\b",
        ),
        # Somebody else did it with what is the customer's.
        "stranger": (
            rf"\b{_STRANGER}\b[^.?!]{{0,30}}\b(?:us(?:ed|es|ing)|(?:got|gotten|gets?) (?:hold|into|in)|stole|stolen|took|taken|hack(?:ed|s)|access(?:ed|es)|log(?:ged|s)|sign(?:ed|s)|"
            rf"open(?:ed|s)|order(?:ed|s|ing)|buy(?:ing|s)?|bought|purchas(?:ed|es)|made|plac(?:ed|es)|spent|redeem(?:ed|s)|chang(?:ed|es)|clon(?:ed|es)|receiv(?:es|ed|ing)|has|have|in|still has)\b"
            rf"[^.?!]{{0,50}}\b{_OWNER} (?:[\w-]+ ){{0,3}}{_BELONGING}\b",
            rf"\b(?:us(?:ed|ing)|billed to) {_OWNER} (?:[\w-]+ ){{0,2}}{_BELONGING}\b[^.?!]{{0,60}}\bwithout\b|\bby (?:some(?:one|body) else|another person|criminals|a third party|a stranger)\b",
            r"\bus(?:ed?|ing) (?:his|her|their|my grand\w*'?s|my (?:mother|father|mum|dad|gran)\w*'?s?) (?:[\w-]+ ){0,3}number\b",
            rf"\bwho (?:authori[sz]ed|placed|made|approved) (?:it|this|that|the {_DEAL})\b",
        ),
        # A deal on what is the customer's, which a customer may have made as well.
        "on_mine": (
            r"\b(?:ordered|bought|purchased|bought stuff|shopping)\b[^.?!]{0,40}\b(?:in my name|using my|on my (?:card|account|paypal)|with my (?:saved |stored )?(?:card|paypal|klarna|account))\b",
        ),
        "own_deal": (
            r"\b(?:i|we)(?:'ve| have| had| just| recently| only| already| also| normally| usually| always| then| once| first)* (?:ordered|bought|purchased|shopp|paid)|"
            r"\b(?:my|our) (?:order|purchase)\b|\b(?:wife|husband|partner|mother|mom|mum|father|dad|son|daughter|friend|brother|sister|boyfriend|girlfriend)\b",
        ),
        # A theft, which counts with a deal; a break-in counts alone.
        "stolen": (
            r"\b(?:card|wallet|purse|(?:hand|back)?bag|phone|mobile|laptop|cards|post|mail|number|details|data)\b(?:[\w' ]{0,12})\b(?:got |was |were |been |is |are )(?:\w+ )?(?:stolen|nicked|snatched|robbed|pinched|"
            r"cloned|skimmed|leaked|phished|copied|hacked|compromised)\b|\b(?:stole|cloned|copied|skimmed|robbed) (?:me |of )?(?:my|our|his|her)\b|\b(?:card|data|number) leaked\b|\b(?:since then|then) my cards?\b",
            r"\bpolice report\b|\bidentity theft\b|\bvictims? of\b|\bthe thie(?:f|ves)\b|\bdied in\b|\b(?:late|deceased) (?:husband|wife|mother|father)'?s\b",
            r"\bpretend(?:s|ed|ing)? to be\b|\b(?:said|say(?:ing|s)|claim(?:ed|ing|s)) (?:that )?(?:he|she|they|theyre|they're)(?: \w+)? ?(?:is|was|were|are|from)\b|\bfake (?:version|copy|shop|site|website|email)\b|"
            r"\bclicked (?:on )?(?:a|the|that) link\b|\b(?:typed|entered|gave|read|put)\b[^.?!]{0,25}\b(?:card|bank details|security code|code (?:i|by|from|that))\b",
            r"\b(?:bank|card (?:company|issuer)|visa|amex|mastercard)(?:'s)?\b[^.?!]{0,40}\b(?:fraud|security|suspicious|flagged|blocked)\b|\bfraud case\b",
        ),
        "broken_in": (
            r"\b(?:i|we)(?:'ve| have| was| were| got| been)+ (?:been )?hacked\b|\bi(?:'ve)? got hacked\b|\baccount(?:'s| has| is| was| been| have| got)* (?:\w+ )?(?:hacked|compromised|hijacked|broken into|taken over|breached)\b|"
            r"\b(?:order|purchase|payment|charge|transaction)s? (?:at|from|with|in) (?:you|your \w+)[^.?!]{0,30}\b(?:is|was|are|were) (?:fraudulent|made by)\b",
            r"\b(?:e-?mail|password|phone|number|address)\b[^.?!]{0,40}\bchanged?\b[^.?!]{0,60}(?:wasn'?t me|was not me|not by me|locked out|overnight)|\bchanged\b[^.?!]{0,60}\b(?:my|the) (?:e-?mail|password)[^.?!]{0,60}"
            r"\block(?:ed|s) (?:me )?out\b|\bpassword (?:had |has |was |been )*changed\. it wasn'?t me\b",
            r"\b(?:log-?in|signed? in|access)\b[^.?!]{0,25}\b(?:device|country|place|phone) (?:that )?(?:i|we) (?:don'?t|do not|never)\b",
            r"\b(?:fraud|fake|bogus|scam) (?:order|purchase|payment|transaction|account)s?\b|\b(?:fraudulent|stolen) (?:card|order|purchase|payment)\b",
        ),
        "changed": (
            r"\b(?:e-?mail|password|phone number|address)\b[^.?!]{0,40}\bchanged\b|\bchanged\b[^.?!]{0,20}\b(?:e-?mail|password|phone number|address)\b",
        ),
        "gone": (
            _EMPTIED + r"|\bpurchases?\b|\bcharges\b|\bbought\b|\bshopp\w+\b|\bordered\b|"
            r"\bused (?:on|in|at|twice)\b|\bused it\b|\b(?:was|were|been) used\b",
        ),
        "emptied": (_EMPTIED,),
        "not_used": (
            r"\b(?:did(?:n'?t| not)|never|have(?:n'?t| not)) (?:use|used|spend|spent|redeem|redeemed) (?:it|them|any)\b|\bstill have the card\b|\bnot (?:i|me)\b",
        ),
        # What looks alike: what came is not what was ordered, where a parcel was left, questions about safety.
        "parcel": (
            r"\b(?:wrong|different|another|instead|colou?r|size|someone else'?s|else'?s|sent me|neighbou?r|driver|courier|(?:been|was|were|got) cancel\w+|doorstep|porch|leave|left (?:it|at|on|in))\b",
        ),
        "asks": (
            r"\b(?:is it safe|what happens if|what if|in case|should i|how (?:do|can|would|could) i|can i|could i|may i|am i|would i)\b",
        ),
    }
)


_GIFT_CARD = compiled(r"\bgift ?cards?\b")
_MONEY = compiled(
    r"\b(?:card|pay\w*|paid|purchas\w*|charg\w+|transactions?|money|cash|withdr\w+|debit\w*|credit\w*|account|bank\w*|atm|pin|wallet|phone|fraud\w*|stole\w*|bill\w*|invoice\w*|statement|"
    r"hack\w*|scam\w*|top.?up|transfer\w*|refund\w*|fee|identity|app|compromised|details|passcode|password)\b|[£$€]"
)


def speaks_of_money(text: str) -> bool:
    """Whether payments, cards or accounts are spoken of at all: "I lost the receipt" is no lost card."""
    return bool(_MONEY.search(_GIFT_CARD.sub("", text)))


_LOOK_ALIKES = frozenset({"parcel", "asks", "own_deal"})


def disowned(text: str) -> str | None:
    """The words in which a customer disowns a payment, an order or an access, or None."""
    if not _sign(
        set(_SIGNS.labels(text)) - _LOOK_ALIKES
    ):  # nowhere near each other, if not even in the same text
        return None
    parts = sentences(text)
    signs = [_SIGNS.hits(part) for part in parts]
    pairs = list(pairwise(zip(parts, signs, strict=True))) or [((parts[0], signs[0]), ("", []))]
    for (one, here), (two, there) in pairs:
        if sign := _sign({_SIGNS.entries[place][0] for place in (*here, *there)}):
            places = [place for place in (*here, *there) if _SIGNS.entries[place][0] == sign]
            return quoted(_SIGNS.entries[places[0]][1], f"{one} {two}")
    return None


def _sign(found: set[str]) -> str | None:
    """The sign that tells most, if what was found together disowns something."""
    if "broken_in" in found:
        return "broken_in"
    if "stranger" in found and not ({"parcel", "asks"} & found):
        return "stranger"
    if "on_mine" in found and not (_LOOK_ALIKES & found):
        return "on_mine"
    near = "taken" in found or ("deal" in found and "parcel" not in found)
    if "disowned" in found and near and "asks" not in found:
        return "disowned"
    if {"changed", "disowned"} <= found:
        return "changed"
    if "stolen" in found and "gone" in found and "asks" not in found:
        return "stolen"
    if "not_used" in found and "emptied" in found and "asks" not in found:
        return "not_used"
    return None
