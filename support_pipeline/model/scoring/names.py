"""Proper names in an answer that no source knows: models, series, people, places."""

from functools import lru_cache

import re2

from support_pipeline.model.scoring.wording import fold, sentences

_CAPITALISED = re2.compile(r"\b[A-Z][A-Za-z]*[a-z][A-Za-z]*\b")  # words in capitals only are shouting
_WORD = re2.compile(r"[A-Za-z]+")
# Capitals that name nothing of this shop or order.
_COMMON_WORDS = """
i i'm i'll i've i'd pdf pdfs ok faq id usa us uk eu pt est pst cst gmt utc mon tue wed thu fri sat sun monday
tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december hi hello dear thanks thank regards best kind sincerely cheers hey
sorry please yes no customer support service team care email e-mail sms qr url vat tv gps usb led android
ios paypal visa mastercard google apple facebook instagram english account orders order help settings
menu sir madam mr mrs ms dr app pro hope wishing mobile
"""
_COMMON = frozenset(_COMMON_WORDS.split())


# A greeting and what follows its comma are two sentences: "Hi Ann, Hope all is well."
_GREETING = re2.compile(
    r"(?i)^((?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[^,!.\n]{0,60}[,!]) *"
)
# Where the brand is named; the model reads it in its system message.
_BRAND_SPOT = re2.compile(
    r"(?i:\b(?:contacting|choosing|chose|shopping (?:with|at)|bought from|here at|on behalf of|welcome to|reaching out to|writing to)"
    r"(?: the)? )(?:[A-Z][\w'&-]*(?: [A-Z&][\w'&-]*){0,3})"
)
# A title's full stop ends no sentence, and what follows it is a name.
_TITLE = re2.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|St)\.")
# Written in capitals, but names all the same.
_CARRIERS = re2.compile(
    r"\b(?:DHL|UPS|USPS|DPD|GLS|FedEx|Hermes|Evri|Purolator|Aramex|BlueDart|PostNL|OnTrac)\b"
)
_MARK = re2.compile(r"<[A-Z_]+_\d+>")


@lru_cache(maxsize=8192)
def names(text: str) -> tuple[str, ...]:
    """Capitalised words inside sentences; the first word of a sentence may be capitalised for that alone."""
    plain = _TITLE.sub(r"\1", _BRAND_SPOT.sub("us", _MARK.sub("X", fold(text))))
    parts = [part for sentence in sentences(plain) for part in _opened(sentence)]
    found = [name for part in parts for name in (*_capitalised(part), *_CARRIERS.findall(part))]
    return tuple(dict.fromkeys(name for name in found if name.lower() not in _COMMON))


def _opened(sentence: str) -> list[str]:
    greeting = _GREETING.search(sentence)
    return [greeting.group(1), sentence[greeting.end() :]] if greeting else [sentence]


def _capitalised(sentence: str) -> list[str]:
    first = _WORD.search(sentence)
    if first is None:
        return []
    return [
        match.group(0)
        for match in _CAPITALISED.finditer(sentence)
        if match.start() > first.start() and not sentence[: match.start()].endswith((": ", '"', "- "))
    ]


def invented_names(answer: str, *sources: str) -> list[str]:
    """The names in an answer whose words no source has, in any case."""
    heard = {word.lower() for source in sources for word in _WORD.findall(fold(source))}
    return [name for name in names(answer) if name.lower() not in heard]
