"""The words of a ticket: details, the customer's message, and the agent's answer in the agent's voice."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from support_pipeline.demo.tickets import phrasing
from support_pipeline.demo.tickets.brand import (
    COLORS,
    ELECTRONICS,
    PRODUCTS,
    SIZES,
    Agent,
    Customer,
    Product,
)
from support_pipeline.demo.tickets.grammar import careless, expand, fill, joined, pick, with_slips
from support_pipeline.demo.tickets.human_only import CAPS_BAD
from support_pipeline.demo.tickets.intents import Intent

FORMAL = {
    "can't": "cannot",
    "don't": "do not",
    "You're": "You are",
    "you're": "you are",
    "I'm": "I am",
    "We're": "We are",
    "we're": "we are",
    "I'd": "I would",
    "won't": "will not",
    "That's": "That is",
    "it's": "it is",
    "!": ".",
}
RELAXED = {
    "cannot": "can't",
    "You are": "You're",
    "you are": "you're",
    "You will": "You'll",
    "do not": "don't",
    "It is": "It's",
}

PLURAL_VERBS = {
    "isn't": "aren't",
    "doesn't": "don't",
    "is": "are",
    "was": "were",
    "has": "have",
    "shows": "show",
    "feels": "feel",
    "works": "work",
}

# Message styles and how often they occur.
STYLES = {"plain": 43, "short": 18, "chatty": 11, "rambling": 5, "careless": 12, "slips": 11}
# How many remarks beside the point the talkative styles make.
ASIDES = {"chatty": (1, 2), "rambling": (4, 5, 6)}


@dataclass(frozen=True)
class Details:
    """What one ticket is about: the product, the order, days and people, as slot values."""

    product: Product
    slots: Mapping[str, str]


def details(rng: random.Random, buyer: Customer, day: date, products: str = "any") -> Details:
    """Details of a ticket that is written on `day`."""
    product = rng.choice(_choice_of(products))
    past, later = day - timedelta(days=rng.randint(2, 24)), day + timedelta(days=rng.randint(4, 40))
    amount = product.price * rng.choice([1, 1, 0.9, 0.85, 0.8]) + rng.choice([0, 0, 6.5, 11.85, 22.4, 31.99])
    tracking = rng.choice([f"1Z{rng.randint(10**9, 10**10 - 1)}", f"94{rng.randint(10**13, 10**14 - 1)}"])
    slots = {
        "product": product.name,
        "item": product.item,
        "the_item": rng.choice([f"the {product.item}", f"my {product.item}", f"the {product.name}"]),
        **_grammar_of(product),
        "order": f"DO-{rng.randint(100000, 999999)}",
        "tracking": tracking,
        "amount": f"${amount:.2f}",
        "date": _spoken_date(past, rng),
        "later": _spoken_date(later, rng),
        "weekday": rng.choice(phrasing.WEEKDAYS),
        "n": str(rng.choice([3, 4, 5, 6, 8, 9, 11, 12, 13, 16, 17, 18])),
        **dict(zip(("size", "size2"), rng.sample(SIZES if product.sized else COLORS, 2), strict=True)),
        **dict(zip(("color", "color2"), rng.sample(COLORS, 2), strict=True)),
        "person": rng.choice(phrasing.PEOPLE),
        "trip": rng.choice(phrasing.TRIPS),
        "city": buyer.city,
        "first": buyer.first,
        "last": buyer.last,
        "email": buyer.email,
        "phone": buyer.phone,
        "address": buyer.address,
        "caps_bad": rng.choice(CAPS_BAD),
    }
    return Details(product, slots)


@dataclass(frozen=True)
class Wording:
    """A customer's message before its details are filled in, and the style it is typed in."""

    template: str
    style: str = "plain"


def question(intent: Intent, rng: random.Random, second: Intent | None = None) -> Wording:
    """A customer's message about an intent; `second` is asked in the same breath."""
    style = rng.choices(list(STYLES), weights=list(STYLES.values()))[0]
    short = style == "short"
    story_chance = (0.15 if short else 0.85) if intent.stands_alone else 1.0
    story = pick(phrasing.SITUATIONS[rng.choice(intent.situations)], rng, story_chance)
    core, also = rng.choice(intent.questions), _also(second, rng) if second else ""
    middle = (
        [core, story, also] if story and intent.stands_alone and rng.random() < 0.2 else [story, core, also]
    )
    if style in ASIDES:
        middle[1:1] = rng.sample(phrasing.CHATTER, rng.choice(ASIDES[style]))
    closer = pick(phrasing.CLOSERS, rng, 0.2 if short else 0.55)
    text = expand(joined(_opening(rng, 0.25 if short else 0.6), *middle, closer), rng)
    return Wording(_broken_lines(text, rng, 0.6 if style in ASIDES else 0.15), style)


