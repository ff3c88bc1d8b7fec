"""Instructions inside a ticket: what is addressed to the model and not to the shop.

Patterns name ideas and not sentences: a word of one group near a word of another, in any order and with
anything between. A small model (`orders`) finds what is worded as no pattern knows it, and has the last word
where a pattern met an ordinary ticket. What slips through is still only a draft that must pass the guards on
its own words.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2

from support_pipeline.serving.guardrails.encodings import decoded, wrapped
from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.orders import likeness, limits
from support_pipeline.serving.guardrails.reading import BIDI, TAGS, Seen, read, seen

_INVISIBLE = frozenset("\u200b\u200c\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u115f\u1160\u3164\uffa0")
_HIDDEN_AT_LEAST = 3


class _Idea(NamedTuple):
    """Words of both groups within `reach` characters; one group alone where `near` is None.

    `told`: the second must follow the first in the same sentence, as in an order. `stated`: asking
    whether it is so is no such claim.
    """

    what: str
    first: Any
    near: Any = None
    reach: int = 90
    told: bool = False
    stated: bool = False


def _words(*alternatives: str) -> Any:
    return re2.compile(r"\b(?:" + "|".join(alternatives) + r")")


# Where a verb gives an order: at the beginning, or after a word that leads to one.
_ORDERED = r"(?:^|[.!?\n,;:\"'(] ?|\b(?:please|just|kindly|must|should|shall|has to|have to|to|you|and|then|simply|only|will|can|could|would|always|now|so) )"
_INSTRUCTIONS = _words(
    r"regles?\b", r"regl[ae]s?\b", r"regol[ae]\b", r"regras?\b", r"regler\b", r"richtlijn\w*", r"linee guida\b", r"everything you know\b", r"what you know about\b",
    r"instruct\w*", r"prompts?\b", r"guidelines?\b", r"guardrails?\b", r"directives?\b", r"directions? (?:given|above|you)",
    r"(?:your|the|all|any|these|those|other|previous|prior|earlier|of|existing|current|company|its|every|no|system|store|shop|safety) (?:\w+ )?"
    r"(?:rules?|polic(?:y|ies)|restrictions?|constraints?|programming|training|filters?|safeguards?|limits?|limitations?|"
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
    r"leave (?:it|them|that|those) out\b", r"start (?:over|afresh|anew)\b", r"(?:consider|regard|deem|declare|call) (?:\w+ ){0,6}(?:void|invalid|cancell?ed|obsolete|null|deleted)\b", r"(?:was|were|been) (?:now |just )?(?:lifted|suspended|disabled|voided|revoked)\b", r"do(?:es)? not concern\b", r"hinweg\b", r"(?:nicht|niet|inte|ikke) (?:be)?(?:folg|volg|folj|folg)\w*", r"volg\b", r"(?:non|no|nao) (?:seguire|segui|sigas|siga|rispettare|respetes)\b", r"ne (?:suis|suivez|respecte\w*) pas\b", r"(?:keine|ohne|aucune?|sans|ningun\w*|sin|nessun\w*|senza|geen|zonder|nenhum\w*|sem|inga|utan|ingen)\b",
    r"ignor(?:e|es|ing)\b", r"(?:be|is|are) ignored\b", r"overlook\b", r"disregard(?:ing)?\b", r"forget\b", r"forgetting\b", r"overrid\w+", r"overrul\w+", r"bypass\w*", r"discard\w*",
    r"do not (?:follow|obey|apply|use|consider|listen)", r"don'?t (?:follow|obey|apply|use|consider|listen)", r"stop (?:following|obeying|applying|using)",
    r"pay no (?:attention|heed)", r"set aside", r"put aside", r"leave aside", r"throw (?:out|away)", r"cast aside", r"never ?mind\b",
    r"erase\b", r"supersed\w+", r"abandon\b", r"dismiss\b", r"neglect\b",
    r"not (?:be )?bound by", r"free (?:from|of)\b", r"no longer (?:apply|bound|valid|follow|have to)", r"(?:is|are) (?:now )?(?:lifted|suspended|disabled|void|obsolete|revoked)",
    r"without (?:any )?(?:restrictions?|rules|filters?|limits?|constraints?|guidelines|boundaries|safeguards)", r"break (?:the|your|all|out)", r"unlearn\b", r"deactivate\b", r"disable\b", r"turn off\b",
    r"violate (?:the|your|any|all|every)\b", r"circumvent\w*", r"omit\b", r"contradict (?:the|your|any|all|every)\b", r"refuse to follow", r"instead of (?:following|your|the)\b", r"let go of", r"look past", r"work around", r"(?:set|put|leave|lay|cast|throw|push|place|shove) (?:\w+ ){0,5}(?:aside|to (?:one|the) side|away|behind)",
    r"ignorier\w*", r"ignora(?:te|d|r)?\b", r"ignoren?\b", r"vergiss\w*", r"vergesse\w*", r"missacht\w*", r"ubergeh\w*", r"ignore[rz]?\b", r"oubli\w+", r"neglige[rz]?\b",
    r"zapomen\w*", r"zabudni\w*", r"neglege\b", r"olvid\w+", r"omite\b", r"descarta\w*", r"dimentica\w*", r"tralascia\w*", r"esquec\w+", r"desconsider\w+", r"negeer\w*", r"vergeet\w*",
    r"zignoruj\w*", r"zapomnij\w*", r"pomin\b", r"yoksay\w*", r"yok say\w*", r"unut\w*", r"gormezden gel\w*", r"glom\b", r"bortse\b", r"ignorer\w*", r"abaikan\b", r"lupakan\b", r"bo qua\b",
)  # fmt: skip
_WEAK_OVERRIDE = _words(
    r"cancel\b", r"delete\b", r"reset\b", r"clear\b", r"void\b", r"replac\w+", r"skip\b", r"drop\b", r"remove\b", r"change\b", r"update\b", r"stop\b", r"wipe\b", r"scrap\b", r"lift\b", r"suspend\b", r"switch off\b",
    r"without (?:\w+ly )?(?:considering|regard\w*|applying|respecting|obeying|heeding|consulting|minding|looking at|checking|being bound by)\b",
)  # fmt: skip
_STRONG_INSTRUCTIONS = _words(
    r"(?:your|previous|prior|system|initial|all|original|earlier) (?:\w+ )?(?:instructions?|prompts?|guidelines?|guardrails?|directives?|rules|polic(?:y|ies)|restrictions?|constraints?|programming|training|filters?|safeguards?|limitations?|context|memory)\b",
    r"system prompts?\b", r"guardrails?\b",
)  # fmt: skip
_WHO = r"(?:other|another|last|previous|recent|all|every|next|\d+) (?:\w+ ){0,2}(?:customers?|clients?|buyers?|users?|shoppers?|callers?)\b"
_DATA = r"(?:e-?mails?|addresses|address|phones?|numbers?|cards?|names?|orders|conversations?|chats?|messages|details|data|passwords?|tickets?|history)\b"
_OTHERS = (
    r"(?:e-?mail|address|phone|number|card|name|orders?|data|details|history|ticket) (?:\w+ ){0,2}(?:of |for |did |from )(?:\w+ ){0,3}(?:(?:woman|man|person|lady|guy|people|someone|somebody|anyone|customers?|clients?) (?:who|that|named|called)|customer #?\d+|(?:all|every) (?:customers?|clients?|buyers?))\b", r"(?:customer|client) list\b", r"someone else (?:wrote|asked|said|bought|ordered)\b", rf"{_DATA} (?:\w+ ){{0,2}}(?:of|from|by|for|about) (?:\w+ ){{0,3}}{_WHO}",
    rf"{_WHO}'?s?'? (?:\w+ ){{0,2}}(?:asks?|asked|wr[io]te|wrote|said|says|bought|ordered|{_DATA})",
    r"(?:person|customer|client|user|caller|one) (?:right |just )?(?:before|after|ahead of) me\b",
    r"(?:his|her) (?:\w+ )?(?:card|password|bank|pin|cvv|phone|e-?mail|home address|delivery address|account number)\b", r"someone else'?s? (?:order|address|data|card|account|details|ticket)",
)  # fmt: skip
"""Other people's data; a household may ask about its own orders."""
_SECRETS = _words(
    r"system prompt", r"system rules\b", r"everything (?:that |which )?(?:stands|is|was|sits|lies|goes) (?:above|before|over|ahead)\b",
    r"rules (?:that |which )?you (?:operate|work|live|run|act|answer) (?:under|by|with|on|to)\b", r"you (?:told|instructed|taught|programmed|configured|prompted) (?:before|to|by|about)\b", r"(?:initial|original|hidden|secret|internal|developer|underlying) (?:\w+ )?(?:prompts?|instructions?|configuration|directives?|guidelines|system message|system text|training data|programming|source code)\b", r"your (?:\w+ )?(?:prompts?|configuration|directives?|system message|system text|training data|programming|source code)\b", r"your (?:own |full |exact |entire |complete |system |current |given )?(?:instructions?|guidelines?)(?:[.,;:!?]|$| (?:in|as|word|verbatim|exactly|above|to me|please|and|before|so|that you))", r"(?:written|stands?|stated|contained|said) in (?:the|your) (?:system message|prompt|instructions|context)\b", r"rules (?:\w+ ){0,3}(?:developers?|programmers?|makers?|creators?|owners?) (?:\w+ )?(?:gave|give|set|told|taught|wrote)\b",
    r"(?:initial|original|hidden|secret|internal|developer|underlying) (?:\w+ )?rules\b", r"rules (?:\w+ ){0,2}(?:you were given|you follow|above|of your)\b",
    r"(?:text|words|sentences?|lines?|everything|content|message|paragraphs?|conversation) (?:\w+ )?(?:above|before this|preceding|at the (?:top|start|beginning)|that (?:comes?|came) before)\b",
    r"(?:how|what) you (?:were|are|have been|'ve been) (?:told|instructed|configured|programmed|given|prompted|set up)",
    r"(?:text|message|words?|sentences?|lines?|instructions?|input|content|prompt|sections?|blocks?|policies) (?:that |which )?you (?:were (?:given|shown|sent|primed|fed)|see|started|begin|began)", r"everything (?:that|which) (?:precedes?|comes? before|came before)\b", r"first (?:\w+ )?(?:lines?|sentences?|words?|paragraph) (?:of (?:your|the)|you)\b",
    r"(?:context|prompt) (?:window|above)", r"policies in force", r"api[ _-]?keys?\b", r"passwords? of", r"(?:customer|client|user) (?:database|list|records)\b", *_OTHERS,
    r"systemprompt\w*", r"systemaufforderung\w*", r"invite systeme", r"prompt (?:del|de|di|do|van) (?:sistema|systeme|systeem)", r"invite du systeme", r"prompt systeme", r"mensaje del sistema",
)  # fmt: skip
_REVEAL = _words(
    r"(?:begin|start|open|export|extract|download|need|want)\b", r"which\b",
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
    r"(?:only|solely|just|exactly|precisely|exclusively|simply) (?:with\b|the (?:words?|phrase|sentence|text|following|letters?|number)\b|this\b|yes\b|no\b|one word|in json|json|say|[\"':])", r"(?:only|exactly) ?[:\"]", r"(?:verbatim|literally|word for word|nothing but|nothing else|no other)\b", r"with (?:the )?(?:following|word|words|phrase|sentence|text|string|exact|single|yes|json|code)\b",
    r"the following\b", r"this (?:exact|text|sentence|phrase|string|json)\b", r"as follows\b", r"(?:must|should|shall|has to|needs to|ought to|will) (?:always |only |simply )?(?:contain|say|state|start|begin|confirm|read|end|promise|grant|mention|be (?:exactly|only|the words?|yes|[\"':]))",
    r"in (?:json|xml|base64|code|capital letters|all caps|pirate|the format|this format|the style|rhyme)\b", r"like a (?:pirate|robot|person who)\b", r"do not (?:mention|include|add|say|write|use|escalate|explain)\b", r"nur\b", r"uniquement\b", r"solamente\b", r"unicamente\b", r"soltanto\b", r"somente\b", r"alleen\b", r"tylko\b",
)  # fmt: skip
_TELL = r"tell (?:me|the customer|them|him|her|us) (?:that|the|my|you|i|it|this|we|your|yes)\b"
_COMMANDED = re2.compile(
    _ORDERED + r"(?:say|write|state|reply|respond|answer|promise|declare|output|print|type|announce|claim|pretend|assure (?:me|us|the customer)|include|mention)\b|\b" + _TELL
)  # fmt: skip
_CONFIRMED = re2.compile(_ORDERED + r"(?:confirm|acknowledge|agree)\b")
_DICTATED = re2.compile(_ORDERED + r"(?:say|write|state|promise|declare|output|print|type|announce|claim|pretend|assure (?:me|us|the customer)|reply|respond|answer)\b|\b" + _TELL)  # fmt: skip
_GRANTED = _words(
    r"(?:refund|credit|replacement|compensation|voucher|discount|return|claim|request|exception|chargeback|reimbursement|payment|cancellation|warranty|case|order)s? (?:\w+ ){0,3}(?:is|are|was|were|has been|have been|will be|gets?|been) (?:\w+ ){0,2}(?:approved|granted|accepted|processed|issued|authori[sz]ed|confirmed|completed|free|sent|paid|waived|extended|guaranteed|eligible)",
    r"(?:approved|granted|authori[sz]ed|confirmed|guaranteed) (?:a |the |my |his |her |their |your )?(?:\w+ )?(?:refund|credit|replacement|compensation|voucher|discount|return|exception)",
    r"(?:full|complete|double|triple|immediate|100 ?%) (?:\w+ )?(?:refund|compensation|credit|discount)", r"refund approved", r"approved refund", r"(?:free|forever|lifetime|unlimited) (?:returns?|refunds?|warranty|replacement)", r"(?:lifetime|unlimited|forever) (?:\w+ )?shipping",
    r"(?:entitled|eligible) (?:to|for)\b", r"on the (?:house|way)\b", r"agrees?\b", r"liab\w+", r"at fault\b",
)  # fmt: skip
_VALUES = _words(
    r"return (?:window|period|policy) (?:\w+ )?(?:is|of) (?:now )?\d", r"\d+ (?:days?|%|percent|dollars|usd|eur|euros)\b", r"[$€£] ?\d",
)  # fmt: skip

