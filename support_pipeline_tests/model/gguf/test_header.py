from pathlib import Path

import pytest
from gguf import GGUFReader, GGUFValueType

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.header import read_header


@pytest.fixture(scope="module")
def model(llama: Path, root: Path) -> Path:
    return convert(llama, root / "header" / "model.gguf")


def test_scalars_are_what_the_gguf_package_reads(model: Path) -> None:
    fields = GGUFReader(model).fields
    expected = {
        name: field.contents()
        for name, field in fields.items()
        if field.types[0] is not GGUFValueType.ARRAY and not name.startswith("GGUF.")
    }
    assert read_header(model) == expected


@pytest.mark.parametrize("kept", [5, 40, 500, 5000])
def test_a_cut_file_is_refused(kept: int, model: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(model.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"cut\.gguf: broken GGUF metadata"):
        read_header(cut)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04 not this")
    with pytest.raises(ModelError, match="not a GGUF file"):
        read_header(tmp_path / "model.gguf")
    with pytest.raises(ModelError, match=r"missing\.gguf: cannot be read \(No such file"):
        read_header(tmp_path / "missing.gguf")
