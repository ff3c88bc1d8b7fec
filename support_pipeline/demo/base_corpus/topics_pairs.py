"""Topics of the second course with two things to tell, `{x}` and `{y}`: an answer with one of them is half an answer."""

from random import Random

from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.topics_money import STUDENT_DISCOUNT
from support_pipeline.demo.base_corpus.topics_returns import DAMAGE_REPORT, RESTOCKING_FEE
from support_pipeline.demo.base_corpus.topics_service import SIZE_HELP
from support_pipeline.demo.base_corpus.topics_terms import EXCHANGE_TERMS, SIZE_ADVICE
from support_pipeline.demo.base_corpus.values import Maker, Value, either, percent, span, wording


def _both(first: Maker, second: Maker) -> Maker:
    """A value of two parts."""

    def make(rng: Random, currency: str) -> Value:
        parts = first(rng, currency).text, second(rng, currency).text
        return Value(" and ".join(parts), parts[0], parts=parts)

    return make


SIZE_BOTH = Topic(
    "size_both",
    ("sizes", "finding the right size", "choosing a size"),
    _both(
        wording(
            "the size chart below the photos",
            "the chart on each product page",
            "the fit guide in the app",
            "a table of measurements",
            "the size finder",
            "the size chart on our site",
            "the measuring guide",
            "the Sizes tab",
        ),
        wording(
            "the larger one",
            "the smaller one",
            "the bigger size",
            "one size up",
            "one size down",
            "the roomier one",
            "your usual size",
        ),
    ),
    (
        "[Sizes are in|For sizes see|All sizes are in] {x}; between two sizes, we [suggest|recommend|advise] {y}.",
        "Every item has {x}, and [whoever is|customers] between two sizes should take {y}.",
        "[Size advice|Choosing a size]: {x}. Between sizes, {y}.",
        "Use {x}; if two sizes could fit, choose {y}.",
        "[Check|Compare with] {x} [first|before you buy], and between sizes [go for|choose] {y}.",
        "Between two sizes {y} [is better|fits best]; [you have|there is|we offer] {x}.",
        "We have {x}. [When in doubt|In between], take {y}.",
        "[Sizing|Fit]: see {x}, and take {y} when you are between two.",
    ),
    (*SIZE_ADVICE.questions, *SIZE_HELP.questions[:8]),
    (
        "[Have a look at|See|Check|Use|Compare with] {x}, and [take|choose|order|go for] {y} [if|when] you are between two sizes.",
        "[Between two sizes|If you are in between|Should two sizes fit], [we suggest|take|choose|we would take] {y}; [the measurements are in|for the rest there is|you can also use] {x}.",
        "[You find all sizes in|The measurements are in|To choose, there is] {x}. Between two sizes, [we suggest|take|our advice is] {y}.",
        "[There is|We have] {x}; [if you fall|when] between two sizes, {y} is [right|better|our suggestion].",
        "[Our suggestion is|We suggest|Take|Go for] {y} [when you are between two|between two sizes]; [to compare, see|have a look at|there is also] {x}.",
        "For {item}, [see|check|use] {x}, and between sizes [take|choose] {y}.",
        "[With|For] {item} we [suggest|recommend] {y} [between two sizes|if you are in between]. [The details are in|See also] {x}.",
    ),
)

EXCHANGE_BOTH = Topic(
    "exchange_both",
    ("exchanges", "swapping a size or color", "what an exchange costs"),
    _both(
        wording(
            "free", "free", "free of charge", "free once", "free for members", "$5", "not free", "at no cost"
        ),
        wording(
            "in your account",
            "in the app",
            "by email",
            "through the chat",
            "on our exchange page",
            "under My orders",
            "with the form in the box",
            "in any store",
            "in the order history",
        ),
    ),
    (
        "Exchanges [for another size or color |]are {x} and [start|begin|are requested] {y}.",
        "[An exchange|A swap] of size or color is {x}; [request|start] it {y}.",
        "[Exchanges|Swaps]: {x}, {y}.",
        "You exchange an item {y}, and [it|that] is {x}.",
        "[Swapping|Exchanging] [a size|an item] is {x} and [done|arranged] {y}.",
        "[Another|A different] size is {x}; ask for it {y}.",
        "Start [an exchange|a swap] {y}; [the exchange|it] is {x}.",
        "[Size|Color] swaps are {x} and are set up {y}.",
    ),
    EXCHANGE_TERMS.questions,
    (
        "[Start|Begin|Ask for|Request|Set up] the [exchange|swap] {y}. [It|That|The exchange] is {x}.",
        "[An exchange|A swap|Another size or color|A different size] is {x}, and you [start|request|arrange] it {y}.",
        "[Exchanges are|Swapping it is|Changing the size is] {x}; [just |]start [one|it|the exchange] {y}.",
        "[Go ahead and swap it|You can exchange it] {y}; [this|an exchange|a swap] is {x}.",
        "[As to the cost, it|The price: it|It] is {x}, and [everything|the exchange|all of it] [is arranged|starts|begins] {y}.",
        "[Swapping|Exchanging] {item} is {x}. [Start|Request|Do] it {y}.",
        "[Choose|Pick|Order] the other size {y} [to swap|and exchange] {item}; that is {x}.",
        "For {item}, [start an exchange|begin the swap] {y}, [and it is|which is] {x}.",
    ),
)

