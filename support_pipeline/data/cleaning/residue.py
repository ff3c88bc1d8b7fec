"""What agents left behind: unfilled placeholders, and texts that are nothing but boilerplate.

A reply with an unfilled placeholder would teach the model to answer "[Date]", so its pair is
rejected. Placeholders that `redaction` made are not residue.
"""

import re

from support_pipeline.data.remembering import remembered

_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{1,80}\}\}"  # {{ticket.id}}
    r"|\{%[^{}\n]{1,80}%\}"
    r"|\$\{[A-Za-z_][\w. ]{0,40}\}"
    r"|(?<![\w{$])\{[A-Za-z][\w .'/-]{0,40}\}(?!\})"  # {product}
    r"|\[\[[^\[\]\n]{1,60}\]\]"
    r"|%{1,2}[A-Z][A-Z_]{2,40}%{1,2}"
    r"|\*\|[A-Z][A-Z0-9_:]{1,40}\|\*"  # *|FNAME|*
    r"|(?<![\w@])@@[A-Z][A-Z_]{1,40}@@|(?<![\w#])##[A-Z][A-Z_]{1,40}##|(?<!\w)__[A-Z][A-Z_]{1,38}[A-Z]__(?!\w)"
    r"|\{![A-Z][\w.]{1,60}\}|<%=?[^<>\n]{1,60}%>|(?<![\w$])\$[a-z][a-z_]{2,30}\$(?!\w)"
    r"|\bREPLACE[_ ]?(?:ME|THIS)\b|\bFIX[_ ]?ME\b|\bTODO\b\s?:|\bTBD\b(?=[\s,.;:!?)]|\Z)"
    r"|\b(?:DD|MM|YYYY)[/.-](?:DD|MM)[/.-](?:YYYY|YY|DD)\b"
    r"|[$€£]\s?(?:X{1,4}(?:\.X{2})?\b|_{2,})|(?<![\w.])XX(?:\.XX)?(?=\s?(?:[€$£%]|(?:business |working )?(?:hour|day|week|month|year)|today|euro|dollar))"
    r"|(?<![\w_])_{5,}(?![\w_])(?=[^\n]*[^\W_])"
    r"|\((?:(?:insert|enter|add|put|fill in|your|customer(?:'s)?|client(?:'s)?|agent(?:'s)?|first|last|full) (?:\w+ ){0,3}?(?:name|date|number|amount|"
    r"address|email|link|order|product|reason|price|code|here)|\w{2,12} (?:einfügen|einsetzen|eintragen|invoegen|insérer))\)"
    r"|[\[<(](?:N|X|Y|XX)[\])>](?=\s?(?:business |working |calendar )?(?:hours?|days?|weeks?|months?|years?|percent|%|euros?|dollars?))"
    r"|\[(?:vorname|nachname|kundenname|kunde|datum|bestellnummer|betrag|pr[ée]nom|nom|nom du client|date|montant|num[ée]ro|nombre|apellido|"
    r"fecha|pedido|importe|cliente|nome|cognome|data|ordine|importo|naam|voornaam|bestelnummer|imi[ęe]|namn|navn)\](?!\()"
    r"|<<[A-Za-z][^<>\n]{1,60}>>"
    r"|<(?:INSERT|ENTER|ADD|YOUR|CUSTOMER|USER|NAME|FIRST|LAST|FULL|DATE|PRODUCT|ORDER|PHONE|E-?MAIL|ADDRESS|TRACKING|COMPANY|"
    r"BRAND|AGENT|AMOUNT|LINK|URL|FAKE|SAMPLE|DUMMY)\b(?!_\d)[^<>\n@]{0,60}>"
    r"|\[(?:enter|select) \w[^\[\]\n]{0,60}\](?!\()"
    r"|\[(?:insert|add|put|fill|choose|your|customer|client|user|member|buyer|recipient|agent|rep|company|brand|store|"
    r"fake|sample|dummy|example|"
    r"shop|product|item|order|tracking|date|day|time|number|amount|price|link|url|address|email|e-mail|phone|first|last|"
    r"full|name|reason|policy|refund|coupon|discount|code|city|country|carrier|courier|signature|title|xx+|x{3,}|tbd|"
    r"placeholder|todo)\b[^\[\]\n]{0,60}\](?!\()"
    r"|\[_{2,}\]|\[\.{3}\]|\bX{4,}\b|\bLOREM IPSUM\b",
    re.IGNORECASE,
)
_MAY_HOLD = re.compile(
    r"[\[{<%]|XX|xxxx|\$X|IPSUM|[Ii]psum|\*\||@@|##|__|\$\w+\$|REPLACE|FIX|TODO|TBD|DD|MM[/.-]|\([\w' ]{4,60}\)|\([NXY]\)"
)
_SHOUTED = re.compile(r"\((?:FIRST |LAST |FULL |CUSTOMER )?NAME\)")
_REDACTED = re.compile(r"<[A-Z]{2,12}_\d{3,7}>")
_ESCALATED = re.compile(r"\[Escalated to:[^\[\]\n]*\]", re.IGNORECASE)

