"""Chats: a shop's system message, and turns whose right answers follow from it.

A `Turn` keeps what the probe needs to judge an answer: its kind, the value that must appear, and
the team. Kinds: fact, facts (two at once), judged (yes or no by the value), escalate, cannot_know,
not_covered, small_talk.
"""

from dataclasses import dataclass
from random import Random

from support_pipeline.demo.base_corpus import intents, voice
from support_pipeline.demo.base_corpus.asks import draw_policy, draw_question
from support_pipeline.demo.base_corpus.brands import Brand, make_brand
from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.grammar import draw, expand, phrasings, sealed
from support_pipeline.demo.base_corpus.topics import TOPICS
from support_pipeline.demo.base_corpus.values import Value
from support_pipeline.model.prompt import Message, escalation, system_message, user_message

PLACEHOLDERS = ("order", "tracking", "customer", "agent", "email", "phone")
KINDS = {
    "fact": 0.57, "facts": 0.10, "judged": 0.05, "escalate": 0.14, "cannot_know": 0.09, "not_covered": 0.03, "small_talk": 0.02,
}  # fmt: skip
LABELS = ("{about}: {v}.", "{about} - {v}", "{about}: {v}")


@dataclass(frozen=True)
class Difficulty:
    """How much a chat asks of the reader. Many turns below one system message are many lessons.

    Of the facts, the share `usual` is answered in the topic's first wording, the rest in any. The share `dressed` of the questions comes as a
    ticket: with greetings, a story around it, typing errors.
    """

    facts: tuple[int, int] = (5, 16)
    turns: tuple[int, ...] = (1, 2, 5, 8, 11)
    usual: float = 0.7
    dressed: float = 0.8


FULL = Difficulty()
PLAINEST = Difficulty(turns=(5, 8, 11), usual=1.0, dressed=0.0)


@dataclass(frozen=True)
class Turn:
    """One question with its right answer, and how to recognise a right answer."""

    kind: str
    question: str
    answer: str
    values: tuple[str, ...] = ()
    team: str | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chat:
    """A shop's system message and the turns below it."""

    system: str
    turns: tuple[Turn, ...]

    def messages(self) -> list[Message]:
        """The chat in the shape that templates take."""
        chat: list[Message] = [{"role": "system", "content": self.system}]
        for turn in self.turns:
            chat.append({"role": "user", "content": turn.question})
            chat.append({"role": "assistant", "content": turn.answer})
        return chat


@dataclass(frozen=True)
class Scene:
    """A shop with its policies in force: what the questions of one chat are about."""

    brand: Brand
    values: dict[str, Value]
    policies: dict[str, str]
    difficulty: Difficulty
    held_out: bool

    @property
    def covered(self) -> list[Topic]:
        return [topic for topic in TOPICS if topic.name in self.values]

    @property
    def uncovered(self) -> list[Topic]:
        return [topic for topic in TOPICS if topic.name not in self.values]


def say(inventory: tuple[str, ...], rng: Random, slots: dict[str, str], held_out: bool = False) -> str:
    """A sentence of the inventory, of its templates for training or of those kept back."""
    kept = () if held_out else sealed(tuple(phrasings(inventory, True)))
    return draw(phrasings(inventory, held_out), rng, slots, kept)


def _value_slots(value: Value) -> dict[str, str]:
    within = f"within {value.text}" if value.number is not None or value.text[0].isdigit() else value.text
    return {"v": value.text, "a": value.adjective, "w": within}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def policy_sentence(topic: Topic, value: Value, brand: Brand, rng: Random, held_out: bool = False) -> str:
    """How this shop states the topic; now and then only a label and the value."""
    slots = _value_slots(value) | {"about": _capital(topic.about[0]), "unit": brand.unit}
    if not held_out and rng.random() < 0.08:
        return expand(rng.choice(LABELS), rng, slots)
    return _capital(draw_policy(topic, rng, slots, held_out))


def entities(rng: Random, brand: Brand) -> dict[str, str]:
    """What a sentence may name: placeholders as redaction writes them, the shop, a product."""
    named = {name: f"<{name.upper()}_{rng.randint(1, 999)}>" for name in PLACEHOLDERS}
    return named | {"brand": brand.name, "unit": brand.unit, "product": rng.choice(brand.products)}


