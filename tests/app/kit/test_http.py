"""Sending a message without being turned against ourselves; against a real server on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.kit import http
from app.kit.http import Unanswered
from app.kit.refusal import Refused


class Hook(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers["Host"], body))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (10_000_000 if self.path == "/huge" else 2))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Hook.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def test_a_message_arrives_at_the_checked_address_under_its_own_name(port: int) -> None:
    answer = http.post(
        f"http://hooks.example.com:{port}/ok", b"{}", {}, allow_private=True, resolve=lambda host, _: ["127.0.0.1"]
    )
    assert (answer.status, answer.body, answer.cut) == (200, b"xx", False)
    assert Hook.seen == [("/ok", f"hooks.example.com:{port}", b"{}")]


def test_a_name_is_resolved_once_so_that_it_cannot_change_after_the_check(port: int) -> None:
    asked: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    http.post(f"http://hooks.example.com:{port}/ok", b"", {}, allow_private=True, resolve=rebinding)
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.1.2.3"], ["192.168.0.1"], ["172.16.9.9"], ["169.254.169.254"], ["100.64.0.1"], ["0.0.0.0"],
        ["::1"], ["fe80::1%eth0"], ["fd00::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"],
        ["224.0.0.1"], ["93.184.215.14", "127.0.0.1"],
    ],
)  # fmt: skip
def test_private_addresses_are_refused_however_they_are_written(port: int, addresses: list[str]) -> None:
    with pytest.raises(Refused, match="ROLECALL_ALLOW_PRIVATE_ADDRESSES"):
        http.post(f"https://hooks.example.com:{port}/ok", b"", {}, resolve=lambda *_: addresses)
    assert Hook.seen == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_not(address: str) -> None:
    assert http.why_not_reach(address) is None


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "ftp://hooks.example.com/", "https://", "https://ada:secret@hooks.example.com/"],
)
def test_other_forms_of_address_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(Refused, match="https://") as caught:
        http.post(url, b"", {}, resolve=lambda *_: ["93.184.215.14"])
    assert "secret" not in str(caught.value)


def test_a_redirect_is_not_followed(port: int) -> None:
    answer = http.post(f"http://127.0.0.1:{port}/moved", b"", {}, allow_private=True)
    assert answer.status == 302
    assert len(Hook.seen) == 1


def test_a_huge_answer_is_cut(port: int) -> None:
    answer = http.post(f"http://127.0.0.1:{port}/huge", b"", {}, allow_private=True)
    assert answer.cut
    assert len(answer.body) == http.LARGEST_ANSWER


def test_an_answer_that_drips_is_given_up(port: int) -> None:
    with pytest.raises(Unanswered, match="too slowly"):
        http.post(f"http://127.0.0.1:{port}/drip", b"", {}, allow_private=True, timeout_s=0.2)


def test_nobody_there_is_unanswered() -> None:
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1 gave no answer"):
        http.post("http://127.0.0.1:9/", b"", {}, allow_private=True, timeout_s=1)


def test_an_unknown_name_is_unanswered() -> None:
    def unknown(host: str, _: int) -> list[str]:
        raise OSError(host)

    with pytest.raises(Unanswered, match="not known"):
        http.post("https://nowhere.example.com/", b"", {}, resolve=unknown)


def test_a_proxy_of_the_environment_is_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert http.post(f"http://127.0.0.1:{port}/ok", b"", {}, allow_private=True).status == 200
