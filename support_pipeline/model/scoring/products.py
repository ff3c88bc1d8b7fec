"""Which goods a text speaks of, so that an answer about a tent is not taken for one about a jacket.

A lexicon of goods that shops sell, by groups of names for the same thing. There is no catalogue to ask;
words that mean something else in support mail (card, case, label, box, order) are left out.
"""

from functools import lru_cache

import re2

from support_pipeline.model.scoring.wording import fold

_GROUPS = """
jacket|coat|parka|anorak|windbreaker|raincoat|softshell|shell|hoodie sweatshirt|sweater jumper pullover|cardigan|fleece|vest gilet
waistcoat|shirt t-shirt tshirt tee|blouse|polo|dress|gown|skirt|trousers pants|jeans|leggings|chinos|slacks|joggers|shorts
base-layer|shoe|sneaker trainer|runner|boot|sandal|loafer|slipper|heels|sock|glove|mitten|hat|cap|beanie|helmet|scarf|shawl|belt
underwear|bra|lingerie|swimsuit|bikini|suit|tuxedo|pajamas pyjamas|nightgown|backpack rucksack daypack|handbag purse|tote
suitcase luggage|duffel|wallet|sunglasses|goggles|necklace|bracelet|earring|pendant|wristwatch watch|smartwatch
tent|sleeping-bag|sleeping-pad|chair|radio walkie-talkie|gps|mattress|hammock|stove|lantern|headlamp|flashlight torch|kayak|canoe
paddle|bicycle bike|scooter|skateboard|trekking-poles poles|rope|harness|carabiner|compass|thermos flask|bottle|cooler|knife
multitool|phone smartphone iphone|laptop notebook macbook|tablet ipad|television tv|monitor|keyboard|mouse|headphones headset
earphones earbuds|speaker|soundbar|camera|webcam|charger|printer|router|console playstation xbox|drone|microwave|oven
fridge refrigerator|freezer|dishwasher|washing-machine washer|dryer|vacuum|blender|mixer|toaster|kettle|coffee-maker
espresso-machine|air-fryer|iron|fan|heater|sofa couch|armchair|bookshelf bookcase|wardrobe|nightstand|lamp|rug carpet|curtain
pillow|cushion|blanket throw|duvet quilt|towel|mug|plate|saucepan|skillet pan|candle|vase|mirror|perfume fragrance|lipstick
mascara|shampoo|moisturizer|lotion|serum|sunscreen|toothbrush|razor|hairdryer|book novel|toy|doll|puzzle|stroller pram|crib
diaper|guitar|piano|drum|treadmill|dumbbell|yoga-mat|poncho|gaiter|crampon|binoculars|umbrella|apron|thermometer
"""
_AMBIGUOUS_WORDS = """
fan throw iron plate mouse shell notebook oven cooler monitor book tablet suit mirror cap drum heels
flask torch tee rope polo watch phone
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_WORDS.split())

_GROUP_OF = {
    name: group
    for group, names in enumerate(
        line.split() for line in _GROUPS.replace("\n", "|").split("|") if line.strip()
    )
    for name in names
}
_NAMES = "|".join(sorted((name.replace("-", "[ -]") for name in _GROUP_OF), key=len, reverse=True))
_WORD = re2.compile(
    rf"(?i)(?:(\b(?:the|your|my|our|this|that|a|an|these|those|new) (?:\w+ )?))?\b({_NAMES})(?:s|es)?\b"
)
NO_THINGS = r"<[^<>\n]{1,40}>|(?i:\bhats (?:are )?off\b)"
"""Placeholders, and what sounds like goods and is none."""
_MARKS = re2.compile(NO_THINGS)


@lru_cache(maxsize=8192)
def products(text: str) -> dict[str, int]:
    """The goods named in a text, each with the number of its group of names."""
    found = {}
    text = _MARKS.sub(" ", fold(text))
    for match in _WORD.finditer(text):
        name = match.group(2).lower().replace(" ", "-")
        if name == "phone" and text.startswith((" number", " call", " line"), match.end()):
            continue
        if name not in _AMBIGUOUS or match.group(1):
            found[name] = _GROUP_OF[name]
    return found


def invented(answer: str, *sources: str) -> list[str]:
    """The goods in an answer that none of the sources names, under any name."""
    known = {group for source in sources for group in products(source).values()}
    return sorted(name for name, group in products(answer).items() if group not in known)