def _dressed(core: str, rng: Random, slots: dict[str, str], angry: bool = False) -> str:
    """A question as a ticket: greeting, context, the core, a closing; then typing errors."""
    parts = [core]
    if rng.random() < 0.30:
        parts.insert(0, expand(rng.choice(voice.BEFORE), rng, slots))
        if rng.random() < 0.25:
            parts.insert(0, expand(rng.choice(voice.BEFORE), rng, slots))
    if angry or rng.random() < 0.05:
        parts.insert(0, expand(rng.choice(intents.ANGRY_OPENINGS), rng, slots))
    if rng.random() < 0.35:
        parts.insert(
            0, expand(rng.choice(voice.GREETINGS), rng, slots) + rng.choice((",", "!", ".", ",\n\n", " -"))
        )
    if rng.random() < 0.25:
        parts.append(rng.choice(("", "\n\n")) + expand(rng.choice(voice.AFTER), rng, slots))
    text = " ".join(parts).replace("\n ", "\n").replace(" \n", "\n").strip()
    return voice.roughen(text, rng) if rng.random() < 0.15 else text


SUBJECTS = (
    "Question",
    "Help",
    "{order}",
    "Order {order}",
    "question about {product}",
    "Urgent",
    "My order",
    "Request",
    "Enquiry",
)


def _ticket(core: str, rng: Random, slots: dict[str, str], dressed: float, angry: bool = False) -> str:
    if rng.random() >= dressed:
        return core
    body = _dressed(core, rng, slots, angry)
    if rng.random() < 0.08:
        return user_message(expand(rng.choice(SUBJECTS), rng, slots), body)
    return body


def _fitting(inventory: tuple[str, ...], question: str, slots: dict[str, str]) -> list[str]:
    """The openers that name nothing which the customer did not."""
    return [
        line
        for line in inventory
        if all(f"{{{name}}}" not in line or slots[name] in question for name in PLACEHOLDERS)
    ]


def _reply(
    core: str, question: str, rng: Random, slots: dict[str, str], warm: float, marker: str = ""
) -> str:
    parts = [_capital(core)]
    if rng.random() < warm:
        parts.insert(0, expand(rng.choice(_fitting(voice.OPENERS, question, slots)), rng, slots))
    if rng.random() < warm * 0.5:
        parts.append(expand(rng.choice(voice.CLOSERS), rng, slots))
    return " ".join([*parts, marker] if marker else parts)


def _tell(scene: Scene, topic: Topic, rng: Random, slots: dict[str, str]) -> str:
    slots = slots | _value_slots(scene.values[topic.name])
    if rng.random() < scene.difficulty.usual:
        return _capital(expand(topic.answers[0], None, slots))
    return _capital(expand(rng.choice(topic.answers), rng, slots))


def _fact(scene: Scene, rng: Random, warm: float, topics: list[Topic]) -> Turn:
    slots = entities(rng, scene.brand)
    asked = [draw_question(topic, rng, slots, scene.held_out) for topic in topics]
    told = [_tell(scene, topic, rng, slots) for topic in topics]
    question = _ticket(
        rng.choice((" ", " ", " Also, ", " And ")).join(asked), rng, slots, scene.difficulty.dressed
    )
    answer = _reply(" ".join(told), question, rng, slots, warm)
    values = tuple(scene.values[topic.name].text for topic in topics)
    kind = "fact" if len(topics) == 1 else "facts"
    return Turn(kind, question, answer, values, None, tuple(topic.name for topic in topics))


def _own_number(value: Value, inside: bool, rng: Random) -> int:
    assert value.number is not None
    if inside:
        return rng.randint(1, value.number)
    return value.number + rng.randint(1, max(2, value.number))


def _judged(scene: Scene, rng: Random, warm: float, topic: Topic) -> Turn:
    assert topic.judgement is not None
    value, inside = scene.values[topic.name], rng.random() < 0.5
    own = _own_number(value, inside, rng)
    slots = entities(rng, scene.brand) | _value_slots(value)
    unit = value.unit if own == 1 else f"{value.unit}s"
    number = scene.brand.currency.format(own) if value.unit == "money" else str(own)
    question = expand(rng.choice(topic.judgement.questions), rng, slots | {"n": number, "u": unit})
    question = _ticket(question, rng, slots, scene.difficulty.dressed)
    yes = inside == topic.judgement.smaller_is_yes
    core = expand(rng.choice(topic.judgement.yes if yes else topic.judgement.no), rng, slots)
    return Turn(
        "judged", question, _reply(core, question, rng, slots, warm * 0.4), (value.text,), None, (topic.name,)
    )


