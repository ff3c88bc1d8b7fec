from pathlib import Path

import pytest

from support_pipeline_tests.model.gguf import tiny


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session")
def llama(root: Path) -> Path:
    return tiny.taught("llama", root)


@pytest.fixture(scope="session")
def llama_lora(root: Path) -> Path:
    return tiny.taught_adapter("llama", root)


@pytest.fixture
def copy(llama: Path, tmp_path: Path) -> Path:
    """A copy of the Llama checkpoint that a test may spoil."""
    return tiny.copy_folder(llama, tmp_path / "copy")
