"""The guard: one refresh and never a loop, one host, time-outs, patience with reads, none with acts."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable
from connectors.salesforce.client import Client
from connectors.salesforce.refusals import Gone, NoSuchColumn, NoSuchObject

QUERY = "SELECT Id FROM User"
EXPIRED = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])


def error(status: int, code: str, message: str = "no") -> tuple[int, Any]:
    return status, [{"errorCode": code, "message": message}]


def people(number: int) -> list[dict[str, str]]:
    return [{"Id": f"005{each:012d}AAA"} for each in range(number)]


def test_reads_with_plain_http_on_this_machine_and_counts_calls(org: Any, client: Client) -> None:
    org.rows["User"] = people(3)
    page = client.query(QUERY)
    assert (len(page.rows), page.total, page.next) == (3, 3, None)
    assert client.calls == 2
    assert client.usage == (18, 5000)
    assert page.answer.at is not None
    assert len(page.answer.digest) == 64


def test_an_expired_token_is_refreshed_once(org: Any, client: Client) -> None:
    org.rows["User"] = people(1)
    org.once("SELECT", EXPIRED)
    assert client.query(QUERY).total == 1
    assert org.signed_in == 2


def test_a_401_that_persists_ends_after_one_refresh(org: Any, client: Client) -> None:
    org.script("SELECT", lambda _: EXPIRED)
    with pytest.raises(Denied, match="fresh token was refused"):
        client.query(QUERY)
    assert org.signed_in == 2
    assert len(org.soqls()) == 2


def test_a_401_that_persists_ends_on_acts_too(org: Any, client: Client) -> None:
    org.script("PATCH", lambda _: EXPIRED)
    with pytest.raises(Denied):
        client.change("PATCH x", lambda crm: crm.restful("sobjects/User/x", method="PATCH", json={}))
    assert len(org.acts()) == 2


def test_a_session_that_rest_refuses_is_not_refreshed(org: Any, client: Client) -> None:
    org.script(
        "SELECT", lambda _: error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    )
    with pytest.raises(Denied, match="no new sign-in will heal"):
        client.query(QUERY)
    assert org.signed_in == 1


def test_a_401_without_an_error_list_does_not_confuse_us(org: Any, client: Client) -> None:
    org.script("SELECT", lambda _: (401, b"<html>who are you</html>"))
    with pytest.raises(Denied):
        client.query(QUERY)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, "MALFORMED_QUERY"), Misread),
        (error(400, "INVALID_FIELD"), NoSuchColumn),
        (error(400, "INVALID_TYPE"), NoSuchObject),
        (error(404, "NOT_FOUND"), NoSuchObject),
        (error(400, "INSUFFICIENT_ACCESS_OR_READONLY"), Denied),
        (error(403, "API_DISABLED_FOR_ORG"), Denied),
        (error(403, "FUNCTIONALITY_NOT_ENABLED"), Denied),
        (error(410, "GONE"), Denied),
        (error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Throttled),
        (error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), Throttled),
        (error(400, "QUERY_TIMEOUT"), Unreachable),
        (error(503, "SERVER_UNAVAILABLE"), Unreachable),
        (error(500, "UNKNOWN_EXCEPTION"), Unreachable),
        ((500, b"<html>oops"), Unreachable),
        ((200, b'{"totalSize": 1, "rec'), Unreachable),
        ((200, []), Misread),
        ((200, {"totalSize": 1, "done": False, "records": [{"Id": "x"}]}), Misread),
        ((302, None), Misread),
    ],
)
def test_what_an_answer_means_for_a_reading(org: Any, client: Client, reply: Any, kind: type[ConnectorError]) -> None:
    if reply[0] == 302:
        org.headers["Location"] = "https://evil.example.com/"
        client.token  # noqa: B018 - sign in before every answer is a redirect
    org.script("SELECT", lambda _: reply)
    with pytest.raises(kind):
        client.query(QUERY)


def test_the_daily_allowance_is_not_waited_for_but_concurrency_is(org: Any, client: Client) -> None:
    org.script("SELECT", lambda _: error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    with pytest.raises(Throttled) as caught:
        client.query(QUERY)
    assert caught.value.until is not None
    assert len(org.soqls()) == 1
    org.script("SELECT", lambda _: error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."))
    with pytest.raises(Throttled) as caught:
        client.query(QUERY)
    assert caught.value.wait
    assert len(org.soqls()) == 4


def test_a_lost_cursor_begins_the_stream_again(org: Any, client: Client) -> None:
    org.script("query/User", lambda _: error(400, "INVALID_QUERY_LOCATOR"))
    with pytest.raises(Misread) as caught:
        client.more("/services/data/v67.0/query/User-2000", QUERY)
    assert caught.value.restart


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/services/data/v67.0/query/01g",
        "//evil.example.com/services/data/v67.0/query/01g",
        "@evil.example.com/services/data/",
        "/secur/logout.jsp",
    ],
)
def test_a_next_page_elsewhere_is_never_asked_for(org: Any, client: Client, link: str) -> None:
    with pytest.raises(Misread):
        client.more(link, QUERY)
    assert all("evil" not in address and "logout" not in address for _, address, _ in org.asked)


def test_reads_are_tried_again_and_acts_never(org: Any, client: Client) -> None:
    org.rows["User"] = people(1)
    org.once("SELECT", error(503, "SERVER_UNAVAILABLE"), error(503, "SERVER_UNAVAILABLE"))
    assert client.query(QUERY).total == 1
    org.script("DELETE", lambda _: error(503, "SERVER_UNAVAILABLE"))
    with pytest.raises(Unreachable):
        client.change("DELETE x", lambda crm: crm.restful("sobjects/GroupMember/x", method="DELETE"))
    assert len(org.acts()) == 1


def test_silence_is_unreachable_and_ambiguous_for_an_act(org: Any, client: Client) -> None:
    client.token  # noqa: B018 - sign in first

    def silent(_what: str) -> tuple[int, Any]:
        time.sleep(0.8)
        return 204, None

    org.script("DELETE", silent)
    with pytest.raises(Unreachable) as caught:
        client.change("DELETE x", lambda crm: crm.restful("sobjects/GroupMember/x", method="DELETE"))
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, "FIELD_INTEGRITY_EXCEPTION", "You cannot disable the Web to Lead Default Creator"), Declined),
        (error(400, "SOMETHING_UNDOCUMENTED", "You cannot deactivate the Default Workflow User"), Declined),
        (error(404, "ENTITY_IS_DELETED"), Gone),
        (error(400, "INVALID_CROSS_REFERENCE_KEY"), Gone),
        (error(403, "INSUFFICIENT_ACCESS"), Denied),
        (error(400, "UNABLE_TO_LOCK_ROW"), Unreachable),
    ],
)
def test_what_an_answer_means_for_an_act(org: Any, client: Client, reply: Any, kind: type[ConnectorError]) -> None:
    org.script("PATCH", lambda _: reply)
    with pytest.raises(kind) as caught:
        client.change("PATCH x", lambda crm: crm.restful("sobjects/User/x", method="PATCH", json={}))
    if isinstance(caught.value, Declined):
        assert caught.value.said == reply[1][0]["message"]
    if isinstance(caught.value, Unreachable):
        assert not caught.value.ambiguous


def test_a_token_handle_travels_in_the_body_only(org: Any, client: Client) -> None:
    client.revoke_token("handle-that-nobody-may-see")
    (method, address, body) = org.asked[-1]
    assert (method, address) == ("POST", "/services/oauth2/revoke")
    assert body == "token=handle-that-nobody-may-see"


def test_the_org_offers_its_versions(client: Client) -> None:
    assert client.offered_versions() == ["66.0", "67.0"]


def test_lines_share_one_sign_in_and_each_knows_what_it_spent(org: Any, client: Client) -> None:
    org.rows["User"] = people(3)
    lines = [client.line() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        totals = list(threads.map(lambda line: line.query(QUERY).total, lines))
    assert totals == [3] * 6
    assert org.signed_in == 1
    assert client.calls == sum(line.spent for line in lines) == 7


def test_a_token_that_expires_under_many_lines_is_replaced_once(org: Any, client: Client) -> None:
    org.rows["User"] = people(1)
    org.script(
        "SELECT", lambda _: (200, {"totalSize": 1, "done": True, "records": []}) if org.signed_in > 1 else EXPIRED
    )
    lines = [client.line() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda line: line.query(QUERY).total, lines)) == [1] * 6
    assert org.signed_in == 2


def test_no_more_calls_are_under_way_than_allowed(org: Any, client: Client) -> None:
    under_way, most, lock = [0], [0], threading.Lock()

    def slowly(_: str) -> tuple[int, Any]:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.02)  # real: the server has to be busy while others want to talk
        with lock:
            under_way[0] -= 1
        return 200, {"totalSize": 0, "done": True, "records": []}

    org.script("SELECT", slowly)
    with ThreadPoolExecutor(9) as threads:
        list(threads.map(lambda line: line.query(QUERY), [client.line() for _ in range(9)]))
    assert most[0] == client.access.at_once == 4


def test_columns_are_described_once_for_all_lines(org: Any, client: Client) -> None:
    org.columns["User"] = ["Id"]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda line: line.columns("User"), [client.line() for _ in range(4)]))
    assert sum("describe" in address for _, address, _ in org.asked) == 1
