"""Artifact folders: payload first, `manifest.json` last; a folder without a manifest does not exist.

    <root>/history/<client>/<month>/<stage>/     raw_tickets, agent_edits, filtered_pairs
    <root>/releases/<client>/<as_of>/<stage>/    jsonl_splits ... deployed_model

The root is any fsspec URL. Work happens in a staging folder that no reader looks at; `commit` moves
the payload and then writes the manifest, so a kill at any moment leaves either the whole artifact
or nothing. Two digests tell artifacts apart: `key` (what went in: inputs, settings, code) decides
whether work can be re-used, `fingerprint` (what came out: the payload's bytes) is what the next
stage takes as its input.
"""

import hashlib
import json
import os
import platform
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from upath import UPath

from support_pipeline.errors import ArtifactError
from support_pipeline.storage import clear_storage_errors

MANIFEST = "manifest.json"
HISTORY_STAGES = ("raw_tickets", "agent_edits", "filtered_pairs")
RELEASE_STAGES = ("jsonl_splits", "lora_adapter", "eval_report", "gguf_artifact", "deployed_model")
STAGES = (*HISTORY_STAGES, *RELEASE_STAGES)
_TABLES = (".parquet", ".jsonl", ".json")
_LIBRARIES = ("polars", "torch", "transformers", "trl", "peft", "gguf", "xllamacpp")


class Check(BaseModel):
    """The outcome of one blocking check on a payload."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    passed: bool
    detail: str


class Manifest(BaseModel):
    """What an artifact is made of, and what it holds. Written last; never changed in place.

    `inputs` maps an upstream name to its fingerprint, `files` a payload file to sha256 and bytes;
    `info` is whatever the stage wants people to see.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: str
    client: str
    period: str
    key: str
    fingerprint: str
    inputs: dict[str, str]
    config_digest: str
    code_version: str
    counts: dict[str, int] = {}
    checks: dict[str, Check] = {}
    info: dict[str, Any] = {}
    seeds: dict[str, int] = {}
    libraries: dict[str, str] = {}
    files: dict[str, dict[str, str | int]]
    created_at: datetime
    seconds: float

    def failed_checks(self) -> dict[str, Check]:
        """The checks that did not pass."""
        return {name: check for name, check in self.checks.items() if not check.passed}


@dataclass(frozen=True)
class Recipe:
    """What decides whether an artifact must be made again."""

    inputs: Mapping[str, str]
    config: Mapping[str, Any]
    code_version: str

    @property
    def config_digest(self) -> str:
        """The digest of the settings that matter to the stage."""
        return digest(self.config)

    def key(self, stage: str) -> str:
        """The digest of everything that goes in."""
        return digest([stage, dict(self.inputs), self.config_digest, self.code_version])


@dataclass(frozen=True)
class Product:
    """What a stage says of the payload that it staged."""

    counts: Mapping[str, int]
    checks: Mapping[str, Check]
    info: Mapping[str, Any]
    seeds: Mapping[str, int]


def product(
    counts: Mapping[str, int] | None = None,
    checks: Mapping[str, Check] | None = None,
    info: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
) -> Product:
    """A `Product` with empty parts where nothing is said."""
    return Product(counts or {}, checks or {}, info or {}, seeds or {})


