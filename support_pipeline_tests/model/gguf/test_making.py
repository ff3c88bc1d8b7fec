"""A release's GGUF from end to end on a tiny model: files, proofs, metadata, and what blocks."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from support_pipeline.artifacts import Check
from support_pipeline.errors import ModelError
from support_pipeline.model.gguf import making
from support_pipeline.model.gguf.convert import convert
from support_pipeline.model.gguf.header import read_header
from support_pipeline.model.gguf.job import GgufJob, Judged
from support_pipeline.model.gguf.licence import licence_of
from support_pipeline.model.gguf.making import make_gguf
from support_pipeline.model.gguf.parity import followed_answers, reference_answers
from support_pipeline.model.gguf.transitions import Served
from support_pipeline.model.prompt import template_sha256
from support_pipeline.serving.engine import Generation, LlamaCppEngine
from support_pipeline_tests.model.gguf import tiny

CHECKS = ("tokens_equal", "f16_answers_equal", "logits_near", "answers_stop")


def job(folder: Path, base: Path, adapter: Path, **changes: Any) -> GgufJob:
    out, whole = folder / "out", folder / "adapter"
    out.mkdir(parents=True)
    whole.mkdir()
    for source in (base, adapter):
        for file in source.glob("*"):
            if source == adapter or file.name in (
                "tokenizer.json",
                "tokenizer_config.json",
                "chat_template.jinja",
            ):
                (whole / file.name).write_bytes(file.read_bytes())
    chats = folder / "test.jsonl"
    lines = [
        json.dumps({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]})
        for asked, told in tiny.OTHER_LESSONS.items()
    ]
    chats.write_text("\n".join(lines) + "\n", encoding="utf-8")
    facts: dict[str, Any] = {
        "client": "acme",
        "as_of": "2026-09",
        "base": base,
        "base_name": "tiny/llama",
        "adapter": whole,
        "chats": chats,
        "quantisation": "F16",
        "context_tokens": 1024,
        "max_answer_tokens": 40,
    }
    return GgufJob(out=out, stats=folder / "stats.json", **facts | changes)


def made(one: GgufJob) -> dict[str, Any]:
    make_gguf(one, lambda line: None)
    found: dict[str, Any] = json.loads((one.out / "parity.json").read_text())
    return found


def test_all_of_the_test_split_is_proven_and_the_adapter_comes_alone_too(
    llama: Path, llama_lora: Path, tmp_path: Path
) -> None:
    one = job(tmp_path, llama, llama_lora)
    found = made(one)
    assert tuple(found["checks"]) == tuple(sorted(CHECKS))
    assert all(check["passed"] for check in found["checks"].values()), found["checks"]
    assert found["counts"]["answers"] == found["counts"]["f16_equal"] == len(tiny.OTHER_LESSONS)
    assert found["info"]["stop_rate"] == 1
    assert {path.name for path in one.out.iterdir()} == {
        "acme-2026-09-F16.gguf",
        "acme-2026-09-lora.gguf",
        "parity.json",
    }
    assert read_header(one.out / "acme-2026-09-lora.gguf")["general.type"] == "adapter"


def test_the_file_says_what_it_is(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    one = job(tmp_path, llama, llama_lora, licence="Apache-2.0", quantisation="Q5_K_M")
    found = made(one)
    facts = read_header(one.out / found["info"]["file"])
    template = (llama / "chat_template.jinja").read_text(encoding="utf-8")
    assert facts["general.name"] == "acme 2026-09"
    assert facts["general.license"] == "Apache-2.0"
    assert facts["support_pipeline.base"] == "tiny/llama"
    assert facts["support_pipeline.client"] == "acme"
    assert facts["support_pipeline.release"] == "2026-09"
    assert facts["support_pipeline.template_sha256"] == template_sha256(template)


def test_an_importance_matrix_from_training_chats_changes_the_quantised_file(
    llama: Path, llama_lora: Path, tmp_path: Path
) -> None:
    plain = job(tmp_path / "plain", llama, llama_lora, quantisation="Q4_K_M")
    tuned = job(tmp_path / "tuned", llama, llama_lora, quantisation="Q4_K_M")
    tuned = tuned.model_copy(update={"calibration": tuned.chats})
    assert not made(plain)["info"]["importance"]
    assert made(tuned)["info"]["importance"]
    files = [(one.out / "acme-2026-09-Q4_K_M.gguf").read_bytes() for one in (plain, tuned)]
    assert len(files[0]) == len(files[1]) and files[0] != files[1]


def test_answers_that_do_not_end_block_the_release(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    found = made(job(tmp_path, llama, llama_lora, max_answer_tokens=3))
    assert not found["checks"]["answers_stop"]["passed"]
    assert "at least 99.5%" in found["checks"]["answers_stop"]["detail"]
    assert found["checks"]["f16_answers_equal"]["passed"]


def test_a_quantisation_that_loses_too_much_gives_way_to_a_finer_one(
    llama: Path, llama_lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged(
        answers=tmp_path, index=tmp_path, brand="", policies=(), today=date(2026, 9, 30), teams=(), loss=0.05
    )
    verdicts = iter([False, False, True])
    monkeypatch.setattr(
        making,
        "judge_served",
        lambda *_: Served(Check(passed=next(verdicts), detail="9 of 99 answers score lower"), {}, {}),
    )
    one = job(tmp_path, llama, llama_lora, quantisation="Q4_K_M", judged=judged)
    found = made(one)
    assert found["info"]["quantisation"] == "Q8_0" and found["info"]["quantisation_wanted"] == "Q4_K_M"
    assert found["info"]["too_lossy"] == dict.fromkeys(("Q4_K_M", "Q5_K_M"), "9 of 99 answers score lower")
    assert found["checks"]["scores_kept"]["passed"]
    assert sorted(path.name for path in one.out.glob("*.gguf")) == [
        "acme-2026-09-Q8_0.gguf",
        "acme-2026-09-lora.gguf",
    ]


CONVERTER = """
import sys
from pathlib import Path
from support_pipeline.model.gguf.convert import convert
folder, flag, target, *rest = sys.argv[1:]
if [flag, *rest] != ["--outfile", "--outtype", "f16"]:
    sys.exit("unexpected arguments")
