"""A release in Ollama: an immutable version tag, and the names `live` and `previous` that are copies.

    acme:3f2a9c71d0be   one GGUF with its settings, never changed
    acme:live           what is live
    acme:previous       what was live before

Copies share the blobs, so going live and rolling back move no model.
"""

import hashlib
import json
from pathlib import Path

from support_pipeline.errors import EngineError
from support_pipeline.serving.engine.ollama_api import OllamaApi, digest_of


def version_tag(client: str, digest: str, *, num_ctx: int, stop: str) -> str:
    """The version's name: the client, and 12 hex digits of all that makes the model what it is."""
    made_of = json.dumps([digest, num_ctx, stop], separators=(",", ":"))
    return f"{client}:{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def register(api: OllamaApi, client: str, gguf: Path, *, num_ctx: int, stop: str) -> str:
    """The version tag of a GGUF, uploaded and created unless it is there already.

    Raises:
        EngineError: the server is too old, refuses the file, or does not create the model.
    """
    api.version()
    digest = digest_of(gguf)
    tag = version_tag(client, digest, num_ctx=num_ctx, stop=stop)
    if api.exists(tag):
        return tag
    if not api.has_blob(digest):
        api.upload(gguf, digest)
    api.create(tag, {gguf.name: digest}, {"num_ctx": num_ctx, "temperature": 0, "stop": [stop]})
    if not api.exists(tag):
        raise EngineError(f"{api.url}: created {tag}, and does not know it. See Ollama's log.")
    return tag


def go_live(api: OllamaApi, client: str, tag: str) -> None:
    """Points `live` at a version and `previous` at what was live; doing it twice changes nothing.

    Raises:
        EngineError: the version is not there, or the copy is not what was copied.
    """
    live, previous = f"{client}:live", f"{client}:previous"
    digests = api.digests()
    if tag not in digests:
        raise EngineError(f"{api.url}: has no model '{tag}'. Deploy the release again.")
    if digests.get(live) == digests[tag]:
        return
    if live in digests:
        api.copy(live, previous)
    api.copy(tag, live)
    if (now := api.digests().get(live)) != digests[tag]:
        raise EngineError(f"{api.url}: '{live}' is {now} and not {tag} after the copy. See Ollama's log.")
