"""Intents that come before the order or beside it: shipping, prices, sizes, gift cards, the account."""

from support_pipeline.demo.tickets.grammar import phrases
from support_pipeline.demo.tickets.intents import Intent

STANDARD_SHIPPING = Intent(
    name="standard_shipping",
    stands_alone=True,
    weight=10,
    topics=("standard_shipping",),
    situations=("planning", "shopping"),
    subjects=("Shipping time", "Delivery time to {city}", "How long is shipping", "Will it come in time?"),
    questions=phrases("""
- How long does [standard|normal|regular] shipping take [to {city}|]?
- [How many days|How long] does [a parcel|an order] [usually|normally|] need [to get to {city}|to arrive]
  with standard shipping?
- What's the [delivery time|transit time] for [regular|standard] [orders|shipping]?
- If I order [today|tonight|this evening], [roughly when|when] would it [arrive|be here] with
  [standard|the normal] shipping?
- I need it [by next {weekday}|for {trip}|before {trip}]. How [fast|quick] is your standard
  [delivery|shipping]?
- Could you give me [an estimate for standard delivery|an idea of how long delivery takes]?
- Do your [normal|standard] deliveries take [days or weeks|more than a week]?
- How [soon|quickly] do [orders|things] [arrive|show up] when I don't [pick|pay for] express?
- What delivery time should I [count on|plan for|expect] [without express|with the standard option]?
- how many business days is standard shipping [these days|at the moment|]?
"""),
    also=phrases("""
- how long standard shipping takes
- how many days a normal delivery needs
- when it would arrive with standard shipping
"""),
    answers=phrases("""
- Standard shipping takes {standard_shipping}.
- With standard shipping, [orders arrive|your order arrives|a parcel arrives] in {standard_shipping}.
- [Please allow|Allow|Plan for] {standard_shipping} for standard shipping.
- A standard delivery [takes|needs] {standard_shipping}[ to arrive|].
- It takes {standard_shipping} for a parcel to arrive with standard shipping.
- Standard [shipping|delivery] [usually takes|is] {standard_shipping}[, so please plan with that|].
- Our standard shipping time is {standard_shipping}.
- [Expect|You can expect] delivery in {standard_shipping} with the standard option.
- You can count on {standard_shipping} with standard shipping.
- Parcels sent by standard shipping arrive within {standard_shipping}.
"""),
)

EXPRESS_FEE = Intent(
    name="express_fee",
    stands_alone=True,
    weight=8,
    topics=("express_fee",),
    situations=("planning", "shopping"),
    subjects=("Express shipping cost", "Express?", "Price of express delivery", "Faster shipping"),
    questions=phrases("""
- How much [is|does] express [shipping|delivery] [cost|]?
- What [do you charge|would I pay|is the price] for express?
- [What's|What is] the [fee|surcharge] for [faster|express|expedited] shipping?
- I need {the_item} [quickly|fast|asap] for {trip}. What does express [cost|come to]?
- Is express [expensive|pricey]? I [only|just] need [one thing|{the_item}] [to {city}|].
- [Could|Can] you tell me the express [rate|price] [before I check out|before I order]?
- How much [extra|more] [would it be|is it] to [have it sent|ship it] express?
- Checkout [wouldn't show|doesn't show|hides] the express [price|fee] [until I pay|]. How much is it?
- What does [the express option|express delivery] cost per order?
- If I [upgrade to|choose|pick] express, [what's|how much is] the [charge|fee]?
"""),
    also=phrases("""
- what express shipping costs
- how much the express fee is
- what I'd pay for express
"""),
    answers=phrases("""
- Express shipping costs {express_fee} per order.
- [The|Our] express [fee|rate] is {express_fee} per order.
- For express shipping we charge {express_fee} per order.
- Express is {express_fee}[, however many items are in the order| per order|, charged once per order].
- You would pay {express_fee} for express shipping[ on an order|].
- If you choose express, {express_fee} [is|will be] added to the order.
- The price of express shipping is {express_fee} for each order.
- Going with express adds {express_fee} to [your|the] order.
- Express delivery comes to {express_fee} per order.
"""),
)

