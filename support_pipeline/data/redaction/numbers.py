"""E-mail addresses, cards, IBANs, phones, order and tracking numbers.

A run of digits is found once and then named: a card by Luhn, a phone by its shape or the words
before it, an order by its context. Dates, amounts and network addresses are none of these.
"""

import re
from collections.abc import Iterator

from support_pipeline.data.redaction.context import Context
from support_pipeline.data.redaction.spans import Digits, Span, Type

# A Japanese keyboard's full stop counts only inside an address: behind one it ends a sentence.
_AT = re.compile(r"[\w%+'&-]@[\w-]{1,63}(?:(?:\.[\w-]|[\u3002\uff61][A-Za-z0-9-])[\w-]{0,62}){1,6}")
_SPELLED_AT = re.compile(
    r"[\w%+'&-]{1,2}\s?(?:[\[({]\s?at\s?[\])}]|[\[({]@[\])}])\s?[\w-]{1,63}"
    r"(?:\s?(?:\.|[\[({]\s?dot\s?[\])}]|\sdot\s)\s?[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
# "jane @ example.com", "jane at example dot com", "jane%40example.com".
_SPACED_AT = re.compile(
    r"[\w%+'&-]{1,2}(?:\s{1,2}@\s{0,2}|@\s{1,2}|%40)(?!www\.)[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.[^\W\d_]{2,24}\b"
    r"|[\w%+'&-]{1,2}\sat\s[\w-]{1,63}(?:\sdot\s[\w-]{1,63}){0,3}\sdot\s[^\W\d_]{2,24}\b",
    re.IGNORECASE,
)
_MAY_BE_SPACED = re.compile(r"\s@|@\s|%40|\s[Dd][Oo][Tt]\s")
_LOCAL = re.compile(r"[\w.%+'&-]*\Z")
_MAX_LOCAL = 64

# ISO 13616: how long an IBAN is, by country.
_IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25,
    "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_IBAN = re.compile(r"[A-Za-z]{2}\d\d(?:[ ._/\n\u200b-]{0,2}[A-Za-z0-9]){11,40}")

_RUN = re.compile(r"[+(]{0,2}\d(?:[ ().\-/\u200b]{0,3}\d){5,39}(?!\d)")
# As people type cards: any separator, at most one line break.
_CARD_RUN = re.compile(r"\d(?:[ .,_\-/·•|\u200b]{0,3}\n?\d){12,18}(?![ .,_\-/·•|\u200b]{0,2}\d)")
_CODE = re.compile(r"\d[\w/-]*")
_CODE_HEAD = re.compile(r"(?:(?<![\w#-])#?|(?<=#))[A-Za-z_/-]{0,20}\Z")
_MAX_CODE = 40
_MAX_WORDS = 8
_WORD = re.compile(r"[^ ]+")
_EXTENSION = re.compile(r" ?(?:x|ext\.?|extension|durchwahl|poste) ?\d{1,6}(?!\d)", re.IGNORECASE)

_CARD = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,13}|(?:2131|1800)\d{11}|"
    r"35\d{14}|6\d{11,18}|5[06-9]\d{10,17}"
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}(?:[ T]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d(?: \d{1,2})?|(?:19|20)\d{6}"
)
_NETWORK = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_GROUPED = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_AMAZON = re.compile(r"\d{3}-\d{7}-\d{7}")
_SHORT_PHONE = re.compile(r"\d{2,4}[ .-]\d{3,4}")
_UPS = re.compile(r"1Z[0-9A-Z]{16}", re.IGNORECASE)
_SPACED_UPS = re.compile(r"\b1z(?: ?[0-9a-z]){16}\b")
_POSTAL = re.compile(
    r"[A-Z]{2}\d{9}[A-Z]{2}|J?JD\d{16,20}|TB[AMC]\d{12}|(?:LP|SF|YT|RA|RR|CP)\d{9,16}", re.IGNORECASE
)
_LONG_CODE = re.compile(r"(?=\w{8,})\d*(?!x\d)[A-Z]\w*", re.IGNORECASE)
_CODE_SHAPE = re.compile(
    r"[A-Z]{1,6}[-_/]?\d{5,}(?:[-_/]\d+)*|\d{5,}[-_/]?[A-Z]{1,4}|[A-Z]{2,5}-\d{4,}(?:-\w{1,12})*|(?:SN|IMEI)[-_]\w{6,}",
    re.IGNORECASE,
)

