"""Intents that come after the order: returns, refunds, exchanges, cancellations, damage, warranty."""

from support_pipeline.demo.tickets.grammar import phrases
from support_pipeline.demo.tickets.intents import Intent

RETURN_WINDOW = Intent(
    name="return_window",
    stands_alone=True,
    weight=13,
    topics=("return_window",),
    situations=("bought", "gift", "unhappy"),
    subjects=(
        "Return question",
        "Returning {the_item}",
        "How long for returns?",
        "return policy",
        "Return deadline",
    ),
    questions=phrases("""
- [How long|How much time] do I have to [return|send back] {the_item}?
- What's the [cut-off|deadline|time limit] for [returns|sending things back]?
- Until when can I [still|] [return|bring back] {the_item}?
- Can I still [return {the_item}|send {the_item} back], or [am I too late|has the window closed]?
- [Could you tell me|I need to know] how many days your return window is.
- Is there a [deadline|limit] for [returning it|getting it back to you]? I [couldn't|can't] find [it|that]
  on the [site|receipt].
- By when [would|does] {the_item} [need|have] to be [back with you|sent back]?
- I'd like to [return|give back] {the_item} but I [won't get to the post office|am travelling|am away] for
  [a week|another ten days|a while]. [Will that be a problem|Is that still in time|How much time is there]?
- When does the return period [end|run out] [after delivery|once a parcel has arrived|]?
- [Do returns expire|Is there an expiry on returns]? {the_item} [turned out not to be for me|isn't what I
  need].
- I [might|may] [return|send back] {the_item} [after|once] [I've tried it at home|my partner has had a
  look], so how
  [long|many days] do you [give|allow] people?
- what is your return policy [exactly|these days|right now], in days?
"""),
    also=phrases("""
- how long I have to return {the_item}
- what the return deadline is
- how many days I get to send {the_item} back
- until when a return is possible
"""),
    answers=phrases("""
- You can [return|send back] {your_item} within {return_window} of delivery.
- Our return window is {return_window}[, counted from delivery|, starting with the day of delivery| from
  delivery].
- [Returns are|A return is] [accepted|possible] [for|within|up to] {return_window} after delivery[, so
  there is no need to rush|].
- We have a {return_window_adj} return window that starts when [the parcel|your order] is delivered.
- From the day of delivery you have {return_window} to [send {it} back|return {it}|get {your_item} back to
  us].
- You're welcome to return {your_item} as long as you do so within {return_window} of delivery.
- [Items|Anything from our shop] can be returned [within|for] {return_window} [of|after] delivery, and
  that [includes {your_item}|goes for {your_item} too].
- Everyone gets {return_window} from delivery to [decide|try things out] and return {it}[ if needed|].
- The deadline for returns is {return_window} after [delivery|the delivery date].
- [Just|Simply] make sure to return {your_item} no later than {return_window} after delivery.
- {Your_item} can come back to us within {return_window} of the delivery date.
"""),
)

REFUND_TIME = Intent(
    name="refund_time",
    stands_alone=True,
    weight=9,
    topics=("refund_time",),
    situations=("returned", "bought"),
    subjects=("Refund timing", "How long do refunds take", "Refund for {the_item}", "When do I get my money"),
    questions=phrases("""
- How long does a refund [usually|normally|typically|] take [once|after] [you have the parcel|the return
  arrives|it is back]?
- When [should|can] I expect the money [in my account|back on my card] [after a return|once {the_item}
  reaches you]?
- How many [business days|days] [does it take|do you need] to [refund|pay back] a return?
- [Once|After] you [get|receive] {the_item} back, how [quickly|fast|soon] [are|do] refunds [issued|go out]?
- What's the [usual|normal] [waiting time|timeline] for refunds?
- I'm [budgeting for next month|planning my month], so how long [should|must] I [allow|plan] for a refund?
- Do refunds take [days or weeks|long], and [do they go|does it go] [back to|to] the [same card|card I
  paid with]?
- What happens after [a return reaches you|I drop off the return]: [when is|how soon is] the
  [refund|money] paid?
- [Could you|Can you] [let me know|tell me] your refund turnaround [time|] for returned [items|orders]?
- How long [between|from] [your warehouse getting a return and|return arriving to] [me seeing the
  credit|the money being back]?
"""),
    also=phrases("""
- how long refunds take
- when I'd get the money back after a return
- how fast you refund
- how many days the refund needs
"""),
    answers=phrases("""
- Refunds [reach|arrive on] your original payment method within {refund_time} of [the return arriving|your
  return reaching us].
- [Once|As soon as] the return [arrives|reaches us], the refund takes [up to|at most|no more than]
  {refund_time}.
- After your return arrives, [we refund|the money goes back to] the original payment method within
  {refund_time}.
- You [will|can expect to] have the refund on the payment method you used within {refund_time} after the
  return [arrives|has arrived].
- It takes [up to|at most] {refund_time} from the arrival of the return until the refund is [back on|on]
  the original payment method.
- [Please allow|Allow] {refund_time} for the refund, counted from the day the return arrives.
- The money is back with you no later than {refund_time} after we receive the return, on the
  [same|original] payment method.
- We pay refunds to the original payment method, and that takes {refund_time} at most once {your_item}
  {are} back with us.
- Refund timing: within {refund_time} of the return arriving, to the [card or account you paid
  with|original payment method].
- A refund is [completed|paid] within {refund_time} of the return arriving here.
"""),
)

