"""How customers lead up to a question and away from it, whatever the intent."""

from support_pipeline.demo.tickets.grammar import phrases

SITUATIONS: dict[str, tuple[str, ...]] = {
    "bought": phrases("""
- I [bought|got|picked up] the {product} [on {date}|last {weekday}|{n} days ago|at the start of the month].
- [On {date}|Last {weekday}] I [ordered|purchased] the {product} [in {color}|from your site|]. Order
  {order}.
- My [order|order number] is {order}, [the|one] {product}.
- Order {order} [was delivered|arrived|came] on {date}[ with the {product}|, all fine so far|].
- [I'm a happy owner of|We recently bought] the {product} ({color}) [for {trip}|for the family|].
- [A while|Not long] ago I ordered the {product} [from you|online] [and paid {amount}|for {amount}|].
- The {product} [I ordered|from order {order}] [got here|landed on my porch] [{n} days ago|on
  {date}|{weekday}].
- I'm writing about the {product} [I bought for {person}|from {order}|that came {weekday}].
"""),
    "gift": phrases("""
- {person} [gave me|got me] the {product} [for my birthday|as a present] [and I have one already|but it's
  not quite me|].
- The {product} [was|is] a [gift|present] for {person}, [and we only open it on {later}|who lives in
  {city}|].
- I [bought|ordered] the {product} as a [surprise|present] for {person}, [who turned out to own one|for
  {later}|].
- {person} [opened|unwrapped] the {product} [last {weekday}|on {date}] [and wasn't thrilled|and would
  rather choose]...
"""),
    "unhappy": phrases("""
- The {product} [isn't what I expected|feels different from the pictures|just doesn't work for me].
- I [tried|tested] the {product} [at home|in the garden|around the house] and [I'm not convinced|it's not
  for me].
- Honestly the {product} is [heavier|bulkier|louder in color] than I [thought|hoped].
- [After a first look|Having unpacked it], the {product} [isn't right for {trip}|is more than I need].
- I [got two|ended up with two] of the {product}, [one too many|and need only one].
"""),
    "returned": phrases("""
- I'm [sending|shipping] the {product} back [this week|on {weekday}|tomorrow] [because of the fit|, order
  {order}|].
- [I plan to|I'm about to] return the {product} [from {order}|I bought on {date}|] [and paid {amount} by
  card|].
- The {product} is [packed up|boxed] and [ready|set] to go back to you.
- [Tomorrow|On {weekday}] I will drop the {product} at the post office [in {city}|].
- I [want|am going] to send back [two|three] things from {order}, [among them|including] the {product}.
"""),
    "misfit": phrases("""
- The {product} I [ordered|got] in {size} [is|turned out] too [tight in the
  shoulders|long|short|loose|snug].
- [I ordered|I bought] the {product} in {color} but [prefer|would rather have] [another color|something
  brighter].
- {person} [got|received] the {product} from me and [needs|wants] [a different size|another color].
- Order {order}: the {product} [doesn't fit|is a size off|pinches a bit].
- The {product} [came|arrived] {weekday}, [lovely quality|great colors], [wrong size|just not my size]
  [though|].
- I [tried on|tried] the {product} with [thick socks|a base layer] and {size} [won't work|is not right].
"""),
    "ordered": phrases("""
- I [just|] [placed|put in] an order [a few minutes ago|this morning|last night|an hour ago] ({order}).
- [My|The] order {order} [went through|was confirmed] [today|{weekday} evening|earlier]: the {product},
  {amount}.
- I ordered the {product} [a moment ago|earlier today|on my lunch break] [and paid with PayPal|].
- [Just|I have just] checked out with the {product} [in {size}|in {color}|and some small stuff].
- Regarding order {order} [from {date}|] [over {amount}|for the {product}]:
- [It's about|This concerns] the {product} that I ordered [under this e-mail|on {date}|for {person}].
"""),
    "moving": phrases("""
- We are [moving|relocating] to {city} on {later}, [and order {order} is open|and there's an order on its
  way].
- I [moved|have moved] [last month|to {city}] and [forgot|did not think] to [update my account|tell you].
- [I'm staying with {person}|I'll be in {city}] [until {later}|for the next weeks], and I have ordered the
  {product}.
"""),
    "arrived_damaged": phrases("""
- The {product} [arrived|came|got here] [today|on {date}|{weekday}] with [a crack|a big tear|a broken
  buckle|a dent|a hole].
- [I opened the box|I unpacked it] and the {product} [was damaged|had a rip|is bent|is scratched all over].
- Order {order} [came|was delivered] [in a crushed box|soaking wet|half open] and the {product} [is
  broken|took a hit].
- The [carton|box] [looked like it was dropped|was squashed], and the {product} inside [has a broken
  part|is torn].
- [Sadly|Unfortunately] the {product} for {person} [arrived damaged|has a cracked side|came with a snapped
  strap].
- {weekday} [delivery|'s parcel]: the {product} [has|shows] [a split seam|a smashed corner|a long scratch].
"""),
    "worn_out": phrases("""
- The [zipper|seam|stitching|sole|strap|buckle] on my {product} [failed|came apart|gave out] [on
  {trip}|after one season|].
- I've had the {product} since {date} and [a seam is opening|the zipper is stuck|something came loose].
- My {product} [developed|shows] [a fault|a weak spot] [though I hardly used it|after normal use|].
- [On the second day of|During] {trip} the [main buckle|zipper pull|lining] of the {product} [broke|came
  off].
"""),
    "planning": phrases("""
- We're [leaving for|planning] {trip} on {later} [and I still need the {product}|].
- I'd like to [order|get] the {product} [for {person}|for {trip}] [before {later}|].
- {person} has a birthday on {later} and I [want|plan] to [give|send] the {product}[ to {city}|].
- I live in {city} and [am thinking of buying|have my eye on] the {product}.
- {trip} is coming up [fast|on {later}] and my old {item} [is done|won't make it].
- [Thinking about|About to order] the {product} [in {color}|in {size}|].
"""),
    "shopping": phrases("""
- I [have|put] the {product} in my [cart|basket] [right now|].
- [First time ordering here|New customer], looking at the {product}.
- I've been [browsing|looking around] [your site|the shop] for [new gear|{trip}].
- {person} [recommended|told me about] your shop, and [now I want|I'm considering] the {product}.
- I'm [deciding between|torn between] you and another shop for the {product}.
- [I order a lot for our hiking club|I buy for our scout group|I shop for two kids] [in {city}|].
"""),
    "cart": phrases("""
- My [cart|order] [comes to|is at|totals] {amount} [with the {product}|right now|].
- [I only need|It would just be] the {product}, [which is|that's] {amount}.
- [Right now|So far] I have {amount} in [my basket|the cart][, {product} included|].
"""),
    "cheaper": phrases("""
- The {product} is {amount} [at another shop|at a store in {city}|in a competitor's ad] [this week|].
- [A shop|Some store] in {city} [sells|lists] the {product} for {amount}, [less than yours|below your
  price].
- I paid [more|a good bit more] for the {product} [with you|on {date}] than [they ask elsewhere|it costs
  next door].
"""),
    "gift_card": phrases("""
- I [have|found] a gift card [from {person}|in a drawer|from last Christmas] [worth {amount}|].
- {person} [gave me|sent me] one of your gift cards [for my birthday|on {date}|].
- I [want|plan] to [give|buy] {person} a gift card [over {amount}|for {trip}|].
- [There's|I have] [some|{amount}] left on a gift card [from a return|I got at work].
- We [raffle|hand out] gift cards [at our club|at the office] in {city} [on {later}|].
"""),
    "student": phrases("""
- I'm [a student|studying|in grad school] in {city} [and need the {product}|and money is tight|].
- [I just started college|My semester starts on {later}] and I [want|need] the {product}.
- {person} [studies|goes to school] in {city} and [wants|needs] the {product}.
- [On a student budget|As a biology student who is outside a lot], I'm looking at the {product}.
"""),
    "paperwork": phrases("""
- I bought the {product} [for work|through my company|for our club] [on {date}|].
- [I'm doing my taxes|It's expense report time] and [still miss|am missing] [something|a document] for
  {order}.
- [Our scout group|My employer] [pays for|reimburses] the {product} [from {order}|].
"""),
    "account": phrases("""
- I [tried|was trying] to [log in|sign in] [with {email}|this morning|to check my orders].
- My account is under {email}.
- I haven't [used|opened] my account since {date} [and now I want the {product}|].
- [I got a new phone|I switched laptops] [last {weekday}|] and [was logged out|had to sign in again].
- [I wanted to order|I was about to buy] the {product} but [can't get in|the login won't let me].
"""),
    "sizing": phrases("""
- I'm [looking at|interested in] the {product} in {color}.
- I [usually|normally] wear {size} but [have broad shoulders|have long arms|am between sizes] [and want
  the {product}|].
- The {product} would be for {person}, [who wears {size}|about my height|size unknown].
- [I want to wear|I plan to layer] the {product} over [a fleece|a sweater].
- My old {item} [from another brand|] [was|is] {size}, and now I want the {product}.
"""),
    "sent_back": phrases("""
- I [returned|sent back] the {product} [on {date}|{n} days ago|last {weekday}] [from order {order}|].
- The {product} [went|has gone] back to you on {date}[, tracking {tracking}|].
- [It's about|Regarding] my return of the {product} [from {order}|]: [it went out on {date}|I shipped it on
  {weekday}].
- My {product} was the wrong [thing|choice], so I [mailed|shipped] everything back on {date}.
- I dropped the {product} off [at the post office|with the carrier] [on {weekday}|on {date}].
"""),
    "waiting": phrases("""
- I ordered the {product} on {date} [and nothing has come|and I'm still waiting|].
- My order {order} [hasn't shown up|is not here yet].
- [Tracking|The tracking number] {tracking} [hasn't changed in days|shows nothing new|still says label
  created].
- [It was supposed|You promised it] to be here {weekday}. [I leave for {trip} soon|I took the day off for
  it].
"""),
}

