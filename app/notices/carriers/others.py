"""Everything else, through Apprise (the extra `notify`): over a hundred services, each by an address of its own kind.

Apprise can also speak to this machine (desktop notices, syslog, any web address). Kinds that reach no service of their own
are refused, and an address whose host is private is not called unless the settings allow it.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.kit import http
from app.kit.refusal import Refusal, Refused
from app.notices import shapes
from app.notices.carriers.carrier import Outcome, Result, Ways
from app.notices.shapes import Message

# Of this machine, or plain web requests, which have channels of their own here.
_HERE = frozenset(
    {
        *("dbus", "file", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"),
        *("form", "forms", "json", "jsons", "mailto", "mailtos", "xml", "xmls"),
    }
)
_KINDS = {"critical": "failure", "high": "warning"}


class AppriseCarrier:
    """One address of Apprise's."""

    def __init__(self, secret: Mapping[str, str], ways: Ways) -> None:
        self._url, self._ways = secret["url"], ways

    def send(self, message: Message, at: datetime) -> Outcome:
        """Hand the message to Apprise. It says yes or no, and hardly ever why."""
        try:
            refusal = why_not(self._url) or self._why_not_host()
        except OSError:
            return Outcome(Result.TROUBLE, "the name of its host is not known")
        if refusal is not None:
            return Outcome(Result.TROUBLE, f"{refusal.reason} {refusal.way_out}")
        opened = _library().Apprise()
        opened.add(self._url)
        kind = _KINDS.get(message.severity, "info")
        taken = opened.notify(title=message.subject, body=shapes.plain(message), notify_type=kind)
        return Outcome(Result.DELIVERED) if taken else Outcome(Result.TROUBLE, "Apprise could not deliver it")

    def close(self) -> None:
        """Nothing is held open."""

    def _why_not_host(self) -> Refusal | None:
        """Whether its host is one that must not be reached. A token in the place of a host has no address, and is none."""
        host = urlsplit(self._url).hostname or ""
        if self._ways.allow_private or not ("." in host or ":" in host or host == "localhost"):
            return None
        resolve = self._ways.resolve or _resolve
        return next(filter(None, map(http.why_not_reach, resolve(host, 443))), None)


def why_not(url: str) -> Refusal | None:
    """Why Apprise is not given this address: it is not installed, does not know it, or it would reach this machine."""
    scheme = url.partition(":")[0].lower()
    if scheme in _HERE:
        told = f"{scheme}:// reaches this machine or any web address, and no service."
        return Refusal("bad_address", told, "Use a channel of kind email or webhook for that.", 422)
    try:
        known = _library().Apprise.instantiate(url, suppress_exceptions=True) is not None
    except Refused as refused:
        return refused.refusal
    if known:
        return None
    return Refusal(
        "bad_address", "Apprise does not know this address.", "See its list of services for how it is written.", 422
    )


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise Refused(
            Refusal(
                "apprise_missing",
                "Apprise is not installed here.",
                "Install Rolecall with the extra notify: pip install 'rolecall[notify]'.",
                status=422,
            )
        ) from None
    return apprise


def _resolve(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