def composed(parts: Sequence[Sequence[str]], rng: random.Random) -> Wording:
    """A message from one line of each group."""
    lines = [rng.choice(group) for group in parts]
    text = expand(
        joined(pick(phrasing.GREETINGS, rng, 0.3), *lines, pick(phrasing.PLAIN_CLOSERS, rng, 0.15)), rng
    )
    return Wording(text, rng.choices(["plain", "slips", "careless"], weights=[80, 12, 8])[0])


def filled(wording: Wording, about: Details, rng: random.Random) -> str:
    """The message with its details, typed in its style."""
    text = in_agreement(fill(wording.template, about.slots), about.product)
    if wording.style == "careless":
        return careless(text, rng)
    if wording.style == "slips":
        return with_slips(text, rng, 0.6)
    return text.replace("'", "\u2019") if rng.random() < 0.1 else text


def answer(
    agent: Agent, cores: Sequence[str], about: Details, asked: str, rng: random.Random, *, sober: bool = False
) -> str:
    """What the agent writes, without signature, with the policy slots still open; sober is without cheer."""
    core = cores[0]
    if len(cores) > 1:
        core = rng.choice(phrasing.BOTH_ANSWERS).replace("{first}", cores[0]).replace("{second}", cores[1])
    slots = {**about.slots, **_named_in(asked, about.product, rng)}
    opener = "" if sober or (agent.brief and rng.random() < 0.6) else rng.choice(agent.openers)
    closer = "" if sober or rng.random() < (0.7 if agent.brief else 0.35) else rng.choice(agent.closers)
    body = fill(expand(joined(opener, core, closer), rng), slots)
    greeting = fill(rng.choice(agent.greetings), slots)
    gap = "\n\n" if rng.random() < 0.6 else ("\n" if rng.random() < 0.6 else " ")
    return in_voice(agent, f"{greeting}{gap}{body}" if greeting else body)


def in_voice(agent: Agent, text: str) -> str:
    """The text with the agent's habits: formal without contractions, brief ones with all of them."""
    for plain, said in (FORMAL if agent.formal else RELAXED if agent.brief else {}).items():
        text = text.replace(plain, said)
    return text


def spoken(templates: Sequence[str], about: Details, rng: random.Random, **more: str) -> str:
    """One of the lines with its details."""
    return fill(expand(rng.choice(templates), rng), {**about.slots, **more})


def in_agreement(text: str, product: Product) -> str:
    """The text with plural verbs after a product in the plural ("the boots were")."""
    if not product.plural:
        return text
    named = f"{re.escape(product.name)}|{re.escape(product.item)}"
    return re.sub(
        rf"\b({named}) (inside |just )?({'|'.join(PLURAL_VERBS)})\b",
        lambda found: f"{found[1]} {found[2] or ''}{PLURAL_VERBS[found[3]]}",
        text,
    )


def _also(second: Intent, rng: random.Random) -> str:
    return rng.choice(phrasing.ALSO).replace("{also}", rng.choice(second.also))


def _opening(rng: random.Random, chance: float) -> str:
    opener = pick(phrasing.OPENERS, rng, chance)
    return f"{opener}\n\n" if opener.endswith(",") and rng.random() < 0.4 else opener


def _broken_lines(text: str, rng: random.Random, chance: float) -> str:
    head, stop, tail = text.partition(rng.choice([". ", "? "]))
    return f"{head}{stop.strip()}\n\n{tail}" if tail and rng.random() < chance else text


def _choice_of(products: str) -> tuple[Product, ...]:
    if products == "electronics":
        return ELECTRONICS
    if products == "gear":
        return (*(product for product in PRODUCTS if not product.sized), *ELECTRONICS)
    return tuple(product for product in PRODUCTS if product.sized) if products == "sized" else PRODUCTS


def _grammar_of(product: Product) -> dict[str, str]:
    singular = {
        "it": "it",
        "they": "it",
        "are": "is",
        "have": "has",
        "come": "comes",
        "count": "counts",
        "do_they": "does",
    }
    plural = {
        "it": "them",
        "they": "they",
        "are": "are",
        "have": "have",
        "come": "come",
        "count": "count",
        "do_they": "do",
    }
    return plural if product.plural else singular


def _named_in(asked: str, product: Product, rng: random.Random) -> dict[str, str]:
    """How the answer may call the thing: by its name only if the customer named it."""
    if product.item.lower() in asked.lower():
        name = rng.choice([f"the {product.item}", f"your {product.item}"])
        return {"your_item": name, "Your_item": name[0].upper() + name[1:], **_grammar_of(product)}
    name = rng.choice(["the item", "your item"])
    return {"your_item": name, "Your_item": name.capitalize(), **_grammar_of(Product("", "item"))}


def _spoken_date(day: date, rng: random.Random) -> str:
    month, ending = f"{day:%B}", {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    ending = "th" if day.day in (11, 12, 13) else ending
    return rng.choice(
        [
            f"{month} {day.day}",
            f"{day.month}/{day.day}",
            f"{month} {day.day}{ending}",
            f"{month[:3]} {day.day}",
        ]
    )
