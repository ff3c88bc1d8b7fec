"""llama.cpp's own converter, for who has a checkout of it: its file with this project's metadata.

Its output passes the same proofs as the built-in converter's.
"""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter

from support_pipeline.errors import ModelError
from support_pipeline.model.gguf.convert import Provenance
from support_pipeline.model.gguf.writer import new_gguf
from support_pipeline.model.prompt import template_sha256

_WRITTEN = ("general.name", "general.license", "tokenizer.chat_template")


def convert_with(converter: Path, folder: Path, target: Path, *, log: Path) -> Path:
    """The F16 GGUF that convert_hf_to_gguf.py makes of a checkpoint folder.

    Raises:
        ModelError: there is no such script, or it fails (its own words are quoted).
    """
    if not converter.is_file():
        raise ModelError(
            f"{converter}: no such file. Name llama.cpp's convert_hf_to_gguf.py, or leave it out."
        )
    command = [sys.executable, str(converter), str(folder), "--outfile", str(target), "--outtype", "f16"]
    with log.open("wb") as stream:
        code = subprocess.call(command, stdout=stream, stderr=subprocess.STDOUT)
    if code or not target.is_file():
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ModelError(
            f"{converter} ended with code {code} and said: {lines[-1] if lines else 'nothing'} (all of it in {log}). "
            "Leave base_model.converter out to use the built-in converter."
        )
    return target


def with_provenance(source: Path, target: Path, provenance: Provenance, template: str) -> Path:
    """The same tensors and metadata, with where the model comes from and the template of the training."""
    reader = GGUFReader(source)
    architecture = str(reader.fields["general.architecture"].contents())
    with new_gguf(target, architecture) as writer:
        for name, field in reader.fields.items():
            if name.startswith("GGUF.") or name == "general.architecture" or name in _WRITTEN:
                continue
            inner = field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
        write_provenance(writer, provenance, template)
        for tensor in reader.tensors:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return target


def write_provenance(writer: GGUFWriter, provenance: Provenance, template: str) -> None:
    """Name, licence, origin and the template with its digest."""
    writer.add_name(provenance.name)
    writer.add_license(provenance.licence)
    for field in fields(provenance):
        writer.add_string(f"support_pipeline.{field.name}", getattr(provenance, field.name))
    writer.add_string("support_pipeline.template_sha256", template_sha256(template))
    writer.add_chat_template(template)
