"""Tickets that a person has to decide: fraud, exceptions, anger, several problems at once, special cases.

A message is put together from one line of each group in `parts`. The answers are what the agents did
about it that day; as examples these tickets only teach to hand over.
"""

from dataclasses import dataclass

from support_pipeline.demo.tickets.grammar import phrases


@dataclass(frozen=True)
class Matter:
    """One kind of ticket for people: parts of the customer's message, and what the team replied."""

    reason: str
    name: str
    subjects: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    tags: tuple[str, ...] = ()


FRAUD = Matter(
    reason="fraud_dispute",
    name="fraud",
    subjects=(
        "Unknown charge",
        "Fraud",
        "Charge on my card",
        "Dispute",
        "URGENT - not my order",
        "Chargeback notice",
    ),
    parts=(
        phrases("""
- There is a charge of {amount} from Demo Outfitters on my [credit card|bank statement] [dated|from]
  {date} that I [did not make|know nothing about].
- [Somebody|Someone] used my [card|account] to [buy|order] the {product} [on {date}|last {weekday}], and
  it was not me.
- I never [ordered|bought] anything [from you|at your shop], yet {amount} was [taken from|charged to] my
  [debit|credit] card on {date}.
- I just got a confirmation for order {order} ({amount}) that I [did not place|never authorized].
- My [bank|card company] [flagged|called me about] a payment of {amount} to Demo Outfitters that I did not
  [approve|authorize].
- [Your|The] shop charged my card [twice under two different names|three times in one night], {amount}
  each, and I ordered nothing.
- My account was [hacked|taken over]: the e-mail was changed and someone ordered the {product} to an
  address in {city}.
- {person} [saw|found] a [suspicious|strange] payment of {amount} to you on our joint account, and neither
  of us [made it|bought anything].
- An unauthorized [payment|purchase] of {amount} was made with my [stolen|lost] wallet on {date}.
"""),
        phrases("""
- I have [opened|filed|started] a [chargeback|dispute] with [my bank|Visa|the card company].
- [I want|I need] this [reversed|investigated] [immediately|today] and [the order stopped|my card details
  deleted].
- The bank [asks for|needs] a [statement|written confirmation] from you about [this transaction|who placed
  that order].
- I have [blocked|frozen] the card [already|] and [reported it to the police|am filing a police report].
- Please [stop|cancel] the shipment before the thief [gets it|receives it] and [tell me|find out] who did
  this.
- The delivery name is [not mine|nobody I know], so this is [clearly|obviously] [fraud|identity theft].
- [The dispute|My claim] number [at the bank|] is {tracking}, and they give you ten days to respond.
- [How could|How was] my card [be used|accepted] without [the code|my approval]?
- Who [authorized|approved] this? I [certainly|] did not.
"""),
    ),
    answers=phrases("""
- I have [passed|forwarded] this to our billing team and [blocked|locked] the account. They will call you
  today.
- [Thank you for reporting this.|I am sorry about this.] I stopped {order} in the warehouse and billing is
  reviewing the payment.
- Our billing team has answered the dispute and [released|voided] the charge of {amount}.
- I opened a fraud case with our payment provider. A colleague from billing will write to you [by
  {weekday}|shortly].
- The payment was [voided|reversed] by billing this morning, and the card has been removed from our system.
"""),
    tags=("fraud", "chargeback", "billing"),
)

EXCEPTION = Matter(
    reason="policy_exception",
    name="exception",
    subjects=(
        "Request for an exception",
        "Late return",
        "A favor",
        "Please make an exception",
        "Special circumstances",
    ),
    parts=(
        phrases("""
- I know [I'm|that I am] [past|outside] the return [window|period] [for {order}|with the {product}|], but
  [hear me out|I have a good reason].
- The [deadline|time] to [return|send back] the {product} [passed|ran out] [on {date}|{n} days ago] [and
  I'm hoping you can help|].
- I [missed|overshot] the [return|cancellation] [deadline|window] for {order} by [a few days|one day|two
  weeks].
- [According to your rules|By the book] I'm too late to [return|exchange] the {product} [from {order}|].
- I realize the price match [period|window] for the {product} [is over|ended {weekday}].
- My gift card [expired|ran out] [on {date}|last month] [with {amount} still on it|unused].
- [I understand|I know] there is a restocking fee for the {item} [I opened|from {order}], [but I would ask
  you to waive it|and I ask you to drop it].
- The warranty on my {product} ended [on {date}|last month], [right before|two weeks before] the
  [zipper|seam] gave up.
"""),
        phrases("""
- I was in the hospital [for three weeks|since {date}] and [could not deal with it|nobody at home knew].
- My [mother|father|grandmother] [passed away|died] [in that time|on {date}] and [I forgot everything
  else|parcels were the last thing on my mind].
- We were [evacuated|cut off] because of the [wildfire|flood] near {city}.
- I was [deployed|abroad for work|at sea] until {date} and [only opened the box now|saw it yesterday for
  the first time].
- The post office in {city} was closed [for a week|after the storm].
- [I have been|We've been] [a loyal customer|buying from you] for [eight|ten|six] years and never asked
  for anything.
- It was a gift for {person}, but we [split up|fell out] [on {date}|before I could give it].
- My [baby came early|child was ill] and [everything got delayed|I lost track of time].
"""),
        phrases("""
- [Could|Can] you make an exception [this once|just this time|for me]?
- Would you [please|kindly] [bend the rules|make an exception|show some goodwill]?
- [Is there anything you could do|Could you still accept it] [as a goodwill gesture|outside the policy]?
- I would be [so|very] grateful if you could [make an exception|waive it|extend it] [just this once|].
- [Please|I hope you can] [consider|grant me] an exception.
- Can a manager [approve|sign off on] an exception?
"""),
    ),
    answers=phrases("""
- As a one-time courtesy, I have [extended the deadline for you|approved the return]. Please send it by
  {later}.
- [I talked to my manager|I checked with the store manager] and we can make an exception [this once|in
  your case].
- [I'm so sorry to hear that.|I am sorry for what happened.] As a one-time exception we will [take it
  back|waive the fee].
- We don't usually do this, but as a goodwill gesture I added {amount} in store credit to your account.
- Unfortunately my manager could not approve an exception this time. I'm sorry.
- Just this once, I have [overridden the system|set the date back] for you.
"""),
    tags=("exception", "goodwill", "courtesy"),
)

