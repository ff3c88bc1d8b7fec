"""Signatures: the vendor's own field by exact value, then the people's own names, then rules.

Only the end of a message is looked at. A line goes only with an anchor: a closing word with a name
under it, a name of the ticket's people, a ruler, or (weakest) a bare name on a line of its own.
A "Thanks!" that nobody signed is the sender's text and stays.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from support_pipeline.data.tickets import Role
from support_pipeline.data.wordlists import GIVEN_NAMES, words

_MAX_LINES = 14
_FAREWELL = (
    r"(?:with )?(?:my |our )?(?:very |many )?(?:best|kind|kindest|warm|warmest|warmly|good)(?: regards| wishes)?|regards|rgds|"
    r"your (?:pal|friend)|(?:yours )?(?:sincerely|faithfully|truly|respectfully)(?: yours)?|sincerely yours|respectfully|cordially|cheers|"
    r"take care|all the best|best|yours|ciao|cu|see you|talk soon|have a (?:great|nice|good|lovely|wonderful) (?:day|one|"
    r"weekend|evening|afternoon)|happy to help|"
    r"mit (?:freundlichen|besten|lieben|herzlichen) grü(?:ß|ss)en|(?:viele|liebe|beste|freundliche|schöne|herzliche) "
    r"grü(?:ß|ss)e|(?:lg|mfg|vg)|gru(?:ß|ss)|cordialement|bien (?:cordialement|à vous)|sincères salutations|"
    r"meilleures salutations|salutations|atentamente|saludos(?: cordiales)?|un (?:cordial )?saludo|cordiales saludos|"
    r"atenciosamente|att|cumprimentos|melhores cumprimentos|abraços|cordiali saluti|distinti saluti|saluti|"
    r"met vriendelijke groet(?:en)?|vriendelijke groet(?:en)?|groet(?:en|jes)?|mvg|med vänliga? hälsningar?|vänliga "
    r"hälsningar|hälsningar|mvh|med venlig hilsen|venlig hilsen|vennlig hilsen|hilsen|ystävällisin terveisin|terveisin|"
    r"pozdrawiam|z poważaniem|s pozdravem|с уважением|з повагою|saygılarımla|iyi çalışmalar"
)
_THANKS = (
    r"(?:many )?thanks(?: again| so much| a lot| in advance| and regards| & regards| kindly)?|thank you(?: again| so much|"
    r" very much| in advance)?|thx|tia|ty|(?:vielen )?dank(?:e)?(?: im voraus)?|merci(?: d'avance| beaucoup)?|"
    r"(?:muchas )?gracias|obrigad[oa]|grazie(?: mille)?|bedankt|alvast bedankt|tack|tak|dziękuję|děkuji|спасибо"
)
# A closing in the sender's own words, which only the name under it gives away: "Sunny greetings from Lisbon,".
_GREETS = re.compile(
    r"\b(?:greetings?|regards|wishes|hugs?|love|cheers|yours|warm(?:ly|est)?|thanks|xoxo|always|stay|gr[uü](?:ß|ss)e?n?|saludos?|"
    r"salutations?|abra[çz]os?|saluti|groet(?:en|jes)?|h[äa]lsningar|hilsen|terveisin|pozdr\w*|cordial\w*)\b",
    re.IGNORECASE,
)
_TEAM_NAME = re.compile(
    r"(?:the |your |das |dein |ihr )?(?:[\w&'.-]{2,24} ){0,3}team|team(?: [\w&'.-]{2,24}){1,3}", re.IGNORECASE
)
_TITLED = re.compile(
    r"^(?:dr|prof|mr|mrs|ms|mx|herr|frau|sr|sra|mme|dipl|ing)\.?\s|,?\s(?:mba|phd|ph\.d|msc|bsc|md|jr|sr|esq)\.?$|\s?\([\w/ ,.'-]{2,24}\)$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^(?:(?:this|diese|ce|este|esta|questo|questa|dit|deze)\b[^\n]{0,60}\b(?:e-?mail|message|nachricht|mensaje|mensagem|messaggio|bericht|courriel)\b"
    r"[^\n]{0,200}\b(?:confidential|privileged|intended|addressee|recipient|vertraulich|bestimmt|confidentiel|destinataire|confidencial|destinatario|"
    r"riservat\w*|vertrouwelijk)"
    r"|(?:confidentiality (?:notice|note)|disclaimer)\b|(?:please )?(?:consider|think of|think about) the environment before printing)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"^(?:(?P<farewell>{_FAREWELL})|(?P<thanks>{_THANKS}))(?:\s*[,.!:;~–—-]+\s*|\s*$)", re.IGNORECASE
)
_INLINE = re.compile(
    rf"(?<=[.!?)\n])\s{{0,3}}(?:(?:(?:{_FAREWELL})|(?:{_THANKS}))\s?[,.!]?\s?(?:[-–—~]\s?)?|[-–—~^]\s?)(?P<name>[^\n.!?,]{{2,40}})\Z",
    re.IGNORECASE,
)
_WISH = re.compile(r"(?:take care|have a|see you|talk soon|happy to help|all the best)\b", re.IGNORECASE)
_RULER = re.compile(r"^(?:--|—|–|_{3,}|-{3,}|={3,}|\*{3,})$")
_CONTACT = re.compile(
    r"@[\w-]+\.\w|\bwww\.|https?://|\b(?:tel|phone|ph|fax|mobile|mob|cell|office|direct|ext|e-?mail|telefon|tél|"
    r"handy|skype|web|[pftm](?=:))\b\.?\s?[:#]?|(?:\(?\d{2,5}\)?[ .)\-/]{1,2}){1,3}\d{3,}|\bx\.?[\s-]?\d[\d-]{2,6}\b|\b\d-\d{4}\b|"
    r"#\s?\d{3}|^\d{4,5}$"
    # Opening hours.
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\s?(?:-|–|to|through|&)\s?(?:mon|tue|wed|thu|fri|sat|sun)|\b24/7\b"
    r"|\b\d{1,2}(?::\d\d)?\s?[ap]\.?m\b.{0,8}\d",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^\d{1,6}\w? [\w .,#-]{3,60}$|\b[A-Z]{2},?\s{1,2}\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\bP\.?O\.? box\b"
    # A street with its number behind it.
    r"|^(?:calle|c/|avda\.?|avenida|plaza|rue|via|viale|piazza|rua|ul\.|ulica)\s[\w .'’-]{2,40},? ?\d{1,4}\w?(?:[ ,/-]{1,2}\w{1,6}){0,3}$"
    r"|^[\w .'’-]{2,40}(?:str(?:a(?:ß|ss)e|aat|\.)|weg|platz|allee|gasse|laan|plein|gata|gatan|vej|gade|tie|katu) ?\d{1,4} ?[a-z]?$",
    re.IGNORECASE,
)
_REACHED = re.compile(r"@[\w-]+\.\w|\d{3}[ .)-]{1,2}\d{3,4}|\b\d-\d{4}\b|\bx-?\d{4,}", re.IGNORECASE)
# What a slogan or an office does not say: the sender goes on talking.
_SAID = re.compile(
    r"\?|\bp\.?\s?p?\.?s\b|\b(?:i|i'm|i'll|my|please|also|order|refund|return)\b", re.IGNORECASE
)
_FIRM = re.compile(r"\b(?:Inc|Ltd|Co|Corp|LLC|L\.L\.C|S\.A|S\.r\.l)\.?$")
_SIGNED_OFF = re.compile(r"[^\W\d_]+(?: [^\W\d_]+\.?)?, [^\n.!?]{3,60}$")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s+\S")
_OFFICE = re.compile(
    r"\b(?:support|team|service|services|customer|care|experience|success|happiness|manager|director|specialist|agent|"
    r"representative|advisor|associate|assistant|officer|president|vice|senior|head|lead|engineer|consultant|analyst|"
    r"coordinator|recruiter|department|dept|desk|division|office|operations|sales|helpdesk|inc|llc|ltd|gmbh|corp|"
    r"company|group|worldwide|international|resources|kundenservice|kundendienst|service client|atención al cliente)\b\.?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_NOT_A_NAME = words(
    """thanks thank you yes no ok okay hello hi hey please help done great perfect sure bye enjoy sorry update received
    solved closed order refund return exchange shipping delivery tracking address email phone date total amount size
    color colour quantity item items product urgent important note confirmed cancelled canceled pending love regards best
    cheers sincerely when where why what how who this that it monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december"""
)

_BODY, _BLANK, _FAREWELL_LINE, _THANKS_LINE, _RULER_LINE, _OWN, _NAME, _DETAIL = (
    "t",
    "e",
    "f",
    "k",
    "r",
    "N",
    "n",
    "c",
)


def strip_signature(
    text: str, *, role: Role, names: Sequence[str] = (), signatures: Sequence[str] = ()
) -> tuple[str, str]:
    """The rule that found a signature, and the text without it (unchanged when there is none)."""
    return strip_own(text, role, own_words(tuple(names)), signatures)


def strip_own(text: str, role: Role, own: frozenset[str], signatures: Sequence[str]) -> tuple[str, str]:
    """As `strip_signature`, for the people's names as `own_words` gives them."""
    for signature in signatures:
        body = _without_exact(text, signature)
        if body is not None:
            return "signature: vendor's field", body
    if "\n" in text:
        lines = _without_disclaimer(text.rstrip().split("\n"))
        text = "\n".join(lines) if len(lines) < text.rstrip().count("\n") + 1 else text
        cut = _cut(lines, role, own)
        if cut is not None:
            return "signature: names and rules", "\n".join(lines[:cut]).rstrip()
    return "signature: own name", _without_inline(text, own)


