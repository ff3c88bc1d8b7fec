"""Drafts and what becomes of them: waiting, decided by a person, taken back, or sent by itself.

Every change is compare-and-swap on the draft's state and version, in the transaction that also
queues what follows from it. So a draft has exactly one decision, and a decision its one reply.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.confidence.labels import is_wrong
from support_pipeline.serving.decisions import audit, intake, outbox
from support_pipeline.serving.decisions.database import lock, now_stamp, stamp, storable
from support_pipeline.serving.decisions.log import Action, EditKind, present
from support_pipeline.serving.decisions.schema import DECISION, DRAFT, JOB, SWITCH, TICKET, UNDONE

Handover = Literal["note", "create", ""]
AUTOMATIC = "automatic"


class Conflict(SupportPipelineError):
    """The draft is not what the request thought it was: decided, superseded or changed meanwhile."""


class Unsendable(SupportPipelineError):
    """The draft breaks a rule that no click may break; it can be edited."""


class NoSuchDraft(SupportPipelineError):
    """No such draft, or one of another client."""


@dataclass(frozen=True)
class Answered:
    """What the router made of a ticket at one revision. `model` is the deployment's version.

    An `unsendable` draft must be edited before anybody sends it; an `audit` could have been sent and is
    reviewed to keep the certificate honest; `evidence` is what the confidence rests on.
    """

    revision: str
    asked: str
    response: str
    confidence: str
    escalate: bool
    route: str
    reasons: Sequence[str]
    model: str
    suspicious: bool = False
    unsendable: bool = False
    audit: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What an agent decided. `key` makes a repeated request one decision; `version` is the draft's as seen.

    Without a `final_text` the draft's own words are what is decided on.
    """

    draft_id: str
    client: str
    action: Action
    final_text: str | None
    reason: str
    agent: str
    key: str
    version: int
    kind: EditKind = ""


@dataclass(frozen=True)
class Decided:
    """The decision as it stands. `repeated`: an equal request had made it before."""

    draft_id: str
    action: Action
    takes_effect: datetime
    repeated: bool = False


def store(
    connection: sa.Connection,
    ticket: Mapping[str, Any],
    answered: Answered,
    *,
    handover: Handover,
    automatic: bool,
    hold_seconds: float,
) -> str | None:
    """Stores a draft and queues what its route asks for; None when this revision has a draft already.

    `automatic` says that the client's mode allows sending; the kill switch is looked at here, inside
    the transaction. Drafts of earlier revisions that are still open are superseded.
    """
    draft = intake.draft_id(ticket["id"], answered.revision)
    if connection.execute(sa.select(DRAFT.c.id).where(DRAFT.c.id == draft)).scalar():
        return None
    _supersede(connection, ticket["id"])
    sends, reasons = answered.route == "auto", list(answered.reasons)
    if sends and not (automatic and not stopped(connection, ticket["client"])):
        sends = False
        reasons.append("automatic sending is off for this client")
    route = answered.route if sends or answered.route != "auto" else "approve"
    values = vars(answered) | {
        "route": route,
        "reasons": [storable(reason) for reason in reasons],
        "state": "auto" if sends else "pending",
        "asked": storable(answered.asked),
        "response": storable(answered.response),
    }
    connection.execute(
        DRAFT.insert().values(
            id=draft,
            ticket=ticket["id"],
            client=ticket["client"],
            version=1,
            created_at=now_stamp(),
            **values,
        )
    )
    if sends:
        _reply(connection, ticket["client"], draft, values["response"], hold_seconds, by=AUTOMATIC)
    elif route == "agent" and handover:
        outbox.put(connection, handover, ticket["client"], draft, f"{handover}:{draft}", {})
    return draft


def _supersede(connection: sa.Connection, ticket: str) -> None:
    """The customer wrote again: what answers less than all of it is not sent by itself, nor approved."""
    query = sa.select(DRAFT.c.id, DRAFT.c.state).where(
        DRAFT.c.ticket == ticket, DRAFT.c.state.in_(("pending", "auto"))
    )
    for draft, state in connection.execute(query).all():
        why = "the customer wrote again"
        if state == "auto" and not outbox.cancel(connection, [f"reply:{draft}"], why):
            continue
        _change(connection, draft, state, "superseded")


