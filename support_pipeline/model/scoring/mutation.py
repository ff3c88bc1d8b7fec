"""Known faults, one at a time, put into right answers: the scorer measured by what it catches.

A mutant is a human answer with one fault, and the points it may have at most. What the faults are made
of (goods, live statements) is given from outside, so that the scorer's own word lists do not
write their own test.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import re2

from support_pipeline.claims import Claim, claims, judge
from support_pipeline.model.prompt import escalation, without_hand_over
from support_pipeline.model.scoring import inventions
from support_pipeline.model.scoring.cases import Case
from support_pipeline.model.scoring.layers import Points
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.products import products
from support_pipeline.model.scoring.score import Score, score_answer
from support_pipeline.model.scoring.wording import sentences
from support_pipeline.model.verdict.shares import Share
from support_pipeline.policies import PolicyBook, spoken
from support_pipeline.quantities import Quantity, quantities


@dataclass(frozen=True)
class Materials:
    """What mutants are made of.

    `live` maps a fault's name (invented_stock, ...) to statements that only live data could bear;
    `goods` are things that the shop sells, each under the names it goes by.
    """

    book: PolicyBook
    today: date
    teams: tuple[str, ...]
    goods: tuple[tuple[str, ...], ...]
    live: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A faulty answer, and the points it may have at most."""

    fault: str
    case: Case
    answer: str
    most: Points
    stopped: bool = True

    def score(self, materials: Materials) -> Score:
        """What the scorer says of it."""
        return score_answer(
            self.case,
            self.answer,
            book=materials.book,
            today=materials.today,
            teams=materials.teams,
            stopped=self.stopped,
        )


@dataclass
class Measured:
    """How many mutants of one fault were caught; `missed` shows some that were not."""

    fault: str
    caught: int = 0
    total: int = 0
    missed: list[Mutant] = field(default_factory=list)

    @property
    def share(self) -> Share:
        """The caught share."""
        return Share(self.caught, self.total)


Make = Callable[[Case, "Bench", random.Random], str | None]


@dataclass(frozen=True)
class Bench:
    """The cases and materials that a fault may draw on."""

    cases: Sequence[Case]
    materials: Materials

    def other(self, rng: random.Random, wanted: Callable[[Case], bool]) -> Case | None:
        """A random case of a kind; None after many tries."""
        return next((c for c in (rng.choice(self.cases) for _ in range(200)) if wanted(c)), None)


