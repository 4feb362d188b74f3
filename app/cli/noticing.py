"""notices: channels, subscriptions, quiet hours, the log and what is sent again."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.actors import queries as actors
from app.cli.at_work import at_work
from app.cli.installation import find_system, json_object, opened, operator
from app.cli.telling import Telling, fail
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.notices import channels, deliveries, preferences, queries, subscriptions, timing
from app.notices.events import SUBSCRIBABLE
from app.notices.policy import TO_PEOPLE, ChannelStatus
from app.notices.tables import ChannelRow, DeliveryRow, SubscriptionRow


def show(telling: Telling) -> None:
    """Every channel and its subscriptions."""
    with opened() as means, means.database.reading() as session:
        rows = queries.channels(session)
        told = [(row, queries.counts(session, row.id)) for row in rows]
        subscribed = queries.subscriptions(session)
    telling.table(
        ("id", "channel", "kind", "where", "state", "last delivered", "test"),
        ((row.id, row.name, row.kind, _where(row), state(row), row.last_delivered, _tested(row)) for row, _ in told),
        empty="Nobody is told anything yet: `rolecall notices add` makes a channel.",
    )
    if subscribed:
        names = {row.id: row.name for row in rows}
        telling.say()
        telling.table(
            ("id", "channel", "to", "events", "only"),
            ((row.id, names[row.channel_id], row.recipient, _events(row), _only(row)) for row in subscribed),
        )
    telling.answer(
        {
            "channels": [_channel(row) | {"deliveries": counts} for row, counts in told],
            "subscriptions": [_subscription(row) for row in subscribed],
        }
    )


def add(telling: Telling, kind: str, name: str, config: list[str], secret: Path | None, quietly: bool) -> None:
    """Make a channel, with the usual subscriptions; of a web hook, show the signing secret once."""
    given = dict(_pair(each) for each in config)
    hidden = {key: str(value) for key, value in json_object(secret, "docs/notices.md").items()} if secret else {}
    at = clock.now()
    with opened() as means, means.database.transaction() as session:
        row, signing = channels.add(
            session, name=name, kind=kind, config=given, secret=hidden, keys=means.keys, by=operator(), at=at
        )
        if not quietly:
            usual = subscriptions.USUAL if row.kind in TO_PEOPLE else ((None, SUBSCRIBABLE),)
            for recipient, events in usual:
                subscriptions.add(session, row, events=events, recipient=recipient, by=operator(), at=at)
        made = _channel(row)
    telling.say(f"Added {name}. `rolecall notices test {row.id}` tries it.")
    if signing is not None:
        telling.say(f"Its signing secret, shown this once: {signing}")
    telling.answer(made | {"signing_secret": signing})


def subscribe(
    telling: Telling,
    channel: str,
    events: list[str],
    to: str | None,
    severity: str | None,
    system: str | None,
    rules: list[str] | None,
    departments: list[str] | None,
    digest: bool,
) -> None:
    """Make a subscription. An actor may be named by its address only where it is the reader: an address is an address."""
    with opened() as means, means.database.transaction() as session:
        about = find_system(session, system).id if system is not None else None
        row = subscriptions.add(
            session, queries.find_channel(session, channel), events=events or SUBSCRIBABLE, recipient=to,
            severity=severity, system_id=about, rules=rules, departments=departments, digest=digest, by=operator(),
            at=clock.now(),
        )  # fmt: skip
        number = row.id
    telling.say(f"Subscribed: number {number}.")


def unsubscribe(telling: Telling, number: int) -> None:
    """End a subscription."""
    with opened() as means, means.database.transaction() as session:
        subscriptions.end(session, number, by=operator(), at=clock.now())
    telling.say("Ended.")


def switch(telling: Telling, channel: str, to: str) -> None:
    """Switch a channel."""
    known = {status.value: status for status in ChannelStatus if status is not ChannelStatus.DEAD}
    if to not in known:
        raise Refused(Refusal("no_such_state", f"A channel is not switched to {to!r}.", f"Use: {', '.join(known)}."))
    with opened() as means, means.database.transaction() as session:
        row = queries.find_channel(session, channel)
        channels.switch(session, row, known[to], by=operator(), at=clock.now())
    telling.say(f"{row.name} is {to}.")


def rotate(telling: Telling, channel: str) -> None:
    """Make a new signing secret and show it, once."""
    with opened() as means, means.database.transaction() as session:
        row = queries.find_channel(session, channel)
        made = channels.rotate(session, row, keys=means.keys, by=operator(), at=clock.now())
    telling.say("The former secret signs beside this one for a day:")
    print(made)


def test(telling: Telling, channel: str) -> None:
    """Send a test, wait for the worker, and say how it went. Exits 1 if it did not arrive."""
    with opened() as means:
        with means.database.transaction() as session:
            found = queries.find_channel(session, channel)
            made = channels.test(session, found, by=operator(), at=clock.now()).id
        with telling.step(f"Sending a test by {found.name}") as progress, at_work(means, progress) as wait:
            wait()
        with means.database.reading() as session:
            row = queries.delivery(session, made)
            said = [f"{each.at.isoformat(timespec='seconds')}: {_said(each.outcome, each.said)}" for each in
                    queries.tries(session, made)]  # fmt: skip
    telling.answer({"delivery": str(made), "status": row.status, "because": row.because, "tries": said})
    if row.status == "delivered":
        telling.say("It was delivered.", style="green")
    elif row.status == "failed":
        fail(f"It did not arrive: {row.because}")
    else:
        telling.say(f"It is {row.status}; the running worker sends it.")


def log(telling: Telling, channel: str | None, status: str | None, limit: int) -> None:
    """The log of messages."""
    with opened() as means, means.database.reading() as session:
        about = queries.find_channel(session, channel).id if channel is not None else None
        found = queries.deliveries(channel_id=about, status=status).limit(limit)
        rows = session.scalars(found).all()
        names = {row.id: row.name for row in session.query(ChannelRow)}
    telling.table(
        ("made", "channel", "event", "to", "status", "tries", "id", "because"),
        (
            (
                row.made_at.isoformat(timespec="seconds"), names[row.channel_id], row.event, row.whom, row.status,
                row.tries, row.id, row.because,
            )
            for row in rows
        ),
        empty="No message was made yet.",
    )  # fmt: skip
    telling.answer([_delivery(row) for row in rows])


def replay(telling: Telling, delivery: str) -> None:
    """Have a message sent again."""
    try:
        wanted = uuid.UUID(delivery)
    except ValueError:
        told = f"{delivery!r} is no message's id."
        raise Refused(Refusal("no_delivery", told, "See `rolecall notices log`.", 404)) from None
    with opened() as means:
        with means.database.transaction() as session:
            deliveries.replay(session, queries.delivery(session, wanted), by=operator(), at=clock.now())
        with telling.step("Sending it again") as progress, at_work(means, progress) as wait:
            wait()
        with means.database.reading() as session:
            progress_of = queries.delivery(session, wanted).status
    telling.say(f"It is {progress_of}.")


def quiet(telling: Telling, who: str, begins: str, ends: str, zone: str, weekends: bool) -> None:
    """Keep somebody's quiet hours."""
    try:
        hours = timing.Quiet(zone, timing.minutes(begins), timing.minutes(ends), weekends)
    except ValueError as wrong:
        raise Refused(Refusal("bad_hours", f"{wrong}.", "Write it like 20:00.")) from None
    with opened() as means, means.database.transaction() as session:
        preferences.choose(session, _reader(session, who, clock.now()), hours, by=operator(), at=clock.now())
    telling.say(f"{who} is not spoken to from {begins} until {ends} ({zone}){', nor at weekends' if weekends else ''}.")


