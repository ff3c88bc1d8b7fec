"""The conduct of a conversation: sentences that do something polite, and so state nothing.

How people thank, regret, wish, feel with somebody, offer help or close is a small set of moves, each with its own opening;
what they thank for or wish is open. So the moves are listed, not their words. A move may still carry a statement
("sorry that your parcel is in Ohio"), so the words of the trade in it need a source like any other.
"""

from functools import lru_cache

import re2

from support_pipeline.model.scoring.lexicon import goods, personal
from support_pipeline.model.scoring.likeness import GREETING, STOP, content_words
from support_pipeline.model.scoring.wording import fold

# Words of shops, parcels and money, and what is done with them: in a courtesy too they say something of this matter.
_TRADE_WORDS = """
order orders parcel package shipment delivery courier carrier driver depot warehouse hub customs tracking label stock shelf shelves batch
supplier factory refund reimbursement credit voucher coupon rebate discount gift present surprise bonus freebie sample price fee charge
surcharge cost costs money cash dollar dollars amount payment card account balance invoice bill subscription membership points replacement
exchange return returns repair warranty guarantee upgrade size color colour item product pair unit piece box locker van truck lorry train plane
ship ships shipped shipping deliver delivers delivered arrive arrives arrived dispatch dispatched post posted send sends sent pack packed refunded
reimburse reimbursed credited charged paid pay pays cancel cancelled canceled restock restocked reserve reserved reship resend replace replaced
repaired fix fixed approved granted issue issued processed lost stolen seized missing delayed damaged broken torn returned exchanged sold bought
scanned booked upgraded waived extended unlocked locked blocked suspended activated bank
store shop outlet branch city town street address door porch neighbor neighbour customs inspector manager technician free machine gadget appliance gear tool device equipment instrument
"""
# What is said of a feeling, a deed or a situation, and not of a thing.
_VALUING = (
    r"(?:\w+(?:ful|some)|(?:frustrat|annoy|disappoint|confus|upset|stress|worry|worri|exhaust|tir|puzzl|madden|infuriat|aggravat|irritat|unsettl|distress|discourag|"
    r"dishearten|embarrass|overwhelm|daunt|alarm|shock|surpris|bewilder|reassur|comfort|encourag|excit|thrill|delight|amaz|charm|pleas|touch|flatter|interest|tax|"
    r"drain|demand|vex|bor|challeng|mislead|sadden|depress|concern|appreciat|devastat|perplex|mystif|dread|inconvenienc|bother)(?:ing|ed|y|ied)|"
    r"(?:understand|unaccept|enjoy|regrett|miser|horr|terr|admir|commend|reason|sens|incred|remark|memor|valu|ador|lament|deplor)[ai]ble|stressful|"
    r"(?:nerv|curi|anxi|gener|marvel|outrage|obvi|gorge|graci)ous|(?:supportive|attentive|sensitive|positive|impressive)|"
    r"hard|tough|rough|awful|sad|bad|worse|worst|sorry|nice|kind|lovely|great|good|best|better|fair|right|wise|smart|clever|okay|alright|true|normal|natural|"
    r"common|human|valid|welcome|fun|pain|hassle|nuisance|shame|pity|pleasure|joy|delight|honou?r|relief|letdown|let-down|drag|bummer|headache|nightmare|mouthful|"
    r"a lot|sense|important|clear|unclear|tricky|complicated|simple|easy|difficult|heard|valued|noted|understood|mad|angry|tired|ideal|perfect|sweet|brilliant|"
    r"super|fantastic|excellent|spot on|thanks|happy|glad|proud|unpleasant|unfair|not alone|care|cared|unfortunate|inconvenient|urgent|day|smile|world)"
)
_ADVERBS = (
    r"(?: (?:am|are|is|was|were|be|been|can|could|do|does|did|would|will|shall|may|might|must|have|has|had|only|just|really|truly|very|so|quite|always|also|all|both|"
    r"too|still|never|not|more|most|much|even|ever|rather|pretty|indeed|certainly|surely|such|a|an|the|our|my|bit|little|lot|than|here|of|sort|kind|no|"
    r"\w+ly)|'m|'re|'d|'ll|'ve|'s|n't)*"
)
_WE = r"(?:I|we|all of us|the (?:whole |entire )?(?:team|crew)|everyone here|my (?:team|colleagues?))"
_OPENING = (
    r"(?i)^\W*(?:(?:oh|ah|wow|aw|hey|well|and|but|so|yes|no|again|also|always|then|now|okay|ok|of course|once (?:more|again)|honestly|truly|really|first(?: of all)?|firstly|"
    r"above all|as always|either way|in the meantime|until then|for now|meanwhile|personally|lastly|finally|please|just|do(?: not)?|never|on (?:behalf|a personal note)[\w ]*?|"
    r"from (?:all of us|our|my|everyone|the)[\w ]*?|don't|believe me)[,:]? +)*"
)
_MOVES = (
    # thanks
    r"(?:many |so many |a (?:big|huge|warm|quick|million|thousand) )?(?:thanks?|thx|kudos|bravo|hats off|cheers|props|much obliged|gratitude)\b",
    rf"{_WE}{_ADVERBS} (?:thank|thankful|grateful|obliged|appreciate|value|treasure|cherish|admire|respect|applaud|owe you)\b",
    r"(?:it|that|this|your [\w ]+?)(?:'s| is| are) (?:\w+ )?(?:appreciated|noted|welcome|valued)\b",
    # regret
    rf"(?:{_WE}{_ADVERBS} )?(?:sorry|apologi[sz]\w*|regret)\b",
    r"(?:(?:my|our|please|with|many|all|\w+est|sincere|deep|heartfelt)[, ]+)*(?:apolog\w+|forgive|excuse|pardon|accept (?:my|our))\b",
    # wishes
    rf"(?:(?:{_WE}{_ADVERBS} )?(?:hope|hoping|wish|wishing|trust|hopefully|look(?:ing)? forward)\b|here'?s (?:to|hoping)|fingers crossed|cheers to)\b",
    r"(?:may (?:you|your|the|all|it|this)|have (?:a|an|fun|yourselves|yourself)|enjoy\w*|happy \w+|(?:the )?(?:very )?(?:best|good|all the|warm\w*|kind\w*|lots of|much) (?:of )?(?:luck|wishes|best|regards|love|"
    r"thoughts)|take (?:good |great |very good )?(?:care(?:$|[.!,]| of you| and | out | on )|it easy|heart|your time|a (?:deep )?breath)|stay \w+|be (?:well|safe|good)|keep (?:smiling|safe|warm|well|cool|calm|dry|going|up|on|in touch|us|me)|safe \w+|bon \w+|until \w+ time|"
    r"see you|talk (?:to you )?soon|till next|sleep well|get well|rest (?:easy|up|assured)|congrat\w+|welcome\b|god bless|bless|sending|with (?:love|kind|warm|best|all|gratitude|thanks)|yours (?:truly|sincerely|faithfully|warmly|kindly|always)|sincerely|"
    r"love,|hugs|peace|farewell|good ?bye|bye|ciao|cheerio|so long|good (?:night|evening|morning|day|afternoon)|merry|all (?:the|my|our|is|good))\b",
    r"\w+ (?:safe|careful|gent|slow|responsib|tight)\w*\W*$",
    # feeling with somebody
    r"(?:it|that|this) (?:really |truly |just )?\w+s (?:my|our|me|us)\b",
    rf"{_WE}{_ADVERBS} (?:understand|know|see|get|tell|imagine|realize|realise|hear|feel|sympathi\w+|empathi\w+|relate|recogni[sz]e|acknowledge|agree|gather|sense|care|mean|believe you|hate|want|blame|love|like|enjoy)\b",
    r"(?:anyone|anybody|any of us|nobody|no one|everyone|everybody|many (?:of us|people|customers|others)|most people|lots of people|people|who|plenty of \w+|others|some people|customers|folks|life|time|mistakes|things|these things|"
    r"such things|waiting|plans|surprises|birthdays|kids|children|days like (?:this|these)) (?:\w+ )?(?:\w+ly )?(?:would|wouldn't|like|likes|want|wants|love|loves|hate|hates|"
    r"feel|feels|enjoy|enjoys|ask|asks|wonder|wonders|be|happen|happens|is|are|isn't|aren't|can|could|should|gets|get|deserve|deserves|need|needs|makes|make|run|find|trip|struggle)\b",
    rf"(?:it|that|this|which|what you \w+|how|what|such|these|things|the (?:wait\w*|situation|experience|whole \w+|timing|uncertainty|confusion|frustration)){_ADVERBS} (?:(?:sound|seem|feel|look|make|mean|must|keep|get|help|happen|deserve|matter|hurt|sting|go)s?\b{_ADVERBS}[ ]?(?:\w+ ){{0,3}}?|"
    rf"(?:for|to|when|on) |)(?:like )?{_VALUING}\b",
    rf"(?:you|your \w+|you guys|you folks){_ADVERBS} (?:deserve|did|made|make|make|ask|asked|raise|raised|feel|seem|sound|have|need|went|handled|reacted|worry|took|mean|means|makes|matter|matters|come|comes|speak|is|was|were|are|be)?{_ADVERBS}(?: \w+){{0,3}}? {_VALUING}\b",
    r"you(?:'re| are| were| have|'ve| had) (?:\w+ )*?(?:welcome|right|patient|kind|alone|heard|valued|missed|the best|a star|a gem|a legend|awesome|amazing|great|lovely|reason|correct|not the only)\b",
    r"(?:you bet|not at all|my pleasure|our pleasure|don't mention it|any ?time|got it|(?:here|there) you (?:go|are|have it)|all (?:set|clear)|noted|I looked into (?:this|it|that|the matter)|(?:that|this|it) (?:should|must)(?:n't| not| never) (?:have )?happen(?:ed)?|sure|of course|absolutely|certainly|gladly|with pleasure|by all means|happy|glad|delighted|pleased|thrilled|honou?red|"
    r"no (?:worries|problem|stress|rush|trouble|bother|need to (?:worry|apologi\w+|thank|stress|be)|reason to (?:worry|be)|harm|hard feelings|wonder|doubt|pressure|big deal)|chin up|hang (?:in|tight|on)|bear with|cheer up|well (?:done|said|spotted|asked)|way to go|oh (?:no|dear)|ouch|yikes|oops|"
    r"how (?:\w+ )?(?:frustrating|annoying|awful|sad|disappointing|nice|kind|lovely|sweet|exciting|thoughtful)|what an? )\b",
    # help
    r"(?:please )?(?:let|tell|give|drop|just say|don't|ping|shoot|send|write|ask|call|contact|message|e-?mail|text|reply|respond|answer|reach|get (?:back )?in touch|get back|come (?:back|to|by)|shout|holler|feel free|hesitate|be (?:shy|afraid|a stranger|in touch)|worry|hit|turn|"
    r"keep (?:me|us)|say (?:the word|hi|hello)|nudge|buzz|speak|talk|chat|knock|count on|lean on|rely on)\b(?:[^.!]{0,30}?\b(?:us|me|to ask|a (?:line|note|message|shout|reply|word)|out|back|again|up|any ?time|hello|hi|here|worry|chat|word|know|free|stranger|shy|touch|here|if you|whenever you|should you)\b)",
    rf"{_WE}{_ADVERBS} (?:around|happy|glad|delighted|pleased|one (?:message|click|mail|e-?mail|note)|message away|ready|at your|on hand|standing by|stand by|all ears|listening|rooting|with you|by your|behind|on your side|for you|to (?:help|listen|assist|explain|answer|hear)|help|assist|explain|clarify|honou?red|excited|thrilled|touched|hear)\b",
    r"(?:my|our) (?:inbox|doors?|pleasure|thoughts|hearts?|goal|aim|priority|ears|hope|wish|apologies|sympathies|thanks|bad|best)\b",
    r"(?:I'm (?:right )?here |we're (?:right )?here )?(?:if|should|whenever|when|in case|anything|something) (?:anything|something|you(?:'re|'ve|'d)? ?(?:need|have|want|like|get stuck|run into|ever|still|feel|wish|think|would|are|think|prefer|find|come across|wonder|do)|there|that|this|any|I|we|else|more|ever|is|was|doubt|questions?)\b",
    r"(?:is|are|was|were|does|did|do|can|could|may|might|would|shall|will|have|has) (?:there|that|this|I|we|it|everything|you)\b[^.!]*\?$",
    # how an answer opens
    r"(?:here(?:'s| is| are) (?:what|how|the|your answer|some|a)|to (?:answer|be|sum|put|start|begin|recap|make it|cut)|in (?:short|brief|a nutshell|summary|other words)|long story|"
    r"(?:the |a |an |that's |that is |what a )*(?:\w+ )?(?:great|good|fair|excellent|nice|smart|wonderful|lovely|valid|short|quick|long|bad|simple|brief|easy|sensible|thoughtful|interesting|clever|honest) (?:answer|version|news|question|one|point|catch|thinking|idea|timing|call|choice|eye|to \w+|that|thing|on you|of you|for you|"
    r"reason|thought|taste|summary|recap|spot|instinct|you|work)|let(?:'s| me| us) (?:explain|clarify|clear|help|see|look|walk|sort|take|get|answer|start|go|put|try|know|run|shed|break|point|begin|reassure|assure|be|say|make|summarize)|allow me|as (?:promised|you (?:know|say|said|can imagine))|it (?:was|is|has been|'s) (?:a|an|always|our|my|such|so|truly|really|been|no|great|good|nice|lovely|wonderful) (?:\w+ )?(?:pleasure|joy|delight|honou?r|privilege|trouble|problem|to|bother|hearing|having))\b",
)  # fmt: skip
_COURTESY = re2.compile(_OPENING + "(?:" + "|".join(f"(?:{move})" for move in _MOVES) + ")")
# "Hear hear", "All set!": an exclamation of a few words, or the line before a list.
_SHORT = 3

