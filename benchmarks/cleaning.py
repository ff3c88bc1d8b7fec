"""Cleaning, policy statements and personal data: each figure beside a named alternative, in one run.

    python benchmarks/cleaning.py                                  # labelled files in ../shared, if there
    python benchmarks/cleaning.py --labels DIR --exports DIR

`--labels` is a folder with `signatures.jsonl`, `quoted_replies.jsonl` and `personal_data.jsonl`; `--exports` one
with a folder a client, each with `zendesk.ndjson` and `gold.jsonl` (what each message should become), and
`policies.md` (one policy sentence a bullet). Each line of output is one JSON result.

The alternatives that are libraries (email-reply-parser, mail-parser-reply, scrubadub) take part where they
are installed; they are no dependencies of the project.
"""

import argparse
import importlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ftfy
import phonenumbers
from rapidfuzz import fuzz

from support_pipeline.claims import rewrite
from support_pipeline.data.cleaning import clean_message
from support_pipeline.data.cleaning.encoding import repair_encoding
from support_pipeline.data.cleaning.quotes import strip_quotes
from support_pipeline.data.cleaning.signatures import strip_signature
from support_pipeline.data.redaction import Redactor
from support_pipeline.policies import PolicyBook, PolicyFact

SHARED = Path("../shared")
TODAY = date(2026, 9, 1)

Cleaner = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A public message of an export, with what is known of it."""

    text: str
    gold: dict[str, Any]
    customer: str
    agents: tuple[str, ...]
    ticket_id: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.agents if self.gold["role"] == "agent" else (self.customer,)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=Path, default=SHARED / "labels")
    parser.add_argument("--exports", type=Path, default=SHARED / "exports")
    arguments = parser.parse_args()
    if arguments.labels.is_dir():
        report(quoted_replies(arguments.labels / "quoted_replies.jsonl"))
        report(signature_lines(arguments.labels / "signatures.jsonl"))
        report(personal_data(arguments.labels / "personal_data.jsonl"))
    if arguments.exports.is_dir():
        exchanges = [
            exchange
            for folder in sorted(arguments.exports.glob("*/gold.jsonl"))
            for exchange in read(folder.parent)
        ]
        report(export_signatures(exchanges))
        report(export_quotes(exchanges))
        report(policy_statements(exchanges, arguments.exports / "policies.md"))
        report(own_names(exchanges))
        report(encodings(exchanges))
        report(speeds(exchanges))


def report(results: Iterable[dict[str, Any]]) -> None:
    for result in results:
        print(json.dumps(result, ensure_ascii=False), flush=True)


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read(folder: Path) -> Iterator[Exchange]:
    """The public messages of a client's tickets whose export line can be read."""
    gold = {str(row["ticket_id"]): row for row in rows(folder / "gold.jsonl")}
    with (folder / "zendesk.ndjson").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                ticket = json.loads(line)
            except ValueError:
                continue
            known = gold.pop(str(ticket.get("id")), None)
            if known and ticket.get("comments"):
                yield from _exchanges(ticket, known)


def _exchanges(ticket: dict[str, Any], known: dict[str, Any]) -> Iterator[Exchange]:
    people = {user["id"]: user["name"] for user in ticket["users"]}
    customer = people.pop(ticket["requester_id"], "")
    for message in known["messages"]:
        if message["public"] and message["i"] < len(ticket["comments"]):
            text = ticket["comments"][message["i"]]["plain_body"] or ""
            if len(text) < 20_000:
                yield Exchange(text, message, customer, tuple(people.values()), str(ticket["id"]))


# Quoted replies.


def quoted_replies(path: Path) -> Iterator[dict[str, Any]]:
    mails = rows(path)
    beside = {name: _exact(mails, cleaner) for name, cleaner in reply_libraries().items()}
    beside["cut at the first line that starts with '>' or ends with 'wrote:'"] = _exact(mails, _naive_reply)
    yield {
        "figure": "quoted replies, exact of labelled mails",
        "target": "> 33 of 64, 0 customer text lost",
        **_exact(mails, strip_quotes),
        "beside": beside,
    }


