"""A rollback from the command line and as one run; with Ollama it is copies, checked, and no upload."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from support_pipeline.artifacts import Store
from support_pipeline.definitions import build_defs
from support_pipeline.errors import EngineError
from support_pipeline.model.base import load_format
from support_pipeline.orchestration.resources import Workspace
from support_pipeline.serving.deployment import read_deployments
from support_pipeline.serving.engine.ollama_api import OllamaApi
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.rollback import rollback
from support_pipeline.serving.router import answer
from support_pipeline_tests.conftest import Project
from support_pipeline_tests.model.gguf import tiny
from support_pipeline_tests.serving import shops
from support_pipeline_tests.serving.ollama_contract import Ollama, serve


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_llama(tmp_path_factory.mktemp("rollback") / "llama", seed=3)


def live(store: Store) -> str:
    found = read_deployments(store, "acme")
    assert found is not None
    return found.live.as_of


def test_one_command_and_one_run(tmp_path: Path, llama: Path) -> None:
    store, config = Store(str(tmp_path / "store")), shops.write_client(tmp_path, "acme")
    for as_of in ("2026-08", "2026-09"):
        shops.release(store, config, as_of, llama)
    (tmp_path / "home").mkdir()
    done = Project(tmp_path).run("rollback", "acme", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["live"]["as_of"] == "2026-08" == live(store)
    refused = Project(tmp_path).run("rollback", "acme", "--to", "2025-01")
    assert refused.returncode == 2
    assert "Kept: 2026-09" in " ".join(refused.stderr.split())
    workspace = Workspace(store_url=str(tmp_path / "store"), clients_folder=str(tmp_path / "clients"))
    job = build_defs({"workspace": workspace}).resolve_job_def("rollback_job")
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(
            instance=instance,
            run_config={"ops": {"roll_back": {"config": {"client": "acme", "to": "2026-09"}}}},
        )
    assert run.success
    assert live(store) == "2026-09"


@pytest.fixture
def ollama(llama: Path) -> Iterator[tuple[Ollama, str]]:
    chat = load_format(llama)
    fake = Ollama(count=lambda prompt: len(chat.ids(prompt)) + 1)
    server, url = serve(fake)
    yield fake, url
    server.shutdown()
    server.server_close()


def test_with_ollama_it_is_copies_and_the_router_follows(
    tmp_path: Path, llama: Path, ollama: tuple[Ollama, str]
) -> None:
    fake, url = ollama
    store, config = (
        Store(str(tmp_path / "store")),
        shops.write_client(tmp_path, "acme", engine="ollama", url=url),
    )
    first = shops.release(store, config, "2026-08", llama)
    second = shops.release(store, config, "2026-09", tiny.write_llama(tmp_path / "other", seed=9))
    api = OllamaApi(url)
    assert first.tag != second.tag
    assert api.digests()["acme:live"] == api.digests()[second.tag]
    uploads = len(fake.blobs)
    rollback(store, config)
    digests = api.digests()
    assert (digests["acme:live"], digests["acme:previous"]) == (digests[first.tag], digests[second.tag])
    assert fake.loaded[-1] == first.tag, "it is in memory before it is live"
    assert len(fake.blobs) == uploads
    with LiveModels(store, shops.registry(tmp_path)) as models, models.lease("acme") as asking:
        found = answer(asking, "Can I return it?")
    assert not any("no draft" in reason for reason in found.reasons), found.reasons
    assert fake.requests[-1][2]["model"] == first.tag


def test_an_ollama_that_does_not_answer_leaves_live_what_is_live(
    tmp_path: Path, llama: Path, ollama: tuple[Ollama, str]
) -> None:
    _, url = ollama
    store, config = (
        Store(str(tmp_path / "store")),
        shops.write_client(tmp_path, "acme", engine="ollama", url=url),
    )
    for as_of in ("2026-08", "2026-09"):
        shops.release(store, config, as_of, llama)
    gone = shops.write_client(tmp_path, "acme", engine="ollama", url="http://127.0.0.1:9")
    with pytest.raises(EngineError, match="does not answer"):
        rollback(store, gone)
    assert live(store) == "2026-09"


def test_a_version_that_ollama_has_lost_is_registered_again(
    tmp_path: Path, llama: Path, ollama: tuple[Ollama, str]
) -> None:
    fake, url = ollama
    store, config = (
        Store(str(tmp_path / "store")),
        shops.write_client(tmp_path, "acme", engine="ollama", url=url),
    )
    first = shops.release(store, config, "2026-08", llama)
    shops.release(store, config, "2026-09", tiny.write_llama(tmp_path / "other", seed=9))
    del fake.models[first.tag]
    fake.blobs.clear()
    said: list[str] = []
    rollback(store, config, say=said.append)
    assert first.tag in fake.models
    assert any("registering it again" in line for line in said)