OPENERS = phrases("""
- Hi,
- Hello,
- Hi there,
- Hey,
- Good morning,
- Good evening,
- Hello Demo Outfitters,
- Hi Demo Outfitters team,
- Dear support,
- To whom it may concern,
- Hey guys,
- Hi support team,
- Greetings,
- Quick question:
- Hope you're well.
- Me again.
- Hello! Hope someone can help.
- I have a question.
- Sorry to bother you.
""")

# For matters that leave no room for pleasantries.
GREETINGS = (
    "Hello,",
    "Hi,",
    "To whom it may concern,",
    "Hello Demo Outfitters,",
    "Dear support,",
    "Good morning,",
)
PLAIN_CLOSERS = ("Please reply.", "I expect an answer.", "Thank you.", "Regards", "Waiting for your reply.")

CLOSERS = phrases("""
- Thanks!
- Thank you.
- Thanks in advance.
- Many thanks for your help.
- Appreciate it.
- Thanks a lot, love your gear.
- Looking forward to hearing from you.
- Please let me know.
- A short answer is enough.
- Hope to hear from you soon.
- Cheers
- Any help is welcome.
- Thank you for your time.
- Would be great to know today.
- No rush.
- Thx
""")

CHATTER = phrases("""
- [We do|I try to do] a big [hike|trip] every [fall|spring] and your stuff has [never let us down|held up
  well].
- [My dog|The dog] [already|] slept on the [box|bag], so that's the real review.
- It has been [raining|snowing] here for [a week|days] and I can't wait to get [out|outside] again.
- I [read|went through] your [FAQ|help page] twice and [may have missed it|didn't find it|only got more
  confused].
- {person} says I [overthink|worry about] these things, and [maybe that's true|they may have a point].
- I [was on hold|tried calling] [for ten minutes|at lunch] and [gave up|had to go], so I'm writing instead.
- [The last time|Last year] I ordered [with you|here] everything went [smoothly|great], so I'm
  [hopeful|not worried].
- [I'm not very good|I'm hopeless] with [online shops|computers], so please [explain it simply|bear with
  me].
- We're [a family of five|four friends], and [someone always needs something|the gear list never ends].
- This is [for {trip}|my first real outdoor purchase], so I want to [get it right|do this properly].
- The [chat|bot] on your site [sent me in circles|was no use|told me to write here].
- [By the way,|Also,] the [catalog|newsletter] [was|is] [beautiful|lovely] this [season|year].
""")