FREE_SHIPPING = Intent(
    name="free_shipping",
    weight=8,
    topics=("free_shipping",),
    situations=("shopping", "cart"),
    subjects=("Free shipping", "Free shipping minimum", "Do I pay shipping?", "Shipping costs"),
    questions=phrases("""
- [When|At what amount] is shipping free?
- How much do I [have to|need to] spend [for|to get] free shipping?
- Is there a minimum [order|] for free shipping?
- [Do I|Will I] pay [for|] shipping on [that|this|an order like that]?
- What's the [threshold|limit|minimum] for free [standard shipping|delivery]?
- How far [am I|is my cart] from free shipping? I don't [know the limit|see the amount anywhere].
- [Does|Do] you [offer|have|still do] free shipping, and [from what amount|above what amount]?
- Would adding [a pair of socks|another item|a bottle] [get me to|qualify me for] free shipping?
- From which order value [on|] do you [cover|waive] the shipping?
- I [hate|don't like] paying for [postage|shipping]. [What do I need to order|How big must the order be]
  so that it's free?
"""),
    also=phrases("""
- when shipping is free
- what the minimum for free shipping is
- whether there is free shipping
"""),
    answers=phrases("""
- Standard shipping is free for orders over {free_shipping}.
- [Orders|Any order] over {free_shipping} [ship|ships] free with standard shipping.
- You get free standard shipping [once|when] your order is over {free_shipping}.
- Free standard shipping starts at orders over {free_shipping}.
- The threshold for free standard shipping is {free_shipping}; orders above that ship free.
- Once an order goes over {free_shipping}, standard shipping is free.
- Shipping is free with the standard option if the order is over {free_shipping}.
- Above {free_shipping} per order, standard shipping is free.
- We offer free standard shipping for every order over {free_shipping}.
"""),
)

PRICE_MATCH = Intent(
    name="price_match",
    weight=6,
    topics=("price_match",),
    situations=("bought", "cheaper"),
    subjects=("Price match", "Cheaper elsewhere", "Price difference", "Do you match prices?"),
    questions=phrases("""
- Do you [match prices|do price matching|offer a price match]?
- [Can|Could] you match [that|the lower price], and [how long after buying|until when] is that possible?
- How long after [buying|purchase|the order] [do you|can you] [match|adjust] [a lower price|the price]?
- What are the [rules|conditions] for a price match[ after purchase|]?
- Is there a [time limit|deadline] for [claiming|asking for] the [price difference|lower price]?
- I [just|] saw {the_item} [for less|cheaper] at [another store|a competitor|a different shop]. Do you
  [match|adjust] [that|it]?
- If I find {the_item} cheaper [somewhere else|at another shop] [later|next week], will you [match|honor]
  that?
- What's your price match [policy|period]?
- For how many days [after buying|] do you match [other shops' prices|a competitor's price]?
"""),
    also=phrases("""
- whether you match a lower price
- how long a price match is possible
"""),
    answers=phrases("""
- We match a lower price elsewhere within {price_match} of purchase.
- A lower price elsewhere is matched if you find it within {price_match} of purchase.
- Price matching is possible [for|within] {price_match} after [the purchase|you bought {it}].
- If you find a lower price within {price_match} of purchase, we match it.
- Our price match [covers|applies to] the first {price_match} after purchase.
- You have {price_match} from purchase to ask for a price match.
- We do match lower prices from other shops, within {price_match} of [your|the] purchase.
- The price match period is {price_match} from the purchase date.
- Any lower price found elsewhere can be matched up to {price_match} after purchase.
"""),
)

