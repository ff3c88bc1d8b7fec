"""Copy drills: repeat this exactly. They keep the reading circuit sharp on arbitrary text."""

from random import Random

from support_pipeline.demo.base_corpus import intents
from support_pipeline.demo.base_corpus.asks import draw_question
from support_pipeline.demo.base_corpus.brands import Brand, make_brand
from support_pipeline.demo.base_corpus.conversations import (
    PLACEHOLDERS,
    Chat,
    Turn,
    entities,
    policy_sentence,
    say,
)
from support_pipeline.demo.base_corpus.topics import TOPICS

ASKS = (
    "Repeat: {x}",
    "Say exactly: {x}",
    "Copy this: {x}",
    "{x}\n\nRepeat the line above.",
    "Write again: {x}",
)
OTHER_NAMES = (
    (intents.ESCALATE_BILLING, "a dispute about money"),
    (intents.ESCALATE_DEFAULT, "a person must decide"),
    (intents.LIVE_DATA, "live data"),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _span(rng: Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return f"<{rng.choice(PLACEHOLDERS).upper()}_{rng.randint(1, 999)}>"
    if kind == 1:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 8)))
    brand = make_brand(rng)
    if kind == 2:
        return rng.choice((brand.name, rng.choice(brand.products), rng.choice(brand.teams)))
    return rng.choice(TOPICS).value(rng, brand.currency).text


def make_drill(rng: Random) -> Chat:
    """A chat in which the assistant copies a random span, or looks words up in a list."""
    return _lookup(rng) if rng.random() < 0.5 else _repeat(rng)


def make_naming(rng: Random) -> Chat:
    """Sentences of customers and of policy books, each answered by the name of what it is about."""
    brand = make_brand(rng)
    slots = entities(rng, brand)
    return Chat("Name the topic.", tuple(_named(rng, brand, slots) for _ in range(rng.randint(1, 4))))


def _named(rng: Random, brand: Brand, slots: dict[str, str]) -> Turn:
    drawn = rng.random()
    if drawn < 0.2:
        inventory, name = rng.choice(OTHER_NAMES)
        return Turn("drill", say(inventory, rng, slots), name)
    topic = rng.choice(TOPICS)
    if drawn < 0.5:
        sentence = policy_sentence(topic, topic.value(rng, brand.currency), brand, rng)
        return Turn("drill", f"- {sentence}", topic.about[0])
    return Turn("drill", draw_question(topic, rng, slots), topic.about[0])


def _lookup(rng: Random) -> Chat:
    brand = make_brand(rng)
    topics = rng.sample(TOPICS, rng.randint(3, 10))
    entries = {rng.choice(topic.about): topic.value(rng, brand.currency).text for topic in topics}
    entries |= {_span(rng): _span(rng) for _ in range(rng.randint(1, 4))}
    joint = rng.choice((": ", " - ", " is ", " = "))
    asked = rng.sample(sorted(entries), min(len(entries), rng.randint(2, 5)))
    listed = [f"- {key}{joint}{value}" for key, value in entries.items()]
    rng.shuffle(listed)
    return Chat(
        "\n".join(listed), tuple(Turn("drill", f"{key}?", f"{key}{joint}{entries[key]}") for key in asked)
    )


def _repeat(rng: Random) -> Chat:
    span = " ".join(_span(rng) for _ in range(rng.randint(2, 9)))
    ask = rng.choice(ASKS).replace("{x}", span)
    return Chat("Repeat what the customer says.", (Turn("drill", ask, span),))
