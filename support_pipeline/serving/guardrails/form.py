"""The outside of a draft: is it plain text, whole, and in the client's language?"""

from collections.abc import Sequence

import re2

from support_pipeline.data.cleaning.residue import placeholders
from support_pipeline.data.filtering.language import detect
from support_pipeline.model.scoring.form import form_problems, language
from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.intake import MAX_DRAFT
from support_pipeline.serving.guardrails.reading import seen

_MARKUP = re2.compile(
    r"(?i)</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|<!--|!?\[[^\]\n]{0,200}\]\s?[\[(]|\[[^\]\n]{1,60}\]:\s|javascript:|data:[a-z]+/|&#?\w{2,8};|```|\]\(|https?:[/\\]{0,2}\d{1,3}\.\d"
)
_LINK = re2.compile(
    r"(?i)(?:https?://|www\.|\b[a-z0-9-]+\.(?:com|net|org|io|co|shop|store|info|xyz|ru|cn|top|link|click|site|online|app|dev|me|biz|tk|de|fr|uk|eu)\b(?:/\S*)?)\S*"
)
_LATIN_LANGUAGES = frozenset(
    "en de fr es it pt nl sv da no nb fi pl cs sk hu ro tr id ms vi hr sl et lv lt is ga ca".split()
)
_OTHER_SCRIPT = re2.compile(
    r"[\p{Cyrillic}\p{Greek}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Arabic}\p{Hebrew}\p{Devanagari}\p{Thai}\p{Armenian}\p{Georgian}]+"
)
_ENGLISH = frozenset(
    "the you your is are to of and we it for in can be a our not that with this have on if".split()
)
_OTHERS = frozenset(
    "der die das und ist nicht sie wir ihre ihr haben mit fur ein eine auf le la les des est vous nous votre pour dans une un pas avec el los las es su para con una por usted nosotros il lo gli che non per di sono il suo het een niet uw voor met van zijn o os as nao voce para seu uma com ve bir icin sie konnen".split()
) - _ENGLISH  # fmt: skip
_LINES_OF = re2.compile(r"[.!?\n]+")
_FEWEST_WORDS = 4
_STOPS = re2.compile(r"[.!?]\s")
_CLOSES = re2.compile(
    r"(?i)(?:[.!?:;)\]>\"'*\x{2026}]|\pS|/\S*|(?:^|\s)[\^*~/-] ?\w{1,15})$"
    r"|(?:^|[.!?\n]\s*)\W*(?:(?:kind|best|warm|many|with) )*(?:regards|wishes|cheers|thanks|thank you|sincerely|yours|take care|team)\b[^.!?\n]{0,40}$"
)
_MIN_FOREIGN_LETTERS = 40


def form(draft: str, expected: str, known: Sequence[str]) -> list[Finding]:
    """What is wrong with a draft's outside. `known` are policies and contacts, whose addresses may stand in it."""
    found = [
        Finding("broken", f"the draft is broken: {problem}", "send") for problem in form_problems(draft, True)
    ]
    found += [
        Finding("broken", f"holds an unfilled placeholder: {text}", "send") for text in placeholders(draft)
    ]
    if not found and _breaks_off(draft, known):
        found.append(Finding("broken", f"breaks off: {draft[-40:]!r}", "send"))
    if len(draft) > MAX_DRAFT:
        found.append(Finding("broken", f"the draft has {len(draft):,} characters", "send"))
    if match := _MARKUP.search(_NO_PLACEHOLDERS.sub("", draft)):
        found.append(Finding("markup", f"holds markup: {match.group()[:60]!r}", "send"))
    if hidden := _invisible(draft):
        found.append(Finding("markup", f"holds {hidden} invisible characters", "send"))
    addresses = " ".join(known).casefold()
    found += [
        Finding("unsupported", f"holds a link that no policy names: {link.group()[:80]!r}", "send")
        for link in _LINK.finditer(draft)
        if link.group().rstrip(".,;:!?)").casefold() not in addresses
    ]
    if wrong := wrong_language(draft, expected) or _foreign_sentence(draft, expected):
        found.append(Finding("language", f"the draft {wrong}, the client's language is '{expected}'"))
    return found


_NO_PLACEHOLDERS = re2.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>")


def _breaks_off(draft: str, policies: Sequence[str]) -> bool:
    """Whether the last sentence is left open: by a draft that ends the others, or in the middle of a policy.

    Some shops write no full stops at all.
    """
    text = draft.strip()
    if _CLOSES.search(text):
        return False
    last = _STOPS.split(text)[-1]
    if last != text and len(last.split()) > 1:
        return True
    said = last.casefold()
    return len(said.split()) >= _FEWEST_WORDS and any(
        said in policy.casefold() and not policy.casefold().rstrip(".!").endswith(said) for policy in policies
    )


def _invisible(text: str) -> int:
    return (
        0
        if text.isascii()
        else sum(1 for char in text if not char.isprintable() and char not in "\n\t\u00a0\u202f")
    )


def wrong_language(text: str, expected: str) -> str | None:
    """Evidence that a text is, in whole or in a sentence of it, not in the expected language."""
    if expected in _LATIN_LANGUAGES and not text.isascii():
        strange = sum(len(run) for run in _OTHER_SCRIPT.findall(text))
        if strange * 10 > _letters(text):
            return "is written in another script"
    whole = language(text)
    if whole and whole != expected:
        return f"is written in '{whole}'"
    for line in _LINES_OF.split(text):
        if _letters(line) >= _MIN_FOREIGN_LETTERS and (code := detect(line)) and code != expected:
            return f"holds a sentence in '{code}'"
    if expected == "en" and (code_words := _foreign_words(text)):
        return f"holds words of another language ({code_words})"
    return None


def _foreign_sentence(draft: str, expected: str) -> str | None:
    """A sentence too short for a detector; only in drafts, for tickets hold foreign addresses."""
    if expected != "en":
        return None
    for line in _LINES_OF.split(draft):
        words = [word for word in seen(line).replace("'", " ").split() if word.isalpha()]
        others = [word for word in words if word in _OTHERS]
        if len(words) >= _FEWEST_WORDS and len(others) >= 2 and not _ENGLISH.intersection(words):
            return f"holds words of another language ({', '.join(dict.fromkeys(others))})"
    return None


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _foreign_words(text: str) -> str | None:
    """Short texts, where detectors guess: common words of other languages and hardly any English one."""
    words = [word for word in seen(text).replace("'", " ").split() if word.isalpha()]
    others = [word for word in words if word in _OTHERS]
    english = sum(word in _ENGLISH for word in words)
    return ", ".join(dict.fromkeys(others[:4])) if len(others) >= 3 and len(others) > english else None
