"""What a channel, a subscription and a delivery may be, and how they move. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.kit.refusal import Refusal
from app.notices.events import SEVERITIES, SUBSCRIBABLE
from app.ways import Way


class Kind(StrEnum):
    """By what a message leaves."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    APPRISE = "apprise"
    FILE = "file"


TO_PEOPLE = (Kind.EMAIL, Kind.FILE)  # these reach one person each; the others reach whoever reads there
BY_ADDRESS = (Kind.WEBHOOK, Kind.SLACK, Kind.TEAMS, Kind.APPRISE)
OUTBOX_SENDER = "rolecall@localhost.localdomain"  # of files, where nobody was named
CONCERNED = "concerned"  # a subscription's recipient: the people an event is about
ROLES = ("role:admin", "role:it_security", "role:auditor")
TLS = ("starttls", "implicit", "none")
# What each kind is told openly and secretly: name -> whether it is needed.
CONFIG: Mapping[Kind, Mapping[str, bool]] = {
    Kind.EMAIL: {
        "host": True, "port": False, "tls": False, "sender": True, "username": False, "ca_file": False, "test_to": False,
    },
    Kind.FILE: {"directory": False, "sender": False},
} | {kind: {} for kind in BY_ADDRESS}  # fmt: skip
SECRET: Mapping[Kind, Mapping[str, bool]] = {
    Kind.EMAIL: {"password": False},
    Kind.WEBHOOK: {"url": True},
    Kind.SLACK: {"url": True},
    Kind.TEAMS: {"url": True},
    Kind.APPRISE: {"url": True},
    Kind.FILE: {},
}
OVERLAP = timedelta(hours=24)  # how long a web hook's former secret signs beside the new one
DEAD_AFTER = timedelta(days=3)  # of nothing but failures
DEAD_AFTER_FAILURES = 10  # and at least so many: one try in three quiet days proves nothing
TOLD = "told"  # the mark of how far the ledger was read
DAILY = "daily"  # the mark of the last day's digest
LEASE = timedelta(minutes=15)  # a message in the hands of a worker for longer was in those of one that died


class ChannelStatus(StrEnum):
    """Whether a channel is used."""

    ON = "on"
    OFF = "off"  # by a person
    DEAD = "dead"  # by itself, after it failed for long
    REMOVED = "removed"


CHANNEL_MOVES: Mapping[ChannelStatus, frozenset[ChannelStatus]] = {
    ChannelStatus.ON: frozenset({ChannelStatus.OFF, ChannelStatus.DEAD, ChannelStatus.REMOVED}),
    ChannelStatus.OFF: frozenset({ChannelStatus.ON, ChannelStatus.REMOVED}),
    ChannelStatus.DEAD: frozenset({ChannelStatus.ON, ChannelStatus.OFF, ChannelStatus.REMOVED}),
    ChannelStatus.REMOVED: frozenset(),
}


class Status(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # for its hour, or for the next try
    SENDING = "sending"  # in the hands of a worker; after a crash nobody knows whether it arrived
    DELIVERED = "delivered"  # the other side took it
    FAILED = "failed"  # given up
    FOLDED = "folded"  # left inside another one, as part of a digest
    DROPPED = "dropped"  # not worth sending any more: the reminder of somebody who is done


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.SENDING, Status.FOLDED, Status.DROPPED, Status.FAILED}),
    Status.SENDING: frozenset({Status.WAITING, Status.DELIVERED, Status.FAILED}),
    Status.DELIVERED: frozenset({Status.WAITING}),  # replayed
    Status.FAILED: frozenset({Status.WAITING}),  # replayed
    Status.FOLDED: frozenset(),
    Status.DROPPED: frozenset(),
}
REPLAYABLE = tuple(status for status in (Status.DELIVERED, Status.FAILED))


