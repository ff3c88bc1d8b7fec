"""More than one request in one message, by its parts: what each asks about, and how it is joined to the others.

Questions may be several, since one reply answers them; two troubles, or two things to be done, are not.

A trouble and the remedy for it are one request ("it came broken, can I return it?"), two questions about one
subject are one too. Two requests are announced ("another matter"), or joined ("and also") or simply put one
after the other, and speak of subjects that have nothing to do with each other, or of two orders.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from support_pipeline.data.filtering.patterns import PatternSet, compiled
from support_pipeline.data.filtering.turns import sentences
from support_pipeline.data.remembering import remembered

_ABOUT = PatternSet.of(
    {
        "ask": (
            r"\?$",
            r"^(?:then )?also (?:the|a|my)\b",
            r"^(?:and |or |so |but |also |plus |oh |hi |hello |then |btw |please |pls |lastly |finally |secondly |moreover |in addition |[,:] ?)*(?:how|when|where|what|why|which|whether|can|could|would|do|does|is|are|will|may|should|need|please|pls|kindly|cancel|change|refund|delete|send|resend|remove|unsubscribe|correct|update|tell|pausing|telling|get|take|wanna)\b",
            r"\b(?:please|pls|plz|kindly|i'?d (?:like|love|also like|need)|i would like|i (?:also )?(?:want|need|wish)|need(?:s)? (?:to|help|a|the)|wanted to ask|(?:want|like|love|wanna) (?:to )?know|tell me|tell us|let me know|could you|can (?:you|u)|wondering|questions? (?:about|regarding)|get a refund|help with)\b|[:,] (?:how|when|where|what|can|could|do|does|is|are)\b",
        ),
        # A question that one reply answers beside others; a policy that answers it asks for nobody.
        "inform": (
            r"\b(?:how (?:do|can|could|would|long|late|soon|quick\w*|much|many|to|far|does|is)|(?:until |by )?when|where (?:do|can|is the|could)|what|which|whether|if (?:you|my|i|there|the)|(?:to|wanna) know|can (?:you|u) (?:say|tell)|could you (?:say|tell)|"
            r"(?:can|could|may|do|should|would|will|am|must) i|(?:is|are) (?:there|it|the)|do(?:es)? (?:you|it|the|they)|is (?:the|my)|question)\b",
        ),
        "unrelated": (
            r"\b(?:unrelated|separately|another matter|different (?:matter|topic|subject)|(?:an)?other (?:subject|topic|issue|problem|note)|separate (?:matter|question|issue)|then there'?s)\b",
        ),
        "trouble": (
            r"\b(?:broke(?:n)?|breaks|smashed|cracked|damaged|defect\w*|faulty|bent|scratched|leak(?:s|ed|ing)?|crackl\w+|squeak\w*|smell(?:s|ed)?|torn|shrank|hole|dead|stopped|stuck|crash(?:es|ing)|missing|forgot(?:ten)?|wrong|incorrect|late|delay(?:ed)?|overcharged|double[- ]charged|billed|dropped|"
            r"rejected|declined|expired|gone|unreadable|off by|outstanding|awaiting|still await|waiting|missed|problem|issue|complaint|incomplete|open|over?due|10 short|short|shows zero|invalid|logs? me out|two different|taken twice|charged|no date)\b",
            r"\b(?:never|not|has(?:n'?t| not)|have(?:n'?t| not)|did(?:n'?t| not)|does(?:n'?t| not)|do(?:n'?t| not)|won'?t|can(?:'t|not)|could(?:n'?t| not)|is(?:n'?t| not)|are(?:n'?t| not)|w/o|without|nobody) (?:\w+ ){0,3}(?:arriv\w+|c[ao]me|received?|show\w*|gotten|got|get|moved|work\w*|appl(?:y|ied)|turn|charge|pair|log|had|left|told|load\w*|open|fit|vat|sent)\b",
        ),
        "refund": (r"\b(?:refund\w*|money back|reimburs\w+)\b",),
        "remedy": (
            r"\b(?:refund\w*|money back|return(?:s|ed|ing)?|send (?:it|them|things) back|exchang\w+|swap\w*|replac\w+|cancel\w*|reimburs\w+|compensat\w+|change the size)\b",
        ),
        "delivery": (
            r"\b(?:parcels?|packages?|deliver\w*|track\w*|courier|driver|slot|shipp?(?:s|ed|ing|ment)?\b|customs|late\b|delay\w*|where(?:'s| is) (?:my|the|order)|when (?:does|will|do) (?:my|the|it)|order (?:status|comes?)|status|locker|pickup point|left the warehouse|dispatch\w*|hasn'?t (?:come|arrived)|never (?:came|arrived)|not (?:arrived|received)|third be)\b",
        ),
        "order": (r"\b(?:order|item|replacement) (?:for|from|with|is late|hasn'?t|never)\b",),
        "fault": (
            r"\b(?:broke(?:n)?|smashed|cracked|damaged|defect\w*|faulty|bent|scratched|leaks?|crackl\w+|squeak\w*|smells?|torn|shrank|shrunk|hole|stopped|doesn'?t (?:turn|charge|work)|won'?t (?:pair|turn|charge|work)|off by)\b",
        ),
        "mistake": (
            r"\b(?:wrong (?:item|colou?r|size|model|belt|product|one)|missing (?:screws|part|sock|piece|item)s?|forgot (?:the|to put|to include)|two different sizes|wrong \w+ came|incomplete|(?:sock|teapot|bulbs|cups?) (?:was|were) (?:missing|gone))\b",
        ),
        "account": (
            r"\b(?:password|log-?in|log(?:s|ged)? (?:me )?(?:in|out)|account|profile|e-?mail (?:address)?|phone number|my (?:sur)?name|surname|moved house|old card|app\b|data\b|username)\b",
        ),
        "address": (r"\b(?:delivery address|address (?:needs|has)|to my work|new address|two addresses|go to my neighbou?r)\b",),
        "invoice": (r"\b(?:invoices?|receipts?|vat|tax(?:es)?|billing address)\b",),
        "charge": (
            r"\b(?:charged|overcharged|double[- ]charged|billed|direct debit|payment method|card (?:keeps|gets|was)|declined|fee\b|owe|pay (?:with|by|the rest)|taken twice|checkout|10 short)\b",
        ),
        "discount": (
            r"\b(?:discount|codes?|coupons?|vouchers?|gift cards?|points|loyalty|promo\w*|welcome gift)\b",
        ),
        "subscription": (r"\b(?:subscription|membership|newsletter|unsubscribe|sms|subscribed)\b",),
        "stock": (r"\b(?:in stock|restock\w*|sale(?:'s)? (?:start|begin)\w*|available again|back in)\b|\bwhen'?s the sale\b",),
        "warranty": (r"\b(?:warrant(?:y|ies)|guarantee)\b",),
        "use": (
            r"\b(?:wash(?:able|ing|ed)?|clean|instructions|manual|suitable|machine|spare|compatible|size chart|in cm|outdoors|water tap|waterproof|material|fits|cut them|care for)\b",
        ),
        "shop": (r"\b(?:shop in|store in|ship to|deliver to|on saturdays|hire|opening hours|gift[- ]?wrap|installation|taken away|add a (?:pair|towel)|students)\b",),
        "announced": (
            r"\b(?:another|a different|totally different|different|one more|a separate|separate|the other|second|other) (?:matter|thing|question|issue|problem|topic|note|subject|point|one with|request)\b|\b(?:unrelated|separately|by the way|btw)\b|\bon (?:an)?other note\b|"
            r"\bwhile (?:i'?m|i am|you'?re|you are|we'?re)\b[^.?!]{0,8}\b(?:at it|here|looking|on it)\b|\b(?:as well as that|apart from (?:that|the)|aside from (?:that|the)|besides the|on top of that|oh,? and|and if you have a minute)\b|\bthen there'?s\b",
        ),
        "joined": (
            r"^(?:oh,? |and |but |hi,? )*(?:also|plus|additionally|furthermore|moreover|in addition|besides|secondly|second|lastly|finally|next|then|as well as|thirdly)\b|\b(?:and|but|plus|oh) also\b|\balso\b|\bin addition\b|\bplus\b",
        ),
    }
)  # fmt: skip
_KINDS = frozenset({"ask", "trouble", "announced", "joined", "inform", "unrelated"})
_ARRIVAL = frozenset({"fault", "mistake", "delivery", "order"})
_LOOKS_FORWARD = re.compile(r"\bcan['’]?t wait\b", re.IGNORECASE)
_REMEDIES = frozenset({"remedy", "refund"})
_MARK = re.compile(r"^[(\[]?[a-d1-4][).:]\s*", re.IGNORECASE)
_CLAUSES = re.compile(
    r"\s*(?:;|\s-\s|(?:,\s*)?\b(?:and|plus|also|but)\b(?=\s+(?:also|could|can|please|pls|how|when|where|what|why|whether|if\s+(?:you|u)|do|does|is|are|i|i'?d|i'?m|my|the|that|your?|will|for|wanna|still|on\s+top|another|an?\s+(?:second|separate|question|issue|problem)|before\s+that|for\s+the|then|tell|swap|know)\b)"
    r"|\((?=[a-d1-4]\))|,\s+(?=(?:whether|swap|and|the|my)\b))\s*",
    re.IGNORECASE,
)
_ORDER = compiled(r"\border (?:no\.? ?|number ?|#)?(\d[\d-]*)\b")
_COUNTED = PatternSet.of(
    {
        "counted": (
            r"\b(?:two|three|four|five|[2-5]|several|multiple|a few|a couple of|a number of|some|quick|both my|both of my|two different) ([\w-]+ )?(?:questions|points|requests|queries|orders)\b",
            r"\b(?:one|1|a)[,:)] [^\n]+\b(?:two|2|b)[,:)] ",
            r"^\s*[-*•] [^\n]+ [-*•] ",
            r"\bfirst(?:ly| of all| issue| question)?\b[,: ][^\n]+\b(?:second(?:ly| issue| question)?)\b",
            r"\b(?:regarding|concerning|question about|as for|re:|for (?:the )?order)\b[^\n]+[.?!] (?:and )?(?:regarding|concerning|question about|as for|re:|for (?:the )?order)\b",
            r"\b(?:issue|question|problem|point|request) (?:1|one|a)\b[^\n]+\b(?:issue|question|problem|point|request) (?:2|two|b)\b",
            r"\b(?:my|the) (?:\w+'?s )?(?:order|parcel|one)\b[^\n]{0,60}\b(?:and|but|while) (?:my own|my other|the other|the one before|the \w+ one)\b|\bthe one before that\b",
        )
    }
)
_NOUN = re.compile(r"(?:the|my|that|your|another)\b", re.IGNORECASE)
_MATTER = re.compile(r"(?:an?|another) (?:\w+ )?(?:question|issue|problem|complaint)\b", re.IGNORECASE)
_SHOPPING = frozenset({"fault", "mistake", "delivery", "order", "charge"}) | _REMEDIES
_JOINTS = ("also", "plus")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    signs: frozenset[str]
    sentence: int
    after_and: bool

    @property
    def topics(self) -> frozenset[str]:
        return self.signs - _KINDS

    @property
    def needs_doing(self) -> bool:
        """A trouble, or something to be done: more than a question."""
        return "trouble" in self.signs or ("ask" in self.signs and "inform" not in self.signs)

    @property
    def wants(self) -> bool:
        return bool({"ask", "trouble", "announced"} & self.signs)


@remembered
def several_requests(text: str) -> str | None:
    """The two parts of a customer's message that ask for different things, or None."""
    text = _LOOKS_FORWARD.sub("", text[:_LONGEST])
    if not _worth_reading(text):
        return None
    counted = _COUNTED.any(text)
    asking = [part for part in _parts(text) if part.wants]
    for place, later in enumerate(asking):
        if "announced" in later.signs and later.needs_doing and len(later.topics) > 1:
            return later.text[:80]
        for earlier in asking[:place]:
            if _apart(earlier, later, counted or _listed(asking, later)):
                return f"{earlier.text[:40]} / {later.text[:40]}"
    return None


