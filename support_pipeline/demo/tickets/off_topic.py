"""Texts that make no example: no support, another language, empty, boilerplate, unsolved; and notes."""

from dataclasses import dataclass

from support_pipeline.demo.tickets.grammar import phrases

NOT_SUPPORT = {
    "job_application": phrases("""
- I would like to apply for [a|the] [seasonal|part-time|full-time] [position|job] [in your {city} store|in
  your warehouse|as a
  gear tester]. I have [three|five|two] years of retail experience and can start on {later}. My resume is
  attached.
- [Are you hiring|Do you have openings] in {city}? {person} [works|worked] for you and said I should send
  my resume. I know
  [skis|tents|boots] inside out and [love talking to people|am free on weekends].
- Application for your [internship|marketing role]: I am [finishing my degree|a graduate] in {city} and
  [have followed your
  brand for years|spend every free day outdoors]. When could we talk?
"""),
    "partnership": phrases("""
- We are [an agency|a team] in {city} that [helps|gets] outdoor brands [reach|to] [10,000 new buyers|the
  first page of search
  results]. Do you have [fifteen minutes|time] on {weekday} [for a call|]?
- I run a [hiking|camping|vanlife] channel with {n}0,000 followers and would love to
  [collaborate|partner]. I [could review|would
  feature] the {product} [in exchange for samples|for a small fee].
- Our factory [makes|produces] [zippers|tents|insulated jackets] for [leading|many] brands. Please find
  our [price list|catalog]
  and [tell me|let me know] who handles [sourcing|purchasing].
- We'd like to [include|list] you in our [fall|winter] gear guide. A placement costs {amount}.
  [Interested|Shall I send details]?
"""),
    "spam": phrases("""
- Dear sir, your domain [expires|will expire] soon. Pay {amount} [today|within 24 hours] to keep your
  search ranking!!! Click
  the link below.
- CONGRATULATIONS! You were [selected|chosen] for a [business loan|crypto bonus] of {amount}.
  [Reply|Answer] with your bank data.
- Cheap [followers|backlinks|e-mail lists] for outdoor shops, {n}00 pieces for {amount}. Unsubscribe here.
"""),
    "out_of_office": phrases("""
- I am out of the office until {later} with [no|limited] access to e-mail. In urgent cases please contact
  my colleague in {city}.
- Automatic reply: thank you for your message. I am [on vacation|traveling] and will be back on {later}.
"""),
    "press": phrases("""
- I'm a reporter [at a paper in {city}|for an outdoor magazine] writing about [recycled fabrics|repair
  programs]. Could somebody
  from your [press office|management] answer [five|a few] questions by {later}?
- For a [school project|term paper] on outdoor brands I am [looking for|collecting] [your sales
  figures|interview partners].
"""),
}
NOT_SUPPORT_SUBJECTS = {
    "job_application": ("Job application", "Application", "Are you hiring?"),
    "partnership": ("Collaboration", "Partnership opportunity", "Business proposal", "Offer for your brand"),
    "spam": ("URGENT: domain", "You have won", "Grow your sales NOW"),
    "out_of_office": ("Automatic reply: Your order", "Out of office"),
    "press": ("Press inquiry", "Interview request"),
}
NOT_SUPPORT_ANSWERS = phrases("""
- [Thanks for your interest.|Thank you for your message.] This inbox is for order support only, so I can't
  help here.
- Please [use|see] the contact page of our website for [such requests|this]; we only handle orders here.
- I have passed your message to the [right|responsible] colleagues. They will get back to you if interested.
""")


@dataclass(frozen=True)
class Tongue:
    """Another language: questions with their answers, which carry the policy of the day."""

    code: str
    subject: str
    exchanges: tuple[tuple[str, str], ...]
    leads: tuple[str, ...]
    ends: tuple[str, ...]