GIFT_CARD = Intent(
    name="gift_card",
    weight=6,
    topics=("gift_card",),
    situations=("gift_card",),
    subjects=("Gift card", "Gift card validity", "Does my gift card expire?", "Old gift card"),
    questions=phrases("""
- How long [is a gift card|are gift cards|is it] valid?
- Do [your|] gift cards expire?
- [When|After how long] does a gift card [expire|run out|lose its value]?
- Is there an expiry date on [gift cards|it]?
- Until when [can|could] it be [used|redeemed|spent]?
- How [many months|long] [do I|does one] have to [use|spend] a gift card?
- I can't find [a date|an expiry date] on [it|the card]. How long [does it last|is it good for]?
- If I [wait|hold on to it] until [next season|spring|the summer sale], will it still [work|be valid]? How
  long do they last?
- What's the validity of [gift cards|your gift cards]?
- Can I [sit on|keep] a gift card for [a while|a year], or does it [expire|go bad]?
"""),
    also=phrases("""
- how long gift cards are valid
- whether gift cards expire
"""),
    answers=phrases("""
- Gift cards are valid for {gift_card}.
- [A|Your] gift card [stays|is] valid for {gift_card}.
- You can use [a|the] gift card for {gift_card}[, and after that it expires|].
- Our gift cards expire after {gift_card}.
- Each gift card is good for {gift_card}.
- There are {gift_card} to spend a gift card before it expires.
- The validity of our gift cards is {gift_card}.
- A gift card can be redeemed for {gift_card}.
- Gift cards do expire, after {gift_card}.
"""),
)

STUDENT_DISCOUNT = Intent(
    name="student_discount",
    stands_alone=True,
    weight=5,
    topics=("student_discount",),
    situations=("student",),
    subjects=("Student discount", "Discount for students?", "Student", "Uni discount"),
    questions=phrases("""
- Do you [have|offer|give] a student discount?
- Is there [a discount|anything off|a reduced price] for students?
- How much [off do students get|is the student discount]?
- What [discount|percentage] do students [get|receive], and [how do I prove it|what do you need from me]?
- Can I get [something off|a discount] with my student [ID|status]?
- How do I [get|claim|use] the student discount?
- Do I need a [special|school|college] e-mail for the student discount, and how much is it?
- A friend [said|mentioned] students pay less [at your shop|with you]. Is that [true|right], and how much
  [less|is it]?
- [Any|Is there any] chance of a student [price|deal|rate]?
"""),
    also=phrases("""
- whether students get a discount
- how much the student discount is
"""),
    answers=phrases("""
- Students get {student_discount} off with a school e-mail address.
- [We offer|There is] a {student_discount} student discount, [which needs|and it takes] a school e-mail
  address.
- The student discount is {student_discount}, and you need a school e-mail address for it.
- With a school e-mail address, students [receive|get|save] {student_discount}.
- As a student you get {student_discount} off when you use your school e-mail address.
- Use your school e-mail address and you get {student_discount} off as a student.
- Students pay {student_discount} less with a school e-mail address.
- A school e-mail address is all it takes for the student discount of {student_discount}.
- Student pricing means {student_discount} off, with a school e-mail address.
"""),
)

INVOICE = Intent(
    name="invoice",
    stands_alone=True,
    weight=6,
    topics=(),
    situations=("ordered", "paperwork"),
    subjects=("Invoice", "Invoice for {order}", "Need a receipt", "Bill for my order"),
    questions=phrases("""
- Where [do|can] I [find|get|download] [the|an|my] invoice?
- [Can|Could] you [tell me|explain] how to get [an invoice|a receipt|the bill] for [the|my] order?
- I need [an invoice|a proper receipt] for [my employer|my taxes|our club|the insurance]. Where [is|do I
  get] it?
- There was no [invoice|receipt|bill] in the [box|parcel]. How do I get one?
- Is there a [PDF|printable] invoice [somewhere|anywhere]?
- How do I [download|print] the invoice [for {order}|]?
- [My accountant|Our bookkeeper|My boss] wants the invoice. Where [would|do] I find that?
- Do you [e-mail|send] invoices or [can I|do I have to] download them [myself|somewhere]?
- I [deleted|lost] the [confirmation|mail] and need the invoice. [Where|How] can I get it [again|]?
"""),
    also=phrases("""
- where I find the invoice
- how to get a receipt as PDF
"""),
    answers=phrases("""
- Invoices can be downloaded as a PDF under Account > Orders.
- You can download [the|your] invoice as a PDF under Account > Orders.
- [Go to|Open] Account > Orders to download the invoice as a PDF.
- The invoice is [available|there] as a PDF under Account > Orders.
- Under Account > Orders you can download [the invoice for each order|your invoice] as a PDF.
- Each invoice is a PDF that you download under Account > Orders.
- [Your|The] invoice is waiting under Account > Orders, as a PDF download.
- For the invoice, see Account > Orders, where it can be downloaded as a PDF.
- Look under Account > Orders: the invoice can be downloaded there as a PDF.
"""),
)