def _without_disclaimer(lines: list[str]) -> list[str]:
    """Without a last paragraph that mail servers of firms add."""
    start = max((i for i in range(1, len(lines)) if not lines[i - 1].strip()), default=len(lines))
    if start < len(lines) and _DISCLAIMER.match(lines[start].strip(" *_")):
        return "\n".join(lines[:start]).rstrip().split("\n")
    return lines


def _without_exact(text: str, signature: str) -> str | None:
    """The text before an exact signature at its end; spacing at line ends does not count."""
    wanted = [line.strip() for line in signature.strip().split("\n")]
    wanted = [line for line in wanted if line]
    if not wanted or wanted[-1] not in text[-len(wanted[-1]) - 200 :]:
        return None
    lines = text.rstrip().split("\n")
    at = len(lines)
    for expected in reversed(wanted):
        at -= 1
        while at >= 0 and not lines[at].strip():
            at -= 1
        if at < 0 or lines[at].strip() != expected:
            return None
    body = "\n".join(lines[:at]).rstrip()
    return body or None


def _without_inline(text: str, own: frozenset[str]) -> str:
    """Without "... Best regards, Dana" or "... ^Dana" at the end of a line, where Dana is of the ticket."""
    if not own:
        return text
    end = text.rstrip(" \t\n.*_")
    start = len(end)
    while start > 0 and len(end) - start < 40 and end[start - 1].isalpha():
        start -= 1
    if end[start:].casefold() not in own:
        return text
    found = _INLINE.search(end, max(0, len(end) - 90))
    if not found or not found.start():
        return text
    words = _WORD.findall(found.group("name"))
    return end[: found.start()].rstrip() if _is_own(found.group("name"), words, own) else text


