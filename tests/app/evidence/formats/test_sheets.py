"""Tables that open in a spreadsheet and calculate nothing there."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.evidence import archive
from app.evidence.formats import sheets

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def written(path: Path, rows: list[dict[str, object]], *, most: int = sheets.MOST_ROWS) -> tuple[list[list[str]], Any]:
    with archive.sealing(path, AT) as packet, sheets.writing({"people": ("name", "age")}, AT, most=most) as tables:
        for row in rows:
            tables.put("people", row)
        tables.add_to(packet)
    with zipfile.ZipFile(path) as packet_file:
        text = packet_file.read("tables/people.csv").decode("utf-8-sig")
        book = openpyxl.load_workbook(io.BytesIO(packet_file.read("review.xlsx")))
    return list(csv.reader(io.StringIO(text))), book


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        "|calc",
        "%0A=1",
        "\uff1d1",
        "\u200b=1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_text_that_would_calculate_is_made_harmless(tmp_path: Path, text: str) -> None:
    rows, book = written(tmp_path / "p.zip", [{"name": text, "age": 1}])
    assert rows[1][0] == f"'{text}"
    cell = book["people"]["A2"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("text", ["Bo", "bo@example.com", "a=b", "1-2", "Zoë", "", "two\nlines", 'a "quoted", word'])
def test_other_text_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    assert written(tmp_path / "p.zip", [{"name": text, "age": 1}])[0][1][0] == text


def test_cells_say_yes_no_nothing_numbers_and_lists(tmp_path: Path) -> None:
    given = [{"name": True, "age": -5}, {"name": None, "age": 10**20}, {"name": ["a", "b"], "age": False}]
    rows, book = written(tmp_path / "p.zip", given)
    assert rows[1:] == [["yes", "-5"], ["", "100000000000000000000"], ["a, b", "no"]]
    assert book["people"]["B2"].value == -5


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(tmp_path: Path) -> None:
    rows, book = written(tmp_path / "p.zip", [{"name": f"n{n}", "age": n} for n in range(7)], most=4)
    assert book.sheetnames == ["people", "people 2", "people 3"]
    assert [book["people 3"].cell(row, 1).value for row in (1, 2)] == ["name", "n6"]
    assert len(rows) == 8


def test_text_longer_than_a_cell_is_cut_in_the_workbook_and_whole_in_the_csv(tmp_path: Path) -> None:
    rows, book = written(tmp_path / "p.zip", [{"name": "x" * 40_000, "age": 1}])
    assert len(rows[1][0]) == 40_000
    assert book["people"]["A2"].value == "x" * 32_766 + "…"


def test_a_packet_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError), archive.sealing(tmp_path / "p.zip", AT) as packet:
        packet.add_lines("a.jsonl", [{"fine": 1}, object()])
    assert list(tmp_path.iterdir()) == []
