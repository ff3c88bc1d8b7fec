"""A second look for personal data after redaction: a pair that still holds any is dropped.

It shares no code with `redaction`, so a gap there is not a gap here. Only what can be told without
doubt is looked for: e-mail addresses, card numbers (Luhn) and IBANs (mod 97).
"""

import re
from collections.abc import Iterable

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}")
_DIGITS = re.compile(r"(?<![\d])\d(?:[ -]?\d){12,18}(?![\d])")
_NUMBER = re.compile(r"\d(?:[ -]?\d){3}|[A-Z]\d\d")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def residual_personal_data(text: str, own: Iterable[str] = ()) -> str | None:
    """What kind of personal data is left in a redacted text, or None; the brand's own contacts are none."""
    for contact in own:
        text = text.replace(contact, " ")
    if "@" in text and _EMAIL.search(text):
        return "an e-mail address is left"
    if not _NUMBER.search(text):  # both of the others hold one
        return None
    if any(_luhn(match.group()) for match in _DIGITS.finditer(text)):
        return "a card number is left"
    if any(_mod97(match.group()) for match in _IBAN.finditer(text)):
        return "an IBAN is left"
    return None


def _luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    # Issuers start with 2 to 6; other long numbers (orders, tracking) pass Luhn one time in ten.
    if not 13 <= len(digits) <= 19 or digits[0] not in (2, 3, 4, 5, 6):
        return False
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mod97(iban: str) -> bool:
    compact = iban.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1
