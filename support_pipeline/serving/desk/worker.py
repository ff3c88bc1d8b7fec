"""The worker process: takes jobs, answers tickets, sends what was decided. Whatever fails goes to a person."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import httpx
import sqlalchemy as sa

from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.data.exports import READERS, Origin
from support_pipeline.data.tickets import Ticket
from support_pipeline.errors import SupportPipelineError
from support_pipeline.serving.decisions import Database, drafts, intake, outbox, readiness
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.drafts import Answered, Handover
from support_pipeline.serving.decisions.intake import Arrival
from support_pipeline.serving.decisions.outbox import Job, JobKind
from support_pipeline.serving.decisions.schema import JOB
from support_pipeline.serving.decisions.writer import GroupWriter
from support_pipeline.serving.desk import sending
from support_pipeline.serving.desk.answering import NO_MODEL, Answerer, answered_of
from support_pipeline.serving.desk.bells import Bell
from support_pipeline.serving.desk.sending import Errand, Outcome
from support_pipeline.serving.guardrails import steers
from support_pipeline.serving.helpdesks import open_helpdesk, writable_source
from support_pipeline.serving.helpdesks.calling import NotReached
from support_pipeline.serving.helpdesks.threads import Turn, open_turn

log = logging.getLogger(__name__)

KEPT = "kept: the client has no helpdesk API; read it by GET /v1/drafts/ID"
LOOK_SECONDS = 0.25
FETCH_ATTEMPTS = 5
PROBE_SECONDS = 20.0


@dataclass(frozen=True)
class DeskSettings:
    """How the desk works: seconds to undo, parallel answers, and where its page is found from outside."""

    hold_seconds: float = 10.0
    answers: int = 2
    sends: int = 4
    page_url: str = ""
    settle_seconds: float = sending.SETTLE_SECONDS
    name: str = ""

    @property
    def owner(self) -> str:
        """The worker's name: a worker that starts again frees what the dead one of its name had taken."""
        return self.name or f"{socket.gethostname()}-desk"

    def page(self, draft: str) -> str:
        """The address of a draft on the page, "" when none is configured."""
        return f"{self.page_url.rstrip('/')}/ui/drafts/{draft}" if self.page_url else ""


