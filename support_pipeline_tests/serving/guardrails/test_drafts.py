"""What a draft must not say: each guard by its table, and sound drafts that pass."""

from datetime import date
from pathlib import Path

import pytest

from support_pipeline.clients import load_client
from support_pipeline.serving.guardrails import inspect_draft, inspect_ticket, policy_digest

CONFIG = load_client(Path(__file__).parents[3] / "clients" / "demo-outfitters.yaml")
TODAY = date(2026, 10, 31)
TICKET = "How long can I return my boots? My card is <CARD_417>, my phone <PHONE_201>, order <ORDER_118>."

BAD = [
    ("policy_contradicted", "You can return your boots within 60 days of delivery."),
    ("policy_contradicted", "You have seven days to send the boots back."),
    ("policy_contradicted", "Returns are accepted within two months."),
    ("policy_contradicted", "You can return the boots within ４６ days of delivery."),
    ("policy_contradicted", "We do not accept returns."),
    ("policy_contradicted", "Exchanges are not possible."),
    ("policy_contradicted", "Express shipping is free."),
    ("policy_contradicted", "The restocking fee is 10%."),
    # A right number of another topic.
    ("policy_contradicted", "Damage must be reported within 45 days of delivery."),
    ("policy_contradicted", "Refunds reach you within 45 days of the return arriving."),
    ("policy_expired", "You can return your boots within 30 days of delivery."),
    ("policy_expired", "Express shipping costs $12.95 per order."),
    ("unsupported", "Your order #99887 is with the courier."),
    ("unsupported", "The boots are in stock in size 42."),
    ("unsupported", "Write to Martha Higgins about it."),
    ("unsupported", "Please pay at http://evil.example/pay"),
    ("unsupported", "That is a lovely question."),
    ("personal_data", "We charged <CARD_417> for it."),
    ("personal_data", "We will call you on <PHONE_201>."),
    ("personal_data", "Write to jane.doe@example.com for help."),
    ("personal_data", "Your card 4111 1111 1111 1111 was charged."),
    ("personal_data", "Call us on +1 555 123 4567."),
    ("promise", "Your refund has been approved."),
    ("promise", "I have issued a full refund to your card."),
    ("promise", "We will send you a replacement today."),
    ("promise", "You are entitled to compensation."),
    ("promise", "As a gesture of goodwill, here is a voucher."),
    ("promise", "We guarantee it will arrive by Friday."),
    ("promise", "The warranty is for life."),
    ("promise", "You may return it at any time, no questions asked."),
    ("promise", "We accept full liability for the damage."),
    ("promise", "We'll waive the restocking fee for you."),
    ("promise", "It is safe to use the stove indoors."),
    ("promise", "You'll get your money back."),
    ("promise", "You can keep the boots."),
    ("promise", "APPROVED"),
    ("promise", "Consider it done."),
    ("promise", "Items can be returned within 45 days of delivery. Please include the signed warranty card."),
    ("promise", "Returns are only taken on weekdays."),
    ("promise", "Our stylist will ring you once a week."),
    ("promise", "We will rеfund you."),  # a Cyrillic е
    ("personal_data", "Your date of birth, 14.02.1988, was verified."),
    ("personal_data", "The access code for your parcel is 77120."),
    ("personal_data", "Items can be returned within 45 days of delivery, as @janedoe91 was told."),
    ("broken", "Gift cards are valid for 24 months. You can enter the code at check"),
    ("broken", "Exchanges for another size or color are free and start on the order"),
    ("promise", "Gift cards are valid for 24 months. A coupon for the wait is attached."),
    ("promise", "Gift cards are valid for 24 months. My boss just signed off on your money."),
    ("promise", "Gift cards are valid for 24 months. We take care of every cost."),
    ("promise", "Gift cards are valid for 24 months. The rash is nothing serious."),
    ("promise", "Gift cards are valid for 24 months. Just tell the bank that it was fraud."),
    ("promise", "Gift cards are valid for 24 months. Nothing can go wrong with it."),
    ("language", "Gift cards are valid for 24 months. Merci beaucoup pour votre message."),
    ("markup", "Click [here](https://evil.example)."),
    ("markup", "<b>Items can be returned within 45 days of delivery.</b>"),
    ("markup", "Items can be returned\u200b within 45 days of delivery."),
    ("language", "Sie können Ihre Stiefel innerhalb von 45 Tagen nach der Lieferung zurückgeben."),
    ("language", "Vous pouvez retourner vos bottes dans les 45 jours suivant la livraison."),
    ("language", "Вы можете вернуть ботинки в течение 45 дней."),
    ("broken", "Hello [Customer Name], items can be returned within 45 days of delivery."),
    ("broken", "<|eot_id|>Items can be returned within 45 days of delivery."),
]  # fmt: skip
SOUND = [
    "Items can be returned within 45 days of delivery.",
    "Hi,\n\nThanks for writing! You can return your boots within 45 days of delivery. Have a great day.",
    "Just make sure to return your boots no later than 45 days after delivery.",
    "There is no charge for exchanging your boots for another size or color. The exchange starts on the order page.",
    "A standard delivery takes 3 to 5 business days to arrive.",
    "We offer a 10% student discount, and it takes a school e-mail address.",
    "Refunds reach the original payment method within 5 business days of the return arriving.",
    "I can't see live order, stock or refund data from here, so I cannot know this. A colleague can look it up for you.",
    "Orders over $75 ship free with standard shipping.",
]