EMOTIONAL = Matter(
    reason="emotional_escalation",
    name="emotional",
    subjects=(
        "UNACCEPTABLE",
        "Worst service ever",
        "Formal complaint",
        "I'm furious",
        "Last warning",
        "Never again",
    ),
    parts=(
        phrases("""
- THIS IS [ABSOLUTELY |]{caps_bad}!!!
- I am [furious|beyond angry|absolutely livid|disgusted].
- You people are [a joke|useless|a disgrace|thieves].
- This is the worst [customer service|shopping experience] I have [ever had|had in my life].
- [Are you kidding me|Is this some kind of joke]?! [Third|Fifth|Fourth] e-mail and STILL nothing!
- I have had it with [you|your company|this shop].
- SHAME ON YOU. [You ruined|You have ruined] {trip}!!
- I'm shaking [with rage|with anger] while I write this.
- [What is wrong with you people|Do you even read these mails]?!
"""),
        phrases("""
- I paid {amount} for the {product} and it [fell apart|was garbage] on {trip}, and [nobody cares|all I get
  is excuses].
- {person} [cried|was in tears] [on {date}|at the party] because your [stupid|] {item} never came.
- {n} days of [lies|silence] about {order}!!!
- Your [agent|so-called support] [hung up on me|laughed at me|lied to my face] [on {weekday}|twice].
- WHERE IS MY MONEY?! {amount}! I WANT IT BACK NOW!!
- You took my {amount} and [disappeared|stopped answering].
- I froze on the mountain because your {product} [is junk|leaks like a sieve]. I could have DIED.
- [Three|Four] weeks, [six|five] different people, and not one of you [can do your job|has a clue].
"""),
        phrases("""
- My [lawyer|attorney] will [contact you|be in touch], and [I'll see you in court|this will cost you].
- I am [reporting you to|filing a complaint with] the [BBB|Better Business Bureau|attorney
  general|consumer protection office].
- I will [sue|take you to small claims court] [if I hear nothing by {weekday}|].
- Everyone I know will hear about this. [One star on every site|I'm posting this everywhere].
- GET ME A [MANAGER|SUPERVISOR|HUMAN BEING] RIGHT NOW!!!
- I [demand|want] to [speak to|hear from] [the owner|a manager|someone in charge] TODAY.
- NEVER [EVER |]AGAIN. [You are finished|You have lost a customer of ten years].
- [Fix this|Solve this] or I [go to the press|call the local news|take legal action].
"""),
    ),
    answers=phrases("""
- I'm truly sorry for [this experience|all the trouble]. I have asked my supervisor to call you
  [today|this afternoon].
- I understand how upset you are, and I apologize. Our senior team has taken over your case.
- [You are right to be angry.|This should not have happened.] A manager will contact you within the hour.
- Please accept our apologies. I refunded {amount} in full and alerted my team lead.
- I am very sorry. I have escalated your complaint, and you will hear from [a manager|our head of support].
"""),
    tags=("complaint", "angry", "legal"),
)