@dataclass(frozen=True)
class Folder:
    """One artifact's place. Its manifest is read afresh at every call: it may have been replaced."""

    path: UPath
    client: str
    period: str
    stage: str
    scope: Literal["history", "releases"]

    def manifest(self) -> Manifest | None:
        """The manifest, or None when there is no artifact here.

        Raises:
            ArtifactError: the manifest is there but cannot be read.
        """
        file = self.path / MANIFEST
        try:
            with clear_storage_errors(file):
                text = file.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ArtifactError(
                f"{file}: cannot be read: {error}. Check the store and run the stage again."
            ) from error
        try:
            return Manifest.model_validate_json(text)
        except ValidationError as error:
            raise ArtifactError(
                f"{file}: is corrupt ({error.error_count()} problems). Delete the folder and run {self.stage} again."
            ) from error

    def require(self, *, accept_failed: bool = False) -> Manifest:
        """The manifest of an artifact that a later stage may build on.

        With `accept_failed` also one that its own checks refused: to be looked at, not built on.

        Raises:
            ArtifactError: it is missing, incomplete, or one of its blocking checks failed.
        """
        manifest = self.manifest()
        if manifest is None:
            raise ArtifactError(
                f"{self.stage} of client '{self.client}' for {self.period} does not exist ({self.path}). "
                f"Materialize {self.stage} first."
            )
        for name, check in () if accept_failed else manifest.failed_checks().items():
            raise ArtifactError(
                f"{self.stage} of client '{self.client}' for {self.period} failed its check {name}: "
                f"{check.detail}. Cure that and materialize {self.stage} again ({self.path})."
            )
        self._complete(manifest)
        return manifest

    def reusable(self, key: str) -> Manifest | None:
        """The manifest when the artifact was made from the same key and nothing of it is missing."""
        manifest = self.manifest()
        if manifest is None or manifest.key != key or manifest.failed_checks():
            return None
        try:
            self._complete(manifest)
        except ArtifactError:
            return None
        return manifest

    def _complete(self, manifest: Manifest) -> None:
        for name, facts in manifest.files.items():
            file = self.path / name
            try:
                size = file.stat().st_size
            except FileNotFoundError:
                size = -1
            if size != facts["bytes"]:
                raise ArtifactError(
                    f"{file}: {'is missing' if size < 0 else f'has {size} bytes'}, the manifest says "
                    f"{facts['bytes']}. Delete the folder and run {self.stage} again."
                )

    def local(self, *, accept_failed: bool = False) -> Path:
        """The payload as a local folder; from a remote store it is copied once a fingerprint.

        Tables are hashed first: a corrupt one is named here, not by the library that stumbles over it.

        Raises:
            ArtifactError: see `require`; or a table's content is not what the manifest says.
        """
        manifest = self.require(accept_failed=accept_failed)
        if is_local(self.path):
            self._verify_tables(manifest, Path(self.path.path))
            return Path(self.path.path)
        cache = scratch_home() / manifest.fingerprint
        for name in manifest.files:
            target = cache / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                partial = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
                with (
                    clear_storage_errors(self.path / name),
                    (self.path / name).open("rb") as source,
                    partial.open("wb") as sink,
                ):
                    shutil.copyfileobj(source, sink)
                partial.replace(target)
        self._verify_tables(manifest, cache)
        return cache

    def _verify_tables(self, manifest: Manifest, folder: Path) -> None:
        for name, facts in manifest.files.items():
            file = folder / name
            if file.suffix in _TABLES and _sha256(file, file.stat().st_mtime_ns) != facts["sha256"]:
                if not is_local(self.path):
                    file.unlink()  # the copy; the next reader fetches it again
                raise self._changed(name)

    def _changed(self, name: str) -> ArtifactError:
        return ArtifactError(
            f"{self.path / name}: its content has changed since it was written. "
            f"Delete the folder and run {self.stage} again."
        )

    def verify(self) -> Manifest:
        """Like `require`, and every payload file is hashed again.

        Raises:
            ArtifactError: a file's content is not what the manifest says.
        """
        manifest = self.require()
        for name, facts in manifest.files.items():
            with (self.path / name).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            if found != facts["sha256"]:
                raise self._changed(name)
        return manifest


@dataclass(frozen=True)
class Store:
    """The root of all artifacts."""

    url: str

    @classmethod
    def default(cls) -> "Store":
        """The store named by SUPPORT_PIPELINE_STORE, `./store` without it."""
        return cls(os.environ.get("SUPPORT_PIPELINE_STORE", "store"))

    @cached_property
    def root(self) -> UPath:
        """The root; a local one is absolute."""
        root = UPath(self.url)
        return UPath(Path(root.path).resolve()) if is_local(root) else root

    def history(self, client: str, month: str, stage: str) -> Folder:
        """The folder of a history stage."""
        return Folder(self.root / "history" / client / month / stage, client, month, stage, "history")

    def release(self, client: str, as_of: str, stage: str) -> Folder:
        """The folder of a release stage."""
        return Folder(self.root / "releases" / client / as_of / stage, client, as_of, stage, "releases")

    def releases(self, client: str) -> list[str]:
        """The `as_of` months that a client has release folders for, oldest first."""
        return _children(self.root / "releases" / client)

    def months(self, client: str) -> list[str]:
        """The months that a client has history folders for, oldest first."""
        return _children(self.root / "history" / client)

    @contextmanager
    def staging(self, folder: Folder) -> Iterator[Path]:
        """A local scratch folder for one artifact; gone afterwards, whatever happens."""
        home = self._staging_home()
        home.mkdir(parents=True, exist_ok=True)
        self.sweep()
        name = f"{folder.client}-{folder.period}-{folder.stage}-{platform.node()}"
        scratch = home / f"{name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @contextmanager
    def resumable(self, folder: Folder, key: str) -> Iterator[Path]:
        """A local folder for what a long work has reached; gone once the block ends well.

        A run that was killed leaves it, and the next one with the same recipe key finds it again. Folders
        of the same artifact with another key are removed.
        """
        home = self._staging_home().with_name(".resumable")
        name = f"{folder.client}-{folder.period}-{folder.stage}-"
        kept = home / f"{name}{key[:16]}"
        for other in home.glob(f"{name}*"):
            if other != kept:
                shutil.rmtree(other, ignore_errors=True)
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        shutil.rmtree(kept, ignore_errors=True)

    def sweep(self) -> None:
        """Removes the scratch folders of this host whose process has died (kill -9)."""
        for stale in self._staging_home().glob(f"*-{platform.node()}-*"):
            if not _alive(int(stale.name.rsplit("-", 2)[-2])):
                shutil.rmtree(stale, ignore_errors=True)

    def _staging_home(self) -> Path:
        # Beside the store where that is a disk, so that a commit is a rename and not a copy.
        if is_local(self.root):
            return Path(self.root.path) / ".staging"
        return scratch_home() / "staging"


