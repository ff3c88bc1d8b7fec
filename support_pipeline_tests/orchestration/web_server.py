"""What the browser asks Dagster's web server, for the tests with a real one."""

import json
import urllib.request
from typing import Any

LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
SELECTOR = {"repositoryLocationName": "support_pipeline", "repositoryName": "__repository__"}


def ask(port: int, query: str, **variables: Any) -> dict[str, Any]:
    """What the browser would ask."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        found: dict[str, Any] = json.load(response)
    assert "errors" not in found, found["errors"]
    return dict(found["data"])


def launch(port: int, job: str, config: dict[str, Any], **tags: str) -> str:
    """Launches a job as the web UI does; the run's id."""
    answer = ask(
        port,
        LAUNCH,
        params={
            "selector": {**SELECTOR, "jobName": job},
            "runConfigData": json.dumps(config),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        },
    )["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return str(answer["run"]["runId"])
