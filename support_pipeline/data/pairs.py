"""Tickets and edits to pairs: what the customer asked, and the reply that settled it.

Only public messages are read. The customer's turn is everything up to the settling reply, cleaned
and redacted; the resolution is that reply with today's policy values, or a hand-over where a person
had to decide, or "I cannot know" where the answer rests on live data. Every ticket and every edit
becomes one pair or one excluded row with its reason, never both and never neither.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.claims import Rewritten, rewrite
from support_pipeline.clients import ClientConfig
from support_pipeline.data.cleaning import clean_message
from support_pipeline.data.cleaning.residue import is_boilerplate, placeholders
from support_pipeline.data.filtering import ESCALATING, PAIRED, Classifier, Conversation, Verdict
from support_pipeline.data.filtering.handover import hand_over
from support_pipeline.data.filtering.intents import intent
from support_pipeline.data.filtering.live import cannot_know, live_topic
from support_pipeline.data.filtering.reasons import Reason
from support_pipeline.data.filtering.residual import residual_personal_data
from support_pipeline.data.filtering.turns import act, is_customer_closing
from support_pipeline.data.grounding import ground
from support_pipeline.data.redaction import Redactor
from support_pipeline.data.remembering import remembered
from support_pipeline.data.tickets import (
    EXCLUDED_SCHEMA,
    PAIR_SCHEMA,
    POLICY_STATE,
    Excluded,
    Kind,
    Pair,
    Ticket,
    pair_id,
    ticket_from_row,
)
from support_pipeline.data.workers import processors, worker_pool
from support_pipeline.model.prompt import user_message

CODE_VERSION = "6"
BATCH_TICKETS = 500
PARALLEL_TICKETS = 10_000  # below this, starting processes costs more than it saves

Say = Callable[[str], None]
Part = tuple[list[Pair], list[Excluded]]
_REPLY_MARK = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|wg|sv|tr)\s*:\s*|\s*\[[^\]\n]{1,40}\]\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a ticket: where, by which rule, before and after."""

    name: str
    rule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PairResult:
    """What became of one ticket: a pair or an excluded row, and the way there."""

    pair: Pair | None
    excluded: Excluded | None
    verdict: Verdict
    trace: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    ticket: Ticket
    conversation: Conversation
    trace: list[Step]


class PairMaker:
    """Pairs for one client on one day; rules and models are loaded once."""

    def __init__(self, config: ClientConfig, today: date) -> None:
        self.config, self.today, self.book = config, today, config.book
        self.in_force = self.book.in_force(today)
        self.classifier = Classifier(config)
        self._rewritten = remembered(self._rewrite)

    def make(self, tickets: Sequence[Ticket]) -> list[PairResult]:
        """A result for each ticket, in order."""
        prepared = [_prepare(ticket) for ticket in tickets]
        verdicts = self.classifier.verdicts(tickets, [one.conversation for one in prepared])
        return [self._conclude(one, verdict) for one, verdict in zip(prepared, verdicts, strict=True)]

    def _conclude(self, prepared: _Prepared, verdict: Verdict) -> PairResult:
        ticket, trace = prepared.ticket, prepared.trace
        trace.append(Step("filter", f"{verdict.layer}: {verdict.evidence}", "", verdict.reason))
        if verdict.reason not in PAIRED:
            return _excluded(ticket, verdict, trace)
        redactor = Redactor(
            ticket.ticket_id, ticket.customer_names, ticket.agent_names, keep=self.config.contacts
        )
        question = _redacted(redactor, "customer", prepared.conversation.asked, trace)
        kind, answer = self._answer(prepared, verdict, redactor)
        if kind == "answer" and not isinstance(answer, Verdict):
            answer = _grounded(answer, question, trace)
        if isinstance(answer, Verdict):
            return _excluded(ticket, answer, trace)
        own = self.config.contacts
        if left := residual_personal_data(question, own) or residual_personal_data(answer, own):
            return _excluded(ticket, Verdict("personal_data", "rules", left), trace)
        return PairResult(_pair(prepared, verdict, kind, question, answer), None, verdict, tuple(trace))

    def _answer(
        self, prepared: _Prepared, verdict: Verdict, redactor: Redactor
    ) -> tuple[Kind, str | Verdict]:
        """The kind of the pair and its resolution, or the verdict that there can be none."""
        ticket, conversation, trace = prepared.ticket, prepared.conversation, prepared.trace
        if verdict.reason in ESCALATING:
            team = self.config.escalation.team(verdict.reason)
            text = hand_over(verdict.reason, team, ticket.ticket_id)
            trace.append(Step("resolution", f"hand over to {team}", conversation.resolution, text))
            return "escalate", text
        if topic := live_topic(conversation.asked, conversation.resolution):
            own = self.config.filters.cannot_know_answer
            text = cannot_know(topic, ticket.ticket_id, self.in_force, own)
            trace.append(Step("resolution", f"needs live data: {topic}", conversation.resolution, text))
            return "cannot_know", text
        return "answer", self.in_policy(conversation.resolution, redactor, trace)

    def in_policy(self, text: str, redactor: Redactor, trace: list[Step]) -> str | Verdict:
        """An agent's words with today's values and without personal data, or why they cannot be used."""
        if left := placeholders(text):
            return Verdict("placeholder_left", "rules", ", ".join(left))
        rewritten = self._rewritten(text)
        if rewritten.errors:
            return Verdict("factual_error", "rules", "; ".join(str(error) for error in rewritten.errors))
        if rewritten.text != text:
            rule = "; ".join(str(change) for change in rewritten.changes)
            trace.append(Step("policy", rule, text, rewritten.text))
        return _redacted(redactor, "resolution", rewritten.text, trace)

    def _rewrite(self, text: str) -> Rewritten:
        return rewrite(self.book, text, self.today)


