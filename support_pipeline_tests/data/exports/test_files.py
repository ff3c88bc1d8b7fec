import gzip
import json
import zipfile
from pathlib import Path

import pytest

from support_pipeline.data.exports import READERS
from support_pipeline.data.exports import pieces as cutting
from support_pipeline.data.exports.files import ExportFile, digest, find_files
from support_pipeline.data.exports.pieces import pieces
from support_pipeline.data.exports.records import RawRecord, records
from support_pipeline.errors import ExportError

ROWS = [{"id": number, "text": f"é{number}"} for number in range(1, 6)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def read(path: Path, vendor: str = "zendesk", size: int = 1 << 20) -> list[RawRecord]:
    reader = READERS[vendor]
    found = find_files(path.parent, path.name)
    return [
        record for file in found for piece in pieces(file, reader, size) for record in records(piece, reader)
    ]


def values(found: list[RawRecord]) -> list[object]:
    return [record.value for record in found if record.value is not None]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ndjson", LINES),
        ("a.jsonl", "\ufeff" + LINES.replace("\n", "\r\n")),
        ("a.json", LINES),  # many systems call lines .json
        ("a.json", json.dumps(ROWS)),
        ("a.json", json.dumps({"tickets": ROWS, "count": 5}, indent=1)),
        ("a.json", json.dumps({"count": 5, "tickets": ROWS})),
        ("a.json", '{\n"tickets": [\n' + ",\n".join(map(json.dumps, ROWS)) + "\n]}"),
        ("a.json", "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]"),
        ("a.ndjson", json.dumps(ROWS)),
        ("a.ndjson.gz", gzip.compress(LINES.encode())),
        ("a.json.gz", gzip.compress(json.dumps(ROWS).encode())),
        ("a.ndjson", LINES.encode("utf-16")),
        ("a.ndjson", LINES.encode("utf-16-le")),
        ("a.ndjson", LINES.encode("utf-16-be")),
        ("a.ndjson.gz", gzip.compress(LINES.encode("utf-16-le"))),
        ("a.json", json.dumps(ROWS, ensure_ascii=False).encode("utf-16-be")),
        ("a.json", json.dumps(ROWS, indent=1).encode("utf-32-le")),
        ("a.json", json.dumps(ROWS, ensure_ascii=False).encode("utf-8-sig")),
        ("a.ndjson", LINES.encode("cp1252")),
        ("a.json", json.dumps(ROWS, ensure_ascii=False).encode("cp1252")),
    ],
)
@pytest.mark.parametrize("size", [16, 1 << 20])
def test_the_same_records_whatever_the_wrapping(
    tmp_path: Path, name: str, content: str | bytes, size: int
) -> None:
    found = read(write(tmp_path / name, content), size=size)
    assert values(found) == ROWS
    assert [record.line for record in found] == [1, 2, 3, 4, 5]


