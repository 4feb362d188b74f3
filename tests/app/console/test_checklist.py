"""The checklist on pages: a posture to print, lines to walk along, and words put on file and approved by two people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.compliance.controls import catalogue
from app.compliance.tables import AssessmentRow, AttestationRow, ExemptionRow, StatusRunRow
from app.console import rendering
from app.kit.ids import uuid7
from app.ledger.tables import DocumentRow
from tests.app.api.house import NOW, House
from tests.app.console.visiting import visitor

HOSTILE = "<script>alert(1)</script> is what it says"
WORD = {"statement": HOSTILE, "owner": "flo", "until": "2027-03-01"}


def test_the_posture_counts_every_line_and_says_why_some_cannot_be_known(shown_house: House) -> None:
    text = visitor(shown_house, "auditor").get("/posture").text
    assert "95 promises" in text
    assert "What cannot be known, and why" in text
    assert "Nobody has given their word yet" in text
    for section in catalogue.SECTIONS:
        assert section.name in text


def test_the_posture_draws_how_it_went_with_the_numbers_in_words(house: House) -> None:
    auditor = visitor(house, "auditor")
    assert 'class="trend"' not in auditor.get("/posture").text  # of one day there is no trend
    with house.database.transaction() as session:
        now = session.scalars(select(StatusRunRow)).one()
        was = {"counts": {"FAIL": 31, "EXPIRED": 2, "NOT_EVALUABLE": 40}, "sections": {}, "digest": "0" * 64}
        session.add(StatusRunRow(id=uuid7(), at=NOW - timedelta(days=14), version=now.version, **was))
        fails = now.counts["FAIL"] + now.counts.get("EXPIRED", 0)
    text = auditor.get("/posture").text
    said = f"Lines that fail or have expired: from 33 (2 Nov 2026) to {fails} (16 Nov 2026)"
    assert f'aria-label="{said}"' in text
    assert f"33 (2 Nov 2026), now {fails} (16 Nov 2026)." in text
    assert text.count('class="trend"') == 2


def test_the_checklist_has_every_line_and_can_be_narrowed(shown_house: House) -> None:
    auditor = visitor(shown_house, "auditor")
    text = auditor.get("/checklist").text
    assert all(f'href="/checklist/{line}"' in text for line in catalogue.LINES)
    narrow = auditor.get("/checklist", params={"section": "P.1"}).text
    assert "CRM-P.1.5" in narrow
    assert "CRM-9.1.1" not in narrow
    assert "No line is like that." in auditor.get("/checklist", params={"section": "nowhere"}).text
    before = auditor.get("/checklist", params={"on": "2020-01-01"}).text
    assert "Nobody had looked at the checklist by then." in before


@pytest.mark.parametrize("line", ["CRM-9.1.2", "CRM-5.1.1", "CRM-G.3.1", "CRM-9.3.1", "CRM-D.2.2"])
def test_a_line_says_what_it_rests_on_and_leads_to_the_next(shown_house: House, line: str) -> None:
    text = visitor(shown_house, "auditor").get(f"/checklist/{line}").text
    assert catalogue.LINES[line].title.replace("'", "&#39;") in text
    order = list(catalogue.LINES)
    assert f'href="/checklist/{order[order.index(line) + 1]}"' in text


def test_a_proof_may_be_the_last_run_alone() -> None:
    """What is computed over all readings rests on a run, and on no one reading."""
    parts = rendering._environment("UTC").get_template("checklist/parts.html").module
    assert "last run</li>" in parts.proof([{"run": 7}])  # type: ignore[attr-defined]
    assert "3 answers of the rules, at reading 2" in parts.proof([{"run": 7, "snapshot": 2, "judged": 3}])  # type: ignore[attr-defined]


def test_there_is_no_line_that_there_is_not(shown_house: House) -> None:
    assert visitor(shown_house, "auditor").get("/checklist/CRM-99").status_code == 404


def test_a_word_with_a_file_is_put_on_file_and_approved_by_another(house: House) -> None:
    security = visitor(house, "it_security")
    path = "/checklist/CRM-5.1.2"
    file: Any = {"file": ("policy.pdf", b"%PDF-1.7 the policy", "application/pdf")}
    assert security.act(f"{path}/attestations", WORD, files=file).status_code == 303
    with house.database.reading() as session:
        row = session.scalars(select(AttestationRow).where(AttestationRow.line == "CRM-5.1.2")).one()
        kept = session.get_one(DocumentRow, row.digest, options=[undefer(DocumentRow.content)])
    assert kept.content == b"%PDF-1.7 the policy"
    text = security.get(path).text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    got = security.get(f"{path}/documents/{row.digest}")
    assert got.content == kept.content
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-type"] == "application/octet-stream"
    answer = f"{path}/attestations/{row.id}/answer"
    assert security.act(answer, {"answer": "approved"}).status_code == 403  # it was they who handed it in
    assert visitor(house, "boss").act(answer, {"answer": "approved"}).status_code == 403  # it is Flo's own word
    assert visitor(house, "admin").act(answer, {"answer": "approved"}).status_code == 303
    with house.database.reading() as session:
        assert session.get_one(AttestationRow, row.id).status == "approved"


@pytest.mark.parametrize(
    "given", [{"owner": "nobody"}, {"until": "soon"}, {"statement": "ok"}, {"link": "javascript:alert(1)"}]
)
def test_a_word_that_cannot_count_is_refused(shown_house: House, given: dict[str, str]) -> None:
    answer = visitor(shown_house, "it_security").act("/checklist/CRM-5.1.2/attestations", WORD | given)
    assert answer.status_code == 422


def test_a_file_that_is_no_paper_is_refused(shown_house: House) -> None:
    file: Any = {"file": ("x.html", b"<script>", "text/html")}
    answer = visitor(shown_house, "it_security").act("/checklist/CRM-5.1.2/attestations", WORD, files=file)
    assert answer.status_code == 422


def test_a_line_is_said_not_to_apply_and_another_approves(house: House) -> None:
    security, path = visitor(house, "it_security"), "/checklist/CRM-11.2.2"
    given = {"justification": "The provider owns all hardware.", "until": "2027-03-01"}
    assert security.act(f"{path}/exemptions", given).status_code == 303
    with house.database.reading() as session:
        row = session.scalars(select(ExemptionRow).where(ExemptionRow.line == "CRM-11.2.2")).one()
    assert security.act(f"{path}/exemptions/{row.id}/answer", {"answer": "approved"}).status_code == 403
    assert visitor(house, "admin").act(f"{path}/exemptions/{row.id}/answer", {"answer": "approved"}).status_code == 303
    assert "The provider owns all hardware." in security.get(path).text


def test_a_card_is_filled_in_on_its_page_and_approved_by_another(house: House) -> None:
    security, path = visitor(house, "it_security"), f"/integrations/{house.integration.id}"
    assert "Fill the card in" in security.get(path).text
    given = {"purpose": "Sends the invoices", "owner": "flo", "vendor": "own", "classes": "personal, internal"}
    answers = {f"answer_{name}": "1" for name in ("reach", "power", "harm", "dependence", "vendor", "keys")}
    assert security.act(f"{path}/assessment", given).status_code == 422  # the questions are blank
    assert security.act(f"{path}/assessment", given | answers).status_code == 303
    assert security.act(f"{path}/assessment/answer", {"answer": "approved"}).status_code == 403
    assert visitor(house, "admin").act(f"{path}/assessment/answer", {"answer": "approved"}).status_code == 303
    text = security.get(path).text
    assert "Sends the invoices" in text
    assert "Low (6 of 18)" in text
    with house.database.reading() as session:
        assert session.scalars(select(AssessmentRow.status)).one() == "approved"


def test_an_auditor_sees_it_all_and_changes_nothing(shown_house: House) -> None:
    auditor = visitor(shown_house, "auditor")
    assert "You may not" in auditor.get("/checklist/CRM-5.1.2").text
    assert auditor.act("/checklist/CRM-5.1.2/attestations", WORD).status_code == 403
