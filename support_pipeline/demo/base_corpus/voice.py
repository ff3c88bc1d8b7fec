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
ASIDES = (
    "[My|Our] [cousin|aunt|boss|neighbour|roommate|grandfather] [likes|has|wants] [the same one|one too|a {product}].",
    "[I'm|I am] [no expert|new to this|bad with computers|not young any more], so [please be patient|excuse me|forgive the question].",
    "[It rained|We had snow|It was hot] [all week|the whole weekend|for days] and [the kids were bored|I stayed in|nothing got done].",
    "[We|My wife and I|My husband and I] [leave|travel|fly] [in two weeks|next month|on the 9th] [for our anniversary|to my sister|to the coast].",
    "[I bought|I got] [my first one|something] [here|from you] [in 2019|years ago|last spring] and [was pleased|still have it|loved it].",
    "[The box|The parcel|It] [came|arrived] [on {n}/{n}|on Tuesday|last Friday|a week ago][, well packed|, in good shape|].",
    "[My friends|People at work|My parents] [say|think|tell me] I [ask too much|worry too much|shop too much][, and they may be right|].",
    "[I read|I looked at|I went over] your [page|help section|terms] [twice|three times] [and still wonder|without luck|but it's not clear to me].",
    "[I paid|It was|The price was] [${n}|{n} dollars] [for the {product}|in the sale|with the voucher][, I think|].",
    "[The color|The fabric|The shape|The weight] of the {product} is [lovely|nicer than I thought|not what I had in mind|a bit odd].",
    "[It's|It is] [a gift|a surprise|a present] for [my dad|my best friend|a colleague|our teacher][, who turns {n}|].",
    "[I called|I rang|I tried to call] [on Monday|at noon|yesterday] but [had to hang up|no one was free|had no time to wait].",
    "[My dog|The cat|My toddler] [sat on|played with|hid|loves] the [box|{product}|wrapping][, don't ask|, of course|].",
    "[Last time|In the past|Until now] [all went well|everything was perfect|I had no trouble] [with you|here|].",
    "[I still|I] [have the receipt|kept the box|have all the papers] [here|somewhere|in a drawer].",
    "[There are|We are] [three|four|six] [of us|in the family|in the club], [so someone always asks|and all of us shop here].",
    "[I'm writing|I write this] [from the train|late at night|from my phone|on my break], [so sorry for typos|so it's short|].",
    "[I like|I enjoy|We love] [how you pack things|your newsletter|the new colors|your shop].",
    "[I was going to|I meant to|I wanted to] [write sooner|ask last week|call instead] but [forgot|was away|had the flu].",
    "[I won't be|I am not|Nobody is] at home [until Thursday|for ten days|this week], [so there's no rush|that's why I ask|by the way].",
    "[The one I have now|My old one|The last one] is [from another brand|{n} years old|a size smaller|worn out].",
    "[I hope|Hopefully] [this is the right address|I am in the right place|you are the right person] [for that|to ask|].",
    "[I opened it|We tried it|I used it] [once|for a minute|at home], [that's all|nothing more|and it looks like new].",
    "[This is|It is] for [a wedding|a trip|the school|our new flat|a race] [in May|soon|this fall], so [it matters|I want to be sure|I ask early].",
)
SUBJECTS = (
    "[Question|Help|Request|Enquiry|Hello|Short question|A question|Please help|Need info]",
    "[Order|About|Re:|Regarding] {order}",
    "{order}",
    "[question about|about|problem with|regarding] [the |my |]{product}",
    "[Urgent|Important|Please read|My order|My purchase|Your shop]",
    "[{thing}|{thing}|{thing}|question: {thing}|{thing}?]",
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