@lru_cache(maxsize=4096)
def own_words(names: tuple[str, ...]) -> frozenset[str]:
    """The people's names, their parts and their initials."""
    words: set[str] = set()
    for name in names:
        parts = [part.casefold() for part in _WORD.findall(name)]
        words.update(part.rstrip(".") for part in parts)
        words.update(("".join(parts), "".join(reversed(parts))))
        if len(parts) >= 2:
            words.add("".join(part[0] for part in parts))
            words.add(parts[0][0] + parts[-1][0])
    return frozenset(word for word in words if len(word) > 1)


def named_in(text: str, own: frozenset[str]) -> frozenset[str]:
    """Those of the people's names that stand in a text at all: the others make no difference to it."""
    low = text.casefold()
    return frozenset(word for word in own if word in low)


def _cut(lines: list[str], role: Role, own: frozenset[str]) -> int | None:
    """Where the signature starts, or None."""
    closed = _closed_above(lines, own) if role == "agent" else None
    if closed is not None:
        return closed
    kinds, first = _tail(lines, own)
    if first >= len(lines):
        return None
    anchor = next((i for i in range(first, len(lines)) if _anchors(kinds, i - first, role)), None)
    if anchor is not None and kinds[anchor - first] == _OWN:
        anchor = _office_above(lines, kinds, anchor, first)
        anchor = _greeting_above(lines, anchor)
    elif anchor is None and not (first and lines[first - 1].rstrip().endswith(":")):
        anchor = _bare_name(lines, kinds, first, role)
    if anchor is None or not any(line.strip() for line in lines[:anchor]):
        return None
    return anchor


