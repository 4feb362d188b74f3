"""Channels: the ways by which messages leave. Added by an admin, tested, switched, given a new secret, removed.

What lets one in is sealed for the row it belongs to; of an address only the host is ever shown again.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock, ids
from app.kit.refusal import Refusal, insist
from app.kit.secrets import Keys
from app.ledger import entries
from app.ledger import queries as ledger
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import policy, queries, timing
from app.notices.carriers import others
from app.notices.events import EVENTS, Event
from app.notices.policy import ChannelStatus, Status
from app.notices.tables import ChannelRow, DeliveryRow, MarkRow


def place(channel_id: int) -> str:
    """Where a channel's secret is sealed for: "channel:3"."""
    return f"channel:{channel_id}"


def add(
    session: Session,
    *,
    name: str,
    kind: str,
    config: Mapping[str, str],
    secret: Mapping[str, str],
    keys: Keys,
    by: Actor,
    at: datetime,
) -> tuple[ChannelRow, str | None]:
    """Add a channel, and give a web hook's signing secret, which is not shown again. Refuses what `policy` refuses.

    What happened before the first channel was added is told to nobody.
    """
    at = clock.utc(at)
    live = ChannelRow.status != ChannelStatus.REMOVED
    taken = bool(session.scalar(select(exists().where(ChannelRow.name == name, live))))
    insist(policy.why_not_channel(kind, name, config, secret, taken=taken))
    insist(others.why_not(secret["url"]) if kind == policy.Kind.APPRISE else None)
    _begin_telling(session, at)
    row = ChannelRow(
        name=name, kind=kind, config=dict(config), shown=policy.shown(kind, config, secret), secret=b"", added=at,
        status=ChannelStatus.ON, failures=0, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()  # the seal is bound to the row's id
    signing = _new_secret() if kind == policy.Kind.WEBHOOK else None
    sealed = {**secret, "signing": signing} if signing is not None else secret
    row.secret = keys.seal_mapping(sealed, where=place(row.id))
    session.flush()
    entry = Entry(Kind.CHANNEL_ADDED, f"channel:{row.id}", {"name": name, "kind": kind, "shown": _plain(row.shown)})
    entries.record(session, entry, by=by.id, at=at)
    return row, signing


def replace(
    session: Session,
    channel: ChannelRow,
    *,
    config: Mapping[str, str],
    secret: Mapping[str, str] | None,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> ChannelRow:
    """Give a channel other settings, and another secret (None leaves it). A web hook goes on signing with its own."""
    now = keys.open_mapping(channel.secret, where=place(channel.id))
    signing: dict[str, str] = {name: now[name] for name in ("signing", "former") if name in now}
    kept = {name: value for name, value in now.items() if name not in signing}
    given = kept if secret is None else dict(secret)
    insist(policy.why_not_channel(channel.kind, channel.name, config, given, taken=False))
    insist(others.why_not(given["url"]) if channel.kind == policy.Kind.APPRISE else None)
    values: dict[str, Any] = {
        "config": dict(config),
        "shown": policy.shown(channel.kind, config, given),
        "secret": keys.seal_mapping({**given, **signing}, where=place(channel.id)),
        **_WELL,
    }
    _move(session, channel, **values)
    body = {"replaced": ["config"] + (["secret"] if secret is not None else [])}
    entries.record(session, Entry(Kind.CHANNEL_CHANGED, f"channel:{channel.id}", body), by=by.id, at=at)
    return channel


def switch(
    session: Session, channel: ChannelRow, to: ChannelStatus, *, because: str | None = None, by: Actor, at: datetime
) -> ChannelRow:
    """Switch a channel on or off, declare it dead, or remove it; its log stays. On again, it begins without a past."""
    insist(policy.why_not_switch(channel.status, to))
    values: dict[str, Any] = {"status": to}
    if to is ChannelStatus.ON:
        values |= _WELL
    elif to is ChannelStatus.DEAD:
        values["because"] = because
    elif to is ChannelStatus.REMOVED:
        values["secret"] = b""
    _move(session, channel, **values)
    body = {"status": str(to), "name": channel.name}
    entries.record(session, Entry(Kind.CHANNEL_CHANGED, f"channel:{channel.id}", body), by=by.id, at=at)
    return channel


def rotate(session: Session, channel: ChannelRow, *, keys: Keys, by: Actor, at: datetime) -> str:
    """Give a web hook a new signing secret and return it; it is not shown again. The former one signs beside it for a day.

    Refuses while a former one still does.
    """
    at = clock.utc(at)
    insist(policy.why_not_rotate(channel.kind, channel.overlap_until, at))
    now, signing = keys.open_mapping(channel.secret, where=place(channel.id)), _new_secret()
    sealed = {**now, "signing": signing, "former": now["signing"]}
    until = at + policy.OVERLAP
    _move(session, channel, secret=keys.seal_mapping(sealed, where=place(channel.id)), overlap_until=until)
    body = {"rotated": True, "overlap_until": until.isoformat()}
    entries.record(session, Entry(Kind.CHANNEL_CHANGED, f"channel:{channel.id}", body), by=by.id, at=at)
    return signing


def test(session: Session, channel: ChannelRow, *, by: Actor, at: datetime) -> DeliveryRow:
    """Have a test message sent at once, tried once; what became of it stands with the channel and in the ledger.

    Refuses a channel that is not in use.
    """
    at = clock.utc(at)
    insist(None if channel.status == ChannelStatus.ON else policy.why_not_replay(Status.DELIVERED, channel.status))
    identifier = ids.uuid7()
    # Whoever asks for a test waits to see it: its hour lies before that of all else that may still wait.
    row = DeliveryRow(
        id=identifier, channel_id=channel.id, whom=place(channel.id), event=Event.CHANNEL_TEST,
        cause=f"channel:{channel.id}:test:{identifier.hex}", severity=EVENTS[Event.CHANNEL_TEST].severity,
        facts={"channel": channel.id, "name": channel.name}, digest=False, leaves=False, status=Status.WAITING,
        made_at=at, since=at, not_before=at - timing.FOR_AT_MOST, tries=0,
    )  # fmt: skip
    session.add(row)
    if channel.resting_until is not None:  # a test asks whether it works now
        _move(session, channel, resting_until=None)
    session.flush()
    entry = Entry(Kind.NOTICES_MADE, f"channel:{channel.id}", {"made": 1, "events": {str(Event.CHANNEL_TEST): 1}})
    entries.record(session, entry, by=by.id, at=at)
    return row


def reseal(session: Session, *, keys: Keys) -> int:
    """Seal every channel's secret anew that was sealed with a former key. Returns how many were; whoever rotates the
    installation's key writes that down."""
    count = 0
    for row in queries.channels(session):
        if keys.needs_rotation(row.secret):
            row.secret = keys.seal(keys.open(row.secret, where=place(row.id)), where=place(row.id))
            count += 1
    session.flush()
    return count


_WELL: dict[str, Any] = {
    "because": None, "failing_since": None, "failures": 0, "resting_until": None, "tested_well": None,
}  # fmt: skip


def _begin_telling(session: Session, at: datetime) -> None:
    """Set the marks to the present, unless somebody is told already."""
    if queries.channels(session):
        return
    for name, number in ((policy.TOLD, ledger.size(session)), (policy.DAILY, 0)):
        row = session.get(MarkRow, name)
        if row is None:
            session.execute(insert(MarkRow).values(name=name, number=number, at=at))
        else:
            row.number, row.at = max(number, row.number), at
    session.flush()


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _plain(shown: Mapping[str, Any]) -> dict[str, str]:
    """What the ledger may hold of a channel: no address of anybody."""
    return {name: str(value) for name, value in shown.items() if name in ("host", "scheme", "tls", "port", "directory")}


def _move(session: Session, channel: ChannelRow, **values: Any) -> None:
    """Change the row if nobody else did meanwhile."""
    mine = (ChannelRow.id == channel.id, ChannelRow.version == channel.version)
    moved: Any = session.execute(
        update(ChannelRow)
        .where(*mine)
        .values(version=channel.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    overtaken = Refusal(
        "changed_meanwhile", f"{channel.name} was changed by somebody else.", "Look again and repeat.", 412
    )
    insist(None if moved.rowcount == 1 else overtaken)
    session.refresh(channel)
