"""Things that shops sell, by WordNet: so that a thing which no source names is seen in any sentence.

Words for goods are an open list, but one that others have written down. The groups in `products` are for what
WordNet lacks; what it says each thing is a kind of lets an answer call a parka a jacket, and a jacket a coat.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import re2

from support_pipeline.model.scoring.products import NO_THINGS
from support_pipeline.model.scoring.wording import fold

GENERAL = 60
"""A word for so many things names none of them."""
GOODS = Path(__file__).with_name("goods.txt")
PERSONAL = Path(__file__).with_name("personal.txt")

# Words for anything that is sold, packed, or clicked on: they name no particular thing.
_ANYTHING_WORDS = """
product device article thing gear equipment clothing clothes apparel garment wear tool machine appliance container commodity ware merchandise
goods instrument gadget kit set box bag cart basket carton crate case pack packaging packet wrapping wrap pouch tube can bin inbox mailbox mailbag shipment
phone telephone mobile computer screen keyboard mouse printer website chatroom pen pencil paper flag boot bell stick stool can
car van truck lorry vehicle bicycle plane train taxi ferry doorstep desk bed key switch camera ball net line post fabric textile cloth cotton wool
silk leather linen denim canvas fleece velvet nylon footwear shoe accessory consumer durables cargo jar cup stays facing sling ring jewel gem ruby pocket cuff
collar button zipper lace strap lining sleeve hood lens battery cable cord cover lid tray handle part patch seat support trigger footage transit
scanner robot tape hook string rope hat home house load window wall room pack block barrier sign trip stuff spot table garden
"""
ANYTHING = frozenset(_ANYTHING_WORDS.split())

_WORD = re2.compile(r"[a-z]+")
_MARKS = re2.compile(rf"{NO_THINGS}|https?://\S+")
_BEFORE_NOUNS = frozenset(
    "the your my our this that a an these those new any some no another each every of with for and or his her their old other".split()
)


@dataclass(frozen=True)
class _Lexicon:
    """The synset of each word and pair, what each synset is and is a kind of, and the words that may be no nouns."""

    synset: dict[str, int]
    kinds: dict[int, frozenset[int]]
    starred: frozenset[str]
    general: frozenset[int]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    lines = [
        line for line in GOODS.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")
    ]
    synset: dict[str, int] = {}
    kinds: dict[int, frozenset[int]] = {}
    starred: set[str] = set()
    for number, line in enumerate(lines):
        parents, _, words = line.partition("\t")
        above = [int(parent) for parent in parents.split() if parent != "-"]
        kinds[number] = frozenset({number}.union(*(kinds[parent] for parent in above)))
        for word in words.split():
            name = word.rstrip("*")
            starred |= {name} if word.endswith("*") else set()
            synset |= {name: number, name.replace("_", ""): number}
    below = Counter(above for own in kinds.values() for above in own)
    general = frozenset(number for number, count in below.items() if count > GENERAL)
    return _Lexicon(synset, kinds, frozenset(starred), general)


@lru_cache(maxsize=8192)
def goods(text: str) -> dict[str, int]:
    """The particular goods that a text names, each with its synset."""
    lexicon = _lexicon()
    spoken = _WORD.findall(_MARKS.sub(" ", fold(text)).lower())
    found = {}
    for place, word in enumerate(spoken):
        pairs = _forms(f"{spoken[place - 1]}_{word}") if place else []
        name = next((form for form in (*pairs, *_forms(word)) if form in lexicon.synset), None)
        if name is None or name in ANYTHING or (word in ANYTHING and "_" not in name):
            continue
        if name not in lexicon.starred or _BEFORE_NOUNS.intersection(spoken[max(0, place - 2) : place]):
            found[name] = lexicon.synset[name]
    return found


def _forms(word: str) -> list[str]:
    """A word as it stands, and its singular."""
    singular = [
        word[: -len(end)] + put for end, put in (("ies", "y"), ("es", ""), ("s", "")) if word.endswith(end)
    ]
    return [word, *(form for form in singular if len(form) > 2)]


def unheard_of(answer: str, *sources: str) -> list[str]:
    """The goods of an answer that no source names, nor anything that is a kind of it or that it is a kind of."""
    named = goods(answer)
    if not named:
        return []
    lexicon = _lexicon()
    kinds = lexicon.kinds
    known = {number for source in sources for number in goods(source).values()} - lexicon.general
    heard = "".join(letter for source in sources for letter in fold(source).lower() if letter.isalpha())
    return sorted(
        name.replace("_", " ")
        for name, number in named.items()
        if name.replace("_", "") not in heard
        and not any(number in kinds[other] or other in kinds[number] for other in known)
    )


@lru_cache(maxsize=1)
def _personal() -> frozenset[str]:
    lines = PERSONAL.read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=8192)
def personal(word: str) -> bool:
    """Whether a word, in any of its forms, is one of people, feelings, talk or thought."""
    known = _personal()
    return any(form in known for form in (*_forms(word), *_verbs(word)))


def _verbs(word: str) -> list[str]:
    """What a word may be a form of: worried, hoping, stopped, kinder."""
    found = []
    for end in ("ed", "ing", "er", "est", "d", "ly"):
        if word.endswith(end) and len(word) - len(end) > 2:
            stem = word[: -len(end)]
            found += [stem, f"{stem}e", stem[:-1] + "y" if stem.endswith("i") else stem]
            found += [stem[:-1]] if stem[-1] == stem[-2] else []
    return found
