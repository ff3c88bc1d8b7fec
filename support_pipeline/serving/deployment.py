"""What is live for a client, and what was before it: one small pointer file a client.

    <store>/deployments/<client>.json

The models themselves are artifacts; moving the pointer is one atomic replacement, so a rollback
needs no copy and a kill leaves either the old model live or the new one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from support_pipeline.artifacts import Folder, Store, is_local, write_atomically
from support_pipeline.errors import ArtifactError
from support_pipeline.model.base import ChatFormat, load_format
from support_pipeline.model.verdict.promotion import RouteCeiling


class Canary(BaseModel):
    """How a model begins its answer to a fixed question: its mark of identity.

    `pieces` are the answer's tokens as hex, `margins` how far each was ahead of the next best; where two
    were nearly equal, another machine may choose the other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    pieces: tuple[str, ...]
    margins: tuple[float, ...]


class Deployment(BaseModel):
    """One model version as it was put live.

    `version` names it everywhere (engine, drafts, decisions); `fingerprint` is the GGUF artifact's and
    `adapter` the LoRA artifact's. `tag` is its name in Ollama; `shared_base` the base model that it is a
    LoRA on, where it shares one. The `canaries` are what its engine must answer to be let loose.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client: str
    as_of: str
    version: str
    fingerprint: str
    gguf: str
    quantisation: str
    template_sha256: str
    route_ceiling: RouteCeiling
    adapter: str = ""
    engine: str = "llama.cpp"
    tag: str = ""
    shared_base: str = ""
    canaries: tuple[Canary, ...] = ()


@dataclass(frozen=True)
class ModelFiles:
    """A version's files on this machine: its GGUF (the base's where it shares one), its LoRA, its chat format."""

    gguf: Path
    lora: Path | None
    chat: ChatFormat


class Deployments(BaseModel):
    """A client's pointer: the live version, then the earlier ones, newest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    live: Deployment
    earlier: tuple[Deployment, ...] = ()
    changed_at: datetime

    def champion(self, as_of: str) -> Deployment | None:
        """What a release as of a month has to beat: the newest version put live that is another release."""
        return next((version for version in (self.live, *self.earlier) if version.as_of != as_of), None)


def read_deployments(store: Store, client: str) -> Deployments | None:
    """A client's pointer, or None when nothing was ever live.

    Raises:
        ArtifactError: the file is there but cannot be read.
    """
    path = store.root / "deployments" / f"{client}.json"
    try:
        return Deployments.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{path}: is corrupt. Delete it and materialize deployed_model of '{client}' again."
        ) from error


def put_live(store: Store, deployment: Deployment, kept: int = 8) -> Deployments:
    """Points a client at a version; the one that was live becomes the first of the earlier ones."""
    with _alone(store, deployment.client):
        return _put_live(store, deployment, kept)


def _put_live(store: Store, deployment: Deployment, kept: int) -> Deployments:
    present = read_deployments(store, deployment.client)
    if present is not None and present.live == deployment:
        return present
    earlier = () if present is None else (present.live, *present.earlier)
    changed = Deployments(
        live=deployment,
        earlier=tuple(version for version in earlier if version.version != deployment.version)[:kept],
        changed_at=datetime.now(UTC),
    )
    write_atomically(
        store.root / "deployments" / f"{deployment.client}.json", changed.model_dump_json(indent=1) + "\n"
    )
    return changed


@contextmanager
def _alone(store: Store, client: str) -> Iterator[None]:
    """One writer of a pointer at a time; on an object store Dagster's concurrency limits see to it."""
    if not is_local(store.root):
        yield
        return
    folder = Path(store.root.path) / "deployments"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{client}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def files_of(store: Store, deployment: Deployment) -> ModelFiles:
    """A version's files, wherever its release's folders have gone since.

    Raises:
        ArtifactError: they are not there any more.
    """
    adapter = _artifact(store, deployment, "lora_adapter", deployment.adapter)
    chat = load_format(adapter.local())
    if chat.sha256 != deployment.template_sha256:
        raise ArtifactError(
            f"{adapter.path}: its chat template is not the one that {deployment.version} was made with. "
            "Deploy the release again."
        )
    if deployment.shared_base:
        shared = shared_files(store, deployment.shared_base, deployment.adapter)
        missing = [str(path) for path in shared if not path.is_file()]
        if missing:
            raise ArtifactError(
                f"{deployment.version}: {', '.join(missing)} is missing. Deploy the release again."
            )
        return ModelFiles(shared[0], shared[1], chat)
    model = _artifact(store, deployment, "gguf_artifact", deployment.fingerprint)
    return ModelFiles(model.local() / deployment.gguf, None, chat)


def shared_files(store: Store, base: str, adapter: str) -> tuple[Path, Path]:
    """Where a shared base's GGUF and a client's LoRA for it lie, by fingerprint."""
    root = store.root if is_local(store.root) else store.root.__class__(store._staging_home())
    folder = Path(root.path) / "bases" / base[:16]
    return folder / "base-F16.gguf", folder / f"{adapter[:16]}.gguf"


def _artifact(store: Store, deployment: Deployment, stage: str, fingerprint: str) -> Folder:
    """The artifact with this fingerprint: the release's own, or one that was replaced and kept."""
    folder = store.release(deployment.client, deployment.as_of, stage)
    manifest = folder.manifest()
    if manifest is not None and fingerprint in ("", manifest.fingerprint):
        return folder
    kept = folder.path.parent / ".superseded" / f"{stage}-{fingerprint[:12]}"
    superseded = Folder(kept, folder.client, folder.period, stage, "releases")
    if superseded.manifest() is None:
        raise ArtifactError(
            f"{deployment.version}: its {stage} ({fingerprint[:12]}) is neither in {folder.path} nor in {kept}. "
            "Deploy the release again."
        )
    return superseded
