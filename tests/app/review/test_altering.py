"""What access contains that changed while a review ran is listed as drift, and decided on where it is privileged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import EdgeRow, EntitlementRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.remediation import queries
from app.review import campaigns, drifts
from app.review.tables import CampaignRow, DriftRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

LATER = NOW + make.timedelta(hours=1)
BOTH: dict[str, Any] = {"kinds": ["group", "definition"], "definitions": "all", "reviewers": []}


def listed(session: Session, campaign: CampaignRow) -> dict[str, DriftRow]:
    return {f"{r.change} {r.subject}": r for r in drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)}


def decide(session: Session, company: Company, row: DriftRow, answer: str) -> None:
    by = company.actor(company.eve, cast.Role.ADMIN)
    drifts.decide(session, row.id, answer, "looked at it", by=by, at=NOW)


def brings(session: Session, thing: EntitlementRow, *privileges: str) -> None:
    thing.privileges = list(privileges)
    session.flush()


def told(row: DriftRow) -> list[dict[str, Any]]:
    changed: list[dict[str, Any]] = row.shown["changed"]
    return changed


def includes(session: Session, thing: EntitlementRow, part: EntitlementRow) -> None:
    session.add(EdgeRow(system_id=thing.system_id, holder_id=thing.id, held_id=part.id, kind="includes", began=NOW))
    session.flush()


def waits(session: Session, campaign: CampaignRow, unanswered: str | None = None) -> None:
    with pytest.raises(Refused, match="1 privileged change has no decision"):
        campaigns.close(session, campaign.id, unanswered=unanswered, by=make.ADMIN, at=NOW)


def test_a_role_that_brings_more_than_was_shown_is_decided_on_before_closing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        assert listed(session, campaign) == {}
        cast.decide_all(session, company, campaign)
        brings(session, company.role, "export")
        waits(session, campaign)  # nobody had listed it
        name = f"changed definition:{company.role.id}"
        row = listed(session, campaign)[name]
        assert row.privileged
        assert told(row) == [{"part": "brings", "came": ["export"], "went": []}]
        brings(session, company.role, "export", "administer")
        assert listed(session, campaign) == {name: row}, "one row, told as it is by now"
        assert told(row)[0]["came"] == ["administer", "export"]
        decide(session, company, row, "keep")
        assert listed(session, campaign)[name].answer == "keep"
        brings(session, company.role, "export", "administer", "view_all")
        waits(session, campaign)  # the decision was on other contents
        row = listed(session, campaign)[name]
        assert (row.answer, row.shown["earlier"]["answer"]) == (None, "keep")
        brings(session, company.role, "export", "administer", "develop")
        assert listed(session, campaign)[name].shown["earlier"]["answer"] == "keep"
        decide(session, company, row, "remove")
        campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        of_drift = [each for each in queries.wishes(session, campaign.id) if each.drift_id is not None]
        assert [(each.kind, each.subject_id, each.wish) for each in of_drift] == [
            ("definition", company.role.id, "change")
        ]


def test_a_decision_is_on_the_contents_that_were_seen(database: Database) -> None:
    """A reading that changes them between the page and the answer makes the answer a stale one."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        brings(session, company.role, "export")
        row = listed(session, campaign)[f"changed definition:{company.role.id}"]
        listed(session, campaign)
        assert row.version == 1, "nothing changed"
        brings(session, company.role, "export", "administer")
        listed(session, campaign)
        by = company.actor(company.eve, cast.Role.ADMIN)
        with pytest.raises(Refused, match="contains something else than you saw") as refused:
            drifts.decide(session, row.id, "keep", "looked at it", version=1, by=by, at=NOW)
        stale = refused.value.refusal
        assert (stale.code, stale.status, stale.facts) == ("changed_meanwhile", 412, {"version": 2})
        assert row.answer is None
        drifts.decide(session, row.id, "keep", "looked at it", version=2, by=by, at=NOW)
        brings(session, company.role, "export", "develop")
        listed(session, campaign)
        with pytest.raises(Refused, match="something else"):
            drifts.decide(session, row.id, "remove", "as before", version=3, by=by, at=NOW)
        assert (row.version, row.answer) == (4, None)


