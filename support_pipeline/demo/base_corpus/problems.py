"""Tickets with several troubles at once, which a person has to sort out: `several` puts two to four of them into one message.

Each trouble alone would be a plain question, so what has to be learned is to count them.
"""

from random import Random

TROUBLES = (
    "the {product} [I got|in the box|you sent] is the wrong [one|color|size]",
    "[the refund|my refund|the money] for {order} [is missing|was too small|hasn't come]",
    "[the parcel|{order}|my order] [was left in the hallway|went to a neighbor|sat outside for a night|went to the wrong street]",
    "[my password|the login|my account] [does not work|is blocked|keeps failing]",
    "[the voucher|my coupon|the code] [was not taken off|does nothing|gives an error]",
    "[my points|the points|my bonus] [have vanished|were never added|are down to zero]",
    "[one|a part|a screw|the cable] of the {product} [is missing|was not in the box|is lost]",
    "[you charged|the invoice shows|I paid for] [one item too many|two instead of one|express that I did not get]",
    "[the swap|my exchange|the other size] [from last month|I asked for|] [never came|is still not here|was forgotten]",
    "[the invoice|the receipt|my bill] has [the wrong name|another person's name|a false amount]",
    "[the phone line|your chat|the hotline] [cuts me off|is never answered|rings for ever]",
    "[the checkout|your page|the app] [crashes|empties my basket|freezes] [each time|when I pay|again and again]",
    "[the return label|the label] [you sent |][cannot be read|is for someone else|has expired]",
    "[my address|our street|the zip code] [is still the old one|cannot be edited|is wrong on every order]",
    "[the gift card|the card for my sister] [is refused|has no balance|came without a code]",
    "[the {product}|it] [stopped working|broke|fell apart] [after a day|in the first week|at once]",
    "[I get|you send me] [e-mails|ads|letters] [that I never wanted|every day|for another person]",
    "[the delivery|the driver|the courier] [came at night|threw it over the fence|wanted money from me]",
)
TELLING = (
    "[I have|There are|I've got] [several|a few|three|some] [problems|things|points|complaints][ with {order}| with you|]",
    "[Nothing|Hardly anything] [went right|worked] [with {order}|this time|here]",
    "[A list|My list] of what went wrong",
    "[So much|Too much|A lot] [went wrong|is wrong] [with this order|at once|here]",
    "[Please sort all of this out|I need help with more than one thing|More than one matter, sorry]",
    "[Where to start|Where shall I begin|I don't know what to name first]",
)
ASKING = (
    "[Please|Kindly] [deal with|answer|solve|look at] [all of it|every point|each of these|all three].",
    "[What will you do about|How do we solve|Who takes care of] [all this|all of it|these things]?",
    "[I'd like|I want|I expect] [an answer to each|all of it solved|a solution for everything].",
    "[Call me|Ring me|Please phone]: {phone}.",
    "",
    "",
)
FIRST = ("[First|Firstly|To begin|1)|One:]", "[First of all|For one thing|To start with],")
SECOND = ("[Second|Secondly|Next|2)|Two:]", "[Then|After that|Also|And then],")
THIRD = ("[Third|Thirdly|Finally|3)|Three:]", "[And now|On top of it|Last but not least],")
JOINED = (
    ", and ",
    ". Also, ",
    "; ",
    ". On top of that ",
    ", plus ",
    ". And besides, ",
    ". Apart from that, ",
)


def several(rng: Random) -> str:
    """A template of a message with two to four troubles, listed or told in a row."""
    many = rng.choice((2, 3, 3, 3, 4))
    troubles = rng.sample(TROUBLES, many)
    opening = f"{rng.choice(TELLING)}[.|:|...] " if rng.random() < 0.6 or many == 2 else ""
    if many == 3 and rng.random() < 0.5:
        told = ". ".join(
            f"{rng.choice(head)} {trouble}"
            for head, trouble in zip((FIRST, SECOND, THIRD), troubles, strict=True)
        )
    else:
        told = troubles[0] + "".join(f"{rng.choice(JOINED)}{trouble}" for trouble in troubles[1:])
        told = f"[Besides the fact that |Not only that |It started when |||]{told}"
    return f"{opening}{told}. {rng.choice(ASKING)}"
