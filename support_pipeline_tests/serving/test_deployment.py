"""What is live: one pointer, moved at once, with the earlier versions behind it."""

from pathlib import Path

import pytest

from support_pipeline.artifacts import Store
from support_pipeline.errors import ArtifactError
from support_pipeline.serving.deployment import Deployment, put_live, read_deployments


def deployment(as_of: str, digest: str = "d" * 64) -> Deployment:
    return Deployment(
        client="acme",
        as_of=as_of,
        version=f"acme:{as_of}-{digest[:12]}",
        fingerprint=digest,
        gguf="model.gguf",
        quantisation="Q8_0",
        template_sha256="0" * 64,
        route_ceiling="approve",
    )


def test_nothing_is_live_at_first(tmp_path: Path) -> None:
    assert read_deployments(Store(str(tmp_path)), "acme") is None


def test_the_previous_version_is_kept_and_putting_live_twice_changes_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for version in (deployment("2026-08"), deployment("2026-09"), deployment("2026-09")):
        put_live(store, version)
    found = read_deployments(store, "acme")
    assert found is not None
    assert found.live.as_of == "2026-09"
    assert [version.as_of for version in found.earlier] == ["2026-08"]


def test_a_rollback_is_putting_an_earlier_version_live(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for as_of in ("2026-08", "2026-09", "2026-08"):
        found = put_live(store, deployment(as_of))
    assert found.live.as_of == "2026-08"
    assert [version.as_of for version in found.earlier] == ["2026-09"]


def test_the_champion_is_another_release(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    first = put_live(store, deployment("2026-08"))
    assert first.champion("2026-08") is None, "a release that is made again has not to beat itself"
    second = put_live(store, deployment("2026-09"))
    champions = [second.champion(month) for month in ("2026-09", "2026-10", "2026-07")]
    assert [champion.as_of for champion in champions if champion] == ["2026-08", "2026-09", "2026-09"]


def test_a_corrupt_pointer_is_named(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    put_live(store, deployment("2026-08"))
    (tmp_path / "deployments" / "acme.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"acme.json: is corrupt"):
        read_deployments(store, "acme")
