"""Model jobs on Kubernetes or Ray, behind the same interface as the local trainer; optional extras.

The job's file, its scratch folder and the artifacts it reads are plain paths, so both need them on a volume
that the run and the job share, mounted at the same place: SUPPORT_PIPELINE_STORE (or, for a store that is an
object store, SUPPORT_PIPELINE_SCRATCH) points there.
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from support_pipeline.errors import ConfigError
from support_pipeline.model.jobs import EXIT_USER_ERROR, error_file


class K8sTrainer(dg.ConfigurableResource):
    """Each model job as a pod of its own, through dagster-k8s; the pod is deleted when the run ends or is ended.

    Empty fields fall back to SUPPORT_PIPELINE_K8S_IMAGE, SUPPORT_PIPELINE_K8S_NAMESPACE and
    SUPPORT_PIPELINE_K8S_CLAIM (the volume claim that holds the shared folder).
    """

    image: str = ""
    namespace: str = ""
    claim: str = ""
    mount_path: str = "/data"
    gpus: int = 1
    memory: str = "32Gi"
    cpu: str = "4"
    node_selector: dict[str, str] = {}
    start_timeout_seconds: float = 1800

    def pod_spec(self) -> dict[str, Any]:
        """The pod as Kubernetes reads it: one container with the GPU, the shared folder, no second try."""
        limits = {"memory": self.memory, **({"nvidia.com/gpu": str(self.gpus)} if self.gpus else {})}
        container = {
            "name": "model-job",
            "image": _named(self.image, "SUPPORT_PIPELINE_K8S_IMAGE"),
            "resources": {"requests": {"cpu": self.cpu, "memory": self.memory}, "limits": limits},
            "volumeMounts": [
                {"name": "work", "mountPath": self.mount_path},
                {"name": "shm", "mountPath": "/dev/shm"},  # torch's data loaders
            ],
            "env": [{"name": "HF_HOME", "value": f"{self.mount_path}/models"}],
        }
        claim = {"claimName": _named(self.claim, "SUPPORT_PIPELINE_K8S_CLAIM")}
        return {
            "restartPolicy": "Never",
            "nodeSelector": dict(self.node_selector),
            "containers": [container],
            "volumes": [
                {"name": "work", "persistentVolumeClaim": claim},
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
            ],
        }

    def run(
        self, context: dg.AssetExecutionContext, *, command: Sequence[str], extras: Mapping[str, Any]
    ) -> int:
        """Runs a command in a pod; its reports arrive in the run as it goes."""
        from dagster_k8s import PipesK8sClient  # an extra: pip install "support-pipeline[k8s]"

        client = PipesK8sClient()
        return _remote(
            command,
            lambda words: client.run(
                context=context,
                extras=dict(extras),
                command=list(words),
                namespace=self.namespace or os.environ.get("SUPPORT_PIPELINE_K8S_NAMESPACE") or None,
                base_pod_spec=self.pod_spec(),
                pod_wait_timeout=self.start_timeout_seconds,
            ),
        )


class RayTrainer(dg.ConfigurableResource):
    """Each model job as a Ray job, through dagster-ray; it is stopped when the run is ended.

    An empty address falls back to RAY_ADDRESS (http://HEAD:8265).
    """

    address: str = ""
    gpus: float = 1

    def run(
        self, context: dg.AssetExecutionContext, *, command: Sequence[str], extras: Mapping[str, Any]
    ) -> int:
        """Runs a command as a Ray job; its reports arrive in the run as it goes."""
        from dagster_ray import PipesRayJobClient  # an extra: pip install "support-pipeline[ray]"

        client = PipesRayJobClient(address=_named(self.address, "RAY_ADDRESS"))
        return _remote(
            command,
            lambda words: client.run(
                context=context,
                extras=dict(extras),
                submit_job_params={"entrypoint": shlex.join(words), "entrypoint_num_gpus": self.gpus},
            ),
        )


def _remote(command: Sequence[str], submit: Any) -> int:
    """The exit code that a local child would have had; a job that refuses its input has left its reason."""
    try:
        submit(["python", *command[1:]])  # the image's own interpreter
    except Exception:
        if error_file(Path(command[-1])).exists():
            return EXIT_USER_ERROR
        raise
    return 0


def _named(value: str, variable: str) -> str:
    found = value or os.environ.get(variable, "")
    if not found:
        raise ConfigError("trainer", [f"set {variable}"])
    return found
