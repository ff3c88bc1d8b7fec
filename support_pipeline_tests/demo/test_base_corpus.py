"""The corpus of the tiny base model: what its chats promise to the reader of their system message."""

import re
import subprocess
import sys
from random import Random

import pytest

from support_pipeline.demo.base_corpus import intents
from support_pipeline.demo.base_corpus.about_it import ABOUT_IT, full_name, plain, said_again
from support_pipeline.demo.base_corpus.asks import (
    ASKS,
    draw_policy,
    draw_question,
    noun_questions,
    policies,
    questions,
)
from support_pipeline.demo.base_corpus.brands import MANAGER_TEAMS
from support_pipeline.demo.base_corpus.conversations import (
    FULL,
    MANY_VOICES,
    PLAINEST,
    RIVALS,
    Chat,
    make_chat,
)
from support_pipeline.demo.base_corpus.drills import make_drill, make_naming
from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.grammar import bare, draw, expand, parse, sealed
from support_pipeline.demo.base_corpus.problems import several
from support_pipeline.demo.base_corpus.retold import RETOLD
from support_pipeline.demo.base_corpus.topics import TOPICS
from support_pipeline.demo.base_corpus.topics_pairs import PAIRED
from support_pipeline.demo.base_corpus.topics_terms import TERMS
from support_pipeline.model.prompt import escalated_to

PLACEHOLDER = re.compile(r"<[A-Z]+_\d{1,3}>")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
EVERY = TOPICS + TERMS + PAIRED


@pytest.fixture(scope="module", params=[FULL, MANY_VOICES], ids=["first course", "second course"])
def chats(request: pytest.FixtureRequest) -> list[Chat]:
    rng = Random(7)
    return [make_chat(rng, request.param) for _ in range(600)]


def text_of(chat: Chat) -> str:
    return "\n".join(message["content"] for message in chat.messages())


def test_a_template_expands_to_one_of_its_sentences() -> None:
    made = {
        expand("[Hi|Hello [there|you]|] {name}[!|.]", Random(seed), {"name": "Ann"}) for seed in range(200)
    }
    assert made == {f"{start}Ann{end}" for start in ("Hi ", "Hello there ", "Hello you ", "") for end in "!."}


def test_an_unclosed_choice_is_named() -> None:
    with pytest.raises(ValueError, match="'how long \\[is' is never closed|is never closed"):
        parse("how long [is|does")


