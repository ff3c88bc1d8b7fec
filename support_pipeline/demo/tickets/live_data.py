"""Questions that only live data can answer: where a parcel is, what is in stock, whether a refund went out.

The agents looked it up that day, so their answers are worthless as examples: a model learns here
to say that it cannot know.
"""

from support_pipeline.demo.tickets.grammar import phrases
from support_pipeline.demo.tickets.intents import Intent

ORDER_STATUS = Intent(
    name="order_status",
    stands_alone=True,
    weight=5,
    topics=(),
    situations=("waiting", "ordered"),
    subjects=("Where is my order?", "{order}", "Tracking", "Order not here yet", "Status of {order}"),
    questions=phrases("""
- Where is [my order|my package|my parcel|it] [right now|at the moment|]?
- Has [my order|{order}] [shipped|left the warehouse|gone out] [yet|]?
- Can you [check|see|look up] [where my parcel is|what's going on with {order}]?
- When [exactly|] [will {order} arrive|will {order} be delivered|is {order} supposed to get here]?
- [Any news|Is there an update] on [{order}|my package]?
- What's the [status|tracking number] of [my order|{order}]?
- [Is|Will] my [package|parcel] [still|] [on the way|coming today|out for delivery]?
- could you track {tracking} for me
"""),
    also=(),
    answers=phrases("""
- Your parcel left Reno [yesterday|on {weekday}] and should be with you [tomorrow|by {weekday}].
- I just checked: {order} is with the carrier in {city} and [out for delivery|due {weekday}].
- It [shipped|went out] on {date} under tracking number {tracking}, and the last scan was in {city}.
- The warehouse [packed it this morning|is packing it now]; it leaves with tonight's truck.
- The carrier had a delay in {city}. The new delivery date is {later}.
"""),
)

STOCK = Intent(
    name="stock",
    stands_alone=True,
    weight=4,
    topics=(),
    situations=("shopping", "planning"),
    products="sized",
    subjects=("In stock?", "Availability", "Back in stock", "{product} in {size}"),
    questions=phrases("""
- [Do you have|Is] the {product} [in stock|available] [in {size}|in {color}|] [right now|at the moment|]?
- When [will|does] the {product} [be|come] back in [stock|{size}]?
- Is the {color} {item} [sold out|gone for good], or [will there be more|is it coming back]?
- How many [are left|do you have left] of the {product} in {size}?
- Can you check whether {size} in {color} is [available|still there]?
- Your site says [sold out|unavailable] for {size}. Is that [right|really so], and when is the [next
  delivery|restock]?
- Do you [still|] have [one|a single one] in {size} [somewhere|in the warehouse]?
"""),
    also=(),
    answers=phrases("""
- We have [four|two|eleven] left in that size as of this morning.
- That color sold out [yesterday|last week]; the next delivery is due on {later}.
- I checked the warehouse: yes, it is in stock in {color}.
- It should be back on {later}. I put you on the list.
- Only {size} is left at the moment, and there are [three|five] of them.
"""),
)

REFUND_STATUS = Intent(
    name="refund_status",
    weight=4,
    topics=(),
    situations=("sent_back",),
    subjects=("Where is my refund", "Refund not received", "Status of my return", "Refund {order}"),
    questions=phrases("""
- [Has|Was] my refund [been sent|gone out|been issued] [yet|already]?
- [Did you get|Have you received] my return [yet|], and [is the money|was the refund] [sent|on its way]?
- [So where|Where] is my [money|refund] [now|]?
- Can you [check|look up] the status of my [refund|return] [for {order}|]?
- My card shows no [refund|credit] [so far|yet]. Can you see whether it [was processed|went out]?
- The carrier says my return {tracking} was [delivered|signed for] on {date}. Did [you book it|it reach
  you]?
- Which day was the refund for {order} [made|sent out], and [how much was it|to which card]?
"""),
    also=(),
    answers=phrases("""
- Your return was checked in on {date}, and I sent the refund of {amount} a minute ago.
- I can see that the refund went out [yesterday|on {weekday}] to your card.
- The parcel {tracking} is in our returns hall since {weekday}; it will be opened today.
- I pushed your refund through just now. It is {amount}.
- There was a hiccup in our system, so the refund leaves today, {date}.
"""),
)

INTENTS = (ORDER_STATUS, STOCK, REFUND_STATUS)
