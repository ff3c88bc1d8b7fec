"""What Dagster knows of the pipeline: assets, partitions, resources, jobs. The work is in `stages/`."""

import warnings

import dagster as dg

# Parts of Dagster's API that this project uses on purpose while they are marked beta.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
# Dagster itself reads this deprecated property of every schedule.
warnings.filterwarnings("ignore", message=".*environment_vars", category=DeprecationWarning)
