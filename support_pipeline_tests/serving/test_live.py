"""What is live answers, moves without a gap, and never with another client's adapter."""

import json
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support_pipeline.artifacts import Store
from support_pipeline.errors import ArtifactError, EngineError
from support_pipeline.model.base import fingerprint
from support_pipeline.serving.decisions.readiness import Readiness
from support_pipeline.serving.deployment import Deployment, files_of, put_live, read_deployments
from support_pipeline.serving.desk.answering import LiveAnswers
from support_pipeline.serving.live import LiveModels
from support_pipeline.serving.rollback import rollback
from support_pipeline.serving.router import answer
from support_pipeline_tests.model.gguf import tiny
from support_pipeline_tests.serving import shops


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def llama(root: Path) -> Path:
    return tiny.taught("llama", root)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> tuple[Path, Deployment, Deployment]:
    """A client with two releases, the second one live; made once and copied by each test."""
    root = tmp_path_factory.mktemp("made")
    store, config = Store(str(root / "store")), shops.write_client(root, "acme")
    first = shops.release(store, config, "2026-08", llama)
    second = shops.release(store, config, "2026-09", tiny.write_llama(root / "other", seed=9))
    return root, first, second


@pytest.fixture
def two_releases(
    tmp_path: Path, made: tuple[Path, Deployment, Deployment]
) -> tuple[Store, Deployment, Deployment]:
    root, first, second = made
    shutil.copytree(root / "store", tmp_path / "store")
    shutil.copytree(root / "clients", tmp_path / "clients")
    return Store(str(tmp_path / "store")), first, second


def ask(models: LiveModels, client: str = "acme", text: str = "Can I return it?") -> tuple[str, str]:
    with models.lease(client) as asking:
        prompt = asking.chat.text([{"role": "user", "content": text}], add_generation_prompt=True)
        found = asking.engine.generate(prompt, max_tokens=12, deadline_seconds=30, lora=asking.lora)
        return asking.version, found.text