def test_who_was_first_is_told_by_name(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        brings(session, company.role, "export")
        row = listed(session, campaign)[f"changed definition:{company.role.id}"]
        eve = company.actor(company.eve, cast.Role.ADMIN)
        drifts.decide(session, row.id, "keep", "seen", by=replace(eve, id="cli:root for person:eve"), at=NOW)
        with pytest.raises(Refused, match='Eve said "keep"'):
            drifts.decide(session, row.id, "remove", "no", by=company.actor(company.cy, cast.Role.ADMIN), at=NOW)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
def test_a_listing_and_a_decision_at_the_same_time_do_not_undo_each_other(database: Database) -> None:
    """Whoever read first and writes second changes nothing: there is no answer to contents that nobody was shown, and no
    other contents under an answer."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        role, by = company.role.id, company.actor(company.eve, cast.Role.ADMIN)
        brings(session, company.role, "export")
        number = listed(session, campaign)[f"changed definition:{role}"].id

    def decides(session: Session) -> None:
        drifts.decide(session, number, "keep", "seen", by=by, at=NOW)

    def lists(session: Session) -> None:
        brings(session, session.get_one(EntitlementRow, role), "export", "administer")
        listed(session, campaign)

    def row(session: Session) -> DriftRow:
        return session.get_one(DriftRow, number)

    with database.transaction() as late:
        kept = row(late)
        with database.transaction() as first:
            lists(first)
        with pytest.raises(Refused, match="something else"):
            decides(late)
        assert kept.answer is None
    with database.transaction() as late:
        late.get_one(EntitlementRow, role).privileges = ["develop"]
        kept = row(late)
        with database.transaction() as first:
            decides(first)
        listed(late, campaign)
        assert (kept.answer, told(kept)[0]["came"]) == ("keep", ["administer", "export"])
        listed(late, campaign)
        assert (kept.answer, told(kept)[0]["came"]) == (None, ["develop"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_definition_is_compared_part_by_part_with_what_was_frozen(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=BOTH)
        inner = make.entitlement(session, company.system, label="Rights of all", privileges=["view_all"])
        includes(session, company.role, inner)
        company.boss.native = ["theme:dark"]
        rows = listed(session, campaign)
        role, boss = (rows[f"changed definition:{each.id}"] for each in (company.role, company.boss))
        assert told(role) == [
            {"part": "includes", "came": ["Rights of all"], "went": []},
            {"part": "brings", "came": ["view_all"], "went": []},
        ]
        assert told(boss) == [{"part": "native", "came": ["theme:dark"], "went": []}]
        assert (role.privileged, boss.privileged) == (True, True)
        assert f"began definition:{inner.id}" in rows
        brings(session, inner, "view_all", "export")
        assert f"changed definition:{inner.id}" not in listed(session, campaign), "it began, and was never frozen"
        brings(session, company.boss, "export", "delete")
        assert told(listed(session, campaign)[f"changed definition:{company.boss.id}"]) == [
            {"part": "privileges", "came": ["delete"], "went": []},
            {"part": "native", "came": ["theme:dark"], "went": []},
        ], "its own privileges say what it brings"


def test_of_a_mighty_group_whoever_came_is_decided_on_and_whoever_left_is_only_told(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        deals, guests = (
            make.entitlement(session, company.system, kind="group", name=name, privileges=given)
            for name, given in (("Deals", ["export"]), ("Guests", []))
        )
        left = make.grant(session, company.account, deals)
        make.grant(session, make.account(session, company.system), deals)  # who stays
        campaign = cast.opened(session, scope=BOTH)
        left.ended = LATER
        name = f"changed group:{deals.id}"
        row = listed(session, campaign)[name]
        assert told(row) == [{"part": "members", "before": 2, "now": 1}]
        assert not row.privileged
        other = make.account(session, company.system)
        for each in (deals, guests):
            make.grant(session, other, each, began=LATER)
        rows = listed(session, campaign)
        assert told(rows[name]) == [{"part": "members", "before": 2, "now": 2}]
        assert (rows[name].privileged, rows[f"changed group:{guests.id}"].privileged) == (True, False)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_not_told_is_no_change_and_what_is_as_it_was_needs_no_decision(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.boss.privileges = None
        session.flush()
        assert listed(session, campaign) == {}
        brings(session, company.boss, "export")
        brings(session, company.role, "export")
        row = listed(session, campaign)[f"changed definition:{company.role.id}"]
        brings(session, company.role)
        listed(session, campaign)
        assert (row.privileged, told(row)) == (False, [])
        brings(session, company.role, "export")
        listed(session, campaign)
        assert row.privileged
        decide(session, company, row, "remove")
        brings(session, company.role)
        assert listed(session, campaign)[f"changed definition:{company.role.id}"].answer == "remove"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_definition_that_is_to_be_asked_by_now_has_begun_and_is_listed_once(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope={"kinds": ["grant", "definition"]})
        brings(session, company.role, "export")
        for privileges in (["export"], ["export", "develop"]):
            brings(session, company.role, *privileges)
            (row,) = listed(session, campaign).values()
            assert (row.subject, row.change, row.privileged) == (f"definition:{company.role.id}", "began", True)
            assert "how" in row.shown


def test_a_definition_that_began_and_was_decided_on_is_asked_again_when_it_changes(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope={"kinds": ["grant", "definition"]})
        brings(session, company.role, "export")
        name = f"began definition:{company.role.id}"
        row = listed(session, campaign)[name]
        assert (row.version, listed(session, campaign), row.version) == (1, {name: row}, 1), "nothing changed"
        decide(session, company, row, "keep")
        brings(session, company.role, "export", "administer")
        waits(session, campaign, unanswered="remove")  # nobody had listed it
        assert listed(session, campaign) == {name: row}, "one row"
        assert (row.answer, row.privileged, row.shown["earlier"]["answer"]) == (None, True, "keep")
        assert told(row) == [{"part": "privileges", "came": ["administer"], "went": []}]
        assert [each["privilege"] for each in row.shown["what"]["privileges"]] == ["administer", "export"]
        assert "how" in row.shown
        brings(session, company.role, "administer")
        listed(session, campaign)
        assert told(row) == [{"part": "privileges", "came": ["administer"], "went": ["export"]}], (
            "beside what was decided"
        )
        decide(session, company, row, "remove")
        brings(session, company.role)
        waits(session, campaign, unanswered="remove")  # what was to go brings nothing any more, which nobody decided on
        listed(session, campaign)
        decide(session, company, row, "keep")
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        said = select(EntryRow).where(EntryRow.kind == "drift.decided", EntryRow.subject == f"drift:{row.id}")
        assert [entry.body["answer"] for entry in session.scalars(said.order_by(EntryRow.id))] == [
            "keep",
            "remove",
            "keep",
        ]


def test_a_group_that_began_is_asked_again_when_somebody_came_and_when_it_brings_more(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=BOTH)
        group = make.entitlement(session, company.system, kind="group", name="Deals", privileges=["export"])
        inner = make.entitlement(session, company.system, label="Rights of all", privileges=[])
        includes(session, group, inner)
        row = listed(session, campaign)[f"began group:{group.id}"]
        decide(session, company, row, "keep")
        make.grant(session, company.account, group, began=LATER)
        listed(session, campaign)
        assert (row.answer, told(row)) == (None, [{"part": "members", "before": 0, "now": 1}])
        decide(session, company, row, "keep")
        brings(session, inner, "view_all")
        listed(session, campaign)
        assert (row.answer, told(row)) == (None, [{"part": "brings", "came": ["view_all"], "went": []}])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_began_and_nobody_decided_on_is_told_as_it_is_by_now(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope={"kinds": ["grant", "definition"]})
        brings(session, company.role, "export")
        row = listed(session, campaign)[f"began definition:{company.role.id}"]
        last = [{"part": "privileges", "came": ["export"], "went": []}]
        bare = {part: of for part, of in row.shown["what"]["digests"].items() if part != "brings"}
        row.shown = row.shown | {
            "changed": last,
            "what": row.shown["what"] | {"digests": bare},
        }  # since a former review
        assert (listed(session, campaign), told(row)) == ({f"began definition:{company.role.id}": row}, last)
        brings(session, company.role, "export", "administer")
        listed(session, campaign)
        assert [each["privilege"] for each in row.shown["what"]["privileges"]] == ["administer", "export"]
        assert (row.version, told(row)) == (2, [])
        brings(session, company.role)
        listed(session, campaign)
        assert (row.privileged, row.shown["what"]["privileges"]) == (False, [])
        company.role.privileges = None
        listed(session, campaign)
        assert row.privileged, "it does not tell"


def test_access_that_began_is_held_against_what_it_brought_then(database: Database) -> None:
    """Its holder's grant was listed and needed nobody; that what it gives became mighty is listed as a change."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        cast.decide_all(session, company, campaign)
        thing = make.entitlement(session, company.system, label="Nothing much", privileges=[])
        grant = make.grant(session, company.account, thing, began=LATER)
        (row,) = listed(session, campaign).values()
        assert (row.subject, row.privileged) == (f"grant:{grant.id}", False)
        brings(session, thing, "export")
        waits(session, campaign)
        changed = listed(session, campaign)[f"changed definition:{thing.id}"]
        assert (changed.privileged, told(changed)) == (True, [{"part": "brings", "came": ["export"], "went": []}])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_decision_stands_while_something_is_not_told(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope={"kinds": ["grant", "definition"]})
        brings(session, company.role, "export")
        brings(session, company.boss, "export", "delete")
        rows = listed(session, campaign)
        for row in rows.values():
            decide(session, company, row, "keep")
        company.role.privileges = company.boss.privileges = None
        again = listed(session, campaign)
        assert {name: row.answer for name, row in again.items()} == dict.fromkeys(rows, "keep")
        assert len(rows) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_of_unknown_contents_a_change_needs_a_decision(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        dark = make.entitlement(session, company.system, privileges=None)
        campaign = cast.opened(session, scope=BOTH)
        dark.native = ["may:everything"]
        session.flush()
        assert listed(session, campaign)[f"changed definition:{dark.id}"].privileged