def _reply(
    connection: sa.Connection, client: str, draft: str, text: str, hold_seconds: float, by: str
) -> None:
    payload = {"text": text, "by": by}
    outbox.put(connection, "reply", client, draft, f"reply:{draft}", payload, now_stamp(hold_seconds))


def _change(
    connection: sa.Connection, draft: str, before: str, after: str, version: int | None = None
) -> bool:
    found = {"its_id": draft, "before": before, "after": after}
    if version is None:
        return bool(connection.execute(_CHANGED, found).rowcount)
    return bool(connection.execute(_CHANGED_AS_SEEN, found | {"seen": version}).rowcount)


# Built once: building a statement costs more than running it.
_CHANGED = (
    DRAFT.update()
    .where(DRAFT.c.id == sa.bindparam("its_id"), DRAFT.c.state == sa.bindparam("before"))
    .values(state=sa.bindparam("after"), version=DRAFT.c.version + 1)
)
_CHANGED_AS_SEEN = _CHANGED.where(DRAFT.c.version == sa.bindparam("seen"))
_DECISION_OF = DECISION.select().where(DECISION.c.draft_id == sa.bindparam("its_id"))
_DECIDED = DECISION.insert()
_DRAFT_OF = (
    sa.select(
        DRAFT,
        *(TICKET.c[name] for name in ("source", "external_id", "subject", "thread", "text")),
        *(TICKET.c[name] for name in ("customer_id", "customer_name", "customer_email")),
    )
    .join(TICKET, TICKET.c.id == DRAFT.c.ticket)
    .where(DRAFT.c.id == sa.bindparam("its_id"))
)


def decide(
    connection: sa.Connection, choice: Choice, *, hold_seconds: float, handover: Handover = ""
) -> Decided:
    """Records the one decision on a draft and queues its reply, due when it can no longer be undone.

    Raises:
        NoSuchDraft: unknown, or another client's.
        Conflict: somebody else has decided, or the draft has changed since it was shown.
        Unsendable: it must be edited first, or there is no text.
    """
    lock(connection)
    draft = draft_of(connection, choice.draft_id, [choice.client])
    if choice.final_text is None:
        choice = replace(choice, final_text=draft["response"])
    _refuse_unsendable(draft, choice)
    if not _change(connection, choice.draft_id, "pending", choice.action, choice.version):
        before = _repeated(connection, choice)
        if before is not None:
            return before
        raise Conflict(
            f"draft '{choice.draft_id}' is {draft['state']} (version {draft['version']}, shown was "
            f"{choice.version}). Load it again."
        )
    made_at = present(connection, choice.client)
    effect = made_at + timedelta(seconds=hold_seconds)
    row = _row(draft, choice, made_at, effect)
    connection.execute(_DECIDED, row)
    if choice.action != "rejected":
        _reply(connection, choice.client, choice.draft_id, row["final_text"], hold_seconds, by=choice.agent)
    elif handover and draft["route"] != "agent":
        key = f"{handover}:{choice.draft_id}"
        outbox.put(connection, handover, choice.client, choice.draft_id, key, {}, now_stamp(hold_seconds))
    if draft["audit"]:
        wrong = is_wrong(choice.action, draft["response"], choice.final_text or "")
        key, due = f"audit:{choice.draft_id}", now_stamp(hold_seconds)
        outbox.put(connection, "audit", choice.client, choice.draft_id, key, {"wrong": wrong}, due)
    # The agent's reason may quote the customer: it stands with the decision, where it can be erased.
    audit.append(
        connection, choice.agent, choice.action, choice.client, choice.draft_id, {"kind": choice.kind}
    )
    return Decided(choice.draft_id, choice.action, effect)


def _refuse_unsendable(draft: Mapping[str, Any], choice: Choice) -> None:
    if draft["unsendable"] and choice.action == "approved":
        raise Unsendable(
            f"draft '{choice.draft_id}' cannot be sent as it is: {'; '.join(draft['reasons'])}. Edit it."
        )
    if choice.action != "rejected" and not (choice.final_text or "").strip():
        raise Unsendable(
            f"draft '{choice.draft_id}' has no text to send; give final_text with the action 'edited'."
        )


def _repeated(connection: sa.Connection, choice: Choice) -> Decided | None:
    row = connection.execute(_DECISION_OF, {"its_id": choice.draft_id}).mappings().first()
    if row is None or not choice.key or row["key"] != choice.key or row["action"] != choice.action:
        return None
    return Decided(choice.draft_id, choice.action, datetime.fromisoformat(row["decided_at"]), repeated=True)