def _closed_above(lines: list[str], own: frozenset[str]) -> int | None:
    """A farewell right above a name near the end: what is below is signature too, slogans included."""
    low = max(1, len(lines) - _MAX_LINES)
    for i in range(len(lines) - 2, low - 1, -1):
        below = [line for line in lines[i + 1 :] if line.strip()]
        team = bool(below) and bool(_TEAM_NAME.fullmatch(below[0].strip(" *_.!")))
        own_words_close = team and _greeting_above(lines, i + 1) == i
        if not own_words_close and (
            not _CLOSING.match(lines[i].strip(" \t*_")) or _kind(lines[i], own) != _FAREWELL_LINE
        ):
            continue
        named = team or (bool(below) and _kind(below[0], own) in (_OWN, _NAME))
        if named and all(len(line) <= 70 and not _SAID.search(line) for line in below[1:]):
            return i if any(line.strip() for line in lines[:i]) else None
        return None
    return None


def _tail(lines: list[str], own: frozenset[str]) -> tuple[list[str], int]:
    """The kinds of the lines below the last line of running text, and where they start."""
    kinds: list[str] = []
    i = len(lines)
    filled = 0
    while i > 0 and filled < _MAX_LINES:
        kind = _kind(lines[i - 1], own)
        if kind == _BODY:
            break
        filled += kind != _BLANK
        kinds.append(kind)
        i -= 1
    return kinds[::-1], i


def _anchors(kinds: list[str], at: int, role: Role) -> bool:
    kind = kinds[at]
    if kind in (_RULER_LINE, _OWN):
        return True
    below = next((k for k in kinds[at + 1 :] if k != _BLANK), _BLANK)
    if kind == _FAREWELL_LINE:
        # A customer's "Cheers" that nobody signed is still the customer's word.
        return role == "agent" or below != _BLANK
    return kind == _THANKS_LINE and below in (_OWN, _NAME, _FAREWELL_LINE)


def _office_above(lines: list[str], kinds: list[str], anchor: int, first: int) -> int:
    """A signature may open with the department, right above the name."""
    above = anchor - 1
    if above < first or kinds[above - first] not in (_DETAIL, _NAME) or not _OFFICE.search(lines[above]):
        return anchor
    return above if above == first or kinds[above - 1 - first] == _BLANK else anchor


def _greeting_above(lines: list[str], name: int) -> int:
    """A closing in the sender's own words right above the name, apart from the text."""
    above = name - 1
    if above < 2 or not lines[above].strip() or lines[above - 1].strip():
        return name
    said = lines[above].strip(" \t*_")
    short = len(said) <= 48 and len(said.split()) <= 7 and said[-1] not in "?:." and not _SAID.search(said)
    return above if short and (said.endswith(",") or _GREETS.search(said)) else name


def _bare_name(lines: list[str], kinds: list[str], first: int, role: Role) -> int | None:
    """A name alone below the text, perhaps with contact lines under it."""
    filled = [i for i in range(first, len(lines)) if kinds[i - first] != _BLANK]
    for i in filled:
        kind = kinds[i - first]
        if i == 0 or kind not in (_NAME, _DETAIL):
            continue
        apart = not lines[i - 1].strip()
        below = [kinds[j - first] for j in filled if j > i]
        if kind == _NAME and all(k in (_NAME, _DETAIL) for k in below):
            given = lines[i].split()[0].strip(",.").casefold() in GIVEN_NAMES
            if given or (apart and (role == "agent" or _DETAIL in below)):
                return i
        if kind == _DETAIL and apart and role == "agent" and _REACHED.search(lines[i]) and len(lines[i]) < 80:
            return i
    return None


def _kind(line: str, own: frozenset[str]) -> str:
    stripped = line.strip(" \t*_")
    if not stripped:
        return _RULER_LINE if line.strip(" \t*") and _RULER.match(line.strip()) else _BLANK
    if len(stripped) > 120:
        return _BODY
    if _RULER.match(stripped):
        return _RULER_LINE
    closing = _CLOSING.match(stripped)
    if closing:
        return _closing_kind(closing, stripped[closing.end() :], own)
    bare = stripped.lstrip("-–—~/^ ")
    words = _WORD.findall(bare)
    if words and (_is_own(bare, words, own) or _is_presented(bare, own)):
        return _OWN
    if bare != stripped and _SIGNED_OFF.match(bare) and _OFFICE.search(bare):
        return _OWN
    if not bare or _BULLET.match(line):
        return _BODY
    if _CONTACT.search(bare) or _PLACE.search(bare):
        return _DETAIL if _few_words(bare, words) else _BODY
    if _looks_like_name(bare, words):
        return _NAME
    titled = _OFFICE.search(bare) and bare[-1] not in ".!?:;,"
    if (titled or _FIRM.search(bare)) and len(words) <= 7 and _mostly_capital(words):
        return _DETAIL
    return _BODY


