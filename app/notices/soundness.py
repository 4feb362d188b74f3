"""A channel by which alerts do not arrive: it was switched off after failing, its test was lost, or was long ago.

Every channel is tested on the first of each month. A channel that nobody has tested yet cannot be told of; one that was
removed or switched off by a person is nobody's way of hearing of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.detection.judgement import Judgement
from app.detection.rule import Answer, CannotTell, Fails, Holds, Rule, Severity, Subject
from app.notices import queries
from app.notices.policy import ChannelStatus
from app.notices.tables import ChannelRow

SOURCE = "notices"
LATEST_TEST = timedelta(days=35)  # a month and some days for whoever was on leave on the first
RULE = Rule(
    "channel_silent",
    "Alerts by this channel do not arrive",
    Subject.CHANNEL,
    Severity.HIGH,
    needs=(),
    controls=(),
    iso=("6.8", "8.16"),
    alerts=True,
    todo="Mend the channel, then test it: what is wrong in a CRM is told by it.",
    steps={
        "": (
            "Open Settings, Channels, and read what its last failure said.",
            "Mend the address, the password or the server that it names.",
            "Press Test. The finding closes when the test has arrived.",
        )
    },
)


def judgements(session: Session, *, at: datetime) -> Iterator[Judgement]:
    """The rule's answer about every channel that is meant to be in use."""
    for row in queries.channels(session):
        if row.status != ChannelStatus.OFF:
            facts = {
                "channel": row.name, "kind": row.kind, "status": row.status,
                "tested": row.tested_at.date().isoformat() if row.tested_at else None,
            }  # fmt: skip
            yield Judgement(RULE.name, f"channel:{row.id}", RULE.severity, ask(row, at), facts=facts)


def ask(row: ChannelRow, at: datetime) -> Answer:
    """Judge one channel."""
    if row.status == ChannelStatus.DEAD:
        return Fails("it failed for days and was switched off")
    if row.tested_at is None:
        return CannotTell("it was never tested")
    if row.tested_well is False:
        return Fails(f"its test of {row.tested_at.date().isoformat()} did not arrive")
    if at - row.tested_at > LATEST_TEST:
        return Fails(f"it was last tested on {row.tested_at.date().isoformat()}")
    return Holds() if row.tested_well else CannotTell("its test is under way")