def _escalate(scene: Scene, rng: Random) -> Turn:
    slots = entities(rng, scene.brand)
    billing = rng.random() < 0.4
    inventory = intents.ESCALATE_BILLING if billing else intents.ESCALATE_DEFAULT
    core = say(inventory, rng, slots, scene.held_out)
    question = _ticket(core, rng, slots, scene.difficulty.dressed, angry=rng.random() < 0.3)
    team = scene.brand.billing_team if billing else scene.brand.default_team
    fitting = _fitting(intents.ESCALATION_ANSWERS, question, slots)
    answer = _reply(expand(rng.choice(fitting), rng, slots), question, rng, slots, 0.1, escalation(team))
    return Turn("escalate", question, answer, (), team)


def _cannot_know(scene: Scene, rng: Random, warm: float) -> Turn:
    slots = entities(rng, scene.brand)
    question = _ticket(
        say(intents.LIVE_DATA, rng, slots, scene.held_out), rng, slots, scene.difficulty.dressed
    )
    core = expand(rng.choice(intents.LIVE_DATA_ANSWERS), rng, slots)
    return Turn("cannot_know", question, _reply(core, question, rng, slots, warm * 0.5))


def _not_covered(scene: Scene, rng: Random) -> Turn:
    slots = entities(rng, scene.brand)
    if scene.uncovered and rng.random() < 0.7:
        topic = rng.choice(scene.uncovered)
        about, core = topic.about[0], draw_question(topic, rng, slots, scene.held_out)
    else:
        about, template = rng.choice(intents.OUTSIDE)
        core = expand(template, rng, slots)
    question = _ticket(core, rng, slots, scene.difficulty.dressed)
    answer = _capital(expand(rng.choice(intents.NOT_COVERED_ANSWERS), rng, slots | {"about": about}))
    team = scene.brand.default_team
    return Turn("not_covered", question, f"{answer} {escalation(team)}", (), team)


def _small_talk(rng: Random) -> Turn:
    template, answers = rng.choice(intents.SMALL_TALK)
    return Turn("small_talk", expand(template, rng, {}), rng.choice(answers))


def make_turn(scene: Scene, kind: str, rng: Random, warm: float) -> Turn:
    """One turn of the kind; a kind that this shop's policies cannot carry becomes a plain fact."""
    judgeable = [t for t in scene.covered if t.judgement and scene.values[t.name].number is not None]
    match kind:
        case "facts" if len(scene.covered) > 1:
            return _fact(scene, rng, warm, rng.sample(scene.covered, 2))
        case "judged" if judgeable:
            return _judged(scene, rng, warm, rng.choice(judgeable))
        case "escalate":
            return _escalate(scene, rng)
        case "cannot_know":
            return _cannot_know(scene, rng, warm)
        case "not_covered":
            return _not_covered(scene, rng)
        case "small_talk":
            return _small_talk(rng)
        case _:
            return _fact(scene, rng, warm, [rng.choice(scene.covered)])


def make_scene(rng: Random, difficulty: Difficulty, held_out: bool) -> tuple[Scene, str]:
    """A shop with random values, and its system message with the policies in random order."""
    brand = make_brand(rng, held_out)
    topics = rng.sample(TOPICS, rng.randint(*difficulty.facts))
    values = {topic.name: topic.value(rng, brand.currency) for topic in topics}
    policies = {
        topic.name: policy_sentence(topic, values[topic.name], brand, rng, held_out) for topic in topics
    }
    scene = Scene(brand, values, policies, difficulty, held_out)
    return scene, system_message(brand.name, policies.values(), brand.teams)


def make_chat(rng: Random, difficulty: Difficulty = FULL, held_out: bool = False) -> Chat:
    """One chat. With `held_out`, its shop, policy sentences and questions are ones kept from training."""
    scene, system = make_scene(rng, difficulty, held_out)
    warm = 0.0 if rng.random() >= difficulty.dressed else rng.choice((0.0, 0.2, 0.6, 0.9))
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=rng.choice(difficulty.turns))
    return Chat(system, tuple(make_turn(scene, kind, rng, warm) for kind in kinds))