GERMAN_EXCHANGES = (
    (
        "Guten Tag, ich habe am {date} bei Ihnen bestellt ({order}). Wie lange kann ich "
        "die Ware zurückschicken?",
        "Sie können die Ware innerhalb von {return_days} Tagen nach der Lieferung zurückgeben. Viele Grüße",
    ),
    (
        "Hallo, meine Jacke aus {order} ist leider zu klein. Kann ich sie gegen eine "
        "größere Größe umtauschen?",
        "Ein Umtausch gegen eine andere Größe ist kostenlos. Bitte starten Sie ihn auf der Bestellseite.",
    ),
    (
        "Ich finde die Rechnung zu meiner Bestellung {order} nicht. Können Sie mir bitte "
        "sagen, wo ich sie herunterlade?",
        "Die Rechnung finden Sie als PDF in Ihrem Konto unter Bestellungen.",
    ),
    (
        "Sehr geehrte Damen und Herren, wie lange dauert der Versand nach {city}, wenn "
        "ich heute noch bestelle?",
        "Der normale Versand dauert drei bis fünf Werktage. Wir wünschen Ihnen viel "
        "Freude mit der Bestellung.",
    ),
    (
        "Mein Paket kam gestern völlig durchnässt an und das Zelt ist beschädigt. Was muss ich jetzt tun?",
        "Das tut uns leid. Bitte melden Sie den Schaden mit einem Foto innerhalb von "
        "sieben Tagen nach der Lieferung.",
    ),
    (
        "Ich habe mein Passwort vergessen und komme nicht mehr in mein Konto {email}. "
        "Wie bekomme ich ein neues?",
        "Auf der Anmeldeseite gibt es einen Link, mit dem Sie das Passwort zurücksetzen können.",
    ),
)
SPANISH_EXCHANGES = (
    (
        "Hola, compré unas botas el {date} con el pedido {order}. ¿Cuántos días tengo para devolverlas?",
        "Puede devolver el artículo dentro de los {return_days} días después de la entrega. ¡Saludos!",
    ),
    (
        "Buenos días, ¿cuánto tarda el envío normal a {city}? Lo necesito para un viaje con mi familia.",
        "El envío estándar tarda de tres a cinco días hábiles. Gracias por su compra.",
    ),
    (
        "Necesito la factura del pedido {order} para mi empresa. ¿Dónde la puedo descargar, por favor?",
        "Puede descargar la factura en PDF en su cuenta, en la sección de pedidos.",
    ),
    (
        "Quisiera cambiar la dirección de entrega de mi pedido {order} porque me mudo a "
        "{city}. ¿Es posible todavía?",
        "Puede cambiar la dirección en la página del pedido hasta que salga el paquete.",
    ),
    (
        "La chaqueta que recibí me queda grande. ¿Puedo cambiarla por otra talla sin costo adicional?",
        "El cambio por otra talla es gratuito y se inicia en la página del pedido.",
    ),
    (
        "Me regalaron una tarjeta de regalo hace mucho tiempo y no sé si todavía la "
        "puedo usar. ¿Cuánto dura?",
        "Las tarjetas de regalo son válidas durante veinticuatro meses.",
    ),
)
GERMAN_LEADS = ("", "Hallo zusammen,", "Liebes Team,", "Ich hoffe, Sie können mir helfen.", "Kurze Frage:")
GERMAN_ENDS = (
    "",
    "Vielen Dank im Voraus!",
    "Mit freundlichen Grüßen",
    "Danke schön",
    "Ich freue mich auf Ihre Antwort.",
)
SPANISH_LEADS = ("", "Estimado equipo,", "Muy buenas,", "Espero que estén bien.", "Una consulta:")
SPANISH_ENDS = (
    "",
    "Muchas gracias de antemano.",
    "Quedo a la espera de su respuesta.",
    "Un saludo",
    "¡Gracias!",
)
TONGUES = (
    Tongue("de", "Frage zur Bestellung", GERMAN_EXCHANGES, GERMAN_LEADS, GERMAN_ENDS),
    Tongue("es", "Consulta sobre mi pedido", SPANISH_EXCHANGES, SPANISH_LEADS, SPANISH_ENDS),
)

EMPTY_BODIES = ("", " ", "\n\n", "\u00a0", "Sent from my iPhone", ".", "?", "-", "Get Outlook for Android")
EMPTY_ANSWERS = phrases("""
- Your message [reached us|came] without any text. [What can we do for you|How can we help]?
- It looks like your mail was empty. Please write again [with a few words about your question|].
- I only see an [attachment|image] here. Could you tell me what this is about?
""")

BOILERPLATE_ANSWERS = phrases("""
- We have received your request and will respond within 24 hours. Please do not reply to this message.
- Thank you for contacting Demo Outfitters. Your message is important to us. A member of our team will get
  back to you shortly.
- [This ticket|Your request] has been marked as solved. If you still need help, reply to this message
  within four days.
- Due to high demand, replies currently take longer than usual. Thank you for your patience.
- Thank you for your feedback! How would you rate the support you received?
- For answers to common questions please visit our help center. This ticket will be closed automatically.
""")

# What hurried agents forget to fill in.
PLACEHOLDER_ANSWERS = (
    "Hi [Customer Name], thank you for your interest in the {{product}}. {answer}",
    "Dear {{ticket.requester.first_name}}, {answer}",
    "Hello [NAME], regarding your order [ORDER NUMBER]: {answer}",
    "{answer} Please send your item to [insert return address].",
    "Hi {first}, {answer} Your reference is {{case_id}}.",
    "{answer} If not, call us at <phone number>.",
)

UNSOLVED_ANSWERS = phrases("""
- Let me check with the warehouse and come back to you.
- I need to ask a colleague about this, one moment please.
- [Can|Could] you send me a picture of the label?
- Which of the two orders do you mean?
- Could you confirm the e-mail address of the account?
- I forwarded this internally and will update you [soon|as soon as I know more].
""")
STILL_WAITING = (
    "Hello? Any news on this?",
    "Just checking in, I haven't heard back.",
    "Here is the picture you asked for. What now?",
    "Still nothing on my side.",
)

NOTES = phrases("""
- [Third|Second|Fifth] return this [quarter|season], [smells like|might be] wardrobing. Keep an eye on
  {first}.
- Spoke to {first} on the phone, [sounded grumpy|super friendly, dog barking the whole time|hung up on me].
- [lol|ha], same [guy|person] as last week. [Copy-paste|Just send] the usual.
- Supervisor [says|is] ok with 10% [goodwill|credit] if they push back. Don't offer it first.
- Checked the {item} batch with Dana in the warehouse: [known glue problem|bad zippers from the new
  supplier], do NOT tell customers.
- VIP, [spends a lot|cousin of the Tahoe store manager], be nice.
- @{agent} please don't promise dates again, Ray is annoyed.
- [Internal|FYI]: margin on this one is [thin|terrible], no freebies.
- Looked up the account, [two chargebacks in the past|flagged in 2024 by Ray], careful.
- Asked in #support-floor, nobody knows. I [answered by the book|went with the standard reply].
- Customer's voicemail is just [breathing|wind noise]. Moving on.
- Lunch, will pick this up after one. {agent} you can have it if you're bored.
- Shipping desk says the carrier in {city} [is a mess|keeps losing our stuff] this month, keep that to
  ourselves.
- [Macro|Template] 14 used. Reminder to self: Marcus wants fewer macros.
- Suspect reseller. [Same address|Same phone] as the eBay seller from {city}.
- {first} works for the competitor in {city}, [found them|saw it] on LinkedIn, just so everyone knows.
""")
