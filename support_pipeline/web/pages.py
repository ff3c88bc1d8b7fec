"""The approval page: queue, draft, history, attention, metrics, clients. Plain forms first; htmx makes them quick."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from support_pipeline.clients import ClientConfig
from support_pipeline.serving.decisions import audit, drafts, outbox, people
from support_pipeline.serving.decisions.drafts import Choice, Conflict, NoSuchDraft, Unsendable
from support_pipeline.serving.decisions.edits import classify, word_diff
from support_pipeline.serving.decisions.log import Action, EditKind
from support_pipeline.serving.decisions.people import Person
from support_pipeline.serving.decisions.schema import AUDIT, DECISION, DRAFT, JOB, SWITCH, TICKET
from support_pipeline.serving.desk.worker import handover_of
from support_pipeline.web.desk import Desk
from support_pipeline.web.figures import figures
from support_pipeline.web.marks import Marked, Piece, mark
from support_pipeline.web.security import Changing, DeskNow, SignedIn

router = APIRouter(prefix="/ui", include_in_schema=False)

REASONS: dict[str, tuple[EditKind, str]] = {
    "1": ("fact", "A fact is wrong"),
    "2": ("policy", "Against the policy"),
    "3": ("tone", "Wrong tone"),
    "4": ("missing_step", "A step is missing"),
    "5": ("escalation", "A person must answer"),
}
SHOWN = 200
BANDS = ("high", "medium", "low")
TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")


def render(request: Request, name: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """A template with what every page needs."""
    session = getattr(request.state, "session", None)
    shared = {"person": session.person if session else None, "csrf": session.csrf if session else ""}
    return TEMPLATES.TemplateResponse(request, name, {**shared, **values}, status_code=status)


def _age(stamp: str) -> str:
    minutes = (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds() / 60
    if minutes < 60:
        return f"{max(0, round(minutes))} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


TEMPLATES.env.filters["age"] = _age
TEMPLATES.env.filters["clock"] = lambda stamp: stamp[:16].replace("T", " ") if stamp else ""


# The queue


def _open_drafts(person: Person, client: str = "", band: str = "") -> sa.Select[Any]:
    query = (
        sa.select(DRAFT, TICKET.c.subject, TICKET.c.external_id, TICKET.c.source, TICKET.c.customer_name)
        .join(TICKET, TICKET.c.id == DRAFT.c.ticket)
        .where(DRAFT.c.state == "pending")
        .order_by(DRAFT.c.created_at, DRAFT.c.id)
    )
    if person.visible is not None:
        query = query.where(DRAFT.c.client.in_(person.visible))
    if client:
        query = query.where(DRAFT.c.client == client)
    return query.where(DRAFT.c.confidence == band) if band in BANDS else query


@router.get("/queue")
def queue(
    request: Request, session: SignedIn, desk: DeskNow, client: str = "", band: str = "", done: str = ""
) -> Response:
    """What waits for a decision, oldest first."""
    with desk.database.reading() as connection:
        query = _open_drafts(session.person, client, band)
        waiting = connection.execute(query.limit(SHOWN)).mappings().all()
        total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar()
        failed = _failed_count(connection, session.person)
        said = _said(connection, done, session.person)
    values = {
        "drafts": waiting,
        "total": total,
        "failed": failed,
        "client": client,
        "band": band,
        "bands": BANDS,
        "clients": _visible(desk, session.person),
        "said": said,
    }
    return render(request, "queue.html", values)


def _visible(desk: Desk, person: Person) -> list[str]:
    return [name for name in desk.client_names() if person.sees(name)]


def _failed_count(connection: sa.Connection, person: Person) -> int:
    query = sa.select(sa.func.count()).select_from(JOB).where(JOB.c.state == "failed")
    if person.visible is not None:
        query = query.where(JOB.c.client.in_(person.visible))
    return int(connection.execute(query).scalar() or 0)


def _said(connection: sa.Connection, done: str, person: Person) -> dict[str, Any] | None:
    """What was just done, for the status line; `undo` is the seconds in which it can still be taken back."""
    if not done:
        return None
    try:
        draft = drafts.draft_of(connection, done, person.visible)
    except NoSuchDraft:
        return None
    decision = connection.execute(DECISION.select().where(DECISION.c.draft_id == done)).mappings().first()
    left = 0.0
    if decision is not None:
        left = (datetime.fromisoformat(decision["decided_at"]) - datetime.now(UTC)).total_seconds()
    return {"draft": draft, "undo": max(0.0, left), "state": draft["state"]}


# One draft


@router.get("/drafts/{draft_id}")
def draft_page(
    draft_id: str, request: Request, session: SignedIn, desk: DeskNow, done: str = "", problem: str = ""
) -> Response:
    """The draft beside its thread."""
    with desk.database.reading() as connection:
        draft = _draft(connection, draft_id, session.person)
        order = list(connection.execute(_open_drafts(session.person).with_only_columns(DRAFT.c.id)).scalars())
        said = _said(connection, done, session.person)
        decision = (
            connection.execute(DECISION.select().where(DECISION.c.draft_id == draft_id)).mappings().first()
        )
        reply = (
            connection.execute(JOB.select().where(JOB.c.send_key == f"reply:{draft_id}")).mappings().first()
        )
    config = desk.client(draft["client"])
    place = order.index(draft_id) if draft_id in order else -1
    values = {
        "draft": draft,
        "marked": _marked(config, draft),
        "diff": word_diff(draft["response"], decision["final_text"]) if decision else [],
        "decision": decision,
        "reply": reply,
        "reasons": REASONS,
        "before": order[place - 1] if place > 0 else "",
        "after": order[place + 1] if 0 <= place < len(order) - 1 else "",
        "waiting": len(order),
        "said": said,
        "problem": problem,
    }
    return render(request, "draft.html", values)


def _draft(connection: sa.Connection, draft_id: str, person: Person) -> dict[str, Any]:
    try:
        return drafts.draft_of(connection, draft_id, person.visible)
    except NoSuchDraft as error:
        raise HTTPException(404, str(error)) from error


def _marked(config: ClientConfig | None, draft: Mapping[str, Any]) -> Marked:
    if config is None:
        return Marked((Piece(draft["response"]),))
    return mark(config, draft["asked"], draft["response"], datetime.now(UTC).date())


@router.post("/drafts/{draft_id}/diff")
def diff(
    draft_id: str, request: Request, desk: DeskNow, person: Changing, final_text: Annotated[str, Form()] = ""
) -> Response:
    """The word diff while somebody types."""
    with desk.database.reading() as connection:
        draft = _draft(connection, draft_id, person)
    config = desk.client(draft["client"])
    kind = classify(draft["response"], final_text, config.book) if config else ""
    return render(request, "_diff.html", {"diff": word_diff(draft["response"], final_text), "kind": kind})


@router.post("/drafts/{draft_id}/decision")
def decide(
    draft_id: str,
    request: Request,
    desk: DeskNow,
    person: Changing,
    action: Annotated[str, Form()],
    version: Annotated[int, Form()],
    final_text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    after: Annotated[str, Form()] = "",
) -> Response:
    """Records a decision, and shows the next draft."""
    with desk.database.reading() as connection:
        draft = _draft(connection, draft_id, person)
    config = desk.client(draft["client"])
    choice = _choice(draft, person, action, version, final_text, reason, config)
    if isinstance(choice, str):
        return _to(f"/ui/drafts/{draft_id}", problem=choice)
    try:
        desk.write_now(
            lambda connection: drafts.decide(
                connection,
                choice,
                hold_seconds=desk.settings.hold_seconds,
                handover=handover_of(config, draft["source"]),
            )
        )
    except (Conflict, Unsendable) as error:
        return _to(f"/ui/drafts/{draft_id}", problem=str(error))
    desk.worker_bell.ring()
    return _to(f"/ui/drafts/{_still_open(desk, after, person)}" if after else "/ui/queue", done=draft_id)


def _still_open(desk: Desk, draft_id: str, person: Person) -> str:
    with desk.database.reading() as connection:
        return str(_draft(connection, draft_id, person)["id"])


def _choice(
    draft: Mapping[str, Any],
    person: Person,
    action: str,
    version: int,
    final_text: str,
    reason: str,
    config: ClientConfig | None,
) -> Choice | str:
    """The choice, or why it is none."""
    # Browsers send line ends as \r\n.
    final = final_text.replace("\r\n", "\n").strip()
    if action == "approved":
        final = draft["response"]
    if action in ("approved", "edited") and not final.strip():
        return "There is no text to send. Write one, or reject the draft."
    if action == "edited" and final == draft["response"].strip():
        action = "approved"
    if action == "rejected" and reason not in REASONS:
        return "Choose a reason for the rejection."
    if action not in ("approved", "edited", "rejected"):
        return "Unknown action."
    kind: EditKind = ""
    if action == "rejected":
        kind, reason = REASONS[reason]
    elif action == "edited" and config is not None:
        kind = classify(draft["response"], final, config.book)
    done = cast(Action, action)
    return Choice(draft["id"], draft["client"], done, final, reason, person.email, "", version, kind)


@router.post("/drafts/{draft_id}/undo")
def undo(draft_id: str, desk: DeskNow, person: Changing) -> Response:
    """Takes back what has not taken effect; the draft is open again."""
    with desk.database.reading() as connection:
        draft = _draft(connection, draft_id, person)
    try:
        desk.write_now(lambda connection: drafts.undo(connection, draft_id, draft["client"], person.email))
    except Conflict as error:
        return _to(f"/ui/drafts/{draft_id}", problem=str(error))
    return _to(f"/ui/drafts/{draft_id}", done=draft_id)


def _to(path: str, **query: str) -> Response:
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items() if value)
    return RedirectResponse(f"{path}?{asked}" if asked else path, 303)


# History and attention


@router.get("/history")
def history(
    request: Request, session: SignedIn, desk: DeskNow, client: str = "", before: Annotated[str, Query()] = ""
) -> Response:
    """Decisions, newest first, with what was changed and what became of the reply."""
    reply = JOB.alias("reply")
    query = (
        sa.select(
            DECISION,
            reply.c.state.label("reply_state"),
            reply.c.result.label("reply_result"),
            DRAFT.c.confidence,
        )
        .outerjoin(reply, reply.c.send_key == "reply:" + DECISION.c.draft_id)
        .outerjoin(DRAFT, DRAFT.c.id == DECISION.c.draft_id)
        .order_by(DECISION.c.decided_at.desc(), DECISION.c.draft_id)
        .limit(50)
    )
    if session.person.visible is not None:
        query = query.where(DECISION.c.client.in_(session.person.visible))
    if client:
        query = query.where(DECISION.c.client == client)
    if before:
        query = query.where(DECISION.c.decided_at < before)
    with desk.database.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
        sent = connection.execute(_automatic(session.person)).mappings().all()
    for row in rows:
        row["diff"] = word_diff(row["draft_text"], row["final_text"]) if row["action"] == "edited" else []
    values = {"rows": rows, "sent": sent, "client": client, "clients": _visible(desk, session.person)}
    return render(
        request, "history.html", {**values, "next": rows[-1]["decided_at"] if len(rows) == 50 else ""}
    )


def _automatic(person: Person) -> sa.Select[Any]:
    query = (
        sa.select(DRAFT.c.id, DRAFT.c.client, DRAFT.c.created_at, JOB.c.state, JOB.c.result, TICKET.c.subject)
        .join(JOB, JOB.c.send_key == "reply:" + DRAFT.c.id)
        .join(TICKET, TICKET.c.id == DRAFT.c.ticket)
        .where(DRAFT.c.state == "auto")
        .order_by(DRAFT.c.created_at.desc())
        .limit(20)
    )
    return query if person.visible is None else query.where(DRAFT.c.client.in_(person.visible))


@router.get("/attention")
def attention(request: Request, session: SignedIn, desk: DeskNow) -> Response:
    """What was decided and could not be done: somebody has to look."""
    query = JOB.select().where(JOB.c.state == "failed").order_by(JOB.c.done_at.desc()).limit(SHOWN)
    if session.person.visible is not None:
        query = query.where(JOB.c.client.in_(session.person.visible))
    with desk.database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return render(request, "attention.html", {"rows": rows})


@router.post("/attention/{send_key:path}")
def resolve(send_key: str, desk: DeskNow, person: Changing, what: Annotated[str, Form()]) -> Response:
    """Sends again, or calls it settled; both stand in the audit chain."""

    def change(connection: sa.Connection) -> bool:
        row = connection.execute(JOB.select().where(JOB.c.send_key == send_key)).mappings().first()
        if row is None or not person.sees(row["client"]):
            raise HTTPException(404, "no such job")
        done = (
            outbox.again(connection, send_key)
            if what == "again"
            else outbox.settle(connection, send_key, f"settled by {person.email}")
        )
        audit.append(connection, person.email, "resolved", row["client"], send_key, {"what": what})
        return done

    desk.write_now(change)
    desk.worker_bell.ring()
    return _to("/ui/attention")


# Figures, clients, oneself


@router.get("/metrics")
def metrics(request: Request, session: SignedIn, desk: DeskNow) -> Response:
    """How well the drafts do."""
    with desk.database.reading() as connection:
        found = figures(connection, session.person.visible)
    return render(request, "metrics.html", {"figures": found, "bands": BANDS})


@router.get("/clients")
def clients(request: Request, session: SignedIn, desk: DeskNow) -> Response:
    """Each client's mode and its kill switch."""
    with desk.database.reading() as connection:
        switches = {row["client"]: dict(row) for row in connection.execute(SWITCH.select()).mappings()}
        chain = audit.first_broken(connection) if session.person.role == "admin" else None
        events = connection.execute(_events(session.person)).mappings().all()
    rows = [
        {"name": name, "config": desk.client(name), "switch": switches.get(name)}
        for name in _visible(desk, session.person)
    ]
    return render(request, "clients.html", {"rows": rows, "events": events, "broken": chain})