def test_a_rollback_under_load_fails_no_request_and_takes_seconds(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, first, second = two_releases
    registry = shops.registry(tmp_path)
    answered: list[tuple[str, str]] = []
    stop = threading.Event()

    def customers(models: LiveModels) -> None:
        while not stop.is_set():
            answered.append(ask(models))

    with LiveModels(store, registry, threads=1, parallel=2) as models:
        models.warm("acme")
        with ThreadPoolExecutor(3) as pool:
            load = [pool.submit(customers, models) for _ in range(3)]
            try:
                _until(lambda: len(answered) > 10)
                assert {version for version, _ in answered} == {second.version}
                started = time.monotonic()
                rollback(store, registry.load("acme"))
                _until(lambda: answered[-1][0] == first.version)
                took = time.monotonic() - started
                last = len(answered)
                _until(lambda: len(answered) > last + 10)
            finally:
                stop.set()
            for future in load:
                future.result()  # a request that failed would raise here
    assert took < 10
    by_version = {version: {text for v, text in answered if v == version} for version, _ in answered}
    assert set(by_version) == {first.version, second.version}
    assert all(len(texts) == 1 for texts in by_version.values()), "each version says its own and nothing else"
    deployments = read_deployments(store, "acme")
    assert deployments is not None
    assert (deployments.live, deployments.earlier[0]) == (first, second)


def test_a_rollback_says_what_is_kept(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, first, second = two_releases
    config = shops.registry(tmp_path).load("acme")
    with pytest.raises(ArtifactError, match=r"release 2026-09 is live already"):
        rollback(store, config, "2026-09")
    with pytest.raises(ArtifactError, match=r"no earlier version of release 2025-01 is kept. Kept: 2026-08"):
        rollback(store, config, "2025-01")
    said: list[str] = []
    rollback(store, config, "2026-08", said.append)
    assert said == [f"live: {first.version}, before: {second.version}"]
    with pytest.raises(ArtifactError, match="nothing to roll back"):
        rollback(store, shops.write_client(tmp_path, "empty"))


def test_a_version_whose_files_are_gone_is_not_rolled_back_to(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, first, second = two_releases
    model = store.release("acme", "2026-08", "gguf_artifact").path
    (model / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match=r"its gguf_artifact \(\w+\) is neither in"):
        rollback(store, shops.registry(tmp_path).load("acme"))
    deployments = read_deployments(store, "acme")
    assert deployments is not None and deployments.live == second


def test_a_replaced_release_is_still_found(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, _, second = two_releases
    kept = files_of(store, second)
    assert kept.gguf.is_file()
    model = store.release("acme", "2026-09", "gguf_artifact").path
    superseded = model.parent / ".superseded" / f"gguf_artifact-{second.fingerprint[:12]}"
    superseded.parent.mkdir(exist_ok=True)
    Path(model.path).rename(Path(superseded.path))
    assert files_of(store, second).gguf.parent.name == f"gguf_artifact-{second.fingerprint[:12]}"


def test_an_engine_that_is_not_the_right_model_refuses_to_serve(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, first, second = two_releases
    put_live(store, second.model_copy(update={"canaries": first.canaries}))
    with (
        LiveModels(store, shops.registry(tmp_path), threads=1) as models,
        pytest.raises(
            EngineError, match=r"refuses to serve: its answer to .* another model or adapter is served"
        ),
    ):
        ask(models)


def test_readiness_is_an_answer_and_not_a_process(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, first, second = two_releases
    with LiveModels(store, shops.registry(tmp_path), threads=1) as models:
        answers = LiveAnswers(models)
        assert answers.readiness() == [Readiness("acme", second.version, True)]
        served = models._places["acme"].served
        assert served is not None
        # A process that lives and is another model than it was.
        served.deployments = {"acme": second.model_copy(update={"canaries": first.canaries})}
        [found] = answers.readiness()
        assert not found.ready and "another model or adapter is served" in found.detail
        served.deployments = {"acme": second}
        served.engine.engine._child.close()  # type: ignore[attr-defined]
        assert answers.readiness() == [Readiness("acme", second.version, True)], "it was started again"
        put_live(store, second.model_copy(update={"version": "acme:gone", "fingerprint": "0" * 64}))
        assert models.live_clients() == ["acme"]


def test_a_client_without_a_model_is_told_what_to_do(tmp_path: Path) -> None:
    shops.write_client(tmp_path, "acme")
    with (
        LiveModels(Store(str(tmp_path / "store")), shops.registry(tmp_path)) as models,
        pytest.raises(ArtifactError, match="has no live model. Run `support-pipeline run acme` first"),
        models.lease("acme"),
    ):
        pass


def test_the_router_answers_on_what_is_live(
    two_releases: tuple[Store, Deployment, Deployment], tmp_path: Path
) -> None:
    store, _, second = two_releases
    with LiveModels(store, shops.registry(tmp_path), threads=1) as models, models.lease("acme") as asking:
        found = answer(asking, "Can I return it?")
    assert found.route in ("approve", "agent")
    assert asking.version == second.version
    assert not any("no draft" in reason for reason in found.reasons), found.reasons


def _until(holds: object, seconds: float = 60) -> None:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _shared(tmp_path: Path, llama: Path, clients: int) -> tuple[Store, list[str]]:
    """Clients that are each a LoRA of its own on one base."""
    store, base = Store(str(tmp_path / "store")), fingerprint(llama)
    names = [f"shop-{i:02}" for i in range(clients)]
    for i, name in enumerate(names):
        config = shops.write_client(tmp_path, name, base="shared")
        adapter = shops.random_adapter(llama, tmp_path / "adapters" / name, seed=i)
        shops.release(store, config, "2026-09", llama, adapter=adapter, base=base)
    return store, names


def _crossings(tmp_path: Path, llama: Path, clients: int, requests: int) -> tuple[int, int]:
    """Answers at random that are not the client's own, and how many different answers there are.

    A client's own answer is the one of an engine that holds no other adapter.
    """
    store, names = _shared(tmp_path, llama, clients)
    registry = shops.registry(tmp_path)
    own: dict[tuple[str, str], str] = {}
    texts = shops.questions(4)
    (tmp_path / "alone").mkdir()
    for name in names:
        shops.write_client(tmp_path / "alone", name, base="shared")
        with LiveModels(store, shops.registry(tmp_path / "alone"), threads=1) as models:
            own |= {(name, text): ask(models, name, text)[1] for text in texts}
        (tmp_path / "alone" / "clients" / f"{name}.yaml").unlink()
    draw = random.Random(7)
    asked = [(draw.choice(names), draw.choice(texts)) for _ in range(requests)]
    with LiveModels(store, registry, threads=1, parallel=4, waiting=requests) as models:
        models.warm(names[0])
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda question: ask(models, *question)[1], asked))
        assert len(models._places) == 1, "one engine serves them all"
    crossed = sum(text != own[question] for text, question in zip(found, asked, strict=True))
    return crossed, len(set(own.values()))


def test_clients_on_one_base_never_cross(tmp_path: Path, llama: Path) -> None:
    crossed, different = _crossings(tmp_path, llama, clients=3, requests=120)
    assert different >= 3, "the canaries tell the clients apart"
    assert crossed == 0


@pytest.mark.slow
def test_twenty_clients_on_one_base_never_cross(tmp_path: Path, llama: Path) -> None:
    crossed, different = _crossings(tmp_path, llama, clients=20, requests=1000)
    assert different >= 20
    assert crossed == 0


def test_a_shared_deployment_names_its_base(tmp_path: Path, llama: Path) -> None:
    store, names = _shared(tmp_path, llama, 1)
    pointer = json.loads(
        (Path(store.root.path) / "deployments" / f"{names[0]}.json").read_text(encoding="utf-8")
    )
    files = files_of(store, Deployment.model_validate(pointer["live"]))
    assert files.lora is not None and files.lora.is_file()
    assert files.gguf.name == "base-F16.gguf"