def _row(draft: Mapping[str, Any], choice: Choice, made_at: datetime, effect: datetime) -> dict[str, Any]:
    final = storable(choice.final_text or "") if choice.action != "rejected" else ""
    return {
        "draft_id": choice.draft_id,
        "ticket_id": draft["external_id"],
        "client": choice.client,
        "decided_at": stamp(effect),
        "made_at": stamp(made_at),
        "customer_id": draft["customer_id"],
        "customer_text": draft["asked"],
        "draft_text": draft["response"],
        "final_text": final,
        "action": choice.action,
        "reason": storable(choice.reason),
        "agent": storable(choice.agent),
        "model": draft["model"],
        # A ticket that tries to give orders would teach the model to take them.
        "trainable": bool(final.strip()) and not draft["suspicious"],
        "kind": choice.kind,
        "key": choice.key,
    }


def undo(connection: sa.Connection, draft_id: str, client: str, by: str) -> None:
    """Takes back a decision, or an automatic reply, that has not taken effect yet; the draft waits again.

    Raises:
        NoSuchDraft: unknown, or another client's.
        Conflict: nothing to undo, or too late.
    """
    lock(connection)
    draft = draft_of(connection, draft_id, [client])
    decision = connection.execute(_DECISION_OF, {"its_id": draft_id}).mappings().first()
    kinds = ("reply", "note", "create", "audit") if draft["route"] != "agent" else ("reply", "audit")
    keys = [f"{kind}:{draft_id}" for kind in kinds]
    late = Conflict(f"draft '{draft_id}' can no longer be undone: it is {draft['state']}.")
    if decision is None and draft["state"] != "auto":
        raise late
    if decision is not None and decision["decided_at"] <= stamp(present(connection, client)):
        raise late
    cancelled = outbox.cancel(connection, keys, f"undone by {by}")
    if draft["state"] != "rejected" and f"reply:{draft_id}" not in cancelled:
        raise late
    for key in cancelled:
        # The key is free again for the next decision on the same draft.
        again = f"{key}:undone:{draft['version']}"
        connection.execute(JOB.update().where(JOB.c.send_key == key).values(send_key=again))
    if decision is not None:
        connection.execute(UNDONE.insert().values(**decision, undone_at=now_stamp(), undone_by=by))
        connection.execute(DECISION.delete().where(DECISION.c.draft_id == draft_id))
    _change(connection, draft_id, draft["state"], "pending")
    audit.append(connection, by, "undone", client, draft_id, {"was": draft["state"]})


def draft_of(connection: sa.Connection, draft_id: str, clients: Sequence[str] | None) -> dict[str, Any]:
    """A draft with its ticket's columns; `clients` are those that the asker may see, None for all.

    Raises:
        NoSuchDraft: unknown, or another client's: the two are not told apart.
    """
    row = connection.execute(_DRAFT_OF, {"its_id": draft_id}).mappings().first()
    if row is None or (clients is not None and row["client"] not in clients):
        raise NoSuchDraft(f"no draft '{draft_id}'.")
    return dict(row)


def stopped(connection: sa.Connection, client: str) -> bool:
    """Whether automatic sending was stopped for a client."""
    return bool(connection.execute(sa.select(SWITCH.c.stopped).where(SWITCH.c.client == client)).scalar())


def throw_switch(connection: sa.Connection, client: str, stop: bool, by: str, reason: str) -> int:
    """Stops automatic sending, or allows it again; how many replies were called back to the queue."""
    lock(connection)
    row = {"stopped": stop, "by": by, "at": now_stamp(), "reason": reason}
    if not connection.execute(SWITCH.update().where(SWITCH.c.client == client).values(**row)).rowcount:
        connection.execute(SWITCH.insert().values(client=client, **row))
    called_back = 0
    if stop:
        waiting = sa.select(DRAFT.c.id).where(DRAFT.c.client == client, DRAFT.c.state == "auto")
        for (draft,) in connection.execute(waiting).all():
            try:
                with connection.begin_nested():
                    undo(connection, draft, client, by)
                called_back += 1
            except Conflict:
                continue  # already sent
    audit.append(connection, by, "stop" if stop else "allow", client, client, {"reason": reason})
    return called_back
