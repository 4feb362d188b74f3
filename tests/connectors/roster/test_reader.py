"""A roster file is read with a receipt that says where it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import registry
from connectors.connector import ByHand, Look, Reader, State, Target, TargetKind
from connectors.errors import Declined, Denied, Misread
from connectors.receipt import Verdict, judge
from connectors.records import Stream
from connectors.roster.people import HEADER

TOLD = {
    "extracted_at": "2026-03-04T06:00:00+01:00",
    "source": "payroll",
    "uploaded_by": "ada@example.com",
    "approved_by": "hr@example.com",
}


def reader(tmp_path: Path, text: str, **config: str) -> Reader:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    return registry.open_reader("roster", {"path": str(path), **config}, {}, lambda _: None)


def row(key: int) -> str:
    return f"{key},p{key}@example.com,Person {key},,,,,,,,"


def test_everybody_is_read_and_the_receipt_says_who_answers_for_it(tmp_path: Path) -> None:
    opened = reader(tmp_path, "\n".join([HEADER, row(1), row(2), ",x@example.com,X,,,,,,,,"]), **TOLD)
    (page,) = opened.pull(Stream.PEOPLE)
    assert page.resume is None
    assert [record.key for record in page.records] == ["1", "2"]  # type: ignore[union-attr]
    assert page.receipt.rows == 3
    assert page.receipt.dropped == ("line 4: refused: no id",)
    assert page.receipt.at == datetime(2026, 3, 4, 5, tzinfo=UTC)
    for told in ("people.csv", "payroll", "ada@example.com", "hr@example.com", page.receipt.digest):
        assert told in page.receipt.asked
    assert str(tmp_path) not in page.receipt.asked
    assert judge([page.receipt]).verdict is Verdict.COMPLETE


def test_a_long_roster_comes_in_pages_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    text = "\n".join([HEADER, *map(row, range(2_500))])
    opened = reader(tmp_path, text)
    pages = list(opened.pull(Stream.PEOPLE))
    assert [len(page.records) for page in pages] == [1_000, 1_000, 500]
    assert judge([page.receipt for page in pages]).rows == 2_500
    assert list(opened.pull(Stream.PEOPLE, pages[0].resume)) == pages[1:]
    (tmp_path / "people.csv").write_text(text + "\n" + row(9_999))
    with pytest.raises(Misread) as caught:
        list(opened.pull(Stream.PEOPLE, pages[0].resume))
    assert caught.value.restart


def test_check_says_what_can_be_read_and_what_nobody_said(tmp_path: Path) -> None:
    coverage = reader(tmp_path, HEADER + ",shoes\n" + row(1) + ",44\n", source="payroll").check()
    assert coverage.system_name == "payroll"
    assert coverage.streams[Stream.PEOPLE].readable
    assert "shoes" in str(coverage.streams[Stream.PEOPLE].note)
    assert set(coverage.streams) == {Stream.PEOPLE}
    assert "not said: approved_by" in coverage.notes
    refused = reader(tmp_path, "id,name\n1,Bo\n").check().streams[Stream.PEOPLE]
    assert not refused.readable
    assert HEADER in str(refused.missing)


@pytest.mark.parametrize("text", [HEADER + "\n", HEADER + '\n1,"x\n', "id,name\n1,Bo\n"])
def test_a_file_that_cannot_be_trusted_yields_nobody(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misread):
        list(reader(tmp_path, text).pull(Stream.PEOPLE))


def test_mistakes_in_the_config_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="path"):
        registry.open_reader("roster", {}, {}, lambda _: None)
    with pytest.raises(ValueError, match="extracted_at"):
        reader(tmp_path, HEADER, extracted_at="2026-03-04")
    with pytest.raises(Denied):
        list(reader(tmp_path, HEADER).pull(Stream.GRANTS))


def test_the_executor_only_writes_steps_for_people(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(HEADER + "\n" + row(1))
    executor = registry.open_executor("roster", {"path": str(tmp_path / "people.csv")}, {}, lambda _: None)
    target = Target(TargetKind.ACCOUNT, account_key="1")
    look = executor.look(target)
    assert look == Look(State.UNKNOWN, {}, asked=look.asked, digest="", because=look.because)
    assert isinstance(executor.plan(target, look), ByHand)
    assert isinstance(executor.restore(look), ByHand)
    assert executor.check().acts == frozenset()
    with pytest.raises(Declined):
        executor.perform(None)  # type: ignore[arg-type]