class Worker:
    """Works until it is closed. Give `transport` in tests, to stand between it and the helpdesks."""

    def __init__(
        self,
        database: Database,
        registry: ClientRegistry,
        answerer: Answerer,
        settings: DeskSettings | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._database, self._registry, self._answerer = database, registry, answerer
        self._settings = settings or DeskSettings()
        self._environ, self._transport = os.environ if environ is None else environ, transport
        self._writer = GroupWriter(database)
        self._bell, self._router = Bell(database.url, "worker"), Bell(database.url, "router")
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._database.migrate()
        self._writer.__enter__()
        self._bell.listen()
        self._recover(self._settings.owner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)
        self._bell.close()
        self._router.close()

    def stop(self) -> None:
        """Ends `work` after the jobs in hand."""
        self._ended.set()
        self._bell.ring()

    def work(self) -> None:
        """Takes and does jobs until `stop`."""
        settings = self._settings
        lanes: list[tuple[tuple[JobKind, ...], int, ThreadPoolExecutor, set[Future[None]]]] = [
            (("answer",), settings.answers, ThreadPoolExecutor(settings.answers, "answer"), set()),
            (
                ("reply", "note", "create", "audit"),
                settings.sends,
                ThreadPoolExecutor(settings.sends, "send"),
                set(),
            ),
        ]
        probes = threading.Thread(target=self._probes, name="probes", daemon=True)
        probes.start()
        rounds = 0
        while not self._ended.is_set():
            rounds += 1
            if rounds % 240 == 0:
                self._recover("")
            if not sum(self._fill(*lane) for lane in lanes):
                self._bell.wait(LOOK_SECONDS)
        for _, _, pool, _ in lanes:
            pool.shutdown()
        probes.join(5)

    def _probes(self) -> None:
        while not self._ended.is_set():
            try:
                self.probe()
            except Exception:  # then nothing is heard of the worker, which says that it is not ready
                log.exception("asking the engines whether they answer")
            self._ended.wait(PROBE_SECONDS)

    def probe(self) -> None:
        """Asks every live model whether it answers, and writes it down for the router to tell."""
        found = self._answerer.readiness()
        if not self._ended.is_set():
            self._writer.write(lambda connection: readiness.put(connection, found))

    def _recover(self, owner: str) -> None:
        settle = self._settings.settle_seconds
        self._writer.write(lambda connection: outbox.recover(connection, owner, settle))

    def _fill(
        self, kinds: tuple[JobKind, ...], width: int, pool: ThreadPoolExecutor, running: set[Future[None]]
    ) -> int:
        """Takes as many jobs as there are free hands; how many it took."""
        running -= {future for future in running if future.done()}
        free = width - len(running)
        if free <= 0 or not self._due(kinds):
            return 0
        jobs = self._take(kinds, free)
        for job in jobs:
            future = pool.submit(self.do, job)
            future.add_done_callback(lambda _: self._bell.ring())
            running.add(future)
        return len(jobs)

    def _take(self, kinds: tuple[JobKind, ...], limit: int) -> list[Job]:
        owner = self._settings.owner
        return self._writer.write(lambda connection: outbox.take(connection, owner, kinds, limit))

    def _due(self, kinds: tuple[JobKind, ...]) -> bool:
        query = sa.select(JOB.c.id).where(
            JOB.c.state.in_(("waiting", "unsure")), JOB.c.not_before <= now_stamp(), JOB.c.kind.in_(kinds)
        )
        with self._database.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def drain(self) -> int:
        """Does what is due now, in this thread, and returns how many jobs that was."""
        done = 0
        kinds: tuple[JobKind, ...] = ("answer", "reply", "note", "create", "audit")
        while True:
            jobs = self._take(kinds, 16)
            if not jobs:
                return done
            for job in jobs:
                self.do(job)
            done += len(jobs)

    def do(self, job: Job) -> None:
        """Does one taken job; nothing that happens in it ends the worker."""
        outcome = None
        try:
            if job.kind == "answer":
                self._answer(job)
                return
            if job.kind == "audit":
                self._answerer.audited(job.client, bool(job.payload["wrong"]))
                outcome = Outcome("done", "counted")
            else:
                outcome = self._send(job)
            self._finish(job, outcome)
        except Exception as error:  # the job stays visible as failed; the others go on
            log.exception("job %s", job.send_key)
            # What is known stays known: a reply that went out is not failed because a database was away.
            self._finish(job, outcome or Outcome("failed", f"{type(error).__name__}: {error}"))

    def _finish(self, job: Job, outcome: Outcome) -> None:
        self._writer.write(
            lambda c: outbox.finish(c, job.id, outcome.state, outcome.result, later=outcome.later)
        )

    # Answering

    def _answer(self, job: Job) -> None:
        with self._database.reading() as connection:
            row = intake.ticket_of(connection, job.ref)
        try:
            config: ClientConfig | None = self._registry.load(job.client)
            turn, row = self._turn(job, row, config)
        except NotReached as error:
            if job.attempts < FETCH_ATTEMPTS:
                self._finish(job, Outcome("waiting", str(error), error.wait_seconds or 2.0**job.attempts))
                return
            self._store(job, row, _to_person(_posted(row), f"the ticket cannot be fetched: {error}"), None)
            return
        except Exception as error:  # whatever it is, a person must get the ticket
            log.exception("ticket %s of %s", row["external_id"], job.client)
            self._store(job, row, _to_person(_posted(row), f"the ticket cannot be read: {error}"), None)
            return
        if not turn.text and row["source"] != "api":
            self._finish(job, Outcome("done", "nothing is open: an agent had the last word, or it is closed"))
            return
        self._store(job, row, self._drafted(job, row, turn), config)

    def _turn(
        self, job: Job, row: dict[str, Any], config: ClientConfig | None
    ) -> tuple[Turn, dict[str, Any]]:
        """What the customer waits for, and the ticket as it is known now."""
        if row["source"] == "api" or (row["text"] and not job.payload):
            return _posted(row), row
        assert config is not None
        ticket = self._fetched(job, row, config)
        turn = open_turn(ticket)
        arrival = _arrival(row, ticket, turn)
        self._writer.write(lambda connection: intake.keep_ticket(connection, arrival))
        with self._database.reading() as connection:
            return turn, intake.ticket_of(connection, job.ref)

    def _fetched(self, job: Job, row: dict[str, Any], config: ClientConfig) -> Ticket:
        source = writable_source(config, row["source"])
        if source is not None:
            helpdesk, api = open_helpdesk(config, source, self._environ, self._transport)
            try:
                return helpdesk.fetch(row["external_id"]).ticket
            finally:
                api.close()
        return READERS[row["source"]].read(dict(job.payload), Origin(job.client, "webhook", 0))

    def _drafted(self, job: Job, row: dict[str, Any], turn: Turn) -> Answered:
        try:
            found, model = self._answerer.answer(job.client, row["external_id"], turn.text)
        except Exception as error:  # any failure whatever routes to a person
            log.warning("no draft for %s of %s: %s", row["external_id"], job.client, error)
            return _to_person(turn, f"no draft: {error}")
        return replace(
            answered_of(found, model, revision=turn.revision, asked=turn.text),
            evidence={
                "score": found.score,
                "features": dict(found.features),
                "certificate": found.certificate,
                "policies": found.policies,
                "kinds": list(found.kinds),
            },
        )

    def _store(self, job: Job, row: dict[str, Any], answered: Answered, config: ClientConfig | None) -> None:
        handover = handover_of(config, row["source"])
        automatic = config is not None and config.routing.mode == "auto"

        def write(connection: sa.Connection) -> str | None:
            made = drafts.store(
                connection,
                row,
                answered,
                handover=handover,
                automatic=automatic,
                hold_seconds=self._settings.hold_seconds,
            )
            outbox.finish(connection, job.id, "done", made or "this revision has a draft")
            return made

        self._writer.write(write)
        self._router.ring()

    # Sending

    def _send(self, job: Job) -> Outcome:
        config = self._registry.load(job.client)
        with self._database.reading() as connection:
            draft = drafts.draft_of(connection, job.ref, [job.client])
            place = draft["external_id"] if draft["source"] != "api" else made_for(connection, job.ref)
        source = writable_source(config, draft["source"])
        if source is None:
            return Outcome("done", KEPT)
        try:
            helpdesk, api = open_helpdesk(config, source, self._environ, self._transport)
        except SupportPipelineError as error:
            return Outcome("failed", str(error))
        try:
            errand = Errand(
                job,
                draft,
                config,
                place,
                self._settings.page(job.ref),
                lambda: self._writer.write(lambda connection: outbox.calling(connection, job.id)),
                self._settings.settle_seconds,
            )
            return sending.run(errand, helpdesk)
        finally:
            api.close()


def handover_of(config: ClientConfig | None, source: str) -> Handover:
    """How agents get a draft that they must see to: a note in the ticket, a ticket of its own, or the page alone."""
    if config is None or writable_source(config, source) is None:
        return ""
    return "create" if source == "api" else "note"


def made_for(connection: sa.Connection, draft: str) -> str:
    """The helpdesk ticket that was made for a draft, "" before there is one."""
    query = sa.select(JOB.c.result).where(
        JOB.c.ref == draft, JOB.c.kind.in_(("create", "reply")), JOB.c.state == "done"
    )
    for result in connection.execute(query).scalars():
        place, found, _ = str(result).partition(": ")
        if found and not place.startswith("kept"):
            return place
    return ""


def _posted(row: Mapping[str, Any]) -> Turn:
    from support_pipeline.model.prompt import user_message

    return Turn(user_message(row["subject"], row["text"]), intake.revision_of(row["subject"], row["text"]))


def _to_person(turn: Turn, why: str) -> Answered:
    return Answered(
        revision=turn.revision,
        asked=turn.text,
        response="",
        confidence="low",
        escalate=True,
        route="agent",
        reasons=(why,),
        model=NO_MODEL,
        suspicious=steers(turn.text),
    )


def _arrival(row: Mapping[str, Any], ticket: Ticket, turn: Turn) -> Arrival:
    return Arrival(
        client=row["client"],
        source=row["source"],
        external_id=row["external_id"],
        delivery_id="",
        subject=ticket.subject,
        text=turn.text,
        customer_id=ticket.customer_id,
        customer_name=ticket.customer_names[0] if ticket.customer_names else "",
        thread=[
            {
                "at": message.at.isoformat(),
                "role": message.role,
                "public": message.public,
                "text": message.text,
            }
            for message in ticket.messages
        ],
    )


def forever(worker: Worker, until: Callable[[], bool]) -> None:
    """Works, and stops once `until` says so."""
    watch = threading.Thread(target=_watch, args=(worker, until), daemon=True)
    watch.start()
    worker.work()


def _watch(worker: Worker, until: Callable[[], bool]) -> None:
    while not until():
        threading.Event().wait(0.2)
    worker.stop()
