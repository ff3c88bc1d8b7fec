"""Instructions inside a ticket: what is addressed to the model and not to the shop.

Patterns name ideas and not sentences: a word of one group near a word of another, in any order and with
anything between. What slips through is still only a draft that must pass the guards on its own words.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2

from support_pipeline.serving.guardrails.encodings import decoded, wrapped
from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.reading import BIDI, TAGS, Seen, read, seen

_INVISIBLE = frozenset("\u200b\u200c\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u115f\u1160\u3164\uffa0")
_HIDDEN_AT_LEAST = 3


class _Idea(NamedTuple):
    """Words of both groups within `reach` characters; one group alone where `near` is None.

    `told`: the second must follow the first in the same sentence, as in an order.
    """

    what: str
    first: Any
    near: Any = None
    reach: int = 90
    told: bool = False


def _words(*alternatives: str) -> Any:
    return re2.compile(r"\b(?:" + "|".join(alternatives) + r")")


_INSTRUCTIONS = _words(
    r"instruct\w*", r"prompts?\b", r"guidelines?\b", r"guardrails?\b", r"directives?\b", r"directions? (?:given|above|you)",
    r"(?:your|the|all|any|these|those|other|previous|prior|earlier|of|existing|current|company|its|every|no|system|store|shop|safety) (?:\w+ )?"
    r"(?:rules?|polic(?:y|ies)|restrictions?|constraints?|programming|training|filters?|safeguards?|limits?|limitations?|orders|"
    r"protocols?|configuration|context|conditioning|script|system message|commands?|guidance|boundaries|procedures?|standards|manual|playbook|norms|principles|routine|process|checks?)\b",
    r"(?:everything|anything|whatever|all) (?:\w+ ){0,3}(?:above|before|previous\w*|prior|earlier|told|said|learned|up to)\b",
    r"what(?:ever)? (?:you (?:were|have been|are|'ve been)|they|anyone|the developers?) (?:\w+ )?(?:told|taught|instructed|said|trained)",
    r"you (?:were|have been|'ve been|are) (?:told|taught|instructed|trained|programmed|given|configured)\b",
    r"(?:previous|prior|above|earlier|preceding|foregoing) (?:text|message to you|conversation|content|lines?|rules?|statements?|information)\b",
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Scandinavian
    r"anweisung\w*", r"vorgaben\b", r"regeln\b", r"richtlinien\b", r"befehle\b", r"instruktion\w*",
    r"consignes?\b", r"instrucci\w+", r"instruction\w*", r"directives?\b", r"regles\b", r"reglas\b", r"istruzion\w+", r"regole\b",
    r"instruco\w+", r"regras\b", r"instructies?\b", r"regels\b", r"polecen\w*", r"instrukcj\w*", r"zasad\w*", r"talimat\w*",
    r"kurallar\w*", r"instruktioner\w*", r"reglerna\b", r"pokyn\w*", r"utasitas\w*", r"ohje\w*", r"instructiuni\w*",
    r"praecepta\b", r"indicaciones\b", r"directrices\b", r"direttive\b", r"diretrizes\b", r"ordres\b", r"instruksi\w*", r"perintah\b", r"huong dan\b",
)  # fmt: skip
_OVERRIDE = _words(
    r"ignor\w+", r"overlook\w*", r"disregard\w*", r"forget\b", r"forgetting\b", r"overrid\w+", r"overrul\w+", r"bypass\w*", r"discard\w*",
    r"do not (?:follow|obey|apply|use|consider|listen)", r"don'?t (?:follow|obey|apply|use|consider|listen)", r"stop (?:following|obeying|applying|using)",
    r"pay no (?:attention|heed)", r"set aside", r"put aside", r"leave aside", r"throw (?:out|away)", r"cast aside", r"never ?mind\b",
    r"erase\b", r"supersed\w+", r"abandon\b", r"dismiss\b", r"neglect\b",
    r"not (?:be )?bound by", r"free (?:from|of)\b", r"no longer (?:apply|bound|valid|follow|have to)", r"(?:is|are) (?:now )?(?:lifted|suspended|disabled|void|obsolete|revoked)",
    r"without (?:any )?(?:restrictions?|rules|filters?|limits?|constraints?|guidelines|boundaries|safeguards)", r"break (?:the|your|all|out)", r"unlearn\b", r"deactivate\b", r"disable\b", r"turn off\b",
    r"violat\w+", r"circumvent\w*", r"omit\b", r"contradict\w*", r"refuse to follow", r"instead of (?:following|your|the)\b", r"let go of", r"look past", r"work around", r"(?:set|put|leave|lay|cast|throw|push|place|shove) (?:\w+ ){0,5}(?:aside|to (?:one|the) side|away|behind)",
    r"ignorier\w*", r"vergiss\w*", r"vergesse\w*", r"missacht\w*", r"ubergeh\w*", r"ignore[rz]?\b", r"oubli\w+", r"neglige[rz]?\b",
    r"zapomen\w*", r"zabudni\w*", r"neglege\b", r"olvid\w+", r"omite\b", r"descarta\w*", r"dimentica\w*", r"tralascia\w*", r"esquec\w+", r"desconsider\w+", r"negeer\w*", r"vergeet\w*",
    r"zignoruj\w*", r"zapomnij\w*", r"pomin\b", r"yoksay\w*", r"yok say\w*", r"unut\w*", r"gormezden gel\w*", r"glom\b", r"bortse\b", r"ignorer\w*", r"abaikan\b", r"lupakan\b", r"bo qua\b",
)  # fmt: skip
_WEAK_OVERRIDE = _words(
    r"cancel\b", r"delete\b", r"reset\b", r"clear\b", r"void\b", r"replac\w+", r"skip\b", r"drop\b", r"remove\b", r"change\b", r"update\b", r"stop\b", r"wipe\b", r"scrap\b", r"lift\b", r"suspend\b", r"switch off\b",
)  # fmt: skip
_STRONG_INSTRUCTIONS = _words(
    r"(?:your|previous|prior|system|initial|all|original|earlier) (?:\w+ )?(?:instructions?|prompts?|guidelines?|guardrails?|directives?|rules|polic(?:y|ies)|restrictions?|constraints?|programming|training|filters?|safeguards?|limitations?|orders|context|memory)\b",
    r"system prompts?\b", r"guardrails?\b",
)  # fmt: skip
_SECRETS = _words(
    r"system prompt", r"system rules\b", r"everything (?:that |which )?(?:stands|is|was|sits|lies|goes) (?:above|before|over|ahead)\b",
    r"rules (?:that |which )?you (?:operate|work|live|run|act|answer) (?:under|by|with|on|to)\b", r"you (?:told|instructed|taught|programmed|configured|prompted) (?:before|to|by|about)\b", r"(?:your|initial|original|hidden|secret|internal|developer|underlying) (?:\w+ )?(?:prompts?|instructions?|configuration|directives?|guidelines|system message|system text|training data|programming|source code)\b",
    r"(?:initial|original|hidden|secret|internal|developer|underlying) (?:\w+ )?rules\b", r"rules (?:\w+ ){0,2}(?:you were given|you follow|above|of your)\b",
    r"(?:text|words|sentences?|lines?|everything|content|message|paragraphs?|conversation) (?:\w+ )?(?:above|before this|preceding|at the (?:top|start|beginning)|that (?:comes?|came) before)\b",
    r"(?:how|what) you (?:were|are|have been|'ve been) (?:told|instructed|configured|programmed|given|prompted|set up)",
    r"(?:text|message|words?|sentences?|lines?|instructions?|input|content|prompt) (?:that |which )?you (?:received|were (?:given|shown|sent)|got|see|saw|have|read|started|begin|began)", r"everything (?:that|which) (?:precedes?|comes? before|came before)\b", r"first (?:\w+ )?(?:lines?|sentences?|words?|paragraph) (?:of (?:your|the)|you)\b",
    r"(?:context|prompt) (?:window|above)", r"policies in force", r"api[ _-]?keys?\b", r"passwords? of", r"other customers?'?", r"another customer'?s?", r"(?:customer|client|user) (?:database|list|records|data)\b",
    r"systemprompt\w*", r"systemaufforderung\w*", r"invite systeme", r"prompt (?:del|de|di|do|van) (?:sistema|systeme|systeem)", r"invite du systeme", r"prompt systeme", r"mensaje del sistema",
)  # fmt: skip
_REVEAL = _words(
    r"reveal\w*", r"spit out", r"show\b", r"print\b", r"repeat\b", r"output\b", r"tell\b", r"display\b", r"leak\w*", r"disclos\w+", r"share\b", r"quote\b", r"recite\b", r"translat\w+",
    r"summari[sz]e\b", r"copy\b", r"paste\b", r"write\b", r"list\b", r"give\b", r"dump\b", r"expose\b", r"what(?:'s| is| are| were| does)\b", r"reproduce\b", r"spell\b", r"describe\b",
    r"send\b", r"encode\b", r"read\b", r"state\b", r"provide\b", r"explain\b", r"zeig\w*", r"nenn\w*", r"montre\w*", r"affiche\w*", r"muestra\w*", r"revela\w*", r"mostra\w*", r"toon\b", r"rivela\w*", r"pokaz\w*",
)  # fmt: skip
_ANSWER = _words(
    r"(?:reply|respond|answer|responding|replying|answering)\b", r"(?:your|the|its) (?:\w+ )?(?:reply|answer|response|output|message|draft|email|completion)\b",
    r"(?:output|print|write|type|echo|generate|produce|emit|say)\b", r"return only\b", r"(?:begin|start|end|finish|conclude|open|close) (?:\w+ )?(?:with|by)\b",
    r"(?:include|insert|append|add|put|mention|contain) (?:\S+ ){0,6}(?:in|into|to|at) (?:the|your) (?:\w+ )?(?:reply|answer|response|message|email|draft|end|top|beginning)\b", r"repeat after me\b", r"(?:antwort\w*|repond\w+|respond\w+|responde\w*|rispond\w*|beantwoord\w*|antwoord\w*|odpowiedz\w*|svara?\b)",
)  # fmt: skip
_EXACTLY = _words(
    r"(?:only|solely|just|exactly|precisely|verbatim|literally|word for word|nothing but|nothing else|no other|exclusively)\b", r"with (?:the )?(?:following|word|words|phrase|sentence|text|string|exact|single|yes|json|code)\b",
    r"the following\b", r"this (?:exact|text|sentence|phrase|string|json)\b", r"as follows\b", r"(?:must|should|shall|has to|needs to|ought to|will) (?:always |only |simply )?(?:be|contain|include|say|state|start|begin|confirm|read|end|promise|grant|offer|mention|have)\b",
    r"in (?:json|xml|base64|code|capital letters|all caps|pirate|the format|this format|the style|rhyme)\b", r"like a (?:pirate|robot|person who)\b", r"do not (?:mention|include|add|say|write|use|escalate|explain)\b", r"nur\b", r"uniquement\b", r"solamente\b", r"unicamente\b", r"soltanto\b", r"somente\b", r"alleen\b", r"tylko\b",
)  # fmt: skip
_COMMANDED = _words(
    r"(?:say|write|state|confirm|reply|respond|answer|promise|declare|output|print|type|announce|acknowledge|claim|pretend|assure (?:me|us|the customer)|agree|include|mention)\b", r"tell (?:me|the customer|them|him|her|us) (?:that|the|my|you|i|it|this|we|your|yes)\b",
)  # fmt: skip
_GRANTED = _words(
    r"(?:refund|credit|replacement|compensation|voucher|discount|return|claim|request|exception|chargeback|reimbursement|payment|cancellation|warranty|case|order)s? (?:\w+ ){0,3}(?:is|are|was|were|has been|have been|will be|gets?|been) (?:\w+ ){0,2}(?:approved|granted|accepted|processed|issued|authori[sz]ed|confirmed|completed|free|sent|paid|waived|extended|guaranteed|eligible)",
    r"(?:approved|granted|authori[sz]ed|confirmed|guaranteed) (?:a |the |my |his |her |their |your )?(?:\w+ )?(?:refund|credit|replacement|compensation|voucher|discount|return|exception)",
    r"(?:full|complete|double|triple|immediate|100 ?%) (?:\w+ )?(?:refund|compensation|credit|discount)", r"refund approved", r"approved refund", r"(?:free|forever|lifetime|unlimited) (?:returns?|refunds?|warranty|replacement)", r"(?:lifetime|unlimited|forever) (?:\w+ )?shipping",
    r"return (?:window|period|policy) (?:\w+ )?(?:is|of) (?:now )?\d", r"(?:entitled|eligible) (?:to|for)\b", r"\d+ (?:days?|%|percent|dollars|usd|eur|euros)\b", r"[$€£] ?\d", r"on the (?:house|way)\b", r"agrees?\b", r"liab\w+", r"at fault\b",
)  # fmt: skip

_IDEAS = (
    _Idea("sets the rules aside", _OVERRIDE, _INSTRUCTIONS, 60),
    _Idea("sets the rules aside", _WEAK_OVERRIDE, _STRONG_INSTRUCTIONS, 40, told=True),
    _Idea("asks for the instructions or for others' data", _REVEAL, _SECRETS, 50),
    _Idea("dictates the form of the answer", _ANSWER, _EXACTLY, 25, told=True),
    _Idea("dictates what the answer grants", _COMMANDED, _GRANTED, 60, told=True),
    _Idea("declares the rules wrong", _INSTRUCTIONS, _words(r"wrong\b", r"incorrect\b", r"outdated\b", r"out[ -]of[ -]date\b", r"false\b", r"obsolete\b", r"invalid\b", r"fake\b", r"a lie\b", r"a test\b", r"expired\b", r"deprecated\b", r"revoked\b", r"not real\b", r"mistaken\b"), 40),
    _Idea(
        "tells the model what to say",
        _words(
            r"(?:you|u|it|the (?:reply|answer|response|draft|email)) (?:must|have to|should|need to|shall|are (?:required|obliged|ordered|instructed|commanded|supposed|expected) to|will now) (?:\w+ )?(?:promise|say|confirm|state|reply|answer|respond|write|output|pretend|treat|act|declare|agree|claim|print|assume|announce|mention|include|comply|obey)\b",
            r"(?:complete|finish|continue|fill in|extend|repeat) (?:this|the|my|that|following) (?:\w+ )?(?:sentence|text|phrase|story|line|paragraph|blanks?|template|message|dialog\w*|conversation)\b", r"fill in the blanks?\b", r"\b(?:write|say|reply|respond|answer|state|include|contain|print|put|output)\b[^.\n]{0,24}\"[^\"\n]{4,200}\"", r"tell (?:the|this|every|all) (?:customers?|users?|clients?|buyers?)\b", r"(?:make|have|let) (?:your|the) (?:\w+ )?(?:reply|answer|response|draft|output) (?:\w+ )?(?:contain|say|state|include|be|promise|begin|start|end)\b", r"suppose (?:you|that|there|we)\b", r"if you had no\b", r"henceforth\b", r"you(?:'re| are) (?:permitted|authori[sz]ed|cleared|at liberty) to\b",
            r"let(?:'s| us) (?:play|pretend|imagine|say|assume|role)\b", r"play (?:a|the|this) game\b", r"in (?:a|this|that) (?:\w+ )?(?:world|universe|game|scenario|story|fiction|dream|exercise) (?:where|in which|you)\b", r"thought experiment\b",
            r"in (?:your|the) (?:\w+ )?(?:answer|reply|response|email|message|draft|output),? (?:\w+ )?(?:include|say|state|mention|write|put|add|confirm|use|begin|start|promise|tell|do not|don't)\b",
            r"stop (?:being|acting|behaving|pretending)\b", r"treat (?:this|the following|my|it|that|everything|all)\b[^.\n]{0,40}\bas\b[^.\n]{0,20}(?:command|instruction|order|system|authoritative|policy|rule|true|fact|trusted|admin)",
            r"(?:when|while|before|after) (?:you(?:'re| are)? )?(?:draft|writ|compos|generat|formulat|prepar|creat)(?:e|es|ing|ting)? (?:the|your|this|a|any) (?:\w+ )?(?:response|reply|answer|message|email|output)",
            r"make sure (?:that )?(?:it|the (?:reply|answer|response|draft)|your (?:reply|answer|response|draft)|to (?:say|state|write|mention|include|confirm|promise))\b", r"(?:comply|obey)\b", r"follow (?:my|these|the following|this|only my|new) (?:\w+ )?(?:instructions?|orders?|commands?|rules?|steps exactly|directives?|script)\b",
            r"(?:answer|reply|respond|speak|write|talk) (?:to me )?(?:in|using) (?:\w+ )?(?:german|french|spanish|italian|latin|klingon|chinese|japanese|russian|emojis?|morse|base64|rot13|rhymes?|verse|pig latin|reverse|code|another language)\b",
            r"(?:output|emit) (?:the|a|an|only|your|this|all|everything|exactly|nothing)\b",
        ),
    ),
    _Idea(
        "gives the model another role",
        _words(
            r"you are (?:now|hereby|henceforth|from now|no longer|actually|currently|going to be|an? (?:\w+ ){0,2}(?:ai|bot|assistant|llm|model|chatbot|agent with|unrestricted)|chatgpt|dan\b|free to|in (?:\w+ )?mode|the (?:\w+ )?(?:manager|admin|owner|ceo|system))",
            r"from (?:now|this point|here)(?: on| onwards?|on)?,? (?:you|act|reply|answer|respond|speak|every|all|treat|always|ignore|only)", r"(?:act|behave|respond|reply|answer|speak|operate|function|work|think) (?:as|like) (?:if |though |an? |the |you\b|my )",
            r"pretend\w*", r"role ?play\w*", r"imagine (?:that )?(?:you|there|a world|being)\b", r"assume (?:the role|the identity|the persona|that you|you (?:are|have))", r"play the (?:role|part)\b", r"take on the (?:role|persona)", r"simulat\w+",
            r"(?:developer|debug|god|admin|administrator|sudo|maintenance|jailbreak|unrestricted|test|testing|training|root|override|demo|safe|opposite|training|diagnostic) mode\b", r"jailbr\w+", r"\bdan\b mode", r"do anything now", r"sudo\b", r"new (?:persona|identity|role|personality|task|objective|goal|mission|system prompt|instructions?|rules?|directive|guidelines?|command)\b",
            r"your (?:new|real|true|actual|only|next|primary|updated|current) (?:\w+ )?(?:task|role|job|purpose|instructions?|goal|objective|mission|identity|orders?|rules?|policy|guidelines?|behaviou?r)\b", r"switch (?:to|into) (?:\w+ ){0,3}(?:mode|role|persona)", r"enter (?:\w+ ){0,3}mode\b", r"unlock(?:ed)? (?:mode|yourself|all|full)", r"hypothetical(?:ly)?\b[^.\n]{0,60}\b(?:you|answer|assistant|policy|refund)",
            r"du bist (?:jetzt|ab|nun|kein)", r"ab (?:jetzt|sofort) (?:bist|antwort|sollst)", r"tu es (?:maintenant|desormais)", r"vous etes (?:maintenant|desormais)", r"desormais,? (?:tu|vous)", r"(?:ahora|a partir de ahora,?) (?:eres|seras|actua|responde)", r"(?:ora|adesso|d'ora in poi) (?:sei|sarai|rispondi)", r"agora (?:voce e|es|aja)", r"je bent (?:nu|vanaf)", r"od teraz jestes", r"jestes teraz", r"actua como", r"agis comme", r"comporte-toi", r"verhalte dich", r"comportati come", r"finja ser", r"artik sen", r"sen artik",
        ),
    ),
    _Idea(
        "speaks to the model",
        _words(
            r"(?:note|message|instructions?|attention|memo|notice|command|request|hint|reminder|info|information|directive|addressed) (?:to|for) (?:the |any |all |an |you,? the )?(?:\w+ )?(?:ai|assistants?|bot|chatbot|model|llm|language model|gpt|automation|automated|ai agent|machine|support bot|system)\b",
            r"(?:dear|hey|hello|hi|attention|attn|listen,?|ok|okay) (?:\w+ )?(?:ai|assistant|bot|chatbot|llm|model|gpt|language model|chatgpt|robot)\b", r"(?:^|\n|[.!?:>*\"'(\[] ?)(?:ai|assistant|bot|chatbot|llm|model|system|developer|admin|administrator|gpt|instruction|prompt|command)s? ?[:>\]]",
            r"if you(?:'re| are) (?:an? )?(?:\w+ ){0,3}(?:ai|assistant|bot|chatbot|llm|language model|automated|model|machine|robot|large)\b", r"(?:as|being|since you(?:'re| are)) an? (?:\w+ ){0,3}(?:ai|llm|language model|chatbot|automated assistant)\b",
            r"(?:ai|assistant|bot|chatbot|llm|language model|model|automated system|(?:support|service|reply) (?:tool|software|engine|automation|robot|program)|software|algorithm|robot|machine)s? (?:\w+ )?(?:reading|processing|handling|answering|replying|drafting|that reads?|who reads?|must|should|shall|will now|has to|please)\b",
            r"(?:large )?language models?\b", r"chat ?gpt\b", r"end of (?:the )?(?:ticket|message|prompt|user|customer|input|conversation|instructions?|email)\b", r"(?:begin|start|end) (?:of )?(?:system|instructions?|prompt|admin|developer|new|override|user)\b", r"prompt injection", r"tokens? limit\b",
            r"(?:system|admin|administrator|developer|root|security|internal|priority|staff|management|operator|backend|automated) (?:message|notice|override|update|note|alert|instruction|command|prompt|announcement|directive|memo|bulletin|log|access|level)\b",
            r"(?:nota|nachricht|anweisung|message|mensaje|messaggio|mensagem|bericht|wiadomosc) (?:an|fur|pour|para|per|voor|do|dla|a) (?:\w+ )?(?:ki|ia|ai|assistent\w*|asistente|assistant|assistente|modell?\w*|bot)\b",
        ),
    ),
    _Idea(
        "claims authority over the rules",
        _words(
            r"the (?:correct|real|true|actual|right|new|updated|official) (?:\w+ )?(?:returns?|refunds?|policy|answer|shipping|warranty|rules?|windows?|deadline) (?:\w+ ){0,3}(?:is|are) (?:now |actually )?(?:\d|unlimited|free|forever|that|to|a |an |no )",
            r"(?:as|i am|i'm|this is|speaking as|acting as|it's) (?:an? |the |your )?(?:\w+ ){0,2}(?:administrator|admin|developer|engineer|ceo|founder|owner of (?:the|this) (?:store|shop|company|brand|business)|creator|supervisor|manager of|store manager|programmer|operator|openai|anthropic|google|meta|support lead|team lead|qa|auditor|tester|security team|it department|head of|director)\b",
            r"(?:policy|policies|rules?|guidelines?|terms) (?:\w+ ){0,3}(?:updated?|chang\w+|revis\w+|amend\w+|replaced|superseded|overridden|suspended|waived|are now|is now|no longer|have been|has been|do(?:es)? not apply|don'?t apply|doesn'?t apply)\b", r"(?:new|updated|revised|current|latest|special|temporary|emergency) (?:return |refund |company |store |internal |shop |shipping )?(?:policy|policies|guidelines?|terms) ?(?::|,|is|are|says?|states?|applies|allows?|effective|as of)", r"policy (?:update|change|override|exception granted)\b", r"effective immediately\b",
            r"(?:has|have|had|was|were|been|is|already|pre) ?-?(?:approved|authori[sz]ed|pre-?approved|cleared|verified) (?:by|this|the|my|a|for|full)\b[^.\n]{0,40}(?:manager|management|supervisor|admin|headquarters|ceo|team|legal|system|director|hq|refund|exception)?", r"(?:manager|management|supervisor|ceo|headquarters|hq|legal|your boss|head office|your colleague|agent \w+) (?:\w+ ){0,3}(?:approved|authori[sz]ed|said|confirmed|told|agreed|instructed|promised|allowed|granted|ok'?d)\b", r"(?:authori[sz]ation|override|access|approval|bypass|clearance|master) (?:code|key|token|password|level)\b", r"for (?:testing|test|debug\w*|training|audit|qa|quality|security|research|educational) (?:purposes?|only|reasons?)\b", r"this is (?:only )?(?:a|an) (?:test|drill|simulation|exercise|audit|game|experiment)\b",
        ),
    ),
    _Idea(
        "interferes with the routing",
        _words(
            r"(?:do not|don'?t|never|no need to|avoid|without|skip|stop|refrain from) (?:\w+ ){0,3}(?:escalat\w+|hand(?:ing)? over|forward\w*|transfer\w*|flag\w*|involv\w+ (?:a|any) (?:human|person|agent)|human (?:review|approval|agent|oversight)|agents?' (?:review|approval)|manual review|supervis\w+)", r"(?:mark|set|flag|label|tag|classify|rate|score|treat|route) (?:\w+ ){0,4}(?:as|to|with) (?:\w+ )?(?:high|approved|resolved|auto\w*|trusted|safe|verified|confident|certified|low[- ]risk|priority|positive|vip)\b", r"confidence ?(?::|=|is|to|level|score|of)", r"escalate ?[:=] ?(?:false|no|true)", r"\[?escalated to", r"auto[- ]?(?:send|approve|reply)\w*", r"(?:high|full|maximum|100 ?%) confidence\b", r"\"?(?:response|route|confidence|escalate)\"? ?: ?[\"']", r"no (?:human|agent|person|manual) (?:\w+ )?(?:needed|required|necessary|review)",
        ),
    ),
    _Idea(
        "asks for something else than support",
        _words(
            r"(?:write|compose|generate|create|tell|give|make|sing|draw|solve|compute|calculate|explain|code) (?:me )?(?:a|an|the|some|my) (?:\w+ ){0,2}(?:poem|song|story|joke|essay|haiku|code|script|program|function|malware|virus|recipe|limerick|rap|python|javascript|sql|html|bomb|homework|equation|list of (?:all )?(?:customers|users|emails|passwords))\b", r"(?:run|execute|eval|call|invoke|trigger) (?:the |this |a |following |my )?(?:\w+ )?(?:code|command|script|function|tool|query|sql|api|shell|macro|plugin|webhook)\b", r"(?:select|drop|delete|insert|update) (?:\*|table|from|into)\b", r"rm -rf", r"<script", r"javascript:", r"onerror\s*=", r"\bcurl http", r"(?:fetch|open|visit|load|send (?:\w+ ){0,4}to|post (?:\w+ )?to|email (?:\w+ ){0,4}to) (?:\w+ ){0,3}(?:https?://|www\.)",
        ),
    ),
    _Idea("hides text or carries a link to data", _words(r"display ?: ?none", r"visibility ?: ?hidden", r"font-size ?: ?0", r"color ?: ?(?:white|#fff\w*|transparent)", r"opacity ?: ?0\b", r"text-indent ?: ?-\d", r"hidden ?=?[\"'>]", r"aria-hidden")),
)  # fmt: skip
_MARKUP = re2.compile(
    r"(?i)<!--|!\[[^\]\n]{0,200}\]\s?[\[(]|\]\(\s?(?:javascript|data|https?):|<(?:script|iframe|img|svg|style|object|embed|form|meta|link|base)\b|data:text/|\{\{|\{%"
)
_CONTROL = re2.compile(
    r"(?i)<\|?/?\s?(?:im_start|im_end|system|user|assistant|begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|endoftext|instructions?|prompt|admin|developer|tool|function|policy|policies|rules?|override)\b[^>\n]{0,60}>?"
    r"|<\|[^|>\n]{0,40}\|?>?|\[/?inst\]|<</?sys>>|</?s>|^\s*#{1,6}\s*(?:system|instructions?|assistant|user|new|override|prompt|response|policy|developer|admin)\b"
    r"|\[(?:system|admin|developer|instructions?|assistant|internal|override|ai|bot)\b[^\]\n]{0,80}\]|\n\s*(?:human|user|assistant|system|customer|agent|support|ai)\s?:\s|```"
)
# The same ideas without spaces, for letters that were pulled apart.
_COMPACT = re2.compile(
    r"(?:ignor|disregard|forget|overrid|bypass)(?:e|ing)?(?:all|any|the|your|every|my|previous|prior|above|earlier|these|those|system|existing){0,5}(?:instruction|prompt|rule|polic|guideline|direction|command|restriction)"
    r"|systemprompt|youarenow|developermode|refundapproved|(?:approve|grant|issue|give)(?:me|my|the|this|a|full){0,4}refund|donotescalate|revealyour|actasan?|jailbreak"
)
# Chinese, Japanese, Korean, Russian, Ukrainian, Arabic, Hebrew, Hindi, Greek: verbs of setting aside, and instructions.
_OTHER_SCRIPTS = re2.compile(
    r"忽略|无视|無視|忘记|忘れ|忘記|指示|指令|提示词|系统提示|プロンプト|系統|扮演|무시|지시|명령|프롬프트|역할|игнориру|забудь|инструкц|промпт|притвор|ты теперь|системн|"
    r"ігноруй|інструкц|تجاهل|تعليمات|انس|تظاهر|התעלם|הוראות|शचना|निर्देश|अनदेखा|नज़रअंदाज़|αγνοησ|οδηγι|ξεχασ|bỏ qua|hướng dẫn|เพิกเฉย|คำสั่ง"
)


def injections(text: str) -> list[Finding]:
    """The instructions found in a ticket, one finding an idea."""
    found = [*_hidden(text), *_structure(text)]
    found += _ideas(read(text))
    for part in wrapped(text):
        for plain in decoded(part):
            found.append(Finding("injection", f"the ticket holds readable text in a code: {plain[:60]!r}"))
            found += _ideas(read(plain))
    return list(dict.fromkeys(found))


def _hidden(text: str) -> Iterator[Finding]:
    """Characters that no one sees, where no one needs them."""
    if text.isascii():
        return
    if any(ord(char) in TAGS for char in text):
        yield Finding("injection", "the ticket holds invisible tag characters")
    inside = sum(char in _INVISIBLE for char in text)
    if inside >= _HIDDEN_AT_LEAST:
        yield Finding("injection", f"the ticket holds {inside} zero-width characters")
    if not BIDI.isdisjoint(text):
        yield Finding("injection", "the ticket turns the direction of text")
    if mixed := _mixed_word(text):
        yield Finding("injection", f"the ticket mixes alphabets within a word: {mixed!r}")
    if _OTHER_SCRIPTS.search(text.lower()) or _OTHER_SCRIPTS.search(seen(text)):  # without accents too
        yield Finding("injection", "the ticket gives instructions to the model: in another language")


def _mixed_word(text: str) -> str | None:
    """A word of Latin letters with look-alikes of other alphabets among them."""
    for match in _MIXED.finditer(text):
        word = match.group()
        if _LATIN.search(word) and _LOOKALIKE_SCRIPTS.search(word):
            return str(word)[:40]
    return None


_MIXED = re2.compile(r"[\pL]{3,}")
_LATIN = re2.compile(r"[A-Za-z]")
_LOOKALIKE_SCRIPTS = re2.compile(
    r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Cherokee}\x{0250}-\x{02AF}\x{1D00}-\x{1D7F}\x{1D400}-\x{1D7FF}\x{FF21}-\x{FF5A}]"
)


def _structure(text: str) -> Iterator[Finding]:
    if found := _CONTROL.search(text):
        yield Finding("injection", f"the ticket holds control marks: {found.group().strip()[:40]!r}")
    if found := _MARKUP.search(text):
        yield Finding("injection", f"the ticket holds markup: {found.group()[:40]!r}")


def _ideas(text: Seen) -> Iterator[Finding]:
    for idea in _IDEAS:
        for form in text.forms:
            if (match := _near(idea, form)) is not None:
                yield Finding("injection", f"the ticket {idea.what}: {form[match[0] : match[1]]!r}")
                break
    if any(_COMPACT.search(form.replace(" ", "").replace("\n", "")) for form in text.forms[:2]):
        yield Finding("injection", "the ticket gives instructions to the model: letters pulled apart")


_ENDS = re2.compile(r"[.!?\n,;]")


def _near(idea: _Idea, text: str) -> tuple[int, int] | None:
    first = _spans(idea.first, text)
    if not first:
        return None
    if idea.near is None:
        return first[0][0], min(first[0][1], first[0][0] + 80)
    second = _spans(idea.near, text)
    if not second:
        return None
    starts = [start for start, _ in second]
    for start, end in first:
        for i in range(bisect_left(starts, start - idea.reach * 2), len(second)):
            begin, stop = second[i]
            if begin > end + idea.reach:
                break
            apart = begin - end <= idea.reach and start - stop <= idea.reach
            if idea.told and (begin < end or _ENDS.search(text[end:begin])):
                continue
            within = start < begin and stop <= end  # "set your usual rules to one side"
            if apart and (begin >= end or stop <= start or within):
                return min(start, begin), min(max(end, stop), min(start, begin) + 120)
    return None


def _spans(pattern: Any, text: str) -> Sequence[tuple[int, int]]:
    return [match.span() for _, match in zip(range(400), pattern.finditer(text), strict=False)]
