"""What a full disk, a read-only one or a store that cannot be reached looks like, as one clear error.

Libraries tell these in many ways (polars and safetensors wrap the system's message, object stores have
classes of their own), so they are recognised here, at the edges, and named with the place.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from support_pipeline.errors import ArtifactError, SupportPipelineError

FULL = ("No space left on device", "Disk quota exceeded")
NEARLY_NOTHING = 256 << 10
"""Bytes free below which a failed write is taken for a full disk, whatever the library says of it."""
_REMOTE = ("botocore", "aiobotocore", "aiohttp", "urllib3", "requests", "gcsfs", "adlfs", "azure", "google")


def explained(error: BaseException, where: Path | UPath | str) -> ArtifactError | None:
    """The error as one that a person can cure, when it is the storage's; None when it is something else."""
    code = error.errno if isinstance(error, OSError) else None
    place = (
        error.filename if isinstance(error, OSError) and isinstance(error.filename, str) else None
    ) or where
    if (
        code in (errno.ENOSPC, errno.EDQUOT)
        or any(text in str(error) for text in FULL)
        or _full(where, error)
    ):
        return ArtifactError(
            f"{place}: the disk is full ({_free(where)}). Nothing was half written; free some space and run again."
        )
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ArtifactError(f"{place}: {os.strerror(code or 0)}. Give this user the right to write there.")
    if code == errno.EIO:
        return ArtifactError(f"{place}: the disk reports an input/output error. Check it, then run again.")
    if isinstance(error, ConnectionError | TimeoutError) or type(error).__module__.split(".")[0] in _REMOTE:
        return ArtifactError(
            f"the store {where} cannot be reached: {error}. Check SUPPORT_PIPELINE_STORE, the network and the "
            "credentials; then run again."
        )
    return None


@contextmanager
def clear_storage_errors(where: Path | UPath | str) -> Iterator[None]:
    """Lets storage errors rise as one clear message, and everything else as it is."""
    try:
        yield
    except SupportPipelineError:
        raise
    except Exception as error:
        found = explained(error, where)
        if found is None:
            raise
        raise found from error


def _existing(where: Path | UPath | str) -> Path | None:
    text = str(where)
    if "://" in text and not text.startswith("file://"):
        return None
    path = Path(text.removeprefix("file://"))
    return next((parent for parent in (path, *path.parents) if parent.exists()), None)


def _full(where: Path | UPath | str, error: BaseException) -> bool:
    place = _existing(where)
    if place is None or not isinstance(error, OSError | RuntimeError):
        return False
    return shutil.disk_usage(place).free < NEARLY_NOTHING


def _free(where: Path | UPath | str) -> str:
    place = _existing(where)
    return f"{shutil.disk_usage(place).free / 1e6:.1f} MB free" if place is not None else "at the store"
