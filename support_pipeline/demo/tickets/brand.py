"""The made-up brand: its promises over time, its catalogue, its support team and its customers.

The promises are what the agents of the day knew, so they are history, not settings: the client's
YAML holds the same values as policy facts, and a test keeps the two together.
"""

import random
from dataclasses import dataclass
from datetime import date

from support_pipeline.demo.tickets.grammar import words

CLIENT = "demo-outfitters"
BRAND = "Demo Outfitters"
DOMAIN = "demo-outfitters.example"

# Topic -> (first day in force, value as agents write it). The first row has always been so.
PROMISES: dict[str, tuple[tuple[date, str], ...]] = {
    "return_window": ((date.min, "30 days"), (date(2026, 2, 1), "45 days")),
    "refund_time": ((date.min, "5 business days"),),
    "standard_shipping": ((date.min, "3 to 5 business days"),),
    "express_fee": ((date.min, "$12.95"), (date(2026, 4, 1), "$14.95")),
    "free_shipping": ((date.min, "$75"),),
    "cancel_window": ((date.min, "2 hours"),),
    "warranty": ((date.min, "2 years"),),
    "damage_report": ((date.min, "7 days"),),
    "restocking_fee": ((date.min, "15%"),),
    "price_match": ((date.min, "14 days"),),
    "gift_card": ((date.min, "24 months"),),
    "student_discount": ((date.min, "10%"),),
}

# Values that were never promised: what a tired agent writes by mistake.
NEVER_TRUE: dict[str, tuple[str, ...]] = {
    "return_window": ("60 days", "90 days", "21 days"),
    "refund_time": ("10 business days", "3 business days", "15 business days"),
    "standard_shipping": ("7 to 10 business days", "2 to 4 business days"),
    "express_fee": ("$9.95", "$19.95", "$24.50"),
    "free_shipping": ("$50", "$100", "$99"),
    "cancel_window": ("12 hours", "24 hours", "48 hours"),
    "warranty": ("1 year", "5 years", "3 years"),
    "damage_report": ("3 days", "10 days", "21 days"),
    "restocking_fee": ("10%", "20%", "25%"),
    "price_match": ("7 days", "30 days", "21 days"),
    "gift_card": ("12 months", "36 months", "18 months"),
    "student_discount": ("15%", "20%", "5%"),
}


def promised(topic: str, day: date) -> str:
    """The value of a promise on a day, as agents write it."""
    return next(value for start, value in reversed(PROMISES[topic]) if start <= day)


def promises(day: date) -> dict[str, str]:
    """Every promise on a day; `topic_adj` is the form before a noun ("30-day")."""
    values = {topic: promised(topic, day) for topic in PROMISES}
    return values | {f"{topic}_adj": adjective(value) for topic, value in values.items()}


def adjective(value: str) -> str:
    """ "30 days" as it stands before a noun: "30-day"."""
    amount, _, noun = value.partition(" ")
    return f"{amount}-{noun.removesuffix('s')}" if noun and " " not in noun else value


@dataclass(frozen=True)
class Product:
    """One thing in the shop; `item` is what people call it."""

    name: str
    item: str
    plural: bool = False
    sized: bool = True
    price: float = 89.0


