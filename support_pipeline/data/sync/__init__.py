"""The helpdesks' APIs into file drops: fetch what changed, land it, write the changed tickets.

`sync` goes on where it stopped, whatever stopped it, and a second run without changes writes nothing.
The files it leaves are read like any other export of the vendor. A new vendor is one module with
`pages` and `compose`, and one line in `CONNECTORS`.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import httpx

from support_pipeline.clients import Api, ClientConfig, Source
from support_pipeline.data.sync import freshdesk, gorgias, intercom, zendesk
from support_pipeline.data.sync.http import TIMEOUT_SECONDS, Clock, VendorApi, check_host
from support_pipeline.data.sync.landing import Compose, Landing, Page
from support_pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Connector:
    """One vendor's API: how to page through it, and how a whole ticket is put together."""

    pages: Callable[[VendorApi, Landing, int], Iterator[Page]]
    compose: Compose
    host: str
    basic: Callable[[str, str], tuple[str, str]] | None
    headers: Mapping[str, str]


CONNECTORS: dict[str, Connector] = {
    "zendesk": Connector(
        zendesk.pages, zendesk.compose, "{}.zendesk.com", lambda email, token: (f"{email}/token", token), {}
    ),
    "gorgias": Connector(
        gorgias.pages, gorgias.compose, "{}.gorgias.com", lambda email, token: (email, token), {}
    ),
    "freshdesk": Connector(
        freshdesk.pages, freshdesk.compose, "{}.freshdesk.com", lambda _, token: (token, "X"), {}
    ),
    "intercom": Connector(
        intercom.pages, intercom.compose, "api.intercom.io", None, {"Intercom-Version": "2.16"}
    ),
}


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one sync did: pages landed, tickets written, and the file they are in (none if no change)."""

    vendor: str
    pages: int
    tickets: int
    file: Path | None


def sync_client(
    config: ClientConfig,
    root: Path,
    progress: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
) -> list[SyncResult]:
    """Syncs every source of a client that is an API; file sources need nothing."""
    apis = [source for source in config.sources if source.api]
    return [sync(source, config.id, root, clock=clock, progress=progress) for source in apis]


def sync(
    source: Source,
    client: str,
    root: Path,
    environ: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    clock: Clock | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> SyncResult:
    """Fetches what changed into the source's drop folder under `root`.

    Raises:
        ConfigError: the source is no API, or a credential's environment variable is not set.
        ExportError: the API cannot be reached or refuses; run again to go on.
    """
    if source.api is None:
        raise ConfigError(
            client, [f"the {source.vendor} source is a path, not an api; there is nothing to fetch"]
        )
    connector = CONNECTORS.get(source.vendor)
    if connector is None:
        raise ConfigError(client, [f"{source.vendor} has no API here; known: {', '.join(CONNECTORS)}"])
    http = api_client(source.vendor, source.api, environ, transport)
    landing = Landing(root / source.files(client))
    start = int(datetime.combine(source.api.start, time(), UTC).timestamp())
    count = 0
    try:
        with http:
            for page in connector.pages(VendorApi(source.vendor, http, clock or Clock()), landing, start):
                landing.land(page)
                count += 1
                progress(f"{source.vendor}: {count} pages landed")
        file, tickets = landing.write_drop(connector.compose)
        return SyncResult(source.vendor, count, tickets, file)
    finally:
        landing.close()


def api_client(
    vendor: str,
    api: Api,
    environ: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """An HTTP client for a vendor's API, with its credentials and for its host alone.

    Raises:
        ConfigError: a credential's environment variable is not set.
        ExportError: the address is not the vendor's.
    """
    connector, environ = CONNECTORS[vendor], os.environ if environ is None else environ
    base = (api.base_url or "https://" + connector.host.format(_subdomain(vendor, api, connector))).rstrip(
        "/"
    )
    check_host(vendor, base)
    token = _secret(environ, api.token_env, "token_env")
    email = _secret(environ, api.email_env, "email_env") if api.email_env else ""
    headers = {"Accept": "application/json", **connector.headers}
    auth: httpx.Auth = _Bearer(token)
    if connector.basic and (email or vendor == "freshdesk"):
        auth = httpx.BasicAuth(*connector.basic(email, token))
    return httpx.Client(
        base_url=base,
        auth=auth,
        headers=headers,
        transport=transport,
        timeout=TIMEOUT_SECONDS,
    )


class _Bearer(httpx.Auth):
    """A token in the Authorization header (as an Auth, so that no .netrc is consulted)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _subdomain(vendor: str, api: Api, connector: Connector) -> str:
    if api.subdomain is None and "{}" in connector.host:
        raise ConfigError(f"{vendor} api", ["give subdomain (as in https://SUBDOMAIN...) or base_url"])
    return api.subdomain or ""


def _secret(environ: Mapping[str, str], name: str, setting: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(
            f"environment variable {name}", [f"is not set, but api.{setting} names it; export it first"]
        )
    return value
