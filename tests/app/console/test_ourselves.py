"""Rolecall itself at the console: asked what it can do, told what it may take away, and one of its tokens taken away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from app import jobs
from app.inventory import systems
from app.inventory.tables import CredentialRow
from app.remediation.tables import RemediationRow
from tests import make
from tests.app.api.house import House
from tests.app.api.house import finding as an_open_finding
from tests.app.console.visiting import visitor
from tests.app.running import Here


def _read(house: House, number: int) -> None:
    at = house.means.clock() + timedelta(minutes=5)
    house.means = house.app.state.means = replace(house.means, clock=lambda: at)
    snapshot = jobs.read_system(house.means, Here(f"{number}@{at}"), {"system": number})["snapshot"]
    jobs.prove(house.means, Here(f"prove@{at}"), {"snapshot": snapshot})


def _founded(house: House) -> int:
    with house.database.transaction() as session:
        number = systems.found_ourselves(session, "rolecall/test", by=make.ADMIN, at=make.NOW).id
    _read(house, number)
    return number


def test_it_is_asked_what_it_can_do_and_its_acts_are_switched_like_any_others(house: House) -> None:
    number, browser = _founded(house), visitor(house, "admin")
    assert "Ask it what is wrong" in browser.get(f"/systems/{number}").text
    told = browser.act(f"/systems/{number}/check").text
    assert told.count("It comes in.") == 2
    assert "It can deactivate an account, take access away, revoke a key or token." in told
    assert "There is no executor credential" not in told  # none is needed, so none is missing
    assert browser.act(f"/systems/{number}/writing", {"act": ["deactivate"]}).status_code == 303
    page = browser.get(f"/systems/{number}").text
    assert "It may: deactivate an account." in page
    assert page.count('name="act"') == 3, "what it cannot do is not offered"
    assert "Disconnect it" not in page


def test_a_token_is_seen_beforehand_taken_away_and_proved(house: House) -> None:
    number, key = _founded(house), f"token:{house.tokens['bo'].split('_')[1]}"
    with house.database.transaction() as session:
        token = session.scalars(select(CredentialRow).where(CredentialRow.key == key)).one()
        subject, account = f"credential:{token.id}", token.account_id
        given = {"subject": subject, "rule": "leaver_credential", "system_id": number, "account_id": account}
        found = an_open_finding(session, house.company, **given).id
    browser = visitor(house, "it_security")
    before = browser.get(f"/findings/revocation?finding={found}&look=now").text
    assert f"Revoke the token {key.split(':')[1]}" in before
    assert "could not be asked" not in before

    form = {"finding": str(found), f"take-{found}": subject, "reason": "he left in October"}
    assert browser.act("/findings/revocation", form).status_code == 303
    assert house.client("bo").get("/api/v1/me").status_code == 200
    jobs.remove(house.means, Here("remove"), {"system": number})
    assert house.client("bo").get("/api/v1/me").status_code == 401
    with house.database.reading() as session:
        removal = session.scalars(select(RemediationRow).where(RemediationRow.finding_id == found)).one()
    assert removal.status == "acted"
    assert "done, not proved yet" in browser.get(f"/removals/{removal.id}").text
    _read(house, number)
    assert "proved: a later reading lacks it" in browser.get(f"/removals/{removal.id}").text
