from typing import Any

import pytest

from support_pipeline.data.filtering import REASONS, Conversation, Verdict, classify
from support_pipeline.data.filtering.reasons import DESCRIPTIONS
from support_pipeline.errors import ConfigError
from support_pipeline_tests.data.examples import config, ticket

ANSWER = "Items can be returned within 30 days of delivery."


def verdict(
    question: str, reply: str = ANSWER, *, filters: dict[str, Any] | None = None, **fields: Any
) -> Verdict:
    talk = Conversation("", (question,) if question else (), (reply,) if reply else (), reply)
    return classify(ticket(question, ("agent", reply), **fields), talk, config(filters=filters or {}))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How long do I have to return the jacket?", "answerable"),
        ("Do you ship to Canada, and how much is it?", "answerable"),
        ("My package was stolen from the porch, can you send another?", "answerable"),
        ("I was charged twice for the same order, please refund one.", "answerable"),
        ("You sent the wrong item, I did not order this dress.", "answerable"),
        ("There is a charge of $80 on my card that I did not make.", "fraud_dispute"),
        ("I never ordered anything from you, yet my card was charged.", "fraud_dispute"),
        ("Somebody used my credit card on your site, I want to dispute the payment.", "fraud_dispute"),
        ("If this is not fixed today my lawyer will contact you.", "emotional_escalation"),
        ("Worst company ever. Your agent lied to my face and nobody cares.", "emotional_escalation"),
        ("Two problems: 1) the lamp is broken 2) the invoice shows the wrong name.", "multi_issue"),
        ("We are a marketing agency and bring brands to the first page of Google.", "not_support"),
        ("Are you hiring? I would love to send my resume.", "not_support"),
    ],
)
def test_built_in_rules_read_the_customer(question: str, reason: str) -> None:
    assert verdict(question).reason == reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("As a one-time exception I have accepted your return after 45 days.", "policy_exception"),
        ("I have escalated this to our warranty team, who will decide.", "needs_human"),
        ("If it does not arrive we will escalate it to our courier team. It takes 3 days.", "answerable"),
        ("I will pass your feedback on to the product team. The zip has a lifetime warranty.", "answerable"),
    ],
)
def test_built_in_rules_read_the_reply(reply: str, reason: str) -> None:
    assert verdict("The zip of my bag broke after a year.", reply).reason == reason


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("My ex took my login and has ordered a sofa on my PayPal.", "fraud_dispute"),
        ("Two debits from your shop. My father knows nothing about them.", "fraud_dispute"),
        ("The password was changed. That wasn't me.", "fraud_dispute"),
        ("My bag was snatched and then my cards were used at your store.", "fraud_dispute"),
        ("I lost the receipt, can I still return it?", "answerable"),
        ("My phone was stolen, how do I log in on the new one?", "answerable"),
        ("Is it safe to keep my card in your app?", "answerable"),
        ("You lot are a bunch of clowns.", "emotional_escalation"),
        ("I was in tears. You ruined our wedding.", "emotional_escalation"),
        ("Third time I write, nobody answers. I am fed up.", "emotional_escalation"),
        ("I hate to bother you, but where is the invoice?", "answerable"),
        ("I am so mad about these boots, do they come in red?", "answerable"),
        ("Delivery took awfully long, is the sale price still valid?", "answerable"),
        ("The kettle leaks. Another matter: how do I change my password?", "multi_issue"),
        ("Can you cancel order 551 and tell me where order 552 is?", "multi_issue"),
        ("The torch doesn't work. I also never got the invoice for the tent.", "multi_issue"),
        ("Please send me the invoice for March and please delete my account.", "multi_issue"),
        (
            "Is the wool washable? And where do I see my loyalty points?",
            "answerable",
        ),  # one reply answers both
        ("The parcel came late and the box was torn.", "answerable"),
        ("The cup came broken, can I return it and get a refund?", "answerable"),
        ("Can I return the shirt and the hat together?", "answerable"),
    ],
)
def test_rules_know_ideas_and_their_look_alikes(question: str, reason: str) -> None:
    assert verdict(question).reason == reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Normally the tags must be on, but I'll take it back for you.", "policy_exception"),
        ("The warranty has expired. We will nevertheless replace the strap.", "policy_exception"),
        ("I've bumped you to express at no extra cost.", "policy_exception"),
        ("I am unable to make an exception to the 30 days.", "answerable"),
        ("It is sold out, however I have refunded your payment.", "answerable"),
        ("Standard shipping usually takes 4 days. I have sent it today.", "answerable"),
    ],
)
def test_an_exception_steps_over_a_limit(reply: str, reason: str) -> None:
    assert verdict("Can you help me with the jacket?", reply).reason == reason


@pytest.mark.parametrize(
    ("fields", "reason", "evidence"),
    [
        ({"status": "spam"}, "not_support", "status spam"),
        ({"status": "open", "resolved_at": None}, "no_resolution", "status open"),
        ({"tags": ("Chargeback",)}, "fraud_dispute", "tag Chargeback"),
        ({"tags": ("intent__fraud",)}, "fraud_dispute", "tag intent__fraud"),
        ({"resolution": "escalated"}, "needs_human", "resolution escalated"),
    ],
)
def test_the_helpdesk_is_heard_first(fields: dict[str, Any], reason: str, evidence: str) -> None:
    found = verdict("Can I return the jacket after three weeks?", **fields)
    assert (found.reason, found.layer, found.evidence) == (reason, "signals", evidence)


def test_a_telling_reason_replaces_a_bare_escalation() -> None:
    assert (
        verdict("I did not authorise this payment of $90.", resolution="escalated").reason == "fraud_dispute"
    )


def test_client_rules_come_before_text_rules() -> None:
    filters = {"tags": {"vip": "needs_human"}, "patterns": {r"\bwholesale\b": "not_support"}}
    assert verdict("Can I return it?", filters=filters, tags=("VIP",)).layer == "client"
    found = verdict("Do you offer wholesale prices?", filters=filters)
    assert (found.reason, found.layer) == ("not_support", "client")


def test_client_rules_that_are_wrong_are_all_named() -> None:
    with pytest.raises(ConfigError) as raised:
        verdict("x", filters={"tags": {"a": "nonsense"}, "patterns": {r"(?=look)": "fraud_dispute"}})
    assert "unknown reason 'nonsense'" in str(raised.value)
    assert "no RE2 pattern" in str(raised.value)


def test_silence_has_its_reasons() -> None:
    assert verdict("").reason == "empty"
    assert verdict("Can I return it?", "").reason == "no_resolution"
    polite = Conversation("", ("Can I return it?",), ("You're welcome. Have a nice day.",), "")
    assert classify(ticket("Can I return it?"), polite, config()).reason == "boilerplate_only"


def test_other_languages_are_left_out_whatever_the_helpdesk_says() -> None:
    german = "Guten Tag, ich habe die falsche Größe bestellt und möchte den Artikel gerne umtauschen."
    assert verdict(german, language="en").reason == "language"
    assert (
        verdict("I ordered the wrong size and would like to exchange it please.", language="de").reason
        == "answerable"
    )


def test_every_reason_is_described() -> None:
    assert set(DESCRIPTIONS) == set(REASONS)
