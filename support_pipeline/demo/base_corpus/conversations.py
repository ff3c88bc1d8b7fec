"""Chats: a shop's system message, and turns whose right answers follow from it.

A `Turn` keeps what the probe needs to judge an answer: its kind, the value that must appear, and
the team. Kinds: fact, facts (two at once), judged (yes or no by the value), escalate, cannot_know,
not_covered, small_talk.
"""

from dataclasses import dataclass
from random import Random

from support_pipeline.demo.base_corpus import intents, voice
from support_pipeline.demo.base_corpus.about_it import ABOUT_IT, full_name, plain, said_again
from support_pipeline.demo.base_corpus.asks import draw_noun, draw_policy, draw_question
from support_pipeline.demo.base_corpus.brands import Brand, make_brand
from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.grammar import draw, expand, phrasings, sealed
from support_pipeline.demo.base_corpus.problems import several
from support_pipeline.demo.base_corpus.retold import ENDS, HANDED_OVER, JOINTS, LEADS, NOT_FROM_HERE, RETOLD
from support_pipeline.demo.base_corpus.topics import TOPICS
from support_pipeline.demo.base_corpus.topics_pairs import PAIRED
from support_pipeline.demo.base_corpus.topics_terms import TERMS
from support_pipeline.demo.base_corpus.values import Value
from support_pipeline.model.prompt import Message, escalation, system_message, user_message

PLACEHOLDERS = ("order", "tracking", "customer", "agent", "email", "phone")
KINDS = {
    "fact": 0.57, "facts": 0.10, "judged": 0.05, "escalate": 0.14, "cannot_know": 0.09, "not_covered": 0.03, "small_talk": 0.02,
}  # fmt: skip
RIVALS = (
    {"address_change", "address_place"},
    {"exchange_window", "exchange_terms", "exchange_both"},
    {"size_help", "size_advice", "size_both"},
    {"damage_report", "damage_both"},
    {"restocking_fee", "restocking_both"},
    {"student_discount", "student_both"},
)
MORE_TOGETHER = KINDS | {"fact": 0.44, "facts": 0.20, "escalate": 0.17}
SECOND_QUESTIONS = (
    "{question}",
    "[Also|And|Besides|Then]: {question}",
    "[One more thing|Another question|My second question|Secondly|By the way|Something else|And the other thing]: {question}",
    "[I would also like to know|I also need to know|I also wanted to ask|It would help to know|I should know as well] about {thing}.",
    "[And could you|Could you also|Please also|While you are at it, please|While I have you, please] tell me about {thing}[ too| as well|]?",
    "[What about|And what about|How about|And then] {thing}?",
    "[The other thing I need to know is|My other question is|And my second question is about] {thing}.",
)
LABELS = ("{about}: {v}.", "{about} - {v}", "{about}: {v}")


@dataclass(frozen=True)
class Difficulty:
    """How much a chat asks of the reader. Many turns below one system message are many lessons.

    Of the facts, the share `usual` is answered in the topic's first wording, the share `quoted` by the policy's own
    sentence, the rest in any wording; with `many_voices` in those of `retold` and `about_it` too, for customers who tell more
    of their lives. The share `dressed` of the questions comes as a ticket: with greetings, a story around it, typing errors.
    """

    facts: tuple[int, int] = (5, 16)
    turns: tuple[int, ...] = (1, 2, 5, 8, 11)
    usual: float = 0.7
    quoted: float = 0.0
    dressed: float = 0.8
    many_voices: bool = False


FULL = Difficulty()
MANY_VOICES = Difficulty(facts=(5, 20), usual=0.2, quoted=0.15, many_voices=True)
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
        return [topic for topic in _topics(self.difficulty) if topic.name in self.values]

    @property
    def uncovered(self) -> list[Topic]:
        return [topic for topic in _topics(self.difficulty) if topic.name not in self.values]


def _topics(difficulty: Difficulty) -> tuple[Topic, ...]:
    return TOPICS + TERMS + PAIRED if difficulty.many_voices else TOPICS


def say(inventory: tuple[str, ...], rng: Random, slots: dict[str, str], held_out: bool = False) -> str:
    """A sentence of the inventory, of its templates for training or of those kept back."""
    kept = () if held_out else sealed(tuple(phrasings(inventory, True)))
    return draw(phrasings(inventory, held_out), rng, slots, kept)


def _value_slots(value: Value) -> dict[str, str]:
    within = f"within {value.text}" if value.number is not None or value.text[0].isdigit() else value.text
    return {"v": value.text, "a": value.adjective, "w": within} | dict(zip("xy", value.parts, strict=False))


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


def _named(scene: Scene, rng: Random) -> dict[str, str]:
    """`entities`; with many voices the product bears its name in the shop's catalogue, and `noun` is what it is."""
    slots = entities(rng, scene.brand)
    noun = plain(slots["product"])
    if scene.difficulty.many_voices:
        slots["product"] = full_name(slots["product"], rng)
    return slots | {"noun": noun}


