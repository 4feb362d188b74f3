"""Opening and closing a review."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.actors.actor import SCHEDULER, Role
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow, PrivilegeRow, StreamRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PendingRow
from app.review import campaigns, decisions, drifts, queries
from app.review.policy import Override
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW


def _items(session: Any, campaign: CampaignRow) -> dict[str, ItemRow]:
    rows = session.scalars(select(ItemRow).where(ItemRow.campaign_id == campaign.id))
    return {row.subject: row for row in rows}


def _refusal(session: Any, **given: Any) -> Any:
    with pytest.raises(Refused) as refused:
        cast.opened(session, **given)
    return refused.value.refusal


# --- what is in it ---


def test_a_campaign_holds_every_direct_grant_and_every_account(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        items = _items(session, campaign)
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
        items = _items(session, cast.opened(session))
        assert items[f"integration:{app.id}"].chosen_by == "owner"
        assert items[f"credential:{token.id}"].chosen_by == "owner"


def test_the_token_of_an_inactive_account_is_still_an_item(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        gone = make.account(session, company.system, active=False, identity_id=company.bo.id)
        token = make.credential(session, company.system, account_id=gone.id)
        items = _items(session, cast.opened(session))
        assert f"credential:{token.id}" in items
        assert f"account:{gone.id}" not in items


def test_an_account_whose_state_is_unknown_is_reviewed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        silent = make.account(session, company.system, active=None)
        held = make.grant(session, silent, company.role)
        assert {f"account:{silent.id}", f"grant:{held.id}"} <= set(_items(session, cast.opened(session)))


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
        assert len(_items(session, campaign)) == 3
        assert {entry["what"]: entry["count"] for entry in campaign.excluded} == {
            "inactive accounts": 1,
            "grants of inactive accounts": 1,
            "grants that cannot be taken away by themselves": 1,
            "inactive integrations": 1,
            "inactive credentials": 1,
        }
        assert all(entry["because"] for entry in campaign.excluded)


def test_a_department_leaves_out_the_others_and_says_of_whom_nothing_is_known(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.account(session, company.system, department="Finance")
        make.account(session, company.system, department=None)
        elsewhere = make.account(session, company.system, department="Sales", identity_id=None)
        campaign = cast.opened(session, scope={"department": "Sales"})
        assert f"account:{elsewhere.id}" in _items(session, campaign)
        counts = {entry["what"]: entry["count"] for entry in campaign.excluded}
        assert counts == {"accounts of other departments": 1, "accounts of no known department": 1}


def test_a_kind_left_out_of_one_system_is_printed_and_its_stream_not_needed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(
            session, streams={"accounts": "complete", "entitlements": "complete", "grants": "complete"}
        )
        make.integration(session, company.system)
        assert _refusal(session).code == "readings_lack"
        left = [{"system": "Sales org", "kind": kind, "reason": "by hand"} for kind in ("integration", "credential")]
        campaign = cast.opened(session, scope={"without": left})
        assert {"what": "integrations of Sales org", "count": 1, "because": "by hand"} in campaign.excluded


def test_an_empty_scope_is_refused(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert _refusal(session, scope={"department": "Slaes"}).code == "empty"
        assert session.scalars(select(func.count()).select_from(CampaignRow)).one() == 0


def test_a_campaign_spans_all_systems_with_one_task_for_each_reviewer(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        other = make.system(session, name="Portal", owner_key="cy")
        make.snapshot(session, other)
        make.account(session, other, identity_id=company.bo.id)
        campaign = cast.opened(session)
        assert len(_items(session, campaign)) == 4
        assert session.scalars(select(TaskRow.reviewer_id)).all() == [company.ada.id]


# --- on what readings ---


@pytest.mark.parametrize(
    ("stream", "verdict"),
    [
        ("grants", "incomplete"),
        ("accounts", "not_collected"),
        ("entitlements", "incomplete"),
        ("integrations", "incomplete"),
    ],
)
def test_a_campaign_does_not_open_on_a_stream_that_lacks(database: Database, stream: str, verdict: str) -> None:
    with database.transaction() as session:
        good = dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "complete")
        cast.company(session, streams=good | {stream: verdict})
        refusal = _refusal(session)
        assert refusal.code == "readings_lack"
        assert "Sales org" in refusal.reason
        assert stream in refusal.reason
        assert "made for a test" in refusal.reason
        assert refusal.way_out
        assert refusal.facts["lacks"][0]["verdict"] == verdict


def test_drift_during_a_reading_that_is_explained_does_not_stop_a_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(
            session, streams=dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "explained")
        )
        assert cast.opened(session).status == "open"


def test_sign_ins_are_not_needed(database: Database) -> None:
    with database.transaction() as session:
        streams = dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "complete")
        cast.company(session, streams=streams | {"logins": "not_collected"})
        assert cast.opened(session).status == "open"


def test_a_campaign_does_not_open_on_a_stale_reading(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session, read_at=NOW - timedelta(days=3))
        refusal = _refusal(session)
        assert "stale" in refusal.reason


def test_a_system_that_was_never_read_cannot_be_overridden(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.system(session, name="Unread")
        second = company.actor(company.cy, Role.ADMIN)
        assert _refusal(session, override=Override(second, "we know")).code == "never_read"


def test_a_reading_that_is_not_sealed_does_not_count(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session, read_at=NOW - timedelta(days=3))
        make.snapshot(session, company.system, status="reading", sealed_at=None)
        assert _refusal(session).code == "readings_lack"


def test_a_campaign_rests_on_a_roster(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.roster.removed = NOW
        assert "no roster" in _refusal(session).reason


def test_a_roster_may_be_left_aside_only_while_there_is_none(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        assert _refusal(session, scope={"roster": "none"}).code == "bad_scope"
        company.roster.removed = NOW
        assert cast.opened(session, scope={"roster": "none"}).status == "open"


def test_an_old_roster_is_not_trusted_by_the_day_it_was_extracted(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.execute(update(StreamRow).where(StreamRow.stream == "people").values(server_at=NOW - timedelta(days=8)))
        refusal = _refusal(session)
        assert refusal.facts["lacks"][0] | {"because": ""} == {
            "system": company.roster.name,
            "stream": "people",
            "verdict": "stale",
            "because": "",
        }


@pytest.mark.parametrize(("people", "trusted"), [(100, True), (95, True), (94, False)])
def test_a_roster_that_shrank_by_more_than_five_per_cent_is_not_trusted(
    database: Database, people: int, trusted: bool
) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.execute(update(StreamRow).where(StreamRow.stream == "people").values(rows=100, rows_digest="whole"))
        for hour in (1, 2):  # the same shrunken file, read twice: reading it again does not make it whole
            at = NOW + timedelta(hours=hour)
            snapshot = make.snapshot(session, company.roster, streams={"people": "complete"}, at=at)
            cast.count_people(session, snapshot.id, people, digest="cut")
        if trusted:
            assert cast.opened(session).status == "open"
        else:
            assert _refusal(session).facts["lacks"][0]["verdict"] == "shrunk"


def test_an_override_needs_a_second_person_and_a_reason(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session, streams={"accounts": "complete"})
        first = company.actor(company.cy, Role.ADMIN)
        alias = company.actor(company.cy, Role.ADMIN)  # another sign-in of the same person
        second = company.actor(company.flo, Role.ADMIN)
        reviewer = company.actor(company.flo)
        for override in (
            Override(first, "we know"),
            Override(alias, "we know"),
            Override(second, "  "),
            Override(reviewer, "we know"),
            Override(SCHEDULER, "we know"),
        ):
            assert _refusal(session, override=override, by=first).code == "bad_override"
        assert _refusal(session, override=Override(second, "we know"), by=SCHEDULER).code == "bad_override"
        campaign = cast.opened(session, override=Override(second, "we know"), by=first)
        assert campaign.override is not None
        assert campaign.override["asked_by"] == first.id
        assert campaign.override["granted_by"] == second.id
        assert campaign.override["reason"] == "we know"
        assert {lack["stream"] for lack in campaign.override["lacks"]} == {"entitlements", "grants", "integrations"}
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.overridden")).one()
        assert entry.author == second.id


def test_an_override_that_was_not_needed_is_not_recorded(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, override=Override(company.actor(company.flo, Role.ADMIN), "in case"))
        assert campaign.override is None


def test_a_campaign_opens_on_the_reading_that_was_looked_at_or_not_at_all(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        seen = {company.system.id: session.scalars(select(func.max(StreamRow.snapshot_id))).one()}
        later = make.snapshot(session, company.system, at=NOW + timedelta(minutes=1))
        assert _refusal(session, snapshots=seen).code == "read_again"
        campaign = cast.opened(session, snapshots={company.system.id: later.id})
        assert session.scalars(select(CampaignSnapshotRow.snapshot_id)).all() == [later.id]
        assert campaign.status == "open"


# --- once ---


def test_one_slot_has_one_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        first = cast.opened(session, slot="quarterly:2026-Q4")
        again = cast.opened(session, slot="quarterly:2026-Q4", name="another")
        assert again.id == first.id
        opened = select(func.count()).where(EntryRow.kind == "campaign.opened")
        assert session.scalars(opened).one() == 1


def test_two_replicas_open_one_slot_at_once_and_get_one_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
    gate, found = threading.Barrier(2), []

    def replica() -> None:
        gate.wait()
        with database.transaction() as session:
            found.append(cast.opened(session, slot="quarterly:2026-Q4", by=SCHEDULER).id)

    both = [threading.Thread(target=replica) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(CampaignRow.id)).all() == found[:1]
        assert len(set(found)) == 1
        assert len(found) == 2
        assert session.scalars(select(func.count()).select_from(ItemRow)).one() == 3


def test_a_name_is_taken_once(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session)
        assert _refusal(session).code == "name_taken"


def test_a_late_start_says_when_it_should_have_been(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session, slot="q:2026-Q4", planned_at=NOW - timedelta(hours=3))
        assert campaign.planned_at == NOW - timedelta(hours=3)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.opened")).one()
        assert entry.body["late_minutes"] == 180


# --- what is shown ---


def test_nothing_from_after_the_freeze_is_shown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        before = {s: dict(item.shown) for s, item in _items(session, cast.opened(session)).items()}
        company.account.name, company.bo.title, company.role.label = "New", "Boss", "Other"
        company.account.last_login = NOW + timedelta(days=1)
        session.flush()
        session.expire_all()
        after = {s: item.shown for s, item in _items(session, session.scalars(select(CampaignRow)).one()).items()}
        assert after == before


def test_use_is_shown_in_bands_and_never_as_a_time(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.account.last_login = NOW - timedelta(days=45, minutes=7)
        session.flush()
        item = _items(session, cast.opened(session))[f"grant:{company.plain.id}"]
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
        items = _items(session, cast.opened(session))
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
        items = _items(session, cast.opened(session))
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
        _finding(session, f"credential:{token.id}", company.account, "low")
        _finding(session, f"grant:{company.plain.id}", company.account, "high", status="closed")
        _finding(session, f"grant:{company.mighty.id}", company.account, "high", opened_at=NOW + timedelta(seconds=1))
        items = _items(session, cast.opened(session))
        account, plain = items[about], items[f"grant:{company.plain.id}"]
        held, mighty = items[f"credential:{token.id}"], items[f"grant:{company.mighty.id}"]
        assert [found["severity"] for found in account.shown["findings"]] == ["critical", "medium"]
        assert account.shown["findings"][0]["because"] == "critical trouble"
        assert plain.shown["findings"] == mighty.shown["findings"] == []  # closed, and from after the freeze
        assert [found["rule"] for found in plain.shown["account_findings"]] == ["rule-critical", "rule-medium"]
        assert [found["rule"] for found in held.shown["findings"]] == ["rule-low"]
        assert (account.risk, plain.risk, mighty.risk) == (40, 40, 80)


def test_a_name_with_quotes_and_accents_is_shown_as_it_is(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.bo.name, company.role.label = 'Bö "the\\boss" O\'Neil', "Réle\n\t{}"
        session.flush()
        item = _items(session, cast.opened(session))[f"grant:{company.plain.id}"]
        assert item.shown["who"]["name"] == 'Bö "the\\boss" O\'Neil'
        assert item.shown["what"]["label"] == "Réle\n\t{}"


def test_last_times_answer_is_shown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        first = cast.opened(session, name="Q3")
        ada = company.actor(company.ada)
        for item in _items(session, first).values():
            decisions.record(session, item.id, "keep", reason="needed", by=ada, at=NOW)
        campaigns.close(session, first.id, by=make.ADMIN, at=NOW)
        items = _items(session, cast.opened(session))
        assert items[f"grant:{company.plain.id}"].shown["last"] == {
            "answer": "keep",
            "campaign": "Q3",
            "closed": NOW.date().isoformat(),
        }


# --- closing ---


def _decide_all(session: Any, company: cast.Company, campaign: CampaignRow, answer: str = "keep") -> None:
    ada = company.actor(company.ada)
    for item in _items(session, campaign).values():
        decisions.record(session, item.id, answer, reason="seen", by=ada, at=NOW)


def test_a_campaign_with_an_answer_for_everything_closes_and_what_follows_is_pending(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _decide_all(session, company, campaign)
        closed = campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert (closed.status, closed.closed_by) == ("closed", make.ADMIN.id)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert entry.body["counts"]["keep"] == 3
        assert session.get(PendingRow, entry.id) is not None


def test_a_campaign_does_not_close_while_items_have_no_answer(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.facts["undecided"] == {"Ada": 3}
    with database.reading() as session:  # the refusal left nothing behind, though its transaction was committed
        assert session.scalars(select(CampaignRow.status)).all() == ["open"]


def test_silence_can_be_made_a_removal_but_never_keeps_privileged_access(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "undecided"
        with pytest.raises(Refused):
            campaigns.close(session, campaign.id, unanswered="shrug", by=make.ADMIN, at=NOW)
        mighty = _items(session, campaign)[f"grant:{company.mighty.id}"]
        decisions.record(session, mighty.id, "keep", reason="quota", by=company.actor(company.ada), at=NOW)
        closed = campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
        assert closed.unanswered == "keep"
        session.expire_all()
        assert {item.outcome for item in _items(session, campaign).values()} == {"keep"}
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert entry.body["counts"]["unanswered"] == 2
        assert len(entry.body["unanswered_items"]) == 64


def test_a_campaign_closes_once(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "campaign_ended"
        with pytest.raises(Refused):
            campaigns.cancel(session, campaign.id, reason="oops", by=make.ADMIN, at=NOW)
        with pytest.raises(Refused):
            campaigns.close(session, 999, by=make.ADMIN, at=NOW)


def test_a_cancelled_campaign_leads_to_nothing(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused):
            campaigns.cancel(session, campaign.id, reason=" ", by=make.ADMIN, at=NOW)
        assert campaigns.cancel(session, campaign.id, reason="wrong scope", by=make.ADMIN, at=NOW).status == "cancelled"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.cancelled")).one()
        assert session.get(PendingRow, entry.id) is None


# --- reviewers ---


def test_somebody_who_has_left_or_is_away_throughout_is_passed_over(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.ada.away_from, company.ada.away_until = NOW.date(), (DUE + timedelta(days=9)).date()
        session.flush()
        assert {i.chosen_by for i in _items(session, cast.opened(session, name="away")).values()} == {"owner"}
        company.ada.away_until = (DUE - timedelta(days=1)).date()
        session.flush()
        assert {i.chosen_by for i in _items(session, cast.opened(session, name="back")).values()} == {"manager"}
        company.ada.ended, company.cy.end = NOW, (NOW - timedelta(days=1)).date()
        session.flush()
        assert {i.chosen_by for i in _items(session, cast.opened(session, name="left")).values()} == {"fallback"}


def test_an_account_of_nobody_or_of_a_program_goes_to_the_owner(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        nobodys = make.account(session, company.system)
        program = make.account(session, company.system, kind="service", identity_id=company.bo.id)
        items = _items(session, cast.opened(session))
        assert items[f"account:{nobodys.id}"].chosen_by == "owner"
        assert items[f"account:{program.id}"].chosen_by == "owner"


def test_nobody_is_made_reviewer_of_an_account_that_their_address_reaches(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.add(IdentityEmailRow(email="cy@private.example", identity_id=company.cy.id))
        unmatched = make.account(session, company.system, email="Cy@Private.example")
        item = _items(session, cast.opened(session))[f"account:{unmatched.id}"]
        assert item.chosen_by == "fallback"


def test_a_fallback_who_owns_the_only_item_needs_a_second(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.system.owner_key = None
        make.account(session, company.system, identity_id=company.flo.id)
        assert _refusal(session, scope={"second_fallback": None}).code == "no_reviewer"
        campaign = cast.opened(session)
        reviewers = {row.reviewer_id for row in session.scalars(select(TaskRow)).all()}
        assert company.fay.id in reviewers
        assert campaign.status == "open"


def test_an_unfit_fallback_is_refused(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        assert _refusal(session, scope={"fallback": "nobody"}).code == "bad_scope"
        company.flo.ended = NOW
        session.flush()
        assert _refusal(session).code == "bad_scope"


def test_a_due_time_that_has_passed_is_refused(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert _refusal(session, due_at=NOW).code == "bad_due"


# --- reads ---


def test_eve_sees_nothing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        eve, ada, auditor = company.actor(company.eve), company.actor(company.ada), make.actor(None, Role.AUDITOR)
        item = queries.queue(session, campaign.id, by=ada).items[0]
        assert queries.queue(session, campaign.id, by=eve).items == ()
        assert queries.queue(session, campaign.id, by=eve, reviewer_id=company.ada.id).items == ()
        assert queries.story(session, item.id, by=eve) is None
        assert queries.story(session, item.id, by=ada) is not None
        assert queries.story(session, item.id, by=auditor) is not None
        assert len(queries.queue(session, campaign.id, by=auditor, reviewer_id=company.ada.id).items) == 3


def test_a_queue_is_paged_riskiest_first_without_gaps_or_repeats(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        for n in range(9):
            extra = make.entitlement(session, company.system, privileges=[["export"], [], None][n % 3])
            make.grant(session, company.account, extra)
        campaign = cast.opened(session)
        ada = company.actor(company.ada)
        seen, after = [], None
        while True:
            page = queries.queue(session, campaign.id, by=ada, after=after, limit=4)
            seen += [(-item.risk, item.id) for item in page.items]
            after = page.after
            if after is None:
                break
        assert seen == sorted(seen)
        assert len(set(seen)) == 12
        assert len(list(queries.items(session, campaign.id, chunk=5))) == 12


def test_progress_counts_each_reviewers_answers(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        item = _items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "remove", reason="left", by=company.actor(company.ada), at=NOW)
        [share] = queries.progress(session, campaign.id)
        assert (share.reviewer, share.items, share.remove, share.undecided) == ("Ada", 3, 1, 2)


# --- drift ---


def test_drift_lists_what_began_and_ended_since_freezing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.plain.ended = NOW + timedelta(days=1)
        new = make.grant(session, company.account, make.entitlement(session, company.system))
        mighty = make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        dark = make.grant(session, company.account, make.entitlement(session, company.system, privileges=None))
        found = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW + timedelta(days=2))
        assert {(row.subject, row.change, row.privileged) for row in found} == {
            (f"grant:{company.plain.id}", "ended", False),
            (f"grant:{new.id}", "began", False),
            (f"grant:{mighty.id}", "began", True),
            (f"grant:{dark.id}", "began", True),  # unknown is not no
        }
        again = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW + timedelta(days=3))
        assert len(again) == len(found)


def test_an_account_that_was_switched_off_meanwhile_has_ended(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.account.active = False
        session.flush()
        found = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        assert {row.change for row in found} == {"ended"}
        assert len(found) == 3


def test_privileged_drift_is_decided_before_closing_even_if_nobody_listed_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _decide_all(session, company, campaign)
        make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "drift_undecided"
        [row] = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        admin = company.actor(company.cy, Role.ADMIN)
        drifts.decide(session, row.id, "remove", "nobody asked for it", by=admin, at=NOW)
        assert campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW).status == "closed"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "drift.decided")).one()
        assert "nobody asked" not in str(entry.body)


def test_nobody_decides_on_drift_of_their_own_and_nobody_twice(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        [row] = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        admin = company.actor(company.cy, Role.ADMIN)
        for by, answer, reason, code in (
            (company.actor(company.bo, Role.ADMIN), "keep", "mine", "self_review"),
            (company.actor(company.ada), "keep", "fine", "not_reviewer"),
            (make.ADMIN, "keep", "fine", "not_reviewer"),  # no person behind it
            (admin, "keep", " ", "bad_answer"),
            (admin, "change", "fine", "bad_answer"),
        ):
            with pytest.raises(Refused) as refused:
                drifts.decide(session, row.id, answer, reason, by=by, at=NOW)
            assert refused.value.refusal.code == code
        drifts.decide(session, row.id, "keep", "fine", by=admin, at=NOW)
        with pytest.raises(Refused) as refused:
            drifts.decide(session, row.id, "remove", "no", by=admin, at=NOW)
        assert refused.value.refusal.status == 412


def test_the_scratch_tables_are_gone_afterwards(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session, name="one")
        cast.opened(session, name="two")
        assert session.scalars(select(func.count()).select_from(AccountRow)).one() == 1
        assert session.scalars(select(func.count()).select_from(IdentityRow)).one() == 6
