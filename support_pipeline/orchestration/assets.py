"""The lineage as software-defined assets, in order. Each reads, calls its stage, and shows what came out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dagster as dg

from support_pipeline.artifacts import Store
from support_pipeline.errors import SupportPipelineError
from support_pipeline.orchestration import checks, metadata, shown
from support_pipeline.orchestration.partitions import CLIENT_MONTHS, CLIENTS, by_client
from support_pipeline.orchestration.resources import LocalTrainer, ReleaseMonth, Workspace, launcher
from support_pipeline.stages import history, release
from support_pipeline.stages.making import StageResult
from support_pipeline.storage import clear_storage_errors

OWNERS = ["team:support-models"]
HISTORY: dict[str, Any] = {
    "group_name": "history",
    "partitions_def": CLIENT_MONTHS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "owners": OWNERS,
    # A policy is of the asset, not of a client: that no client at all was read. `client_overview` names clients.
    "freshness_policy": dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=33), warn_window=timedelta(days=32)
    ),
}
RELEASE: dict[str, Any] = {"group_name": "release", "partitions_def": CLIENTS, "owners": OWNERS}


@dg.asset(
    **HISTORY,
    kinds={"parquet", "polars"},
    description="Resolved tickets of a client by month of resolution, in one canonical shape whatever the helpdesk. "
    "Broken lines are quarantined with file, line and reason; every line of the export is accounted for.",
    check_specs=checks.blocking(
        "raw_tickets", conservation="lines in = unique tickets + duplicates + quarantined"
    ),
)
def raw_tickets(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:
    """Reads the client's exports."""
    root = workspace.registry.root
    results = _by_client(
        context,
        workspace,
        lambda client, months: history.raw_tickets(
            workspace.store, workspace.client(client), root, months, context.log.info
        ),
    )
    return _history_result(context, results, shown.tickets)


