"""The checklist as it is packaged: 95 lines, each with a live test, a form or a computation, and the map of standards."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.compliance import columns, computing
from app.compliance.controls import catalogue, mapping
from app.compliance.controls.line import Line, Mode

LINES = list(catalogue.LINES.values())


def named(line: Line) -> str:
    return line.id


def test_there_are_ninety_five_lines_and_no_id_twice() -> None:
    told = tomllib.loads(Path(catalogue.__file__).with_name("lines.toml").read_text())["line"]
    assert len(told) == len(LINES) == 95


def test_sections_hold_what_the_checklist_holds() -> None:
    counts = {section.key: len(catalogue.of_section(section.key)) for section in catalogue.SECTIONS}
    assert sum(counts.values()) == 95
    assert [counts[key] for key in ("9.1", "9.2", "9.3", "10.1", "16.1", "17.1", "P.1", "P.2")] == [
        4,
        4,
        3,
        4,
        4,
        4,
        5,
        4,
    ]
    assert [sum(n for key, n in counts.items() if key[0] == letter) for letter in "DGRF"] == [10, 9, 4, 4]


@pytest.mark.parametrize("line", LINES, ids=named)
def test_every_line_has_a_live_test_a_form_or_a_computation(line: Line) -> None:
    live = line.rules or line.streams or line.computed or line.joined or line.follows
    form = line.paper is not None and (line.paper.required or line.paper.stands_in)
    awaited = line.awaits and line.paper is not None  # until its rule is there, there is a paper to hand in
    assert live or form or awaited
    assert line.modes


@pytest.mark.parametrize("line", LINES, ids=named)
def test_what_a_line_names_exists(line: Line) -> None:
    assert set(line.rules) <= catalogue.RULES.keys()
    assert set(line.computed) <= computing.COMPUTED.keys()
    assert set(line.joined) <= set(columns.KINDS)
    assert set(line.soc2) <= mapping.CRITERIA.keys()
    assert set(line.iso2022) <= mapping.NAMES.keys()
    assert line.iso2022 or line.clauses
    assert line.soc2
    before = LINES[: LINES.index(line)]
    assert set(line.follows) <= {each.id for each in before}  # judged in this order, each knows what it follows


def test_no_computation_and_no_register_is_there_for_nothing() -> None:
    assert {name for line in LINES for name in line.computed} == computing.COMPUTED.keys()
    assert {kind for line in LINES for kind in line.joined} == set(columns.KINDS)


def test_a_rule_that_names_a_line_tests_it() -> None:
    for name, rule in catalogue.RULES.items():
        for line in rule.controls:
            if line.startswith("CRM-"):
                assert name in catalogue.LINES[line].rules


@pytest.mark.parametrize("line", [line for line in LINES if line.iso2013], ids=named)
def test_a_lines_controls_of_2013_and_2022_agree(line: Line) -> None:
    assert set(mapping.to_2022(line.iso2013)) & set(line.iso2022)


def test_a_paper_has_an_owner_and_an_end() -> None:
    papers = [line.paper for line in LINES if line.paper is not None]
    assert all(paper.owner and 0 < paper.days <= 365 for paper in papers)
    assert all(paper.approver != paper.owner for paper in papers)
    assert {paper.approver for paper in papers if paper.owner in ("HR", "legal", "CISO")} == {"management"}
    assert {mode for line in LINES for mode in line.modes} == set(Mode)


# --- the map of the standards ---

SECTIONS_OF_2013 = {
    "A.5.1": 2, "A.7.1": 2, "A.7.2": 3, "A.7.3": 1, "A.9.1": 2, "A.9.2": 6, "A.9.3": 1, "A.9.4": 5, "A.10.1": 2,
    "A.11.1": 6, "A.11.2": 9, "A.13.1": 3, "A.13.2": 4, "A.14.1": 3, "A.14.2": 9, "A.14.3": 1, "A.15.1": 3, "A.15.2": 2,
    "A.16.1": 7, "A.17.1": 3, "A.17.2": 1,
}  # fmt: skip


def test_all_seventy_five_controls_of_the_sections_are_mapped() -> None:
    assert sum(SECTIONS_OF_2013.values()) == 75
    wanted = {f"{section}.{n}" for section, many in SECTIONS_OF_2013.items() for n in range(1, many + 1)}
    assert wanted <= mapping.TO_2022.keys()


# Where maps that go around are wrong or silent, held by name.
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A.9.2.5", "5.18"), ("A.9.2.6", "5.18"), ("A.9.2.3", "8.2"), ("A.13.2.1", "5.14"), ("A.13.2.2", "5.14"),
        ("A.13.2.3", "5.14"), ("A.14.2.3", "8.32"), ("A.14.2.4", "8.32"), ("A.6.1.5", "5.8"), ("A.18.2.3", "8.8"),
        ("A.9.4.4", "8.18"), ("A.11.2.5", "7.10"), ("A.17.2.1", "8.14"),
    ],
)  # fmt: skip
def test_a_control_went_where_annex_b_says(old: str, new: str) -> None:
    assert new in mapping.to_2022([old])
    assert old in mapping.from_2022(new)


def test_every_control_of_2022_that_is_mapped_to_has_a_name_and_a_criterion() -> None:
    reached = {new for old in mapping.TO_2022 for new in mapping.to_2022([old])}
    assert reached <= mapping.NAMES.keys()
    assert all(mapping.to_soc2([new]) for new in reached)


def test_access_reviews_answer_to_the_criteria_for_access() -> None:
    assert {"CC6.2", "CC6.3"} <= set(mapping.to_soc2(mapping.to_2022(["A.9.2.5"])))
    assert mapping.from_2022("5.23") == []  # new in 2022