def _told_on_the_side(rng: Random, slots: dict[str, str]) -> list[str]:
    """What a customer tells that has nothing to do with the question: mostly nothing, now and then a lot."""
    many = rng.choice((0, 0, 0, 0, 1, 1, 2, 3))
    own = slots | {"n": str(rng.randint(3, 12))}
    return [expand(line, rng, own) for line in rng.sample(voice.ASIDES, many)]


def _dressed(core: str, rng: Random, slots: dict[str, str], angry: bool = False, asides: bool = False) -> str:
    """A question as a ticket: greeting, context, the core, a closing; then typing errors."""
    parts = [core]
    if asides:
        told = _told_on_the_side(rng, slots)
        cut = rng.randint(0, len(told))
        parts = [*told[:cut], core, *told[cut:]]
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


def _ticket(
    core: str,
    rng: Random,
    slots: dict[str, str],
    difficulty: Difficulty,
    angry: bool = False,
    thing: str = "",
) -> str:
    """The question `core` as it comes in; `thing` is what it is about, if that can be a subject."""
    if rng.random() >= difficulty.dressed:
        return core
    body = _dressed(core, rng, slots, angry, difficulty.many_voices)
    subjects, share = (voice.SUBJECTS, 0.4) if difficulty.many_voices else (SUBJECTS, 0.08)
    if rng.random() >= share:
        return body
    return user_message(expand(rng.choice(subjects), rng, slots | {"thing": thing or "my order"}), body)


def _fitting(inventory: tuple[str, ...], question: str, slots: dict[str, str]) -> list[str]:
    """The openers that name nothing which the customer did not."""
    return [
        line
        for line in inventory
        if all(f"{{{name}}}" not in line or slots[name] in question for name in PLACEHOLDERS)
    ]


def _reply(
    scene: Scene,
    core: str,
    question: str,
    rng: Random,
    slots: dict[str, str],
    warm: float,
    marker: str = "",
    tells: bool = True,
) -> str:
    """The core with an opener and a closer; a lead announces an answer, so only one that `tells` something has it."""
    parts = [_capital(core)]
    voices = scene.difficulty.many_voices
    if voices and tells and rng.random() < warm * 0.5:
        parts.insert(0, expand(rng.choice(LEADS), rng, slots))
    if rng.random() < warm:
        opener = expand(rng.choice(_fitting(voice.OPENERS, question, slots)), rng, slots)
        if voices and rng.random() < 0.5:
            opener, parts = f"{opener}\n\n{parts[0]}", parts[1:]
        parts.insert(0, opener)
    if rng.random() < warm * 0.5:
        closers = voice.CLOSERS + ENDS if voices else voice.CLOSERS
        parts.append(expand(rng.choice(closers), rng, slots))
    return " ".join([*parts, marker] if marker else parts)