@dg.asset(
    **HISTORY,
    kinds={"sql", "parquet"},
    description="What agents approved, edited or rejected on the approval page, by month of the decision. "
    "An empty decision log gives empty tables.",
    check_specs=checks.blocking("agent_edits", conservation="decisions read = rows written"),
)
def agent_edits(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:
    """Reads the decision log."""
    results = _by_client(
        context,
        workspace,
        lambda client, months: history.agent_edits(
            workspace.store, workspace.client(client), workspace.decisions, months, context.log.info
        ),
    )
    return _history_result(context, results, shown.edits)


@dg.asset(
    **HISTORY,
    deps=[raw_tickets, agent_edits],
    kinds={"parquet", "polars"},
    description="Clean (ticket, resolution) pairs: signatures, quotes and notes removed, personal data redacted, "
    "superseded policy values rewritten. Every ticket that is no pair has exactly one reason.",
    check_specs=[
        *checks.blocking(
            "filtered_pairs",
            conservation="tickets and edits in = pairs + excluded, each with one reason",
            pairs_unique="every pair stands once",
        ),
        checks.DRIFT_CHECK,
    ],
)
def filtered_pairs(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:
    """Filters and cleans the tickets of each month."""
    results = _by_client(
        context,
        workspace,
        lambda client, months: history.filtered_pairs(
            workspace.store, workspace.client(client), months, context.log.info
        ),
    )
    drifts = {checks.where(result): history.drift_of(workspace.store, result) for result in results}
    return _history_result(context, results, shown.pairs, [checks.drift_outcome(drifts)])


@dg.asset(
    **RELEASE,
    deps=[filtered_pairs],
    kinds={"jsonl", "polars"},
    description="Train, validation and test chats from the window of months up to `as_of`. Customers, threads and "
    "near-duplicates never straddle; the test split is the newest tickets and never trained on later.",
    check_specs=checks.blocking(
        "jsonl_splits",
        conservation="pairs = train + valid + test + held back, each with a reason",
        no_overlap="no pair, customer, thread or near-duplicate is in two splits",
    ),
)
def jsonl_splits(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    release_month: ReleaseMonth,
    trainer: LocalTrainer,
) -> dg.MaterializeResult:
    """Splits the window's pairs."""
    made_from = _release_context(context, workspace, release_month, trainer)
    return _release_result(made_from, release.jsonl_splits, shown.splits)


@dg.asset(
    **RELEASE,
    deps=[jsonl_splits],
    pool="gpu",
    kinds={"torch", "huggingface"},
    description="LoRA adapter on the client's base model, trained by TRL and PEFT in a process of its own; "
    "the loss counts on the assistant's tokens only.",
    check_specs=checks.blocking(
        "lora_adapter",
        supervised_tokens="every example has supervised tokens",
        end_of_turn_supervised="every example teaches the model to stop",
    ),
)
def lora_adapter(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    release_month: ReleaseMonth,
    trainer: LocalTrainer,
) -> dg.MaterializeResult:
    """Trains the adapter."""
    made_from = _release_context(context, workspace, release_month, trainer)
    return _release_result(made_from, release.lora_adapter, shown.adapter)


@dg.asset(
    **RELEASE,
    deps=[jsonl_splits, lora_adapter],
    pool="gpu",
    kinds={"torch", "huggingface"},
    description="Every held-out ticket answered and scored 3 (correct), 2 (partial) or 1 (wrong); policy, escalation "
    "hallucination and answers under other policy values on their own; the verdict against the targets, the champion "
    "and the bare base model on the same tickets, and the promotion decision.",
    check_specs=checks.blocking(
        "eval_report", every_ticket_scored="every held-out ticket is answered and scored"
    ),
)
def eval_report(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    release_month: ReleaseMonth,
    trainer: LocalTrainer,
) -> dg.MaterializeResult:
    """Scores the adapter."""
    made_from = _release_context(context, workspace, release_month, trainer)
    return _release_result(made_from, release.eval_report, shown.report)


@dg.asset(
    **RELEASE,
    deps=[jsonl_splits, lora_adapter, eval_report],
    kinds={"gguf", "llamacpp"},
    description="The adapter merged into the base model, converted to GGUF, quantised, loaded in a real llama.cpp, "
    "proven to read the same token ids as training did, and asked the held-out tickets again: how many scores fell.",
    check_specs=checks.blocking(
        "gguf_artifact",
        tokens_equal="prompt token ids equal the training tokenizer's",
        f16_answers_equal="F16 greedy answers in llama.cpp equal those in transformers",
        logits_near="log-probabilities and merged logits stay near the checkpoint's",
        answers_stop="answers end by themselves",
        scores_kept="no more held-out answers score lower in the GGUF than the budget allows",
    ),
)
def gguf_artifact(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    release_month: ReleaseMonth,
    trainer: LocalTrainer,
) -> dg.MaterializeResult:
    """Merges, converts, quantises, proves."""
    made_from = _release_context(context, workspace, release_month, trainer)
    return _release_result(made_from, release.gguf_artifact, shown.gguf)


@dg.asset(
    **RELEASE,
    deps=[gguf_artifact, eval_report],
    kinds={"llamacpp"},
    description="The release that answers this client's tickets: registered, versioned, self-tested in its engine. "
    "Refuses without a promotion decision; the previous version is kept for rollback.",
    check_specs=checks.blocking(
        "deployed_model",
        served_tokens_equal="the engine reads the token ids that training read",
        policies_read="the engine reads every policy, and nothing is cut",
        answers="the engine answers a probe",
    ),
)
def deployed_model(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    release_month: ReleaseMonth,
    trainer: LocalTrainer,
) -> dg.MaterializeResult:
    """Puts the release live."""
    made_from = _release_context(context, workspace, release_month, trainer)
    return _release_result(made_from, release.deployed_model, shown.facts)


ASSETS = [
    raw_tickets,
    agent_edits,
    filtered_pairs,
    jsonl_splits,
    lora_adapter,
    eval_report,
    gguf_artifact,
    deployed_model,
]


@contextmanager
def _clear_errors(store: Store) -> Iterator[None]:
    """A user's error, the storage's among them, as a failed step with its message and no retries."""
    try:
        with clear_storage_errors(store.root):
            yield
    except SupportPipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _by_client(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    stage: Callable[[str, list[str]], list[StageResult]],
) -> list[StageResult]:
    """A history stage over all partitions of the run, a client's months at once."""
    with _clear_errors(workspace.store):
        return [
            result
            for client, months in by_client(context.partition_keys).items()
            for result in stage(client, months)
        ]


def _release_context(
    context: dg.AssetExecutionContext, workspace: Workspace, month: ReleaseMonth, trainer: LocalTrainer
) -> release.ReleaseContext:
    with _clear_errors(workspace.store):
        return release.ReleaseContext(
            store=workspace.store,
            config=workspace.client(context.partition_key),
            root=workspace.registry.root,
            as_of=month.month(context),
            say=context.log.info,
            launch=launcher(context, trainer),
        )


def _history_result(
    context: dg.AssetExecutionContext,
    results: Sequence[StageResult],
    show: Callable[[StageResult], shown.Shown],
    warnings: Sequence[dg.AssetCheckResult] = (),
) -> dg.MaterializeResult:
    for result in results:
        key = f"{result.folder.client}|{result.folder.period}"
        context.add_asset_metadata({**metadata.of_result(result), **show(result)}, partition_key=key)
    return dg.MaterializeResult(check_results=[*checks.outcomes(results), *warnings])


def _release_result(
    made_from: release.ReleaseContext,
    stage: Callable[[release.ReleaseContext], StageResult],
    show: Callable[[StageResult], shown.Shown],
) -> dg.MaterializeResult:
    with _clear_errors(made_from.store):
        result = stage(made_from)
    return dg.MaterializeResult(
        metadata={**metadata.of_result(result), "as_of": result.folder.period, **show(result)},
        data_version=dg.DataVersion(result.manifest.fingerprint),
        check_results=checks.outcomes([result]),
    )