_SOMEBODY_SAID = _words(
    r"(?:manager|management|supervisor|ceo|headquarters|hq|legal|your boss|head office|your colleague|agent \w+|the agent|your agent) (?:\w+ ){0,3}(?:said|confirmed|told|agreed|promised)\b",
)  # fmt: skip

_IDEAS = (
    _Idea("sets the rules aside", _OVERRIDE, _INSTRUCTIONS, 60),
    _Idea("sets the rules aside", _WEAK_OVERRIDE, _STRONG_INSTRUCTIONS, 40, told=True),
    _Idea("asks for the instructions or for others' data", _REVEAL, _SECRETS, 50),
    _Idea("dictates the form of the answer", _ANSWER, _EXACTLY, 25, told=True),
    _Idea("dictates what the answer grants", _COMMANDED, _GRANTED, 60, told=True),
    _Idea("dictates what the answer grants", _CONFIRMED, _GRANTED, 60, told=True, stated=True),
    _Idea("dictates what the answer grants", _DICTATED, _VALUES, 60, told=True),
    _Idea("asks for the instructions or for others' data", _words(r"(?:reveal|disclose|expose|leak|divulge|unveil|uncover|betray|spill)\b"), _INSTRUCTIONS, 40, told=True),
    _Idea(
        "wishes what the answer says",
        _words(r"(?:lovely|nice|great|good|helpful|kind|appreciat\w+|grateful|happy|wonderful|fine|glad|love|like|need|wants?|asks?|requires?|insists?|demands?|expects?|prefers?|wish\w*|hope)\b"),
        _words(r"(?:your|the next|the|its) (?:\w+ ){0,2}(?:answer|reply|response|message|draft|e-?mail)(?: (?:from|of|by) you)? (?:\w+ ){0,2}(?:contain|include|read|begin|began|start|end|say|said|state|quote|be worded|consist)(?:s|ed)?\b"),
        40,
        told=True,
    ),
    _Idea(
        "claims authority over the rules",
        _words(r"(?:policy|policies|rules?|guidelines?|terms) (?:\w+ ){0,3}(?:updated?|chang\w+|revis\w+|amend\w+|are now|is now|have been|has been)\b"),
        _words(r"\d", r"unlimited\b", r"free\b", r"forever\b", r"use (?:that|this|it)\b", r"confirm\b", r"everyone\b", r"all customers\b"),
        50,
        stated=True,
    ),
    _Idea("leans on what somebody granted", _SOMEBODY_SAID, _GRANTED, 60, told=True),
    _Idea("leans on what somebody granted", _GRANTED, _words(r"so (?:please |just |kindly )*(?:confirm|say|write|state|approve|repeat|issue|grant) (?:it|that|this)\b", r"(?:confirm|approve|write|say) (?:it|that|this) now\b"), 60),
    _Idea("declares the rules wrong", _words(r"(?:everything|anything|whatever|all|what) (?:that )?(?:you|they)(?:'ve| have| were| are)? (?:\w+ ){0,2}?(?:taught|told|learned|trained|given|know)\b", r"your (?:training|instructions?|prompts?|guidelines?|directives?|programming)\b"), _words(r"wrong\b", r"incorrect\b", r"outdated\b", r"out[ -]of[ -]date\b", r"false\b", r"obsolete\b", r"invalid\b", r"fake\b", r"a lie\b", r"a test\b", r"expired\b", r"deprecated\b", r"revoked\b", r"not real\b", r"mistaken\b"), 40, stated=True),
    _Idea(
        "tells the model what to say",
        _words(
            r"(?:you|u|it|the (?:reply|answer|response|draft|email)) (?:must|have to|should|need to|shall|are (?:required|obliged|ordered|instructed|commanded|supposed|expected) to|will now) (?:\w+ )?(?:promise|pretend|declare|claim|announce|output|obey|(?:say|state|print|reply|answer|respond|confirm|agree|write|act|treat|assume|include|mention|acknowledge) (?:\w+ ){0,2}?(?:that\b|with\b|as (?:if|though|an?)\b|only\b|like (?:an?|the)\b|yes\b|whatever\b|[\"':]))",
            r"(?:complete|finish|continue|fill in|extend|repeat) (?:this|the|my|that|following) (?:\w+ )?(?:sentence|text|phrase|story|line|paragraph|blanks?|template|dialog\w*)\b", r"fill in the blanks?\b", r"(?:please|just|kindly|simply|only|and|then|to|you (?:must|should|shall|will|can|may|have to)|[.!?\n,;:]) ?(?:say|reply|respond|answer|state|output|repeat)\b[^.\n]{0,24}(?:\"[^\"\n]{4,}\"| '[^'\n]{4,}')(?:\W|$)", r"(?:write|include|contain|print|put)\b[^.\n]{0,24}[\"'][^\"'\n]{4,}[\"'] (?:\w+ ){0,2}(?:in|into|to|at|as) (?:the |your )(?:\w+ ){0,2}(?:answer|reply|response|e-?mail|message|draft)\b", r"(?:^|[.!?\n]) ?(?:say|reply|respond|answer|state|output|repeat) (?:\w+ ){0,3}(?:\"[^\"\n]{4,}\"|'[^'\n]{4,}')",
            r"(?:(?:^|[.!?\n:;]) ?|(?:so|and|then|just|please|simply) )(?:say|state|declare|announce|proclaim)(?: back)? that (?:i|my|it|it's|its|the|there|we|you|all|this|everything|no|returns?|refunds?|shipping|every)\b", r"(?:so|just|simply) (?:write|reply|answer|respond)(?: back)? that\b",
            r"(?:state|say|write|repeat|note|mention|put) (?:that|this|it|so|them) (?:in|into|within) (?:the |your )(?:\w+ )?(?:answer|reply|response|message|e-?mail)\b", r"(?:note|mention|say|state|write|add|include|confirm)(?: clearly| also)? (?:in|within) (?:the|your) (?:\w+ )?(?:answer|reply|response|message|e-?mail) that\b", r"(?:write|put|note) (?:that|this|it) in writing\b", r"how (?:were|are) you (?:configured|programmed|instructed|prompted|trained|set up|primed)\b", r"repeat (?:that|this|the|your|his|her) (?:authori[sz]ation|promise|approval|confirmation|decision)\b",
            r"(?:read|hear|see|receive|wrote|write|said|say|add|added|include|use) (?:\w+ ){0,2}['\"][^'\"\n]{6,}['\"] (?:\w+ ){0,2}(?:from you|in (?:the|your) (?:\w+ )?(?:answer|reply|response|message|e-?mail|draft))\b", r"repeat after me\b", r"(?:put|place|include|add|insert|use|write|work|weave|slip|repeat|quote|drop) (?:\S+ ){0,2}(?:phrases?|words?|sentences?|lines?|text|string|statement|formula|expression)\b[^.!?\n]*\b(?:in|into|to|at|as|within|inside) (?:the |your |any )(?:\w+ ){0,3}(?:answer|reply|response|e-?mail|message|draft|output)\b", r"tell (?:the|this|every|all) (?:customers?|users?|clients?|buyers?) (?:that|they|to|you|we|it|he|she|his|her|their|yes|no)\b", r"(?:make|have|let) (?:your|the) (?:\w+ )?(?:reply|answer|response|draft|output) (?:\w+ )?(?:contain|say|state|include|be|promise|begin|start|end)\b", r"(?:[.!?\n] |please |now |just )suppose (?:you|that|there|we)\b", r"if you had no\b", r"henceforth\b", r"you(?:'re| are) (?:permitted|authori[sz]ed|cleared|at liberty) to\b",
            r"let(?:'s| us) (?:play (?:a|pretend|role)|pretend|imagine|assume|role|say (?:the|that|your|you))\b", r"play (?:a|this) game\b", r"in (?:a|this|that) (?:\w+ )?(?:world|universe|game|scenario|story|fiction|dream|exercise) (?:where|in which|you)\b", r"thought experiment\b",
            r"in (?:your|the) (?:\w+ )?(?:answer|reply|response|email|message|draft|output),? (?:\w+ )?(?:include|say|state|mention|write|put|add|confirm|use|begin|start|promise|tell|do not|don't)\b",
            r"stop (?:being|acting|behaving|pretending)\b", r"treat (?:this|the following|my|it|that|everything|all)\b[^.\n]{0,40}\bas\b[^.\n]{0,20}(?:command|instruction|order|system|authoritative|policy|rule|true|fact|trusted|admin)",
            r"(?:when|while|before|after) (?:you(?:'re| are)? )?(?:draft|writ|compos|generat|formulat|prepar|creat)(?:e|es|ing|ting)? (?:the|your) (?:\w+ )?(?:response|reply|answer|message|email|output)",
            r"make sure (?:that )?(?:it (?:says?|states?|contains?|includes?|confirms?|reads?|mentions?|promises)|the (?:reply|answer|response|draft)|your (?:reply|answer|response|draft)|to (?:say|state|confirm that|mention that|promise))\b", r"obey\b", r"comply (?:with (?:my|this|these|the following)|immediately|now|at once)\b", r"follow (?:my|these|the following|this|only my|new) (?:\w+ )?(?:instructions?|orders?|commands?|rules?|steps exactly|directives?|script)\b",
            r"(?:answer|reply|respond|speak|write|talk) (?:to me )?(?:in|using) (?:\w+ )?(?:latin|klingon|emojis?|morse|base64|rot13|rhymes?|verse|pig latin|reverse|code|another language)\b",
            r"(?:please|just|must|to|and|then|now|[.!?\n,;:]) ?(?:output|emit) (?:the|a|an|only|your|this|all|everything|exactly|nothing)\b",
        ),
    ),
    _Idea(
        "gives the model another role",
        _words(
            r"you(?:'re| are) (?:now|hereby|henceforth|from now on|no longer|actually|currently|going to be),? (?:an? |my |in (?:\w+ )?(?:mode|role)|free\b|called|named|operating|acting|running|unrestricted|bound|restricted|limited by|required to|subject to|allowed|able to|dan\b|chatgpt|\w*bot\b|the (?:\w+ )?(?:manager|admin|owner|ceo|system|assistant|customer))", r"you are (?:an? (?:\w+ ){0,2}(?:ai|bot|assistant|llm|model|chatbot|agent with|unrestricted)|chatgpt|dan\b|free to|in (?:\w+ )?mode|the (?:\w+ )?(?:manager|admin|owner|ceo|system))",
            r"from (?:now|this point|here) ?(?:on|onwards?|forward),? (?:you (?:are|must|act|only|always|answer|will (?:only|always|act|answer|behave|be|reply|respond|treat|say))|act|answer|speak|(?:reply|respond) (?:only|with|in|as|like)|every (?:\w+ )?(?:answer|reply|response|customer|ticket|refund)|all (?:\w+ )?(?:answers|replies|rules|customers|refunds|tickets)|treat|always (?:say|answer|reply|respond|approve|agree|confirm|begin|start|end)|ignore)", r"(?:act|behave|respond|reply|answer|speak) (?:as|like) (?:if |though |an? |the |you\b|my )", r"(?:please|you (?:must|should|shall|will|now)|[.!?\n]) (?:operate|function|work|think) (?:as|like) (?:if |though |an? |you\b)",
            r"pretend(?:ing)? (?:to be|you|that|as|there|we|i am|i'm|this|the)\b", r"role ?play\w*", r"imagine (?:that )?(?:you(?:'re| are) (?:not |no longer )?(?:an?|the|my)\b|you (?:have|had) no|a world|being an?|there (?:is|are|was|were) no)", r"assume (?:the role|the identity|the persona|that you|you (?:are|have))", r"(?:play|take|assume|adopt) (?:on )?the (?:role|part|persona)\b", r"(?:theat(?:re|er) scene|screenplay|improv\b)", r"you play (?:a|an|the|my)\b", r"unrestricted (?:model|ai|assistant|bot|agent)\b", r"(?:^|[.!?\n]) ?be (?:an? |the |my )?(?:\w+ ){0,2}[a-z]+bot\b", r"(?:only|sole|true|real|new) (?:master|boss|ruler|loyalty)\b", r"from this (?:sentence|message|line|moment|ticket|word) (?:on|onwards?|forward)\b", r"take on the (?:role|persona)", r"simulat(?:e|ing)\b",
            r"(?:god|sudo|jailbreak|unrestricted|override|opposite) mode\b", r"(?:enter|enable|activate|switch (?:to|into)|go into|turn on|engage|you are (?:now )?in|you're (?:now )?in) (?:your |the )?(?:developer|debug|admin|administrator|maintenance|test|testing|training|root|diagnostic) mode\b", r"jailbr\w+", r"\bdan\b mode", r"do anything now", r"sudo\b", r"new (?:persona|identity|personality|objective|mission|system prompt|directive)\b", r"new (?:instructions?|rules?|guidelines?|commands?|orders)(?: (?:from|for (?:you|the (?:ai|assistant|bot|chatbot|model|agent|desk)))\b| ?:)",
            r"your (?:new|real|true|only|next|primary) (?:\w+ )?(?:task|role|job|purpose|goal|objective|mission|identity|persona|behaviou?r)\b", r"your new (?:instructions?|orders|rules?|guidelines?|directives?)\b", r"switch (?:to|into) (?:\w+ ){0,3}(?:role|persona)", r"unlock (?:yourself|your)\b", r"hypothetical(?:ly)?\b[^.\n]{0,60}\b(?:you|answer|assistant|policy|refund)",
            r"du bist (?:jetzt|ab|nun|kein)", r"ab (?:jetzt|sofort) (?:bist|antwort|sollst)", r"tu es (?:maintenant|desormais)", r"vous etes (?:maintenant|desormais)", r"desormais,? (?:tu|vous)", r"(?:ahora|a partir de ahora,?) (?:eres|seras|actua|responde)", r"(?:ora|adesso|d'ora in poi) (?:sei|sarai|rispondi)", r"agora (?:voce e|es|aja)", r"je bent (?:nu|vanaf)", r"od teraz jestes", r"jestes teraz", r"actua como", r"agis comme", r"comporte-toi", r"verhalte dich", r"comportati come", r"finja ser", r"artik sen", r"sen artik",
        ),
    ),
    _Idea(
        "speaks to the model",
        _words(
            r"(?:note|message|instructions?|attention|memo|notice|command|request|hint|reminder|info|information|directive|addressed|to whichever|to whatever|to any) ?(?:to|for)? (?:the |any |all |an |you,? the )?(?:\w+ )?(?:ai|assistants?|bot|chatbot|llm|language model|gpt|ai agent)\b", r"(?:note|message|memo|hint|directive|command) (?:to|for) (?:the |any |all |an )?(?:automation|model|machine|system|robot)\b",
            r"(?:dear|hey|hello|hi|attention|attn|listen|ok|okay),? (?:ai|assistant|bot|chatbot|llm|gpt|language model|chatgpt|robot|model)\b", r"(?:^|\n|[.!?:>*\"'(\[] ?)system ?[:>\]] ?(?:you|the|ignore|always|never|do|all|this|please|from|new|note|override|grant|approve|refund|answer|reply|say|no|instructions?|customers?|users?|set|policy|returns?|an?)\b", r"(?:^|\n|[.!?:>*\"'(\[] ?)(?:ai|assistant|bot|chatbot|llm|developer|admin|administrator|gpt|instruction|prompt|command)s? ?[:>\]]",
            r"if you(?:'re| are) (?:an? )?(?:\w+ ){0,3}(?:ai|assistant|bot|chatbot|llm|language model|robot)\b", r"(?:as|being|since you(?:'re| are)) an? (?:\w+ ){0,3}(?:ai|llm|language model|chatbot|automated assistant)\b",
            r"(?:ai|bot|chatbot|llm|language model|automated system|(?:ai|the|this|any|virtual) assistant|(?:support|service|reply) (?:tool|software|engine|automation|robot|program))s? (?:\w+ )?(?:reading|processing|handling|answering|replying|drafting|that reads?|who reads?|must|should|shall|will now|has to|please)\b", r"(?:model|software|algorithm|robot|machine|program|system)s? (?:that |which |who )?(?:is |are )?(?:reading|reads?|processing|handling|answering|drafting) (?:this|my|the|me)\b",
            r"(?:large )?language models?\b", r"chat ?gpt\b", r"(?:^|\n|[-=*#\[<]) ?end of (?:the )?(?:ticket|message|prompt|user|customer|input|conversation|instructions?|email)\b", r"(?:begin|start|end) (?:of )?(?:system|instructions?|prompt|admin|developer|override|user|policy)\b", r"prompt injection", r"tokens? limit\b",
            r"(?:system|admin|administrator|developer|root|operator) (?:override|instruction|command|prompt|directive)\b", r"(?:system|admin|administrator|developer|root|security|internal|priority|staff|management|operator|backend|automated) (?:message|notice|update|note|alert|announcement|memo|bulletin|log|access|level)s? ?[:\])>]",
            r"(?:nota|nachricht|anweisung|message|mensaje|messaggio|mensagem|bericht|wiadomosc) (?:an|fur|pour|para|per|voor|do|dla|a) (?:\w+ )?(?:ki|ia|ai|assistent\w*|asistente|assistant|assistente|modell?\w*|bot)\b",
        ),
    ),
    _Idea(
        "claims authority over the rules",
        _words(
            r"the (?:correct|real|true|actual|right|new|updated|official) (?:\w+ )?(?:returns?|refunds?|policy|answer|shipping|warranty|rules?|windows?|deadline) (?:\w+ ){0,3}(?:is|are) (?:now |actually )?(?:\d|unlimited|free|forever|that|to|a |an |no )",
            r"(?:i am|i'm|this is|speaking as|acting as|it's) (?:the|your) (?:\w+ ){0,2}(?:administrator|admin|developer|engineer|ceo|founder|creator|supervisor|manager|programmer|operator|support lead|team lead|auditor|tester|security team|it department|head of|director)\b", r"(?:as|i am|i'm|this is|speaking as|acting as|it's) (?:an? |the |your )?(?:\w+ ){0,2}(?:owner of (?:the|this) (?:store|shop|company|brand|business)|(?:store|shop) (?:manager|owner)|ceo|administrator|admin|openai|anthropic|qa (?:team|engineer))\b",
            r"(?:policy|policies|rules?|guidelines?|terms) (?:\w+ ){0,3}(?:replaced|superseded|overridden|suspended|waived|no longer|do(?:es)? not apply|don'?t apply|doesn'?t apply)\b", r"(?:new|updated|revised|special|temporary|emergency) (?:return |refund |company |store |internal |shop |shipping )?(?:policy|policies|guidelines?|terms) ?(?::|,|is|are|says?|states?|applies|allows?|effective|as of)", r"policy (?:update|change|override|exception granted)\b", r"effective immediately\b",
            r"(?:has|have|had|was|were|been|is|already|pre) ?-?(?:approved|authori[sz]ed|pre-?approved|cleared|verified) (?:by|this|the|my|a|for|full)\b[^.\n]{0,40}(?:manager|management|supervisor|admin|headquarters|ceo|legal|system|director|hq|refund|exception)", r"(?:manager|management|supervisor|ceo|headquarters|hq|legal|your boss|head office|your colleague|agent \w+) (?:\w+ ){0,3}(?:approved|authori[sz]ed|instructed|allowed|granted|ok'?d|already decided)\b", r"(?:override|bypass|clearance|admin) (?:code|key|token|password|level)\b", r"for (?:testing|test|debug\w*|training|audit|qa|quality|security|research|educational) (?:purposes?|only|reasons?)\b", r"this is (?:only |just )?(?:a|an) (?:test|drill|simulation|audit|experiment)(?:[.,!:;]|$| (?:of|by|from)\b)",
        ),
        stated=True,
    ),
    _Idea(
        "interferes with the routing",
        _words(
            r"(?:do not|don'?t|never|no need to|avoid|without|skip|stop|refrain from) (?:\w+ ){0,3}(?:escalat\w+|hand(?:ing)? over|(?:forward\w*|transfer\w*) (?:this|it) to|flag\w*|involv\w+ (?:a|any) (?:human|person|agent)|human (?:review|approval|agent|oversight)|agents?' (?:review|approval)|manual review|supervis\w+)", r"(?:mark|flag|label|tag|classify|rate|score|treat|route) (?:this|it|me|your|my|the) ?(?:\w+ ){0,3}(?:as|to|with) (?:\w+ )?(?:high|approved|auto\w*|trusted|safe|verified|confident|certified|low[- ]risk|priority|positive|vip)\b", r"set (?:the |your |its )?(?:confidence|priority|status|route|risk|escalat\w*)\b", r"confidence\"? ?(?::|=|is|level|score)", r"escalat\w*\"? (?:\w+ )?(?:is|to|as) (?:false|no|off|true)\b", r"escalate\"? ?[:=] ?(?:false|no|true)", r"\[?escalated to", r"auto[- ]?(?:send|approve)\w*", r"(?:high|full|maximum|100 ?%) confidence\b", r"(?:rate|set|state|put|give|report) (?:your|the|its) (?:certainty|confidence|reliability|score)\b", r"(?:send|sent|answer\w*|repl\w+) (?:\w+ ){0,2}without (?:\w+ )?(?:review|approval|supervision|oversight|a human)\b", r"no (?:human|agent|colleague|employee) (?:needs|must|has|should)\b", r"send (?:your|the) (?:answer|reply|response|draft) (?:straight|right|automatically|directly|unreviewed)\b", r"\"?role\"? ?: ?\"?(?:system|assistant|developer|tool)\b", r"\"?(?:response|route|confidence|escalate)\"? ?: ?[\"']", r"no (?:human|agent|person|manual) (?:\w+ )?(?:needed|required|necessary|review)",
        ),
    ),
    _Idea(
        "asks for something else than support",
        _words(
            r"(?:write|compose|generate|code) (?:me )?(?:a|an|the|some|my) (?:\w+ ){0,2}(?:code|script|program|function|python|javascript|sql|html)\b", r"(?:write|compose|generate|create|tell|give|make|sing|draw|solve|compute|calculate|explain) (?:me )?(?:a|an|the|some|my) (?:\w+ ){0,2}(?:poem|song|story|joke|essay|haiku|malware|virus|recipe|limerick|rap|bomb|homework|equation|list of (?:all )?(?:customers|users|emails|passwords))\b", r"use (?:the |your |a )?(?:\w+ )?(?:tool|function|api) \w+_\w+", r"(?:run|execute|eval|call|invoke|trigger) (?:the |this |a |following |my )?(?:\w+ )?(?:code|command|script|function|tool|query|sql|api|shell|macro|plugin|webhook)\b", r"select \*", r"drop table\b", r"delete from \w+ where\b", r"insert into \w+ ?\(", r"update \w+ set\b", r"union select\b", r"rm -rf", r"<script", r"javascript:", r"onerror\s*=", r"\bcurl http", r"(?:fetch|open|visit|load|send (?:\w+ ){0,4}to|post (?:\w+ )?to|email (?:\w+ ){0,4}to) (?:\w+ ){0,3}(?:https?://|www\.)",
        ),
    ),
    _Idea("hides text or carries a link to data", _words(r"display ?: ?none", r"visibility ?: ?hidden", r"font-size ?: ?0", r"color ?: ?(?:white|#fff\w*|transparent)", r"opacity ?: ?0\b", r"text-indent ?: ?-\d", r"hidden ?=?[\"'>]", r"aria-hidden")),
)  # fmt: skip
_MARKUP = re2.compile(
    r"(?i)<!--|!\[[^\]\n]{0,200}\]\s?[\[(]|\]\(\s?(?:javascript|data|https?):|<(?:script|iframe|img|svg|style|object|embed|form|meta|link|base)\b|data:text/|\{\{|\{%"
)
_CONTROL = re2.compile(
    r"(?i)<\|?/?\s?(?:im_start|im_end|system|user|assistant|begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|endoftext|instructions?|prompt|admin|developer|(?:tools?|functions?)(?:_\w+)?|policy|policies|rules?|override)\b[^>\n]{0,60}>?"
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
    found = [*_hidden(text), *_structure(text), *_orders(read(text))]
    for part in wrapped(text):
        for plain in decoded(part):
            found.append(Finding("injection", f"the ticket holds readable text in a code: {plain[:60]!r}"))
            found += [finding for finding, _ in _ideas(read(plain))]
    return list(dict.fromkeys(found))


def _orders(text: Seen) -> Iterator[Finding]:
    """What the rules find, unless the model is sure that the plain text is ordinary; else what the model finds."""
    given, ordinary = limits()
    like = likeness(text.text)
    found = [finding for finding, plain in _ideas(text) if like >= ordinary or not plain]
    if not found and like >= given:
        found.append(Finding("injection", "the ticket reads like orders to the model"))
    yield from found


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


def _ideas(text: Seen) -> Iterator[tuple[Finding, bool]]:
    """The rules' findings, each with whether the text holds it undisguised."""
    forms = [_KEPT.sub("heed", form) for form in text.forms]
    for idea in _IDEAS:
        for at, form in enumerate(forms):
            if (match := _near(idea, form)) is not None:
                what = f"the ticket {idea.what}: {form[match[0] : match[1]]!r}"
                yield Finding("injection", what), at == 0
                break
    if any(_pulled_apart(form) for form in forms[:2]):
        yield Finding("injection", "the ticket gives instructions to the model: letters pulled apart"), False


# "Do not forget the rules" sets nothing aside.
_KEPT = re2.compile(
    r"\b(?:do not|don'?t|dont|never|not|didn'?t|did not|can(?:no|')t) (?:forget|ignore|disregard|overlook|neglect|dismiss)\w*"
)
_ENDS = re2.compile(r"[.!?\n,;]")
_ASKING = re2.compile(
    r"^\W*(?:(?:and|but|so|also|hi|hello|please) ,?)*(?:has|have|had|did|do|does|is|are|am|was|were|when|why|what|which|who|where|how|can|could|will|would|should|if|whether)\b"
)


def _pulled_apart(form: str) -> bool:
    """An order that appears once the spaces are gone, and that no whole words of the text make up."""
    compact = form.replace(" ", "").replace("\n", "")
    for match in _COMPACT.finditer(compact):
        words = _words_at(form, *match.span())
        if not all(word in _COMPACT_WORDS for word in words):
            return True
    return False


def _words_at(form: str, start: int, end: int) -> list[str]:
    """The words that hold the characters from `start` to `end`, counted without spaces."""
    found, at = [], 0
    for word in form.split():
        if at < end and at + len(word) > start:
            found.append(word.strip(".,;:!?\"'()"))
        at += len(word)
    return found


_COMPACT_WORDS = frozenset(
    """ignore ignoring disregard disregarding forget forgetting override overriding bypass bypassing all any the your every my previous
    prior above earlier these those system existing instruction instructions prompt prompts rule rules policy policies guideline
    guidelines direction directions command commands restriction restrictions you are now developer mode refund approved approve
    grant issue give me this a full do not escalate reveal act as an jailbreak""".split()
)


def _near(idea: _Idea, text: str) -> tuple[int, int] | None:
    first = _spans(idea.first, text)
    if not first:
        return None
    if idea.near is None:
        for start, end in first:
            if not (idea.stated and _asked(text, start, end)):
                return start, min(end, start + 80)
        return None
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
            if idea.stated and _asked(text, start, end):
                break
            within = start < begin and stop <= end  # "set your usual rules to one side"
            if apart and (begin >= end or stop <= start or within):
                return min(start, begin), min(max(end, stop), min(start, begin) + 120)
    return None


def _asked(text: str, start: int, end: int) -> bool:
    """Whether the words stand in a question that begins like one: "has your policy changed?"."""
    close = min((at for mark in ".!\n" if (at := text.find(mark, end)) >= 0), default=len(text))
    if not 0 <= text.find("?", end) < close:
        return False
    opens = max(text.rfind(mark, 0, start) for mark in ".!?\n") + 1
    return bool(_ASKING.match(text[opens:start]) or _ASKING.match(text[opens:end]))


def _spans(pattern: Any, text: str) -> Sequence[tuple[int, int]]:
    return [match.span() for _, match in zip(range(400), pattern.finditer(text), strict=False)]
