"""A deployment's certificate: its validation tickets answered as a customer's would be, and agents' decisions.

Validation answers are made by the deployed engine through the router's own path, with the guards, so
that the features are those of live tickets. An agent's decision counts where the live model drafts the
same text for the ticket again: then its features are known too.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from support_pipeline.artifacts import Store
from support_pipeline.clients import ClientConfig
from support_pipeline.model.prompt import escalated_to
from support_pipeline.model.scoring import Case, cases, score_answer
from support_pipeline.serving.confidence import (
    Certificate,
    Labelled,
    Novelty,
    certify,
    features,
    is_wrong,
    write_certificate,
)
from support_pipeline.serving.confidence.certificate import Source
from support_pipeline.serving.deployment import Deployment, files_of
from support_pipeline.serving.live import binding_of
from support_pipeline.serving.opening import open_engine
from support_pipeline.serving.router import Asking, Drafted, draft
from support_pipeline.stages.making import Say

EVERY = 25


@contextmanager
def only_model(store: Store, config: ClientConfig, deployment: Deployment) -> Iterator[Asking]:
    """An engine on one deployment, for a job that asks it and ends.

    Raises:
        EngineError: it does not start.
    """
    files = files_of(store, deployment)
    adapters = {config.id: files.lora} if files.lora else {}
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_engine(
            config.serving, files, log=Path(scratch) / "engine.log", tag=deployment.tag, adapters=adapters
        ) as engine,
    ):
        yield Asking(
            config=config,
            chat=files.chat,
            engine=engine,
            version=deployment.version,
            day=datetime.now(UTC).date(),
            deadline_seconds=300.0,
            lora=config.id if files.lora else None,
        )


def certify_deployment(
    store: Store,
    config: ClientConfig,
    deployment: Deployment,
    asking: Asking,
    approvals: pl.DataFrame,
    say: Say,
) -> Certificate:
    """Certifies what is live and keeps the certificate beside the deployment, also when it certifies nothing.

    `approvals` are rows of the decision log; those on other models than the live one are left out.

    Raises:
        ArtifactError: the release's splits are missing.
        EngineError: the engine fails.
    """
    splits = store.release(config.id, deployment.as_of, "jsonl_splits").local()
    index = pl.read_parquet(splits / "index.parquet")
    trained = [case.customer_text for case in _cases(index, "train")]
    novelty = Novelty.learn(trained, config.book.sentences(asking.day))
    validation = list(_validated(asking, _cases(index, "valid"), novelty, say))
    reviewed = list(_reviewed(asking, deployment, approvals, novelty, say))
    certificate = certify(
        [*validation, *reviewed],
        binding_of(config, deployment),
        novelty,
        client=config.id,
        version=deployment.version,
        alpha=config.routing.alpha,
        delta=config.routing.delta,
    )
    write_certificate(store, certificate)
    say(certificate.sentence())
    return certificate


def _cases(index: pl.DataFrame, split: str) -> list[Case]:
    return list(cases(index.filter(pl.col("split") == split).sort("row").iter_rows(named=True)))


def _validated(asking: Asking, tickets: Sequence[Case], novelty: Novelty, say: Say) -> Iterator[Labelled]:
    config = asking.config
    for number, case in enumerate(tickets, start=1):
        made = draft(asking, case.customer_text, case.pair_id)
        if number % EVERY == 0 or number == len(tickets):
            say(f"{number}/{len(tickets)} validation tickets answered by the deployed engine")
        if isinstance(made, Drafted):
            score = score_answer(
                case,
                made.draft,
                book=config.book,
                today=asking.day,
                teams=config.escalation.names(),
                stopped=made.generation.stop_reason == "stop",
                brand=config.brand,
            )
            yield from _row(made, novelty, case.pair_id, score.score == 1, "validation")


def _reviewed(
    asking: Asking, deployment: Deployment, approvals: pl.DataFrame, novelty: Novelty, say: Say
) -> Iterator[Labelled]:
    rows = approvals.filter(pl.col("model") == deployment.version) if approvals.height else approvals
    other = 0
    for row in rows.iter_rows(named=True):
        made = draft(asking, row["customer_text"], row["ticket_id"])
        if not isinstance(made, Drafted) or row["draft_text"].strip() not in (
            made.draft,
            made.response.strip(),
        ):
            other += 1
            continue
        wrong = is_wrong(row["action"], row["draft_text"], row["final_text"])
        yield from _row(made, novelty, row["draft_id"], wrong, "approval")
    if rows.height:
        say(f"{rows.height - other} of {rows.height} decisions are on drafts that the live model makes again")


def _row(made: Drafted, novelty: Novelty, identity: str, wrong: bool, source: Source) -> Iterator[Labelled]:
    known = features(made.asked, made.generation, made.findings, novelty)
    if known is None:
        return
    sendable = (
        not made.findings and made.generation.stop_reason == "stop" and escalated_to(made.draft) is None
    )
    yield Labelled(identity, known, sendable and bool(made.draft), wrong, source)
