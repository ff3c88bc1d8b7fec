"""Ways to ask for a fact and to state it that many topics share: frames, and each topic's words for them.

A window ("how long may I ...") is asked for alike whether it is for returns or for cancelling; only
the words in the frame differ. So a topic names its words once (`ASKS`), and every frame of its kind
takes them: `{act}` in the frame is a verb phrase, or `{thing}` a noun phrase. Like the templates of
the topics, every seventh frame is kept from training, for all topics alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.grammar import draw, expand, phrasings, sealed

NOUNS = 0.1
"""Share of the questions that only name their subject."""


@dataclass(frozen=True)
class Frames:
    """Questions and policy sentences of one kind of fact."""

    questions: tuple[str, ...]
    policies: tuple[str, ...] = ()


WINDOW_QUESTIONS = (
    "How [long|many days|much time] do I [have|get|still have] to {act}?",
    "[Until when|Till when|Up to when] [can|could|may] I {act}?",
    "By when [do I have to|must I|should I|do I need to] {act}?",
    "[What's|What is] the [deadline|time limit|cut-off|limit|last day] to {act}?",
    "[Is there|Do you have] a [deadline|time limit|limit|cut-off] [if I want|for those who want] to {act}?",
    "[Can|Could] I still {act}, or [is it too late|am I too late|did I miss the deadline|is the time over]?",
    "[I want|I'd like|I would like|I need|I was hoping|I plan|I have] to {act}. [How long do I have|How much time is there|Is that still possible|What's the time limit|Am I in time]?",
    "How [late|long] can I [still |]{act}?",
    "When [is it too late|does it get too late] to {act}?",
    "[Can|May|Could] I {act}[ please| at all|], and [for how long|within how many days|until when|in what time frame]?",
    "how [soon|quickly|fast] do I [have|need] to {act}?",
    "[What time frame|What window|How many days] [do you give|do people get|do customers have] to {act}?",
    "[Do you let|Do you allow] [people|customers|me] to {act}? [How long after|Within what time|For how many days]?",
    "[Before I decide|Just so I know|For my planning|One thing]: [what is the limit|how much time is there|how long have I got] to {act}?",
    "[Could you tell me|I'd like to know|Please tell me|I need to know|Do you know] [how long I have|until when it is possible|how many days I get] to {act}[?|.]",
    "[I might|I may|I will probably|Maybe I'll] {act}. [What's the deadline|How long would I have|How many days do you give me]?",
    "Is it [possible|allowed|okay|too late] to {act}[ now| after a few days|]?",
    "I [won't|can't|couldn't|could not] {act} [this week|right away|before the weekend|until next month]. [Will that be a problem|Is that still in time|Is that too late]?",
    "[What happens if|What if] I {act} [late|a bit later|next week]? [Is there a limit|Does a deadline apply|How long is it possible]?",
    "[time limit|deadline] to {act}?",
    "How [generous|long] is the [period|time|window] to {act}?",
)  # fmt: skip
DURATION_QUESTIONS = (
    "How long does {thing} [take|usually take|normally take|typically take]?",
    "How many [days|business days|working days] [does {thing} take|should I allow for {thing}|do you need for {thing}]?",
    "[When|How soon] can I expect {thing}?",
    "How [fast|quick|soon] is {thing}[ normally| usually|]?",
    "What's [your|the] [usual|normal|average|typical] time [frame |]for {thing}?",
    "[What is|What's] the [wait|waiting time|turnaround|timeline] for {thing}?",
    "[I'm waiting for|I am still waiting for|I expect] {thing}. How long [should that take|does it normally take|is usual]?",
    "How [much time|many days] should I [plan|allow|calculate] for {thing}?",
    "Does {thing} take [days or weeks|long|more than a week|a lot of time]?",
    "[Can you|Could you] [tell me|say|let me know] how long {thing} takes?",
    "[roughly|about|approximately] how [long|many days] is {thing}?",
    "[I need to plan|We leave soon|I'm going away]. How long [must I wait|do I have to wait|would I wait] for {thing}?",
    "{thing}: how long?",
    "[What should I expect|What is realistic] for {thing}, [a few days|one week] or [more|longer]?",
    "[When|On which day] [will|would|should] {thing} be [done|finished|complete|over]?",
    "[I'd like to know|I want to know|Please tell me] [how many days {thing} needs|how fast {thing} is|the time for {thing}].",
)  # fmt: skip
COST_QUESTIONS = (
    "How much [is {thing}|does {thing} cost|do you charge for {thing}|do I pay for {thing}]?",
    "What [does {thing} cost|is the price of {thing}|is the fee for {thing}|do you charge for {thing}]?",
    "Is {thing} [free|free of charge|included|extra|for free]?",
    "Do I [have to|need to|must] pay [extra |something |anything |]for {thing}?",
    "[Is there|Do you take|Do you ask] a [fee|charge|price|surcharge] for {thing}?",
    "How expensive is {thing}?",
    "[price|cost|fee] [of|for] {thing}?",
    "What will {thing} [cost me|set me back|add to my bill|come to]?",
    "[I'd like|I want|I need|I am thinking about] {thing}. [What's the price|How much would that be|What would it cost me|Does it cost extra]?",
    "Does {thing} [cost extra|cost anything|cost money|come with a fee]?",
    "[Can you|Could you] tell me [the price|the cost|the fee|what you charge|how much it is] for {thing}?",
    "How much [more|extra] [would I pay|is added|do you charge] for {thing}?",
    "{thing} - how much?",
    "What do [customers|people|I] [usually |]pay for {thing}?",
    "[Who|Do I or do you|Which of us] [pays|covers|has to pay] for {thing}?",
    "[I'd like to know|Please tell me|I need to know] [what {thing} costs|how much {thing} is|the price of {thing}].",
)  # fmt: skip
HOW_TO_QUESTIONS = (
    "How [do|can|would|should] I {act}?",
    "Where [do|can|should|would] I {act}?",
    "What [do I do|must I do|do I need to do|is the way] to {act}?",
    "[I want|I need|I'd like|I'm trying|I have] to {act}. [How does that work|Where do I start|What are the steps|Can you tell me how|How]?",
    "[Is there|Do you have] [a way|an easy way|an option|a page] to {act}?",
    "[I can't figure out|I don't know|I don't understand|Not sure|No idea] how to {act}.",
    "[Could you|Can you|Please] [explain|tell me|show me] how to {act}.",
    "[Is it possible|Is there a chance] to {act}[ myself| online|]?",
    "[Help|Help please|Hi], I need to {act}",
    "[Which page|What steps|Which link|What place] do I need to {act}?",
    "[I looked everywhere|I searched the whole site|I've been looking for ages] but [can't find|cannot see] where to {act}.",
    "What's the [easiest|quickest|right|best] way to {act}?",
    "[Can|Could|May] I {act} [myself|online|on my own|somewhere], [and how|and where]?",
    "how to {act}",
    "[Can|Could] you help me {act}?",
    "I [tried|wanted|was trying] to {act} but [it didn't work|got stuck|couldn't find it]. [Where is it|How is it done|What now]?",
)  # fmt: skip
VALID_QUESTIONS = (
    "How long [is {thing} valid|does {thing} last|can I use {thing}|is {thing} good for]?",
    "[Does|Will|Do you let] {thing} [expire|run out|become invalid|lose value]?",
    "When [does|will|would] {thing} [expire|run out|end|lapse]?",
    "Is there an [expiry|expiration|end] date [on|for] {thing}?",
    "Until when [is {thing} valid|can {thing} be used|is {thing} good]?",
    "How [long|many months|many years] [do I have to use|until I lose|can I keep] {thing}?",
    "[I still have|I got|I found|Someone gave me] {thing}. [Can I still use it|Is it still good|Does it expire|How long is it valid]?",
    "what is the [validity|lifetime|duration|term] of {thing}?",
    "how long will {thing} [stay|remain] [valid|usable|active]?",
    "Can {thing} [go out of date|get too old|become worthless]?",
    "[Could you|Can you] [tell me|check] how long {thing} [lasts|is valid|runs]?",
    "[Is|Would] {thing} [still be|still] [valid|good|okay] [next year|after a year|in two years]?",
    "[After how many years|After how long|At what point] [does {thing} end|is {thing} no longer valid]?",
    "{thing} - [expiry|valid until|how long]?",
)  # fmt: skip
NOUN_QUESTIONS = (
    "[What is|What's] your [policy|rule] [on|for|about|regarding] {thing}?",
    "[Can|Could] you tell me [more |something |]about {thing}?",
    "[How does it work with|What are the rules for|What about|How do you handle] {thing}?",
    "[Question|I have a question|A question|Quick question] about {thing}.",
    "What [do you|does your shop|does your policy] say about {thing}?",
    "[I'd like to know|I want to know|I need to know|Tell me|I need information] [more |]about {thing}.",
    "{thing}?",
    "[Do you have|Is there] [a policy|a rule|information|anything] [on|about] {thing}?",
    "[I couldn't find anything|Nothing on your site|I can't find a word] about {thing}. [What's the rule|Can you help|How is it]?",
    "[How are things|What is the situation] with {thing}?",
)  # fmt: skip

WINDOW = Frames(
    WINDOW_QUESTIONS,
    (
        "[Customers|You|Shoppers|Buyers] [can|may] {act} [within|for up to] {v}.",
        "The [deadline|time limit|limit] to {act} is {v}.",
        "It is possible to {act} within {v}.",
        "If you [want|wish|need] to {act}, [do so|please do it|you must do it] within {v}.",
        "[To|In order to] {act}, [write to us|contact us|let us know] within {v}.",
        "We [let|allow] [customers|you|people] to {act} for {v}.",
        "[Whoever|Anyone who] wants to {act} has {v} [for it|to do so].",
    ),
)
UNTIL = Frames(
    WINDOW_QUESTIONS,
    (
        "[Customers|You|Shoppers|Buyers] [can|may] {act} {w}.",
        "It is [possible|allowed] to {act} {w}.",
        "We [let|allow] [customers|you|people] to {act} {w}.",
        "If you [want|wish|need] to {act}, [do so|please do it|you can] {w}.",
        "You are [able|free|welcome] to {act} {w}.",
        "There is [time|a chance] to {act} {w}.",
        "[Please|Be sure to] {act} {w}; later it is [not possible|too late].",
    ),
)
DURATION = Frames(
    DURATION_QUESTIONS,
    (
        "{thing} [takes|usually takes|normally takes|needs] {v}.",
        "The [usual|normal|] time for {thing} is {v}.",
        "[Expect|You can expect] {thing} [in|within] {v}.",
        "{thing} is [done|complete|completed] [in|within] {v}.",
        "[Waiting time|Time] for {thing}: {v}.",
        "{thing}: {v}.",
        "For {thing}, [count on|expect|allow|please allow] {v}.",
        "{thing} [should not|will not|does not] take [more|longer] than {v}.",
    ),
)
COST = Frames(
    COST_QUESTIONS,
    (
        "The [price|cost|charge] of {thing} is {v}.",
        "The fee for {thing} is {v}.",
        "What {thing} costs: {v}.",
        "{thing} - {v}.",
        "[Price|Fee|Cost] for {thing}: {v}.",
        "For {thing} the [price|fee|charge] is {v}.",
        "[Customers|You] can have {thing}; the [price|fee|cost] is {v}.",
    ),
)
VALID = Frames(
    VALID_QUESTIONS,
    (
        "{thing} is [valid|good|usable] for {v}.",
        "{thing} [expires|runs out|ends|lapses] after {v}.",
        "[You can use|Customers can use|Use] {thing} for {v}.",
        "The [validity|lifetime|term] of {thing} is {v}.",
        "{thing} [stays|remains] valid for {v}.",
        "{thing} lasts {v}.",
        "{thing} is no longer valid after {v}.",
    ),
)
HOW_TO = Frames(
    HOW_TO_QUESTIONS,
    (
        "[You can|Customers can|Shoppers can] {act} [with|through|via] {v}.",
        "To {act}, [use|see|go to] {v}.",
        "If you [want|need|wish] to {act}, [use|try|look for] {v}.",
        "[The way|The quickest way|The place] to {act} is {v}.",
        "[Anyone|Everyone] can {act} [using|by means of] {v}.",
        "[In order to|To] {act}, [click|open|choose] {v}.",
        "[Where to|How to] {act}: {v}.",
    ),
)
PLACE = Frames(
    HOW_TO_QUESTIONS,
    (
        "[You can|Customers can|Shoppers can] {act} {v}.",
        "To {act}, look {v}.",
        "If you [want|need|wish] to {act}, [you can do so|it is done] {v}.",
        "[It is possible|You are able] to {act} {v}.",
        "[The place|Where] to {act}: {v}.",
        "We let [you|customers] {act} {v}.",
        "[Simply|Just] {act} {v}.",
    ),
)
NOUN = Frames(NOUN_QUESTIONS)


@dataclass(frozen=True)
class Ask:
    """A topic's words for the frames of one kind: in a customer's mouth, and in a policy book (or none)."""

    frames: Frames
    asked: str
    stated: str = ""

    def questions(self, held_out: bool) -> list[str]:
        return [self._fill(frame, self.asked) for frame in phrasings(self.frames.questions, held_out)]

    def policies(self, held_out: bool) -> list[str]:
        if not self.stated:
            return []
        return [self._fill(frame, self.stated) for frame in phrasings(self.frames.policies, held_out)]

    @staticmethod
    def _fill(frame: str, words: str) -> str:
        return frame.replace("{act}", words).replace("{thing}", words)


ITEM = "[the {product}|my {product}|an item|it|something|{order}|my order|a {product}|this]"
ORDER = "[an order|my order|the order|{order}|it|my purchase|what I ordered]"

ASKS: dict[str, tuple[Ask, ...]] = {
    "return_window": (
        Ask(WINDOW, f"[return|send back|bring back|give back|ship back|hand back|mail back|get rid of] {ITEM}",
            "[return|send back|bring back|give back|ship back] [an item|items|an order|a product|anything]"),
        Ask(WINDOW, f"[send|bring|ship|give|get] {ITEM} back[ to you|]", "[send|bring|ship] [items|an item|a purchase] back"),
        Ask(NOUN, "[returns|the return period|the return window|the return deadline|returning things|sending stuff back|your return policy in days]"),
    ),
    "refund_time": (
        Ask(DURATION, "[a refund|my refund|the refund|getting my money back|the money to come back|paying me back|reimbursement|the repayment]",
            "[a refund|the refund|refunding a return|getting your money back|the money to be back|paying back a return]"),
        Ask(NOUN, "[refund times|how long refunds take|when I get my money|the time of a refund|when the money is back on my card]"),
    ),
    "return_cost": (
        Ask(COST, "[return shipping|a return label|the return postage|sending something back|the return parcel|shipping a return|mailing it back|the postage of a return]",
            "[return shipping|a return label|return postage|sending items back|a return parcel|the postage of a return]"),
        Ask(NOUN, "[return shipping costs|the costs of a return|who pays the return|free returns]"),
    ),
    "restocking_fee": (
        Ask(COST, "[restocking|opened items that come back|an opened {product} I send back|restocking the {product}|taking back an opened box]",
            "[restocking|restocking opened items|taking back opened goods]"),
        Ask(NOUN, "[the restocking fee|restocking fees|restocking charges|deductions from a refund|the fee on opened items|what you keep from my refund]"),
    ),
    "exchange_window": (
        Ask(WINDOW, "[exchange|swap|trade|switch|change] [the {product}|my {product}|it|an item|{order}|this] for [another size|a bigger one|a different colour|a smaller size|another one|size M|a different model]",
            "[exchange|swap|trade|switch] [an item|items|a product|your size] for [another size|another one|a different colour]"),
        Ask(WINDOW, "[get|have|take] [another size|a bigger size|a different colour|the blue one|a smaller one] instead", "[get|have] another size [or colour |]instead"),
        Ask(NOUN, "[exchanges|an exchange|swapping sizes|exchanging a size|getting another size|a size swap|the exchange period]"),
    ),
    "damage_report": (
        Ask(WINDOW, "[report|tell you about|complain about|claim|send photos of|notify you of|show you] [the damage|a broken {product}|a damaged parcel|the scratches|a cracked {product}|a dent|transport damage|something that arrived broken]",
            "[report|tell us about|send photos of|claim] [damage|a broken item|a damaged parcel|transport damage|items that arrive broken]"),
        Ask(NOUN, "[damaged items|things that arrive broken|damage on arrival|a parcel that came damaged|a broken {product}]"),
    ),
    "return_howto": (
        Ask(HOW_TO, "[start|begin|register|request|set up|make|announce|initiate|arrange] [a return|my return|the return of {order}|a return for the {product}|the return process]",
            "[start|begin|register|request|make|announce] [a return|your return|the return of an order]"),
        Ask(HOW_TO, "[get|print|find|download] [a return label|the return label|the return form|a label for my return]",
            "[get|print] [a return label|the return label]"),
        Ask(NOUN, "[the steps of a return|the return process|how returns are started|starting a return]"),
    ),
    "standard_time": (
        Ask(DURATION, "[delivery|standard delivery|standard shipping|shipping|my parcel to arrive|an order to arrive|normal shipping|the regular delivery|the delivery of a {product}|the package to get here]",
            "[delivery|standard delivery|standard shipping|regular shipping|an order to arrive|normal delivery]"),
        Ask(NOUN, "[delivery times|shipping times|the standard delivery time|how long shipping takes|when parcels arrive]"),
    ),
    "standard_fee": (
        Ask(COST, "[delivery|standard delivery|standard shipping|shipping|normal shipping|postage|regular delivery|sending an order|the shipping of one {product}]",
            "[delivery|standard delivery|standard shipping|shipping an order|regular shipping]"),
        Ask(NOUN, "[shipping costs|delivery charges|shipping fees|the price of shipping|postage costs]"),
    ),
    "express_fee": (
        Ask(COST, "[express|express delivery|express shipping|fast shipping|rush delivery|next-day delivery|overnight shipping|the express option|priority shipping|the faster delivery|expedited shipping]",
            "[express|express delivery|express shipping|fast shipping|rush delivery|priority shipping|expedited shipping]"),
        Ask(NOUN, "[express costs|the express fee|express charges|the express price|the cost of fast shipping]"),
    ),
    "cancel_window": (
        Ask(UNTIL, f"[cancel|call off|stop|revoke|undo|withdraw] {ORDER}", "[cancel|call off|stop|withdraw] [an order|orders|your order]"),
        Ask(NOUN, "[cancellations|cancelling an order|order cancellation|calling off an order|cancelling]"),
    ),
    "address_change": (
        Ask(UNTIL, "[change|correct|edit|update|fix|modify|replace] [the address|the delivery address|my address|the shipping address|where it is sent|a wrong street|the house number] [on {order}|of my order|after ordering|]",
            "[change|correct|edit|update|fix] [the delivery address|the address of an order|the shipping address]"),
        Ask(UNTIL, "[have {order} sent|send my order|get it delivered|redirect my parcel|have it shipped] to [another address|my office|a different address|my neighbour|my new flat]"),
        Ask(NOUN, "[address changes|a wrong delivery address|changing the delivery address|a new address for my order]"),
    ),
    "lost_parcel": (
        Ask(NOUN, "[lost parcels|a parcel that never arrived|missing parcels|a package that got lost|orders that never come]"),
    ),
    "pickup_hold": (
        Ask(WINDOW, "[pick up|collect|fetch|come and get|get] [{order}|my order|my parcel|it|the {product}] [at the store|in your shop|at the counter|from the pickup point|in store]",
            "[pick up|collect|fetch] [an order|a parcel|your order] [in store|at the store|in the shop]"),
        Ask(NOUN, "[store pickup|click and collect|collecting an order|pickup in store|orders waiting in your shop]"),
    ),
    "price_match": (
        Ask(WINDOW, "[ask for|request|claim|get] [a price match|the lower price|price matching|the price of another shop|the price I saw elsewhere]",
            "[ask for|request|claim|get] [a price match|the lower price of another shop|price matching]"),
        Ask(WINDOW, "[show you|send you|report|tell you about] [a cheaper offer|a lower price elsewhere|a competitor's price|a cheaper {product} at another shop]"),
        Ask(NOUN, "[price matching|a price match|the price match guarantee|lower prices elsewhere|a cheaper {product} in another shop|matching a price]"),
    ),
    "warranty": (
        Ask(VALID, "[the warranty|my warranty|the guarantee|the warranty on the {product}|the guarantee on my {product}|warranty cover|the warranty for {order}]",
            "[the warranty|our warranty|the guarantee|warranty cover|the guarantee on all products]"),
        Ask(NOUN, "[the warranty|the guarantee|warranty cover|defects|faulty products|manufacturing defects]"),
    ),
    "repair_time": (
        Ask(DURATION, "[a repair|the repair|my repair|repairing the {product}|fixing my {product}|getting the {product} repaired|mending a {product}|the repair of my {product}]",
            "[a repair|repairing an item|fixing a product|getting an item repaired]"),
        Ask(NOUN, "[repairs|repair times|your repair service|having things repaired]"),
    ),
    "gift_card": (
        Ask(VALID, "[a gift card|my gift card|a gift voucher|the gift card|a gift certificate|the voucher I was given|a gift card for my sister]",
            "[a gift card|every gift card|a gift voucher|a gift certificate]"),
        Ask(NOUN, "[gift cards|the validity of gift cards|old gift cards|gift vouchers|gift certificates]"),
    ),
    "gift_wrap": (
        Ask(COST, "[gift wrapping|gift wrap|wrapping the {product}|wrapping it as a present|a gift box|gift paper|having it wrapped]",
            "[gift wrapping|gift wrap|wrapping a present|wrapping an order as a gift]"),
        Ask(NOUN, "[gift wrapping|wrapping paper|wrapped presents|the gift wrap service]"),
    ),
    "loyalty_expiry": (
        Ask(VALID, "[my points|loyalty points|the points I collected|reward points|my bonus points|a loyalty point|my balance of points]",
            "[a loyalty point|every point|a reward point|a bonus point]"),
        Ask(NOUN, "[the expiry of points|old loyalty points|points running out|how long points last|reward points]"),
    ),
    "invoice": (
        Ask(PLACE, "[get|find|download|print|see|have|request|save] [an invoice|my invoice|a receipt|the receipt for {order}|the invoice of my order|a bill for my company|a tax invoice|a copy of the receipt]",
            "[get|find|download|print|see] [an invoice|your invoice|a receipt|invoices]"),
        Ask(NOUN, "[invoices|receipts|a bill for {order}|an invoice for my taxes|proof of purchase]"),
    ),
    "password": (
        Ask(HOW_TO, "[reset|change|recover|get back|renew|replace] [my password|a forgotten password|the password|my login|the password of my account]",
            "[reset|change|recover|renew] [your password|a password|a forgotten password]"),
        Ask(HOW_TO, "[log in|sign in|get into my account|log on|access my account] [again|without my password|after forgetting the password|when the password is wrong]"),
        Ask(NOUN, "[passwords|a forgotten password|a password reset|my login that fails|a new password]"),
    ),
    "size_help": (
        Ask(HOW_TO, "[find|know|choose|pick|work out|figure out|determine|decide on] [my size|the right size|the size of the {product}|which size I need|what size to take|which size fits]",
            "[find|choose|pick|check] [your size|the right size|the size that fits]"),
        Ask(HOW_TO, "[see|look up|check|compare] [the measurements|a size chart|the size guide|sizes in inches|the size table]"),
        Ask(NOUN, "[sizes|sizing|your size guide|the fit of the {product}|the size chart|measurements]"),
    ),
    "subscription": (
        Ask(WINDOW, "[cancel|pause|skip|end|stop|quit] [my subscription|a subscription|the next delivery of my subscription|the monthly plan|my plan|the subscription box]"),
        Ask(NOUN, "[subscriptions|cancelling a subscription|pausing the subscription|the monthly plan|skipping a box]"),
    ),
    "final_sale": (Ask(NOUN, "[final sale items|what cannot be returned|items excluded from returns|things you do not take back|non-returnable products]"),),
    "free_shipping": (Ask(NOUN, "[free shipping|free delivery|the free shipping minimum|the order value for free delivery|shipping for free]"),),
    "international": (Ask(NOUN, "[international shipping|shipping abroad|delivery to other countries|the countries you ship to|overseas orders]"),),
    "promo_codes": (Ask(NOUN, "[promo codes|combining codes|discount codes|using several coupons|two vouchers at once|stacking codes]"),),
    "student_discount": (Ask(NOUN, "[student discounts|a discount for students|student prices|the student rate|money off for students]"),),
    "payment_methods": (Ask(NOUN, "[payment methods|ways to pay|how I can pay|paying by card|payment options|accepted cards]"),),
    "exchange_terms": (Ask(NOUN, "[exchanges|swapping a size|what a swap costs|another size of the {product}|exchanging a color]"),),
    "size_advice": (Ask(NOUN, "[being between two sizes|which of two sizes|sizing up|whether it runs small|the {product} between sizes]"),),
    "address_place": (Ask(NOUN, "[where to change the address|a wrong address on {order}|a new address for {order}|redirecting my parcel|moving house with an open order]"),),
    "size_both": (Ask(NOUN, "[sizes|the right size|how sizes run|picking a size|my size in the {product}|the fit of the {product}]"),),
    "exchange_both": (Ask(NOUN, "[exchanges|another size|how a swap works|changing the color of the {product}|exchanging the {product}]"),),
    "damage_both": (Ask(NOUN, "[damage|a broken {product}|something that came damaged|scratches on the {product}|how to report damage]"),),
    "restocking_both": (Ask(NOUN, "[the restocking fee|deductions|what you keep when it was opened|a fee on the opened {product}|returning an opened {product}]"),),
    "student_both": (Ask(NOUN, "[student prices|the discount for students|savings for students|being a student|student deals]"),),
    "support_hours": (Ask(NOUN, "[support hours|your opening hours|when you can be reached|office hours|the hours of your team|your phone hours]"),),
}  # fmt: skip


@cache
def questions(topic: Topic, held_out: bool) -> tuple[str, ...]:
    """The templates that ask for the topic: its own and those of its frames, but for the bare nouns."""
    framed = [t for ask in ASKS[topic.name] if ask.frames is not NOUN for t in ask.questions(held_out)]
    return (*phrasings(topic.questions, held_out), *framed)


@cache
def noun_questions(topic: Topic, held_out: bool) -> tuple[str, ...]:
    """The templates that only name what they ask about."""
    return tuple(t for ask in ASKS[topic.name] if ask.frames is NOUN for t in ask.questions(held_out))


@cache
def policies(topic: Topic, held_out: bool) -> tuple[str, ...]:
    """The templates that state the topic: its own and those of its frames."""
    framed = [template for ask in ASKS[topic.name] for template in ask.policies(held_out)]
    return (*phrasings(topic.policies, held_out), *framed)


def draw_question(topic: Topic, rng: Random, slots: Mapping[str, str], held_out: bool = False) -> str:
    """A question for the topic, now and then only its name."""
    asked = noun_questions if rng.random() < NOUNS else questions
    return draw(asked(topic, held_out), rng, slots, () if held_out else _kept_questions(topic))


def draw_noun(topic: Topic, rng: Random, slots: Mapping[str, str]) -> str:
    """Words that name what the topic is about."""
    return expand(rng.choice([ask.asked for ask in ASKS[topic.name] if ask.frames is NOUN]), rng, slots)


def draw_policy(topic: Topic, rng: Random, slots: Mapping[str, str], held_out: bool = False) -> str:
    """A sentence that states the topic."""
    kept = () if held_out else sealed(policies(topic, True))
    return draw(policies(topic, held_out), rng, slots, kept)


@cache
def _kept_questions(topic: Topic) -> frozenset[str]:
    return sealed((*questions(topic, True), *noun_questions(topic, True)))