ALSO = (
    "Also, I wanted to know {also}.",
    "And could you tell me {also}?",
    "One more thing, can you say {also}?",
    "While I have you, please tell me {also} too.",
    "I would also like to know {also}.",
    "My second question is {also}.",
)

BOTH_ANSWERS = (
    "{first} {second}",
    "{first} {second}",
    "{first}\n\n{second}",
    "{first} As for your other question: {second}",
    "{first} And to the second part: {second}",
)

ASK_FOR_ORDER = phrases("""
- [Could|Can] you [please|] [send|give] me your order number so I can [check|have a look]?
- [Sure, what is|What is] the order number? It starts with DO.
- Before I answer, [may I have|please send me] the order number and the [e-mail|name] it was placed under.
- Happy to look at this. Which order is it about? The number is in your confirmation.
- To find your purchase I need the order number [from the confirmation e-mail|(DO and six digits)].
""")

GIVES_ORDER = phrases("""
- [Sure, it's|It is|The number is|Here you go:] {order}.
- {order}
- [Order number|Order no.] {order}, [placed|bought] [on {date}|under {email}].
- [Found it,|Ok,] {order}. [Hope that helps|That should be it].
- it's {order} [i think|according to the mail|]
- {order}, {first} {last}, {phone}
""")

THANKS = phrases("""
- [Perfect|Great|Awesome|Super], [thank you|thanks a lot|thanks for the quick reply]!
- [Thanks|Thank you] [so much|], that [answers it|is all I needed|helps].
- Got it, thanks {agent}.
- [That was fast|Wow, quick]. Thanks!
- ok thx
- [Good to know|Understood]. [Have a nice day|Bye].
""")