# Standards and programs' own error codes are everybody's.
_STANDARD = re.compile(
    r"(?:en|iso|din|iec|astm|ansi|asme|csa|jis|rfc|kb|cve|err|error|fehler)[-_ ]", re.IGNORECASE
)

_MONEY_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|rs|inr|chf|kr)\.?)\s?\Z", re.IGNORECASE)
_MONEY_AFTER = re.compile(
    r"\s?(?:[$€£¥₹%]|(?:usd|eur|gbp|inr|dollars?|euros?|rupees|pounds?)\b)", re.IGNORECASE
)
_NOT_COUNT_AFTER = re.compile(
    r"\s?(?:days?|weeks?|hours?|months?|years?|items?|pieces?|pcs|units?|times|%|st|nd|rd|th)\b",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, plain or spelled "jane (at) example (dot) com"."""
    floor = 0
    if "@" in text:
        for found in _AT.finditer(text):
            start = max(floor, found.start() - _MAX_LOCAL)
            local = _LOCAL.search(text, start, found.start() + 1)
            assert local
            floor = found.end()
            begin = local.start() + len(local.group()) - len(local.group().lstrip(".'&-"))
            yield Span(begin, found.end(), "EMAIL", text[begin : found.end()].casefold())
    spelled = _SPELLED_AT if "(" in text or "[" in text or "{" in text else None
    spaced = _SPACED_AT if _MAY_BE_SPACED.search(text) else None
    for pattern in filter(None, (spelled, spaced)):
        floor = 0
        for found in pattern.finditer(text):
            local = _LOCAL.search(text, max(floor, found.start() - _MAX_LOCAL), found.start() + 1)
            assert local
            floor = found.end()
            yield Span(local.start(), found.end(), "EMAIL", text[local.start() : found.end()].casefold())


def ibans(text: str, digits: Digits) -> Iterator[Span]:
    """IBANs by country, length and check digits; with "IBAN" before it the check may fail."""
    for start, end in digits:
        country = text[max(0, start - 2) : start]
        length = _IBAN_LENGTH.get(country.upper()) if end - start >= 2 else None
        if length and not text[max(0, start - 3) : start - 2].isalnum():
            yield from _iban(text, start - 2, length)


def _iban(text: str, start: int, length: int) -> Iterator[Span]:
    found = _IBAN.match(text, start)
    kept = [i for i, char in enumerate(found.group()) if char.isalnum()] if found else []
    if len(kept) < length:
        return
    value = "".join(text[start + i] for i in kept[:length]).upper()
    end = start + kept[length - 1] + 1
    if not text[end : end + 1].isalnum() and (
        _mod97(value) or "iban" in text[max(0, start - 30) : start].lower()
    ):
        yield Span(start, end, "IBAN", value)


def cards(text: str, digits: Digits) -> Iterator[Span]:
    """Cards by their sum, whatever stands between the digits."""
    if sum(end - start for start, end in digits) < 13:
        return
    reached = 0
    for start, _ in digits:
        if start < reached or _in_word(text, start) or text[max(0, start - 1) : start] in ("+", "-", "."):
            continue
        run = _CARD_RUN.match(text, start)
        if run is None or run.group().count("\n") > 1 or text[run.end() : run.end() + 1].isalpha():
            continue
        figures = "".join(filter(str.isdigit, run.group()))
        groups = [len(group) for group in re.split(r"\D+", run.group())]
        printed = (
            all(size % 4 == 0 for size in groups[:-1])
            or set(groups) == {1}
            or groups in ([4, 6, 5], [4, 6, 4])
        )
        if printed and _CARD.fullmatch(figures) and _luhn(figures):
            reached = run.end()
            yield Span(start, run.end(), "CARD", figures)


def spaced_parcels(low: str) -> Iterator[Span]:
    """UPS numbers in groups: "1Z 999 AA1 01 2345 6784"."""
    for parcel in _SPACED_UPS.finditer(low):
        yield Span(*parcel.span(), "TRACKING", _squeezed(parcel.group()))


def digit_runs(text: str, low: str, digits: Digits) -> Iterator[Span]:
    """Cards, phones, orders and parcels that are written in digits."""
    reached = 0
    for start, _ in digits:
        if start < reached:
            continue
        while start > reached and text[start - 1] in "+(":
            start -= 1
        run = _RUN.match(text, start)
        if run and not _in_word(text, start):
            reached = run.end()
            yield from _name_run(text, low, start, reached)


def codes(text: str, low: str, digits: Digits) -> Iterator[Span]:
    """Order and tracking numbers with letters in them, or short ones that their context gives away."""
    reached = 0
    for start, _ in digits:
        if start < reached:
            continue
        found = _CODE.match(text, start)
        assert found
        reached = found.end()
        if reached - start == 1 and not text[start - 1 : start].isalnum():
            continue
        head = _CODE_HEAD.search(text, max(0, start - 22), start)
        if head and 3 <= reached - head.start() <= _MAX_CODE:
            token = text[head.start() : reached].rstrip("-_/")
            kind = _code_type(text, low, token, head.start())
            if kind:
                yield Span(
                    head.start() + token.startswith("#"), head.start() + len(token), kind, _squeezed(token)
                )


def _in_word(text: str, at: int) -> bool:
    return at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_")


def _name_run(text: str, low: str, start: int, end: int) -> Iterator[Span]:
    after = text[end : end + 1]
    if after.isalpha() and not _EXTENSION.match(text, end):
        return
    if (after and after in "$€£%") or _MONEY_BEFORE.search(text, max(0, start - 5), start):
        return
    run = text[start:end]
    context = Context(low, start)
    at = 0
    for piece_start, piece_end in _windows(run):
        if piece_start < at:
            continue
        is_money = _MONEY_AFTER.match(text, start + piece_end) is not None
        kind = _run_type(run[piece_start:piece_end], context, is_money)
        if kind:
            at = piece_end
            yield _numbered(text, start + piece_start, start + piece_end, kind)


def _windows(run: str) -> Iterator[tuple[int, int]]:
    """The run, then the words of it, the longest stretches first: "12345 555-123-4567" is two numbers."""
    yield 0, len(run)
    words = [word.span() for word in _WORD.finditer(run)]
    if not 1 < len(words) <= _MAX_WORDS or (_GROUPED.fullmatch(run) and run[0] != "0"):
        return
    for i, (start, _) in enumerate(words):
        for _, end in reversed(words[i:]):
            if end - start > 5 and (start, end) != (0, len(run)):
                yield start, end


def _numbered(text: str, start: int, end: int, kind: Type) -> Span:
    while start < end and text[start] == "(" and ")" not in text[start:end]:
        start += 1
    extension = _EXTENSION.match(text, end) if kind == "PHONE" else None
    return Span(start, extension.end() if extension else end, kind, _squeezed(text[start:end]))


def _run_type(run: str, context: Context, is_money: bool) -> Type | None:
    digits = "".join(filter(str.isdigit, run))
    count = len(digits)
    if count < 6 or _DATE.fullmatch(run.strip("()+ ")) or _NETWORK.fullmatch(run):
        return None
    if _AMAZON.fullmatch(run):
        return "ORDER"
    if 12 <= count <= 19 and _is_card(run, digits, context):
        return "CARD"
    if count >= 8 and context.parcel:
        return "TRACKING"
    if count >= 20 and run.isdigit():
        return "TRACKING" if digits[0] == "9" else "ORDER"
    if context.order:
        return "ORDER"
    if context.technical == "numbered" and not context.phone:
        return None
    return _phone_or_order(run, count, context, is_money)


def _is_card(run: str, digits: str, context: Context) -> bool:
    """By Luhn and the grouping on cards; beside the word "card" a typo or another grouping is one too."""
    groups = tuple(map(len, filter(None, re.split(r"\D+", run))))
    printed = len(groups) == 1 or set(groups[:-1]) == {4} or groups in ((4, 6, 5), (4, 6, 4))
    by_sum = bool(_CARD.fullmatch(digits)) and _luhn(digits)
    return (by_sum and printed) or ((by_sum or printed) and context.card)


def _phone_or_order(run: str, count: int, context: Context, is_money: bool) -> Type | None:
    spaced = not run.strip("()+").isdigit()
    if 7 - spaced <= count <= 15 and (run.startswith(("+", "00")) or context.phone):
        return "PHONE"
    if not spaced:
        return "ORDER" if count >= 8 else None
    groups = [group for group in re.split(r"\D+", run) if group]
    if is_money or all(len(group) == 4 and group[:2] in ("19", "20") for group in groups):
        return None
    if (min(map(len, groups[1:]), default=2) < 2 and "(" not in run) or _dated(run, groups[0]):
        return "ORDER" if count >= 10 and "-" in run else None
    if _GROUPED.fullmatch(run) and run[0] != "0" and (count < 8 or groups[-1] == "000"):
        return None
    if 7 <= count <= 15 and max(map(len, groups)) < 9:
        return "PHONE"
    return "ORDER" if count > 15 and " " not in run else None


def _dated(run: str, first: str) -> bool:
    """A reference that opens with a day: "20240126-0001"."""
    return bool(_DATE.fullmatch(first)) or (run[:2] in ("19", "20") and bool(_DATE.match(run)))


def _code_type(text: str, low: str, token: str, start: int) -> Type | None:
    bare = token.lstrip("#")
    digits = sum(map(str.isdigit, bare))
    if _UPS.fullmatch(bare) or _POSTAL.fullmatch(bare):
        return "TRACKING"
    if digits < 3:
        return None
    if token.startswith("#") and digits >= 4 and digits * 2 >= len(bare):
        return "ORDER"
    context = Context(low, start)
    if not context.order and (_STANDARD.match(bare) or context.technical):
        return None
    if not bare.isdigit() and (_CODE_SHAPE.fullmatch(bare) or (digits >= 6 and _LONG_CODE.fullmatch(bare))):
        return "ORDER"
    counted = (context.parcel or context.order) and _NOT_COUNT_AFTER.match(text, start + len(token))
    if counted or (context.order and _MONEY_BEFORE.search(text, max(0, start - 5), start)):
        return None
    if len(bare) >= 6 and context.parcel:
        return "TRACKING"
    if context.order == "numbered" or (context.order and token.startswith("#")):
        return "ORDER"
    if context.order and (digits >= 5 or (digits == 4 and not bare.startswith(("19", "20")))):
        return "ORDER"
    return None


def _squeezed(value: str) -> str:
    """The characters that make the number, so that other spacing is the same number."""
    kept = "".join(filter(str.isalnum, value)).upper()
    return kept.removeprefix("00") if kept.isdigit() else kept


def _luhn(digits: str) -> bool:
    total = 0
    for i, char in enumerate(reversed(digits)):
        value = int(char)
        if i % 2:
            value = value * 2 - 9 * (value > 4)
        total += value
    return total % 10 == 0


def _mod97(iban: str) -> bool:
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
