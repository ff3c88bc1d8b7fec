"""A person's decision to put a release live that the gate refused: name, reason, time, kept with the release.

    <store>/releases/<client>/<as_of>/override.json

It holds for one report: a release that is judged anew needs a decision anew. What the gate said stays
in the report's manifest; `deployed_model` records both.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from support_pipeline.artifacts import Store, write_atomically
from support_pipeline.errors import ArtifactError, PromotionError
from support_pipeline.serving.deployment import read_deployments

FILE = "override.json"
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)]


class Override(BaseModel):
    """Who overrides the gate, why, and what the gate had said. `report` is the eval_report's fingerprint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client: str
    as_of: str
    by: Spoken
    reason: Spoken
    gate: str
    report: str
    at: Annotated[datetime, Field()]

    def sentence(self) -> str:
        """The decision for people."""
        return f"promoted by {self.by} on {self.at:%Y-%m-%d}: {self.reason} (the gate said: {self.gate})"


def override(store: Store, client: str, as_of: str, *, by: str, reason: str) -> Override:
    """Records a person's decision to promote a refused release; an earlier one on it is replaced.

    Raises:
        PromotionError: the gate promotes it anyway, a newer release is live, or name or reason is missing.
        ArtifactError: the release has no report.
    """
    manifest = store.release(client, as_of, "eval_report").require()
    decision = manifest.info.get("promotion")
    if not decision:
        raise ArtifactError(
            f"release {as_of} of '{client}' carries no promotion decision. Materialize eval_report again."
        )
    if decision["promote"]:
        raise PromotionError(
            f"release {as_of} of '{client}' is promoted by the gate already ({decision['reason']}). Run it; there is "
            "nothing to override."
        )
    live = read_deployments(store, client)
    if live is not None and as_of < live.live.as_of:
        raise PromotionError(
            f"release {as_of} of '{client}' is older than the live one ({live.live.as_of}): it cannot be promoted over it."
        )
    try:
        made = Override(
            client=client,
            as_of=as_of,
            by=by,
            reason=reason,
            gate=decision["reason"],
            report=manifest.fingerprint,
            at=datetime.now(UTC),
        )
    except ValidationError as error:
        where = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise PromotionError(
            f"an override needs a name (--by) and a reason (--reason); wrong here: {where}."
        ) from error
    write_atomically(store.root / "releases" / client / as_of / FILE, made.model_dump_json(indent=1) + "\n")
    return made


def read_override(store: Store, client: str, as_of: str, report: str) -> Override | None:
    """The override of a release that holds for this report, or None.

    Raises:
        ArtifactError: the file is there but cannot be read.
    """
    path = store.root / "releases" / client / as_of / FILE
    try:
        found = Override.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{path}: is corrupt. Delete it and run `support-pipeline promote` again."
        ) from error
    return found if found.report == report else None
