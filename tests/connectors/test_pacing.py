"""Patience has a budget, paging has an end, secrets stay out, and the wire is guarded: all without real waiting."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests

from connectors import pacing
from connectors.errors import Denied, Misread, Throttled, Unreachable
from connectors.pacing import HIDDEN, Budget, Pace, Pages, Timeouts


class VirtualTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Fails:
    """Raises the given errors in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def read(ask: Fails, budget: Budget, time: VirtualTime, chance: float = 1.0) -> str:
    return pacing.read(ask, budget, clock=time.clock, sleep=time.sleep, chance=lambda: chance)


# --- budgets ---


def test_waits_double_up_to_the_longest() -> None:
    time, ask = VirtualTime(), Fails(*[Unreachable("x")] * 5)
    assert read(ask, Budget(attempts=6, first_wait=1, longest_wait=8), time) == "answer"
    assert time.slept == [1, 2, 4, 8, 8]


def test_jitter_shortens_a_wait_but_never_to_nothing() -> None:
    time = VirtualTime()
    read(Fails(Unreachable("x")), Budget(first_wait=10), time, chance=0.0)
    assert time.slept == [1.0]


def test_gives_up_after_the_last_attempt_without_sleeping_again() -> None:
    time, ask = VirtualTime(), Fails(*[Unreachable("x")] * 9)
    with pytest.raises(Unreachable):
        read(ask, Budget(attempts=3), time)
    assert ask.asked == 3
    assert len(time.slept) == 2


def test_a_wait_that_does_not_fit_in_the_budget_is_not_begun() -> None:
    time, ask = VirtualTime(), Fails(Throttled("x", wait=500))
    with pytest.raises(Throttled):
        read(ask, Budget(seconds=300), time)
    assert time.slept == []


def test_a_throttle_is_obeyed_and_never_undercut() -> None:
    time = VirtualTime()
    read(Fails(Throttled("x", wait=7)), Budget(), time)
    assert time.slept[0] >= 7


def test_a_spent_daily_allowance_is_not_waited_for() -> None:
    time, ask = VirtualTime(), Fails(Throttled("x", until=datetime(2026, 11, 23, tzinfo=UTC)))
    with pytest.raises(Throttled):
        read(ask, Budget(), time)
    assert (ask.asked, time.slept) == (1, [])


@pytest.mark.parametrize("error", [Denied("x", missing="y"), Misread("x")])
def test_what_time_cannot_heal_is_not_asked_again(error: Exception) -> None:
    time, ask = VirtualTime(), Fails(error)
    with pytest.raises(type(error)):
        read(ask, Budget(), time)
    assert ask.asked == 1


def test_no_more_than_so_many_requests_begin_in_a_stretch() -> None:
    time = VirtualTime()
    pace, begun = Pace(10, 1.0, time.clock, time.sleep), []
    for _ in range(35):
        pace.keep()
        begun.append(time.now)
    assert all(later - first >= 1.0 for first, later in zip(begun, begun[10:], strict=False))
    assert time.now - begun[0] == pytest.approx(3.0)


def test_whoever_asks_while_another_waits_gets_the_turn_behind() -> None:
    """Streams are read side by side: both look, and find room for one."""
    time, begun = VirtualTime(), list[float]()
    beside = threading.Thread(target=lambda: (pace.keep(), begun.append(time.now)))

    def sleep(seconds: float) -> None:
        due = time.now + seconds
        if beside.ident is None:
            beside.start()
            beside.join(0.1)  # it has every chance to slip in here
        time.now = max(time.now, due)

    pace = Pace(1, 10.0, time.clock, sleep)
    for _ in range(2):
        pace.keep()
        begun.append(time.now)
    beside.join()
    assert [at - begun[0] for at in sorted(begun)] == [0.0, 10.0, 20.0]


# --- paging ---


def test_a_circle_of_links_ends() -> None:
    pages = Pages("User")
    pages.turn("/a")
    pages.turn("/b")
    with pytest.raises(Misread, match="circle"):
        pages.turn("/a")


def test_a_paging_without_end_ends() -> None:
    pages = Pages("User", limit=3)
    for number in range(3):
        pages.turn(f"/{number}")
    with pytest.raises(Misread, match="more than 3"):
        pages.turn("/3")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/q/1",
        "//evil.example.com/q/1",
        "http://acme.example.com/q/1",
        "https://acme.example.com:444/q/1",
        "https://me@acme.example.com/q/1",
        "https://acme.example.com@evil.example.com/q",
        "javascript:alert(1)",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(link: str) -> None:
    with pytest.raises(Misread):
        pacing.same_host(link, "https://acme.example.com/")


def test_a_link_of_the_same_host_is_made_absolute() -> None:
    assert pacing.same_host("/q/2?a=b", "https://acme.example.com/x") == "https://acme.example.com/q/2?a=b"


# --- secrets ---

