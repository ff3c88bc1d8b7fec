"""Whether a text is in the client's language. Short texts are trusted: detectors guess on them."""

import pycld2

from support_pipeline.data.remembering import remembered

MIN_LETTERS = 40
MIN_PERCENT = 85


@remembered
def foreign_language(text: str, declared: str | None, expected: str) -> str | None:
    """Evidence that a text is in another language, or None.

    The helpdesk's own field is often the account's locale, so it only counts where the text is too
    short to tell and is not ASCII, or where the detector agrees.
    """
    letters = sum(map(str.isalpha, text[:400]))
    detected = detect(text) if letters >= MIN_LETTERS else None
    if detected is not None:
        return None if detected == expected else f"text is in '{detected}'"
    said = (declared or expected).casefold().replace("_", "-").split("-")[0]
    if said != expected and (not text.isascii() or letters >= MIN_LETTERS):
        return f"helpdesk says '{said}'"
    return None


def detect(text: str) -> str | None:
    """The language that makes up nearly all of a text, None when the detector is not sure."""
    printable = text[:2000].replace("\n", " ")
    if not printable.isprintable():  # the detector refuses control characters
        printable = "".join(c if c.isprintable() else " " for c in printable)
    try:
        reliable, _, details = pycld2.detect(printable.encode("utf-8", "ignore"), isPlainText=True)
    except pycld2.error:
        return None
    code, percent = details[0][1], details[0][2]
    return code.split("-")[0] if reliable and percent >= MIN_PERCENT and code != "un" else None