EXCHANGE = Intent(
    name="exchange",
    weight=8,
    topics=(),
    situations=("misfit",),
    products="sized",
    subjects=("Exchange", "Different size please", "Swap for another size", "Exchange {the_item}"),
    questions=phrases("""
- How do I [exchange|swap] {the_item} for [{size2}|another size|a different color]?
- Can I [swap|exchange] {it} for {size2}, and [does that cost anything|is there a charge for that]?
- What's the [process|procedure] for [an exchange|exchanging clothes]?
- I'd [like|love] [a different size|the {color2} one|{size2}] [instead|in exchange]. [What do I do|Where
  do I start|How does this work]?
- Do you charge for exchanges? I [need|want] {size2} [instead|rather].
- Where [can|do] I [start|request|set up] [a size exchange|an exchange]?
- [Is it possible|Would it be possible] to [trade|switch] {it} for [{color2}|the {color2} version|{size2}]?
- How does exchanging [a size|a color] work [with you|at your shop|here]?
- Before I send anything back: is swapping the [size|color] free, and [where|how] do I [do|start] it?
- Could I get {size2} instead [without paying again|without buying {it} twice]?
"""),
    also=phrases("""
- how an exchange works
- whether swapping the size costs anything
- where I start an exchange
"""),
    answers=phrases("""
- Exchanges for another size or color are free[, and you start them| and start] on the order page.
- You can [start|request] [the|an] exchange on [the|your] order page, and it is free [of charge|] for
  another size or color.
- Swapping for another size or color [costs nothing|is free]; [just|simply|] start the exchange on the
  order page.
- [Open|Go to] the order page and start the exchange there. [It is free|There is no charge] for another
  size or color.
- There is no charge for exchanging {your_item} for another size or color. The exchange starts on the
  order page.
- The exchange is free, whether you need another size or another color, and [begins|starts] on your order
  page.
- [For|To get] a different size or color, [please|] start a free exchange [from|on] the order page.
- No extra cost: another size or color is a free exchange, which you start on the order page.
- Exchanging {your_item} is free. [You will find the start of it|Start it] on the order page and choose
  the other size or color.
"""),
)

CANCEL_WINDOW = Intent(
    name="cancel_window",
    stands_alone=True,
    weight=8,
    topics=("cancel_window",),
    situations=("ordered",),
    subjects=("Cancel order", "Cancel {order}", "Cancellation", "Ordered by mistake"),
    questions=phrases("""
- How [long|much time] do I have to cancel [an order|my order]?
- Can I [still|] cancel [it|the order]? [What's the time limit|How late is too late]?
- Until when [is it possible to cancel|can an order be canceled]?
- I [changed my mind|ordered the wrong thing|clicked twice]. [How soon|By when] do I [need|have] to cancel?
- What's your [cancellation policy|rule on cancellations]?
- Is there a [grace period for canceling|window in which I can cancel] [after checkout|after paying]?
- [My partner|My sister|My roommate] already [bought|ordered] the same thing, so I want to cancel. How
  [many hours|long] do I [get|have]?
- After placing an order, how [fast|quickly] [must|do] I [decide|act] [to|if I want to] call it off?
- Do you let people cancel [for free|at all] [once it's placed|after ordering], and [for how long|in what
  time frame]?
- If I wanted to cancel [tonight|this afternoon|in a bit], [would|will] that [still|] be [allowed|okay]?
  [What's the cutoff|Where is the limit]?
"""),
    also=phrases("""
- how long an order can be canceled
- what the time limit for canceling is
- until when I could cancel
"""),
    answers=phrases("""
- Orders can be canceled within {cancel_window} of being placed.
- You can cancel [an|the|your] order for {cancel_window} after [placing it|it was placed].
- [Cancellation is|Canceling is] possible [within|during] the first {cancel_window} after the order was
  placed.
- The limit for canceling is {cancel_window}, counted from when the order was placed.
- There is a {cancel_window_adj} window to cancel, starting when the order is placed.
- We can cancel [an order|it] as long as it was placed no more than {cancel_window} before.
- After you place an order you have {cancel_window} to cancel it.
- [Up to|Until] {cancel_window} after placing the order, you can cancel it.
- Canceling works within {cancel_window} of placing the order[, not later|].
"""),
)