WELCOME = phrases("""
- You're [very|] welcome[, {first}|]!
- [My pleasure|Glad I could help|Happy to help][, {first}|]. [Have a great day|Enjoy your gear|Take care].
- Anytime! I'm closing this ticket now, [just reply to reopen it|reply if you need more].
""")

AUTO_REPLY = phrases("""
- We have received your request and will get back to you as soon as possible. Your ticket number is
  {ticket}.
- Thank you for contacting Demo Outfitters. This is an automatic confirmation: your request #{ticket} was
  received.
- Hello, your message has arrived. Our team answers in the order in which requests come in. Request
  {ticket}.
""")

PEOPLE = (
    *(
        "my brother",
        "my sister",
        "my dad",
        "my mother",
        "my wife",
        "my husband",
        "my son",
        "my daughter",
        "my niece",
    ),
    *(
        "a friend",
        "my roommate",
        "my girlfriend",
        "my boyfriend",
        "my uncle",
        "a colleague",
        "my neighbor",
        "my partner",
    ),
)
TRIPS = (
    *(
        "a trip to the Sierra",
        "our week in Yosemite",
        "a canoe trip",
        "the Colorado Trail",
        "a winter hut tour",
    ),
    *(
        "a family camping weekend",
        "the Wind River Range",
        "an Alaska cruise",
        "a climbing course",
        "summer camp",
    ),
    *(
        "a bike tour along the coast",
        "a ski week in Utah",
        "Zion in October",
        "the John Muir Trail",
        "a scout jamboree",
    ),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
