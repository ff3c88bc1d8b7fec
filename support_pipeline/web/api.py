"""The router's API: a ticket in, a draft with its route out; drafts and decisions for shops' own tools."""

import asyncio
import uuid
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from support_pipeline.serving.decisions import drafts, intake
from support_pipeline.serving.decisions.database import storable
from support_pipeline.serving.decisions.drafts import Choice, Conflict, Handover, NoSuchDraft, Unsendable
from support_pipeline.serving.decisions.edits import classify
from support_pipeline.serving.decisions.intake import Arrival, KeyReused
from support_pipeline.serving.decisions.log import EditKind
from support_pipeline.serving.decisions.schema import DRAFT, JOB, TICKET
from support_pipeline.serving.desk.worker import handover_of
from support_pipeline.web.desk import Desk
from support_pipeline.web.security import ApiClient, DeskNow

router = APIRouter(prefix="/v1", tags=["router"])

LONGEST_TEXT = 64_000


class Customer(BaseModel):
    """Who asks; the address is needed where an agent's ticket is to be made."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=255)] = ""
    name: Annotated[str, Field(max_length=255)] = ""
    email: Annotated[str, Field(max_length=255)] = ""


class TicketIn(BaseModel):
    """A ticket. With `helpdesk`, `ticket_id` is that helpdesk's and answers are written back to it."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    subject: Annotated[str, Field(max_length=1000)] = ""
    ticket_id: Annotated[str, Field(max_length=255)] = ""
    helpdesk: Literal["", "zendesk", "gorgias", "freshdesk", "intercom"] = ""
    customer: Customer = Customer()


class AnswerOut(BaseModel):
    """The router's answer."""

    response: str
    confidence: Literal["high", "medium", "low"]
    escalate: bool
    route: Literal["agent", "approve", "auto"]
    reasons: list[str]
    draft_id: str
    ticket_id: str


class Accepted(BaseModel):
    """The ticket is safe, its draft is not there yet: ask for it by `GET /v1/drafts/{draft_id}`."""

    ticket_id: str
    draft_id: str
    status: Literal["accepted"] = "accepted"


