"""try: a review from a plain user export, and what is said of a file that is none."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.saying import Place

SALESFORCE = (
    "User ID",
    "Username",
    "Full Name",
    "Email",
    "Active",
    "Profile",
    "Role",
    "Last Login",
    "Created Date",
    "Manager",
)
HUBSPOT = (
    "User ID",
    "First name",
    "Last name",
    "Email",
    "Status",
    "Super admin",
    "Main team",
    "Last login",
    "Date added",
)


def of_salesforce(folder: Path) -> Path:
    """Ada manages Bo; Bo has not signed in for years, Ada administers."""
    return write(folder / "salesforce-users.csv", SALESFORCE, [
        ("005A", "ada@corp.example", "Ada Lovelace", "ada@example.com", "1", "System Administrator", "CEO", "2026-11-20",
         "2019-01-02", ""),
        ("005B", "bo@corp.example", "Bo Reed", "bo@example.com", "1", "Standard User", "Sales", "2023-02-01",
         "2019-01-02", "Ada Lovelace"),
        ("005C", "cy@corp.example", "Cy Twombly", "cy@example.com", "0", "Standard User", "Sales", "2026-11-01",
         "2019-01-02", "Ada Lovelace"),
    ])  # fmt: skip


def of_hubspot(folder: Path) -> Path:
    return write(folder / "hubspot-users.csv", HUBSPOT, [
        ("1", "Ada", "Lovelace", "ada@example.com", "Active", "Yes", "Sales", "2026-11-20", "2019-01-02"),
        ("2", "Bo", "Reed", "bo@example.com", "Active", "No", "Sales", "2023-02-01", "2019-01-02"),
    ])  # fmt: skip


def write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize("export", [of_salesforce, of_hubspot])
def test_an_export_becomes_a_review_without_any_credential(empty: Place, tmp_path: Path, export: Any) -> None:
    file = export(tmp_path)
    told = empty.rolecall("try", str(file), "--json").json()
    assert told["accounts"] == len(file.read_text().splitlines()) - 1
    assert told["items"] > 2
    assert told["findings"]["inactive_account"] >= 1
    beside = Place(Path(told["home"]), {}, None)
    items = beside.rolecall("campaign", "items", str(told["campaign"]), "--as", "you", "--json").json()
    assert items
    answer = ("decide", str(items[0]["id"]), "remove", "--as", "you", "-r", "left the team")
    beside.rolecall(*answer).well()
    assert "Bo Reed" in beside.rolecall("person", "access", "bo@example.com").well().all


def test_what_the_file_cannot_say_is_said(empty: Place, tmp_path: Path) -> None:
    said = empty.rolecall("try", str(of_salesforce(tmp_path))).well()
    assert "cannot say who has left" in said.all
    assert "ROLECALL_HOME=" in said.all


def test_trying_again_begins_anew(empty: Place, tmp_path: Path) -> None:
    first = empty.rolecall("try", str(of_salesforce(tmp_path)), "--json").json()
    assert empty.rolecall("try", str(of_salesforce(tmp_path)), "--json").json() == first


def test_whoever_decides_may_be_named(empty: Place, tmp_path: Path) -> None:
    told = empty.rolecall("try", str(of_hubspot(tmp_path)), "--reviewer", "Grace", "--json").json()
    beside = Place(Path(told["home"]), {}, None)
    shares = beside.rolecall("campaign", "show", str(told["campaign"]), "--json").json()["shares"]
    assert "Grace" in {share["reviewer"] for share in shares}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('User ID,Username\n005A,"ada\n', ("line 2",)),  # a quote that is never closed
        ("User ID,Username,Active\n005A,ada@corp.example\n", ("line 2",)),  # a field is missing
        ("Colour,Shape\nred,round\n", ("Colour",)),  # nothing to tell accounts apart by
        ("User ID,Username\n", ()),
        ("", ()),
    ],
)
def test_a_broken_file_is_refused_naming_where(empty: Place, tmp_path: Path, text: str, told: tuple[str, ...]) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text)
    said = empty.rolecall("try", str(file), "--json").refused(*told)
    assert said.out == ""
    assert said.err.strip()


def test_a_file_that_is_not_there_is_named(empty: Place, tmp_path: Path) -> None:
    empty.rolecall("try", str(tmp_path / "nothing.csv")).refused("nothing.csv")
    empty.rolecall("try", str(tmp_path)).refused(tmp_path.name, "directory")
