"""A cheap, deterministic label of what a ticket is about, for stratified splits and the reasons table.

It is no model of meaning: it only has to put like with like, the same way at every release.
"""

from support_pipeline.data.filtering.patterns import PatternSet

OTHER = "other"

_INTENTS = PatternSet.of(
    {
        "cancel": (r"\bcancel(l?ed|l?ing|lation|s)?\b", r"\bcall off (my|the) order\b"),
        "exchange": (
            r"\bexchang(e|ed|ing)\b|\bswap(ped|ping)?\b",
            r"\b(wrong|different|another|bigger|smaller|larger) (size|colou?r)\b",
        ),
        "return": (r"\breturn(s|ed|ing|able)?\b|\bsend(ing)? (it|them|this|these) back\b",),
        "warranty": (r"\bwarrant(y|ies)\b|\bguarantee\b|\brepairs?\b",),
        "damaged": (
            r"\b(damaged?|defect(ive)?|broken?|broke|cracked|scratch(ed|es)?|faulty|torn|leak(ed|ing)?|shattered|ripped|stopped working|"
            r"(not|isn'?t|doesn'?t|won'?t) (working|work|turn on|charge|charging|function(ing)?)|counterfeit|fake|used item)\b",
        ),
        "wrong_item": (
            r"\b(wrong|incorrect|different) (item|product|order|model|thing|one|book|shoes?|dress|shirt|parcel|package)\b",
            r"\bnot what i ordered\b|\b(missing|incomplete|partial) (item|part|parts|order|pieces?|accessor\w+)\b|\bempty (box|package)\b",
        ),
        "refund": (r"\brefund(s|ed|ing|able)?\b|\bmoney back\b|\breimburs\w+\b",),
        "discount": (
            r"\b(discount|coupon|promo(tion)?( code)?|voucher|gift ?cards?|price match|sale price|loyalty|reward|points)\b",
        ),
        "payment": (
            r"\b(charged|payments?|paid|billing|bill(ed)?|credit card|debit card|paypal|checkout|transaction|upi|instal?lments?)\b",
            r"\binvoices?\b|\breceipts?\b",
        ),
        "address": (
            r"\b(chang|updat|correct|wrong|different)\w* (\w+ ){0,3}address\b|\baddress (\w+ ){0,3}(chang|updat|wrong)\w*\b",
        ),
        "order_status": (
            r"\b(where('?s| is| are)|track(ing)?|status of|eta|when (will|is|can|does|do)|has(n'?t| not) (arrived|shipped|been delivered)|"
            r"not (yet )?(arrived|received|delivered)|late|delay(ed)?|still waiting|never (arrived|received|came)|lost)\b",
            r"\b(parcel|package|courier|delivered)\b",
        ),
        "shipping": (
            r"\bship(s|ped|ping|ment)?\b|\bdeliver(y|ies|s|ing)?\b|\bcustoms\b|\binternational\b|\bexpress\b",
        ),
        "stock": (r"\b(in|out of|back in) stock\b|\brestock(ed|ing)?\b|\bavailab(le|ility)\b|\bsold out\b",),
        "account": (
            r"\b(account|password|log ?in|log(ged|ging)? in|sign(ed|ing)? (in|up)|verif(y|ication)|two[- ]factor|2fa|username|profile|"
            r"suspended|locked out|unsubscribe|newsletter|e-?mail preferences)\b",
        ),
        "subscription": (
            r"\b(subscri(be|bed|ption|ptions)|membership|renew(al|ed|s)?|auto-?pay|free trial|plan)\b",
        ),
        "product": (
            r"\b(size|sizing|fit|material|waterproof|compatible|compatibility|ingredients?|dimensions?|weight|colou?rs?|care instructions|"
            r"wash(ing|able)?|vegan|allerg\w+|battery|specifications?|specs|instructions|manual)\b",
        ),
        "technical": (
            r"\b(error|crash(es|ed|ing)?|app|website|update|install(ed|ing|ation)?|bug|glitch|loading|connect(ion|ed)?|sync)\b",
        ),
    }
)
# What a person has asked for says more about a ticket than where it was said first.


def intent(text: str) -> str:
    """The label of a customer's text: the first that matches in order of precedence, else `other`."""
    found = _INTENTS.first(text)
    return found[0] if found else OTHER


def intents(text: str) -> list[str]:
    """Every label that matches."""
    return _INTENTS.labels(text)