PRODUCTS = (
    Product("Ridgeline rain jacket", "jacket", price=149.0),
    Product("Summit down parka", "parka", price=289.0),
    Product("Trailhead hiking boots", "boots", plural=True, price=169.0),
    Product("Creekside water shoes", "shoes", plural=True, price=64.0),
    Product("Basalt climbing pants", "pants", plural=True, price=94.5),
    Product("Fernwood merino base layer", "base layer", price=79.0),
    Product("Juniper fleece hoodie", "hoodie", price=84.0),
    Product("Granite softshell", "softshell", price=129.0),
    Product("Lakeshore swim shorts", "shorts", plural=True, price=48.0),
    Product("Timberline wool socks", "socks", plural=True, price=22.0),
    Product("Switchback trail runners", "trail runners", plural=True, price=134.0),
    Product("Alpenglow ski gloves", "gloves", plural=True, price=72.0),
    Product("Mesa sun shirt", "sun shirt", price=58.0),
    Product("Bighorn beanie", "beanie", sized=False, price=26.0),
    Product("Cascade 45 backpack", "backpack", sized=False, price=179.0),
    Product("Pinecone two-person tent", "tent", sized=False, price=319.0),
    Product("Nightfall sleeping bag", "sleeping bag", sized=False, price=199.0),
    Product("Ember camp stove", "stove", sized=False, price=69.0),
    Product("Talus trekking poles", "poles", plural=True, sized=False, price=88.0),
    Product("Driftwood camp chair", "chair", sized=False, price=74.0),
    Product("Glacier insulated bottle", "bottle", sized=False, price=34.0),
    Product("Quartz sleeping pad", "sleeping pad", sized=False, price=119.0),
)
ELECTRONICS = (
    Product("Beacon GPS watch", "watch", sized=False, price=249.0),
    Product("Polaris headlamp", "headlamp", sized=False, price=59.0),
    Product("Waypoint handheld GPS", "GPS", sized=False, price=329.0),
    Product("Sunfold solar charger", "solar charger", sized=False, price=99.0),
    Product("Echo two-way radios", "radios", plural=True, sized=False, price=119.0),
    Product("Campfire bluetooth speaker", "speaker", sized=False, price=79.0),
)
SIZES = (
    "XS",
    "S",
    "M",
    "L",
    "XL",
    "a small",
    "a medium",
    "a large",
    "size 8",
    "size 9.5",
    "size 11",
    "32",
    "34",
)
COLORS = (
    "moss green",
    "slate",
    "rust",
    "navy",
    "black",
    "sand",
    "glacier blue",
    "charcoal",
    "mustard",
    "plum",
)


@dataclass(frozen=True)
class Agent:
    """A member of the support team, with a way of writing.

    `formal` avoids contractions and exclamation marks; `brief` skips openers and closers.
    `field` says that the helpdesk exports the signature as a field of the user.
    """

    id: int
    name: str
    greetings: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    signature: str
    formal: bool = False
    brief: bool = False
    field: bool = False

    @property
    def email(self) -> str:
        """The agent's mailbox at the brand."""
        return f"{self.name.split()[0].lower()}@{DOMAIN}"


AGENTS = (
    Agent(
        9001,
        "Priya Raman",
        ("Hi {first},", "Hi {first},", "Hello {first},"),
        (
            "Thanks so much for reaching out!",
            "Thank you for getting in touch.",
            "Great question!",
            "I'm happy to help with this.",
            "Thanks for checking with us first.",
        ),
        (
            "I hope that helps!",
            "Please let me know if there is anything else I can do.",
            "If anything is unclear, just reply to this message.",
            "Happy trails!",
        ),
        f"Best regards,\nPriya Raman\n{BRAND} Support",
        field=True,
    ),
    Agent(
        9002,
        "Tom Hale",
        ("{first},", "Hello {first},", ""),
        ("",),
        ("", "Shout if you need more.", ""),
        f"Tom Hale | {BRAND}\nCustomer Care\nPhone: +1 775 555 0110",
        brief=True,
    ),
    Agent(
        9003,
        "Lucia Ortega",
        ("Hey {first}!", "Hi {first}!", "Hey there!"),
        (
            "Thanks for writing in!",
            "Good to hear from you!",
            "Glad you asked!",
            "Let's get that sorted.",
            "No worries at all!",
        ),
        (
            "Have a great day out there!",
            "Just ping us if something else comes up!",
            "Enjoy the outdoors!",
            "Take care!",
        ),
        f"--\nLucia Ortega\nGear Team, {BRAND}\nwww.{DOMAIN}",
        field=True,
    ),
    Agent(
        9004,
        "Marcus Webb",
        ("Dear {first} {last},", "Dear {first},", "Good day {first},"),
        (
            "Thank you for contacting us.",
            "Thank you for your message.",
            "I appreciate your patience.",
            "I would be glad to clarify this.",
        ),
        (
            "Please do not hesitate to write again should you have further questions.",
            "I trust this answers your question.",
            "We appreciate your business.",
        ),
        f"Kind regards,\n\nMarcus Webb\nCustomer Service Specialist\n{BRAND}\n410 Timberline Rd, Reno",
        formal=True,
        field=True,
    ),
    Agent(
        9005,
        "Hannah Lindqvist",
        ("Good morning {first},", "Good afternoon {first},", "Hello {first},"),
        (
            "Hope your week is going well.",
            "Thanks for your note.",
            "Sure, here is how it works.",
            "Let me explain how this works.",
        ),
        ("Hope this clears it up.", "Do write back if you get stuck.", "All the best with it."),
        "Cheers,\nHannah",
    ),
    Agent(
        9006,
        "Deshawn Carter",
        ("Hi {first},", "Hi there,", ""),
        ("Thanks for the message.", "", "Got it.", "Quick answer:", "Here you go."),
        ("", "Anything else, we're here.", "Hope that does it."),
        f"~ Deshawn, {BRAND} Support",
        brief=True,
    ),
    Agent(
        9007,
        "Yuki Tanabe",
        ("Hi {first},", "Hello and thank you for writing, {first}.", "Hi {first}, Yuki here."),
        (
            "I looked into this for you.",
            "I understand you would like to be sure about this.",
            "That's a fair question.",
            "I know the fine print can be confusing.",
        ),
        (
            "I hope this is helpful.",
            "Wishing you a lovely day.",
            "We are always glad to help.",
            "Feel free to come back to me with any other question.",
        ),
        f"Warmly,\nYuki T.\n{BRAND} Customer Care\nMon-Fri 8am-6pm PT",
        field=True,
    ),
)
AUTOMATIC = Agent(9100, f"{BRAND} Auto-Reply", ("",), ("",), ("",), "")