def make_pair(ticket: Ticket, config: ClientConfig, today: date) -> PairResult:
    """What becomes of one ticket, with each step; for many tickets use a `PairMaker`."""
    return PairMaker(config, today).make([ticket])[0]


def _prepare(ticket: Ticket) -> _Prepared:
    trace: list[Step] = []
    names = (*ticket.customer_names, *ticket.agent_names)
    spoken: list[tuple[str, str]] = []
    for place, message in enumerate(ticket.messages):
        if not message.public or message.role not in ("customer", "agent"):
            continue
        cleaned = clean_message(message.text, role=message.role, names=names, signatures=ticket.signatures)
        trace += [Step(f"message {place}", step.rule, step.before, step.after) for step in cleaned.steps]
        if cleaned.text:
            spoken.append((message.role, cleaned.text))
    return _Prepared(ticket, _conversation(ticket.subject, spoken, trace), trace)


def _conversation(subject: str, spoken: Sequence[tuple[str, str]], trace: list[Step]) -> Conversation:
    settled = _settling_place(spoken)
    until = len(spoken) if settled is None else settled
    said = [text for role, text in spoken[:until] if role == "customer"]
    asked = [text for text in said if not is_customer_closing(text)]
    trace += [Step("closing", "only thanks or greetings", text, "") for text in said if text not in asked]
    resolution = "" if settled is None else spoken[settled][1]
    trace.append(Step("resolution", "last substantive public reply", "", resolution))
    agents = tuple(text for role, text in spoken if role == "agent")
    body = "\n\n".join(asked)
    named = user_message(_REPLY_MARK.sub("", subject), body)
    subject = named[: -len(body)].strip() if asked and named != body else ""
    return Conversation(subject, tuple(asked), agents, resolution)


def _settling_place(spoken: Sequence[tuple[str, str]]) -> int | None:
    """Where the reply stands that settled the ticket: after a question, and neither polite nor asking back."""
    first = next((place for place, (role, _) in enumerate(spoken) if role == "customer"), len(spoken))
    for place in range(len(spoken) - 1, first, -1):
        role, text = spoken[place]
        if role == "agent" and act(text) == "substance" and not is_boilerplate(text):
            return place
    return None


def _grounded(answer: str, question: str, trace: list[Step]) -> str | Verdict:
    """The answer without names that its reader cannot know, or why it cannot be learned."""
    found = ground(answer, question)
    if found.missing:
        named = ", ".join(found.missing)
        return Verdict("personal_data", "rules", f"the answer gives {named}, the customer's message does not")
    if found.text != answer:
        trace.append(
            Step("resolution", "names that the customer's message does not give", answer, found.text)
        )
    return found.text


def _redacted(redactor: Redactor, where: str, text: str, trace: list[Step]) -> str:
    after = str(redactor.redact(text))
    if after != text:
        trace.append(Step("redaction", where, text, after))
    return after


def _excluded(ticket: Ticket, verdict: Verdict, trace: list[Step]) -> PairResult:
    trace.append(Step("excluded", verdict.reason, "", verdict.evidence))
    at = ticket.resolved_at or ticket.updated_at
    return PairResult(
        None, Excluded(ticket.ticket_id, at, verdict.reason, verdict.evidence), verdict, tuple(trace)
    )


