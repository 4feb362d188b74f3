"""A delimited file is read whole or refused whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors import delimited
from connectors.errors import Misread, Unreachable


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_usual_dialect_reads_the_same(delimiter: str, mark: bytes, newline: str) -> None:
    lines = [["id", "name"], ["7", '"Bo, the; younger"'], ["8", "Zoë"]]
    raw = mark + newline.join(delimiter.join(line) for line in lines).encode()
    table = delimited.read("x.csv", raw)
    assert table.header == ("id", "name")
    assert [row.cells for row in table.rows] == [("7", "Bo, the; younger"), ("8", "Zoë")]
    assert [row.line for row in table.rows] == [2, 3]


def test_a_row_is_named_by_the_line_it_begins_on() -> None:
    table = delimited.read("x.csv", b'id,note\n1,"two\nlines"\n\n,\n2,x\n')
    assert [(row.line, row.cells[0]) for row in table.rows] == [(2, "1"), (6, "2")]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'id,name\n1,"Bo\n2,Eve\n', "line 2"),
        (b"id,name\n1,Bo\n2", "line 3: 1 fields where the header has 2"),
        (b"id,name\n1,Bo,extra\n", "line 2: 3 fields"),
        (b"id,name\n1,Bj\xf6rn\n", "line 2: not UTF-8"),
        ("id,name\n1,Bo\n".encode("utf-16"), "UTF-16"),
        (b"id,name\n1,Bo\n\0\0\0\0", "NUL"),
    ],
)
def test_a_damaged_file_is_refused_with_the_line(raw: bytes, why: str) -> None:
    with pytest.raises(Misread, match=why):
        delimited.read("x.csv", raw)


def test_every_cut_of_a_file_is_refused_or_falls_at_its_very_last_field() -> None:
    """CSV cannot prove where it ends: a cut at a row's end is caught by the count against the last reading only."""
    raw = b'id,name,title\n1,"Bo","Seller"\n2,"Eve","Buyer"\n'
    for end in range(len(b"id,name,title\n"), len(raw)):
        try:
            rows = delimited.read("x.csv", raw[:end]).rows
        except Misread:
            continue
        whole = [("1", "Bo", "Seller"), ("2", "Eve", "Buyer")][: len(rows)]
        assert [row.cells for row in rows][:-1] == whole[:-1]
        assert not rows or rows[-1].cells in (whole[-1], (*whole[-1][:-1], ""))


def test_an_empty_or_absent_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b" \n")
    with pytest.raises(Misread, match="empty"):
        delimited.bytes_of(tmp_path / "empty.csv")
    with pytest.raises(Unreachable, match=r"none\.csv") as caught:
        delimited.bytes_of(tmp_path / "none.csv")
    assert str(tmp_path) not in str(caught.value)


def test_a_footer_is_taken_only_when_it_is_recognised() -> None:
    raw = b"id,name\n1,Bo\n\nCopyright of somebody\n"
    with pytest.raises(Misread):
        delimited.read("x.csv", raw, is_footer=lambda rows: False)
    assert delimited.read("x.csv", raw, is_footer=lambda rows: True).footer == ("Copyright of somebody",)