# Where a new statement may begin inside a sentence.
_CLAUSE = re2.compile(
    r"(?i)(?:[,:]| -+| \(|\b(?:and|but|so|because|since|though|although|while|or|yet|plus))+ +(?:(?:I|we|it|they|he|she|you|your|our|my|the|this|that|these|those|there|here|one|someone|somebody|everything|nothing|yours|half|all|\d+)\b)"
)
_INITIAL = re2.compile(
    r"(?i)^(?:[,:]| -+| \(|\b(?:and|but|so|because|since|though|although|while|or|yet|plus)\b)+ +"
)


# A clause whose subject is a thing, or that has one in it by its pronoun.
_OF_THINGS = re2.compile(
    r"(?i)^\W*(?:it|its|they|their|he|his|she|her|the|an?|your|our|my|these|those|yours|ours|some|all|every|each|most|both|half|only|more|there|someone|somebody|another|other|two|three)\b"
    r"|\b(?:it|them|these|those|ones?|yours|theirs|ours|another|left|out|ahead|first|next|line|turn|under|two|three|four|five|six|ten|dozen|half)\b|\d"
)
# Verbs that only a noun before them can be the subject of, since no "you" or "we" is.
_OF_A_NOUN = re2.compile(
    rf"{_OPENING}(?:[\w-]+ ){{1,4}}?(?:is|are|was|were|has|have|had|gets?|got|will|must|may|does)\b"
)
_A_PERSON = re2.compile(
    rf"{_OPENING}(?:I|we|you|this|that|what|how|who|nobody|no one|anyone|anybody|everyone|everybody|(?:[\w-]+ ){{1,4}}(?:I|we|you)\b)"
)
_PLACING = frozenset(
    "until till before after over through without during between against since per off down away around beyond along".split()
)
_WORDS = re2.compile(r"[a-z]{2,}")
GRAMMAR = re2.compile(
    r"(?i)\b(?:an?|the|i|we|you|he|she|it|they|me|us|him|her|them|my|our|your|his|its|their|yours|mine|ours|this|that|these|those|there|here|and|or|but|so|as|"
    r"to|of|for|with|at|on|in|by|from|is|are|am|was|were|be|been|being|do|does|did|will|would|shall|can|could|may|might|must|should|if|when|once|then|than|also|too|"
    r"up|works?|moment|needs?|use|using|takes?|goes|go|gets?|include|item|items|possible|allowed|able|just|very|please|simply|yes|sure|certainly|well|which|who|what|"
    r"about|into|hi|hello|thanks|thank)\b|'(?:s|re|m|ll|d|ve)\b|<[A-Z_]+_\d+>"
)
_IRREGULAR = (
    "went|came|left|got|sent|made|found|gave|took|lost|sold|kept|held|paid|bought|brought|drove|flew|fell|broke|tore|began|ran|saw|wrote|met|rode|rose|sat|slept|"
    "spoke|stole|stood|threw|told|woke|won|caught|chose|drew|felt|gone|grew|hung|heard|hid|laid|led|lent|lit|rang|sank|shook|shot|slid|spent|spun|stuck|swept|"
    "swore|swam|swung|withdrew|built|given|taken|written|broken|driven|seen|shown|stolen|torn|thrown|done|been|had"
)
_LATELY = r"(?: (?:just|already|now|even|also|still|currently|finally|indeed|all|both|\w+ly))*"
# A main clause in the past, or at this moment: "we opened", "they have moved", "it was the last", "it is being", "it is sitting".
HAPPENED = re2.compile(
    rf"(?i)^\W*(?:so |then |well,? |yes,? )*(?:(?:I|we|they|he|she|it|someone|somebody|yours|these|those|(?:your|our) \w+(?: \w+)?)"
    rf"(?:(?:'ve| have| has|'s| had)?{_LATELY} (?:\w+[a-df-z]ed|{_IRREGULAR})\b|(?: is| are|'s|'re|'m| am| was| were){_LATELY} (?:being|\w{{3,}}ing)\b)"
    rf"|(?:they|he|she|it|these|those|yours) (?:was|were)\b)"
)


