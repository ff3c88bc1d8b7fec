"""Answers that name the item which the customer wrote of, as agents do: "your boots", "the rain jacket", "it".

Whoever reads on after "you can return" has to go back to the ticket for the next word. What belongs here: answers with the
slot `{item}`, by topic, with the other slots of `topics_*`; and how an item is called the second time.
"""

from random import Random

UNNAMED = ("it", "it", "the item", "your item", "your purchase", "your order", "this item")
MAKERS = (
    "Alder", "Brisa", "Corvo", "Dovetail", "Estuary", "Fjell", "Gable", "Harrow", "Isla", "Jasper", "Kestrel", "Lagoon",
    "Marble", "Nimbus", "Oriole", "Prairie", "Quartz", "Rowan", "Sable", "Tundra", "Umber", "Vale", "Wren", "Yonder", "Zenit",
)  # fmt: skip
KINDS = (
    "classic", "slim", "large", "mini", "light", "wool", "leather", "foldable", "travel", "deluxe", "cotton", "steel", "wireless",
    "two-tone", "cordless", "linen",
)  # fmt: skip

ABOUT_IT: dict[str, tuple[str, ...]] = {
    "return_window": (
        "[You can|You may|You're free to] [return|send back|bring back|give back] {item} [within|for|up to|no later than] {v} [of|after|from] [delivery|the delivery date|the day it arrived].",
        "{item} [can|may] [come back|be returned|be sent back|go back] [to us |]{w} of [delivery|the delivery date|its arrival].",
        "{item} can [come back|be sent back] [for|up to] {v} after [delivery|it arrived].",
        "[Just|Please|Only] [see to it|take care|be sure] that {item} [is back|reaches us|is returned|is sent] [within|no later than|at most] {v} after [delivery|it arrived].",
        "[There are|We give you|You get|Customers have|You still have] {v} [from|after] [delivery|the delivery date] to [return|send back|decide on|give back] {item}.",
        "[Our|The] [period|window|limit|rule] for [returning|sending back|giving back] {item} is {v} [after|from] [delivery|the delivery date].",
        "[We take back|We accept|We gladly take] {item} [within|for|up to] {v} [of|from|after] delivery.",
        "[The same holds for|That includes|This covers|This goes for] {item}: {v} [from|after] [delivery|the delivery date].",
        "[Everything|Anything] [may be returned|can come back] {w} of delivery, [and that goes for|also] {item}.",
    ),
    "refund_time": (
        "[As soon as|Once|When|After] {item} [arrives back|has reached us|is with us again], [the refund|your money|the amount] [takes|needs|is paid in|is there in] {v}.",
        "[We refund|We pay back|We repay] {item} within {v} [of getting it back|after it arrives|once it is here].",
        "[The refund for|The money for|What you paid for] {item} [is paid|is credited|reaches you] [within|in at most|no later than] {v}.",
        "[Allow|Count on|It takes] {v} from the day {item} [comes back to us|is here again] until [the refund|the money] [shows|is with you].",
    ),
    "return_cost": (
        "[Sending|Shipping|Posting|Mailing] {item} back is {v}.",
        "[The label for|Return postage for|The way back of] {item} is {v}.",
        "[To return|If you send back|When you return] {item}, [the postage|shipping] is {v}.",
    ),
    "restocking_fee": (
        "[Returning|Sending back|Giving back] {item} [costs|carries|comes with|means] [a fee|a restocking fee|a deduction] of {v}.",
        "[For|With|On] {item}, [we deduct|we keep|we charge|the restocking fee is] {v}[ once opened| when it comes back opened|].",
        "{item} would count as opened [goods|stock], so [the fee of {v} applies|we deduct {v}|{v} is deducted].",
        "[From the refund for|From what you paid for] {item} [we take|goes off|we withhold] {v} [for restocking|as restocking fee].",
    ),
    "exchange_window": (
        "[Exchanging|Swapping|Changing] {item} [is possible|works|is fine] [for|within] {v}.",
        "{item} [can|may] be [swapped|exchanged|changed] [within|for|up to] {v} [of|after] delivery.",
        "[We swap|We exchange|We change] {item} [within|for|up to] {v} [of|after] delivery.",
        "[You have|There are] {v} to [swap|exchange|change] {item}.",
    ),
    "exchange_terms": (
        "[Swapping|Exchanging|Changing] {item} is {v}.",
        "[A swap|An exchange] of {item} is {v}.",
        "For {item}, [an exchange|a swap|another size] is {v}.",
        "[If|When] {item} [doesn't fit|won't do], an exchange is {v}.",
    ),
    "damage_report": (
        "[Please report|Report|Tell us about|Write to us about] [the damage to|what happened to|the fault on] {item} within {v}[ of delivery|, with a photo|].",
        "[Sorry|I'm sorry|We are sorry] [about|to hear about] {item}. [Damage|This] [can|must|should] be reported [within|in] {v}[ of delivery|].",
        "[We need|Please send] [a photo|pictures] of {item} within {v}[ of delivery| after it arrived|].",
        "[For|With] {item}, [the time to report damage|the limit for a report] is {v}[ after delivery|].",
    ),
    "cancel_window": (
        "[You can|You may|We can] [cancel|call off|stop] [{item}|the order of {item}] {w}.",
        "[The order of|Buying] {item} can be [cancelled|canceled|called off|stopped] {w}.",
        "[Cancelling|Canceling|Stopping] [the order of {item}|{item}] is possible {w}.",
    ),
    "standard_time": (
        "{item} [should|will] [arrive|reach you|be with you|get to you] [in|within|after] {v}.",
        "[Expect|Count on|You will have] {item} [in|within|after] {v}.",
        "[Getting|Shipping|Sending] {item} to you takes {v}[ with standard shipping|].",
    ),
    "standard_fee": (
        "[Shipping|Sending|Delivery of] {item} [costs|is|comes to] {v}.",
        "[To ship|To send] {item} [costs|is] {v}.",
    ),
    "express_fee": (
        "[Having|Getting|Sending] {item} [by express|faster|express] [costs|is|adds] {v}.",
        "[For|With] {item}, express [is|costs|comes to] {v}.",
        "[If you need|To have] {item} [sooner|quickly|fast], [express is|add|you pay] {v}.",
    ),
    "free_shipping": (
        "[If|When] {item} [and the rest|together with other things|alone] [comes to|costs] [more than |over |]{v}, [shipping is free|we ship it free].",
        "[We ship|We send] {item} free [in an order|if the order is] over {v}.",
    ),
    "price_match": (
        "[If you find|Should you see|When you see|If somebody sells] {item} [cheaper|for less|at a lower price] within {v}, [we match it|we match that price|you get the difference].",
        "[The lower price|A better price|A cheaper offer] for {item} is matched [within|for] {v} [of|after] [purchase|buying].",
        "[We match|We adjust] the price of {item} [for|within] {v}.",
    ),
    "warranty": (
        "[We cover|We guarantee|Our warranty covers|The warranty protects] {item} for {v}.",
        "[The warranty|The guarantee|Our cover] [on|for|of] {item} [runs|lasts|holds] [for |]{v}.",
        "[With|For] {item} [there is|you get|comes] [a warranty|a guarantee|cover] of {v}.",
        "[Should|If] {item} [fail|break] within {v}, [it is covered|the warranty pays|we put it right].",
    ),
    "repair_time": (
        "[Repairing|Fixing|Mending] {item} [takes|needs|will take] {v}.",
        "[You get|You have] {item} back [in|within|after] {v}.",
    ),
    "address_place": (
        "[The address for|Where we send|The destination of] {item} can be [changed|edited|corrected] {v}.",
        "[You can|You may] [send {item} elsewhere|change where {item} goes]: the address can be changed {v}.",
    ),
    "size_advice": (
        "[For|With] {item}, [we suggest|take|choose|I would choose|we recommend] {v}[ when you are between two sizes| between two sizes|].",
        "[If|When] you are between two sizes [of|in] {item}, [choose|take|order|go for] {v}.",
        "[Between two sizes of|Torn between two sizes of] {item}? [We suggest|Take|Our advice is|We would take] {v}.",
    ),
    "size_help": (
        "[For|Before you buy|To find the size of] {item}, [see|use|check|look at] {v}.",
        "[The size of {item}|What size of {item} fits]: [see|check|use] {v}.",
        "[Compare|Check] {item} with {v}.",
    ),
    "gift_wrap": (
        "[Wrapping|Gift-wrapping] {item} is {v}.",
        "[To have|If you want] {item} wrapped[ as a gift|], it is {v}.",
    ),
}  # fmt: skip


def full_name(product: str, rng: Random) -> str:
    """The product as a shop's catalogue has it, now and then with a maker's name and a kind before it."""
    noun = plain(product)
    drawn = rng.random()
    if drawn < 0.3:
        return product
    if drawn < 0.5:
        return f"{rng.choice(KINDS)} {noun}"
    if drawn < 0.75:
        return f"{rng.choice(MAKERS)} {noun}"
    return f"{rng.choice(MAKERS)} {rng.choice(KINDS)} {noun}"


def plain(product: str) -> str:
    """The noun alone: "jeans" of "pair of jeans"."""
    return product.rpartition(" of ")[2]


def said_again(product: str, noun: str, question: str, rng: Random) -> str:
    """What an agent calls the item: by its name, or a shorter one, if the question has it; else "it" and the like."""
    if product not in question or rng.random() < 0.15:
        return rng.choice(UNNAMED)
    name = rng.choice((product, noun, noun, noun.rpartition(" ")[2]))
    return f"{rng.choice(('the', 'your', 'your'))} {name}"
