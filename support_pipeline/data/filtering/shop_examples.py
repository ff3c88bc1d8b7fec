"""Sentences for fitting the fraud model on shops: payments and orders that a customer disowns, and the
everyday complaints that use the same words. Written for this project; no customer ever said them.
"""

from itertools import product

_FRAUD = (
    "I never placed {order}, please stop it and refund my {card}",
    "there is a charge of {sum} from your store on my {card} that I did not make",
    "someone used my {card} to buy something on your website",
    "my account was hacked and somebody ordered {thing} with my saved {card}",
    "I don't recognise this order and did not authorise the payment of {sum}",
    "you charged my {card} {sum} but I have never bought anything from you",
    "I got a confirmation for {order} that is not mine, who authorised it",
    "I want to dispute a payment of {sum}, it was not me",
    "my {card} was stolen and used in your shop yesterday",
    "my bank says that {sum} went to you, I ordered nothing",
    "an order for {thing} was made in my name and sent to an address that I do not know",
    "unauthorised purchase on my account, {sum} taken from my {card}",
    "fraudulent order {order}, please block it and give me my money back",
    "somebody logged into my account, changed the address and bought {thing}",
    "I have opened a chargeback with my bank because this payment was not mine",
    "there is a payment of {sum} to your shop on my bank statement that I know nothing about",
    "my account was taken over, the e-mail was changed and someone bought {thing}",
    "my account was hacked and {thing} was ordered to an address that is not mine, who approved this",
    "why was {sum} taken from my {card}? nobody in my house ordered anything",
)
_PROBLEMS = (
    "I ordered {thing} two weeks ago and never received it",
    "my package with {thing} was stolen from the porch, can you send a new one",
    "I was charged twice for {order}, please refund one of the payments",
    "{thing} I got is a fake, the logo is wrong",
    "you sent the wrong item, I did not order {thing}",
    "the discount was not applied and I paid {sum} too much",
    "my {card} was declined at the checkout, what can I do",
    "I can't log in to my account, the password reset does not arrive",
    "my refund of {sum} for {order} has not arrived on my {card}",
    "please cancel {order}, I ordered it by mistake",
    "what a scam, {thing} broke after two days",
    "how can I change the {card} on my order",
    "there is a pending payment of {sum} for {order}, when is it final",
    "which payment methods do you take, can I use my {card}",
    "where is {order}, the tracking does not move",
    "I lost the receipt for {thing}, can I still return it",
    "is it safe to save my {card} on your site",
    "the courier says delivered but nobody got {thing}",
    "I was billed {sum} for shipping although it said free",
    "my gift card does not work for {order}",
    "please remove my {card} and delete my account",
    "I got an e-mail with a strange link that looks like yours, is it phishing",
    "I did not get a confirmation for {order} but {sum} left my account",
    "the payment of {sum} failed but the money was deducted from my bank account",
    "money was debited from my account but {order} was not placed",
    "my bank statement shows a debit of {sum} and your site says payment failed for {order}",
    "my account was charged {sum} and no order shows up",
    "I paid with my debit {card}, it is from my usual bank and has always worked",
    "it was my debit {card}, the payment went through and then the page showed an error",
    "the amount of {sum} is gone from my account and I still have no order",
    "the transaction is confirmed at my bank, it is not pending, but {order} is not confirmed",
    "{order} was marked as delivered but I never received it, somebody must have taken it",
    "is there an update on my package with {thing}",
    "does a gift card of {sum} expire, and can I use it with my {card}",
    "I was charged {sum} but the confirmation says something else",
    "who cancelled {order}? I did not ask for that",
    "please refund {sum} to my bank account and not as store credit",
    "I have no other payment method than this {card}, what can I do",
    "can you make an exception, I missed the return date for {thing}",
)
_SLOTS = {
    "order": ("order 4471", "this order", "an order last night"),
    "card": ("card", "credit card", "PayPal account"),
    "sum": ("$89.90", "120 euros"),
    "thing": ("a jacket", "the headphones", "two phones", "shoes"),
}


def fraud() -> list[str]:
    """Disowned payments and orders."""
    return _filled(_FRAUD)


def problems() -> list[str]:
    """Everyday complaints that are not fraud."""
    return _filled(_PROBLEMS)


def _filled(sentences: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for sentence in sentences:
        names = [name for name in _SLOTS if "{" + name + "}" in sentence]
        choices = list(product(*(_SLOTS[name] for name in names)))
        found += [sentence.format(**dict(zip(names, choice, strict=True))) for choice in choices[:6]]
    return found