def _pair(prepared: _Prepared, verdict: Verdict, kind: Kind, question: str, answer: str) -> Pair:
    ticket = prepared.ticket
    return Pair(
        pair_id=pair_id(ticket.client, ticket.vendor, ticket.ticket_id),
        ticket_id=ticket.ticket_id,
        client=ticket.client,
        resolved_at=ticket.resolved_at or ticket.updated_at,
        customer_text=question,
        resolution_text=answer,
        kind=kind,
        reason=verdict.reason,
        intent=intent(prepared.conversation.asked),
        customer_id=ticket.customer_id,
        thread_id=ticket.thread_id,
        source_digest=_digest(ticket),
    )


def _digest(ticket: Ticket) -> str:
    """Ties a pair to the public words it was made from."""
    parts = [ticket.subject, *(f"{m.role}\x1f{m.text}" for m in ticket.messages if m.public)]
    return hashlib.sha256("\x1e".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


# Edits


def edit_results(
    maker: PairMaker, edits: Sequence[dict[str, Any]], tickets: dict[str, Pair]
) -> tuple[list[Pair], list[Excluded]]:
    """Pairs of the agents' edits, the latest of each ticket; the others are excluded with a reason.

    `tickets` are the month's own pairs by ticket id: an edit takes over their customer and thread.
    """
    pairs: list[Pair] = []
    excluded: list[Excluded] = []
    done: set[str] = set()
    for row in sorted(edits, key=lambda row: (row["decided_at"], row["draft_id"]), reverse=True):
        made = _edit(maker, row, tickets.get(row["ticket_id"]), row["ticket_id"] in done)
        if isinstance(made, Pair):
            done.add(made.ticket_id)
            pairs.append(made)
        else:
            excluded.append(made)
    return pairs[::-1], excluded[::-1]


def _edit(maker: PairMaker, row: dict[str, Any], original: Pair | None, later: bool) -> Pair | Excluded:
    def refused(reason: Reason, detail: str) -> Excluded:
        return Excluded(row["ticket_id"], row["decided_at"], reason, f"edit {row['draft_id']}: {detail}")

    if not row["trainable"]:
        return refused("not_trainable", row["action"])
    if later:
        return refused("edited", "a later edit of the same ticket")
    redactor = Redactor(row["ticket_id"], keep=maker.config.contacts)
    question = _redacted(redactor, "customer", (row["customer_text"] or "").strip(), [])
    if not question:
        return refused("empty", "no customer text")
    answer = maker.in_policy((row["final_text"] or "").strip(), redactor, [])
    if isinstance(answer, Verdict):
        return refused(answer.reason, answer.evidence)
    if not answer:
        return refused("no_resolution", "no final text")
    own = maker.config.contacts
    if left := residual_personal_data(question, own) or residual_personal_data(answer, own):
        return refused("personal_data", left)
    return _edit_pair(maker.config, row, original, question, answer)


def _edit_pair(
    config: ClientConfig, row: dict[str, Any], original: Pair | None, question: str, answer: str
) -> Pair:
    content = f"{row['draft_id']}\x1e{row['customer_text']}\x1e{row['final_text']}"
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]
    edited = Pair(
        pair_id=pair_id(config.id, config.sources[0].vendor, row["ticket_id"]),
        ticket_id=row["ticket_id"],
        client=config.id,
        resolved_at=row["decided_at"],
        customer_text=question,
        resolution_text=answer,
        kind="edit",
        reason="answerable",
        intent=intent(question),
        customer_id="",
        thread_id=row["ticket_id"],
        source_digest=digest,
        edit_class=row.get("kind") or "",
    )
    if original is None:
        return edited
    return replace(
        edited,
        pair_id=original.pair_id,
        reason=original.reason,
        customer_id=original.customer_id,
        thread_id=original.thread_id,
    )


# A month


