import pytest

from support_pipeline.data.filtering.residual import residual_personal_data


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to jo@example.com", "an e-mail address is left"),
        ("my card 4111 1111 1111 1111", "a card number is left"),
        ("pay to DE89 3704 0044 0532 0130 00", "an IBAN is left"),
        # Placeholders, numbers that are no cards, and the brand's own contact are fine.
        ("write to <EMAIL_417>", None),
        ("order 4111 1111 1111 1112", None),
        ("write to help@acme.example", None),
    ],
)
def test_only_what_is_certain_is_named(text: str, left: str | None) -> None:
    assert residual_personal_data(text, ["help@acme.example"]) == left
