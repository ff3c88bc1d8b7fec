"""What grows beyond one machine, on the real thing where it can be had here: PostgreSQL, an S3 server, pod specs."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import dagster as dg
import pytest
import yaml
from pydantic import ValidationError

from support_pipeline.artifacts import Store
from support_pipeline.definitions import build_defs
from support_pipeline.errors import ConfigError
from support_pipeline.orchestration.remote_trainers import K8sTrainer
from support_pipeline.serving.decision_counts import decided_by_month
from support_pipeline.serving.decisions import Decision, DecisionLog
from support_pipeline_tests import helm_chart
from support_pipeline_tests.conftest import AS_OF, ROOT, make_project
from support_pipeline_tests.processes import running, wait_until

DEPLOY = ROOT / "deploy"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own; its URL without a database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
        Path(shutil.which("initdb") or "")
    ]
    if not programs[-1].is_file():
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest's own folders are closed to other users
    data, port, programs_folder = folder / "data", free_port(), programs[-1].parent
    as_user = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    )
    if as_user:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
    subprocess.run(
        [*as_user, programs_folder / "initdb", "-D", data, "-U", "dagster", "--auth=trust"],
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [
            *as_user,
            programs_folder / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "listen_addresses=127.0.0.1",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"postgresql://dagster@127.0.0.1:{port}"
    ready = [programs_folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
    try:
        assert wait_until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0, 30)
        for name in ("dagster", "decisions"):
            subprocess.run(
                [programs_folder / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "dagster", name],
                check=True,
            )
        yield url
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 server of its own with one bucket; the store's URL."""
    pytest.importorskip("s3fs")
    pytest.importorskip("flask")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        import boto3

        def up() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        assert wait_until(up, 60)
        boto3.client("s3").create_bucket(Bucket="models")
        yield "s3://models/store"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_history_on_postgres_and_s3_by_configuration_only(
    postgres: str, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, tickets=60)
    shutil.copyfile(DEPLOY / "dagster.postgres.yaml", project.root / "home" / "dagster.yaml")
    settings = {
        "DAGSTER_PG_URL": f"{postgres}/dagster".replace("://", "+psycopg2://"),
        "SUPPORT_PIPELINE_DECISIONS": f"{postgres}/decisions",
        "SUPPORT_PIPELINE_STORE": s3,
        "SUPPORT_PIPELINE_SCRATCH": str(tmp_path / "scratch"),
        "DAGSTER_HOME": str(project.root / "home"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    log = DecisionLog(f"{postgres}/decisions")
    at = datetime(2026, 9, 5, tzinfo=UTC)
    log.record(
        Decision(
            "d1", "7", "small", at, "1", "Where is my parcel?", "a", "Here it is.", "edited", "", "ann", "m"
        )
    )
    assert {month: counts.corrected for month, counts in decided_by_month(log)["small"].items()} == {AS_OF: 1}
    environment = {**project.environment, **settings}
    words = project.command("backfill", "small", "--from", "2026-08", "--to", AS_OF, "--json")
    done = subprocess.run(
        words, cwd=project.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    store = Store(s3)
    assert store.history("small", AS_OF, "agent_edits").verify().counts["decisions"] == 1
    assert store.history("small", AS_OF, "filtered_pairs").verify().counts["pairs"] > 0
    assert not (project.root / "home" / "history").exists(), "nothing went to SQLite"
    with dg.DagsterInstance.from_config(str(project.root / "home")) as instance:
        shown = instance.get_materialized_partitions(dg.AssetKey("filtered_pairs"))
    assert shown == {"small|2026-08", f"small|{AS_OF}"}


def test_the_settings_on_postgres_are_those_on_sqlite_and_its_address() -> None:
    one = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    other = yaml.safe_load((DEPLOY / "dagster.postgres.yaml").read_text())
    assert other.pop("storage") == {"postgres": {"postgres_url": {"env": "DAGSTER_PG_URL"}}}
    assert other == one


@pytest.mark.parametrize("kind", ["local", "k8s", "ray"])
def test_a_trainer_is_chosen_by_configuration(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_PIPELINE_TRAINER", kind)
    defs = build_defs()
    dg.Definitions.validate_loadable(defs)
    assert type(dict(defs.resources or {})["trainer"]).__name__.lower().startswith(kind)


def test_an_unknown_trainer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_PIPELINE_TRAINER", "slurm")
    with pytest.raises(ConfigError, match="'slurm' is unknown; known: local, k8s, ray"):
        build_defs()


def test_the_pod_of_a_model_job_is_one_that_kubernetes_knows() -> None:
    kubernetes = pytest.importorskip("kubernetes")
    models = pytest.importorskip("dagster_k8s.models")
    spec = K8sTrainer(image="registry/image:1", claim="work", node_selector={"gpu": "l4"}).pod_spec()
    # Strict: a key or a type that Kubernetes does not have is refused.
    pod = models.k8s_model_from_dict(
        kubernetes.client.V1PodSpec, models.k8s_snake_case_dict(kubernetes.client.V1PodSpec, spec)
    )
    written = kubernetes.client.ApiClient().sanitize_for_serialization(pod)
    assert written["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert written["volumes"][0]["persistentVolumeClaim"] == {"claimName": "work"}
    assert written["restartPolicy"] == "Never"


def test_a_pod_without_an_image_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPPORT_PIPELINE_K8S_IMAGE", raising=False)
    with pytest.raises(ConfigError, match="set SUPPORT_PIPELINE_K8S_IMAGE"):
        K8sTrainer(claim="work").pod_spec()


HELM = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text(encoding="utf-8"))


def test_the_helm_values_are_ones_that_dagsters_chart_knows() -> None:
    values = helm_chart.Values.model_validate(HELM)
    (deployment,) = values.userDeployments.deployments
    assert deployment.dagsterApiGrpcArgs == ["--module-name", "support_pipeline.definitions"]
    assert values.runLauncher.type == "K8sRunLauncher"


@pytest.mark.parametrize(
    ("place", "key"), [("concurrency", "poools"), ("dagsterDaemon", "runMonitor"), ("postgresql", "host")]
)
def test_a_misspelt_helm_value_is_found(place: str, key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        helm_chart.Values.model_validate(HELM | {place: HELM[place] | {key: {}}})


def test_the_helm_values_say_what_dagster_yaml_says(tmp_path: Path) -> None:
    written = helm_chart.instance_of(helm_chart.Values.model_validate(HELM))
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    limits = ours["concurrency"]["runs"]["tag_concurrency_limits"]
    assert written["concurrency"]["runs"]["tag_concurrency_limits"] == limits
    assert written["concurrency"]["pools"] == ours["concurrency"]["pools"]
    pods = {"start_timeout_seconds": 600}  # a node may have to be started first
    assert written["run_monitoring"] == ours["run_monitoring"] | pods
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"


def test_the_charts_version_is_dagsters() -> None:
    text = (DEPLOY / "helm" / "values.yaml").read_text(encoding="utf-8")
    (version,) = re.findall(r"--version (\S+)", text)
    assert f"dagster=={version}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_volumes_and_variables_of_the_helm_values_are_ones_that_kubernetes_knows() -> None:
    kubernetes = pytest.importorskip("kubernetes")
    models = pytest.importorskip("dagster_k8s.models")
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    container = {
        "name": deployment["name"],
        "env": deployment["env"],
        "envFrom": [{"secretRef": secret} for secret in deployment["envSecrets"]],
        "volumeMounts": deployment["volumeMounts"],
    }
    spec = {"containers": [container], "volumes": deployment["volumes"]}
    models.k8s_model_from_dict(
        kubernetes.client.V1PodSpec, models.k8s_snake_case_dict(kubernetes.client.V1PodSpec, spec)
    )
    assert {mount["name"] for mount in deployment["volumeMounts"]} == {
        volume["name"] for volume in deployment["volumes"]
    }
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in deployment["volumes"]}
    variables = {variable["name"]: variable["value"] for variable in deployment["env"]}
    assert claims == {variables["SUPPORT_PIPELINE_K8S_CLAIM"]}
    folders = {mount["mountPath"] for mount in deployment["volumeMounts"]}
    assert all(
        Path(variables[f"SUPPORT_PIPELINE_{name}"]).parts[1] == "data" for name in ("STORE", "CLIENTS")
    )
    assert folders == {"/data"}


def test_the_desk_on_kubernetes_is_one_that_kubernetes_knows_and_looks_where_dagster_writes() -> None:
    kubernetes = pytest.importorskip("kubernetes")
    models = pytest.importorskip("dagster_k8s.models")
    text = (DEPLOY / "helm" / "desk.yaml").read_text(encoding="utf-8")
    service, desk = yaml.safe_load_all(text)
    for kind, given in ((kubernetes.client.V1Service, service), (kubernetes.client.V1Deployment, desk)):
        # Strict: a key or a type that Kubernetes does not have is refused.
        models.k8s_model_from_dict(kind, models.k8s_snake_case_dict(kind, given))
    labels = desk["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == desk["spec"]["selector"]["matchLabels"] == labels
    assert (desk["spec"]["replicas"], desk["spec"]["strategy"]) == (1, {"type": "Recreate"})
    pod = desk["spec"]["template"]["spec"]
    (container,), (deployment,) = pod["containers"], HELM["dagster-user-deployments"]["deployments"]
    image = deployment["image"]
    assert container["image"] == f"{image['repository']}:{image['tag']}"
    assert pod["volumes"] == deployment["volumes"]
    assert container["volumeMounts"] == deployment["volumeMounts"]
    assert container["envFrom"] == [{"secretRef": secret} for secret in deployment["envSecrets"]]
    places = {variable["name"]: variable["value"] for variable in deployment["env"]}
    assert {place["name"]: place["value"] for place in container["env"]}.items() >= {
        (name, places[name]) for name in ("SUPPORT_PIPELINE_STORE", "SUPPORT_PIPELINE_CLIENTS")
    }
    assert (
        container["command"][-1]
        .removeprefix("exec ")
        .startswith(desk_commands()["compose"].split("--url")[0])
    )


def test_what_the_image_copies_is_there_and_in_the_repository() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = {source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]}
    assert {"pyproject.toml", "constraints.txt", "workspace.yaml", "dagster.yaml"} <= copied
    for source in copied:
        assert (ROOT / source).exists(), source
        kept = subprocess.run(
            ["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert kept.returncode or kept.stdout, f"{source} is not in the repository"


def test_compose_names_only_what_it_has() -> None:
    compose = yaml.safe_load((DEPLOY / "docker-compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"postgres", "prepare", "daemon", "webserver", "desk"}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in compose["volumes"], (
                volume
            )
    text = (DEPLOY / "docker-compose.yaml").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
    given = {line.split("=")[0] for line in (DEPLOY / "compose.env.example").read_text().splitlines()}
    assert asked <= given, "every variable of the file is in its example"
    for name in ("daemon", "webserver", "desk"):
        program = services[name]["command"].split()[0]
        assert (Path(sys.executable).parent / program).exists(), program
        assert services[name]["security_opt"] and services[name]["cap_drop"] == ["ALL"]
        assert services[name]["restart"] == "unless-stopped" and services[name]["env_file"] == [".env"]
    assert services["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    assert services["desk"]["ports"] == ["127.0.0.1:8080:8080"]
    places = services["daemon"]["environment"]
    assert places.items() <= services["desk"]["environment"].items(), "the desk looks where Dagster writes"


@pytest.mark.parametrize("name", ["daemon", "webserver", "desk"])
def test_systemd_reads_the_units(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    text = (DEPLOY / "systemd" / f"support-pipeline-{name}.service").read_text()
    unit = tmp_path / f"support-pipeline-{name}.service"
    unit.write_text(text.replace("/opt/support-pipeline/.venv/bin", str(Path(sys.executable).parent)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    # It looks at the machine's other units as well.
    said = [line for line in (done.stdout + done.stderr).splitlines() if "support-pipeline" in line]
    assert not said


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit's [Service], each with all that was given to it."""
    text = (DEPLOY / "systemd" / f"support-pipeline-{name}.service").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.split("[Service]")[1].split("[Install]")[0].splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_units_share_user_places_and_care() -> None:
    units = [unit(name) for name in ("daemon", "webserver", "desk")]
    for key in ("User", "WorkingDirectory", "EnvironmentFile", "Restart", "NoNewPrivileges", "ProtectSystem"):
        assert len({tuple(settings[key]) for settings in units}) == 1, key
    assert set(units[2]["Environment"]) - {"SUPPORT_PIPELINE_URL="} <= set(units[0]["Environment"])


def desk_commands() -> dict[str, str]:
    """What systemd and Compose start as the desk, with their variables put in as they would."""
    compose = yaml.safe_load((DEPLOY / "docker-compose.yaml").read_text(encoding="utf-8"))
    said = {"systemd": unit("desk")["ExecStart"][0], "compose": compose["services"]["desk"]["command"]}
    return {name: re.sub(r"\$\{\w+(?::-)?\}", "", command) for name, command in said.items()}


@pytest.mark.parametrize("kind", ["systemd", "compose"])
def test_the_desk_starts_answers_and_ends_in_order(kind: str, tmp_path: Path) -> None:
    program, *words = desk_commands()[kind].split()
    port = str(free_port())
    command = [str(Path(sys.executable).parent / Path(program).name), *words]
    (tmp_path / "clients").mkdir()
    environment = {
        **os.environ,
        "SUPPORT_PIPELINE_STORE": str(tmp_path / "store"),
        "SUPPORT_PIPELINE_CLIENTS": str(tmp_path / "clients"),
        "SUPPORT_PIPELINE_DECISIONS": f"sqlite:///{tmp_path / 'decisions.db'}",
        "PYTHONPATH": str(ROOT),
    }

    def healthy() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except (URLError, OSError):
            return False

    with subprocess.Popen(
        [word.replace("8080", port) for word in command],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as desk:
        try:
            assert wait_until(healthy, 90)
            desk.terminate()
            desk.wait(60)
        finally:
            desk.kill()
    assert desk.returncode == 0
    assert not running(f"--parent\0{desk.pid}\0"), "systemd would kill the worker with an answer in hand"