def why_not_channel(
    kind: str, name: str, config: Mapping[str, str], secret: Mapping[str, str], *, taken: bool
) -> Refusal | None:
    """Why there cannot be such a channel: an unknown kind, a taken name, something missing, strange or unsafe."""
    if kind not in list(Kind):
        return _no("no_such_kind", f"There is no kind of channel {kind!r}.", f"There are: {', '.join(Kind)}.")
    if not name.strip() or len(name) > 100 or not name.isprintable():
        return _no("bad_name", "A channel needs a name of at most 100 characters in one line.", "Give it a short name.")
    if taken:
        return Refusal("name_taken", f"There is a channel called {name!r} already.", "Choose another name.")
    known = Kind(kind)
    return (
        _why_not_words(known, "set", config, CONFIG[known])
        or _why_not_words(known, "secret", secret, SECRET[known])
        or (_why_not_email(config, secret) if known is Kind.EMAIL else None)
        or (why_not_url(secret["url"]) if known in (Kind.WEBHOOK, Kind.SLACK, Kind.TEAMS) else None)
        or (_why_not_directory(config.get("directory", "")) if known is Kind.FILE else None)
    )


def _why_not_words(kind: Kind, where: str, given: Mapping[str, str], known: Mapping[str, bool]) -> Refusal | None:
    missing = [name for name, needed in known.items() if needed and not given.get(name, "").strip()]
    strange = [name for name in given if name not in known]
    way_out = f"A channel of kind {kind} takes in its {where}: {', '.join(known) or 'nothing'}."
    if missing:
        return _no("missing", f"{missing[0]} is missing.", way_out)
    if strange:
        return _no("strange", f"{strange[0]} is nothing that it takes.", way_out)
    return None


def _why_not_email(config: Mapping[str, str], secret: Mapping[str, str]) -> Refusal | None:
    tls = config.get("tls", "starttls")
    if tls not in TLS:
        return _no("bad_tls", f"{tls!r} is no way of encrypting.", f"Use one of: {', '.join(TLS)}.")
    if tls == "none" and config["host"] not in ("127.0.0.1", "::1", "localhost"):
        return _no("tls_needed", "Mail leaves this machine encrypted only.", "Use tls=starttls or tls=implicit.")
    if not config.get("port", "25").isdigit() or not 0 < int(config.get("port", "25")) < 65536:
        return _no("bad_port", "That is no port.", "Use 587 for starttls, 465 for implicit.")
    if bool(config.get("username")) != bool(secret.get("password")):
        return _no("half_a_sign_in", "A username and a password go together.", "Give both or none.")
    if tls == "none" and secret.get("password"):
        return _no("tls_needed", "A password is not sent without encryption.", "Use tls=starttls or tls=implicit.")
    return why_not_address(config["sender"]) or (why_not_address(config["test_to"]) if config.get("test_to") else None)


def _why_not_directory(directory: str) -> Refusal | None:
    path = PurePosixPath(directory or "outbox")
    if path.is_absolute() or ".." in path.parts or not directory.isprintable():
        return _no("bad_directory", "Messages are written below the home only.", "Give a plain name, such as outbox.")
    return None


def why_not_url(url: str) -> Refusal | None:
    """Why a message cannot be posted there, as far as the address itself tells. Where it leads is checked at each call."""
    parts = urlsplit(url)
    if not url.isprintable() or parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        return _no("bad_address", "That is no web address without a name and password in it.", "Write https://….")
    return None


def why_not_address(address: str) -> Refusal | None:
    """Why something is no e-mail address that may stand in a header."""
    try:
        if not address.isprintable() or any(each.isspace() for each in address):
            raise ValueError
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):  # the parser's own errors have no other common parent
        parsed = None
    if parsed is None or not parsed.domain or len(address) > 320:
        return _no("bad_email", "That is no e-mail address.", "Write it like reviews@example.com.")
    return None


def why_not_subscribe(
    kind: str, events: Sequence[str], recipient: str | None, severity: str | None, digest: bool
) -> Refusal | None:
    """Why nobody can be told these events in this way."""
    strange = [event for event in events if event not in SUBSCRIBABLE]
    if strange or not events:
        told = f"There is no event {strange[0]!r}." if strange else "No event was named."
        return _no("no_such_event", told, f"There are: {', '.join(SUBSCRIBABLE)}.")
    if severity is not None and severity not in SEVERITIES:
        return _no("no_such_severity", f"{severity!r} is no severity.", f"There are: {', '.join(SEVERITIES)}.")
    if digest and kind == Kind.WEBHOOK:
        return _no("no_digest", "A web hook gets each event by itself.", "Leave the digest out.")
    if kind not in TO_PEOPLE:
        told = "Whoever reads that channel is told; nobody can be named."
        return _no("no_recipient", told, "Leave the recipient out.") if recipient is not None else None
    if recipient is None:
        return _no(
            "recipient_missing", "It must be said who is written to.",
            f"Name an e-mail address, an actor, {', '.join(ROLES)}, or {CONCERNED} for the people an event is about.",
        )  # fmt: skip
    if recipient in (CONCERNED, *ROLES) or recipient.startswith("actor"):
        return None
    return why_not_address(recipient)