class DecisionIn(BaseModel):
    """A decision made in a tool of the client's own. `version` is the draft's as it was shown."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["approved", "edited", "rejected"]
    version: int
    agent: Annotated[str, Field(min_length=1, max_length=200)]
    final_text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    reason: Annotated[str, Field(max_length=1000)] = ""


@router.post("/tickets", responses={202: {"model": Accepted}})
async def take_ticket(
    ticket: TicketIn,
    client: ApiClient,
    desk: DeskNow,
    wait: Annotated[float | None, Query(ge=0, le=60)] = None,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> JSONResponse:
    """Stores the ticket, and answers with its draft if that comes within `wait` seconds."""
    ticket_id = ticket.ticket_id or uuid.uuid4().hex
    arrival = _arrival(client, ticket, ticket_id, idempotency_key)
    try:
        await desk.write(lambda connection: intake.take_in(connection, arrival))
    except KeyReused as error:
        raise HTTPException(422, str(error)) from error
    desk.worker_bell.ring()
    seconds = desk.settings.wait_seconds if wait is None else wait
    found = await desk.waiters.draft(arrival.draft_id, seconds) if seconds else None
    if found is None:
        return JSONResponse(
            Accepted(ticket_id=arrival.external_id, draft_id=arrival.draft_id).model_dump(), 202
        )
    return JSONResponse(_answer(found, arrival.external_id))


def _arrival(client: str, ticket: TicketIn, ticket_id: str, key: str | None) -> Arrival:
    said = intake.revision_of(ticket.subject, ticket.text)
    source = ticket.helpdesk or "api"
    # The same text of the same ticket is the same request, also without a key.
    delivery = f"key-{key}" if key else f"text-{intake.revision_of(ticket_id, said)}"
    thread = [{"at": "", "role": "customer", "public": True, "text": storable(ticket.text)}]
    # An idempotency key without a ticket id must give the same ticket again.
    own = intake.revision_of(client, key) if key and not ticket.ticket_id else ticket_id
    return Arrival(
        client,
        source,
        own,
        delivery,
        subject=ticket.subject,
        text=ticket.text,
        customer_id=ticket.customer.id,
        customer_name=ticket.customer.name,
        customer_email=ticket.customer.email,
        thread=thread,
    )


def _answer(draft: dict[str, Any], ticket_id: str) -> dict[str, Any]:
    names = ("response", "confidence", "escalate", "route", "reasons")
    shown = {name: draft[name] for name in names} | {"draft_id": draft["id"], "ticket_id": ticket_id}
    return AnswerOut.model_validate(shown).model_dump()


@router.get("/drafts/{draft_id}")
def read_draft(draft_id: str, client: ApiClient, desk: DeskNow) -> JSONResponse:
    """A draft, what was decided, and what became of its reply."""
    with desk.database.reading() as connection:
        try:
            draft = drafts.draft_of(connection, draft_id, [client])
        except NoSuchDraft as error:
            waiting = connection.execute(
                sa.select(TICKET.c.id).where(TICKET.c.client == client).limit(1)
            ).first()
            hint = " It may not be drafted yet." if waiting else ""
            raise HTTPException(404, f"{error}{hint}") from error
        reply = (
            connection.execute(JOB.select().where(JOB.c.send_key == f"reply:{draft_id}")).mappings().first()
        )
    return JSONResponse(
        _answer(draft, draft["external_id"])
        | {
            "state": draft["state"],
            "version": draft["version"],
            "final_text": str(reply["payload"]["text"]) if reply else None,
            "sent": bool(reply and reply["state"] == "done"),
            "sending": reply["result"] or reply["state"] if reply else None,
        }
    )


@router.get("/drafts")
def list_drafts(
    client: ApiClient,
    desk: DeskNow,
    state: Literal["pending", "approved", "edited", "rejected", "auto"] = "pending",
) -> list[dict[str, Any]]:
    """The client's drafts in a state, oldest first, at most 500."""
    query = (
        sa.select(DRAFT, TICKET.c.external_id)
        .join(TICKET, TICKET.c.id == DRAFT.c.ticket)
        .where(DRAFT.c.client == client, DRAFT.c.state == state)
        .order_by(DRAFT.c.created_at)
        .limit(500)
    )
    with desk.database.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [_answer(row, row["external_id"]) | {"version": row["version"]} for row in rows]


@router.post("/drafts/{draft_id}/decision")
async def decide(
    draft_id: str,
    decision: DecisionIn,
    client: ApiClient,
    desk: DeskNow,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> dict[str, Any]:
    """Records the one decision on a draft; it is on disk when this answers."""
    try:
        choice, handover = await _choice(desk, draft_id, decision, client, idempotency_key or "")
        done = await desk.write(
            lambda connection: drafts.decide(
                connection, choice, hold_seconds=desk.settings.hold_seconds, handover=handover
            )
        )
    except NoSuchDraft as error:
        raise HTTPException(404, str(error)) from error
    except Unsendable as error:
        raise HTTPException(422, str(error)) from error
    except Conflict as error:
        raise HTTPException(409, str(error)) from error
    desk.worker_bell.ring()
    return {
        "draft_id": draft_id,
        "action": done.action,
        "takes_effect": done.takes_effect.isoformat(),
        "repeated": done.repeated,
    }


async def _choice(
    desk: Desk, draft_id: str, decision: DecisionIn, client: str, key: str
) -> tuple[Choice, Handover]:
    """What was decided, and who hears of a rejection. Only an approval needs nothing of the draft."""
    final: str | None = None
    kind: EditKind = ""
    handover: Handover = ""
    if decision.action != "approved":
        config = desk.client(client)
        draft = await asyncio.to_thread(_read, desk, draft_id, client)
        handover = handover_of(config, draft["source"])
        if decision.action == "edited":
            final = decision.final_text.strip()
            if config is not None:
                kind = await asyncio.to_thread(classify, draft["response"], final, config.book)
    version, agent, reason = decision.version, decision.agent, decision.reason
    return Choice(draft_id, client, decision.action, final, reason, agent, key, version, kind), handover


def _read(desk: Desk, draft_id: str, client: str) -> dict[str, Any]:
    with desk.database.reading() as connection:
        return drafts.draft_of(connection, draft_id, [client])