def build_pairs(
    config: ClientConfig,
    tickets: Path,
    edits: Path | None,
    out: Path,
    *,
    today: date,
    progress: Say = lambda line: None,
    workers: Executor | None = None,
) -> dict[str, int]:
    """`pairs.parquet` and `excluded.parquet` of one month, and the counts of what became what.

    `workers` (from `pair_workers`) are used by all months of a range; a large month alone starts its own.
    """
    out.mkdir(parents=True, exist_ok=True)
    maker = PairMaker(config, today)
    unique = int(pl.scan_parquet(tickets).select(pl.len()).collect().item())
    pairs: list[Pair] = []
    excluded: list[Excluded] = []
    for more_pairs, more_excluded in _made(maker, tickets, unique, workers):
        pairs += more_pairs
        excluded += more_excluded
    rows = pl.read_parquet(edits).to_dicts() if edits is not None else []
    pairs, excluded = _with_edits(maker, rows, pairs, excluded)
    _write(out, pairs, excluded, config.book.state(today))
    counts = {"unique": unique, "edits": len(rows), "pairs": len(pairs), "excluded": len(excluded)}
    if unique + len(rows) != len(pairs) + len(excluded):
        raise AssertionError(f"tickets and edits were lost or doubled: {counts}")
    progress(f"{unique:,} tickets and {len(rows):,} edits: {len(pairs):,} pairs, {len(excluded):,} excluded")
    return counts | _breakdown(pairs, excluded)


def _with_edits(
    maker: PairMaker, rows: Sequence[dict[str, Any]], pairs: list[Pair], excluded: list[Excluded]
) -> tuple[list[Pair], list[Excluded]]:
    made, refused = edit_results(maker, rows, {pair.ticket_id: pair for pair in pairs})
    edited = {pair.ticket_id for pair in made}
    kept = [pair for pair in pairs if pair.ticket_id not in edited]
    replaced = [
        Excluded(pair.ticket_id, pair.resolved_at, "edited", "an agent's edit takes its place")
        for pair in pairs
        if pair.ticket_id in edited
    ]
    return kept + made, excluded + replaced + refused


@contextmanager
def pair_workers() -> Iterator[Executor]:
    """Processes that make pairs. Several large months share them: `build_pairs(..., workers=workers)`."""
    with worker_pool(processors()) as pool:
        yield pool


def _made(maker: PairMaker, tickets: Path, unique: int, workers: Executor | None) -> Iterator[Part]:
    """Pairs and excluded rows of each batch, in the file's order; in several processes for a large month."""
    starts = range(0, unique, BATCH_TICKETS)
    if workers is None and unique >= PARALLEL_TICKETS and processors() > 1:
        with pair_workers() as workers:
            yield from _made(maker, tickets, unique, workers)
    elif workers is None or len(starts) < 2:
        for start in starts:
            yield _part(maker, tickets, start)
    else:
        config = maker.config.model_dump_json()
        yield from workers.map(
            _part_in_worker, [(config, maker.today, str(tickets), start) for start in starts]
        )


def _part(maker: PairMaker, tickets: Path, start: int) -> Part:
    rows = pl.scan_parquet(tickets).slice(start, BATCH_TICKETS).collect().iter_rows(named=True)
    results = maker.make([ticket_from_row(row) for row in rows])
    return [one.pair for one in results if one.pair], [one.excluded for one in results if one.excluded]


@lru_cache(maxsize=2)
def _maker(config: str, today: date) -> PairMaker:
    return PairMaker(ClientConfig.model_validate_json(config), today)


def _part_in_worker(task: tuple[str, date, str, int]) -> Part:
    config, today, tickets, start = task
    return _part(_maker(config, today), Path(tickets), start)


def _write(out: Path, pairs: Iterable[Pair], excluded: Iterable[Excluded], policy_state: str) -> None:
    def rank(row: Pair | Excluded) -> tuple[datetime, str]:
        return row.resolved_at.astimezone(UTC), row.ticket_id

    pair_rows = [pair.row() for pair in sorted(pairs, key=rank)]
    pl.DataFrame(pair_rows, schema=PAIR_SCHEMA, orient="row").write_parquet(
        out / "pairs.parquet", metadata={POLICY_STATE: policy_state}
    )
    excluded_rows = [
        {
            "ticket_id": row.ticket_id,
            "resolved_at": row.resolved_at,
            "reason": row.reason,
            "detail": row.detail,
        }
        for row in sorted(excluded, key=rank)
    ]
    pl.DataFrame(excluded_rows, schema=EXCLUDED_SCHEMA, orient="row").write_parquet(out / "excluded.parquet")


def _breakdown(pairs: Iterable[Pair], excluded: Iterable[Excluded]) -> dict[str, int]:
    pairs = list(pairs)
    kinds = Counter(f"kind: {pair.kind}" for pair in pairs)
    reasons = Counter(f"pair: {pair.reason}" for pair in pairs)
    dropped = Counter(f"excluded: {row.reason}" for row in excluded)
    return {name: count for table in (kinds, reasons, dropped) for name, count in sorted(table.items())}
