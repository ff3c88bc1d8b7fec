"""The format layer: is this a finished message at all? Content is the other layers' business."""

import re2

from support_pipeline.data.filtering.language import detect
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.wording import fold, sentences

_RESIDUE = re2.compile(
    r"<\|[^|>]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|\{\{[^}]{0,60}\}\}|\{%[^%]{0,60}%\}|\{[A-Za-z_ ]{2,40}\}"
    r"|\[(?:[Yy]our|[Cc]ustomer|[Aa]gent|[Nn]ame|[Dd]ate|[Oo]rder|[Ii]nsert|[Cc]ompany|[Pp]roduct|TEAM)[^\]\n]{0,40}\]"
    r"|\b(?:system|user|assistant)\s?\n\n|(?i:lorem ipsum)|\x{FFFD}|</?(?i:think|thinking|answer|response|system|user|assistant)>"
    r"|#{2,} ?[A-Z]\w+|\b(?:Human|Assistant|AI): |(?m:^(?:Human|User|Assistant|System|Customer|Agent|AI|Response|Answer): )"
    r"|(?i:\b(?:as|i am|i'm)(?: just| only| merely)? an? (?:ai|artificial intelligence|(?:large )?language model|chat ?bot|virtual assistant)\b)"
    # the system message, told to the customer
    r"|Policies in force:|(?i:answer only from the policies)|You are the customer support assistant of|where TEAM is one of"
)
# Marks that stand for something else, and words among colleagues: wrong unless the human answer has the like.
_PLACEHOLDER = re2.compile(
    r"<[A-Za-z][A-Za-z _.-]{1,40}>|\[[A-Za-z][A-Za-z0-9 _.'/-]{1,40}\]|%[A-Za-z_]{3,30}%|\$\{?[A-Za-z_]{3,30}\}?|_{3,}|\bX{3,}\b|\bx{4,}\b"
    r"|\b(?:TODO|TBD|TBA|FIXME)\b"
)
_INTERNAL = re2.compile(
    r"(?i)\b(?:internal|private|agent|staff|handover|hidden) (?:notes?|comments?|memo|remarks?|use only)\b|\bnote to (?:self|team|staff|agents?|colleagues)\b"
    r"|[(\[*](?:internal|private|staff only|note)\b|\bmacro ?[:#]|\bcanned (?:response|reply)\b|\b(?:fyi|heads[- ]up),? (?:team|all|guys|colleagues|folks)\b"
    r"|\b(?:do not|don't|never) (?:tell|share (?:this|it)?(?: with)?|show|mention|disclose|reveal|forward)\b[^.!?]{0,30}\b(?:customers?|clients?|buyers?|users?|this|them)\b"
    r"|\b(?:the|this) (?:customer|client|buyer) (?:is|was|has|seems|keeps|claims|complain\w*|wants|sounds|looks)\b"
    r"|\b(?:refund|request|claim) denied (?:per|by)\b|\bfraud(?: risk)? score\b"
)
_SHOUTED = re2.compile(r"\b[A-Z]{2,}(?:_[A-Z0-9]+)+\b")
_MENTION = re2.compile(r"(?:^|\s)(@\w+)")
_END = re2.compile(
    r"(?i)(?:[.!?:;)\]>\"'*\x{2026}]|\pS|https?://\S+|(?:^|\s)[\^*~/-] ?\w{1,15})$"
    r"|^\W*(?:best|kind|warm|regards|cheers|thanks|thank you|sincerely|yours|take care)\b[^.!?]{0,30}$"
)
_OPEN_WORD = re2.compile(
    r"(?i)\b(?:the|an?|to|of|and|or|but|with|within|for|from|in|on|at|by|your|our|my|their|its|that|which|is|are|was|were|be|will|can|if|as|until|"
    r"has|have|not|than|this|these|we|you|i)$"
)
SURE_LETTERS = 60
_MARKS = re2.compile(r"<[^<>\n]{1,40}>|\[[^\]\n]{1,60}\]|https?://\S+")
_HANDOVER = re2.compile(r"\[Escalated to:")


def form_layer(answer: str, stopped: bool, human: str = "", ticket: str = "") -> Layer:
    """3 for a finished message of its own in the human answer's language, 1 otherwise."""
    problems = form_problems(answer, stopped, human)
    if echoes(answer, ticket, human):
        problems.append("tells the customer's own words back")
    spoken, expected = language(answer), language(human)
    if spoken and expected and spoken != expected:
        problems.append(f"is written in '{spoken}', the human answer in '{expected}'")
    return layer("format", 1, *problems) if problems else right("format")


