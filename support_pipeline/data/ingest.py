"""Export files to the canonical tickets of each month, with every line accounted for.

Two passes. The first parses all lines (in several processes when there is enough to do) into parts on
disk and keeps only an index in memory: place, id, times. The index decides which row of a repeated
ticket wins (newest `updated_at`, the later place on a tie); the second pass writes month by month.

Where a line is counted: a ticket in its own month (`Ticket.month`), a duplicate in the month of the
row that won, a quarantined line (it has no date) in the month of the nearest parsed line before it in
its file, of the next one when none stands before, and in the newest requested month when the whole
file is unreadable. So in each month lines_in = parsed + quarantined and parsed = unique + duplicates,
and lines of months that were not requested are counted in `IngestResult.elsewhere`.
"""

import io
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from support_pipeline.clients import ClientConfig, Source
from support_pipeline.data.exports import READERS, Origin, Unreadable, reader_of
from support_pipeline.data.exports.files import ExportFile, digest, find_files
from support_pipeline.data.exports.pieces import Piece, pieces
from support_pipeline.data.exports.records import records
from support_pipeline.data.frames import ticket_frame
from support_pipeline.data.tickets import INSTANT, TICKET_SCHEMA, Ticket
from support_pipeline.data.workers import processors, worker_pool
from support_pipeline.errors import ExportError

TICKETS, QUARANTINE, DUPLICATES = "tickets.parquet", "quarantine.jsonl", "duplicates.jsonl"
PARTS = ".parts-"
SERIAL_BYTES = 24 << 20  # below this, starting processes costs more than it saves
PIECE_BYTES = 16 << 20
MAX_WORKERS = 8  # more of them wait for the disk
PART_ROWS = 4000
MONTH_BYTES = 192 << 20  # a month whose (compressed) parts are bigger is written in slices of time
ROW_GROUP = 20_000

