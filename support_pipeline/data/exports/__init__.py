"""The helpdesks whose exports can be read.

A new vendor is one module here that holds a `Reader`, and one line in `READERS`.
"""

from support_pipeline.data.exports import freshdesk, gorgias, intercom, zendesk
from support_pipeline.data.exports.reader import Origin, Reader, Record, Unreadable
from support_pipeline.errors import ExportError

READERS: dict[str, Reader] = {
    reader.vendor: reader for reader in (zendesk.READER, gorgias.READER, freshdesk.READER, intercom.READER)
}

__all__ = ["READERS", "Origin", "Reader", "Record", "Unreadable", "reader_of"]


def reader_of(vendor: str) -> Reader:
    """The reader of a vendor.

    Raises:
        ExportError: the vendor is unknown.
    """
    if vendor not in READERS:
        raise ExportError(f"vendor '{vendor}' is unknown. Known: {', '.join(sorted(READERS))}")
    return READERS[vendor]
