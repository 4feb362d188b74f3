"""What else a system tells of itself: kept as long as the same facts hold, and begun anew when they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.inventory import persons, queries
from app.inventory.policy import switched_off
from app.inventory.tables import AccountRow, IntegrationRow, ObservationRow, StreamRow
from connectors.records import (
    AccountRecord,
    EndpointRecord,
    EntitlementRecord,
    FactorRecord,
    IntegrationRecord,
    ObjectRightRecord,
    PackageRecord,
    SessionRecord,
    Stream,
    UsageRecord,
)
from tests import make
from tests.app.inventory.conftest import Connected, rows, system_of
from tests.fake_connector import CRM_STREAMS, FURTHER_STREAMS

AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
RIGHT = ObjectRightRecord("sales:Contact", "sales", "Contact", read=True, delete=False)
FACTOR = FactorRecord("f1", "ada", "totp", phishing_resistant=False, registered=AT)
PACKAGE = PackageRecord("k1", "Mailer", version="1.2", licences_used=3, licences_allowed=5)
ENDPOINT = EndpointRecord("e1", "certificate", "Signing", owner_key="ada", expires=AT, native={"size": "2048"})
USAGE = UsageRecord("daily", "API calls", used=10, allowed=100, period="day")
SESSION = SessionRecord("d1", "ada", "web", began=AT)


def telling(crm: Connected) -> Connected:
    """A CRM that tells of everything."""
    crm.world.streams = (*CRM_STREAMS, *FURTHER_STREAMS)
    crm.world.put(
        AccountRecord("ada", "ada@example.com"), EntitlementRecord("sales", "profile", "Sales"),
        RIGHT, FACTOR, PACKAGE, ENDPOINT, USAGE, SESSION,
    )  # fmt: skip
    return crm


def live(crm: Connected, stream: Stream) -> list[ObservationRow]:
    with crm.database.reading() as session:
        found = rows(session, ObservationRow, stream=str(stream))
    return [row for row in found if row.ended is None]


def verdict(crm: Connected, snapshot: int, stream: Stream) -> tuple[str, str]:
    with crm.database.reading() as session:
        row = session.get_one(StreamRow, (snapshot, str(stream)))
    return row.verdict, row.because


def test_what_was_told_is_kept_with_its_facts_and_whose_it_is(crm: Connected) -> None:
    snapshot = telling(crm).read()
    (right,), (factor,), (endpoint,) = (
        live(crm, stream) for stream in (Stream.OBJECT_RIGHTS, Stream.FACTORS, Stream.ENDPOINTS)
    )
    with crm.database.reading() as session:
        ada = session.scalars(rows_of_account("ada")).one()
    assert (right.kind, right.name, right.facts["read"], right.facts["delete"]) == (
        "object_right",
        "Contact",
        True,
        False,
    )
    assert right.facts["edit"] is None  # the system did not say
    assert (factor.kind, factor.account_id, factor.facts["registered"]) == ("totp", ada.id, AT.isoformat())
    assert (endpoint.account_id, endpoint.facts["native"]) == (ada.id, {"size": "2048"})
    assert all(row.entitlement_id is not None for row in (right,))
    assert verdict(crm, snapshot, Stream.FACTORS)[0] == "complete"
    assert crm.snapshot(snapshot).counts["factors"] == {"began": 1}


def rows_of_account(key: str):  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    return select(AccountRow).where(AccountRow.key == key)


def test_the_same_again_writes_nothing_and_a_change_is_a_new_row(crm: Connected) -> None:
    telling(crm).read()
    assert crm.snapshot(crm.read()).counts == {}
    crm.world.remove(PACKAGE).put(replace(PACKAGE, version="1.3"))
    counts = crm.snapshot(crm.read()).counts
    assert counts == {"packages": {"changed": 1}}
    with crm.database.reading() as session:
        before, after = rows(session, ObservationRow, stream="packages")
    assert (before.facts["version"], after.facts["version"]) == ("1.2", "1.3")
    assert (before.ended, after.ended) == (after.began, None)


def test_what_a_complete_reading_lacks_has_ended_and_what_comes_back_begins_anew(crm: Connected) -> None:
    telling(crm).read()
    crm.world.remove(FACTOR, RIGHT, USAGE, ENDPOINT)
    counts = crm.snapshot(crm.read()).counts
    assert counts == {name: {"ended": 1} for name in ("factors", "object_rights", "usage", "endpoints")}
    crm.world.put(FACTOR)
    assert crm.snapshot(crm.read()).counts == {"factors": {"began": 1}}


def test_nothing_ends_where_the_reading_or_what_it_rests_on_was_not_complete(crm: Connected) -> None:
    telling(crm).read()
    crm.world.remove(FACTOR, RIGHT, PACKAGE)
    crm.world.lost_pages = {stream: {0} for stream in (Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.PACKAGES)}
    crm.read()
    assert [len(live(crm, stream)) for stream in (Stream.FACTORS, Stream.OBJECT_RIGHTS, Stream.PACKAGES)] == [1, 1, 1]


def test_what_points_to_nothing_known_is_set_aside_and_costs_the_stream_its_trust(crm: Connected) -> None:
    telling(crm).world.put(FactorRecord("f2", "nobody", "totp"), ObjectRightRecord("x:Case", "x", "Case"))
    snapshot = crm.read()
    assert (len(live(crm, Stream.FACTORS)), len(live(crm, Stream.OBJECT_RIGHTS))) == (1, 1)
    assert verdict(crm, snapshot, Stream.FACTORS)[0] == "incomplete"
    assert "1 rights set aside" in verdict(crm, snapshot, Stream.OBJECT_RIGHTS)[1]


def test_an_endpoint_whose_owner_is_not_known_is_kept_without(crm: Connected) -> None:
    telling(crm).world.put(EndpointRecord("e2", "remote_site", "Old", owner_key="gone"))
    snapshot = crm.read()
    assert [row.account_id is None for row in live(crm, Stream.ENDPOINTS)] == [False, True]
    with crm.database.reading() as session:
        row = session.get_one(StreamRow, (snapshot, "endpoints"))
    assert (row.verdict, row.dropped) == ("complete", ["remote_site e2 was kept without its owner: gone was not read"])


def test_sessions_are_not_even_asked_for_until_switched_on(crm: Connected) -> None:
    snapshot = telling(crm).read()
    assert live(crm, Stream.SESSIONS) == []
    assert ("sessions", None) not in crm.world.pulled
    told = verdict(crm, snapshot, Stream.SESSIONS)
    assert told[0] == "not_collected"
    assert "switched off" in told[1]
    with crm.database.transaction() as session:
        system_of(session, crm).config = {"world": "acme", "sessions": "on"}
    snapshot = crm.read()
    assert len(live(crm, Stream.SESSIONS)) == 1
    with crm.database.reading() as session:
        assert Stream.SESSIONS not in queries.trusted(session, snapshot)  # over, but that proves nothing
    crm.world.remove(SESSION)
    crm.read()
    assert live(crm, Stream.SESSIONS) == []


def test_only_the_word_on_switches_sessions_on() -> None:
    assert not switched_off({"sessions": "on"})
    assert all(Stream.SESSIONS in switched_off(given) for given in ({}, {"sessions": "off"}, {"sessions": "yes"}))


def test_an_integration_keeps_its_policies_and_whom_it_lets_in(crm: Connected) -> None:
    app = IntegrationRecord("i1", "app", "App", permitted=("sales",), native={"refresh": "infinite"})
    crm.world.put(AccountRecord("ada", "ada@example.com"), app, IntegrationRecord("i2", "app", "Silent"))
    crm.read()
    with crm.database.reading() as session:
        told, silent = rows(session, IntegrationRow)
    assert (told.permitted, told.native) == (["sales"], {"refresh": "infinite"})
    assert (silent.permitted, silent.native) == (None, {})


def test_a_person_gets_and_loses_what_was_seen_of_them(crm: Connected) -> None:
    with crm.database.transaction() as session:
        crm_row = system_of(session, crm)
        bo = make.identity(session, "Bo")
        account = make.account(session, crm_row, identity_id=bo.id)
        other = make.account(session, crm_row)
        make.observation(session, crm_row, "factors", account_id=account.id, kind="totp")
        for each in (account, other):
            make.session(session, each)
        told = persons.export(session, bo)["accounts"][0]["others"]
        assert [(each["what"], each["kind"]) for each in told] == [("factors", "totp"), ("sessions", "web")]
        persons.erase(session, bo, reason="asked", by=make.ADMIN, at=make.NOW + timedelta(days=1))
        left = rows(session, ObservationRow)
        assert [(row.stream, row.account_id) for row in left] == [("factors", account.id), ("sessions", other.id)]
