"""Signatures: what goes, and what only looks like one."""

import pytest

from support_pipeline.data.cleaning.signatures import strip_signature
from support_pipeline.data.tickets import Role

BODY = "The new belt left our warehouse this morning.\n\nPlease tell us when it is there."

AGENTS = ("Odile Marchetti",)


def stripped(
    text: str, role: Role = "agent", names: tuple[str, ...] = AGENTS, fields: tuple[str, ...] = ()
) -> str:
    return strip_signature(text, role=role, names=names, signatures=fields)[1]


@pytest.mark.parametrize(
    "address",
    ["Hauptstr. 5\n10115 Berlin", "Calle Mayor 12, 3B\n28013 Madrid\nSpain", "12 Mill Lane\nLeeds LS1 4AB"],
)
def test_an_address_under_the_customers_name_goes(address: str) -> None:
    assert stripped(f"{BODY}\n\nThanks\nAna Lopez\n{address}", "customer", ("Ana Lopez",)) == BODY


@pytest.mark.parametrize(
    "signature",
    [
        "Best regards,\nOdile Marchetti\nKestrel Support",
        "Sunny greetings from Lisbon,\nOdile",
        "Stay awesome!\nOdile",
        "Mit sonnigen Grüßen\nOdile Marchetti\nKundenbetreuung",
        "Hugs from the Kestrel crew 💛\nOdile",
        "Always here for you,\nOdile from Kestrel",
        "- Odile @ Kestrel",
        "Odile (she/her)\nKestrel Support",
        "Dr. Odile Marchetti, MBA",
        "Beste Grüße aus Köln, Odile",
        "Yours in comfort,\nThe Kestrel Team",
        "Love,\nTeam Kestrel",
        "Regards\nOdile\n\nThis e-mail and any attachments are confidential and intended solely for the addressee.",
        "Kind regards\n\nOdile",
        "Odile",
        "- Odile",
        "O. Marchetti",
        "OM",
        "Thanks,\nOdile",
        "Thanks, Odile",
        "Many thanks\n\nOdile Marchetti\nCustomer Care Specialist\n+44 20 7946 0102",
        "Sincerely,",
        "Cheers!\nOdile M.",
        "Regards,\nThe Kestrel Team",
        "--\nOdile Marchetti | Kestrel",
        "____________\nOdile Marchetti\nSenior Agent\nwww.kestrel.example",
        "Customer Care Department\nOdile Marchetti",
        "Mit freundlichen Grüßen\nOdile Marchetti\nKundenservice",
        "Cordialement,\nOdile",
        "Un saludo,\nOdile Marchetti",
        "Cordiali saluti\nOdile Marchetti",
        "Met vriendelijke groet,\n\nOdile",
        "Med vänliga hälsningar\nOdile",
        "Atenciosamente,\nOdile Marchetti",
        "Warmly,\nOdile M.\nKestrel Care\nMon-Fri 8am-6pm CET",
        "Best regards,\nOdile Marchetti\nWe mend what you wear",
        "~ Odile, Kestrel Support",
        # A colleague who signs for her.
        "Warmly,\nPer T.",
        "- Per, Kestrel Support",
        "Regards,\nBjorn",
        "Thanks\nHeather Quint",
        "Bruno",
        "Priscilla Oduya\nShift Lead\npriscilla@kestrel.example",
    ],
)
def test_an_agents_signature_goes(signature: str) -> None:
    assert stripped(f"{BODY}\n\n{signature}") == BODY


@pytest.mark.parametrize(
    "ending",
    [
        "Thank you!",
        "Thanks for your patience",
        "Thanks in advance",
        "Thank you for choosing us.",
        "Let us know what you think of it, Odile will answer.",
        "Please call me at 020 7946 0102 tomorrow if you can.",
        "Your options are:\n\nMidnight Blue\nForest Green",
        "- Black Belt\n- Brown Belt",
        "Which one do you want?\nRegards to your mother and enjoy the day with her, she earned it.",
        "The code is\nK4-77-21\nand it works until Sunday.",
        "Have a great day, Ilse!",
        "Take care!",
        "Best price, best service: that is our promise to you.",
    ],
)
def test_what_is_no_signature_stays(ending: str) -> None:
    text = f"{BODY}\n\n{ending}"
    assert stripped(text) == text


@pytest.mark.parametrize(
    "ending",
    [
        "Cheers",
        "Best",
        "Thanks,\nIlse\n\nOrder KS-20931, by the way",
        "Navy Blue",
        "Order Number 17",
        "Size Medium",
        "Black",
        "Thanks",
    ],
)
def test_a_customers_last_line_stays_unless_it_is_a_name(ending: str) -> None:
    text = f"I want another colour.\n\n{ending}"
    assert stripped(text, role="customer", names=("Ilse Brandt",)) == text


@pytest.mark.parametrize(
    "ending", ["Ilse", "ilse brandt".title(), "Thanks,\nIlse", "Maria", "Best,\nMaria Costa"]
)
def test_a_customers_name_goes(ending: str) -> None:
    assert stripped(f"I want another colour.\n\n{ending}", role="customer", names=("Ilse Brandt",)) == (
        "I want another colour."
    )


def test_the_vendors_field_goes_by_value_whatever_it_says() -> None:
    field = "kestrel . we mend what you wear\nask us anything"
    rule, text = strip_signature(f"{BODY}\n\n{field}  \n", role="agent", signatures=["", field])
    assert (rule, text) == ("signature: vendor's field", BODY)


def test_a_message_is_never_cut_to_nothing() -> None:
    assert stripped("Odile Marchetti") == "Odile Marchetti"
    assert stripped("Best regards,\nOdile Marchetti") == "Best regards,\nOdile Marchetti"


@pytest.mark.parametrize(
    "ending", [" Best regards, Odile", " Thanks, Odile Marchetti.", " ^Odile", "\nKind regards, Odile"]
)
def test_an_own_name_at_the_end_of_the_line_goes(ending: str) -> None:
    assert stripped(f"It is on its way.{ending}") == "It is on its way."