FIRST_NAMES = words("""
Maya Jordan Elena Caleb Ruth Omar Tessa Victor Naomi Felix Ingrid Darnell Sofia Wes Amara Colin
Bridget Hugo Leila Grant Paige Mateo Nina Roland Joyce Andre Kirsten Malik Clara Stuart Rosa Dmitri Holly
  Kenji
Fiona Emmett Gwen Tariq Lydia Boris Mina Quentin Abby Rafael Sage Corinne Isaac Vera Duncan Pilar Miles Thea
Callum Aisha Reid Marta Elias June Harvey Odette""")
LAST_NAMES = words("""
Lindholm Pike Castellano Brooks Okafor Haddad Whitaker Novak Ferreira Sandoval
  Bergstrom Tillman
Marchetti Doyle Nakamura Prescott Abernathy Kowalski Rahimi Delgado Fairchild Mbeki Sorensen Vance Gallagher
Petrov Ashworth Yamada Quigley Reinholt Santoro Tran Underhill Voss Winslow Xiong Zamora Aldridge Bhatt
  Crowley
Dunmore Eriksen Fontaine Greer Holloway Ibarra Jessup Keane Larkin Moreau Nwosu Ostrander Pruitt Ridley
Salazar Thorne Ulrich Vandermeer Wexler Yates""")
STREETS = words("Alder Birch Canyon Dogwood Elkhorn Foothill Granite Hawthorn Ironwood Juniper Larch Mill")
CITIES = (
    ("Boise", "ID 83702"),
    ("Bend", "OR 97701"),
    ("Flagstaff", "AZ 86001"),
    ("Missoula", "MT 59801"),
    ("Duluth", "MN 55802"),
    ("Asheville", "NC 28801"),
    ("Burlington", "VT 05401"),
    ("Fort Collins", "CO 80521"),
    ("Spokane", "WA 99201"),
    ("Santa Fe", "NM 87501"),
    ("Marquette", "MI 49855"),
    ("Ithaca", "NY 14850"),
)


@dataclass(frozen=True)
class Customer:
    """A buyer with what appears of them in tickets; mail domains and phone numbers are reserved ones."""

    id: int
    first: str
    last: str
    email: str
    phone: str
    street: str
    city: str
    region: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return f"{self.street}, {self.city}, {self.region}"


def customers(rng: random.Random, count: int) -> tuple[Customer, ...]:
    """`count` buyers with different names."""
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    chosen = rng.sample(names, min(count, len(names)))
    return tuple(_customer(rng, 50001 + i, first, last) for i, (first, last) in enumerate(chosen))


def _customer(rng: random.Random, number: int, first: str, last: str) -> Customer:
    dot = rng.choice([".", "_", ""])
    host = rng.choice(["example.com", "mail.example.org", "example.net"])
    city, region = rng.choice(CITIES)
    kind = rng.choice(["Street", "Ave", "Lane", "Rd", "Drive"])
    street = f"{rng.randint(12, 9800)} {rng.choice(STREETS)} {kind}"
    phone = rng.choice(["({a}) 555-01{b}", "+1 {a} 555 01{b}", "{a}-555-01{b}"])
    phone = phone.format(a=rng.choice([208, 541, 406, 802, 970, 509]), b=f"{rng.randint(0, 99):02d}")
    return Customer(number, first, last, f"{first}{dot}{last}@{host}".lower(), phone, street, city, region)
