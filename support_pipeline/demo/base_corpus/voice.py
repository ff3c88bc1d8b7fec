"""How people write: greetings, noise, typing errors; and how agents open and close an answer."""

from random import Random

GREETINGS = (
    "Hi", "Hello", "Hey", "Hi there", "Hello there", "Good morning", "Good evening", "Dear support", "hi", "hello team", "Hey guys",
    "Good afternoon", "Dear Sir or Madam", "To whom it may concern", "Hi {brand} team", "Hello {brand}", "hey {agent}", "Greetings",
)  # fmt: skip
BEFORE = (
    "I have a [quick|short|small|simple] question.",
    "Quick question[:|.| about my order.]",
    "I [ordered|bought] a {product} [last week|recently|two days ago|on your site|from you a while ago|as a present].",
    "[My order number|Order number|The order number|My order] is {order}.",
    "[I'm|I am] [writing|contacting you|getting in touch] about {order}.",
    "[I've been|I am] a customer [for years|since forever|for a long time][ and always happy|].",
    "I could not find [this|the answer|it] on your [website|site|FAQ|help page].",
    "[Love|I love] your [products|shop|{product}s], by the way.",
    "I [already |][looked|searched] [everywhere|on your site|in the FAQ] and [found nothing|am confused].",
    "This is [about|regarding] the {product} [I ordered|from {order}|in my basket].",
    "My name is {customer} and my email is {email}.",
    "I [talked|spoke|chatted] with {agent} [yesterday|earlier|last week] but [forgot to ask|did not ask this].",
    "[Sorry to bother you|Sorry for the bother|Hope you are well|I hope this finds you well].",
    "My [daughter|son|neighbour|boss|partner] told me about [your shop|you].",
    "[Honestly|Ugh|Wow], [your website is confusing|this is hard to find|nobody answers the phone|I'm a bit annoyed].",
    "[This is the second time I ask|I asked this before and got no answer|Third time I write|Nobody replied to my last mail].",
    "[I'm so annoyed right now|This is really frustrating|I am getting impatient|Not happy at all].",
    "The {product} [arrived|came] yesterday[, it's lovely| in a big box|, thank you].",
    "We are [redecorating|moving house|planning a party|going on a trip] and [need|bought] a {product}.",
    "I am [on my phone|at work|abroad right now|in a hurry], so [briefly|short version]:",
    "You can reach me at {email} or {phone}.",
    "Ref {order}.",
    "Tracking is {tracking}, order {order}.",
    "It's my first [order|time|purchase] [here|with you].",
    "The {product} is for my [mother|nephew|office|garden|holiday].",
)
AFTER = (
    "[Thanks|Thank you|Thx|Many thanks|Cheers][!|.| in advance.| a lot.]",
    "[Thanks|Best|Regards|Kind regards|Best regards|Cheers], {customer}",
    "[Please let me know|Let me know|Looking forward to your reply|Please advise|Please respond soon].",
    "[Please answer quickly|I need to know today|It's urgent|asap please|Hurry please]!",
    "[Have a nice day|Have a great weekend|Take care][!|.]",
    "[Order|Ref|Reference]: {order}",
    "[I hope you can help|Hope you can help me|Any help is welcome|Appreciate your help].",
    "I [really |]need an answer[ this time| please| before Friday|].",
    "[Sent from my phone|Sent from my iPhone|Get Outlook for Android]",
    "[I'd hate to shop elsewhere|Don't make me wait|This should not be so hard to find out].",
    "My [order|order number] is {order}[ if you need it|, just in case|].",
    "[Otherwise|Apart from that] [all good|I'm very happy with the {product}|the {product} is great].",
    "I asked [my friend|a colleague|{agent}] but [nobody knew|got no clear answer].",
    "[You can mail me at|Write to|My mail:] {email}",
)

OPENERS = (
    "Hi {customer},", "Hello,", "Hi,", "Hi there,", "Thanks for reaching out!", "Thank you for contacting us.", "Thanks for your message.",
    "Thank you for your question.", "Good question!", "Happy to help!", "Hello {customer},", "Thanks for getting in touch.",
    "Thank you for reaching out to {brand}.", "Hey {customer}!", "Dear {customer},", "Thanks for asking!", "Of course!", "Sure!",
    "Thank you for writing to us about {order}.", "Thanks for the details on {order}.", "I'm glad to help with {order}.",
)  # fmt: skip
CLOSERS = (
    "[Please let us know|Let us know|Let me know] if you [need anything else|have any other questions|have more questions].",
    "[Have a great day|Have a lovely day|Take care][!|.]",
    "[We are happy to help|We're here if you need us|We are here to help].",
    "[Is there|Was there] anything else [I can help with|we can do for you]?",
    "[Thanks for shopping with|Thank you for choosing] {brand}[!|.]",
    "[Best|Best regards|Kind regards|Warm regards],\n{brand}",
    "[I hope that helps|Hope this helps][!|.]",
    "[Feel free to|You can always] [reach out|write to us|contact us] again.",
)
SORRY = ("Sorry for the wait.", "Sorry for the trouble.", "I apologise for the inconvenience.", "I understand your frustration.",
         "I am sorry about that.", "We apologise for the delay.")  # fmt: skip

NEIGHBOURS = {
    "a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "t": "y", "r": "e", "s": "d", "u": "y", "l": "k", "c": "v", "d": "f",
}  # fmt: skip


def misspell(word: str, rng: Random) -> str:
    """One typing error; words with digits and placeholders stay as they are."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + NEIGHBOURS.get(word[at], word[at]) + word[at + 1 :]


def roughen(text: str, rng: Random) -> str:
    """A customer's haste: typing errors, lower case, lost or repeated punctuation."""
    words = [misspell(word, rng) if rng.random() < 0.06 else word for word in text.split(" ")]
    text = " ".join(words)
    if rng.random() < 0.5 and "<" not in text:
        text = text.lower()
    if rng.random() < 0.4:
        text = text.rstrip(".?!") + rng.choice(("", "??", "!!", "...", "?!", ""))
    if rng.random() < 0.3:
        text = text.replace("'", "").replace(",", "")
    return text
