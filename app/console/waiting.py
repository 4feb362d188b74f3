"""What waits for whoever has come, the most pressing first: Home's first thing is the first of these.

Only what somebody can do something about is in it, each with where to go, if it is done here. Own answers come first, for
others wait for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.console import words
from app.inventory.tables import SystemRow
from app.kit.refusal import Refusal
from app.review.tables import CampaignRow
from app.stories.beginning import Step
from app.stories.desk import Late, Own, Running
from app.stories.readings import Standing, State

_NAMED = 4  # people who are told by name; the others are counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing: what it is, more about it, and where it is done, if that is here. `due` is shown as a day."""

    title: str
    text: str
    path: str
    label: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What Home knows."""

    own: Sequence[Own] = ()
    unsigned: Sequence[CampaignRow] = ()  # closed, and theirs to sign
    running: Sequence[Running] = ()
    answers_for: Sequence[Running] = ()  # going on, and they are its control owner
    late: Sequence[Late] = ()  # overdue, and not for themselves but for who reports to them
    findings: Mapping[str, int] = field(default_factory=dict)
    removals: Sequence[tuple[str, int]] = ()
    unreleased: Sequence[tuple[SystemRow, int]] = ()  # removals that wait for their word
    systems: Sequence[Standing] = ()
    steps: Sequence[Step] = ()
    closed: CampaignRow | None = None  # the latest review that has ended
    unplanned: Refusal | None = None  # why no review opens by itself


def waiting(told: Told, *, by: Actor, at: datetime) -> list[Waiting]:
    """All of it, the most pressing first."""
    may = {act for act in May if policy.why_not(by, act) is None}
    found = [*_own(told.own), *_late(told.late), *_unsigned(told.unsigned), *_first_steps(told.steps)]
    if May.RUN_CAMPAIGNS not in may:  # to whoever runs reviews each overdue one is told below
        found += _answered_for(told.answers_for, at)
    if May.READ_SYSTEMS in may:
        found += _failed(told.systems)
    found += _unreleased(told.unreleased)
    if May.JUSTIFY in may:
        found += _findings(told.findings, "critical")
    if May.RUN_CAMPAIGNS in may:
        found += _running(told.running, at)
    elif May.TAKE_EVIDENCE in may and told.closed is not None:
        text = (
            "Who could reach what, who decided, what was removed, and how we know: one file, verified on your machine."
        )
        found.append(Waiting(f"{told.closed.name} has ended: take its packet", text, "/evidence", "Go to the evidence"))
    if May.JUSTIFY in may:
        found += _findings(told.findings, "high")
    if May.READ_SYSTEMS in may:
        found += _unwell(told.systems, bool(told.steps))
    if not told.steps:  # who begins opens the first one by hand
        found += _unplanned(told.unplanned, May.RUN_CAMPAIGNS in may)
    return found


def _own(own: Sequence[Own]) -> Iterator[Waiting]:
    for each in own:
        path = f"/reviews/{each.campaign.id}"
        if each.done:
            continue
        if each.undecided:
            begun = each.undecided < each.items
            title = (
                f"{words.plural(each.undecided, 'item')} {'waits' if each.undecided == 1 else 'wait'} for your answer"
            )
            text = f"{each.campaign.name}: {each.items - each.undecided:,} of {each.items:,} answered."
            yield Waiting(title, text, path, "Go on" if begun else "Begin", each.campaign.due_at)
        else:
            title = f"Your answers to {each.campaign.name} have to be submitted"
            yield Waiting(title, "Everything is answered.", path + "/submission", "Look over and submit",
                          each.campaign.due_at)  # fmt: skip


def _late(late: Sequence[Late]) -> Iterator[Waiting]:
    for each in late:
        count = len(each.people)
        title = (
            f"{words.plural(count, 'reviewer')} who {'reports' if count == 1 else 'report'} to you "
            f"{'is' if count == 1 else 'are'} not done"
        )
        told = ", ".join(
            f"{name} ({words.plural(undecided, 'item')} without an answer)" if undecided else f"{name} (not submitted)"
            for name, undecided in each.people[:_NAMED]
        )
        others = f" and {words.plural(count - _NAMED, 'other')}" if count > _NAMED else ""
        text = f"{each.campaign.name} is overdue: {told}{others}. The link in their e-mail opens it for them."
        yield Waiting(title, text, "", "", each.campaign.due_at)


def _answered_for(rows: Sequence[Running], at: datetime) -> Iterator[Waiting]:
    for each in rows:
        if each.campaign.due_at < at:
            text = (
                f"{each.pending:,} of {words.plural(each.reviewers, 'reviewer')} not done. Whoever runs it reminds them, "
                "hands their shares on, or closes it; then you sign what came of it."
            )
            title, path = f"{each.campaign.name}, which you answer for, is overdue", f"/campaigns/{each.campaign.id}"
            yield Waiting(title, text, path + "/signature", "See how far it is", each.campaign.due_at)


def _unsigned(rows: Sequence[CampaignRow]) -> Iterator[Waiting]:
    if len(rows) > 1:
        text = "You are their control owner: look at what came of each, and sign those that are right."
        yield Waiting(f"{len(rows)} reviews wait for your signature", text, "/signatures", "Look at them")
        return
    for each in rows:
        text = "You are its control owner: look at what came of it, and sign it."
        yield Waiting(f"{each.name} waits for your signature", text, f"/campaigns/{each.id}/signature", "Look at it")


def _first_steps(steps: Sequence[Step]) -> Iterator[Waiting]:
    for step in steps:
        if not step.done:
            yield Waiting(step.name, step.says, step.path, step.name)
            return


def _failed(systems: Sequence[Standing]) -> Iterator[Waiting]:
    for each in systems:
        if each.state == State.FAILED:
            yield Waiting(f"{each.system.name} could not be read", each.because, f"/systems/{each.system.id}",
                          "See what is wrong")  # fmt: skip


def _unreleased(waits: Sequence[tuple[SystemRow, int]]) -> Iterator[Waiting]:
    for system, count in waits:
        title = (
            f"{words.plural(count, 'removal')} in {system.name} {'waits' if count == 1 else 'wait'} for a second person"
        )
        text = "You did not ask for them: look at the list, and release them if they are right."
        yield Waiting(title, text, f"/systems/{system.id}/lane", "Look at the list")


def _findings(counts: Mapping[str, int], severity: str) -> Iterator[Waiting]:
    count = counts.get(severity, 0)
    if count:
        title = f"{words.plural(count, f'{severity} finding')} {'is' if count == 1 else 'are'} open"
        yield Waiting(title, "Each says what to do about it.", f"/findings?severity={severity}", "Look at them")


def _running(running: Sequence[Running], at: datetime) -> Iterator[Waiting]:
    for each in running:
        path, name = f"/campaigns/{each.campaign.id}", each.campaign.name
        if each.drift:
            title = f"{words.plural(each.drift, 'privileged change')} came up during {name}"
            yield Waiting(title, "The review cannot close before each is decided.", path + "/drift", "Decide")
        if not each.pending and each.rounds:
            text = "Everybody has submitted. It begins within minutes, unless somebody has to be named for it."
            yield Waiting(f"The next round of {name} is to begin", text, path, "Look at it")
        elif not each.pending:
            yield Waiting(f"{name} can be closed", "Everybody has submitted.", path + "/closure", "Close it")
        elif each.campaign.due_at < at:
            title = f"{name} is overdue"
            yield Waiting(title, f"{each.pending:,} of {words.plural(each.reviewers, 'reviewer')} not done.", path,
                          "See who is pending", each.campaign.due_at)  # fmt: skip


def _unplanned(no: Refusal | None, runs: bool) -> Iterator[Waiting]:
    if no is not None and runs:
        yield Waiting("No review opens by itself", no.reason, "/schedules", "Have one open by itself")
    elif no is not None:
        yield Waiting("No review opens by itself", f"{no.reason} Ask whoever runs reviews for a schedule.", "", "")


def _unwell(systems: Sequence[Standing], beginning: bool) -> Iterator[Waiting]:
    for each in systems:
        if each.state in (State.STALE, State.PARTIAL) or (each.state == State.NEVER and not beginning):
            title = {
                State.STALE: f"The last reading of {each.system.name} is old",
                State.PARTIAL: f"Not everything of {each.system.name} could be read",
                State.NEVER: f"{each.system.name} was never read",
            }[each.state]
            text = "Nothing is known about it yet." if each.state == State.NEVER else each.because
            yield Waiting(title, text, f"/systems/{each.system.id}", "Look at it")
