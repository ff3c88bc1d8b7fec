"""Postal addresses: street lines of several countries, post boxes, postcodes with a town.

A street line needs a number and a street word next to it, so the numbers are looked at one by one;
what follows on the same or the next lines (flat, town, state, postcode) goes with it. "My address is"
announces an address of any shape.
"""

import re
from collections.abc import Iterator

from support_pipeline.data.redaction.spans import Digits, Span, folded

_WORD = r"[^\W\d_][\w'’.-]{0,24}"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-ŽΆ-ΫА-ЯŐŰ][\w'’.-]{0,24}"

# Street words that are hardly anything else in any case, and those that need their capital.
_STREET = (
    r"(?i:street|avenue|road|boulevard|blvd|lane|highway|hwy|parkway|pkwy|crescent|terrace|turnpike)"
    r"|[Ss]t|[Aa]ve|[Rr]d|Dr|DR|Ln|LN|Ct|CT|Sq|Pl|Cres|Ter|Trl|Cir"
    r"|Drive|Court|Place|Square|Way|Close|Gardens|Grove|Hill|Row|Mews|Walk|Park|Circle|Trail|Alley|Plaza|Loop|Heights|"
    r"Ridge|Quay|Wharf|Rise|Green|Parade|Esplanade|Commons|Crossing|Point|Run|Path|Pike|Bypass|Islands?|Streets|"
    r"DRIVE|COURT|PLACE|SQUARE|WAY|CLOSE|GARDENS|GROVE"
)
_ROMANCE = (
    r"(?i:rue|avenue|av\.?|bd\.?|boulevard|chemin|place|allée|impasse|quai|route|cours|square|calle|c/|carrer|avenida|"
    r"avda\.?|paseo|plaza|camino|carretera|rua|travessa|largo|praça|estrada|alameda|via|viale|piazza|corso|vicolo|"
    r"strada|bulevardul|ulica|ul\.|aleja|al\.|улица|ул\.|проспект|rruga|calea|rambla|jalan|jl\.)"
)
_ARTICLE = r"(?:(?i:de|du|des|la|le|les|del|della|dei|da|do|dos|das|el|los|las|l['’]|d['’])\s?){0,3}"
# Endings that English words do not share ("during 2024" is no street).
_GERMANIC_END = (
    r"stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|damm|ufer|chaussee|straat|laan|plein|gracht|dreef|steeg|singel|"
    r"gatan|gata|vägen|väg|stigen|torget|vej|vejen|gade|gården|vænget|veien|gaten|vollen|stræti|straeti|braut|"
    r"katu|kuja|polku|bygget|tänav|iela|gatvė|utca|tér|körút|náměstí|terrasse"
)
_GERMANIC_WORD = _GERMANIC_END + r"|ring|gate|tie|kade|stien|út|u\.|ulica|trg|cesta"

_AFTER_NUMBER = re.compile(
    rf"(?:\s?[A-Za-z](?![\w]))?(?:[/-]\d{{1,4}}[A-Za-z]?)?(?:,? bis| ter)?,?[^\S\n](?:"
    rf"{_ROMANCE}\s{_ARTICLE}{_CAPITAL}(?:\s{_ARTICLE}{_CAPITAL}){{0,3}}"
    rf"|(?:\d{{1,5}}(?:st|nd|rd|th)?\s)?(?:{_WORD}[^\S\n]){{0,4}}?(?:{_STREET})\b\.?(?:\s(?:North|South|East|West|[NSEW]{{1,2}})\b\.?)?)"
)
_ROMANCE_STREET = re.compile(
    rf"{_ROMANCE}[^\S\n]{_ARTICLE}{_CAPITAL}(?:[^\S\n]{_WORD}){{0,3}},?[^\S\n](?:n[°º.]?\s?|nº\s?)?"
)
_GERMANIC = re.compile(
    rf"(?:\d{{1,6}}[^\S\n])?(?:\w{{2,30}}(?:{_GERMANIC_END})|(?:{_CAPITAL}[^\S\n]){{1,3}}(?i:{_GERMANIC_WORD})),?[^\S\n]"
)
_TOKEN = re.compile(r"\S+")
_BOX = re.compile(
    r"(?i:p\.?\s?o\.?\s?box|post office box|postfach|boîte postale|apartado|caixa postal|casella postale|postbus|postbox|"
    r"postboks|\bpsc|\bunit)\s?#?\d{1,6}(?:,?\s(?i:box)\s\d{1,5})?"
    r"|\b(?:RR|HC|(?i:rural route))\s?#?\d{1,3},?\s(?i:box)\s\d{1,5}"
    r"|\b(?:USS|USNS|USCGC)\s\w{1,20}(?=\s+FPO)|\b(?i:[afd]po)\s(?i:a[aep])\s\d{5}"
)

_UNIT = (
    r"(?i:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|appt|piso|puerta|stock|etage|étage|lok|bât)\b"
    r"\.?\s?#?\w{1,6}|#\s?\d{1,5}|(?<!\d)\d{1,2}[oaºª°]\.?\b(?:[^\S\n][A-Z0-9]{1,3}\b)?"
)
_UK_POSTCODE = r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b"
_CA_POSTCODE = r"\b[A-Z]\d[A-Z][ -]?\d[A-Z]\d\b"
_POSTCODE = (
    rf"(?:{_UK_POSTCODE}|{_CA_POSTCODE}|\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3,4}})?(?: ?[A-Z]{{2}})?\b(?!-)|\b\d{{3}}\s\d{{2}}\b|"
    r"\b\d{2}-\d{3}\b)"
)
_TOWN = rf"{_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}"
_NO_TOWN = (
    r"(?!(?i:thanks?|regards|best|cheers|sincerely|kind|warm|yours|phone|tel|mobile|cell|e-?mail|please|hi|hello|dear|order|"
    r"ticket|sent|and|or|but|i|we|you|my|our|the|this|that|it|is|can|could|would|will|if|when|what|please)\b)"
)
# One more piece of an address: a flat, a postcode, a town with its postcode, a state, a country.
_PIECE = re.compile(
    rf"(?:(?:[^\S\n]{{0,2}}[,\n>][^\S\n]{{0,6}}){{1,2}}|[^\S\n](?:[-–|][^\S\n])?)(?:{_UNIT}"
    rf"|{_TOWN},?\s(?:[A-Z]{{2}},?\s)?{_POSTCODE}|[A-Z]{{2}},?\s{_POSTCODE}|{_POSTCODE}(?:\s{_TOWN})?)"
    rf"|[^\S\n]{{0,2}}[,\n][^\S\n]{{0,6}}{_NO_TOWN}(?:{_TOWN}(?=\s{{0,2}}(?:[,\n.(]|\Z))|[A-Z]{{2}}\b(?=[^\S\n]{{0,2}}[\n,]))"
)
_MAX_PIECES = 6

_TOWN_BEFORE_ZIP = re.compile(rf"\b{_TOWN},?\s[A-Z]{{2}}\s\Z")
_ZIP_PLUS = re.compile(r"-\d{4}\b")
# A postcode with its town, below or behind a line that ends an address of any street word.
_CODE_AND_TOWN = re.compile(
    rf"(?:(?!19|20)\d{{4}}|\d{{4}}(?=\s[A-Z]{{2}}\s)|\d{{5}}|\d{{3}}\s\d{{2}}|\d{{2}}-\d{{3}})(?:\s[A-Z]{{2}})?\s{_CAPITAL}"
)
_BREAK_BEFORE_CODE = re.compile(r"(?:[^\S\n]{0,2},[^\S\n]{0,2}\n?|[^\S\n]{0,2}\n|\s[-–]\s)(?:[A-Z]{1,2}-)?\Z")
_PARTICLES = frozenset(
    "de la le les du des del della delle di da do dos das d l el los dem den der auf am an im in zum zur van het von und et y e "
    "s/n bis ter os ul al av avda c bat appt apt apto piso etage et nr no n lok".split()
)
_MAX_STREET_WORDS = 10
_LETTERED_POSTCODE = re.compile(rf"{_UK_POSTCODE}|{_CA_POSTCODE}")
_POSTCODE_IS = re.compile(
    r"\b(?:zip|post(?:al)?\s?code|zip\s?code|plz|code postal|cap)\s?(?:is|:|=)\s{0,3}"
    r"([a-z0-9][a-z0-9 -]{1,9}\d(?:\s?[a-z]{2}\b)?|\d{3,6})"
)
_ADDRESS_IS = re.compile(
    r"\b(?:address|adresse|direccion|indirizzo|endereco|adres|adress)\b[^\n\d@]{0,16}?(?:\bis|:|=)\s{0,4}"
    r"([^\n@?!<>\0]{0,40}\d[^\n@?!<>\0]{0,60})"
)
_OF_ANY_SHAPE = re.compile(
    r"\W{0,3}(?:[A-Z#][^\n]{0,40}?\d|[^\n]{0,16}?\d(?!\d?\d? (?:hour|day|week|month|minute|time)))"
)
_STOP = re.compile(
    r"(?<=[a-z0-9])[.;]\s|\b(?:please|thanks|thank|can|could|but|and (?:i|my|the)|instead|because|phone|tel|my (?:order|phone)"
    r"|i|we)\b"
)

_NOT_BEFORE_HOUSE = frozenset(".#$€£/-_")
_NOT_AFTER_HOUSE = frozenset(".%€£$:")
_LETTER_SOON = re.compile(
    r"(?:[a-z]\b)?(?:[/-]\d{1,4}[a-z]?)?(?:,? bis| ter)?,? (?:\d{1,5}(?:st|nd|rd|th)? )?[^\W\d]"
)
_HOUSE_LETTER = re.compile(r"(?:[-/]\d{1,4}[A-Za-z]?\b|\s?[A-Za-z]\b)\.?|\.")
_UNIT_BEFORE = re.compile(rf"(?:{_UNIT}),?\s{{1,5}}\Z")
# A flat's number gives an address away even where its street has no street word.
_FLAT = re.compile(r"(?<!\w)(?i:apt|apartment|suite|ste)\b\.?\s?#?\d{1,5}\b")
_LINE_BEFORE_FLAT = re.compile(rf"(?<![\w.#])(?:\d{{1,6}}\s)?(?:{_CAPITAL}\s){{1,4}}\d{{1,5}}\.?\s{{1,6}}\Z")

# The same street words as sets, for a quick look at the words beside a number.
_AFTER_WORDS = frozenset(
    folded(
        """street avenue road boulevard blvd lane highway hwy parkway pkwy crescent terrace turnpike st ave rd dr ln ct sq pl cres
    ter trl cir drive court place square way close gardens grove hill row mews walk park circle trail alley plaza loop heights
    ridge quay wharf rise green parade esplanade commons crossing point run path pike bypass island islands streets rue av bd
    chemin allée impasse quai route cours calle c/ carrer avenida avda paseo camino carretera rua travessa largo praça estrada
    alameda via viale piazza corso vicolo strada bulevardul ulica ul aleja al улица ул проспект rruga calea rambla jalan
    jl"""
    ).split()
)
_EVERYDAY = frozenset("place square route court".split())
_BEFORE_ENDS = tuple(
    folded(
        """straße strasse str str. weg platz allee gasse ring damm ufer chaussee straat laan plein gracht kade dreef steeg singel
    gatan gata vägen väg stigen torget vej vejen gade gården vænget veien gate gaten vollen stien stræti straeti braut katu tie
    kuja polku bygget tänav iela gatvė utca út tér u. körút ulica náměstí trg cesta terrasse"""
    ).split()
)


def addresses(text: str, low: str, digits: Digits) -> Iterator[Span]:
    """Address spans of a text; `low` is the text in lower case, offset for offset."""
    reached = 0
    for start, end in digits:
        line = _street_line(text, low, start, end) if start >= reached and end - start <= 6 else None
        if line is None and start >= reached and (top := _above_postcode(text, start)) is not None:
            line = max(top, reached), _whole(text, start - 1 if text[start - 1] != "-" else start - 2)
        if line:
            reached = line[1]
            yield _span(text, *line)
    if "box" in low or "psc" in low or "po a" in low or "unit" in low or "post" in low:
        for box in _BOX.finditer(text):
            yield _span(text, box.start(), _whole(text, box.end()))
    if "apt" in low or "apartment" in low or "suite" in low or "ste" in low:
        for flat in _FLAT.finditer(text):
            above = _line_before_flat(text, flat.start())
            yield _span(text, above.start() if above else flat.start(), _whole(text, flat.end()))
    yield from _announced(text, low)
    yield from _postcodes(text, digits)


def _above_postcode(text: str, start: int) -> int | None:
    """Where the street line starts above the postcode at `start`: words with capitals and a house number."""
    if not _CODE_AND_TOWN.match(text, start):
        return None
    gap = _BREAK_BEFORE_CODE.search(text, max(0, start - 8), start)
    if gap is None:
        return None
    begin, numbered, named = None, False, False
    short = (
        text[start : start + 5].strip().isdigit()
        and not text[start + 4].isdigit()
        and not text[start + 5 : start + 7].isupper()
    )
    for token in reversed(
        list(_TOKEN.finditer(text, max(0, gap.start() - 90), gap.start()))[-_MAX_STREET_WORDS:]
    ):
        word = token.group().strip(",.;")
        if "\n" in text[token.end() : gap.start()] or word.endswith(":"):
            break
        if word[:1].isdigit() or word.lower() == "s/n":
            numbered = True
        elif word[:1].isupper():
            named = named or len(word) > 2
        elif word and folded(word) not in _PARTICLES and not word.startswith(("d'", "l'", "d’", "l’")):
            break
        elif not word.endswith("/") and not token.group().endswith("."):
            continue  # a small word belongs to what stands before it, if that does
        begin = token.start()
        if short and not numbered:
            return None  # "2 Lamps, 1500 Watt": only after a house number are four digits a postcode
    return begin if numbered and named else None


def _line_before_flat(text: str, flat: int) -> re.Match[str] | None:
    at = flat - 1
    while at > 0 and flat - at < 8 and text[at] in " \n.":
        at -= 1
    if at < 0 or at == flat - 1 or not text[at].isdigit():
        return None
    return _LINE_BEFORE_FLAT.search(text, max(0, flat - 80), flat)


def _postcodes(text: str, digits: Digits) -> Iterator[Span]:
    """A town with state and ZIP, and the postcodes with letters, which nothing else looks like."""
    for start, end in digits:
        if end - start == 5:
            town = _TOWN_BEFORE_ZIP.search(text, max(0, start - 64), start)
            if town:
                plus = _ZIP_PLUS.match(text, end)
                yield _span(text, town.start(), plus.end() if plus else end)
        elif end - start <= 2 and start and "A" <= text[start - 1] <= "Z":
            postcode = _LETTERED_POSTCODE.match(text, start - 2) or _LETTERED_POSTCODE.match(text, start - 1)
            if postcode and postcode.end() > end:
                yield _span(text, postcode.start(), postcode.end())


def _street_line(text: str, low: str, start: int, end: int) -> tuple[int, int] | None:
    """The street line around a house number, with what belongs to it."""
    if start and (text[start - 1].isalnum() or text[start - 1] in _NOT_BEFORE_HOUSE):
        return None
    after_words = low[end : end + 72].split()[:6] if _LETTER_SOON.match(low, end) else ()
    if any(word.rstrip(".,;") in _AFTER_WORDS for word in after_words) and text[end] not in _NOT_AFTER_HOUSE:
        after = _AFTER_NUMBER.match(text, end, end + 120)
        if after:
            unit = _UNIT_BEFORE.search(text, max(0, start - 16), start)
            return unit.start() if unit else start, _whole(text, after.end())
    begin = (
        _before_number(text, low, start)
        if low[max(0, start - 4) : start].strip(" ,.°º\n").isalpha()
        else None
    )
    if begin is None:
        return None
    letter = _HOUSE_LETTER.match(text, end)
    return begin, _whole(text, letter.end() if letter else end)


def _before_number(text: str, low: str, start: int) -> int | None:
    """Where a street starts that has its number last: "Via Roma 12", "Hauptstraße 5"."""
    words = [word.span() for word in _TOKEN.finditer(low, max(0, start - 72), start)][-6:]
    if not words:
        return None
    last_start, last_end = words[-1]
    if low[last_start:last_end].rstrip(",").endswith(_BEFORE_ENDS):
        for begin, _ in words[-4:]:
            found = _GERMANIC.match(text, begin, start)
            if found and found.end() == start:
                return begin
    for begin, stop in words[:-1]:
        if low[begin:stop] in _EVERYDAY and text[begin].islower():  # "in the first place Item 12"
            continue
        if low[begin:stop].rstrip(".") in _AFTER_WORDS:
            found = _ROMANCE_STREET.match(text, begin, start)
            if found and found.end() == start:
                return begin
    return None


def _whole(text: str, end: int) -> int:
    """The end of an address whose first line ends at `end`."""
    for _ in range(_MAX_PIECES):
        piece = _PIECE.match(text, end, end + 100)
        if not piece:
            break
        end = piece.end()
    return end


def _announced(text: str, low: str) -> Iterator[Span]:
    if "adres" in low or "address" in low or "direcci" in low or "indirizzo" in low or "endereco" in low:
        for found in _ADDRESS_IS.finditer(low):
            stop = _STOP.search(low, found.start(1), found.end(1))
            end = stop.start() if stop else found.end(1)
            if _OF_ANY_SHAPE.match(text, found.start(1), end):
                yield _span(text, found.start(1), _whole(text, end))
    if "zip" in low or "post" in low or "plz" in low or "code postal" in low or "cap" in low:
        for found in _POSTCODE_IS.finditer(low):
            yield _span(text, found.start(1), found.end(1))


def _span(text: str, start: int, end: int) -> Span:
    while end > start and text[end - 1] in " ,;.\n\t":
        end -= 1
    while start < end and text[start] in " ,;.:\n\t":
        start += 1
    return Span(start, end, "ADDRESS", "".join(filter(str.isalnum, text[start:end].casefold())))
