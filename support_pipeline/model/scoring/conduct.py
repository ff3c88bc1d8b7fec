"""The conduct of a conversation: sentences that do something polite, and so state nothing.

How people thank, regret, wish, feel with somebody, offer help or close is a small set of moves, each with its own opening;
what they thank for or wish is open. So the moves are listed, not their words. A move may still carry a statement
("sorry that your parcel is in Ohio"), so the words of the trade in it need a source like any other.
"""

from functools import lru_cache

import re2

from support_pipeline.model.scoring.lexicon import goods, personal
from support_pipeline.model.scoring.likeness import GREETING, STOP, content_words, stems_of
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

# What a shop asks for, and where: more words that state something of this matter where no move makes a courtesy of them.
_MATTER_WORDS = """
photo photos picture copy receipt form forms passport id proof document screenshot signature sign app website site page link login password
both benefit benefits tag tags lid seal express standard overnight pass spare contract lawyer condition conditions understanding favor file claim case plan policy rule queue list waitlist line turn shift member members manifest screen system record records data desk clerk seller
vendor supplier staff office headquarters phone number numbers size sizes colour color model stock sale price code points status date time fraud
"""
# Where something is, when, in which state, in whose hands, and what will be: in a sentence with any of these there is a fact or a term.
_FACT = re2.compile(
    r"(?i)\b(?:they|them|those|these|he|she|him|her|his|hers|another|gone|sold|ended|retired|vanished|last|next|third|fourth|fifth|queue|closed|down to|out of|late|early|today|"
    r"tonight|tomorrow|yesterday|now|currently|already|soon|shortly|noon|midnight|dawn|overnight|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|"
    r"hours?|minutes?|days?|weeks?|months?|years?|two|three|four|five|six|seven|eight|nine|ten|dozen|half|will|shall|going to|guarantee\w*|promise\w*|expect|"
    r"as long as|unless|required?|provided|free|must(?: not)? (?:be|send|pay|show|bring|keep|use|wear|wash|call|go|come|sign)|ha(?:ve|s) to (?:be|send|pay|show|bring|keep|use|call|go|come|sign))\b|'ll\b|\d|[^.!?\s] (?-i:[A-Z])(?:[a-z]|[A-Z])"
)
_THING_PRONOUN = re2.compile(r"(?i)\b(?:it|one|yours|theirs|mine)\b")
# "It stings to be overlooked", "no one likes", "cheerfully yours": there is no thing behind these.
_NO_THING = re2.compile(
    rf"(?i)^it(?:'s| is| was| would be|'d be| must be){_ADVERBS} (?:\w+ )?{_VALUING}\b|^it(?:'s| is) (?:the least|no (?:trouble|bother)|all part of)\b|^it \w+s (?:\w+ )?to (?:feel|see|hear|read|know|wait|be|lose|have|learn|think)\b"
    r"|\bthe last thing\b|\b(?:no|any|every|some) ?one\b|\bone of (?:us|you|those)\b|\w+ly yours\b|\byours \w+ly\b|\ball yours\b|\b(?:make|made|take|takes|call|mean|means|say|put|get|got) it\b|\bown it\b"
)
# Said of, or to, the people who talk: nothing is said of a shop by whatever follows, unless its words or `_FACT` do.
_OF_PEOPLE = re2.compile(
    _OPENING
    + rf"(?:(?:you|you guys|you folks)\b|(?:I|we|all of us)(?:'re|'m| are| am| would|'d| wouldn't| could| couldn't| should| shouldn't| don't| do| never){_ADVERBS} .*\b(?:you|your|yourself)\b|(?:I|we)(?:'re|'m| are| am)\b.*\baway\W*$"
    rf"|my \w+ (?:goes|go|is|are)\b|(?:I|we) (?:let|failed|left|kept|made) you\b|(?:I|we|our team) (?:dropped the ball|fell short|missed the mark)\b|(?:I|we)(?:'ve| have) (?:all |both )?been there\b|(?:I|we)(?:'ve| have) got your back\b|(?:so |very )?{_VALUING} (?:of you|that you|to)\b|(?:while |as )?I (?:checked|looked|dug|read|searched)\b"
    r"|your (?:\w+ ){1,3}?(?:brighten|light|lift|warm|cheer|touch|mean|help|encourag|inspir|honou?r|humbl)(?:s|ed|es)?\b"
    r"|(?:no one|nobody|anyone|anybody|everyone|everybody|who|people|folks|any of us|none of us)\b"
    r"|(?:this|that|which)(?:'s| is| was| must| would| could| should| might| can| may| has| had|'d| really| truly| \w+s)\b"
    r"|your (?:\w+ ){1,3}?(?:mean|means|is|are|was|has|have|had|made|makes|\w+ed|\w+s) (?:\w+ ){0,4}?(?:me|us|my|our|everything|lot|world|day)\b"
    r"|(?:the|an?|my|our|your) (?:\w+ )?(?:answer|question|reply|explanation|story|news|point|bottom line|gist|idea|trick|thought|feeling|sentiment)(?:'s| is| was)\b"
    r"|it(?:'s| is| was| would|'d| \w+s)\b)"
)
# What people ask of each other at the end of a talk: a deed, done to a person.
_ASKED = re2.compile(
    _OPENING
    + r"(?:give|poke|hug|kiss|pat|squeeze|cuddle|nudge|wave|whistle|yell|sing|dance|rest|breathe|smile|laugh|raise|toast|savou?r|cherish|treasure|remember|imagine|picture|consider|think|trust|"
    r"believe|lean|count|rely|pop|swing|stop|drop|hop|jump|stroll|stay|hold|hang|take|make|have|be|get|go|come|find|catch|meet|join|visit|remind|surprise|treat|spoil|pamper|love|forgive|greet|tell|say|ask|ping|call|"
    r"knock|wish|thank|congratulate|pass|share|bring|leave|live|play|try|listen|look|watch|pick|poke|tap|shake|stick|fill|lend|offer|show|text|tweet|bug|pester|cheer|keep|enjoy)\b(?:.*\b(?:me|us|you|your|yourself|yourselves|"
    r"our|myself|kids|children|family|grand\w+|mom|mum|dad|mother|father|sister|brother|wife|husband|partner|friends?|baby|little ones?|pup|dog|cat|everyone|everybody|each other)\b|(?: \w+){0,3}\W*$)"
)
# "You receive a badge": whatever the customer gets, may do, or loses is a term.
_GRANTED = re2.compile(
    r"(?i)\byou(?:'re| are)? (?:\w+ly |also |even )?(?:get|receive|earn|win|won|lose|lost|own|owe|keep|qualify|gain|collect|save|pay|need (?:an?|the|your|some|to)|hold|may|can|cannot|can't|banned|chosen|selected|entitled|eligible|stuck|locked|bound|covered|liable)\b|\bnothing\b|\bon the understanding\b"
)
# What is asked of the customer, or is bound to a place or a thing, is a term; what people must be and feel is none.
_ASKED_OF_YOU = re2.compile(
    r"(?i)\byou (?:\w+ly |also |first |then |only |always )*(?:must|should|need to|have to|ought to) (?:\w+ly |also |first |then |only )*(\w+)"
)
_FELT_OR_WAS = frozenset("be been feel have not never know think worry hear mind fear hesitate wait".split())
_BOUND_TO = re2.compile(r"(?i)\bonly (?:with|at|in|by|for|on|if|via|through|when|after|from)\b|\bonly\W*$")
_ANYBODY = frozenset("anyone anybody everyone everybody nobody someone somebody".split())
_STRANGE = 1
"""How many words of such a clause may be none of people, feelings, talk and thought."""
# "Your note cheered me up", "we are rooting for you": what goes on in people.
_FELT = re2.compile(
    r"(?i)\b(?:cheer|root|pull|pray|think|feel|listen|smil|touch|mov|brighten|warm|lift|delight|charm|amus|encourag|impress|inspir|humbl|honou?r|flatter|tickl|cross|hop|wait|rejoic|celebrat|ach|griev|"
    r"gett?|laugh|grinn?|blush|made|mean|car|worri|worry|felt|heard|understood|loved|liked|enjoyed)(?:ed|ing|s)?\b.*\b(?:you|me|us|my|our|your)\b|\bgot your back\b|\bI (?:checked|looked|dug|read|searched)(?: (?:on|into|around|through)(?: (?:this|that))?| this up)?\W*$"
)
# "Cheerfully yours,"
_SIGNED = re2.compile(r"(?i)^\W*(?:\w+ly yours|yours \w+ly|\w+ly),?\W*$")
# "We let you down": the only thing done by us that states nothing.
_FAILED = re2.compile(
    r"(?i)\b(?:I|we|our \w+)(?:'ve| have)? (?:let you down|failed you|left you \w+ing|made you \w+|kept you (?:waiting|guessing)|dropped the ball|missed the mark|fell short|got this wrong)\b"
)