def state(row: ChannelRow) -> str:
    """How a channel fares, in a few words."""
    if row.status != ChannelStatus.ON:
        return f"{row.status}{f': {row.because}' if row.because else ''}"
    if row.failing_since is not None:
        return f"failing since {row.failing_since.isoformat(timespec='minutes')}: {row.because}"
    return "on"


def _reader(session: Session, who: str, at: datetime) -> str:
    kind, _, name = who.partition(":")
    if kind == "channel":
        return channels.place(queries.find_channel(session, name).id)
    person = inventory.find_identity(session, who)
    if person is not None:
        return f"identity:{person.id}"
    actor = actors.by_email(session, who)
    if actor is None:
        raise Refused(Refusal("nobody", f"Nobody here is {who!r}.", "See `rolecall person list`.", status=404))
    return queries.reader_of(session, actor.id, actor.email, actor.person_key)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Refused(Refusal("no_pair", f"{text!r} is not NAME=VALUE.", "Write it like --set host=mail.example.com."))
    return name.strip(), value.strip()


def _where(row: ChannelRow) -> str:
    told = row.shown
    return str(
        told.get("host") or told.get("scheme") or told.get("directory") or ("outbox" if row.kind == "file" else "")
    )


def _tested(row: ChannelRow) -> str:
    if row.tested_at is None:
        return "never"
    return f"{'arrived' if row.tested_well else 'did not arrive'} {row.tested_at.isoformat(timespec='minutes')}"


def _events(row: SubscriptionRow) -> str:
    return "all" if set(row.events) >= set(SUBSCRIBABLE) else ", ".join(row.events)


def _only(row: SubscriptionRow) -> str:
    told = [f"{row.severity} or worse"] if row.severity else []
    told += [f"system {row.system_id}"] if row.system_id else []
    told += [*(row.rules or ()), *(row.departments or ())]
    return ", ".join(told + (["once a day"] if row.digest else []))


def _said(outcome: str, said: str) -> str:
    return f"{outcome} ({said})" if said else outcome


def _channel(row: ChannelRow) -> dict[str, object]:
    names = (
        "id",
        "name",
        "kind",
        "shown",
        "status",
        "because",
        "failing_since",
        "last_delivered",
        "tested_at",
        "tested_well",
    )
    return {name: getattr(row, name) for name in names}


def _subscription(row: SubscriptionRow) -> dict[str, object]:
    names = (
        "id",
        "channel_id",
        "events",
        "recipient",
        "severity",
        "system_id",
        "rules",
        "departments",
        "digest",
        "added",
    )
    return {name: getattr(row, name) for name in names}


def _delivery(row: DeliveryRow) -> dict[str, object]:
    names = (
        "id",
        "channel_id",
        "event",
        "cause",
        "whom",
        "status",
        "tries",
        "made_at",
        "not_before",
        "ended_at",
        "because",
    )
    return {name: getattr(row, name) for name in names}
