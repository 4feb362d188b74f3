"""Scope and Statement of Applicability on pages: what drifted is seen, and nobody approves what they made."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import select

from app.compliance.controls import mapping
from app.compliance.policy import SCOPES
from app.compliance.tables import ConfirmationRow, ScopeRow, StatementRow
from app.console import places
from tests.app.api.house import House
from tests.app.console.visiting import visitor

HOSTILE = "<script>alert(1)</script> enters the CRM"
UNTIL = {"until": "2027-03-01"}


def test_the_scope_shows_what_nobody_spoke_of_until_it_is_taken_over_and_confirmed(house: House) -> None:
    security, admin = visitor(house, "it_security"), visitor(house, "admin")
    text = security.get("/scope").text
    assert text.count("Never confirmed") == len(SCOPES)
    assert f"<li>{house.company.system.name}</li>" in text
    assert admin.act("/scope/systems/confirmation", UNTIL).status_code == 409
    assert security.act("/scope/systems", {"all": "yes", "reason": HOSTILE}).status_code == 303
    assert admin.act("/scope/systems/confirmation", UNTIL).status_code == 303
    with house.database.reading() as session:
        assert session.scalars(select(ConfirmationRow.kind)).all() == ["systems"]
        assert set(session.scalars(select(ScopeRow.inside))) == {True}
    text = security.get("/scope").text
    assert text.count("Never confirmed") == len(SCOPES) - 1
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_one_thing_is_said_to_be_out_of_scope_with_a_reason(house: House) -> None:
    security = visitor(house, "it_security")
    subject = f"system:{house.company.system.id}"
    given = {"subject": subject, "inside": "no"}
    assert security.act("/scope/systems", given | {"reason": "n/a"}).status_code == 422
    assert security.act("/scope/systems", given | {"reason": "It holds no personal data."}).status_code == 303
    with house.database.reading() as session:
        row = session.scalars(select(ScopeRow)).one()
        assert (row.subject, row.inside) == (subject, False)


@pytest.mark.parametrize("path", ["/scope/weather", "/scope/weather/confirmation"])
def test_there_is_no_scope_of_anything_else(shown_house: House, path: str) -> None:
    answer = visitor(shown_house, "admin").act(path, UNTIL | {"all": "yes", "reason": "Because it rains a lot."})
    assert answer.status_code == 422


def test_a_statement_is_generated_read_and_approved_by_another(house: House) -> None:
    security = visitor(house, "it_security")
    sent = security.act("/statements", {})
    assert sent.status_code == 303
    path = sent.headers["location"].partition("?")[0]
    text = unescape(security.get(path).text)
    assert all(control in text and name in text for control, name in mapping.NAMES.items())
    assert "Waits for approval" in text
    assert security.act(f"{path}/approval", UNTIL).status_code == 403  # it is they who generated it
    assert visitor(house, "admin").act(f"{path}/approval", {"until": "2030-01-01"}).status_code == 422
    assert visitor(house, "admin").act(f"{path}/approval", UNTIL).status_code == 303
    assert visitor(house, "admin").act(f"{path}/approval", UNTIL).status_code == 409
    with house.database.reading() as session:
        assert session.scalars(select(StatementRow.until).order_by(StatementRow.number.desc())).first() is not None
    assert "Approved" in security.get("/statements").text
    assert security.get("/statements/999").status_code == 404


def test_an_auditor_sees_both_and_changes_neither(shown_house: House) -> None:
    auditor = visitor(shown_house, "auditor")
    for path in ("/scope", "/statements", "/statements/1"):
        text = auditor.get(path).text
        assert "You may not" in text
        assert "Good until" not in text
    assert {"/scope", "/statements"} <= {place.path for place in places.PLACES}
