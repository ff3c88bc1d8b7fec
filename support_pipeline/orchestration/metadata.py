"""Manifests as the metadata that people see in Dagster's web UI."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from support_pipeline.stages.making import StageResult

SAMPLE_ROWS = 20
SAMPLE_CHARACTERS = 240


def of_result(result: StageResult) -> dict[str, Any]:
    """What every artifact shows: place, digests, counts, seconds, whether it was re-used."""
    manifest = result.manifest
    shown: dict[str, Any] = {
        "path": dg.MetadataValue.path(str(result.folder.path)),
        "dagster/uri": str(result.folder.path),
        "fingerprint": manifest.fingerprint[:16],
        "reused": result.reused,
        "seconds": manifest.seconds,
        "checks": dg.MetadataValue.md(
            _bullets({name: check.detail for name, check in manifest.checks.items()})
        ),
        **{f"count/{name}": value for name, value in manifest.counts.items()},
        **{
            f"run/{name}": value
            for name, value in result.stats.items()
            if isinstance(value, int | float | str)
        },
    }
    return shown


def column_schema(schema: Mapping[str, Any]) -> dg.TableSchema:
    """A polars schema as Dagster shows it."""
    return dg.TableSchema(columns=[dg.TableColumn(name, str(kind)) for name, kind in schema.items()])


def sample(frame: pl.DataFrame, rows: int = SAMPLE_ROWS) -> dg.TableMetadataValue:
    """The first rows of a table, texts shortened."""
    return table(frame.head(rows).to_dicts())


def table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Rows as a table; a column that a row does not have is empty there."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["empty"]
    records = [dg.TableRecord({name: _cell(row.get(name)) for name in names}) for row in rows]
    return dg.MetadataValue.table(
        records=records, schema=dg.TableSchema([dg.TableColumn(name) for name in names])
    )


def counts_table(frame: pl.DataFrame, by: str) -> dg.TableMetadataValue:
    """How many rows there are of each value of a column, the most first."""
    counted = frame.group_by(by).len("tickets").sort(["tickets", by], descending=[True, False])
    return table(counted.to_dicts())


def _cell(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= SAMPLE_CHARACTERS else text[:SAMPLE_CHARACTERS] + "…"


def _bullets(lines: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {text}" for name, text in lines.items()) or "none"
