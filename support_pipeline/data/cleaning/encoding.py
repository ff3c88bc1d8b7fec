"""Encoding repair, only where a text shows the marks of a wrong decoding.

`ftfy.fix_text` changes clean texts (quotes, ligatures, case of entities), so only `fix_encoding` is
used, and only on texts in which UTF-8 read as a one-byte code page leaves its typical pairs.
"""

import re

# "Ã©", "â€™", "Â£", "Ð°Ð±" and their kin: a lead byte's character, then a continuation byte's.
_MOJIBAKE = re.compile(
    "[ÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
    "|[àáâãäåæçèéêëìíîïðñòóô][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}"
    "|[ÃÂ]\\s|â€|ג€"
)


def repair_encoding(text: str) -> str:
    """The text as it was before it was decoded with the wrong code page; unchanged when it was not."""
    if text.isascii() or not _MOJIBAKE.search(text):
        return text
    import ftfy  # tables for every code page: loaded only when a broken text turns up

    return ftfy.fix_encoding(text)