def echoes(answer: str, ticket: str, human: str) -> bool:
    """Whether more than half of an answer stands word for word in the ticket, and not in the human answer."""
    asked, said = fold(ticket).lower(), fold(human).lower()
    parts = [part.lower() for part in sentences(answer) if len(part.split()) >= 3]
    copied = [part for part in parts if part in asked and part not in said]
    return 2 * sum(map(len, copied)) > sum(map(len, parts))


def form_problems(answer: str, stopped: bool, human: str = "") -> list[str]:
    """What makes an answer unusable as a message, in words; empty when it is well-formed.

    What the human answer has too (a mark, a line without its full stop) is the shop's way of writing.
    """
    text = fold(answer).strip()
    if not re2.search(r"\pL", text):
        return ["the answer is empty"]
    problems = [] if stopped else ["the answer never came to an end"]
    if residue := _RESIDUE.search(text):
        problems.append(f"template residue '{residue.group(0).strip()}'")
    if repeated := repetition(text):
        problems.append(f"repeats '{repeated}'")
    for pattern, fault in _LEFTOVERS:
        left = pattern.findall(_NO_MARKS.sub(" ", text))
        usual = pattern.findall(_NO_MARKS.sub(" ", fold(human)))
        problems += [f"{fault} '{mark.strip()}'" for mark in dict.fromkeys(left) if mark not in usual]
    if human and (left := set(_MENTION.findall(text)) - set(_MENTION.findall(fold(human)))):
        # Some shops answer in public, by @name.
        problems.append(f"a word among colleagues '{min(left)}'")
    if _unfinished(text, fold(human).strip()):
        problems.append(f"breaks off: '...{text[-40:]}'")
    if len(_HANDOVER.findall(text)) > 1:
        problems.append("hands over more than once")
    return problems


_NO_MARKS = re2.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>|\[Escalated to:[^\]]*\]")
_LEFTOVERS = (
    (_PLACEHOLDER, "template residue"),
    (_INTERNAL, "a word among colleagues"),
    (_SHOUTED, "template residue"),
)


# A way to close needs no full stop.
_CLOSING = re2.compile(
    r"(?i)(?:^|[.!?\n]\s*)(?:(?:kind|best|warm|many) )?(?:regards|wishes|cheers|sincerely|thanks|thank you)\b[\w ,']{0,30}$"
    r"|(?:^|[.!?\n]\s*)(?:\w+ly(?: yours)?|yours(?: \w+ly)?|(?:with |in )?(?:\w+ )?(?:wishes|hugs|love|gratitude|appreciation|respect|friendship)),?$"
    r"|(?:^|[.!?\n]\s*)(?:\w+ly(?: yours)?|yours(?: \w+ly)?|(?:with|in) \w+), (?:your|the) [\w ,']{0,40}?(?:team|desk|crew|friends?|squad|support|service|care|folks)$"
)


def _unfinished(text: str, human: str) -> bool:
    """Whether the last line stops in the middle of a sentence."""
    if _OPEN_WORD.search(text):
        return not _OPEN_WORD.search(human)
    if _CLOSING.search(text):
        return False
    return bool(human) and not _END.search(_last_line(text)) and bool(_END.search(_last_line(human)))


def _last_line(text: str) -> str:
    return text.rsplit("\n", 1)[-1].strip()


def language(text: str) -> str | None:
    """The language code of a text, None where it is too short or too mixed to be sure."""
    plain = _MARKS.sub(" ", fold(text))
    return detect(plain) if len(plain) >= SURE_LETTERS else None


def repetition(text: str) -> str | None:
    """A phrase said over and over: a sentence three times, or five words three times running."""
    parts: list[str] = [part.strip().casefold() for part in re2.split(r"[.!?\n]+", text)]
    for part in parts:
        if len(part) > 12 and parts.count(part) >= 3:
            return part[:80]
    words = text.casefold().split()
    for size in (1, 2, 3, 5, 8):
        repeats = 5 if size == 1 else 3
        for start in range(len(words) - size * repeats + 1):
            phrase = words[start : start + size]
            if all(words[start + i * size : start + (i + 1) * size] == phrase for i in range(1, repeats)):
                return " ".join(phrase)[:80]
    return None
