"""Activity: the ledger as somebody searches it, an entry with its proof, and what stays personal."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import func, select

from app.ledger import checkpoints, entries, leaves, signing
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor


def an_entry(house: House, kind: Kind) -> EntryRow:
    with house.database.reading() as session:
        return session.scalars(select(EntryRow).where(EntryRow.kind == kind).limit(1)).one()


def test_the_latest_stands_first_and_filters_take_away(shown_house: House) -> None:
    auditor = visitor(shown_house, "auditor")
    everything = auditor.get("/activity")
    assert everything.status_code == 200
    assert "decision recorded" in everything.text
    opened = auditor.get("/activity", params={"kind": Kind.CAMPAIGN_OPENED}).text
    assert f'<a href="/activity?subject=campaign%3A{shown_house.campaign.id}">Q4</a>' in opened
    only = auditor.get("/activity", params={"kind": Kind.DECISION_RECORDED}).text
    rows = re.findall(r"<tr data-row", only)
    assert len(rows) == 1
    assert ">Bo: Boss</a>" in only, "what was decided on has a name"
    assert auditor.get("/activity", params={"since": "2030-01-01"}).text.count("<tr data-row") == 0
    assert "Nothing like that happened here." in auditor.get("/activity", params={"since": "2030-01-01"}).text


def test_a_day_that_ends_a_search_is_within_it(shown_house: House) -> None:
    auditor = visitor(shown_house, "auditor")
    day = make.NOW.date().isoformat()
    assert "<tr data-row" in auditor.get("/activity", params={"since": day, "until": day}).text


@pytest.mark.parametrize(("name", "value"), [("since", "yesterday"), ("after", "nonsense"), ("after", "2026-01-01~x")])
def test_what_cannot_be_read_is_said_and_not_a_failure(shown_house: House, name: str, value: str) -> None:
    assert visitor(shown_house, "auditor").get("/activity", params={name: value}).status_code == 422


def test_pages_go_on_where_they_stopped_and_show_everything_once(house: House) -> None:
    with house.database.transaction() as session:
        for number in range(70):
            entry = Entry(Kind.SYNC_REQUESTED, f"system:{number}", {"system": number, "because": "a test"})
            entries.record(session, entry, by="test", at=make.NOW)
    auditor = visitor(house, "auditor")
    seen: list[str] = []
    path: str | None = "/activity"
    while path:
        text = auditor.get(path).text
        seen += re.findall(r'href="/activity/([0-9a-f-]{36})"', text)
        found = re.search(r'href="([^"]+)" rel="next"', text)
        path = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen))
    with house.database.reading() as session:
        assert len(seen) == session.scalar(select(func.count()).select_from(EntryRow))


def test_an_entry_shows_personal_values_only_to_who_may_see_them(shown_house: House) -> None:
    entry = an_entry(shown_house, Kind.ACTOR_MADE)
    admin, auditor = (visitor(shown_house, who).get(f"/activity/{entry.id}") for who in ("admin", "auditor"))
    assert admin.status_code == auditor.status_code == 200
    assert "for those who may see personal values" in auditor.text
    assert "for those who may see personal values" not in admin.text


def test_a_proof_comes_when_a_checkpoint_covers_the_entry(house: House) -> None:
    entry, auditor = an_entry(house, Kind.ACTOR_MADE), visitor(house, "auditor")
    with house.database.transaction() as session:
        leaves.integrate(session)
        checkpoints.sign(session, signing.signer(session, house.means.keys), by="test", at=house.means.clock())
    told = auditor.get(f"/activity/{entry.id}/proof").json()
    assert told["entry"]["id"] == str(entry.id)
    assert told["checkpoint"].startswith("rolecall")
    assert "Download the proof" in auditor.get(f"/activity/{entry.id}").text
    assert auditor.get(f"/activity/{uuid.uuid4()}").status_code == 404


def test_a_reviewer_does_not_read_the_ledger(shown_house: House) -> None:
    assert visitor(shown_house, "reviewer").get("/activity").status_code == 403
