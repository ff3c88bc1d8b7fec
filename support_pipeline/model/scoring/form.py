"""The format layer: is this a finished message at all? Content is the other layers' business."""

import re2

from support_pipeline.data.filtering.language import detect
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.wording import fold

_RESIDUE = re2.compile(
    r"<\|[^|>]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|\{\{[^}]{0,60}\}\}|\{%[^%]{0,60}%\}|\{[A-Za-z_ ]{2,40}\}"
    r"|\[(?:[Yy]our|[Cc]ustomer|[Aa]gent|[Nn]ame|[Dd]ate|[Oo]rder|[Ii]nsert|[Cc]ompany|[Pp]roduct|TEAM)[^\]\n]{0,40}\]"
    r"|\b(?:system|user|assistant)\s?\n\n|(?i:lorem ipsum)|\x{FFFD}|</?(?i:think|thinking|answer|response|system|user|assistant)>"
    r"|#{2,} ?[A-Z]\w+|\b(?:Human|Assistant|AI): |(?m:^(?:Human|User|Assistant|System|Customer|Agent|AI|Response|Answer): )"
    r"|(?i:\b(?:as|i am|i'm)(?: just| only| merely)? an? (?:ai|artificial intelligence|(?:large )?language model|chat ?bot|virtual assistant)\b)"
    # the system message, told to the customer
    r"|Policies in force:|(?i:answer only from the policies)|You are the customer support assistant of|where TEAM is one of"
)
SURE_LETTERS = 60
_MARKS = re2.compile(r"<[^<>\n]{1,40}>|\[[^\]\n]{1,60}\]|https?://\S+")
_HANDOVER = re2.compile(r"\[Escalated to:")


def form_layer(answer: str, stopped: bool, human: str = "") -> Layer:
    """3 for a finished message in the human answer's language, 1 otherwise."""
    problems = form_problems(answer, stopped)
    spoken, expected = language(answer), language(human)
    if spoken and expected and spoken != expected:
        problems.append(f"is written in '{spoken}', the human answer in '{expected}'")
    return layer("format", 1, *problems) if problems else right("format")


def form_problems(answer: str, stopped: bool) -> list[str]:
    """What makes an answer unusable as a message, in words; empty when it is well-formed."""
    text = fold(answer).strip()
    if not re2.search(r"\pL", text):
        return ["the answer is empty"]
    problems = [] if stopped else ["the answer never came to an end"]
    if residue := _RESIDUE.search(text):
        problems.append(f"template residue '{residue.group(0).strip()}'")
    if repeated := repetition(text):
        problems.append(f"repeats '{repeated}'")
    if len(_HANDOVER.findall(text)) > 1:
        problems.append("hands over more than once")
    return problems


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