_BOILERPLATE = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings)(?: there| all| team| sir| madam| customer|"
    r"[ ,]+[\w'-]+){0,3}"
    r"|(?:many )?(?:thanks|thank you|thx|ty)(?: (?:so|very) much| again| a lot)?(?: for (?:(?:contacting|reaching out|writing|"
    r"your (?:patience|message|email|e-mail|understanding|time|reply|response|interest)|getting in touch|"
    r"letting us know|the update|choosing)[\w ,&'-]{0,60}))?"
    r"|(?:we|i)(?:'ve| have)? received your (?:message|request|email|e-mail|enquiry|inquiry|ticket)[\w ,#&'-]{0,80}"
    r"|(?:we|i|someone|an agent|our team|a member of our team)(?:'ll| will)? (?:get back to|be in touch with|respond to|"
    r"reply to) you[\w ,&'-]{0,80}"
    r"|(?:your|this) (?:ticket|request|case|conversation) (?:has been|was|is now) (?:closed|solved|received|merged|"
    r"updated|marked as solved|created|assigned)[\w ,#&'-]{0,80}"
    r"|(?:please )?(?:let (?:me|us) know|feel free to (?:reach out|contact us|reply))[\w ,&'-]{0,80}"
    r"|(?:is there )?anything else (?:(?:i|we) can (?:do|help you with|assist you with))[\w ,&'-]{0,40}"
    r"|you(?:'re| are) (?:most |very )?welcome|my pleasure|no problem|(?:have|enjoy) a (?:great|nice|lovely|wonderful|good) "
    r"(?:day|one|weekend|evening|rest of your day)[\w ,&'-]{0,20}"
    r"|(?:this is an )?(?:automated|automatic) (?:message|reply|response)[\w ,&'-]{0,60}|please do not reply[\w ,&'-]{0,60}"
    r"|(?:best|kind|warm|many)?(?: )?(?:regards|wishes)|sincerely|cheers|ok(?:ay)?|got it|noted|sure|great|perfect|awesome"
    r"|how (?:can|may) (?:i|we) (?:help|assist) you(?: today)?|hope (?:this|that) helps",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?\n]+")


def placeholders(text: str) -> tuple[str, ...]:
    """Placeholders that somebody forgot to fill in, in order; an answer with any is rejected."""
    if not _MAY_HOLD.search(text):
        return ()
    found = [match.group() for match in _SHOUTED.finditer(text)]
    for match in _PLACEHOLDER.finditer(text):
        part = match.group()
        if not (_REDACTED.fullmatch(part) or _ESCALATED.fullmatch(part)):
            found.append(part)
    return tuple(found)


@remembered
def is_boilerplate(text: str) -> bool:
    """Whether nothing but greetings, thanks and acknowledgements is said."""
    if len(text) > 600:
        return False
    sentences = [part.strip(" ,;:-–—*") for part in _SENTENCE_END.split(text)]
    return all(_BOILERPLATE.fullmatch(sentence) for sentence in sentences if sentence)
