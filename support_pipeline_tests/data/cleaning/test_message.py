"""One message through all rules, with what each of them did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.data.cleaning import clean_message
from support_pipeline.data.cleaning.encoding import repair_encoding
from support_pipeline.data.cleaning.residue import is_boilerplate, placeholders


def test_every_rule_that_changed_the_text_is_kept_with_before_and_after() -> None:
    text = (
        "Itâ€™s on its way.\n\nBest regards,\nOdile Marchetti\n\n"
        "On Tue, Mar 3, 2026 at 9:12 AM Ana <ana@example.com> wrote:\n> where is it?"
    )
    cleaned = clean_message(text, role="agent", names=["Odile Marchetti"])
    assert cleaned.text == "It’s on its way."
    assert [step.rule for step in cleaned.steps] == ["encoding", "quotes", "signature: names and rules"]
    assert cleaned.steps[0].before == text
    assert cleaned.steps[-1].after == cleaned.text


def test_a_clean_text_has_no_steps() -> None:
    assert clean_message("Where is my belt?", role="customer") == clean_message(
        "Where is my belt?", role="bot"
    )
    assert clean_message("Where is my belt?", role="customer").steps == ()


@pytest.mark.parametrize(
    ("broken", "repaired"),
    [
        ("dÃ©jÃ  vu", "déjà vu"),
        ("itâ€™s 5â‚¬", "it’s 5€"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("Stra\u00c3\u0178e", "Straße"),
    ],
)
def test_a_wrong_decoding_is_undone(broken: str, repaired: str) -> None:
    assert repair_encoding(broken) == repaired


@pytest.mark.parametrize(
    "text", ["déjà vu", "“quoted” – text…", "ﬁne", "½ price", "Ñandú", "naïve café", "привет", "&amp;"]
)
def test_a_sound_text_keeps_every_character(text: str) -> None:
    assert repair_encoding(text) == text


@pytest.mark.parametrize(
    "left",
    ["[Date]", "{product}", "{{ticket.id}}", "[Customer Name]", "<INSERT LINK>", "[insert tracking number]", "{{ customer.first_name }}",
     "%FIRST_NAME%", "[[agent]]", "[Your Name]", "${order}", "XXXXX", "[...]", "{% if vip %}", "<<name>>", "[ORDER #]"],
)  # fmt: skip
def test_an_unfilled_placeholder_is_found(left: str) -> None:
    assert placeholders(f"Your parcel arrives on {left}, we promise.") == (left,)


@pytest.mark.parametrize(
    "text",
    [
        "It cost <CUSTOMER_417> nothing.",
        "We hand this over. [Escalated to: Returns Desk]",
        "See [our page](https://kestrel.example) for more.",
        "Choose a size (S, M, L) [see note 2].",
        "50% OFF% today",
        "if (a < b) { return }",
        "xx kisses",
        "set x = {1, 2}",
    ],
)
def test_what_is_no_placeholder_is_not(text: str) -> None:
    assert placeholders(text) == ()
    assert clean_message(text, role="agent").residue == ()


@pytest.mark.parametrize(
    ("text", "boilerplate"),
    [
        ("Thank you for contacting us!", True),
        ("Hi Ana,\n\nThanks for reaching out. We will get back to you shortly.", True),
        ("You're welcome! Have a great day.", True),
        ("Your ticket has been closed.", True),
        ("", True),
        ("Hi Ana, you can return it within 30 days.", False),
        ("Thank you for contacting us. Please send a photo of the zip.", False),
        ("Yes, wool is fine.", False),
    ],
)
def test_boilerplate_says_nothing(text: str, boilerplate: bool) -> None:
    assert is_boilerplate(text) is boilerplate


@given(st.text(max_size=300), st.sampled_from(["agent", "customer", "bot", "system"]))
def test_any_text_survives(text: str, role: str) -> None:
    cleaned = clean_message(text, role=role, names=["Odile Marchetti"], signatures=["x"])  # type: ignore[arg-type]
    assert cleaned.text == cleaned.text.strip()
    for earlier, later in zip(cleaned.steps, cleaned.steps[1:], strict=False):
        assert earlier.after == later.before


def test_spaces_are_even_whatever_the_vendor_kept_of_them() -> None:
    typed = clean_message("Is it coming  today? \n\n\tI need  to know. ", role="customer").text
    assert typed == clean_message("Is it coming today?\n\nI need to know.", role="customer").text