def _events(person: Person) -> sa.Select[Any]:
    query = AUDIT.select().where(AUDIT.c.action.in_(("stop", "allow", "undone", "resolved")))
    query = query.order_by(AUDIT.c.id.desc()).limit(20)
    return query if person.visible is None else query.where(AUDIT.c.client.in_(person.visible))


@router.post("/clients/{client}/switch")
def switch(
    client: str,
    desk: DeskNow,
    person: Changing,
    stop: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """The kill switch: anybody who sees the client may stop it, an administrator allows it again."""
    if not person.sees(client) or client not in desk.client_names():
        raise HTTPException(404, f"no client '{client}'")
    stopping = stop == "yes"
    if not stopping and person.role != "admin":
        raise HTTPException(403, "Only an administrator allows automatic sending again.")
    desk.write_now(lambda c: drafts.throw_switch(c, client, stopping, person.email, reason[:500]))
    return _to("/ui/clients")


@router.get("/me")
def me(request: Request, session: SignedIn) -> Response:
    """Who is signed in, and whether single keys are shortcuts."""
    return render(request, "me.html", {})


@router.post("/me")
def change_me(desk: DeskNow, person: Changing, shortcuts: Annotated[str, Form()] = "") -> Response:
    """Single-key shortcuts on or off."""
    desk.write_now(lambda connection: people.set_shortcuts(connection, person.email, shortcuts == "on"))
    return _to("/ui/me")
