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


@pytest.mark.parametrize(
    "text",
    [
        "Hello *|FNAME|*, fine", "Hello %%NAME%%", "Hello @@NAME@@", "Hello ##NAME##", "Hi __NAME__, fine", "Hi {!Contact.FirstName}",
        "Hello <%= name %>", "Hello $name$,", "Hi (insert name), fine", "Hi (customer name), fine", "Hello (NAME)",
        "Hello (Name einfügen)", "Hallo [Vorname], gut", "Bonjour [Prénom], bien", "Hola [Nombre], bien", "it costs XX.XX today",
        "a refund of $XX", "a refund of €___", "within XX business days", "within [X] days", "within <X> days", "take [N] days",
        "it comes on DD/MM/YYYY", "REPLACE_ME please", "TODO: check the price", "it leaves by ___________ we think",
    ],
)  # fmt: skip
def test_unusual_placeholders_are_found(text: str) -> None:
    assert placeholders(text)


@pytest.mark.parametrize(
    "text",
    [
        "press [Enter] please", "choose Options > [Save]", "size XXL or XXXL", "see [1] and [2]", "our return form (PDF)",
        "use code DATE20", "It's 50% off, 20% SALE%", "***important***", "#1 of them, ## twice", "the (red) one", "Super Bowl XX",
        "call us (toll free) today", "[EXTERNAL] mail", "it is $5 or $6", "my (first) order", "the (customer) side",
        "Above\n__________\n",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_placeholder_stays(text: str) -> None:
    assert not placeholders(text)