def mutants(
    cases: Sequence[Case], materials: Materials, per_fault: int, seed: int = 0, without: Collection[str] = ()
) -> Iterator[Mutant]:
    """Up to `per_fault` mutants of each fault but those `without`, each from a case drawn at random."""
    bench = Bench(cases, materials)
    for fault, (most, make) in FAULTS.items():
        if fault in without:
            continue
        rng = random.Random(f"{seed}|{fault}")
        made = 0
        for _ in range(per_fault * 60):
            if made == per_fault:
                break
            case = rng.choice(cases)
            answer = make(case, bench, rng)
            if answer is not None and answer != case.human_answer:
                made += 1
                yield Mutant(fault, case, answer, most)
    rng = random.Random(f"{seed}|cut_off")
    for case in rng.choices(cases, k=per_fault):
        yield Mutant("cut_off", case, case.human_answer[: len(case.human_answer) * 2 // 3], 1, stopped=False)


def measure(found: Iterator[Mutant], materials: Materials, keep: int = 5) -> dict[str, Measured]:
    """Detection by fault."""
    counts: dict[str, Measured] = {}
    for mutant in found:
        measured = counts.setdefault(mutant.fault, Measured(mutant.fault))
        caught = mutant.score(materials).score <= mutant.most
        measured.total += 1
        measured.caught += caught
        if not caught and len(measured.missed) < keep:
            measured.missed.append(mutant)
    return counts


def false_alarms(cases: Sequence[Case], materials: Materials) -> list[tuple[Case, Score]]:
    """The cases whose own human answer does not score 3."""
    scored = ((case, Mutant("none", case, case.human_answer, 3).score(materials)) for case in cases)
    return [(case, score) for case, score in scored if score.score < 3]


def peers(cases: Sequence[Case], seed: int = 0) -> list[tuple[Case, str]]:
    """Each answered case with another agent's right answer to the same intent.

    Other words, same content: objecting to these is a false alarm that a human answer, held against
    itself, cannot show. Peers that speak of something of their own ticket (goods, numbers) are left out.
    """
    rng = random.Random(f"{seed}|peers")
    by_intent: dict[str, list[Case]] = {}
    for case in cases:
        if (
            case.kind == "answer"
            and not products(case.human_answer)
            and not _PLACEHOLDER.search(case.human_answer)
        ):
            by_intent.setdefault(case.intent, []).append(case)
    found = []
    for case in cases:
        others = [c for c in by_intent.get(case.intent, ()) if c.human_answer != case.human_answer]
        if case.kind == "answer" and others:
            found.append((case, str(_GREETED.sub("", rng.choice(others).human_answer))))
    return found


_MONTH_NAMES = (
    "January",
    "February",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# Faults. Each returns None where the case has nothing to break.

_GREETED = re2.compile(
    r"(?i)^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[^.!\n]*?[,.!\n](?: ?[A-Z]\w+[,.!]\s)?|<CUSTOMER_\d+>,|[A-Z]\w+,\n)\s*"
    r"(?:\S+ here\.\s*)?"
)
_PLACEHOLDER = re2.compile(r"<(?:ORDER|TRACKING)_(\d+)>")
_NUMBER = re2.compile(r"\b(?:[A-Z]{1,4}-)?\d{5,}\b")


def _wrong_order(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """Another number where one is named; else one is named that nobody gave."""
    for pattern in (_PLACEHOLDER, _NUMBER):
        if match := pattern.search(case.human_answer):
            return _replaced(case.human_answer, match.span(), _other_digits(match.group(0), case, rng))
    marks = _PLACEHOLDER.search(case.customer_text)
    order = _other_digits(marks.group(0) if marks else f"DO-{rng.randint(100000, 999999)}", case, rng)
    return f"{rng.choice(['Regarding', 'About', 'For'])} order {order}: {case.human_answer}"


def _other_digits(text: str, case: Case, rng: random.Random) -> str:
    while True:
        changed = "".join(rng.choice("0123456789") if char.isdigit() else char for char in text)
        if changed not in case.customer_text and changed not in case.human_answer:
            return changed


def _ten_more(case: Case, bench: Bench, rng: random.Random) -> str | None:
    return _changed(case, rng, "time", lambda q: spoken(_shown(q.low + 10), q.unit))


def _wrong_percent(case: Case, bench: Bench, rng: random.Random) -> str | None:
    return _changed(case, rng, "percent", lambda q: f"{_shown(q.low + rng.choice([5, 10, 12]))}%") or _added(
        case, rng, f"You also get {rng.choice([7, 12, 18, 22, 35])}% off your next order."
    )


def _wrong_amount(case: Case, bench: Bench, rng: random.Random) -> str | None:
    return _changed(case, rng, "money", lambda q: f"${_shown(q.low + rng.choice([3, 5, 10]))}") or _added(
        case, rng, f"A fee of ${rng.randint(3, 60)}.{rng.choice(['25', '45', '80'])} applies."
    )


def _changed(case: Case, rng: random.Random, kind: str, write: Callable[[Quantity], str]) -> str | None:
    """The answer with one quantity of a kind rewritten to a value that no source has."""
    found = [q for q in quantities(case.human_answer) if q.kind == kind and q.low == q.high and not q.past]
    if not found:
        return None
    chosen = rng.choice(found)
    written = write(chosen)
    if chosen.text.endswith(("day", "month", "week", "year", "hour")) and "-" in chosen.text:
        written = f"{written.rsplit(' ', 1)[0]}-{chosen.text.rsplit('-', 1)[1]}"
    new = quantities(written)
    taken = (*quantities(case.customer_text), *(q for q in quantities(case.human_answer) if q is not chosen))
    if not new or any(new[0].same_value(q) for q in taken):
        return None
    return _replaced(case.human_answer, (chosen.start, chosen.end), written)


def _live(fault: str) -> Make:
    def make(case: Case, bench: Bench, rng: random.Random) -> str | None:
        if case.must_escalate:
            return None
        return _added(case, rng, rng.choice(bench.materials.live[fault]))

    return make


def _invented_code(case: Case, bench: Bench, rng: random.Random) -> str | None:
    word = rng.choice(["SAVE", "WELCOME", "THANKS", "SORRY", "TRAIL"])
    lines = [
        "Use code {c} at checkout.",
        "Enter the promo code {c} for a discount.",
        "Here is a voucher: {c}.",
    ]
    return _added(case, rng, rng.choice(lines).format(c=f"{word}{rng.choice([5, 10, 15, 20, 25])}"))


def _invented_contact(case: Case, bench: Bench, rng: random.Random) -> str | None:
    host = rng.choice(["help-desk.com", "support-center.net", "returns.shop", "care.example.org"])
    lines = [
        f"Write to {rng.choice(['returns', 'help', 'claims'])}@{host} for this.",
        f"See https://{host}/{rng.choice(['faq', 'returns', 'track'])} for details.",
        f"Call us at +1 (8{rng.randint(10, 99)}) 555-0{rng.randint(100, 199)}.",
    ]
    return _added(case, rng, rng.choice(lines))


def _missed_escalation(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The hand-over without its mark, or a plain answer in its place."""
    if case.team is None:
        return None
    other = bench.other(rng, lambda c: c.kind == "answer") if rng.random() < 0.5 else None
    return other.human_answer if other else without_hand_over(case.human_answer).strip()


def _wrong_team(case: Case, bench: Bench, rng: random.Random) -> str | None:
    teams = [team for team in (*bench.materials.teams, "Complaints Desk") if team != case.team]
    if case.team is None:
        return None
    return without_hand_over(case.human_answer).strip() + "\n\n" + escalation(rng.choice(teams))


def _needless_escalation(case: Case, bench: Bench, rng: random.Random) -> str | None:
    other = bench.other(rng, lambda c: c.team is not None)
    if case.must_escalate or other is None:
        return None
    mark = escalation(rng.choice(bench.materials.teams))
    return other.human_answer if rng.random() < 0.5 else f"{case.human_answer}\n\n{mark}"


def _old_policy(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """A value of the topic's other versions."""
    for claim in _held(case, bench):
        current, others = _versions(claim, bench)
        if current and others and claim.quantity:
            return _replaced(case.human_answer, _span(claim), rng.choice(others))
    return None


def _never_policy(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """A value that never was: half, double, or some more."""
    held = [
        claim for claim in _held(case, bench) if claim.quantity and claim.quantity.low == claim.quantity.high
    ]
    if not held:
        return None
    claim = rng.choice(held)
    assert claim.quantity is not None
    value = claim.quantity.low * rng.choice([2, 3, 4]) + rng.choice([0, 1])
    written = spoken(_shown(value), claim.quantity.unit)
    known = [fact.spoken_value() for fact in bench.materials.book.facts if fact.topic == claim.topic]
    return None if written in known else _replaced(case.human_answer, _span(claim), written)


def _swapped_policy(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The right number of another topic: in the policies, but not for this."""
    held = [claim for claim in _held(case, bench) if claim.quantity]
    if not held:
        return None
    claim = rng.choice(held)
    assert claim.quantity is not None
    kind, own = (
        claim.quantity.kind,
        {fact.spoken_value() for fact in bench.materials.book.facts if fact.topic == claim.topic},
    )
    others = [
        fact.spoken_value()
        for fact in bench.materials.book.in_force(bench.materials.today)
        if fact.topic != claim.topic
        and fact.spoken_value() not in own
        and any(q.kind == kind and not q.same_value(claim.quantity) for q in quantities(fact.spoken_value()))
    ]
    return _replaced(case.human_answer, _span(claim), rng.choice(others)) if others else None


_TURNED = (
    (r"\b(can|may|will) (be|return|change|exchange|cancel|use|download)\b", r"\1 not \2"),
    (r"\b(is|are) (free|covered|valid|possible|accepted|returned|matched|included)\b", r"\1 not \2"),
    (r"\bget (\S+ ?%|\d)", r"do not get \1"),
    (r"\bcovers\b", "does not cover"),
)


def _denied_policy(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The sentence that states a policy, with its yes turned into a no."""
    for claim in _held(case, bench):
        for pattern, turned in _TURNED:
            said = claim.sentence.strip()
            if said in case.human_answer and re2.search(pattern, said):
                return case.human_answer.replace(said, re2.sub(pattern, turned, said, count=1), 1)
    return None


def _other_unit(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The right number with another unit of time: 45 weeks for 45 days."""
    units = ("hours", "days", "weeks", "months", "years")

    def write(quantity: Quantity) -> str:
        others = [unit for unit in units if unit != quantity.unit]
        return f"{_shown(quantity.low)} {rng.choice(others)}"

    return _changed(case, rng, "time", write)


def _other_currency(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The right amount in another currency."""
    found = [q for q in quantities(case.human_answer) if q.kind == "money" and "$" in q.text]
    if not found or "€" in case.customer_text:
        return None
    chosen = rng.choice(found)
    return _replaced(case.human_answer, (chosen.start, chosen.end), chosen.text.replace("$", "€"))


def _wrong_name(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """A customer's name that nobody gave, in place of a greeting."""
    name = rng.choice(["Bob", "Priya", "Mr. Novak", "Jonathan", "Ms. Okafor"])
    if name.split()[-1].lower() in f"{case.customer_text} {case.human_answer}".lower():
        return None
    return f"Hi {name},\n\n{_GREETED.sub('', case.human_answer)}"


def _goodwill(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """A present that nobody granted."""
    lines = [
        "We'll give you free shipping on your next order.",
        "You can keep it for free.",
        "As a gesture of goodwill, the next one is on us.",
        "You also get a free pair of socks.",
        "Half price for you, as an exception.",
    ]
    return None if case.must_escalate else _added(case, rng, rng.choice(lines))


def _machine_talk(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """What no person writes: the prompt told back, or a model speaking of itself."""
    lines = [
        "As an AI language model, I cannot say more.",
        "Policies in force:",
        "<think>The customer asks about an order.</think>",
        "### Response:",
        "I am just a language model.",
    ]
    return _added(case, rng, rng.choice(lines))


def _policy_left_out(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The sentences that state a policy are gone, courtesy stays."""
    held = _held(case, bench)
    if not held:
        return None
    answer = case.human_answer
    for claim in held:
        answer = answer.replace(claim.sentence.strip(), "")
    rest = answer.strip() or "Thanks for your message. I hope this helps!"
    return rest if not claims(bench.materials.book, rest) else None


def _held(case: Case, bench: Bench) -> list[Claim]:
    """The claims of the human answer that hold; of an untouched value each."""
    book, today = bench.materials.book, bench.materials.today
    valued = {fact.topic for fact in book.in_force(today) if fact.value is not None}
    found = [
        c for c in claims(book, case.human_answer) if c.topic in valued and judge(book, c, today) == "current"
    ]
    return [claim for claim in found if claim.quantity is not None]


def _versions(claim: Claim, bench: Bench) -> tuple[str | None, list[str]]:
    facts = [fact for fact in bench.materials.book.facts if fact.topic == claim.topic]
    current = [fact.spoken_value() for fact in facts if fact.in_force(bench.materials.today)]
    return (current[0] if current else None), [
        fact.spoken_value() for fact in facts if fact.spoken_value() not in current
    ]


def _span(claim: Claim) -> tuple[int, int]:
    assert claim.quantity is not None
    return claim.quantity.start, claim.quantity.end


def _swapped_product(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """Another thing from the shop where the answer names one."""
    answer, texts = case.human_answer, f"{case.customer_text}\n{case.human_answer}".lower()
    named = [
        match
        for names in bench.materials.goods
        for name in names
        if (match := re2.search(rf"(?i)\b{re2.escape(name)}\b", answer))
    ]
    foreign = [names for names in bench.materials.goods if not any(_word(name, texts) for name in names)]
    if not named or not foreign:
        return None
    longest = max(named, key=lambda match: len(match.group(0)))
    return _replaced(answer, longest.span(), rng.choice(rng.choice(foreign)))


def _word(name: str, texts: str) -> bool:
    return any(word in texts for word in name.lower().split() if len(word) > 2)


def _other_subject(case: Case, bench: Bench, rng: random.Random) -> str | None:
    own = set(case.intent.split("+"))
    other = bench.other(rng, lambda c: c.kind == "answer" and own.isdisjoint(c.intent.split("+")))
    return other.human_answer if case.kind == "answer" and other else None


def _residue(case: Case, bench: Bench, rng: random.Random) -> str | None:
    marks = [
        "<|eot_id|>",
        "{{ticket.requester.name}}",
        "[Customer Name]",
        "</s>",
        "[/INST]",
        "<|start_header_id|>user",
        "Hi [NAME],",
        "Dear <CUSTOMER_NAME>,",
        "%FIRSTNAME%",
        "Order XXXXX.",
        "TODO",
    ]
    mark = rng.choice(marks)
    return f"{mark} {case.human_answer}" if rng.random() < 0.5 else f"{case.human_answer} {mark}"


def _loop(case: Case, bench: Bench, rng: random.Random) -> str | None:
    words = case.human_answer.split()
    size = rng.choice([2, 3, 5])
    if case.must_escalate or len(words) <= size:
        return None
    start = rng.randrange(len(words) - size)
    return " ".join([*words[: start + size], *words[start : start + size] * rng.choice([3, 4, 6])])


def _empty(case: Case, bench: Bench, rng: random.Random) -> str | None:
    return rng.choice(["", " ", "\n", "...", "-"])


def _answers_live(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """Live data where the human said that they cannot be known."""
    if case.kind != "cannot_know":
        return None
    return rng.choice([line for lines in bench.materials.live.values() for line in lines])


def _silent(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """Something from the policies where the human said that it cannot be known."""
    other = bench.other(rng, lambda c: c.kind == "answer")
    return other.human_answer if case.kind == "cannot_know" and other else None


def _said(sentence: Callable[[random.Random], str]) -> Make:
    """A sentence beside the right answer."""

    def make(case: Case, bench: Bench, rng: random.Random) -> str | None:
        return _added(case, rng, sentence(rng))

    return make


def _foreign(case: Case, bench: Bench, rng: random.Random) -> str | None:
    return inventions.foreign(rng)


def _ticket_echo(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """The customer's message, or its first half, in place of an answer."""
    words = case.customer_text.split(" ")
    echo = case.customer_text if rng.random() < 0.5 else " ".join(words[: (len(words) + 1) // 2])
    return echo if len(echo.split()) >= 6 and echo not in case.human_answer else None


_FINISHED = (".", "!", "?", ":", ";", ",", ")", '"', "'", ">", "]", "*")


def _cut_short(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """An answer that stops by itself in the middle of a sentence."""
    text = without_hand_over(case.human_answer).strip()
    words = text.split(" ")
    if case.must_escalate or len(words) < 8 or not text.endswith((".", "!", "?")):
        return None
    cut = " ".join(words[: rng.randint(len(words) // 3, len(words) - 2)]).rstrip()
    return None if cut.endswith(_FINISHED) or "://" in cut[-60:] or not cut[-1].isalnum() else cut


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DATED = re2.compile(rf"\b(?:{'|'.join(_DAYS)}|tomorrow|next week|(?:{'|'.join(_MONTH_NAMES)}) \d{{1,2}})\b")


def _shifted_date(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """Another day where one is named; else one is named that nobody gave."""
    told = f"{case.customer_text} {case.human_answer}".lower()
    days = [*_DAYS, "next month", f"{rng.choice(_MONTH_NAMES)} {rng.randint(1, 28)}"]
    new = [day for day in days if day.lower() not in told and day.split(" ")[0].lower() not in told]
    if not new:
        return None
    if match := _DATED.search(case.human_answer):
        return _replaced(case.human_answer, match.span(), rng.choice(new))
    return _added(
        case, rng, f"{rng.choice(['This holds until', 'We close on', 'The sale ends'])} {rng.choice(new)}."
    )


_NO = re2.compile(r"(?i)\b(?:no|not|cannot|never|nor|only|if|unless|here|there)\b|n['’]t\b")
_NEGATED = (
    (r"\b(can|may|will|should|must|is|are|was|were)\b", r"\1 not"),
    (r"\b(have|has) (been)\b", r"\1 not \2"),
)


def _negated(case: Case, bench: Bench, rng: random.Random) -> str | None:
    """One statement of the answer with its yes turned into a no."""
    parts = [part for part in sentences(case.human_answer) if len(content_words(part)) >= 3]
    rng.shuffle(parts)
    for part in parts:
        if part.endswith("?") or part not in case.human_answer or _NO.search(part):
            continue
        for pattern, turned in _NEGATED:
            if re2.search(pattern, part):
                return case.human_answer.replace(part, re2.sub(pattern, turned, part, count=1), 1)
    return None


def _added(case: Case, rng: random.Random, sentence: str) -> str:
    body = without_hand_over(case.human_answer).rstrip()
    mark = case.human_answer[len(body) :]
    body += "" if body.endswith((".", "!", "?")) else "."
    return f"{sentence} {body}{mark}" if rng.random() < 0.3 else f"{body} {sentence}{mark}"


def _replaced(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def _shown(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 2)


FAULTS: dict[str, tuple[Points, Make]] = {
    "wrong_order": (1, _wrong_order),
    "ten_more": (1, _ten_more),
    "wrong_amount": (1, _wrong_amount),
    "wrong_percent": (1, _wrong_percent),
    "invented_stock": (1, _live("invented_stock")),
    "invented_delivery": (1, _live("invented_delivery")),
    "invented_refund": (1, _live("invented_refund")),
    "invented_code": (1, _invented_code),
    "invented_contact": (1, _invented_contact),
    "swapped_product": (1, _swapped_product),
    "old_policy": (1, _old_policy),
    "never_policy": (1, _never_policy),
    "swapped_policy": (1, _swapped_policy),
    "denied_policy": (1, _denied_policy),
    "other_unit": (1, _other_unit),
    "other_currency": (1, _other_currency),
    "wrong_name": (1, _wrong_name),
    "goodwill": (1, _goodwill),
    "machine_talk": (1, _machine_talk),
    "invented_condition": (1, _said(inventions.condition)),
    "invented_promise": (1, _said(inventions.promise)),
    "internal_note": (1, _said(inventions.internal_note)),
    "other_language": (1, _foreign),
    "ticket_echo": (1, _ticket_echo),
    "cut_short": (1, _cut_short),
    "shifted_date": (1, _shifted_date),
    "negated": (1, _negated),
    "policy_left_out": (2, _policy_left_out),
    "missed_escalation": (1, _missed_escalation),
    "wrong_team": (2, _wrong_team),
    "needless_escalation": (2, _needless_escalation),
    "cannot_know_invented": (1, _answers_live),
    "cannot_know_silent": (2, _silent),
    "other_subject": (2, _other_subject),
    "template_residue": (1, _residue),
    "loop": (1, _loop),
    "empty": (1, _empty),
}
