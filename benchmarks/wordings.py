"""What the scorer catches of faults that are worded as it has not met them, and its alarms at right answers so worded.

    python benchmarks/wordings.py [--set second] [--per-family 299] [--exports FOLDER] [--missed]

The faults of `scorer.py` come from lists that its rules were fitted on. Those of `wordings/` were written by hand:
`first.toml` without sight of the rules, which were then mended on it, `second.toml` after that, and sealed. Read a
figure of a sealed set only once: who mends the rules on its misses must write another one. `third.toml` holds those
families again whose misses in `second.toml` were mended afterwards, and so on with `fourth.toml`, `fifth.toml` and `sixth.toml`.

One JSON line a family and source. Mutants of one wording are not independent, so `wordings` counts those of
which every mutant was caught. `right` are right answers in other words, alone and in pairs for tickets that ask two
things, `courtesy` are right answers with a polite sentence more; these two count false alarms. Families: conditions, promises, order (a number of nobody's), live (stock,
delivery and refund claims), product, contact (names, phones, links, mails, codes, discounts), escalation (a
person had to decide), longer (the policy's value and ten more, in words), denied, half (one of two answers left out).
"""

import argparse
import json
import random
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scorer import ROOT, load_sources, materials_of

from support_pipeline.claims import claims
from support_pipeline.model.scoring import Case
from support_pipeline.model.scoring.mutation import Materials, Mutant
from support_pipeline.model.verdict import Share

WORDINGS = Path(__file__).parent / "wordings"
HARMLESS = ("right", "courtesy")
APPENDED = ("conditions", "promises", "order", "live", "product", "contact")
FILLED = ("product", "name", "phone", "url", "email", "code")
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()

