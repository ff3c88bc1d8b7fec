"""All clients at once: the files that can be used, and what is wrong with the others.

One broken file never stops the other clients. Files are parsed again only when they have changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from support_pipeline.clients import ClientConfig, ClientRegistry, load_client
from support_pipeline.data.ingest import source_files
from support_pipeline.errors import ConfigError, SupportPipelineError


@dataclass(frozen=True)
class Portfolio:
    """Configurations by client, and the problems of each file that has some."""

    configs: Mapping[str, ClientConfig]
    broken: Mapping[Path, tuple[str, ...]]

    def problems(self) -> list[str]:
        """One line a broken file, with every problem of it."""
        return [f"{path}: {'; '.join(problems)}" for path, problems in self.broken.items()]


def read_portfolio(registry: ClientRegistry) -> Portfolio:
    """Every client file, sorted by client."""
    configs: dict[str, ClientConfig] = {}
    broken: dict[Path, tuple[str, ...]] = {}
    for path in registry.files():
        try:
            facts = path.stat()
            config = _parsed(path, facts.st_mtime_ns, facts.st_size)
        except FileNotFoundError:
            continue  # removed since the folder was listed
        except ConfigError as error:
            broken[path] = error.problems
            continue
        if config.id in configs:
            broken[path] = (f"client '{config.id}' has another file already; remove one of them",)
        else:
            configs[config.id] = config
    return Portfolio(configs, broken)


@lru_cache(maxsize=4096)
def _parsed(path: Path, _mtime: int, _size: int) -> ClientConfig:
    return load_client(path)


def missing_export(config: ClientConfig, root: Path) -> str | None:
    """Why a client's tickets cannot be read yet; None when they can, or when an API is fetched first."""
    if any(source.api is not None for source in config.sources):
        return None
    try:
        source_files(config, root)
    except SupportPipelineError as error:
        return str(error)
    return None