@lru_cache(maxsize=1)
def _trade() -> frozenset[str]:
    return frozenset(stems_of(_TRADE_WORDS))


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
        or _of_people(clause)
    )


@lru_cache(maxsize=8192)
def factless(sentence: str) -> bool:
    """Whether a sentence can hold no fact about the shop: it is about the people who talk, and names nothing of the trade, no time and no number.

    What this holds of needs no source in any layer, at send time either.
    """
    parts = clauses(sentence)
    return bool(parts) and all(_of_people(part) for part in parts)


def _of_people(clause: str) -> bool:
    """Whether a clause is about those who talk or like to, and none of its words can carry a fact or a term."""
    if not (_OF_PEOPLE.search(clause) or _ASKED.search(clause) or _SIGNED.search(clause)):
        return False
    plain = _NO_THING.sub(" ", clause)
    if _FACT.search(plain) or _THING_PRONOUN.search(plain):
        return False
    if HAPPENED.search(_FAILED.sub(" ", clause)) and not (_NO_THING.search(clause) or _FELT.search(clause)):
        return False
    if (
        _demands(clause)
        or _GRANTED.search(clause)
        or of_the_trade(clause)
        or content_words(f"x {clause}") & _matters()
    ):
        return False
    return sum(word not in _ANYBODY for word in _impersonal(clause)) <= _STRANGE