def _listed(asking: Sequence[_Part], last: _Part) -> bool:
    """Whether a sentence lists three troubles or wishes, each about something else."""
    beside = [part for part in asking if part.sentence == last.sentence]
    topics = sum(len(part.topics) for part in beside)
    return (
        len(beside) > 2
        and all(part.topics for part in beside)
        and topics == len(frozenset().union(*(part.topics for part in beside)))
    )


def _worth_reading(text: str) -> bool:
    """Whether the whole text has what two requests need: a subject each."""
    signs = frozenset(_ABOUT.labels(text))
    return len(signs - _KINDS) > 1 or "announced" in signs or len(set(_ORDER.findall(text))) > 1


def _parts(text: str) -> list[_Part]:
    parts = []
    for number, sentence in enumerate(sentences(text)):
        pieces = _CLAUSES.split(sentence)
        joints = [found.group(0).strip(" ,").casefold() for found in _CLAUSES.finditer(sentence)]
        for piece, joint in zip(pieces, ["", *joints], strict=True):
            piece = _MARK.sub("", piece.strip(" ,"))
            if len(piece.split()) > 1:
                parts.append(
                    _Part(
                        piece,
                        _signs(f"{joint} {piece}" if joint in _JOINTS else piece, joint),
                        number,
                        joint == "and",
                    )
                )
    return parts