ADDRESS_CHANGE = Intent(
    name="address_change",
    weight=7,
    topics=(),
    situations=("ordered", "moving"),
    subjects=("Wrong address", "Change delivery address", "Address on {order}", "New address"),
    questions=phrases("""
- How [do|can] I change the [delivery|shipping] address [on|for] [my order|{order}]?
- Can you [tell me|explain] where to [update|correct] the [shipping|delivery] address?
- I [put in|entered|typed] the wrong [street|house number|zip code]. [How do I fix that|Can that be
  changed|What can I do]?
- It should go to {address} [instead|rather]. How do I [change|update] that?
- [Is it|Would it be] possible to [send it to|redirect it to] a different address, and until when?
- The order [still|] shows my old [place|apartment|address]. [Where do I edit|How do I edit] it?
- My [autofill|browser|phone] used an old address. Can I [still|] correct it [myself|online]?
- Until when can the delivery address be [changed|edited]?
- I want the parcel to go to my [office|parents' house|neighbor] instead of home. [How|Where] do I
  [set|change] that?
- Who do I [talk to|ask] about [changing|correcting] the [delivery|shipping] address, or can I do it
  [online|on the website]?
"""),
    also=phrases("""
- how to change the delivery address
- where I can correct the address
- until when the address can be changed
"""),
    answers=phrases("""
- You can change the delivery address on the order page until the parcel ships.
- The delivery address can be [edited|changed|updated] on the order page[,| and that works] as long as the
  parcel has not shipped.
- [Please open|Open] the order page and change the delivery address there; [it works|this is possible]
  until the parcel ships.
- Until the parcel ships, the [delivery|shipping] address can be [changed|corrected] on your order page.
- Address changes are made on the order page, at any time before the parcel ships.
- [Go to|Head to] your order page to [correct|update] the delivery address. This works up to the moment
  the parcel ships.
- As long as the parcel has not shipped, you can update the delivery address [yourself|] on the order page.
- The order page lets you change where the parcel goes, until it ships.
- Changing the address is possible before the parcel ships, directly on the order page.
"""),
)

DAMAGE_REPORT = Intent(
    name="damage_report",
    weight=8,
    topics=("damage_report",),
    situations=("arrived_damaged",),
    products="gear",
    subjects=("Arrived damaged", "Damaged item", "{item} broken on arrival", "Damaged in transit"),
    questions=phrases("""
- [What do I|What should I] do [now|about this|about it]?
- How [soon|quickly] do I have to [report|tell you about] [this|damage like this]?
- Is there a [deadline|time limit] for reporting [damage|something like this], and [do you need|what do
  you need from me] [pictures|]?
- [How long|How many days] do I have to [file|make] a damage [claim|report]?
- Do I need to send [photos|pictures|evidence], and by when?
- What's the [procedure|process] [for things damaged in shipping|when something arrives broken]?
- I'm [away from home|on the road|at work] [till the weekend|right now], so [how much time is there|until
  when can I] to [report it|send proof]?
- Can I [report|claim] it [next week|later], or [must it be|does it have to be] [done|reported] right away?
- [Please advise|Tell me] what you need [from me|] and how fast.
- How do I report it [properly|correctly], and how long [do I have|is that possible]?
"""),
    also=phrases("""
- by when damage has to be reported
- what you need when something arrives damaged
- how long I have to report damage
"""),
    answers=phrases("""
- [Please report|Report] the damage with a photo within {damage_report} of delivery.
- Damage on arrival must be reported within {damage_report} of delivery, [together with|with] a photo.
- We need [a report of the damage|the damage reported] with a photo no later than {damage_report} after
  delivery.
- [I'm sorry {your_item} arrived like that.|Sorry about {your_item}.] You have {damage_report} from
  delivery to report the damage, and [we need a photo|a photo is needed].
- [I am sorry to hear that.|That should not happen.] Damage can be reported for {damage_report} after
  delivery; please include a photo.
- Take a photo and report the damage to us within {damage_report} of delivery.
- For anything damaged on arrival the limit is {damage_report} after delivery, and the report needs a photo.
- Photos first: the damage has to be reported with a photo within {damage_report} of delivery.
- The report has to reach us within {damage_report} of delivery, and a photo of the damage must be part of
  it.
"""),
)