TOKEN = "00D" + "5g00000ABCdE" + "!AQ8AQJ.notarealtoken_x1"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"sid {TOKEN} is bad", TOKEN),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("https://x.example.com/revoke?token=s3cr3tvalue&x=1", "s3cr3tvalue"),
        ('{"refresh_token": "r-e-f-r-e-s-h"}', "r-e-f-r-e-s-h"),
        ("client_secret=hunter2hunter2", "hunter2hunter2"),
        ("assertion eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "eyJpc3MiOiJ4In0"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEv\n-----END PRIVATE KEY-----", "MIIEv"),
        ("key pat-eu1-12345678-1234-1234-1234-123456789012 used", "123456789012"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, hidden: str) -> None:
    assert hidden not in pacing.redact(text)
    assert HIDDEN in pacing.redact(text)


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    assert pacing.redact("a zebra-42 in the text", "zebra-42") == f"a {HIDDEN} in the text"


def test_an_ordinary_sentence_is_left_as_it_is() -> None:
    text = "SELECT Id, AppName FROM OauthToken WHERE UserId = '005xx000001X8Uz' ORDER BY CreatedDate"
    assert pacing.redact(text) == text


# --- the wire ---


class Strange(BaseHTTPRequestHandler):
    """A server with every bad habit, chosen by path."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[str | None]] = []

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        if self.path == "/silent":
            time.sleep(1.5)
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "https://evil.example.com/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * 400
        if self.path in ("/gzip", "/cut-chunk"):
            packed = gzip.compress(body)
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(packed), packed))
            self.wfile.write(b"0\r\n\r\n" if self.path == "/gzip" else b"40\r\nabc")
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/cut":
            self.wfile.write(body[:50])
            self.close_connection = True
        elif self.path == "/drip":
            for each in body:
                try:
                    self.wfile.write(bytes([each]))
                except OSError:
                    return
                time.sleep(0.05)
        else:
            self.wfile.write(body)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


HASTY = Timeouts(connect=1, silence=0.3, whole=0.6, largest=1000)


def get(port: int, path: str, timeouts: Timeouts = HASTY) -> requests.Response:
    with pacing.open_session(timeouts, plain=frozenset({f"127.0.0.1:{port}"})) as session:
        return session.get(f"https://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer ours"})


def test_https_to_this_machine_may_be_spoken_as_http(port: int) -> None:
    answer = get(port, "/")
    assert (answer.status_code, len(answer.content)) == (200, 400)


def test_a_packed_and_chunked_body_arrives_whole(port: int) -> None:
    assert get(port, "/gzip").text == "x" * 400


@pytest.mark.parametrize("path", ["/silent", "/drip", "/cut", "/cut-chunk"])
def test_silence_dripping_and_a_cut_body_are_unreachable(port: int, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(requests.RequestException) as caught:
        get(port, path)
    error = pacing.sorted_error(caught.value, "GET x", changes=True)
    assert isinstance(error, Unreachable)
    assert error.ambiguous
    assert time.monotonic() - began < 1.4


def test_a_redirect_is_not_followed(port: int) -> None:
    with pytest.raises(requests.TooManyRedirects) as caught:
        get(port, "/away")
    assert isinstance(pacing.sorted_error(caught.value, "GET x"), Misread)


def test_an_answer_without_measure_is_refused(port: int) -> None:
    with pytest.raises(requests.RequestException) as caught:
        get(port, "/", Timeouts(largest=100))
    assert isinstance(pacing.sorted_error(caught.value, "GET x"), Misread)


def test_a_refused_connection_is_not_ambiguous() -> None:
    with pytest.raises(requests.ConnectionError) as caught, pacing.open_session(HASTY) as session:
        session.get("http://127.0.0.1:1/")
    error = pacing.sorted_error(caught.value, "DELETE x", changes=True)
    assert isinstance(error, Unreachable)
    assert not error.ambiguous


def test_a_netrc_does_not_replace_our_header(port: int, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password mallory\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get(port, "/")
    assert Strange.seen[-1] == "Bearer ours"


def test_this_machine_is_never_reached_through_a_proxy(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert get(port, "/").status_code == 200


def test_the_way_to_each_host_is_looked_up_once_and_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        requests.sessions, "get_environ_proxies", lambda url, **_: asked.append(url) or {"https": f"of {url}"}
    )
    with pacing.open_session() as session:
        ways = [
            session.merge_environment_settings(f"https://{host}.example.com/{page}", {}, None, None, None)["proxies"]
            for page in (1, 2)
            for host in ("a", "b")
        ]
    assert asked == ["https://a.example.com/1", "https://b.example.com/1"]
    assert ways[0] == ways[2] != ways[1] == ways[3]


def test_plain_http_goes_to_this_machine_only() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        pacing.open_session(plain=frozenset({"crm.example.com:80"}))
    with pytest.raises(requests.exceptions.InvalidSchema), pacing.open_session() as session:
        session.get("http://crm.example.com/")


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://login.salesforce.com", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.evil.example.com", False),
        ("http://crm.example.com", False),
        ("ftp://crm.example.com", False),
        ("login.salesforce.com", False),
        ("https://me:word@crm.example.com", False),
        ("https://", False),
    ],
)
def test_addresses(address: str, fine: bool) -> None:
    assert (pacing.why_not_address(address) is None) is fine


# --- headers ---

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0), ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0), ("soon", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert pacing.retry_after({"Retry-After": value}, NOON) == seconds
    assert pacing.retry_after({}, NOON) is None


def test_the_servers_own_clock() -> None:
    assert pacing.server_time({"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}) == NOON
    assert pacing.server_time({"Date": "yesterday"}) is None
    assert pacing.server_time({}) is None