_PLACE = ["file", "line"]
_INDEX = pl.Schema(
    {
        "file": pl.Int64(),
        "line": pl.Int64(),
        "ticket_id": pl.String(),
        "updated_at": INSTANT,
        "at": INSTANT,
        "month": pl.String(),
    }
)
_REFUSED = pl.Schema(
    {"file": pl.Int64(), "line": pl.Int64(), "part": pl.Int64(), "offset": pl.Int64(), "size": pl.Int64()}
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the lines of one month."""

    lines_in: int = 0
    parsed: int = 0
    quarantined: int = 0
    unique: int = 0
    duplicates: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def exact(self) -> bool:
        """Whether nothing was lost."""
        return (
            self.lines_in == self.parsed + self.quarantined and self.parsed == self.unique + self.duplicates
        )


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The counts of each requested month, and of all lines that belong to other months."""

    months: Mapping[str, Counts]
    elsewhere: Counts
    files: int

    @property
    def total(self) -> Counts:
        """Every line of the export."""
        return sum(self.months.values(), self.elsewhere)


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    client: str
    pieces: tuple[tuple[int, str, Piece], ...]  # file number, vendor, piece
    months: frozenset[str]
    folder: Path


@dataclass(frozen=True, slots=True)
class _Blob:
    """The tickets of one month inside a part: a compressed frame at a place of a file."""

    part: int
    month: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class _Parsed:
    index: pl.DataFrame
    refused: pl.DataFrame
    blobs: list[_Blob]
    bytes_read: int


def _quiet(_: str) -> None:
    pass


def ingest(
    config: ClientConfig,
    root: Path,
    months: Collection[str],
    out: Path,
    progress: Callable[[str], None] = _quiet,
    workers: int | None = None,
) -> IngestResult:
    """Writes `out/<month>/` for each requested month: tickets, quarantine and duplicates.

    Relative source paths start at `root`. The same input gives the same bytes, whatever the number of
    `workers` (default: one a CPU; one for small inputs).

    Raises:
        ExportError: a source names no file.
    """
    files = source_files(config, root)
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(f"{PARTS}*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    parts = Path(tempfile.mkdtemp(prefix=PARTS, dir=out))
    try:
        total = sum(path.stat().st_size for path in {file.path for _, file in files})
        count = workers or (1 if total < SERIAL_BYTES else min(processors(), MAX_WORKERS))
        tasks = _tasks(config.id, files, frozenset(months), parts, total // (count * 4))
        parsed = list(_reported(_run(tasks, count), total, progress))
        return _written(parsed, files, sorted(set(months)), parts, out, progress)
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def source_files(config: ClientConfig, root: Path) -> list[tuple[str, ExportFile]]:
    """The files of all sources with their vendor, in reading order; a file named twice is read once."""
    found: dict[tuple[Path, str], tuple[str, ExportFile]] = {}
    for source in config.sources:
        reader_of(source.vendor)
        for file in _files_of(source, config.id, root):
            found.setdefault((file.path.resolve(), file.member), (source.vendor, file))
    return list(found.values())


def _files_of(source: Source, client: str, root: Path) -> list[ExportFile]:
    try:
        return find_files(root, source.files(client))
    except ExportError as error:
        if source.path is not None:
            raise
        where = root / source.files(client)
        raise ExportError(
            f"{where}: nothing was fetched from {source.vendor} yet; sync the client first"
        ) from error


def source_digest(config: ClientConfig, root: Path) -> str:
    """sha256 of the sorted names and contents of all source files: the fingerprint of the input."""
    return digest(file for _, file in source_files(config, root))


# -- first pass: lines to parts -------------------------------------------------------------------


def _tasks(
    client: str, files: list[tuple[str, ExportFile]], months: frozenset[str], folder: Path, size: int
) -> Iterator[_Task]:
    """Pieces in reading order, small ones together, so that each task is worth its trip."""
    size = min(max(size, 1 << 20), PIECE_BYTES)
    held: list[tuple[int, str, Piece]] = []
    weight = number = 0
    for file_number, (vendor, file) in enumerate(files):
        for piece in pieces(file, READERS[vendor], size):
            held.append((file_number, vendor, piece))
            weight += _weight(piece)
            if weight >= size:
                yield _Task(number, client, tuple(held), months, folder)
                held, weight, number = [], 0, number + 1
    if held:
        yield _Task(number, client, tuple(held), months, folder)


def _weight(piece: Piece) -> int:
    if piece.content is not None:
        return len(piece.content)
    return piece.size if piece.size >= 0 else piece.file.path.stat().st_size


def _run(tasks: Iterable[_Task], workers: int) -> Iterator[_Parsed]:
    """The tasks' results in order; at most two tasks a process wait, so memory stays bounded."""
    if workers <= 1:
        yield from map(_parse, tasks)
        return
    with worker_pool(workers) as pool:
        waiting: deque[Future[_Parsed]] = deque()
        for task in tasks:
            waiting.append(pool.submit(_parse, task))
            if len(waiting) > workers * 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _reported(results: Iterable[_Parsed], total: int, progress: Callable[[str], None]) -> Iterator[_Parsed]:
    rows = done = 0
    for result in results:
        rows, done = rows + result.index.height, done + result.bytes_read
        progress(f"read {rows:,} tickets ({min(done / max(total, 1), 1):.0%} of the export)")
        yield result


def _parse(task: _Task) -> _Parsed:
    part = _Part(task)
    for file, vendor, piece in task.pieces:
        reader = READERS[vendor]
        for record in records(piece, reader):
            if record.value is None:
                part.refuse(file, piece.file.name, record.line, record.reason, record.raw)
                continue
            try:
                ticket = reader.read(record.value, Origin(task.client, piece.file.name, record.line))
            except Exception as problem:  # one odd record must not stop the others; it is kept and counted
                expected = isinstance(problem, Unreadable)
                reason = str(problem) if expected else f"unexpected {type(problem).__name__}: {problem}"
                raw = record.raw or orjson.dumps(record.value)
                part.refuse(file, piece.file.name, record.line, reason, raw)
            else:
                part.add(file, ticket)
    return part.finish(sum(_weight(piece) for _, _, piece in task.pieces))


class _Part:
    """What one task writes: frames a month in one file, refused lines in another, and the index."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._frames = (task.folder / f"{task.number:06}.tickets").open("wb")
        self._lines = (task.folder / f"{task.number:06}.refused").open("wb")
        self._held: dict[str, list[Ticket]] = {}
        self._index: list[tuple[object, ...]] = []
        self._refused: list[tuple[int, ...]] = []
        self._blobs: list[_Blob] = []

    def add(self, file: int, ticket: Ticket) -> None:
        """Keeps a ticket if its month is wanted; the index knows all."""
        at, month = ticket.resolved_at or ticket.updated_at, ticket.month
        self._index.append((file, ticket.source_line, ticket.ticket_id, ticket.updated_at, at, month))
        if month in self._task.months:
            self._held.setdefault(month, []).append(ticket)
            if len(self._index) % PART_ROWS == 0:
                self._flush()

    def refuse(self, file: int, name: str, line: int, reason: str, raw: bytes) -> None:
        """Keeps a line that is no ticket, with the reason."""
        text = raw.decode("utf-8", errors="backslashreplace")
        entry = orjson.dumps({"file": name, "line": line, "reason": reason, "raw": text}) + b"\n"
        self._refused.append((file, line, self._task.number, self._lines.tell(), len(entry)))
        self._lines.write(entry)

    def finish(self, bytes_read: int) -> _Parsed:
        """Closes the files."""
        self._flush()
        self._frames.close()
        self._lines.close()
        index = pl.DataFrame(self._index, schema=_INDEX, orient="row")
        return _Parsed(
            index, pl.DataFrame(self._refused, schema=_REFUSED, orient="row"), self._blobs, bytes_read
        )

    def _flush(self) -> None:
        for month, tickets in sorted(self._held.items()):
            offset = self._frames.tell()
            buffer = io.BytesIO()
            ticket_frame(tickets).write_ipc(buffer, compression="lz4")
            self._frames.write(buffer.getbuffer())
            self._blobs.append(_Blob(self._task.number, month, offset, buffer.tell()))
        self._held = {}


# -- second pass: parts to months -----------------------------------------------------------------


def _written(
    parsed: list[_Parsed],
    files: list[tuple[str, ExportFile]],
    months: list[str],
    parts: Path,
    out: Path,
    progress: Callable[[str], None],
) -> IngestResult:
    index = pl.concat([part.index for part in parsed]) if parsed else pl.DataFrame(schema=_INDEX)
    refused = pl.concat([part.refused for part in parsed]) if parsed else pl.DataFrame(schema=_REFUSED)
    blobs = [blob for part in parsed for blob in part.blobs]
    names = pl.Series([file.name for _, file in files], dtype=pl.String)
    losers = _losers(index, pl.Series([vendor for vendor, _ in files], dtype=pl.String))
    refused = _dated(refused, index, months[-1] if months else "")
    counts = _counts(index, losers, refused)
    for month in months:
        folder = out / month
        folder.mkdir(parents=True, exist_ok=True)
        rows = index.filter(pl.col("month") == month).join(losers, on=_PLACE, how="anti")
        _write_tickets([blob for blob in blobs if blob.month == month], rows, names, parts, folder / TICKETS)
        _write_refused(refused.filter(pl.col("month") == month), parts, folder / QUARANTINE)
        _write_duplicates(losers.filter(pl.col("kept_month") == month), names, folder / DUPLICATES)
        progress(f"{month}: {counts.get(month, Counts()).unique:,} tickets")
    here = {month: counts.get(month, Counts()) for month in months}
    return IngestResult(here, sum((c for m, c in counts.items() if m not in here), Counts()), len(files))


def _losers(index: pl.DataFrame, vendors: pl.Series) -> pl.DataFrame:
    """The rows of repeated tickets that another row replaced, each beside its winner."""
    key = ["vendor", "ticket_id"]
    winner = {
        name: pl.col(name).last().over(key).alias(f"kept_{name}")
        for name in ("file", "line", "updated_at", "month")
    }
    return (
        index.with_columns(vendor=vendors.gather(index["file"]))
        .filter(pl.len().over(key) > 1)
        .sort(*key, "updated_at", *_PLACE)
        .with_columns(*winner.values())
        .filter((pl.col("file") != pl.col("kept_file")) | (pl.col("line") != pl.col("kept_line")))
        .sort(_PLACE)
    )


def _dated(refused: pl.DataFrame, index: pl.DataFrame, otherwise: str) -> pl.DataFrame:
    """Refused lines with the month they are counted in (see the module's rule)."""
    known = index.select(*_PLACE, "month").sort(_PLACE)
    dated = refused.sort(_PLACE).with_columns(number=pl.int_range(pl.len()))
    for strategy in ("backward", "forward"):
        found = dated.sort("line").join_asof(
            known.sort("line"), on="line", by="file", strategy=strategy, check_sortedness=False
        )
        dated = dated.join(found.select("number", pl.col("month").alias(strategy)), on="number", how="left")
    month = pl.coalesce("backward", "forward", pl.lit(otherwise))
    return dated.with_columns(month=month).sort(_PLACE).drop("number", "backward", "forward")


def _counts(index: pl.DataFrame, losers: pl.DataFrame, refused: pl.DataFrame) -> dict[str, Counts]:
    tickets = dict(index.join(losers, on=_PLACE, how="anti").group_by("month").len().iter_rows())
    repeated = dict(losers.group_by("kept_month").len().iter_rows())
    broken = dict(refused.group_by("month").len().iter_rows())
    counts = {}
    for month in sorted({*tickets, *repeated, *broken}):
        unique, duplicates, quarantined = (group.get(month, 0) for group in (tickets, repeated, broken))
        parsed = unique + duplicates
        counts[month] = Counts(parsed + quarantined, parsed, quarantined, unique, duplicates)
    return counts


def _write_tickets(blobs: list[_Blob], rows: pl.DataFrame, names: pl.Series, parts: Path, path: Path) -> None:
    """The month's winners, sorted; in slices of time when they would not fit in memory at once."""
    places = rows.select("at", source_file=names.gather(rows["file"]), source_line="line")
    slices = 1 + sum(blob.size for blob in blobs) // MONTH_BYTES
    if slices == 1:
        _sorted_rows(blobs, places, parts).write_parquet(path, row_group_size=ROW_GROUP, compression="zstd")
        return
    edges = places["at"].sort().gather_every(1 + places.height // slices).to_list()
    files = []
    for number, start in enumerate(edges):
        late = pl.col("at") >= start if number else pl.lit(True)
        early = pl.col("at") < edges[number + 1] if number + 1 < len(edges) else pl.lit(True)
        files.append(parts / f"{path.parent.name}-{number:04}.parquet")
        _sorted_rows(blobs, places.filter(late & early), parts).write_parquet(
            files[-1], row_group_size=ROW_GROUP
        )
    pl.scan_parquet(files).sink_parquet(
        path, row_group_size=ROW_GROUP, compression="zstd", maintain_order=True
    )


def _sorted_rows(blobs: list[_Blob], places: pl.DataFrame, parts: Path) -> pl.DataFrame:
    keys = places.select("source_file", "source_line")
    frames = [_read_blob(blob, parts).join(keys, on=keys.columns, how="semi") for blob in blobs]
    at = pl.coalesce("resolved_at", "updated_at")
    return pl.concat([pl.DataFrame(schema=TICKET_SCHEMA), *frames]).sort(at, "vendor", "ticket_id")


def _read_blob(blob: _Blob, parts: Path) -> pl.DataFrame:
    with (parts / f"{blob.part:06}.tickets").open("rb") as stream:
        stream.seek(blob.offset)
        return pl.read_ipc(io.BytesIO(stream.read(blob.size)), use_pyarrow=False)


def _write_refused(refused: pl.DataFrame, parts: Path, path: Path) -> None:
    with path.open("wb") as target:
        for part, offset, size in refused.select("part", "offset", "size").iter_rows():
            with (parts / f"{part:06}.refused").open("rb") as stream:
                stream.seek(offset)
                target.write(stream.read(size))


def _write_duplicates(losers: pl.DataFrame, names: pl.Series, path: Path) -> None:
    with path.open("wb") as target:
        for row in losers.iter_rows(named=True):
            same = row["updated_at"] == row["kept_updated_at"]
            entry = {
                "file": names[row["file"]],
                "line": row["line"],
                "ticket_id": row["ticket_id"],
                "kept": {"file": names[row["kept_file"]], "line": row["kept_line"]},
                "why": "same updated_at, earlier place" if same else "older updated_at",
            }
            target.write(orjson.dumps(entry) + b"\n")