def commit(folder: Folder, payload: Path, recipe: Recipe, made: Product, seconds: float) -> Manifest:
    """Moves a staged payload into its folder and writes the manifest, last and atomically.

    A payload equal to the one in place only renews the manifest. Another one replaces it; a release
    that is replaced is kept under `.superseded/`, since something may still serve it.
    """
    files = file_facts(payload)
    manifest = Manifest(
        stage=folder.stage,
        client=folder.client,
        period=folder.period,
        key=recipe.key(folder.stage),
        fingerprint=digest({name: facts["sha256"] for name, facts in files.items()}),
        inputs=dict(recipe.inputs),
        config_digest=recipe.config_digest,
        code_version=recipe.code_version,
        counts=dict(made.counts),
        checks=dict(made.checks),
        info=dict(made.info),
        seeds=dict(made.seeds),
        libraries=_library_versions(),
        files=files,
        created_at=datetime.now(UTC),
        seconds=round(seconds, 3),
    )
    present = folder.manifest() if (folder.path / MANIFEST).exists() else None
    if present is None or present.fingerprint != manifest.fingerprint:
        _clear(folder, present)
        folder.path.mkdir(parents=True, exist_ok=True)
        for name in files:
            _move(payload / name, folder.path / name)
    _write_manifest(folder.path, manifest)
    return manifest


def file_facts(payload: Path) -> dict[str, dict[str, str | int]]:
    """Name, sha256 and bytes of every file below a folder, by sorted relative name."""
    facts: dict[str, dict[str, str | int]] = {}
    for file in sorted(path for path in payload.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        facts[file.relative_to(payload).as_posix()] = {"sha256": sha256, "bytes": file.stat().st_size}
    return facts


@lru_cache(maxsize=65536)
def _sha256(file: Path, _modified: int) -> str:
    """Hashed once for each content that a process sees."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: Any) -> str:
    """The sha256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def scratch_home() -> Path:
    """Where a remote store's artifacts are staged and copied to: SUPPORT_PIPELINE_SCRATCH, the system's temporary
    folder without it. Model jobs on other machines need it on a volume that they share.
    """
    return Path(os.environ.get("SUPPORT_PIPELINE_SCRATCH", tempfile.gettempdir())) / "support_pipeline"


def is_local(path: UPath) -> bool:
    """Whether a path lies on this machine's file system."""
    return path.protocol in ("", "file", "local")


def write_atomically(path: UPath, text: str) -> None:
    """Writes a small file so that a reader sees the old or the new content, never a part."""
    if not is_local(path):
        path.write_text(text, encoding="utf-8")  # an object store's put is atomic
        return
    target = Path(path.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(target)


def _write_manifest(path: UPath, manifest: Manifest) -> None:
    write_atomically(path / MANIFEST, manifest.model_dump_json(indent=1) + "\n")


def _clear(folder: Folder, present: Manifest | None) -> None:
    if present is not None and folder.scope == "releases":
        kept = folder.path.parent / ".superseded" / f"{folder.stage}-{present.fingerprint[:12]}"
        (folder.path / MANIFEST).unlink()
        kept.mkdir(parents=True, exist_ok=True)
        for name in present.files:
            _move(folder.path / name, kept / name)
        _write_manifest(kept, present)
    elif present is not None:
        (folder.path / MANIFEST).unlink()
    if folder.path.exists():
        folder.path.fs.rm(folder.path.path, recursive=True)


def _move(source: Path | UPath, target: UPath) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_local(target):
        Path(str(source)).replace(Path(target.path))
    elif isinstance(source, UPath):
        source.fs.mv(source.path, target.path)
    else:
        target.fs.put_file(str(source), target.path)


def _children(path: UPath) -> list[str]:
    if not path.exists():
        return []
    return sorted(child.name for child in path.iterdir() if not child.name.startswith("."))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _library_versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
