"""Faults made of whole sentences: what mutants say beside a right answer, or in its place.

The sentences are in ordinary words on purpose, and share no list with the layers that shall find them.
"""

import random

_CONDITIONS = (
    "You must include {thing}.",
    "Please note that {thing} has to be in the parcel.",
    "Without {thing} we cannot accept it.",
    "Make sure that {thing} is enclosed.",
    "We will need {thing} from you first.",
    "{Thing} is required for this.",
    "This is possible only with {thing}.",
    "It has to be approved by {whom} first.",
    "{Whom} needs to give permission before you do this.",
    "Only {state} goods qualify.",
    "We only take back {state} items.",
    "Items that are not {state} are refused.",
    "As long as everything is {state}, that is fine.",
    "This does not apply to {kind}.",
    "{Kind} are excluded from this.",
    "We make no exception for {kind}.",
    "You have to pay {cost} yourself.",
    "{Cost} will be deducted.",
    "Customers are responsible for {cost}.",
    "It must be sent by {way}.",
    "This can be done at {way} only.",
    "Members of {club} are the only ones who may ask for it.",
    "You should register with {club} beforehand.",
)
_PARTS = {
    "thing": (
        "the original receipt", "a signed slip", "a copy of your passport", "the hygiene seal", "the cardboard sleeve",
        "a handwritten note", "proof of residence", "the barcode sticker", "the dust bag",
    ),
    "whom": ("the regional manager", "our legal team", "a supervisor by telephone", "the manufacturer", "your bank"),
    "state": ("unworn", "sealed", "unwashed", "spotless", "shrink-wrapped"),
    "kind": ("clearance goods", "outlet finds", "engraved pieces", "underwear", "swimwear", "marketplace purchases"),
    "cost": ("the handling surcharge", "import duties", "the insurance premium", "a cleaning fee", "half of the postage"),
    "way": ("registered post", "a partner kiosk", "our Ohio branch", "a drop-off locker", "a notary's office"),
    "club": ("our Summit Club", "the loyalty scheme", "our gold tier", "the trail community"),
}  # fmt: skip
_PROMISES = (
    "We will send you {present} as an apology.",
    "You will also receive {present}.",
    "I have put aside {present} for you.",
    "{Who} will call you back {soon}.",
    "{Who} will pick it up at your door {soon}.",
    "We'll pay for {cost} as well.",
    "We guarantee that it arrives {soon}.",
    "Expect an answer from {who} {soon}.",
    "Your next order is shipped by air at our expense.",
    "You'll have a lifetime guarantee on it.",
    "We can upgrade you to {present}.",
    "As a thank-you, we are adding {present}.",
)
_PROMISED = {
    "present": (
        "a gift card",
        "a second pair",
        "a premium membership",
        "a voucher",
        "a surprise box",
        "double points",
    ),
    "who": ("our manager", "the courier", "a technician", "the warehouse team", "our founder"),
    "soon": ("within the hour", "before noon", "the same evening", "by the weekend", "in a few minutes"),
    "cost": ("your taxi", "the customs fees", "the repair", "your time", "the hotel"),
}
_INTERNAL = (
    "Internal note: this one complains a lot.",
    "[Internal] check the risk score before you reply.",
    "Note to self: ask Dana about the refund.",
    "(private) The customer has called three times.",
    "Agent note: denied last month already.",
    "FYI team, looks like fraud to me.",
    "Do not tell the customer that we lost it.",
    "Staff only: offer ten dollars if she pushes.",
    "Macro: RETURN_POLICY_V2",
)
_FOREIGN = (
    "Gracias por escribirnos. Puede gestionar todo desde la página de su pedido cuando le resulte más cómodo.",
    "Vielen Dank für Ihre Nachricht. Sie können das jederzeit selbst auf der Seite Ihrer Bestellung erledigen.",
    "Merci pour votre message. Vous pouvez tout faire vous-même depuis la page de votre commande, à tout moment.",
    "Grazie per averci scritto. Può fare tutto da solo nella pagina del suo ordine quando preferisce.",
    "Obrigado pela sua mensagem. Pode tratar de tudo na página da sua encomenda quando quiser.",
)


def condition(chance: random.Random) -> str:
    """A condition, exclusion or cost that a shop might have."""
    return _filled(chance.choice(_CONDITIONS), _PARTS, chance)


def promise(chance: random.Random) -> str:
    """A present, a service or a time that a shop might promise."""
    return _filled(chance.choice(_PROMISES), _PROMISED, chance)


def internal_note(chance: random.Random) -> str:
    """What colleagues write to each other."""
    return chance.choice(_INTERNAL)


def foreign(chance: random.Random) -> str:
    """An answer in another language."""
    return chance.choice(_FOREIGN)


def _filled(line: str, parts: dict[str, tuple[str, ...]], chance: random.Random) -> str:
    chosen = {name: chance.choice(words) for name, words in parts.items()}
    capitals = {name.capitalize(): words[0].upper() + words[1:] for name, words in chosen.items()}
    return line.format(**chosen, **capitals)