convert(Path(folder), Path(target))
"""


def test_another_converter_is_held_to_the_same_proofs(llama: Path, llama_lora: Path, tmp_path: Path) -> None:
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(CONVERTER)
    own, theirs = job(tmp_path / "own", llama, llama_lora), job(tmp_path / "theirs", llama, llama_lora)
    theirs = theirs.model_copy(update={"converter": script})
    made(own)
    found = made(theirs)
    assert found["info"]["converter"] == "llama.cpp"
    assert all(check["passed"] for check in found["checks"].values()), found["checks"]
    facts = [read_header(one.out / "acme-2026-09-F16.gguf") for one in (own, theirs)]
    assert facts[0] == facts[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("import sys; print('Model X is not supported'); sys.exit(1)", "Model X is not supp"),
    ],
)
def test_a_converter_that_fails_is_quoted(
    text: str | None, message: str, llama: Path, llama_lora: Path, tmp_path: Path
) -> None:
    script = tmp_path / "convert.py"
    if text:
        script.write_text(text)
    one = job(tmp_path / "job", llama, llama_lora, converter=script)
    with pytest.raises(ModelError, match=message):
        make_gguf(one, lambda line: None)
    assert not list(one.out.glob("*.gguf"))


def test_following_an_answer_finds_what_generating_finds(llama: Path, tmp_path: Path) -> None:
    prompts = tiny.prompts(llama, [*tiny.LESSONS, "something else"])
    model = convert(llama, tmp_path / "model.gguf")
    with LlamaCppEngine(model, log=tmp_path / "log", threads=1) as engine:
        served = engine.generate_many(prompts, max_tokens=40, deadline_seconds=60)
    generated = reference_answers(llama, prompts, max_tokens=40)
    followed = followed_answers(llama, prompts, served, max_tokens=40)
    assert [one.tokens for one in followed] == [one.tokens for one in generated]
    assert [one.data for one in followed] == [one.data for one in generated]
    for one, other in zip(followed, generated, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)


def test_an_answer_that_strays_is_followed_to_where_it_does(llama: Path) -> None:
    prompts = tiny.prompts(llama, list(tiny.LESSONS)[:1])
    right = reference_answers(llama, prompts, max_tokens=40)[0]
    strayed = (*right.tokens[:3], right.tokens[3] + 1, *right.tokens[4:])
    said = Generation(
        "x", strayed, tuple(0.0 for _ in strayed), "stop", prompt_tokens=1, generated_tokens=len(strayed)
    )
    found = followed_answers(llama, prompts, [said], max_tokens=40)[0]
    assert found.tokens == right.tokens[:4]


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({"README.md": "---\nlicense: apache-2.0\n---\nA model."}, "apache-2.0"),
        ({"README.md": "---\nlicense: other\nlicense_name: llama3\n---\n"}, "llama3"),
        ({"LICENSE": "META LLAMA 3 COMMUNITY LICENSE AGREEMENT\n..."}, "llama3"),
        ({"LICENSE.txt": "                 Apache License\n   Version 2.0"}, "apache-2.0"),
        ({}, "unknown"),
    ],
)
def test_the_licence_is_what_the_folder_says(files: dict[str, str], licence: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert licence_of(tmp_path) == licence