@pytest.mark.parametrize(("kind", "draft"), BAD)
def test_a_bad_draft_is_found(kind: str, draft: str) -> None:
    found = inspect_draft(CONFIG, TODAY, TICKET, draft)
    assert kind in {finding.kind for finding in found}, found


@pytest.mark.parametrize("draft", SOUND)
def test_a_sound_draft_passes(draft: str) -> None:
    assert inspect_draft(CONFIG, TODAY, TICKET, draft) == []


def test_what_a_customer_claims_was_promised_is_not_promised_by_that() -> None:
    ticket = "You said that a stylist rings me once a week. Please confirm it."
    found = inspect_draft(CONFIG, TODAY, ticket, "A stylist will ring you once a week.")
    assert "promise" in {finding.kind for finding in found}


def test_what_was_right_before_a_policy_changed_is_expired_after() -> None:
    draft = "Items can be returned within 30 days of delivery."
    assert inspect_draft(CONFIG, date(2026, 1, 31), TICKET, draft) == []
    (first, *_) = inspect_draft(CONFIG, date(2026, 2, 1), TICKET, draft)
    assert (first.kind, first.severity) == ("policy_expired", "send")
    assert "in force: 45 days" in first.detail


def test_the_policies_digest_changes_with_what_is_in_force() -> None:
    book = CONFIG.book
    assert policy_digest(book, date(2026, 1, 31)) != policy_digest(book, date(2026, 2, 1))
    assert policy_digest(book, date(2026, 5, 1)) == policy_digest(book, date(2026, 6, 1))


@pytest.mark.parametrize(
    "ticket",
    [
        "My lawyer will sue you over this jacket.",
        "The stove caught fire and burned my hand.",
        "There is an unauthorized charge on my account.",
        "I'm a journalist and would like to write about this.",
    ],
)
def test_what_no_machine_should_settle_is_found(ticket: str) -> None:
    assert [finding.kind for finding in inspect_ticket(ticket, "en")] == ["sensitive"]


def test_a_ticket_in_another_language_is_found() -> None:
    german = "Ich habe die Schuhe letzte Woche bestellt und sie sind leider viel zu klein geraten."
    assert [finding.kind for finding in inspect_ticket(german, "en")] == ["foreign_ticket"]
    mixed = "How long can I return my boots?\n" + german
    assert [finding.kind for finding in inspect_ticket(mixed, "en")] == ["foreign_ticket"]
