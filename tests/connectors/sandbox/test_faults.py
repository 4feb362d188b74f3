"""Each thing that can go wrong goes wrong on demand, as the vendor words it, and heals when it is used up."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from connectors.sandbox.serve import Running, start
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import NOW, SEED, Org, Portal

ACCOUNTS = "/settings/users/2026-03"
ALL_LOGINS = "SELECT Id FROM LoginHistory ORDER BY Id"


@pytest.mark.parametrize(
    ("fault", "status", "code", "said"),
    [
        ("limit_daily", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ("limit_concurrent", 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
        ("server_error", 503, "SERVER_UNAVAILABLE", "not available"),
        ("lock", 400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        ("unauthorized_for_good", 401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
    ],
)
def test_salesforce_refuses_in_its_own_words_and_heals(
    reader: Org, fault: str, status: int, code: str, said: str
) -> None:
    reader.fault(fault)
    answer = reader.data("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert said in answer.json()[0]["message"]
    assert reader.data("GET", "/limits").status_code == 200


def test_an_expired_salesforce_session_heals_by_signing_in_again(reader: Org) -> None:
    reader.fault("unauthorized")
    assert [reader.data("GET", "/limits").status_code for _ in range(2)] == [401, 401]
    assert visitors.org(reader.running).data("GET", "/limits").status_code == 200


def test_a_fault_may_last_for_ever_and_be_cleared(reader: Org) -> None:
    reader.fault("server_error", times=None, status=500)
    assert {reader.data("GET", "/limits").status_code for _ in range(5)} == {500}
    reader.admin("faults", {"clear": True})
    assert reader.data("GET", "/limits").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "policy"),
    [("limit_daily", 429, "DAILY"), ("too_many", 429, "TEN_SECONDLY_ROLLING"), ("limit_concurrent", 429, "SECONDLY")],
)
def test_hubspot_throttles_with_and_without_retry_after(
    portal_reader: Portal, fault: str, status: int, policy: str
) -> None:
    portal_reader.fault(fault)
    answer = portal_reader.get(ACCOUNTS)
    assert (answer.status_code, answer.json()["policyName"]) == (status, policy)
    assert "Retry-After" not in answer.headers
    portal_reader.fault(fault, retry_after=3)
    assert portal_reader.get(ACCOUNTS).headers["Retry-After"] == "3"
    assert portal_reader.get(ACCOUNTS).status_code == 200


def test_hubspot_may_wrap_its_message_in_json(portal_reader: Portal) -> None:
    portal_reader.fault("nested_message")
    assert '"message": "the real reason"' in portal_reader.get(ACCOUNTS).json()["message"]


@pytest.mark.parametrize(("fault", "status"), [("unauthorized", 401), ("server_error", 503)])
def test_hubspot_refuses_once(portal_reader: Portal, fault: str, status: int) -> None:
    portal_reader.fault(fault)
    assert [portal_reader.get(ACCOUNTS).status_code for _ in range(2)] == [status, 200]


@pytest.mark.parametrize("status", [423, 477, 502])
def test_hubspot_refuses_for_a_while_with_any_status(portal_reader: Portal, status: int) -> None:
    portal_reader.fault("server_error", status=status, retry_after=2)
    answer = portal_reader.get(ACCOUNTS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "2")
    assert portal_reader.get(ACCOUNTS).status_code == 200


def test_a_dropped_page_claims_to_be_the_end_while_the_total_stays(reader: Org) -> None:
    reader.fault("dropped_page", after=1)
    pages = list(reader.pages(ALL_LOGINS, 200))
    found = sum(len(page["records"]) for page in pages)
    assert pages[-1]["done"] is True
    assert found < pages[0]["totalSize"] == pages[-1]["totalSize"] == reader.count("LoginHistory")


def test_a_dropped_page_of_hubspot_has_no_paging(portal_reader: Portal) -> None:
    everything = portal_reader.all(ACCOUNTS, limit=10)
    portal_reader.fault("dropped_page", path=ACCOUNTS)
    assert len(portal_reader.all(ACCOUNTS, limit=10)) == 10 < len(everything)
    assert portal_reader.all(ACCOUNTS, limit=10) == everything


def test_a_stale_cursor_waits_for_a_call_that_brings_one(reader: Org, portal_reader: Portal) -> None:
    reader.fault("stale_cursor")
    assert reader.data("GET", "/limits").status_code == 200
    page = next(reader.pages(ALL_LOGINS, 200))
    assert reader.ask("GET", page["nextRecordsUrl"]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert reader.ask("GET", page["nextRecordsUrl"]).status_code == 200
    portal_reader.fault("stale_cursor")
    after = portal_reader.get(ACCOUNTS, limit=10).json()["paging"]["next"]["after"]
    assert portal_reader.get(ACCOUNTS, limit=10, after=after).status_code == 400


def test_a_page_may_begin_with_the_last_row_of_the_one_before(reader: Org, portal_reader: Portal) -> None:
    reader.fault("duplicates")
    found = [row["Id"] for row in reader.rows(ALL_LOGINS, 200)]
    assert len(found) == len(set(found)) + 1
    portal_reader.fault("duplicates")
    ids = [row["id"] for row in portal_reader.all(ACCOUNTS, limit=10)]
    assert len(ids) == len(set(ids)) + 1


def test_a_row_that_comes_twice_is_of_the_same_list(reader: Org, portal_reader: Portal) -> None:
    """Pages of several lists are asked for by turns."""
    portal_reader.fault("duplicates")
    first = portal_reader.get(ACCOUNTS, limit=10).json()
    portal_reader.get("/crm/owners/2026-03", limit=10)
    after = first["paging"]["next"]["after"]
    second = portal_reader.get(ACCOUNTS, limit=10, after=after).json()["results"]
    assert (second[0]["id"], len(second)) == (first["results"][-1]["id"], 11)
    reader.fault("duplicates")
    headers = {"Sforce-Query-Options": "batchSize=200"}
    pages = [
        reader.data("GET", "/query", params={"q": f"SELECT Id FROM {of}"}, headers=headers).json()
        for of in ("LoginHistory", "PermissionSetAssignment")
    ]
    more = reader.data("GET", pages[0]["nextRecordsUrl"].partition("/v67.0")[2]).json()["records"]
    assert more[0]["Id"] == pages[0]["records"][-1]["Id"]


def test_a_count_may_drift(reader: Org) -> None:
    true = reader.count("User")
    reader.fault("count_drift", by=3, path="COUNT")
    assert [reader.count("User"), reader.count("User")] == [true + 3, true]


def test_a_body_may_be_cut(reader: Org, portal_reader: Portal) -> None:
    reader.fault("cut_body")
    with pytest.raises(httpx2.RemoteProtocolError):
        reader.query("SELECT Id FROM User")
    portal_reader.fault("cut_body")
    with pytest.raises(httpx2.RemoteProtocolError):
        portal_reader.get(ACCOUNTS)


def test_an_ambiguous_delete_was_done_although_nobody_said_so(executor: Org, portal_executor: Portal) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1")["Id"]
    executor.fault("lost_reply")
    assert executor.count("User") > 0  # fits only what changes something
    with pytest.raises(httpx2.TransportError):
        executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}")
    assert executor.count(f"PermissionSetAssignment WHERE Id = '{row}'") == 0
    last = executor.admin("calls", method="GET")["mutating"][-1]
    assert (last["method"], last["status"], last["fault"]) == ("DELETE", None, "lost_reply")

    who = portal_executor.truth()["categories"]["nobody"][0]
    portal_executor.fault("lost_reply", method="DELETE")
    with pytest.raises(httpx2.TransportError):
        portal_executor.ask("DELETE", f"{ACCOUNTS}/{who}")
    assert portal_executor.get(f"{ACCOUNTS}/{who}").status_code == 404


def test_a_time_out_does_nothing_and_then_hangs_up(executor: Org) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1")["Id"]
    executor.fault("timeout", seconds=0.3, method="DELETE")
    began = time.monotonic()
    with pytest.raises(httpx2.TransportError):
        executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}")
    assert time.monotonic() - began >= 0.3
    assert executor.count(f"PermissionSetAssignment WHERE Id = '{row}'") == 1


def test_latency_is_added_to_every_answer(reader: Org) -> None:
    reader.fault("latency", ms=120)
    before = time.monotonic()
    reader.data("GET", "/limits")
    assert time.monotonic() - before >= 0.12


def test_faults_meet_only_those_they_are_meant_for(salesforce: Running) -> None:
    reader, executor = visitors.org(salesforce), visitors.org(salesforce, "executor")
    reader.fault("server_error", principal="executor", path="UserLogin", after=1)
    assert reader.count("UserLogin") > 0
    assert executor.count("User") > 0
    assert executor.count("UserLogin") > 0
    assert executor.query("SELECT COUNT() FROM UserLogin").status_code == 503
    assert reader.admin("faults", method="GET")["happened"][-1]["fault"] == "server_error"


def test_an_unknown_fault_is_refused_with_those_there_are(reader: Org) -> None:
    key = {"X-Sandbox-Key": reader.running.admin_key}
    answer = reader.http.post("/__sandbox__/faults", headers=key, json={"fault": "gremlins"})
    assert answer.status_code == 422
    assert "dropped_page" in answer.text


def test_the_same_seed_draws_the_same_faults() -> None:
    def statuses() -> list[Any]:
        running = start("hubspot", home=None, seed=SEED, people=80, now=NOW, faults=3)
        portal, seen = visitors.portal(running), list[Any]()
        for _ in range(120):
            try:
                seen.append(portal.get(ACCOUNTS, limit=10).status_code)
            except httpx2.TransportError:
                seen.append("cut")
        running.stop()
        return seen

    first = statuses()
    assert len(set(first)) > 1
    assert first == statuses()


def test_a_session_does_not_end_before_its_fault_is_due(reader: Org) -> None:
    reader.fault("unauthorized", after=2)
    assert [reader.data("GET", "/limits").status_code for _ in range(4)] == [200, 200, 401, 401]


def test_a_short_page_loses_nothing(reader: Org, portal_reader: Portal) -> None:
    reader.fault("short_page", times=3)
    rows = reader.rows(ALL_LOGINS, 200)
    assert len(rows) == len({row["Id"] for row in rows}) == reader.count("LoginHistory")
    portal_reader.fault("short_page", times=3)
    accounts = portal_reader.all(ACCOUNTS, limit=10)
    assert len(accounts) == len({each["id"] for each in accounts}) == len(portal_reader.all(ACCOUNTS, limit=10))
    assert portal_reader.admin("faults", method="GET")["planned"] == []


def test_a_servers_clock_may_be_off(reader: Org) -> None:
    def now() -> float:
        return parsedate_to_datetime(reader.data("GET", "/limits").headers["date"]).timestamp()

    assert abs(now() - time.time()) < 60
    reader.fault("clock_skew", seconds=-7200)
    assert abs(now() + 7200 - time.time()) < 60


def test_what_a_seed_draws_from_can_be_said(reader: Org) -> None:
    reader.admin("faults", {"seed": 1, "rate": 1.0, "kinds": ["server_error"]})
    assert {reader.data("GET", "/limits").status_code for _ in range(5)} == {503}
    answer = reader.http.post(
        "/__sandbox__/faults",
        headers={"X-Sandbox-Key": reader.running.admin_key},
        json={"seed": 1, "kinds": ["nonsense"]},
    )
    assert answer.status_code == 422