DAMAGE_BOTH = Topic(
    "damage_both",
    ("damage on arrival", "reporting damage", "something that arrives broken"),
    _both(
        either(span("day", 2, 30, (3, 5, 10)), span("hour", 24, 72, (24, 48)), span("week", 1, 3)),
        wording(
            "a photo",
            "two photos",
            "pictures",
            "a short video",
            "a photo of the box",
            "the order number",
            "a few words on what happened",
            "a picture of the label",
        ),
    ),
    (
        "Damage [on arrival |]must be [reported|told] within {x}, with {y}.",
        "[Report|Tell us about] damage within {x} and [add|include|send] {y}.",
        "[Damaged items|Things that arrive broken]: {x}, and we need {y}.",
        "We need {y} within {x} if something arrives [broken|damaged].",
        "[Whoever|Anyone who] gets a damaged item sends {y} within {x}.",
        "Items that come broken are reported with {y} [no later than|within] {x}.",
        "[Transport damage|A broken delivery]: send {y} within {x}.",
        "A damage report needs {y} and {x} are given for it.",
    ),
    DAMAGE_REPORT.questions,
    (
        "[Please report|Report|Tell us about] [it|the damage|this] within {x} and [add|include|send|attach] {y}.",
        "[Sorry about that|That is a pity|That's annoying]! [You have|There are] {x} to report it; [please add|we also need|send] {y}.",
        "[Damage|It|This] can be reported [for|within] {x}; [please include|do add|we need] {y}.",
        "[Send|Give] us {y} within {x}[ of delivery| after it arrived|].",
        "[The time to report it is|For a report there are] {x}, [and please include|and we need] {y}.",
        "[Report|Tell us about] the damage to {item} with {y} within {x}.",
        "[With|Together with] {y}, [report|tell us about] {item} within {x}.",
    ),
)

RESTOCKING_BOTH = Topic(
    "restocking_both",
    ("restocking fees", "a restocking fee", "deductions from refunds"),
    _both(
        wording(
            "opened electronics",
            "opened software",
            "used bedding",
            "opened cosmetics",
            "large appliances",
            "assembled furniture",
            "unsealed games",
            "custom orders",
            "opened gadgets",
        ),
        percent(3, 35),
    ),
    (
        "For {x} [we keep|there is|we charge] a restocking fee of {y}.",
        "[Returns of|A return of] {x} [carry|carries|costs] {y} restocking.",
        "[Restocking fee|Restocking]: {y} on {x}.",
        "{x} can come back with a deduction of {y}.",
        "The restocking fee [for|on] {x} is {y}.",
        "We deduct {y} [for|from the refund of] {x}.",
        "{y} of the price is kept when {x} are returned.",
        "If {x} come back, {y} is withheld.",
    ),
    RESTOCKING_FEE.questions,
    (
        "[For|With|On] {x}[ that come back|], [we deduct|there is|we keep|we charge] a [restocking fee|fee] of {y}.",
        "[The restocking fee|The fee|The deduction] [for|on] {x} is {y}.",
        "[Returning|Sending back] {x} [costs|means|carries] a [restocking fee|deduction] of {y}.",
        "[When|If|Once] {x} come back, [the restocking fee is|we keep|we take] {y}.",
        "{x}: [the restocking fee is|we deduct|there is a fee of] {y}.",
        "{item} would fall under {x}, [so|and] the [restocking fee|fee] [of {y} applies|is {y}].",
        "[Since|As] {item} would be among {x}, [we deduct {y}|{y} is deducted|the fee is {y}].",
    ),
)

STUDENT_BOTH = Topic(
    "student_both",
    ("student discounts", "a discount for students"),
    _both(
        percent(5, 30),
        wording(
            "a student card",
            "a valid ID",
            "proof of enrolment",
            "a university login",
            "a student ID",
            "a letter from the school",
            "a campus email",
        ),
    ),
    (
        "Students [get|save|receive] {x} [off |]with {y}.",
        "[Student discount|For students]: {x}, with {y}.",
        "With {y}, [students|anyone at school] [pay|pays] {x} less.",
        "We [take|give] {x} off for [students|those who study]; [we ask for|show us] {y}.",
        "[A|The] student discount of {x} needs {y}.",
        "{y} [earns|brings] students {x} off.",
        "[Those who study|Pupils and students] save {x} if they have {y}.",
        "Show {y} and get {x} off.",
    ),
    STUDENT_DISCOUNT.questions,
    (
        "[Students get|As a student you get|You get|Anyone who studies gets] {x} off with {y}.",
        "[Our|The] student discount is {x}, and [you need|we ask for|it takes] {y}.",
        "[With|If you have] {y}, [you save|you get|we take off] {x}.",
        "[Show|Send|Use] {y} and [get|save] {x}.",
        "[Yes, it is|We give|There is] {x} for students; [you need|all it takes is|please have ready] {y}.",
        "[You save|That is] {x}, [as long as you have|for those with] {y}.",
        "{x} is [taken off|your discount] with {y}.",
    ),
)

PAIRED: tuple[Topic, ...] = (SIZE_BOTH, EXCHANGE_BOTH, DAMAGE_BOTH, RESTOCKING_BOTH, STUDENT_BOTH)
