"""What is live for a client, and what was before it: one small pointer file a client.

    <store>/deployments/<client>.json

The models themselves are artifacts; moving the pointer is one atomic replacement, so a rollback
needs no copy and a kill leaves either the old model live or the new one.
"""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from support_pipeline.artifacts import Store, write_atomically
from support_pipeline.errors import ArtifactError
from support_pipeline.model.verdict.promotion import RouteCeiling


class Deployment(BaseModel):
    """One model version as it was put live.

    `version` names it everywhere (engine, drafts, decisions); `fingerprint` is the GGUF artifact's.
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