def _impersonal(clause: str) -> list[str]:
    """The words of a clause that are none of people, feelings, talk and thought."""
    words = _WORDS.findall(GRAMMAR.sub(" ", clause).lower())
    return [word for word in words if word not in STOP and word not in _PLACING and not personal(word)]


def _demands(clause: str) -> bool:
    asked = (word.lower() for word in _ASKED_OF_YOU.findall(clause))
    return bool(_BOUND_TO.search(clause)) or any(word not in _FELT_OR_WAS for word in asked)


@lru_cache(maxsize=1)
def _matters() -> frozenset[str]:
    return frozenset(stems_of(_MATTER_WORDS))


def _personal(clause: str) -> bool:
    """Whether you, we, or nobody in particular are the subject, and every word is one of people, feelings, talk and thought."""
    if (
        _OF_THINGS.search(clause)
        or HAPPENED.search(clause)
        or (_OF_A_NOUN.search(clause) and not _A_PERSON.search(clause))
    ):
        return False
    return not _impersonal(clause) and not of_the_trade(clause)


@lru_cache(maxsize=8192)
def of_the_trade(clause: str) -> frozenset[str]:
    """The content words of a clause that name goods, parcels and money, or what is done with them; and numbers."""
    words = content_words(f"x {clause}")
    named = frozenset(stem for name in goods(clause) for stem in content_words(f"x {name}"))
    return words & (_trade() | named) | {word for word in words if word.isdigit()}