PASSWORD_RESET = Intent(
    name="password_reset",
    stands_alone=True,
    weight=6,
    topics=(),
    situations=("account",),
    subjects=("Can't log in", "Password", "Login problem", "Forgot my password", "Locked out"),
    questions=phrases("""
- How do I reset my password?
- [How|Where] can I get a new password?
- I [forgot|can't remember] my password. What [now|do I do|should I do]?
- [What's|What is] the [way|procedure] to [set|choose] a new password?
- [Can|Could] you [help me|tell me how to] [log in|get back in|sign in] again? I don't [know|have] the
  password [anymore|].
- Where is the [option|button] for [resetting|changing] a [lost|forgotten] password?
- It [keeps saying|says] "wrong password". How do I [reset|change] it?
- My [password manager|old laptop] had the password and it's [gone|dead]. How do I [make|set up] a new one?
- Is there a way to reset the password [myself|without calling you]?
"""),
    also=phrases("""
- how to reset my password
- where I get a new password
"""),
    answers=phrases("""
- Passwords are reset with the Forgot Password link on the sign-in page.
- [Please use|Use] the Forgot Password link on the sign-in page to [reset|set] your password.
- You can reset [your|the] password with the Forgot Password link on the sign-in page.
- On the sign-in page, [click|choose|tap] the Forgot Password link to [get|set] a new password.
- The sign-in page has a Forgot Password link, which resets your password.
- [Go to|Open] the sign-in page and use the Forgot Password link; it resets the password.
- To get a new password, use the link called Forgot Password on the sign-in page.
- Your password can be reset through the Forgot Password link, which is on the sign-in page.
- The Forgot Password link on the sign-in page [will let|lets] you set a new one.
"""),
)

SIZE_CHART = Intent(
    name="size_chart",
    weight=9,
    topics=(),
    situations=("sizing",),
    products="sized",
    subjects=("Size question", "Which size?", "Sizing of {the_item}", "Between two sizes", "fit"),
    questions=phrases("""
- Which size should I [get|take|order]?
- [How|Where] do I find [out|] [the right size|my size|your measurements]?
- Should I [size up|go up a size|take the bigger one] or [stay|stick] with my [usual|normal] size?
- {do_they} {the_item} run [small|large|true to size], and is there a [chart|table]?
- What size would you [suggest|recommend] [for someone between sizes|if I'm in between]?
- Is there a size [chart|guide] for {the_item}?
- I'm [between|right between] {size} and the next one. [What do you suggest|Which one is better|Which do I
  pick]?
- [I can't decide|I'm torn] between two sizes. [Which one should it be|Any advice]?
- Do you have [measurements|a sizing table|a fit guide] [for it|online]? I'd [rather|] not [guess|order
  twice].
- How does the sizing work [with your clothes|on your site] if I [fall|land] between two sizes?
"""),
    also=phrases("""
- which size I should take when I'm between two
- whether there is a size chart
- how the sizing works
"""),
    answers=phrases("""
- Every product page has a size chart; between two sizes, we suggest the larger one.
- [Please check|Check|Have a look at] the size chart on the product page. [If you are between two
  sizes|Between two sizes], we suggest the larger one.
- There is a size chart on every product page, and between two sizes we suggest [taking|] the larger one.
- You will find a size chart on [the|each] product page. Between two sizes, [go for|take] the larger one.
- If you fall between two sizes, we suggest the larger one; the size chart on the product page shows the
  measurements.
- The product page of {your_item} has a size chart. Should you be between two sizes, our suggestion is the
  larger one.
- Between two sizes we suggest the larger one. The size chart is on the product page.
- Our suggestion is the larger size when you are between two; each product page has a size chart.
- Compare with the size chart on the product page, and take the larger one if you are between two sizes.
"""),
)

INTENTS = (
    STANDARD_SHIPPING,
    EXPRESS_FEE,
    FREE_SHIPPING,
    PRICE_MATCH,
    GIFT_CARD,
    STUDENT_DISCOUNT,
    INVOICE,
    PASSWORD_RESET,
    SIZE_CHART,
)