@lru_cache(maxsize=1)
def _trade() -> frozenset[str]:
    return frozenset(stem for word in _TRADE_WORDS.split() for stem in content_words(f"x {word}"))


@lru_cache(maxsize=8192)
def clauses(sentence: str) -> tuple[str, ...]:
    """A sentence cut before each clause with a subject of its own."""
    plain = GREETING.sub("", fold(sentence)).strip()
    cuts = [match.start() for match in _CLAUSE.finditer(plain) if match.start()]
    pieces = [plain[a:b] for a, b in zip([0, *cuts], [*cuts, len(plain)], strict=True)]
    return tuple(piece for part in pieces if (piece := _INITIAL.sub("", part).strip()))


def courteous(clause: str) -> bool:
    """Whether a clause makes one of the moves, whatever it carries, or says nothing but how people are and feel."""
    return (
        bool(_COURTESY.search(clause))
        or (clause.endswith(("!", ":")) and len(clause.split()) <= _SHORT)
        or _personal(clause)
    )


def _personal(clause: str) -> bool:
    """Whether you, we, or nobody in particular are the subject, and every word is one of people, feelings, talk and thought."""
    if (
        _OF_THINGS.search(clause)
        or HAPPENED.search(clause)
        or (_OF_A_NOUN.search(clause) and not _A_PERSON.search(clause))
    ):
        return False
    words = _WORDS.findall(GRAMMAR.sub(" ", clause).lower())
    return all(word in STOP or word in _PLACING or personal(word) for word in words) and not of_the_trade(
        clause
    )


@lru_cache(maxsize=8192)
def of_the_trade(clause: str) -> frozenset[str]:
    """The content words of a clause that name goods, parcels and money, or what is done with them; and numbers."""
    words = content_words(f"x {clause}")
    named = frozenset(stem for name in goods(clause) for stem in content_words(f"x {name}"))
    return words & (_trade() | named) | {word for word in words if word.isdigit()}
