"""`support-pipeline simulate`: held-out tickets through the live router and a scripted agent, so that the loop closes.

The agent knows the human's answer. It approves a draft that the scorer gives full marks, edits one
that is partly right into the human's words, and rejects a wrong one. The decisions stand in the log as
any agent's do, under the name `simulation`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import sqlalchemy as sa

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig, ClientRegistry
from support_pipeline.errors import ArtifactError
from support_pipeline.model.scoring import Case, cases, score_answer
from support_pipeline.serving.decisions import Database, drafts, intake
from support_pipeline.serving.decisions.database import now_stamp
from support_pipeline.serving.decisions.drafts import Choice
from support_pipeline.serving.decisions.edits import classify
from support_pipeline.serving.decisions.intake import Arrival
from support_pipeline.serving.decisions.log import EditKind
from support_pipeline.serving.decisions.schema import JOB
from support_pipeline.serving.desk.answering import Answerer, LiveAnswers, answered_of
from support_pipeline.serving.desk.place import database_url
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.router import RouterAnswer

AGENT = "simulation"
SOURCE = "api"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Simulated:
    """What a simulation did: tickets by route, decisions by action, edits by kind."""

    client: str
    month: str
    tickets: int
    routes: dict[str, int]
    actions: dict[str, int]
    kinds: dict[str, int]


def simulate_live(client: str, tickets: int, say: Say) -> Simulated:
    """Plays tickets of the newest release's test split on the live model.

    Raises:
        ConfigError: no such client.
        ArtifactError: nothing was released, or nothing is live.
    """
    store, config = Store.default(), ClientRegistry.default().load(client)
    database = Database(database_url(), pooled=True)
    database.migrate()
    played = _held_out(store, client)[:tickets]
    run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    try:
        with LiveModels(store, ClientRegistry.default()) as models:
            models.warm(client)
            return simulate(database, config, LiveAnswers(models), played, say, prefix=f"sim-{run}-")
    finally:
        database.close()


def _held_out(store: Store, client: str) -> list[Case]:
    for as_of in reversed(store.releases(client)):
        folder = store.release(client, as_of, "jsonl_splits")
        if folder.manifest() is not None:
            index = pl.read_parquet(folder.local() / "index.parquet").filter(pl.col("split") == "test")
            return list(cases(index.sort("row").iter_rows(named=True)))
    raise ArtifactError(
        f"client '{client}' has no held-out tickets. Run `support-pipeline run {client}` first."
    )


def simulate(
    database: Database,
    config: ClientConfig,
    answerer: Answerer,
    played: list[Case],
    say: Say,
    *,
    prefix: str = "",
) -> Simulated:
    """Plays cases; each gets one draft and one decision. Nothing is sent anywhere.

    A ticket's id is the case's after `prefix`; a ticket that was played before under the same id is refused.
    """
    routes, actions, kinds = Counter[str](), Counter[str](), Counter[str]()
    for number, (found, choice) in enumerate(_decided(database, config, answerer, played, prefix), 1):
        routes[found.route] += 1
        actions[choice.action] += 1
        kinds[choice.kind or "none"] += choice.action != "approved"
        if number % 10 == 0 or number == len(played):
            say(
                f"{number}/{len(played)} tickets: {', '.join(f'{k} {v}' for k, v in sorted(actions.items()))}"
            )
    month = datetime.now(UTC).strftime("%Y-%m")
    return Simulated(
        config.id, month, len(played), dict(routes), dict(actions), {k: v for k, v in kinds.items() if v}
    )


def _decided(
    database: Database, config: ClientConfig, answerer: Answerer, played: list[Case], prefix: str
) -> Iterator[tuple[RouterAnswer, Choice]]:
    for case in played:
        ticket_id = f"{prefix}{case.pair_id}"
        found, model = answerer.answer(config.id, ticket_id, case.customer_text)
        draft_id = _drafted(database, config, ticket_id, case, found, model)
        choice = agents_choice(config, case, found, draft_id)
        with database.writing() as connection:
            drafts.decide(connection, choice, hold_seconds=0)
            # The customer is made up: the answer is not sent.
            connection.execute(
                JOB.update()
                .where(JOB.c.ref == draft_id, JOB.c.state == "waiting", JOB.c.kind != "audit")
                .values(state="cancelled", result="simulated", done_at=now_stamp())
            )
        yield found, choice


def _drafted(
    database: Database, config: ClientConfig, ticket_id: str, case: Case, found: RouterAnswer, model: str
) -> str:
    arrival = Arrival(
        config.id,
        SOURCE,
        ticket_id,
        ticket_id,
        text=case.customer_text,
        customer_id=case.customer_id,
        thread=[{"at": "", "role": "customer", "public": True, "text": case.customer_text}],
    )
    revision = intake.revision_of("", case.customer_text)
    answered = answered_of(found, model, revision=revision, asked=case.customer_text)

    def write(connection: sa.Connection) -> str | None:
        intake.keep_ticket(connection, arrival)
        row = intake.ticket_of(connection, arrival.ticket)
        return drafts.store(connection, row, answered, handover="", automatic=False, hold_seconds=0)

    with database.writing() as connection:
        made = write(connection)
    if made is None:
        raise ArtifactError(
            f"ticket '{ticket_id}' of '{config.id}' was played before; nothing is drafted twice"
        )
    return made


def agents_choice(config: ClientConfig, case: Case, found: RouterAnswer, draft_id: str) -> Choice:
    """What the scripted agent does with a draft."""
    score = score_answer(
        case,
        found.response,
        book=config.book,
        today=datetime.now(UTC).date(),
        teams=config.escalation.names(),
        stopped=True,
        brand=config.brand,
    )
    if score.score == 3 and found.response and not found.unsendable:
        return Choice(draft_id, config.id, "approved", found.response, "", AGENT, "", 1)
    evidence = "; ".join(score.evidence())[:500]
    if score.score == 1 and not found.unsendable:
        kind: EditKind = "escalation" if not score.escalation_right else "fact"
        return Choice(draft_id, config.id, "rejected", "", evidence, AGENT, "", 1, kind)
    kind = classify(found.response, case.human_answer, config.book)
    return Choice(draft_id, config.id, "edited", case.human_answer, evidence, AGENT, "", 1, kind)