def test_a_zip_is_read_member_by_member_in_natural_order(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("page-10.json", json.dumps(ROWS[3:]))
        archive.writestr("page-9.json", json.dumps({"tickets": ROWS[:2]}))
        archive.writestr("page-9b.ndjson.gz", gzip.compress(json.dumps(ROWS[2]).encode()))
        archive.writestr("__MACOSX/page-9.json", "rubbish")
        archive.writestr("readme.txt", "no export")
    found = find_files(tmp_path, "all.zip")
    assert [file.name for file in found] == [
        "all.zip!page-9.json",
        "all.zip!page-9b.ndjson.gz",
        "all.zip!page-10.json",
    ]
    assert values(read(tmp_path / "all.zip")) == ROWS


def test_one_record_alone_is_a_page(tmp_path: Path) -> None:
    assert values(read(write(tmp_path / "one.json", json.dumps(ROWS[0], indent=2)))) == ROWS[:1]
    assert values(read(write(tmp_path / "two.json", json.dumps(ROWS[0])))) == ROWS[:1]


def test_what_a_page_holds_once_is_lent_to_its_records(tmp_path: Path) -> None:
    page = {"users": [{"id": 9}], "tickets": [{"id": 1}, {"id": 2, "users": []}]}
    assert values(read(write(tmp_path / "p.json", json.dumps(page)))) == [
        {"id": 1, "users": [{"id": 9}]},
        {"id": 2, "users": []},
    ]


def test_broken_lines_are_kept_with_their_place_and_reason(tmp_path: Path) -> None:
    content = '{"id": 1}\n\n{"id": 2, "x": "cut\n[1]\nnull\n{"id": 3}\n{"id": 4, "la'
    found = read(write(tmp_path / "a.ndjson", content))
    assert values(found) == [{"id": 1}, {"id": 3}]
    broken = {record.line: record for record in found if record.value is None}
    assert sorted(broken) == [3, 4, 5, 7]
    assert broken[3].raw == b'{"id": 2, "x": "cut'
    assert broken[3].reason.startswith("not JSON")
    assert broken[4].reason == "not an object but a list"
    assert broken[5].reason == "not an object but null"


@pytest.mark.parametrize(
    "first", ["[]", "[1]", "<html>", "{", '{"tickets": [', "oops", '{"id": 0, "x": "cut']
)
def test_a_broken_first_line_costs_no_other(tmp_path: Path, first: str) -> None:
    for name in ("a.ndjson", "a.json"):
        found = read(write(tmp_path / name, first + "\n" + LINES))
        assert values(found) == ROWS
        assert (found[0].line, found[0].value) == (1, None)


def test_what_follows_a_closed_list_is_kept(tmp_path: Path) -> None:
    found = read(write(tmp_path / "p.json", json.dumps(ROWS) + json.dumps(ROWS)))
    assert values(found) == ROWS
    assert found[-1].raw.startswith(b"][")


def test_json_that_only_python_writes_is_read(tmp_path: Path) -> None:
    content = '{"id": 1, "x": NaN}\n{"id": 2, "x": "half \\ud83d"}\n'
    found = values(read(write(tmp_path / "a.ndjson", content)))
    assert [row["id"] for row in found if isinstance(row, dict)] == [1, 2]
    assert found[1] == {"id": 2, "x": "half \ufffd"}


@pytest.mark.parametrize("wrapped", [ROWS, {"meta": {"n": [1]}, "tickets": ROWS}])
def test_a_page_that_is_cut_off_gives_its_complete_records(tmp_path: Path, wrapped: object) -> None:
    content = json.dumps(wrapped)
    cut = content[: content.index('{"id": 4') + 12]
    found = read(write(tmp_path / "p.json", cut))
    assert values(found) == ROWS[:3]
    rest = found[-1]
    assert (rest.line, rest.value) == (4, None)
    assert "cut off" in rest.reason
    assert rest.raw.startswith(b'{"id": 4')


def test_a_page_that_is_no_json_is_one_quarantined_record(tmp_path: Path) -> None:
    found = read(write(tmp_path / "p.json", "<<<< maintenance >>>>"))
    assert [record.value for record in found] == [None]


def test_a_page_cut_off_after_its_list_loses_nothing(tmp_path: Path) -> None:
    found = read(write(tmp_path / "p.json", json.dumps({"tickets": ROWS})[:-1] + ', "meta": {"nex'))
    assert values(found) == ROWS and len(found) == 5


def test_a_damaged_gzip_gives_what_can_be_unpacked(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": n, "text": str(n * 7919)}) + "\n" for n in range(20_000))
    packed = gzip.compress(lines.encode())
    found = read(write(tmp_path / "a.ndjson.gz", packed[: len(packed) // 2]))
    assert len(values(found)) > 1000
    assert [record.value for record in found].count(None) == 1
    assert found[-1].reason.startswith("the file is damaged")
    assert found[-1].line == found[-2].line + 1


def test_a_damaged_gzip_of_rows_says_where_it_ended(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number * 7919}\n" for number in range(1, 20_000))
    packed = gzip.compress(f"id,subject\n{rows}".encode())
    found = read(write(tmp_path / "a.csv.gz", packed[: len(packed) // 2]))
    assert len(values(found)) > 1000
    assert found[-1].reason.startswith("the file is damaged")
    assert found[-1].line == found[-2].line + 1


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b""])
def test_a_zip_that_is_none_is_quarantined_whole(tmp_path: Path, content: bytes) -> None:
    found = read(write(tmp_path / "a.zip", content))
    assert [record.value for record in found] == [None]
    assert "damaged" in found[0].reason


def test_a_page_too_big_to_hold_is_read_record_by_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "WHOLE_BYTES", 64)
    content = json.dumps({"tickets": ROWS * 20, "count": 100}, indent=1, ensure_ascii=False)
    found = read(write(tmp_path / "p.json", content), size=100)
    assert values(found) == ROWS * 20
    assert [record.line for record in found] == list(range(1, 101))
    cut = read(write(tmp_path / "p.json", content[: len(content) // 2]), size=100)
    kept = values(cut)
    assert kept == (ROWS * 20)[: len(kept)] and len(kept) > 40
    assert (cut[-1].value, cut[-1].line) == (None, len(kept) + 1)


XML = """<?xml version="1.0" encoding="UTF-8"?>
<helpdesk-tickets type="array">
  <helpdesk-ticket>
    <display-id type="integer">7</display-id><created-at type="datetime">2026-05-04T12:00:00+02:00</created-at>
    <subject>caf&#233; &#x1;</subject><spam type="boolean">false</spam><due-by nil="true"/>
    <notes type="array"><helpdesk-note><body>hi</body><private type="boolean">true</private></helpdesk-note></notes>
  </helpdesk-ticket>
  <helpdesk-ticket><display-id>8</display-id><bro</helpdesk-ticket>
  <helpdesk-ticket><display-id>9</display-id></helpdesk-ticket>
  <helpdesk-ticket><display-id>10</disp"""


@pytest.mark.parametrize("whole", [1 << 20, 16])
def test_xml_is_read_ticket_by_ticket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: int) -> None:
    monkeypatch.setattr(cutting, "WHOLE_BYTES", whole)
    found = read(write(tmp_path / "tickets.xml", XML), "freshdesk", size=64)
    first = found[0].value
    assert first is not None
    assert (first["display_id"], first["subject"], first["spam"], first["due_by"]) == (
        "7",
        "café ",
        False,
        None,
    )
    assert first["notes"] == [{"body": "hi", "private": True}]
    assert [(record.line, record.value is None) for record in found] == [
        (1, False),
        (2, True),
        (3, False),
        (4, True),
    ]
    assert "cut off" in found[3].reason


def test_csv_headings_become_places_in_a_record(tmp_path: Path) -> None:
    content = (
        'Ticket Id;Subject;Created time;Resolved time;Tags\n7;"two\nlines";04-05-2026 12:00;;"a,b"\n8;short\n'
    )
    found = read(write(tmp_path / "tickets.csv", content), "freshdesk")
    assert found[0].value == {
        "id": "7",
        "subject": "two\nlines",
        "created_at": "04-05-2026 12:00",
        "tags": "a,b",
    }
    assert (found[1].value, found[1].reason) == (None, "2 cells under 5 headings")


def test_a_folder_gives_its_exports_only(tmp_path: Path) -> None:
    for name in ("page-10.json", "page-9.json", ".state.json", "b.json.tmp", "README.md", "deep/page-1.json"):
        path = tmp_path / "drop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[]", encoding="utf-8")
    names = ["drop/deep/page-1.json", "drop/page-9.json", "drop/page-10.json"]
    assert [file.name for file in find_files(tmp_path, "drop")] == names
    assert [file.name for file in find_files(tmp_path, "drop/page-*.json")] == names[1:]
    assert len(find_files(Path("/elsewhere"), str(tmp_path / "drop" / "*.json"))) == 2


@pytest.mark.parametrize("pattern", ["nothing.json", "empty", "no-*.json"])
def test_a_source_without_files_says_so(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match=r"Put the helpdesk's export there|correct the source's path"):
        find_files(tmp_path, pattern)


def test_the_digest_follows_names_and_content_only(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.json", "[]"), write(tmp_path / "b.json", "[1]")
    both = [ExportFile(first, "a.json"), ExportFile(second, "b.json")]
    before = digest(both)
    assert before == digest(both[::-1])
    write(second, "[2]")
    assert digest(both) != before