def _signs(words: str, joint: str) -> frozenset[str]:
    if joint and _NOUN.match(words):  # "the trousers and the belt": the question mark is the sentence's
        words = words.rstrip("?")
    signs = set(_ABOUT.labels(words))
    if "shop" in signs:
        signs.discard("delivery")  # "do you ship to Norway" asks about no parcel
    if joint == "and" and ("trouble" in signs or _MATTER.match(words)):
        signs.add("joined")
    return frozenset(signs)


def _apart(earlier: _Part, later: _Part, counted: bool) -> bool:
    orders = set(_ORDER.findall(earlier.text)), set(_ORDER.findall(later.text))
    if all(orders) and not orders[0] & orders[1]:
        return True
    if not (earlier.needs_doing and later.needs_doing):
        return "unrelated" in later.signs and earlier.needs_doing
    if "announced" in later.signs and (later.topics or earlier.topics):
        return True
    if earlier.topics | later.topics <= _REMEDIES:
        return {"joined", "trouble"} <= later.signs
    if not earlier.topics or not later.topics or earlier.topics & later.topics or _remedy(earlier, later):
        return False
    if later.after_and and earlier.topics | later.topics <= _ARRIVAL:
        return False  # "it came late and the box was torn"
    return counted or "joined" in later.signs or {"ask"} <= earlier.signs & later.signs


def _remedy(earlier: _Part, later: _Part) -> bool:
    """Whether one is only what the customer wants for the other."""
    return any(
        "remedy" in one.signs
        and "trouble" not in one.signs
        and "trouble" in other.signs
        and "ask" not in other.signs
        and other.topics <= _SHOPPING
        for one, other in ((earlier, later), (later, earlier))
    )
