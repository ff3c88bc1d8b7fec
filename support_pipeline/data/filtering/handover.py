"""What the assistant says when a person must take over: short, kind, and nothing invented."""

from support_pipeline.data.filtering.live import choose
from support_pipeline.data.filtering.reasons import Reason
from support_pipeline.model.prompt import escalation

SENTENCES: dict[Reason, tuple[str, ...]] = {
    "fraud_dispute": (
        "Thank you for telling us straight away. A payment or order that you do not recognise has to be looked at by a person, so I am passing "
        "this to the team that handles it.",
        "I'm sorry, that must be worrying. I can't judge a disputed payment or order myself; a colleague who can will take this over.",
        "I understand how unsettling this is. This needs a careful check by a colleague, and I am handing your message over now.",
        "Thanks for reporting this. Matters like this are always checked by a person, so I am passing everything you wrote to the right team.",
    ),
    "policy_exception": (
        "I understand why you are asking. This is a decision that I cannot make, so I am passing your request to a colleague who can.",
        "Thank you for explaining. What you ask for goes beyond what I may decide, and a colleague will look at it personally.",
        "I see why this matters to you. A person has to decide on this, so I am handing your request over with everything you told us.",
    ),
    "emotional_escalation": (
        "I'm truly sorry about this experience. You deserve a person's full attention, so I am handing your message to a colleague now.",
        "I hear how upsetting this has been, and I'm sorry. A colleague will read everything you wrote and take it from here.",
        "I'm sorry that it came to this. I would rather have a person look at it properly, so I am passing it on right away.",
        "Thank you for being open about how you feel, and I apologise. A colleague will take over from here and deal with this personally.",
    ),
    "multi_issue": (
        "Thank you for setting all of this out. So that nothing gets lost, a colleague will go through each of your points together with you.",
        "You raise more than one matter, and each deserves a proper answer. I am passing this to a colleague who will handle them together.",
        "Thanks for your message. As several things are involved, a colleague will take over and go through them one by one.",
    ),
    "needs_human": (
        "Thank you for your message. This needs a closer look by a person, so I am passing it to a colleague.",
        "I'd like this to be handled properly, and that takes a person. A colleague will read your message and take it from here.",
        "Thanks for the details. I can't settle this myself, so I am handing it over to a colleague with everything you wrote.",
        "I understand. This is a case for a colleague, who will look into it and get back to you.",
    ),
}


def hand_over(reason: Reason, team: str, ticket_id: str) -> str:
    """The hand-over for a reason, one of several phrasings by ticket id, ending with the team's marker."""
    return f"{choose(SENTENCES[reason], ticket_id)} {escalation(team)}"