def _worded(scene: Scene, usual: tuple[str, ...], more: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    """The wordings to choose from: with many voices, half of the time those of `retold`."""
    return more if scene.difficulty.many_voices and rng.random() < 0.5 else usual


def _tell(scene: Scene, topic: Topic, rng: Random, slots: dict[str, str], question: str = "") -> str:
    slots = slots | _value_slots(scene.values[topic.name])
    if scene.difficulty.many_voices:
        slots["item"] = said_again(slots["product"], slots["noun"], question, rng)
        if topic.name in ABOUT_IT and rng.random() < 0.4:
            return _capital(expand(rng.choice(ABOUT_IT[topic.name]), rng, slots))
    drawn = rng.random()
    if drawn < scene.difficulty.usual:
        return _capital(expand(topic.answers[0], None, slots))
    if drawn < scene.difficulty.usual + scene.difficulty.quoted:
        return scene.policies[topic.name]
    return _capital(
        expand(
            rng.choice(_worded(scene, topic.answers, RETOLD.get(topic.name, topic.answers), rng)), rng, slots
        )
    )


def _fact(scene: Scene, rng: Random, warm: float, topics: list[Topic]) -> Turn:
    slots = _named(scene, rng)
    asked = [draw_question(topic, rng, slots, scene.held_out) for topic in topics]
    if scene.difficulty.many_voices:
        if len(topics) == 2:
            asked[1] = _asked_too(topics[1], asked[1], rng, slots)
        core = " ".join(asked)
        thing = draw_noun(rng.choice((topics[0], rng.choice(scene.covered))), rng, slots)
        told = [_tell(scene, topic, rng, slots, core) for topic in topics]
    else:
        told, thing = [_tell(scene, topic, rng, slots) for topic in topics], ""
        core = rng.choice((" ", " ", " Also, ", " And ")).join(asked)
    question = _ticket(core, rng, slots, scene.difficulty, thing=thing)
    joint = rng.choice(JOINTS) if scene.difficulty.many_voices else " "
    answer = _reply(scene, joint.join(told), question, rng, slots, warm)
    values = tuple(part for topic in topics for part in scene.values[topic.name].told)
    kind = "fact" if len(topics) == 1 else "facts"
    return Turn(kind, question, answer, values, None, tuple(topic.name for topic in topics))


def _asked_too(topic: Topic, question: str, rng: Random, slots: dict[str, str]) -> str:
    """A second question, as people put it behind a first one."""
    thing = draw_noun(topic, rng, slots)
    return expand(rng.choice(SECOND_QUESTIONS), rng, slots | {"question": question, "thing": thing})


def _own_number(value: Value, inside: bool, rng: Random) -> int:
    assert value.number is not None
    if inside:
        return rng.randint(1, value.number)
    return value.number + rng.randint(1, max(2, value.number))


def _judged(scene: Scene, rng: Random, warm: float, topic: Topic) -> Turn:
    assert topic.judgement is not None
    value, inside = scene.values[topic.name], rng.random() < 0.5
    own = _own_number(value, inside, rng)
    slots = _named(scene, rng) | _value_slots(value)
    unit = value.unit if own == 1 else f"{value.unit}s"
    number = scene.brand.currency.format(own) if value.unit == "money" else str(own)
    question = expand(rng.choice(topic.judgement.questions), rng, slots | {"n": number, "u": unit})
    question = _ticket(question, rng, slots, scene.difficulty)
    yes = inside == topic.judgement.smaller_is_yes
    core = expand(rng.choice(topic.judgement.yes if yes else topic.judgement.no), rng, slots)
    return Turn(
        "judged",
        question,
        _reply(scene, core, question, rng, slots, warm * 0.4),
        (value.text,),
        None,
        (topic.name,),
    )


def _escalate(scene: Scene, rng: Random) -> Turn:
    slots = _named(scene, rng)
    if scene.difficulty.many_voices and rng.random() < 0.2:
        core, team = _capital(expand(several(rng), rng, slots)), scene.brand.default_team
    else:
        inventory, team = _need(scene, rng)
        core = say(inventory, rng, slots, scene.held_out)
    question = _ticket(core, rng, slots, scene.difficulty, angry=rng.random() < 0.3)
    wordings = _worded(scene, intents.ESCALATION_ANSWERS, HANDED_OVER, rng)
    core = expand(rng.choice(_fitting(wordings, question, slots)), rng, slots)
    warm = 0.4 if scene.difficulty.many_voices else 0.1
    answer = _reply(scene, core, question, rng, slots, warm, escalation(team), tells=False)
    return Turn("escalate", question, answer, (), team)


def _need(scene: Scene, rng: Random) -> tuple[tuple[str, ...], str]:
    """What a person is needed for, as templates, and who that person is."""
    drawn = rng.random()
    if drawn < 0.4:
        return intents.ESCALATE_BILLING, scene.brand.billing_team
    if not scene.difficulty.many_voices:
        return intents.ESCALATE_DEFAULT, scene.brand.default_team
    if drawn < 0.6:
        return intents.ESCALATE_EXCEPTION, scene.brand.exception_team
    return intents.WITHOUT_EXCEPTIONS, scene.brand.default_team


def _cannot_know(scene: Scene, rng: Random, warm: float) -> Turn:
    slots = _named(scene, rng)
    question = _ticket(say(intents.LIVE_DATA, rng, slots, scene.held_out), rng, slots, scene.difficulty)
    wordings = _worded(scene, intents.LIVE_DATA_ANSWERS, NOT_FROM_HERE, rng)
    core = expand(rng.choice(wordings), rng, slots)
    return Turn("cannot_know", question, _reply(scene, core, question, rng, slots, warm * 0.5, tells=False))


def _not_covered(scene: Scene, rng: Random) -> Turn:
    slots = _named(scene, rng)
    if scene.uncovered and rng.random() < 0.7:
        topic = rng.choice(scene.uncovered)
        about, core = topic.about[0], draw_question(topic, rng, slots, scene.held_out)
    else:
        about, template = rng.choice(intents.OUTSIDE)
        core = expand(template, rng, slots)
    question = _ticket(core, rng, slots, scene.difficulty)
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


def _without_rivals(topics: list[Topic]) -> list[Topic]:
    """A question must have one answer: of two topics on one matter the first stays."""
    kept: list[Topic] = []
    for topic in topics:
        if not any({topic.name, before.name} <= rivals for rivals in RIVALS for before in kept):
            kept.append(topic)
    return kept


def make_scene(rng: Random, difficulty: Difficulty, held_out: bool) -> tuple[Scene, str]:
    """A shop with random values, and its system message with the policies in random order."""
    brand = make_brand(rng, held_out)
    topics = rng.sample(_topics(difficulty), rng.randint(*difficulty.facts))
    if difficulty.many_voices:
        brand = brand.with_managers(rng) if rng.random() < 0.5 else brand
        topics = _without_rivals(topics)
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
    shares = MORE_TOGETHER if difficulty.many_voices else KINDS
    kinds = rng.choices(list(shares), list(shares.values()), k=rng.choice(difficulty.turns))
    return Chat(system, tuple(make_turn(scene, kind, rng, warm) for kind in kinds))
