"""Invented brands: a name, a vertical with its products, a currency, and the teams that take over."""

from dataclasses import dataclass, replace
from random import Random

from support_pipeline.demo.base_corpus.values import CURRENCIES


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Bram Cor Dal El Fen Gal Har Ivo Jun Kel Lor Mar Nor Oak Pel Quin Ros Sol Tam Ulm Ver Wil Yar "
    "Zan Amber Birch Cedar Copper Dusk Ember Fern Frost Glen Haven Iron Juniper Lark Maple Moss "
    "North Opal Pine Rook Sage Silver Stone Thistle Velvet Willow Bright Clear Little Urban Wild"
)
SECOND = _words(
    "bow by den dale field ford gate grove ham lane leaf line lock mark mere more nest path peak "
    "port ridge root shore stead thorn vale way well wick wood works yard berry brook craft"
)
KINDS = (
    "Outfitters", "Supply", "Home", "Goods", "Apparel", "Kitchen", "Gear", "Living", "Studio", "& Co", "Market",
    "Collective", "Shop", "Trading", "Cosmetics", "Electronics", "Pets", "Books", "Garden", "Toys", "Cycles",
    "Coffee", "Jewellery", "Audio", "Sports", "Furniture", "Baby", "Optics", "",  "", "", "",
)  # fmt: skip
HELD_OUT_FIRST = ("Quill", "Tarn", "Vesper", "Zephyr", "Basil", "Orchard")

PRODUCTS = {
    "clothing": "jacket, hoodie, pair of jeans, dress, coat, sweater, pair of boots, shirt, scarf, rain jacket, T-shirt, skirt",
    "outdoor": "tent, backpack, sleeping bag, camp stove, headlamp, water bottle, pair of hiking boots, fleece, hammock, trekking poles",
    "home": "lamp, rug, set of sheets, duvet, mirror, armchair, coffee table, vase, cushion, shelf, mattress, curtain",
    "kitchen": "blender, knife set, frying pan, kettle, espresso machine, toaster, mixing bowl, dutch oven, grinder",
    "electronics": "headphones, charger, speaker, keyboard, tablet, smart watch, monitor, camera, router, power bank, phone case",
    "beauty": "face cream, serum, shampoo, lipstick, perfume, sunscreen, gift set, hair dryer, mask",
    "pets": "dog bed, cat tree, leash, bag of dog food, aquarium filter, litter box, harness",
    "toys": "puzzle, board game, doll house, train set, plush bear, building set, scooter",
    "garden": "hose, planter, lawn mower, pair of shears, bird feeder, grill, garden chair, seed kit",
    "jewellery": "necklace, ring, bracelet, watch, pair of earrings, pendant",
    "sports": "yoga mat, dumbbell set, bike helmet, running shoes, tennis racket, football, treadmill, skateboard",
    "books": "cookbook, novel, art print, notebook, calendar, atlas, planner",
}

DEFAULT_TEAMS = (
    "Customer Care", "Senior Support", "Support Leads", "Tier 2", "Specialists", "Customer Experience", "Care Team",
    "Escalations", "Resolution Desk", "Team Leads", "Supervisors", "Customer Relations", "Duty Manager", "Level 2 Support",
    "Human Support", "Customer Happiness", "Service Desk", "Case Managers", "Support Tier 2", "Client Services",
)  # fmt: skip
BILLING_TEAMS = (
    "Billing", "Payments", "Finance", "Billing Team", "Billing & Payments", "Payments and Fraud", "Accounts",
    "Payment Disputes", "Billing Support", "Finance Desk", "Billing Specialists", "Fraud & Payments",
)  # fmt: skip
MANAGER_TEAMS = (
    "Shop Managers", "Managers", "Management", "Branch Managers", "Exceptions Desk", "Goodwill Desk", "Store Leads",
    "Head Office", "Store Management",
)  # fmt: skip
OTHER_TEAMS = (
    "Logistics", "Returns", "Warranty", "Shipping", "Product Quality", "Returns Desk", "Legal", "Trust & Safety",
    "Wholesale", "Retention", "Delivery Team", "Technical Support", "Quality", "Warehouse", "Social Media",
)  # fmt: skip
MONEY_WORDS = {
    "${}": "dollar", "€{}": "euro", "£{}": "pound", "{} EUR": "euro", "{} USD": "dollar", "{} kr": "krona",
    "CA${}": "Canadian dollar", "A${}": "Australian dollar", "CHF {}": "franc",
}  # fmt: skip


@dataclass(frozen=True)
class Brand:
    """A shop that exists nowhere."""

    name: str
    products: tuple[str, ...]
    currency: str
    teams: tuple[str, ...]

    @property
    def unit(self) -> str:
        """One unit of the shop's money, in words."""
        return MONEY_WORDS[self.currency]

    @property
    def default_team(self) -> str:
        return self.teams[0]

    @property
    def billing_team(self) -> str:
        """The team for disputes about money: the one that sounds like it, or else the default."""
        return next((team for team in self.teams if team in BILLING_TEAMS), self.teams[0])

    @property
    def exception_team(self) -> str:
        """The team that may depart from the policies, or else the default."""
        return next((team for team in self.teams if team in MANAGER_TEAMS), self.teams[0])

    def with_managers(self, rng: Random) -> "Brand":
        """The same shop with a team that decides on exceptions."""
        at = rng.randint(1, len(self.teams))
        return replace(self, teams=(*self.teams[:at], rng.choice(MANAGER_TEAMS), *self.teams[at:]))


def _name(rng: Random, held_out: bool) -> str:
    first = rng.choice(HELD_OUT_FIRST if held_out else FIRST)
    joined = rng.random() < 0.65
    second = rng.choice(SECOND)
    stem = first + second if joined else f"{first} {second.title()}"
    return f"{stem} {rng.choice(KINDS)}".strip()


def _teams(rng: Random) -> tuple[str, ...]:
    rest = rng.sample(OTHER_TEAMS, rng.choice((0, 0, 1, 1, 2, 3)))
    if rng.random() < 0.6:
        rest.insert(rng.randint(0, len(rest)), rng.choice(BILLING_TEAMS))
    return (rng.choice(DEFAULT_TEAMS), *rest)


def make_brand(rng: Random, held_out: bool = False) -> Brand:
    """A brand drawn from `rng`; with `held_out`, under a name that no training text has."""
    products = PRODUCTS[rng.choice(list(PRODUCTS))]
    return Brand(_name(rng, held_out), tuple(products.split(", ")), rng.choice(CURRENCIES), _teams(rng))