def _exact(mails: Sequence[dict[str, Any]], cleaner: Cleaner) -> dict[str, Any]:
    start = time.process_time()
    kept = [cleaner(mail["email"]) for mail in mails]
    seconds = time.process_time() - start
    exact = sum(text.strip() == mail["expected"].strip() for text, mail in zip(kept, mails, strict=True))
    lost = sum(
        bool(Counter(mail["expected"].split()) - Counter(text.split()))
        for text, mail in zip(kept, mails, strict=True)
    )
    return {
        "exact": exact,
        "of": len(mails),
        "mails_with_text_lost": lost,
        "texts_per_second": round(len(mails) / seconds),
    }


def _naive_reply(text: str) -> str:
    kept = []
    for line in text.splitlines():
        if line.startswith(">") or line.rstrip().endswith("wrote:"):
            break
        kept.append(line)
    return "\n".join(kept)


def reply_libraries() -> dict[str, Cleaner]:
    """The libraries for mail replies that are installed."""
    found: dict[str, Cleaner] = {}
    try:
        zapier = importlib.import_module("email_reply_parser")
        found["email-reply-parser"] = zapier.EmailReplyParser.parse_reply
    except ImportError:
        pass
    try:
        parser = importlib.import_module("mailparser_reply").EmailReplyParser(
            languages=["en", "de", "fr", "es", "it", "nl"]
        )
        found["mail-parser-reply"] = lambda text: parser.parse_reply(text=text) or ""
    except ImportError:
        pass
    return found


# Signatures.


def signature_lines(path: Path) -> Iterator[dict[str, Any]]:
    mails = rows(path)

    def ours(mail: dict[str, Any], names: bool) -> str:
        text = "\n".join(line["text"] for line in mail["lines"])
        return strip_signature(text, role="customer", names=[_sender(mail["sender"])] if names else [])[1]

    def theirs(cleaner: Cleaner) -> Callable[[dict[str, Any]], str]:
        return lambda mail: cleaner("\n".join(line["text"] for line in mail["lines"]))

    beside = {name: _line_scores(mails, theirs(cleaner)) for name, cleaner in reply_libraries().items()}
    beside["ours, sender unknown"] = _line_scores(mails, lambda mail: ours(mail, names=False))
    yield {
        "figure": "signature lines of labelled mails",
        "target": "precision >= .95, recall >= .85, body lost <= 2%",
        **_line_scores(mails, lambda mail: ours(mail, names=True)),
        "beside": beside,
    }


def _sender(field: str) -> str:
    return re.sub(r"<.*?>|\[.*?\]|@.*|\"", "", field)


