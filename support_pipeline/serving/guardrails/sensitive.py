"""What a ticket is about that no machine should settle: the law, injury, fraud, minors, the press."""

from collections.abc import Mapping
from typing import Any

import re2

from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.reading import seen

_TOPICS: Mapping[str, Any] = {
    name: re2.compile(rf"\b(?:{pattern})\b")
    for name, pattern in {
        "the law": r"lawyers?|attorneys?|solicitors?|law ?suits?|sue|suing|legal (?:action|steps|advice|team|proceedings|department|threat)|small claims|court|ombudsman|trading standards|consumer (?:protection|rights|affairs|council)|better business bureau|bbb|gdpr|data protection|subpoena|litigation|class action|attorney general|rechtsanwalt|anwalt|avocat|abogado|avvocato",
        "injury or danger": r"injur(?:y|ed|ies)|hurt (?:my|me|him|her|our)|burn(?:ed|t|s)? (?:my|me|his|her)|hospital|emergency room|doctor|allerg\w+|rash|poison\w*|chok(?:ed|ing)|electrocut\w+|electric shock|caught fire|on fire|explod\w+|smok(?:e|ing) (?:from|came)|bled|bleeding|overheat\w+|unsafe|recall(?:ed)?|swallow\w+|suicid\w+|kill myself|self[- ]harm",
        "fraud": r"fraud\w*|scam\w*|unauthori[sz]ed|charge ?backs?|stolen (?:card|identity|account|wallet)|identity theft|hacked|phish\w*|police|dispute(?:d)? (?:the|this|a|my) (?:charge|payment|transaction)",
        "minors": r"(?:my|our) (?:son|daughter|child|kid) (?:ordered|bought|used|purchased)|under ?age|minor (?:ordered|bought)|i am (?:1[0-7]|[6-9]) years old",
        "the press": r"journalist|reporter|newspaper|press (?:office|inquiry|enquiry)|going to the (?:press|media)|go viral|social media (?:campaign|exposure)",
        "discrimination": r"discriminat\w+|racis[tm]\w*|harass\w+|sexis[tm]\w*",
    }.items()
}  # fmt: skip


def sensitive(ticket: str) -> list[Finding]:
    """The sensitive subjects of a ticket."""
    text = seen(ticket)
    return [
        Finding("sensitive", f"the ticket touches {name}: {match.group()!r}")
        for name, pattern in _TOPICS.items()
        if (match := pattern.search(text))
    ]
