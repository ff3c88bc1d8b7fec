"""Personal data in a draft: what no one wrote in this ticket, and what should not be repeated at all."""

import re2

from support_pipeline.data.redaction import PLACEHOLDER, Redactor
from support_pipeline.serving.guardrails.finding import Finding

_NEVER_REPEATED = ("CARD", "IBAN")
_RARELY_REPEATED = ("PHONE", "ADDRESS", "EMAIL")
_LONG_DIGITS = re2.compile(r"\d(?:[ .-]?\d){11,}")
_SECRET = re2.compile(
    r"(?i)\b(?:password|passcode|pin|cvv|cvc|security code|(?:access|gate|door) code|social security|ssn|passport|date of birth|birth ?da(?:y|te)|born on|api key|token)\b[^!?\n]{0,24}?\d\S*"
)
_HANDLE = re2.compile(r"(?:^|\s)(@\w{3,})")


def personal_data(draft: str, ticket: str, contacts: tuple[str, ...]) -> list[Finding]:
    """Personal data in a draft; both texts as the model sees them, with placeholders.

    A placeholder of this ticket's card, account, phone or address means that the reply would repeat it;
    data that stands in the draft in the open came from nowhere, or from other customers' tickets.
    """
    found = []
    for mark in dict.fromkeys(PLACEHOLDER.findall(draft)):
        kind = mark[1:].rsplit("_", 1)[0]
        if kind in _NEVER_REPEATED:
            found.append(Finding("personal_data", f"repeats the customer's {kind.lower()}: {mark}", "send"))
        elif kind in _RARELY_REPEATED:
            found.append(Finding("personal_data", f"repeats the customer's {kind.lower()}: {mark}"))
    open_data = Redactor("draft", keep=contacts)
    redacted = open_data.redact(draft)
    for mark, original in open_data.mapping.items():
        if mark in redacted:
            kind = mark[1:].rsplit("_", 1)[0].lower()
            found.append(Finding("personal_data", f"holds a {kind} in the open: {original[:40]!r}", "send"))
    if not found and (digits := _LONG_DIGITS.search(draft)):
        found.append(Finding("personal_data", f"holds a long number: {digits.group()!r}", "send"))
    if secret := _SECRET.search(draft):
        found.append(Finding("personal_data", f"names a secret: {secret.group()[:40]!r}", "send"))
    found += [
        Finding("personal_data", f"names a person whom the ticket does not: {handle!r}", "send")
        for handle in _HANDLE.findall(draft)
        if handle not in ticket
    ]
    return found