Made = Iterator[tuple[str, Mutant]]


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--set", default="second", choices=sorted(file.stem for file in WORDINGS.glob("*.toml"))
    )
    parser.add_argument("--per-family", type=int, default=299)
    parser.add_argument("--exports", type=Path, default=ROOT.parent / "shared" / "exports")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missed", action="store_true", help="show each wording that was not caught once")
    given = parser.parse_args()
    worded = tomllib.loads((WORDINGS / f"{given.set}.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for source, config, right, names in load_sources(Path(folder), given.exports):
            materials = materials_of(config, names)
            for family, made in _families(worded, right, materials, given.per_family, given.seed):
                _measure(given.set, source, family, made, materials, given.missed)


def _measure(name: str, source: str, family: str, made: Made, materials: Materials, show: bool) -> None:
    harmless = family in HARMLESS
    caught: dict[str, list[bool]] = defaultdict(list)
    for wording, mutant in made:
        score = mutant.score(materials)
        good = score.score == 3 if harmless else score.score <= mutant.most
        if show and not good and all(caught[wording]):
            print("   ", "objected:" if harmless else "missed:", repr(mutant.case.human_answer[-300:]), "<-")
            print("       ", repr(mutant.answer[-300:]), score.score, score.evidence())
        caught[wording].append(good)
    if not caught:
        return
    counted = [good != harmless for wording in caught.values() for good in wording]
    share = Share(sum(counted), len(counted))
    line: dict[str, Any] = {"benchmark": "wordings", "set": name, "source": source, "family": family}
    line |= {"figure": "false_alarms" if harmless else "detected", "count": share.count, "total": share.total}
    line |= {"rate": round(share.rate or 0.0, 4)}
    line |= {"upper_95": round(share.upper, 4)} if harmless else {"lower_95": round(share.lower, 4)}
    line |= {"wordings": sum(map(all, caught.values())), "of_wordings": len(caught)}
    print(json.dumps(line), flush=True)


def _families(
    worded: dict[str, Any], right: Sequence[Case], materials: Materials, count: int, seed: int
) -> Iterator[tuple[str, Made]]:
    answered = [case for case in right if case.kind == "answer"]
    for family in (family for family in (*APPENDED, "courtesy") if family in worded):
        yield family, _appended(family, worded, answered, materials, count, random.Random(f"{seed}|{family}"))
    if "escalation" in worded:
        yield (
            "escalation",
            _escalation(worded["escalation"], right, count, random.Random(f"{seed}|escalation")),
        )
    for family in (family for family in ("longer", "denied") if family in worded):
        yield (
            family,
            _replaced(family, worded[family], answered, materials, count, random.Random(f"{seed}|{family}")),
        )
    if "right" not in worded:
        return
    both = [case for case in answered if "+" in case.intent]
    yield "half", _half(worded["right"], both, count, random.Random(f"{seed}|half"))
    yield "right", _right(worded["right"], answered, count, random.Random(f"{seed}|right"))


def _appended(
    family: str,
    worded: dict[str, Any],
    cases: Sequence[Case],
    materials: Materials,
    count: int,
    chance: random.Random,
) -> Made:
    lines = worded[family]
    for i in range(count):
        case, line = chance.choice(cases), lines[i % len(lines)]
        said = line.format(
            order=f"DO-{chance.randint(100000, 999999)}",
            tail=chance.randint(1000, 9999),
            tracking=f"1Z{chance.randint(10**9, 10**10 - 1)}",
            percent=chance.choice([12, 18, 22, 35]),
            **{
                key: chance.choice(_fitting(worded[f"{key}s"], case))
                for key in FILLED
                if f"{{{key}}}" in line
            },
        )
        body = case.human_answer.rstrip()
        body += "" if body.endswith((".", "!", "?")) else "."
        yield line, Mutant(family, case, f"{body} {said}", 1)


def _fitting(fillings: Sequence[str], case: Case) -> list[str]:
    """Those of which the ticket holds no word."""
    text = f"{case.customer_text} {case.human_answer}".lower()
    return [filling for filling in fillings if not any(word in text for word in filling.lower().split())]


def _escalation(lines: Sequence[str], right: Sequence[Case], count: int, chance: random.Random) -> Made:
    must = [case for case in right if case.must_escalate]
    for i in range(count):
        line = lines[i % len(lines)]
        yield line, Mutant("escalation", chance.choice(must), line, 1)


def _replaced(
    family: str,
    by_topic: dict[str, list[str]],
    cases: Sequence[Case],
    materials: Materials,
    count: int,
    chance: random.Random,
) -> Made:
    """The wording in place of the answer (demo), or of the sentence that states the policy (exports)."""
    facts = {fact.topic: fact for fact in materials.book.in_force(materials.today)}
    places: list[tuple[str, Case, str]] = []
    for case in cases:
        if case.intent in facts and len(facts) > 1:
            places.append((case.intent, case, ""))
        elif len(facts) == 1 and (found := claims(materials.book, case.human_answer)):
            sentence = str(found[0].sentence)
            places.append(("refund", case, case.human_answer.replace(sentence, "").strip()))
    pairs = [(topic, line) for topic, lines in by_topic.items() for line in lines]
    pairs = [pair for pair in pairs if any(pair[0] == place[0] for place in places)]
    for i in range(count if pairs else 0):
        topic, line = pairs[i % len(pairs)]
        _, case, rest = chance.choice([place for place in places if place[0] == topic])
        value = facts[topic if topic in facts else next(iter(facts))].value
        words = _words(int(float(str(value).split("-")[-1])) + 10) if value is not None else ""
        said = line.format(words=words, Words=words.capitalize())
        yield line, Mutant(family, case, f"{rest} {said}".strip(), 1)


def _half(by_topic: dict[str, list[str]], cases: Sequence[Case], count: int, chance: random.Random) -> Made:
    for i in range(count if cases else 0):
        case = chance.choice(cases)
        topic = case.intent.split("+")[i % 2]
        line = by_topic[topic][i // 2 % len(by_topic[topic])]
        yield line, Mutant("half", case, line, 2)


def _right(by_topic: dict[str, list[str]], cases: Sequence[Case], count: int, chance: random.Random) -> Made:
    fitting = [case for case in cases if all(topic in by_topic for topic in case.intent.split("+"))]
    fitting = fitting if any("+" in case.intent for case in fitting) else []
    alone, both = ([c for c in fitting if ("+" in c.intent) == two] for two in (False, True))
    for i in range(count if fitting else 0):
        case = chance.choice(both if i % 4 == 3 else alone)
        lines = [chance.choice(by_topic[topic]) for topic in case.intent.split("+")]
        yield lines[0], Mutant("right", case, " ".join(lines), 3)


def _words(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number < 20:
        return ONES[number]
    return TENS[tens] + (f"-{ONES[ones]}" if ones else "")


if __name__ == "__main__":
    main()
