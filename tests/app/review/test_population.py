"""What is in a review, what is left out of it, and what is shown."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, PrivilegeRow
from app.kit.db import Database
from app.review import campaigns, decisions, remainder
from app.review.tables import CampaignRow, CampaignSnapshotRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

# --- what is in it ---


def test_a_campaign_holds_every_direct_grant_and_every_account(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        items = cast.items(session, campaign)
        assert set(items) == {
            f"grant:{company.plain.id}",
            f"grant:{company.mighty.id}",
            f"account:{company.account.id}",
        }
        assert {item.chosen_by for item in items.values()} == {"manager"}
        assert items[f"grant:{company.mighty.id}"].privileged
        assert session.scalars(select(TaskRow.reviewer_id)).all() == [company.ada.id]
        assert session.scalars(select(CampaignSnapshotRow.system_id)).all() == [company.system.id]


def test_integrations_and_credentials_are_items_and_go_to_the_owner(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        app = make.integration(session, company.system)
        token = make.credential(session, company.system, integration_id=app.id)
        items = cast.items(session, cast.opened(session))
        assert items[f"integration:{app.id}"].chosen_by == "owner"
        assert items[f"credential:{token.id}"].chosen_by == "owner"


def test_the_token_of_an_inactive_account_is_still_an_item(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        gone = make.account(session, company.system, active=False, identity_id=company.bo.id)
        token = make.credential(session, company.system, account_id=gone.id)
        items = cast.items(session, cast.opened(session))
        assert f"credential:{token.id}" in items
        assert f"account:{gone.id}" not in items


def test_an_account_whose_state_is_unknown_is_reviewed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        silent = make.account(session, company.system, active=None)
        held = make.grant(session, silent, company.role)
        assert {f"account:{silent.id}", f"grant:{held.id}"} <= set(cast.items(session, cast.opened(session)))


def test_what_is_left_out_is_counted_with_its_reason(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        gone = make.account(session, company.system, active=False)
        make.grant(session, gone, company.role)
        fixed = make.entitlement(session, company.system, revocable=False)
        make.grant(session, company.account, fixed)
        make.credential(session, company.system, active=False)
        make.integration(session, company.system, active=False)
        make.grant(session, company.account, make.entitlement(session, company.system), ended=NOW)
        campaign = cast.opened(session)
        assert len(cast.items(session, campaign)) == 3
        assert {entry["what"]: entry["count"] for entry in campaign.excluded} == {
            "inactive accounts": 1,
            "grants of inactive accounts": 1,
            "grants that cannot be taken away by themselves": 1,
            "inactive integrations": 1,
            "inactive credentials": 1,
        }
        assert all(entry["because"] for entry in campaign.excluded)
        assert [remainder.told(entry) for entry in campaign.excluded] == [
            "1 inactive account: nobody can sign in to it",
            "1 grant of inactive accounts: nobody can use it now",
            "1 grant that cannot be taken away by itself: it goes with the account, or comes with something else",
            "1 inactive integration: it is switched off",
            "1 inactive credential: nobody can enter by it",
        ]
        assert (
            remainder.told(campaign.excluded[3] | {"count": 1200})
            == "1,200 inactive integrations: they are switched off"
        )


def test_a_department_leaves_out_the_others_and_says_of_whom_nothing_is_known(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.account(session, company.system, department="Finance")
        make.account(session, company.system, department=None)
        elsewhere = make.account(session, company.system, department="Sales", identity_id=None)
        campaign = cast.opened(session, scope={"department": "Sales"})
        assert f"account:{elsewhere.id}" in cast.items(session, campaign)
        counts = {entry["what"]: entry["count"] for entry in campaign.excluded}
        assert counts == {"accounts of other departments": 1, "accounts of no known department": 1}


def test_a_kind_left_out_of_one_system_is_printed_and_its_stream_not_needed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(
            session, streams={"accounts": "complete", "entitlements": "complete", "grants": "complete"}
        )
        make.integration(session, company.system)
        assert cast.refusal(session).code == "readings_lack"
        left = [{"system": "Sales org", "kind": kind, "reason": "by hand"} for kind in ("integration", "credential")]
        campaign = cast.opened(session, scope={"without": left, "approver": "fay"})
        assert {"what": "integrations of Sales org", "count": 1, "because": "by hand"} in campaign.excluded


def test_an_empty_scope_is_refused(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert cast.refusal(session, scope={"department": "Slaes"}).code == "empty"
        assert session.scalars(select(func.count()).select_from(CampaignRow)).one() == 0


def test_a_campaign_spans_all_systems_with_one_task_for_each_reviewer(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        other = make.system(session, name="Portal", owner_key="cy")
        make.snapshot(session, other)
        make.account(session, other, identity_id=company.bo.id)
        campaign = cast.opened(session)
        assert len(cast.items(session, campaign)) == 4
        assert session.scalars(select(TaskRow.reviewer_id)).all() == [company.ada.id]


# --- what is shown ---


def test_nothing_from_after_the_freeze_is_shown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        before = {s: dict(item.shown) for s, item in cast.items(session, cast.opened(session)).items()}
        company.account.name, company.bo.title, company.role.label = "New", "Boss", "Other"
        company.account.last_login = NOW + timedelta(days=1)
        session.flush()
        session.expire_all()
        after = {s: item.shown for s, item in cast.items(session, session.scalars(select(CampaignRow)).one()).items()}
        assert after == before


def test_use_is_shown_in_bands_and_never_as_a_time(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.account.last_login = NOW - timedelta(days=45, minutes=7)
        session.flush()
        item = cast.items(session, cast.opened(session))[f"grant:{company.plain.id}"]
        assert item.shown["use"] == "within 90 days"
        assert company.account.last_login.isoformat()[:10] not in str(item.shown)


def test_a_privilege_that_comes_by_nesting_is_shown_as_path_and_is_no_item(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        inner = make.entitlement(session, company.system, label="Export set")
        session.add(
            PrivilegeRow(
                system_id=company.system.id,
                account_id=company.account.id,
                privilege="see_all",
                entitlement_id=company.role.id,
                path=f"{company.role.id}>{inner.id}",
            )
        )
        session.flush()
        items = cast.items(session, cast.opened(session))
        assert len(items) == 3
        plain = items[f"grant:{company.plain.id}"]
        assert plain.privileged
        assert plain.shown["what"]["privileges"] == [{"privilege": "see_all", "via": ["Export set"]}]
        assert items[f"account:{company.account.id}"].shown["what"]["privileges"] == ["see_all"]


def test_contents_that_the_system_does_not_tell_stay_unknown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        dark = make.entitlement(session, company.system, privileges=None)
        held = make.grant(session, company.account, dark)
        items = cast.items(session, cast.opened(session))
        assert items[f"grant:{held.id}"].shown["what"]["privileges"] is None
        assert items[f"grant:{held.id}"].risk > items[f"grant:{company.plain.id}"].risk


def _finding(session: Any, subject: str, account: AccountRow, severity: str, **given: Any) -> None:
    values = {
        "source": "detection", "rule": f"rule-{severity}", "subject": subject, "system_id": account.system_id,
        "account_id": account.id, "severity": severity, "status": "open", "because": f"{severity} trouble", "facts": {},
        "opened_at": NOW, "last_seen_at": NOW, "last_run": uuid.uuid4(),
    }  # fmt: skip
    session.add(FindingRow(**(values | given)))
    session.flush()


def test_open_findings_are_shown_and_the_worst_weighs(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        token = make.credential(session, company.system, account_id=company.account.id)
        about = f"account:{company.account.id}"
        _finding(session, about, company.account, "medium")
        _finding(session, about, company.account, "critical")
        _finding(session, f"{about}x", company.account, "high")  # about nothing that has a number
        _finding(session, f"credential:{token.id}", company.account, "low")
        _finding(session, f"grant:{company.plain.id}", company.account, "high", status="closed")
        _finding(session, f"grant:{company.mighty.id}", company.account, "high", opened_at=NOW + timedelta(seconds=1))
        items = cast.items(session, cast.opened(session))
        account, plain = items[about], items[f"grant:{company.plain.id}"]
        held, mighty = items[f"credential:{token.id}"], items[f"grant:{company.mighty.id}"]
        assert [found["severity"] for found in account.shown["findings"]] == ["critical", "medium"]
        assert account.shown["findings"][0]["because"] == "critical trouble"
        assert plain.shown["findings"] == mighty.shown["findings"] == []  # closed, and from after the freeze
        assert [found["rule"] for found in plain.shown["account_findings"]] == ["rule-critical", "rule-medium"]
        assert [found["rule"] for found in held.shown["findings"]] == ["rule-low"]
        assert (account.risk, plain.risk, mighty.risk) == (40, 40, 80)


def test_days_are_shown_in_utc_wherever_the_database_lives(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.plain.granted = datetime(2026, 10, 12, 20, 0, tzinfo=UTC)
        session.flush()
        if not database.sqlite:
            session.execute(text("SET LOCAL TIME ZONE 'Pacific/Auckland'"))
        item = cast.items(session, cast.opened(session))[f"grant:{company.plain.id}"]
        assert (item.shown["how"]["since"], item.shown["how"]["since_is"]) == ("2026-10-12", "granted")


def test_a_name_with_quotes_and_accents_is_shown_as_it_is(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.bo.name, company.role.label = 'Bö "the\\boss" O\'Neil', "Réle\n\t{}"
        session.flush()
        item = cast.items(session, cast.opened(session))[f"grant:{company.plain.id}"]
        assert item.shown["who"]["name"] == 'Bö "the\\boss" O\'Neil'
        assert item.shown["what"]["label"] == "Réle\n\t{}"


def test_last_times_answer_is_shown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        first = cast.opened(session, name="Q3")
        ada = company.actor(company.ada)
        for item in cast.items(session, first).values():
            decisions.record(session, item.id, "keep", reason="needed", by=ada, at=NOW)
        cast.submit(session, first, ada)
        campaigns.close(session, first.id, by=make.ADMIN, at=NOW)
        items = cast.items(session, cast.opened(session))
        assert items[f"grant:{company.plain.id}"].shown["last"] == {
            "answer": "keep",
            "campaign": "Q3",
            "closed": NOW.date().isoformat(),
            "silent": False,
        }


def test_each_system_has_a_last_time_of_its_own(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        other = make.system(session, name="Portal", owner_key="cy")
        make.snapshot(session, other)
        account = make.account(session, other, identity_id=company.bo.id)
        both = {"systems": [company.system.name, other.name]}
        second = cast.opened(session, name="Q2", scope=both)
        campaigns.close(session, second.id, unanswered="remove", by=make.ADMIN, at=NOW)
        third = cast.opened(session, name="Q3", scope={"systems": [company.system.name]})
        campaigns.close(session, third.id, unanswered="remove", by=make.ADMIN, at=NOW + timedelta(hours=1))
        items = cast.items(session, cast.opened(session, name="Q4", scope=both))
        last = {subject: item.shown["last"]["campaign"] for subject, item in items.items()}
        assert last.pop(f"account:{account.id}") == "Q2"
        assert sorted(last.values()) == ["Q3"] * 3