RESTOCKING_FEE = Intent(
    name="restocking_fee",
    weight=6,
    topics=("restocking_fee",),
    situations=("bought", "unhappy"),
    products="electronics",
    subjects=("Restocking fee?", "Return of opened {item}", "Opened {item}", "Fee for returning electronics"),
    questions=phrases("""
- I [opened|unboxed] {the_item} [already|yesterday|and tried it once]. Is there a [fee|charge|deduction]
  if I [return|send back] {it}?
- Do you [charge|take] a restocking fee [on|for] [opened electronics|electronics that were opened]?
- How [much|high] is the restocking fee for {the_item}?
- What [do I lose|would be deducted] if I return {the_item} [with the box open|opened|out of the packaging]?
- The box is [open|already unsealed]. What [percentage|share] do you keep for [restocking|returns of
  electronics]?
- [Are there|Will there be] any [costs|deductions] for returning {the_item} [after opening|now that the
  seal is broken]?
- Somebody [told me|said] you keep part of the money for opened [gadgets|electronics]. How much [is
  it|exactly]?
- If I send {the_item} back [used once|opened but unused], do I get [everything back|the full amount] or
  [is there a fee|less]?
- [Before I decide|Before I return it]: what does it cost to return [an opened|a tested] device?
"""),
    also=phrases("""
- how much the restocking fee is
- whether opened electronics cost a fee
"""),
    answers=phrases("""
- Opened electronics are returned with a restocking fee of {restocking_fee}.
- [There is|We charge] a {restocking_fee} restocking fee on opened electronics.
- The restocking fee for opened electronics is {restocking_fee}[ of the price|].
- [Since|Because] {your_item} {have} been opened, a restocking fee of {restocking_fee} applies.
- For electronics that were opened, we deduct a restocking fee of {restocking_fee}.
- Returning opened electronics carries a restocking fee, which is {restocking_fee}.
- When opened electronics come back, the restocking fee is {restocking_fee}.
- {Your_item} {count} as electronics, so once opened, the restocking fee of {restocking_fee} applies.
- Opened electronics: the restocking fee is {restocking_fee}.
"""),
)

WARRANTY = Intent(
    name="warranty",
    weight=8,
    topics=("warranty",),
    situations=("worn_out", "bought"),
    subjects=("Warranty", "Warranty on {the_item}", "{item} defect", "Is this covered?"),
    questions=phrases("""
- How long is the warranty [on|for] {the_item}?
- Is [this|that] [still|] covered [by a warranty|under warranty], and for how long [do you cover|does it
  last]?
- What [warranty|guarantee] do you [give|offer] on {the_item}?
- [Does|Do] your [gear|products] come with a warranty? [How many years|For how long]?
- For how [many years|long] are [manufacturing defects|defects|faulty seams and zippers] covered?
- When does the warranty [run out|end|expire]?
- How does your [warranty|guarantee] work [in terms of time|when a seam or zipper fails]?
- [I'd like to know|Please tell me] the [length|duration] of the warranty [before I buy|before I file a
  claim|].
- Are [zippers|seams|buckles] [part of|covered by] the warranty if it's a [factory|manufacturing] defect,
  and [how long|until when]?
- Somebody at the trailhead said your warranty is [pretty good|great]. How long is it [really|actually]?
"""),
    also=phrases("""
- how long the warranty is
- what warranty there is on {the_item}
- for how long defects are covered
"""),
    answers=phrases("""
- Manufacturing defects are covered by a warranty of {warranty}.
- The warranty [on|for] {your_item} [runs|lasts] {warranty} and covers manufacturing defects.
- We [give|offer] a {warranty_adj} warranty against manufacturing defects.
- Our warranty covers manufacturing defects for {warranty}.
- You are covered against manufacturing defects for {warranty}.
- {Your_item} {come} with a warranty of {warranty} on manufacturing defects.
- For {warranty}, our warranty [takes care of|covers] manufacturing defects.
- If it is a manufacturing defect, the warranty [covers it|applies] for {warranty}.
- Warranty coverage for manufacturing defects is {warranty}.
"""),
)

INTENTS = (
    RETURN_WINDOW,
    REFUND_TIME,
    EXCHANGE,
    CANCEL_WINDOW,
    ADDRESS_CHANGE,
    DAMAGE_REPORT,
    RESTOCKING_FEE,
    WARRANTY,
)
