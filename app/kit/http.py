"""Sending a message to an address that somebody configured (a web hook), without being turned against ourselves.

The name is resolved here, every address it has is checked, and the connection goes to the very address that was checked,
so that a name cannot be pointed elsewhere between the check and the call (DNS rebinding). No redirect is followed, no proxy
and no password is taken from the environment, and an answer is read up to a limit only.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import httpx2

from app.kit.refusal import Refusal, Refused

LARGEST_ANSWER = 64 * 1024  # bytes; of a web hook's answer only the status and a few words matter
_HIDING = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]

Resolve = Callable[[str, int], Sequence[str]]


class Unanswered(Exception):
    """No usable answer: the name is unknown, nobody answered in time, or too much came back. Worth another try later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `cut`: there was more than we read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool = False,
    timeout_s: float = 10.0,
    resolve: Resolve | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> Answer:
    """POST once. Raises Refused for an address that must not be reached, Unanswered when there was no answer.

    `timeout_s` bounds each wait for the network, and three times as much the whole.
    """
    parts = urlsplit(url)
    _insist_on_form(url, allow_private)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _checked_address(host, port, allow_private, resolve or _resolve)
    to = httpx2.URL(url).copy_with(host=address)
    sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity"}
    deadline = time.monotonic() + 3 * timeout_s
    try:
        with (
            httpx2.Client(
                timeout=timeout_s, follow_redirects=False, trust_env=False, transport=transport, verify=_trust()
            ) as client,
            client.stream("POST", to, content=body, headers=sent, extensions={"sni_hostname": host}) as answer,
        ):
            return _read(answer, deadline)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unanswered(f"{host} gave no answer ({type(error).__name__})") from error


@cache
def _trust() -> ssl.SSLContext:
    """The authorities we trust. Reading them takes longer than a call, so it is done once."""
    return httpx2.create_ssl_context(trust_env=False)


def why_not_reach(address: str) -> Refusal | None:
    """Why an address (IPv4 or IPv6, as text) must not be reached: it is private, of this machine, or hides another."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if (
        not found.is_global
        or found.is_multicast
        or any(found in each for each in _HIDING if each.version == found.version)
    ):
        return Refusal(
            "private_address",
            f"{address} is not an address on the open internet.",
            "Use a public address, or allow others with ROLECALL_ALLOW_PRIVATE_ADDRESSES.",
            status=422,
        )
    return None


def _insist_on_form(url: str, allow_private: bool) -> None:
    parts = urlsplit(url)
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.password:
        raise Refused(
            Refusal(
                "bad_address",
                "A message can only be sent to an https:// address without a name and password in it.",
                "Write it like https://hooks.example.com/rolecall.",
                status=422,
            )
        )


def _checked_address(host: str, port: int, allow_private: bool, resolve: Resolve) -> str:
    try:
        found = resolve(host, port)
    except OSError as error:
        raise Unanswered(f"the name {host} is not known") from error
    if not found:
        raise Unanswered(f"the name {host} has no address")
    if not allow_private:
        for address in found:  # one bad address refuses all: which one is taken must not be a matter of luck
            refusal = why_not_reach(address)
            if refusal is not None:
                raise Refused(refusal)
    return found[0]


def _resolve(host: str, port: int) -> Sequence[str]:
    return list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def _read(answer: httpx2.Response, deadline: float) -> Answer:
    body = b""
    for piece in answer.iter_raw():
        body += piece
        if len(body) > LARGEST_ANSWER:
            return Answer(answer.status_code, dict(answer.headers), body[:LARGEST_ANSWER], cut=True)
        if time.monotonic() > deadline:
            raise Unanswered(f"{answer.request.headers['Host']} answered too slowly")
    return Answer(answer.status_code, dict(answer.headers), body)
