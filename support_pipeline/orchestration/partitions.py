"""The two partition families: history by client and month, releases by client.

A release reads a window of months; that is data logic in `stages.release`, not a partition mapping,
so that a backfill of many months is one training.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from support_pipeline.stages.months import FIRST_MONTH

CLIENTS = dg.DynamicPartitionsDefinition(name="clients")
MONTHS = dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, fmt="%Y-%m")
CLIENT_MONTHS = dg.MultiPartitionsDefinition({"client": CLIENTS, "month": MONTHS})


def by_client(keys: Iterable[str]) -> Mapping[str, list[str]]:
    """Partition keys "client|month" as client to its months, both sorted: Dagster gives them in any order."""
    months: dict[str, list[str]] = {}
    for key in sorted(keys):
        client, month = key.split("|", 1)
        months.setdefault(client, []).append(month)
    return months