def why_not_narrow(rules: Sequence[str], *, known: Collection[str]) -> Refusal | None:
    """Why nobody can be told of findings by these rules: a word misspelt would be told of nothing, for ever."""
    strange = sorted(set(rules) - set(known))
    if not strange:
        return None
    return _no("no_such_rule", f"There is no rule {strange[0]!r}.", f"There are: {', '.join(sorted(known))}.")


def why_not_quiet(zone: str, begins: int, ends: int) -> Refusal | None:
    """Why quiet hours cannot be kept: no such zone, or no time of day."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _no("no_such_zone", f"There is no time zone {zone!r}.", "Write it like Europe/Berlin.")
    if not (0 <= begins < 1440 and 0 <= ends < 1440):
        return _no("bad_hours", "That is no time of day.", "Write it like 20:00.")
    return None


def why_not_switch(now: str, to: ChannelStatus) -> Refusal | None:
    """Whether a channel may go from one status to another."""
    if to in CHANNEL_MOVES[ChannelStatus(now)]:
        return None
    return Refusal("no_such_move", f"This channel is {now}.", "Look at it again.")


def why_not_rotate(kind: str, overlap_until: datetime | None, at: datetime) -> Refusal | None:
    """A web hook's secret only, and not while the former one still signs: its receiver would be lost."""
    if kind != Kind.WEBHOOK:
        return _no(
            "nothing_to_rotate", "Only a web hook has a secret that signs.", "Replace the channel's address instead."
        )
    if overlap_until is not None and overlap_until > at:
        told = f"The former secret still signs until {overlap_until.isoformat(timespec='minutes')}."
        return Refusal("rotating", told, "Wait until then; the receiver may not have the new one yet.")
    return None


def why_not_replay(status: str, channel: str) -> Refusal | None:
    """Whether a message may be sent again: it must have ended, and its channel be in use."""
    if status not in REPLAYABLE:
        return Refusal("not_ended", f"This message is {status}.", "Only what was delivered or failed is sent again.")
    if channel != ChannelStatus.ON:
        return Refusal("channel_off", f"Its channel is {channel}.", "Switch the channel on first.")
    return None


def is_dead(failing_since: datetime | None, failures: int, at: datetime) -> bool:
    """Whether a channel has failed for so long that it is switched off."""
    return failing_since is not None and at - failing_since >= DEAD_AFTER and failures >= DEAD_AFTER_FAILURES


def shown(kind: str, config: Mapping[str, str], secret: Mapping[str, str]) -> dict[str, str]:
    """What may be seen of a channel: its openly told settings, and of an address the host alone, for the rest lets in."""
    told = dict(config)
    if kind in (Kind.WEBHOOK, Kind.SLACK, Kind.TEAMS):
        told["host"] = urlsplit(secret["url"]).hostname or ""
    elif kind == Kind.APPRISE:
        told["scheme"] = secret["url"].partition(":")[0]
    return told


def _no(code: str, reason: str, way_out: str) -> Refusal:
    return Refusal(code, reason, way_out, status=422)


# --- reminding by hand ---


def why_not_remind(status: str, *, told: bool) -> Refusal | None:
    """Why nobody can be reminded of a review: it has ended, or no channel tells reviewers."""
    if status != "open":
        return Refusal("campaign_ended", f"This review is {status}.", "There is nothing left to remind of.")
    if told:
        return None
    return Refusal("nobody_is_told", "No channel tells reviewers.", way=Way.TELL_REVIEWERS)


def why_not_remind_them(*, pending: int, chosen: int) -> Refusal | None:
    """Why these are not reminded: they are done, or all of them heard within a day."""
    if not pending:
        return Refusal("nobody_pending", "Everybody whom this is about has submitted.", "Nobody needs reminding.")
    if chosen:
        return None
    return Refusal(
        "reminded_lately",
        "Everybody who is not done heard of this review within a day.",
        "Wait until tomorrow, or say that they are to hear again.",
    )
