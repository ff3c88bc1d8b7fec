"""One job a partition family: a job cannot hold both."""

import dagster as dg

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES
from support_pipeline.errors import SupportPipelineError
from support_pipeline.orchestration.resources import Workspace
from support_pipeline.serving.rollback import rollback

HISTORY_JOB = dg.define_asset_job(
    "history_job",
    selection=dg.AssetSelection.assets(*HISTORY_STAGES),
    description="Tickets and agents' edits of some months of a client into clean pairs. Launch a range as one run.",
    executor_def=dg.in_process_executor,
)
RELEASE_JOB = dg.define_asset_job(
    "release_job",
    selection=dg.AssetSelection.assets(*RELEASE_STAGES),
    description="One release of a client: splits, adapter, report, GGUF, deployment. One training.",
    executor_def=dg.in_process_executor,
)
OVERVIEW_JOB = dg.define_asset_job(
    "overview_job",
    selection=dg.AssetSelection.assets("client_overview"),
    description="Where every client stands, and which are late.",
    executor_def=dg.in_process_executor,
)


class RollbackConfig(dg.Config):
    """Whose model goes back, and to which release's month; empty is the version before."""

    client: str
    to: str = ""


@dg.op(description="Puts an earlier version of a client's model live again; nothing is built.")
def roll_back(context: dg.OpExecutionContext, config: RollbackConfig, workspace: Workspace) -> None:
    """Moves the pointer, and Ollama's names with it."""
    try:
        changed = rollback(
            workspace.store, workspace.client(config.client), config.to or None, context.log.info
        )
    except SupportPipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.add_output_metadata({"live": changed.live.version, "as_of": changed.live.as_of})


@dg.job(description="Rolls a client's live model back, in one run.", executor_def=dg.in_process_executor)
def rollback_job() -> None:
    """One step, so that a rollback stands in the history of runs."""
    roll_back()