def _line_scores(mails: Sequence[dict[str, Any]], cleaner: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    right = cut = wanted = lost = body = 0
    for mail in mails:
        kept = Counter(line.strip() for line in cleaner(mail).split("\n"))
        for line in mail["lines"]:
            text = line["text"].strip()
            gone = bool(text) and kept[text] <= 0
            kept[text] -= 1
            right += gone and line["signature"]
            cut += gone
            wanted += line["signature"]
            body += len(text) * (not line["signature"])
            lost += len(text) * (gone and not line["signature"])
    return {"precision": _share(right, cut), "recall": _share(right, wanted), "body_lost": _share(lost, body)}


def export_signatures(exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
    right = cut = wanted = lost = body = 0
    for exchange in exchanges:
        agent = exchange.gold["role"] == "agent"
        cleaned = clean_message(exchange.text, role=exchange.gold["role"], names=exchange.names).text
        own = _filled(_own_text(exchange))
        kept = _filled(cleaned)
        missing = len(own) - len(kept)
        body += sum(map(len, own)) * (not agent)
        lost += sum(map(len, own[len(kept) :])) * (not agent)
        if agent:
            signature = len(_filled(exchange.gold["signature"] or ""))
            removed = signature + missing
            right += min(removed, signature)
            cut += max(removed, 0)
            wanted += signature
    yield {
        "figure": "signature lines of the exports' agents, and customers' text lost",
        "target": "precision >= .95, recall >= .85, customers' text lost <= 2%",
        "precision": _share(right, cut),
        "recall": _share(right, wanted),
        "customer_text_lost": _share(lost, body),
        "messages": len(exchanges),
    }


def _own_text(exchange: Exchange) -> str:
    policy = exchange.gold["stale_policy"] or exchange.gold["current_policy"]
    return f"{exchange.gold['clean']}\n\n{policy}" if policy else str(exchange.gold["clean"])


def _filled(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def export_quotes(exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
    quoting = [exchange for exchange in exchanges if exchange.gold["quote"]]
    exact = sum(
        clean_message(exchange.text, role=exchange.gold["role"], names=exchange.names).text.strip()
        == exchange.gold["clean"].strip()
        for exchange in quoting
    )
    yield {"figure": "quoted replies of the exports, exact", "exact": exact, "of": len(quoting)}


# Policies.


def policy_statements(exchanges: Sequence[Exchange], policies: Path) -> Iterator[dict[str, Any]]:
    statements = [
        line[2:].strip()
        for line in policies.read_text(encoding="utf-8").splitlines()
        if line.startswith("- ")
    ]
    book = PolicyBook(
        facts=tuple(PolicyFact(topic=f"rule-{i}", statement=text) for i, text in enumerate(statements))
    )
    agents = [exchange for exchange in exchanges if exchange.gold["role"] == "agent"]
    yield {
        "figure": "stale policy statements rewritten",
        "target": "recall >= .90, <= 5% of current statements touched",
        **_policy_scores(agents, statements, lambda text: rewrite(book, text, TODAY).text),
        "beside": {
            "the nearest statement for every line alike to 90%": _policy_scores(
                agents, statements, _nearest(statements)
            )
        },
    }


def _policy_scores(agents: Sequence[Exchange], statements: Sequence[str], cleaner: Cleaner) -> dict[str, Any]:
    start = time.process_time()
    after = [cleaner(exchange.text) for exchange in agents]
    seconds = time.process_time() - start
    stale = [(e, text) for e, text in zip(agents, after, strict=True) if e.gold["stale_policy"]]
    current = [(e, text) for e, text in zip(agents, after, strict=True) if e.gold["current_policy"]]
    others = [
        (e, text)
        for e, text in zip(agents, after, strict=True)
        if not (e.gold["stale_policy"] or e.gold["current_policy"])
    ]
    mended = sum(
        e.gold["stale_policy"] not in text and any(statement in text for statement in statements)
        for e, text in stale
    )
    return {
        "recall": _share(mended, len(stale)),
        "current_touched": _share(sum(e.text != text for e, text in current), len(current)),
        "other_messages_touched": _share(sum(e.text != text for e, text in others), len(others)),
        "stale": len(stale),
        "texts_per_second": round(len(agents) / seconds),
    }


def _nearest(statements: Sequence[str]) -> Cleaner:
    def cleaner(text: str) -> str:
        lines = []
        for line in text.split("\n"):
            best = max(statements, key=lambda statement: fuzz.ratio(line, statement))
            lines.append(best if line not in statements and fuzz.ratio(line, best) >= 90 else line)
        return "\n".join(lines)

    return cleaner


# Personal data.

KINDS = {
    "e-mail": ("EMAIL_ADDRESS", "0 left"),
    "card": ("CREDIT_CARD", "0 left"),
    "IBAN": ("IBAN_CODE", "0 left"),
    "phone": ("PHONE_NUMBER", "<= 1% left"),
    "street address": ("STREET_ADDRESS", None),
}


def personal_data(path: Path) -> Iterator[dict[str, Any]]:
    texts = rows(path)
    cleaners: dict[str, Cleaner] = {
        "ours": lambda text: Redactor("1").redact(text),
        "patterns and phonenumbers": _pattern_redaction,
        **_scrubadub(),
    }
    left = {name: _left(texts, cleaner) for name, cleaner in cleaners.items()}
    for kind, (label, target) in KINDS.items():
        yield {
            "figure": f"{kind} left in labelled texts",
            "target": target,
            **left["ours"][label],
            "beside": {name: found[label] for name, found in left.items() if name != "ours"},
        }
    yield {
        "figure": "redaction, texts per second",
        **{name: found["speed"]["texts_per_second"] for name, found in left.items()},
    }


def _left(texts: Sequence[dict[str, Any]], cleaner: Cleaner) -> dict[str, dict[str, Any]]:
    start = time.process_time()
    after = [cleaner(row["full_text"]) for row in texts]
    seconds = time.process_time() - start
    found: dict[str, dict[str, Any]] = {"speed": {"texts_per_second": round(len(texts) / seconds)}}
    for label, _ in KINDS.values():
        spans = [
            span["entity_value"] in text
            for row, text in zip(texts, after, strict=True)
            for span in row["spans"]
            if span["entity_type"] == label
        ]
        found[label] = {"left": sum(spans), "of": len(spans), "share": _share(sum(spans), len(spans))}
    return found


def _pattern_redaction(text: str) -> str:
    text = re.sub(r"[\w.+-]+@[\w-]+\.[\w.]+", "<EMAIL>", text)
    text = re.sub(r"\b(?:\d[ -]?){13,16}\b", "<CARD>", text)
    text = re.sub(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b", "<IBAN>", text)
    for match in reversed(list(phonenumbers.PhoneNumberMatcher(text, "US"))):
        text = f"{text[: match.start]}<PHONE>{text[match.end :]}"
    return text


def _scrubadub() -> dict[str, Cleaner]:
    try:
        return {"scrubadub": importlib.import_module("scrubadub").clean}
    except ImportError:
        return {}


def own_names(exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
    def ours(exchange: Exchange) -> str:
        return Redactor(exchange.ticket_id, [exchange.customer], exchange.agents).redact(exchange.text)

    def replaced(exchange: Exchange) -> str:
        text = exchange.text
        for name in (exchange.customer, *exchange.agents):
            text = text.replace(name, "<NAME>") if name else text
        return text

    yield {
        "figure": "the ticket's own names left",
        "target": "<= 0.5%",
        **_names_left(exchanges, ours),
        "beside": {"the full names replaced": _names_left(exchanges, replaced)},
    }


def _names_left(exchanges: Sequence[Exchange], cleaner: Callable[[Exchange], str]) -> dict[str, Any]:
    before = after = 0
    for exchange in exchanges:
        parts = [part for name in (exchange.customer, *exchange.agents) for part in name.split()]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, parts))})(?!\w)", re.IGNORECASE)
        before += len(pattern.findall(exchange.text))
        after += len(pattern.findall(cleaner(exchange)))
    return {"left": after, "of": before, "share": _share(after, before)}


# Encoding and speed.


def encodings(exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
    sound = [exchange.gold["clean"] for exchange in exchanges]
    broken = [
        (text, text.encode().decode("cp1252"))
        for text in sound
        if not text.isascii() and not set(text.encode()) & {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    ]

    def scores(cleaner: Cleaner) -> dict[str, Any]:
        return {
            "repaired": sum(cleaner(bad) == good for good, bad in broken),
            "of": len(broken),
            "sound_texts_changed": sum(cleaner(text) != text for text in sound),
            "sound": len(sound),
        }

    yield {
        "figure": "wrong decodings repaired",
        **scores(repair_encoding),
        "beside": {"ftfy.fix_text": scores(ftfy.fix_text), "ftfy.fix_encoding": scores(ftfy.fix_encoding)},
    }


def speeds(exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
    steps: dict[str, Callable[[Exchange], object]] = {
        "clean_message": lambda e: clean_message(e.text, role=e.gold["role"], names=e.names),
        "Redactor.redact, one redactor a message": lambda e: Redactor(
            e.ticket_id, [e.customer], e.agents
        ).redact(e.text),
    }
    characters = sum(len(exchange.text) for exchange in exchanges) / len(exchanges)
    for name, step in steps.items():
        start = time.process_time()
        for exchange in exchanges:
            step(exchange)
        micro = (time.process_time() - start) / len(exchanges) * 1e6
        yield {
            "figure": f"speed of {name}",
            "microseconds_a_message": round(micro, 1),
            "texts_per_second": round(1e6 / micro),
            "characters_a_message": round(characters),
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


if __name__ == "__main__":
    main()
