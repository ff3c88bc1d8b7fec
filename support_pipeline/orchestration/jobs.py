"""One job a partition family: a job cannot hold both."""

import dagster as dg

from support_pipeline.artifacts import HISTORY_STAGES, RELEASE_STAGES

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
