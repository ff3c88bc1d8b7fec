"""Blocking checks: computed by the stages from what was written, kept in manifests, shown here.

A range of months is one run, and Dagster keeps one outcome a check and run; so the outcome names
every month that failed. The same outcome in the manifest also blocks later runs.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from support_pipeline.data.filtering.funnel import Drift
from support_pipeline.stages.making import StageResult


def blocking(asset: str, **descriptions: str) -> list[dg.AssetCheckSpec]:
    """Blocking checks of an asset, by name and description."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=description, blocking=True)
        for name, description in descriptions.items()
    ]


DRIFT_CHECK = dg.AssetCheckSpec(
    "reasons_drift", asset="filtered_pairs", description="the reasons look like those of the months before"
)


def outcomes(results: Sequence[StageResult]) -> list[dg.AssetCheckResult]:
    """One outcome for each check that the manifests hold."""
    names = dict.fromkeys(name for result in results for name in result.manifest.checks)
    return [_outcome(name, results) for name in names]


def _outcome(name: str, results: Sequence[StageResult]) -> dg.AssetCheckResult:
    found = {where(result): result.manifest.checks[name] for result in results}
    failed = {place: check.detail for place, check in found.items() if not check.passed}
    details = failed or {place: check.detail for place, check in found.items()}
    return dg.AssetCheckResult(
        check_name=name,
        passed=not failed,
        description=_sentence(failed) or f"{len(found)} passed",
        metadata={"details": _bullets(details)},
    )


def drift_outcome(drifts: Mapping[str, Drift]) -> dg.AssetCheckResult:
    """A warning that names the months whose reasons have moved."""
    large = {place: found.detail for place, found in drifts.items() if found.large}
    return dg.AssetCheckResult(
        check_name=DRIFT_CHECK.name,
        passed=not large,
        severity=dg.AssetCheckSeverity.WARN,
        description=_sentence(large) or "no large shift",
        metadata={"details": _bullets({place: found.detail for place, found in drifts.items()})},
    )


def where(result: StageResult) -> str:
    """The client and period of a result, for people."""
    return f"{result.folder.client} {result.folder.period}"


def _sentence(details: Mapping[str, str]) -> str:
    return "; ".join(f"{place}: {detail}" for place, detail in details.items())


def _bullets(details: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {place}: {text}" for place, text in details.items()))