PROBLEMS = phrases("""
- the {product} in {order} has the wrong color, I ordered {color}
- I was charged {amount} but my confirmation says something else
- my account still shows the old address in {city} and I can't [change|remove] it
- the discount code from the newsletter was not applied
- [one of the two boxes|half of the order] is missing
- the zipper of the {item} sticks
- the return label you sent does not print
- the gift card I paid with was not [deducted|counted]
- I got somebody else's [invoice|packing slip] in the box
- my [points|rewards] from {order} are gone
- the {item} for {person} was sent to the wrong city
- I unsubscribed and still get [three|daily] newsletters
- your site logs me out [every time|whenever I open the cart]
- the exchange from {date} never arrived
- the delivery man left the parcel in the rain
- I was promised a call on {weekday} that never came
""")
MULTI_FRAMES = phrases("""
- I have [several|a few|a couple of] [problems|issues] with my [last order|order {order}]. First, {a}.
  Second, {b}. [And third|Third], {c}.
- [Hello, three things|Three things]: 1) {a} 2) {b} 3) {c}
- {a}, and on top of that {b}. [As if that was not enough|And to make it complete], {c}.
- Where do I start? {a}. Then {b}. And [finally|now also] {c}.
- My list: - {a} - {b} - {c}
- [Nothing went right this time|So many things went wrong]: {a}, {b}, and {c}.
- Issue one: {a}. Issue two: {b}. Issue three: {c}. [Please handle all of them|I need all three solved].
- It began when {a}. Meanwhile {b}, and [yesterday|today] I noticed that {c}.
- Besides the fact that {a}, {b}. [Not to mention that|Plus] {c}.
""")
MULTI_ENDS = phrases("""
- [Please sort this out.|Please fix everything.|Can someone go through this with me?]
- I'd [like|prefer] one person to [take care of|own] all of [this|these].
- [What do we do about|How do you want to solve] [all this|each of these]?
- I don't know which [department|form] to use for what.
- Please answer [each point|all three], [last time only one was answered|not just the first].
- [One|A] call would be easier: {phone}.
""")
MULTI_ISSUE = Matter(
    reason="multi_issue",
    name="multi_issue",
    subjects=(
        "Several problems",
        "Order {order} - many issues",
        "Three things",
        "A list of problems",
        "Where to start",
    ),
    parts=(MULTI_FRAMES, MULTI_ENDS),
    answers=phrases("""
- [That is quite a list, I'm sorry.|Sorry for all of this.] I sent the missing part, corrected the invoice
  and fixed your account.
- I went through everything: the refund of {amount} is on its way, the address is corrected and the label
  is attached.
- I split this into three cases with my colleagues, and I will keep an eye on all of them.
- All done on my side: new item sent, {amount} refunded, newsletter stopped.
"""),
    tags=("multiple_issues",),
)

SPECIAL = Matter(
    reason="needs_human",
    name="special_case",
    subjects=("Request", "Need to talk to someone", "Special case", "Please forward", "{order}"),
    parts=(
        phrases("""
- We [are|run] a [summer camp|guiding company|school] in {city} and need [40|60|120] of the {product} with
  our logo. [Who makes offers|Can we get a quote] for [bulk|group] orders?
- The {product} [caught fire|leaked fuel|broke under load] on {trip} and {person} [was burned|got
  hurt|fell]. [I have a doctor's report|We have photos and a report].
- Please delete all [personal data|data] you hold about me ({email}) and confirm it in writing [under
  privacy law|].
- The carrier marked {order} as delivered on {date}, but [there was nothing at the door|my camera shows
  nobody came]. [I want you to open|Please start] an investigation with the carrier.
- I received [somebody else's|a stranger's] parcel [instead of mine|] with a name and address in {city}.
  [What happens with it|How do we swap them]?
- You refunded {amount} for {order}, [which is less|far less] than I paid. [Please recalculate|Check the
  books], [something is off|the numbers are wrong].
- I have two accounts, {email} and an old one, and [want them merged|need both order histories in one].
- Our [club|company] is tax exempt, and the sales tax on {order} must be [taken off|corrected]. I have the
  certificate.
- Customs in Canada holds {order} and asks for a [document|declaration] from the sender.
- [Can you repair|I'd like to have you repair] my {product}? It is [out of production|my favorite], and I
  would pay for [the parts|new seams].
- {person} who placed {order} has [died|passed away], and I'm settling the estate. [What do you need|How
  do we close the account]?
- The store in {city} [refused|turned away] my {product} although [I had the receipt|it came from there].
  I'd like someone to look into [it|their conduct].
"""),
        phrases("""
- [Please have someone|Could someone] call me [at {phone}|on {phone} after {weekday}].
- Who is responsible for [this|such cases]?
- [I can send|I have] [papers|documents|pictures] if [needed|you want].
- Please [forward|pass] this to the [right|responsible] [person|department].
- [I wrote about this on {date} and got a form letter|A standard reply won't help here].
- I need [an answer|a name] by {later}.
"""),
    ),
    answers=phrases("""
- I [handed|passed] your case to my [supervisor|team lead], who will [contact|call] you [today|by
  {weekday}].
- This needs a specialist, so I moved the ticket to our escalations team.
- My colleague from the senior team has taken this over and will write to you separately.
- We have [opened an investigation|started a file], and [a senior colleague|our specialist] looks after it
  now.
"""),
)

MATTERS = (FRAUD, EXCEPTION, EMOTIONAL, MULTI_ISSUE, SPECIAL)
CAPS_BAD = ("UNACCEPTABLE", "RIDICULOUS", "OUTRAGEOUS", "A SCAM", "INSANE", "THEFT")
