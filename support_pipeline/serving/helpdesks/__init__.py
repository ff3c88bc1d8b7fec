"""Writing back to the four helpdesks: replies to customers, notes to agents, new tickets.

A new vendor is one module here and one line in `HELPDESKS`.
"""

from collections.abc import Callable, Mapping

import httpx

from support_pipeline.clients import ClientConfig, Source
from support_pipeline.data.sync import api_client
from support_pipeline.serving.helpdesks.calling import Api
from support_pipeline.serving.helpdesks.freshdesk import Freshdesk
from support_pipeline.serving.helpdesks.gorgias import Gorgias
from support_pipeline.serving.helpdesks.intercom import Intercom
from support_pipeline.serving.helpdesks.writing import Helpdesk, NewTicket
from support_pipeline.serving.helpdesks.zendesk import Zendesk

__all__ = ["HELPDESKS", "Helpdesk", "NewTicket", "open_helpdesk", "writable_source"]

HELPDESKS: dict[str, Callable[[Api, str, str | None], Helpdesk]] = {
    "zendesk": Zendesk,
    "gorgias": Gorgias,
    "freshdesk": Freshdesk,
    "intercom": Intercom,
}


def writable_source(config: ClientConfig, vendor: str) -> Source | None:
    """The source of a vendor that can be written back to; of any vendor for tickets of the API."""
    usable = [source for source in config.sources if source.api and source.vendor in HELPDESKS]
    return next((source for source in usable if vendor in (source.vendor, "api")), None)


def open_helpdesk(
    config: ClientConfig,
    source: Source,
    environ: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> tuple[Helpdesk, Api]:
    """A helpdesk of a client, and its connection to be closed.

    Raises:
        ConfigError: a credential is not set, or a setting of the vendor is missing.
    """
    assert source.api is not None
    api = Api(source.vendor, api_client(source.vendor, source.api, environ, transport))
    return HELPDESKS[source.vendor](api, config.id, source.api.reply_as), api