def test_equal_seeds_give_equal_chats() -> None:
    first, again, other = (make_chat(Random(seed), FULL) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_there_are_enough_topics_and_phrasings() -> None:
    assert len(TOPICS) >= 30
    assert {topic.name for topic in EVERY} == set(ASKS)
    assert {topic.name for topic in TOPICS} == set(RETOLD)
    for topic in TOPICS:
        sizes = (len(policies(topic, False)), len(questions(topic, False)), len(topic.answers))
        assert sizes >= (7, 18, 7), topic.name


@pytest.mark.parametrize("topic", EVERY, ids=lambda topic: topic.name)
def test_every_phrasing_of_a_policy_and_of_an_answer_states_the_value(topic: Topic) -> None:
    answers = topic.answers + RETOLD.get(topic.name, ()) + ABOUT_IT.get(topic.name, ())
    for template in (*policies(topic, False), *policies(topic, True), *answers):
        if topic in PAIRED:
            assert "{x}" in template and "{y}" in template, template
        else:
            assert re.search(r"\{[vaw]\}", template), template


@pytest.mark.parametrize("topic", EVERY, ids=lambda topic: topic.name)
def test_every_topic_has_held_out_questions_and_policies_of_its_own(topic: Topic) -> None:
    for inventory in (questions, policies, noun_questions):
        trained, held_out = inventory(topic, False), inventory(topic, True)
        assert held_out and not set(trained) & set(held_out)


def test_held_out_phrasings_are_a_seventh() -> None:
    held_out = [len(questions(topic, True)) for topic in TOPICS]
    trained = [len(questions(topic, False)) for topic in TOPICS]
    assert sum(held_out) / (sum(held_out) + sum(trained)) == pytest.approx(1 / 7, abs=0.02)


@pytest.mark.parametrize("topic", [TOPICS[0], TOPICS[-1]], ids=lambda topic: topic.name)
def test_no_sentence_that_a_held_out_template_can_give_is_trained_on(topic: Topic) -> None:
    slots = {"order": "{order}", "product": "{product}", "v": "{v}", "a": "{a}", "w": "{w}"}
    rng = Random(3)
    kept = sealed((*questions(topic, True), *noun_questions(topic, True)))
    assert not {bare(draw_question(topic, rng, slots)) for _ in range(3000)} & kept
    assert {bare(draw_question(topic, rng, slots, held_out=True)) for _ in range(50)} <= kept
    kept = sealed(policies(topic, True))
    assert not {bare(draw_policy(topic, rng, slots)) for _ in range(1000)} & kept


def test_a_sentence_that_two_templates_share_is_kept_back_with_the_held_out_one() -> None:
    kept = sealed(("[May|Can] I go?",))
    drawn = {draw(("[Can|Must] I [go|stay]?",), Random(seed), {}, kept) for seed in range(50)}
    assert drawn == {"Can I stay?", "Must I go?", "Must I stay?"}


def test_held_out_shops_have_names_that_training_never_sees() -> None:
    def first_line(held_out: bool, seed: int) -> str:
        return make_chat(Random(seed), FULL, held_out).system.splitlines()[0]

    assert not {first_line(True, seed) for seed in range(200)} & {
        first_line(False, seed) for seed in range(200)
    }


def test_answers_invent_no_number_and_no_placeholder(chats: list[Chat]) -> None:
    for chat in chats:
        for turn in chat.turns:
            source = f"{chat.system}\n{turn.question}"
            for pattern in (PLACEHOLDER, NUMBER):
                assert set(pattern.findall(turn.answer)) <= set(pattern.findall(source)), turn


def test_values_that_answers_must_state_stand_in_both_policy_and_answer(chats: list[Chat]) -> None:
    for chat in chats:
        for turn in chat.turns:
            for value in turn.values:
                forms = (value.casefold(), value.replace(" ", "-").rstrip("s"))
                assert any(form in chat.system.casefold() for form in forms), (value, chat.system)
                assert any(form in turn.answer.casefold() for form in forms), turn


def test_escalations_end_with_a_team_of_the_system_message(chats: list[Chat]) -> None:
    teams = {turn.kind for chat in chats for turn in chat.turns if turn.team is not None}
    assert teams == {"escalate", "not_covered"}
    for chat in chats:
        listed = chat.system.rsplit("one of: ", 1)[1].removesuffix(".").split(", ")
        for turn in chat.turns:
            assert escalated_to(turn.answer) == turn.team
            assert turn.team is None or turn.team in listed


def test_exceptions_go_to_those_who_may_make_them() -> None:
    rng = Random(4)
    made = [make_chat(rng, MANY_VOICES) for _ in range(300)]
    turns = [(chat, turn) for chat in made for turn in chat.turns if "make an exception" in turn.question]
    chosen = {
        turn.team
        for chat, turn in turns
        if any(f" {team}" in chat.system for team in ("Shop Managers", "Goodwill Desk"))
    }
    assert turns and chosen <= set(MANAGER_TEAMS)


def test_no_shop_has_two_policies_on_one_matter() -> None:
    rng = Random(4)
    for _ in range(200):
        asked = {name for turn in make_chat(rng, MANY_VOICES).turns for name in turn.topics}
        assert not any(len(rivals & asked) > 1 for rivals in RIVALS)


def test_answers_call_an_item_only_what_the_question_called_it() -> None:
    rng = Random(6)
    names = {full_name("pair of hiking boots", rng) for _ in range(400)}
    assert "pair of hiking boots" in names and len(names) > 50
    assert all(name.endswith("hiking boots") for name in names)
    noun = plain("pair of hiking boots")
    named = {said_again("Fjell hiking boots", noun, "Do my Fjell hiking boots fit?", rng) for _ in range(200)}
    assert {"your hiking boots", "the boots", "your Fjell hiking boots", "it"} <= named
    unnamed = {said_again("Fjell hiking boots", noun, "How long can I return it?", rng) for _ in range(200)}
    assert not any("boots" in name for name in unnamed)


def test_several_troubles_go_to_a_person_and_one_of_them_alone_need_not() -> None:
    rng = Random(8)
    texts = [
        expand(several(rng), rng, {"product": "lamp", "order": "<ORDER_1>", "phone": "<PHONE_1>"})
        for _ in range(300)
    ]
    assert len(set(texts)) == 300
    turns = [turn for _ in range(300) for turn in make_chat(rng, MANY_VOICES).turns]
    listed = [turn for turn in turns if re.search(r"went wrong|(?i:first of all,|firstly) ", turn.question)]
    assert listed and all(turn.team for turn in listed)


def test_money_disputes_go_to_a_billing_team_where_there_is_one(chats: list[Chat]) -> None:
    chosen = {
        turn.team for chat in chats if "Billing Team" in chat.system for turn in chat.turns if turn.team
    }
    assert "Billing Team" in chosen
    assert len(intents.ESCALATE_BILLING) >= 15


def test_no_slot_and_no_choice_is_left_open(chats: list[Chat]) -> None:
    for chat in chats:
        without_marker = re.sub(r"\[Escalated to: [^\]]+\]", "", text_of(chat))
        assert not re.search(r"[{}|\[\]]", without_marker), without_marker


def test_the_plainest_chats_answer_a_topic_in_one_wording_and_ask_barely() -> None:
    rng = Random(1)
    turns = [turn for _ in range(300) for turn in make_chat(rng, PLAINEST).turns if turn.kind == "fact"]
    wordings: dict[str, set[str]] = {}
    for turn in turns:
        wordings.setdefault(turn.topics[0], set()).add(turn.answer.split()[0])
        assert "\n" not in turn.question
    assert {len(starts) for name, starts in wordings.items() if name != "promo_codes"} == {1}


def test_a_naming_lesson_gives_like_questions_and_policies_one_name() -> None:
    rng = Random(2)
    turns = [turn for _ in range(400) for turn in make_naming(rng).turns]
    names = {turn.answer for turn in turns}
    assert {topic.about[0] for topic in TOPICS} <= names
    assert {"a dispute about money", "a person must decide", "live data"} <= names
    assert any(turn.question.startswith("- ") for turn in turns)


def test_a_drill_answers_only_with_what_stands_in_it() -> None:
    rng = Random(5)
    for chat in (make_drill(rng) for _ in range(200)):
        for turn in chat.turns:
            assert set(turn.answer.split()) <= set(
                f"{chat.system} {turn.question} -".replace("?", " ").split()
            )


def test_the_corpus_needs_no_heavy_library() -> None:
    code = (
        "import sys, support_pipeline.demo.base_corpus.drills\n"
        "print([name for name in ('torch', 'transformers', 'tokenizers', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
