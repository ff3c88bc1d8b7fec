"""A hostile text as a reader would see it: the forms that a pattern must look at.

Whoever hides words writes them with letters of other alphabets, invisible characters, entities, digits
for letters, spaces between letters, or backwards. Each trick is undone in a form of its own. All of it
is linear in the text, and a plain ASCII text costs next to nothing.
"""

import html
from dataclasses import dataclass
from unicodedata import category, normalize

import re2

TAGS = range(0xE0000, 0xE0080)
"""Unicode's invisible copies of ASCII."""
BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))

_LOOKALIKES = {
    "а": "a", "в": "b", "е": "e", "з": "3", "и": "u", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c",
    "т": "t", "у": "y", "х": "x", "ь": "b", "і": "i", "ї": "i", "ј": "j", "ѕ": "s", "ԛ": "q", "ԝ": "w", "һ": "h",
    "ԁ": "d", "ӏ": "l", "ё": "e", "п": "n", "г": "r", "ѵ": "v", "ѡ": "w", "ԍ": "g", "ҝ": "k",
    "α": "a", "β": "b", "γ": "y", "δ": "d", "ε": "e", "ζ": "z", "η": "n", "θ": "o", "ι": "i", "κ": "k", "λ": "l",
    "μ": "u", "ν": "v", "ξ": "e", "ο": "o", "π": "n", "ρ": "p", "σ": "o", "ς": "c", "τ": "t", "υ": "u", "φ": "o",
    "χ": "x", "ψ": "y", "ω": "w", "ɑ": "a", "ɡ": "g", "ı": "i", "ȷ": "j", "ɩ": "i", "ʟ": "l", "ɴ": "n", "ʀ": "r",
    "ʏ": "y", "ʙ": "b", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴀ": "a", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ᴊ": "j", "ᴋ": "k",
    "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "ꜱ": "s", "ꜰ": "f", "օ": "o",
    "ս": "u", "ո": "n", "ց": "g", "հ": "h", "յ": "j", "ք": "p", "զ": "q", "տ": "s", "×": "x", "€": "e", "£": "l",
    "¥": "y", "¢": "c", "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "p",
    "ꭺ": "a", "ꭼ": "e", "ꮋ": "h", "ꮇ": "m", "ꮖ": "i", "ꮩ": "v", "ꮶ": "k", "ꮯ": "c", "ꮮ": "l", "ꮪ": "s",
    "ꮢ": "r", "ꭰ": "d", "ꮤ": "t", "ǃ": "!", "ⲟ": "o", "ⲣ": "p", "ⲥ": "c", "ɛ": "e", "ʃ": "s", "ɔ": "o", "ɐ": "a",
    "ǝ": "e", "ə": "e", "ɥ": "h", "ɯ": "m", "ɹ": "r", "ʇ": "t", "ʌ": "v", "ʍ": "w", "ʎ": "y", "ʞ": "k", "ɟ": "f",
    "ᵷ": "g", "ꞁ": "l", "ɒ": "a", "ᗪ": "d", "ᗩ": "a", "ᗷ": "b", "ᑕ": "c", "ᗴ": "e", "ᖴ": "f", "ᕼ": "h", "ᒍ": "j",
    "ᒪ": "l", "ᗰ": "m", "ᑎ": "n", "ᑭ": "p", "ᖇ": "r", "ᔕ": "s", "ᑌ": "u", "ᐯ": "v", "ᗯ": "w", "ᘔ": "z", "丨": "i",
    "卂": "a", "乃": "b", "匚": "c", "ᗞ": "d", "乇": "e", "千": "f", "卄": "h", "ﾉ": "i", "ﾌ": "j", "ㄥ": "l", "爪": "m",
    "几": "n", "ㄖ": "o", "卩": "p", "尺": "r", "丂": "s", "ㄒ": "t", "ㄩ": "u", "山": "w", "乂": "x", "ㄚ": "y",
}  # fmt: skip
_LEET = str.maketrans("0134578@$!|+", "oieastbasiit")
_TAG = re2.compile(r"<[^<>]{0,200}>")


