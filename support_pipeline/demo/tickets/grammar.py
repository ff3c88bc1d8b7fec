"""A small grammar for texts: phrase lists, choices in brackets, slots in braces, and human sloppiness.

`[a|b|c]` picks one, and may be nested; `{slot}` takes a value. Filling leaves unknown slots alone, so
that policy values can be put in later, once for the day and once for today.
"""

import random
import re
from collections.abc import Mapping, Sequence

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")

# Words that people get wrong in a hurry, and how.
SLIPS = {
    "receive": "recieve",
    "definitely": "definately",
    "because": "becuase",
    "address": "adress",
    "their": "thier",
    "the": "teh",
    "please": "pls",
    "you": "u",
    "your": "ur",
    "delivery": "delivary",
    "before": "befor",
    "want": "wnat",
    "received": "recieved",
    "know": "knwo",
    "just": "jsut",
    "package": "packge",
    "would": "woudl",
    "though": "tho",
    "tomorrow": "tommorow",
    "don't": "dont",
    "can't": "cant",
    "I'm": "im",
    "didn't": "didnt",
    "haven't": "havent",
    "with": "wiht",
    "ordered": "orderd",
}


def phrases(block: str) -> tuple[str, ...]:
    """The templates of a text block: each starts with "- " on a line and may go on over more lines."""
    items: list[str] = []
    for line in block.strip().splitlines():
        stripped = line.strip()
        if stripped.startswith("- "):
            items.append(stripped[2:])
        elif stripped:
            items[-1] = f"{items[-1]} {stripped}"
    return tuple(items)


def words(block: str) -> tuple[str, ...]:
    """The words of a text block."""
    return tuple(block.split())


def expand(template: str, rng: random.Random) -> str:
    """The template with every bracket decided; slots stay."""
    while found := CHOICE.search(template):
        choice = rng.choice(found.group(1).split("|"))
        template = template[: found.start()] + choice + template[found.end() :]
    return tidy(template)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with the slots that `values` knows."""
    return tidy(SLOT.sub(lambda found: values.get(found.group(1), found.group(0)), template))


def tidy(text: str) -> str:
    """Spaces that an empty choice left behind are closed, and sentences start with a capital."""
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" +([,.!?;:])", r"\1", text)
    text = re.sub(r" *\n *", "\n", text).strip(" ")
    return re.sub(r"(^|[.!?]\s+|\n)([a-z])", lambda found: found.group(1) + found.group(2).upper(), text)


def with_slips(text: str, rng: random.Random, share: float) -> str:
    """The text with slips of the keyboard in about `share` of the words that invite one."""
    words = text.split(" ")
    return " ".join(SLIPS[word] if word in SLIPS and rng.random() < share else word for word in words)


def careless(text: str, rng: random.Random) -> str:
    """The text as typed on a phone: lower case, few full stops; codes, names of products and links stay."""
    words = [
        word if any(sign.isdigit() for sign in word) or "@" in word else word.lower()
        for word in text.split(" ")
    ]
    lowered = " ".join(words)
    return lowered.replace(". ", rng.choice([" ", ", ", ". "])).rstrip(".")


def pick(options: Sequence[str], rng: random.Random, chance: float = 1.0) -> str:
    """One of the options, or nothing."""
    return rng.choice(options) if rng.random() < chance else ""


def joined(*parts: str) -> str:
    """The parts that are not empty, as one paragraph."""
    return tidy(" ".join(part for part in parts if part))


def likeness(text: str) -> frozenset[str]:
    """The word triples of a text, numbers made equal: two texts are alike when they share many."""
    words = re.findall(r"[a-z']+|\d+", re.sub(r"\d+", "0", text.lower()))
    return frozenset(" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2)))


def overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """The share of word triples that two texts have in common (Jaccard)."""
    return len(a & b) / len(a | b) if a or b else 1.0