def _closing_kind(closing: re.Match[str], rest: str, own: frozenset[str]) -> str:
    words = _WORD.findall(rest)
    named = rest.rstrip(". ")
    if rest and not (
        named and (_is_own(named, words, own) or _looks_like_name(named, words) or _signed(named, words))
    ):
        return _BODY
    if _WISH.match(closing.group()) and (rest or closing.group().rstrip().endswith("!")):
        # "Have a great day, Ana!" is said to the customer.
        return _BODY
    if rest:
        return _OWN
    if closing.group("farewell"):
        return _FAREWELL_LINE
    # "Thanks!" is said to somebody; "Thanks," only opens a signature.
    return _BODY if closing.group().rstrip().endswith("!") else _THANKS_LINE


def _signed(rest: str, words: list[str]) -> bool:
    """A name with a number after it: "Thanks. BT  3-1587"."""
    contact = _CONTACT.search(rest)
    return contact is not None and bool(words) and _looks_like_name(rest[: contact.start()].strip(), words)


def _is_own(line: str, words: list[str], own: frozenset[str]) -> bool:
    """Whether a line is a name of the ticket's people, at most with a number or an office after it."""
    if not own or not words or len(words) > 5:
        return False
    known = sum(word.casefold().rstrip(".") in own for word in words)
    initials = sum(len(word.rstrip(".")) == 1 for word in words)
    if known + initials == len(words) and known:
        return bool(_capital(words[0])) and (line[-1] not in "!?:" or len(words) == 1)
    return False


def _is_presented(line: str, own: frozenset[str]) -> bool:
    """The name with a title, a degree, pronouns, a firm or a greeting beside it: "Priya (she/her)", "XOXO Ana"."""
    if not own or len(line) > 60 or line[-1] in "?!:":
        return False
    bare = _TITLED.sub("", _TITLED.sub("", line)).strip(" ,")
    for mark in (" @ ", " | ", " from ", " at ", " von ", " de ", " bei "):
        bare = bare.partition(mark)[0]
    if bare != line and (words := _WORD.findall(bare)) and _is_own(bare, words, own):
        return True
    greeting, _, name = bare.rpartition(", ") if ", " in bare else bare.rpartition(" ")
    words = _WORD.findall(name)
    return (
        bool(greeting)
        and len(greeting.split()) <= 4
        and bool(_GREETS.match(greeting) or (_GREETS.search(greeting) and bare != name and ", " in bare))
        and _is_own(name, words, own)
        and not _SAID.search(greeting)
    )


def _looks_like_name(line: str, words: list[str]) -> bool:
    if (
        not 1 <= len(words) <= 4
        or len(line) > 40
        or any(char.isdigit() for char in line)
        or line[-1] in "!?:;,"
    ):
        return False
    joined = [
        word for word in words if word.casefold() not in ("and", "de", "van", "von", "der", "da", "la", "del")
    ]
    return (
        bool(joined)
        and all(_capital(word) and word.casefold().rstrip(".") not in _NOT_A_NAME for word in joined)
        and sum(map(len, words)) + len(words) + 3 >= len(line)
        and (line[-1] != "." or len(words[-1].rstrip(".")) == 1 or (len(words) == 1 and len(line) <= 3))
    )


def _mostly_capital(words: list[str]) -> bool:
    return sum(map(_capital, words)) * 2 > len(words)


def _few_words(line: str, words: list[str]) -> bool:
    """Contact lines hold few running words; "Please call me at 555-1234 tomorrow" does not."""
    lower = sum(word[0].islower() and "." not in word for word in words)
    return lower <= 4 and line[-1] not in "?!" and not (lower >= 3 and line[-1] == ".")


def _capital(word: str) -> bool:
    return word[0].isupper() or not word[0].islower()