class _Seen(dict[int, str]):
    """One character to what a reader sees, worked out at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = seen = _seen(chr(code))
        return seen


class _Skeleton(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = found = _LOOKALIKES.get(char, char)
        return found


def _seen(char: str) -> str:
    code = ord(char)
    if code in TAGS:
        return chr(code - TAGS.start).lower() if 0x20 <= code - TAGS.start < 0x7F else ""
    if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators, squared and circled capitals
        return chr(code - 0x1F1E6 + 97)
    for first in (0x1F130, 0x1F150, 0x1F170):
        if first <= code < first + 26:
            return chr(code - first + 97)
    kind = category(char)
    if kind in ("Cf", "Mn", "Me", "Cc") and char not in "\n\t":
        return ""
    if kind == "Zs":
        return " "
    if char in "\u2028\u2029\x85":
        return "\n"
    if kind == "Pd":
        return "-"
    if char in "‘’ʼ＇´`":
        return "'"
    if char in "“”„«»":
        return '"'
    plain = normalize("NFKD", char).lower()
    return "".join(part for part in plain if category(part) not in ("Mn", "Me", "Cf"))


_SEEN, _SKELETON = _Seen(), _Skeleton()


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as it is read, and the forms in which it may hide; forms equal to another are left out."""

    text: str
    forms: tuple[str, ...]


def seen(text: str) -> str:
    """The text in lower case without accents and anything invisible, entities resolved."""
    if "&" in text:
        text = html.unescape(text)
    return text.lower() if text.isascii() else text.translate(_SEEN)


def read(text: str) -> Seen:
    """The text and its hidden forms."""
    plain = "\n".join(" ".join(line.split()) for line in seen(text).split("\n"))
    skeleton = plain if plain.isascii() else plain.translate(_SKELETON)
    forms = [plain, skeleton]
    if "<" in skeleton:
        forms += [_TAG.sub("", skeleton), _TAG.sub(" ", skeleton)]
    forms.append(skeleton.translate(_LEET))
    glued = skeleton.translate(_GLUE)
    for _ in range(2):  # neighbours share a letter, so one pass mends every other
        glued = _BETWEEN_LETTERS.sub(r"\1 \2", glued)
    forms += [glued, _joined(glued, " "), _joined(glued, "")]
    forms.append(_unscrambled(skeleton))
    if _RARE_IN_ORDER.search(skeleton):
        forms.append(skeleton[::-1])
    if _RARE_IN_PLAIN.search(skeleton):
        forms.append(skeleton.translate(_ROT13))
    return Seen(plain, tuple(dict.fromkeys(forms)))


_KEYWORDS = (
    "ignore ignoring disregard forget override bypass previous instruction instructions system prompt prompts guidelines policies policy "
    "restrictions approve approved refund refunds confirm pretend assistant developer reveal rules above following"
).split()  # fmt: skip


def _shape(word: str) -> str:
    """What a reader makes of a word: its first and last letter, and which letters are between."""
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


_BY_SHAPE = {_shape(word): word for word in _KEYWORDS}
_ENDS = {(word[0], word[-1], len(word)) for word in _KEYWORDS}


def _unscrambled(text: str) -> str:
    """The text with keywords in disorder put right: "ignroe all prevoius instrcutions"."""
    for word in {part.strip(".,;:!?\"'()") for part in text.split()}:
        if word and (word[0], word[-1], len(word)) in _ENDS and word not in _KEYWORDS:
            meant = _BY_SHAPE.get(_shape(word))
            text = text.replace(word, meant) if meant else text
    return text


def _joined(text: str, gap: str) -> str:
    """The text with letters that stand apart put together: "i g n o r e   a l l".

    Wider gaps are taken for ends of words where `gap` is a space, and for nothing where it is empty.
    """
    parts: list[str] = []
    run: list[str] = []
    for token in (*text.split(" "), "-"):
        if len(token) == 1 and token.isalpha():
            run.append(token)
        elif not token and run:
            run.append(gap)
        else:
            spelled = "".join(run)
            # Less than four letters apart are "a", "I" and the like.
            parts += [spelled] if len(run) >= _APART else run
            parts.append(token)
            run = []
    return " ".join(parts[:-1])


_APART = 4
_GLUED = '_-*~|/\\+=#"`()[]{}<>'
_BETWEEN_LETTERS = re2.compile(r"([a-z])[.,;:!?]([a-z])")
_GLUE = str.maketrans(_GLUED, " " * len(_GLUED))
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
# Words that only a reversed or a rotated English text holds.
_RARE_IN_ORDER = re2.compile(
    r"\b(?:eht|dna|ruoy|erongi|snoitcurtsni|tpmorp|suoiverp|metsys|dnufer|lla|tegrof|uoy|yas|ylper|era|won)\b"
)
_RARE_IN_PLAIN = re2.compile(
    r"\b(?:gur|naq|lbhe|vtaber|vafgehpgvbaf|cebzcg|cerivbhf|flfgrz|ershaq|nyy|sbetrg|lbh|fnl|ercyl|ner|abj)\b"
)
