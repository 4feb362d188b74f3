"""What runs unasked: the jobs there are, when they run by the clock, and which follow what has happened.

A stage never calls a later one. It writes a ledger entry; `FOLLOWS` says, for every kind of entry, which jobs come next,
and the worker hands each to the engine under the entry's own id, so that nothing is lost and nothing runs twice. A job may
run again after a crash, so each is written to be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.actors import failures, links, requests, sessions
from app.actors.actor import SCHEDULER
from app.compliance import assessments, attestations, raised, statuses
from app.detection import deadlines, findings, owners, waivers
from app.inventory import logins, sync
from app.inventory import queries as inventory
from app.kit.engine import Steps
from app.ledger import entries, leaves
from app.ledger.entries import Entry
from app.ledger.kinds import QUIET, Kind
from app.means import (
    Means,
    finding_terms,
    promise_limits,
    quiet_hours,
    reminder_limits,
    removal_brakes,
    stopped_outside,
)
from app.notices import admissions, announcing, channels, deliveries, sending, soundness
from app.notices import queries as notices
from app.notices.carriers.carrier import Ways
from app.notices.policy import ChannelStatus
from app.notices.tables import DeliveryRow
from app.openings import escalate_reviews, go_on_reviews, hand_over, open_due_campaigns, open_small_reviews
from app.passes import detect, judge_models
from app.remediation import comebacks, lane, remediations, verify, waits

Payload = Mapping[str, Any]
_WAYS_IN_KEPT_DAYS = 30  # sign-ins that are over and links that expired, for who asks what happened last week
_KEYS_KEPT_DAYS = 2  # an Idempotency-Key is for a client that lost our answer, not for next week
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A named errand. `lane` names what it must not run beside itself for (one system's removals), from its payload."""

    name: str
    run: Callable[[Means, Steps, Payload], Answer]
    lane: Callable[[Payload], str] | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A job by the clock, in the operator's time zone. Its id is its slot, so that many workers run it once."""

    job: str
    every: str  # APScheduler cron fields: "hour=2 minute=30"
    slot: str  # strftime of the slot's id


def read_system(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Read one system now. A crash resumes the same reading after its last page."""
    system = int(payload["system"])
    snapshot = sync.run(
        means.database, system, run=steps.key, keys=means.keys, clock=means.clock, by=SCHEDULER,
        at_once=means.settings.streams_at_once,
    )  # fmt: skip
    return {"snapshot": snapshot}


def read_all(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Ask for a reading of every system."""
    with means.database.transaction() as session:
        at = means.clock()
        asked = [
            Entry(Kind.SYNC_REQUESTED, f"system:{system.id}", {"system": system.id, "because": "schedule"})
            for system in inventory.systems(session)
        ]
        entries.record_many(session, asked, by=SCHEDULER.id, at=at)
    return {"asked": len(asked)}


def settle(means: Means, steps: Steps, payload: Payload) -> Answer:
    """What time alone does to findings: waivers end, owners who left pass on, what is late or unnoticed is told once."""
    terms = finding_terms(means.settings)
    with means.database.transaction() as session:
        at = means.clock()
        ended = waivers.expire(session, terms=terms, by=SCHEDULER, at=at)
        passed = owners.pass_on(session, security_owner=terms.security_owner, by=SCHEDULER, at=at)
        late = deadlines.breach(session, by=SCHEDULER, at=at)
        silent = deadlines.escalate(session, hours=terms.escalate_hours, by=SCHEDULER, at=at)
    return {"waivers_ended": ended, "passed_on": passed, "overdue": late, "escalated": silent}


def judge_controls(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Look at every line of the checklist. What its own findings brought about is no reason to look again."""
    if payload.get("source") == raised.SOURCE:
        return {"skipped": "these findings came from here"}
    limits, roster_days = promise_limits(means.settings), means.settings.roster_max_age_days
    with means.database.transaction() as session:
        at = means.clock()
        opened = assessments.open_where_needed(session, by=SCHEDULER, at=at)
        reminded = attestations.remind(session, by=SCHEDULER, at=at)
        judged = statuses.judge(session, limits, roster_max_age_days=roster_days, by=SCHEDULER, at=at)
        for batch in raised.batches(session, judged.facts):
            if not raised.changes(session, batch) and ("source" in payload or not batch.judgements):
                continue  # nothing new; what stays is confirmed by the night's look
            findings.reconcile(
                session, raised.SOURCE, batch.judgements, rules=batch.rules, system_id=batch.system_id,
                terms=finding_terms(means.settings), by=SCHEDULER, at=at,
            )  # fmt: skip
    return {"counts": dict(judged.counts), "changed": judged.changed, "opened": opened, "reminded": reminded}


def judge_channels(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Ask of every channel whether alerts arrive by it; one that is silent is a finding like any other."""
    with means.database.transaction() as session:
        at = means.clock()
        outcome = findings.reconcile(
            session, soundness.SOURCE, soundness.judgements(session, at=at), rules=[soundness.RULE.name],
            system_id=None, terms=finding_terms(means.settings), by=SCHEDULER, at=at,
        )  # fmt: skip
    return {"opened": outcome.opened, "reopened": outcome.reopened, "closed": outcome.closed}


def prove(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Hold every removal of a system against its newest reading: gone, still there, or come back while it is watched."""
    at, settings = means.clock(), means.settings
    watch, sla = timedelta(days=settings.removal_watch_days), timedelta(days=settings.removal_sla_days)
    with means.database.transaction() as session:
        snapshot = int(payload.get("snapshot") or inventory.newest(session, int(payload["system"])))
        system = inventory.system_of(session, snapshot)
        counts = verify.verify(session, snapshot, by=SCHEDULER, at=at)
        back = comebacks.notice(session, snapshot, watch=watch, sla=sla, by=SCHEDULER, at=at)
        comebacks.tell(session, system, snapshot, terms=finding_terms(settings), by=SCHEDULER, at=at)
    return {"counts": str(counts), "returned": back}


def open_removals(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Turn a closed campaign's decisions into promises, and send each system's lane to work."""
    with means.database.transaction() as session:
        at = means.clock()
        systems = remediations.open_for(
            session, int(payload["campaign"]), sla=timedelta(days=means.settings.removal_sla_days), by=SCHEDULER, at=at
        )
        asked = [
            Entry(Kind.REMOVAL_REQUESTED, f"system:{system}", {"system": system, "campaign": payload["campaign"]})
            for system in systems
        ]
        entries.record_many(session, asked, by=SCHEDULER.id, at=at)
    return {"systems": list(systems)}


def remove(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Carry out one system's open removals, one after another, then ask for the reading that proves them."""
    system, settings = int(payload["system"]), means.settings
    counts = lane.carry_out(
        means.database,
        system,
        keys=means.keys,
        clock=means.clock,
        by=SCHEDULER,
        brakes=removal_brakes(settings),
        stopped=lambda: stopped_outside(settings),
    )
    if counts.unproved:
        with means.database.transaction() as session:
            body = {"system": system, "because": "prove removals"}
            entries.record(
                session, Entry(Kind.SYNC_REQUESTED, f"system:{system}", body), by=SCHEDULER.id, at=means.clock()
            )
    return asdict(counts)


def wake_lanes(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Send the lanes to work for whose removals the hours have begun, or the stop has ended."""
    with means.database.transaction() as session:
        stopped = stopped_outside(means.settings)
        return {"systems": waits.wake(session, stopped=stopped, by=SCHEDULER, at=means.clock())}


def end_access(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Send the lanes of systems in which access was to end by now, and no end was kept there; and those in which a run
    before came to no end."""
    with means.database.transaction() as session:
        ended = waits.over(session, by=SCHEDULER, at=means.clock())
        return {"systems": ended, "taken_up": waits.take_up(session, by=SCHEDULER, at=means.clock())}


def forget(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Let go of what is kept for a time only: old sign-ins and sessions, and the keys of requests answered long ago."""
    at = means.clock()
    with means.database.transaction() as session:
        since = at - timedelta(days=means.settings.login_retention_days)
        gone = logins.forget(session, before=since, by=SCHEDULER, at=at)
        recent = at - timedelta(days=means.settings.session_retention_days)
        over = logins.forget_sessions(session, before=recent, by=SCHEDULER, at=at)
        requests.forget(session, before=at - timedelta(days=_KEYS_KEPT_DAYS))
        failures.forget(session, before=at - failures.KEPT)
        sessions.forget(session, before=at - timedelta(days=_WAYS_IN_KEPT_DAYS))
        links.forget(session, before=at - timedelta(days=_WAYS_IN_KEPT_DAYS))
        deliveries.forget(session, before=at - timedelta(days=means.settings.delivery_retention_days))
    return {"sign_ins": gone, "sessions": over}


def tell(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Make the messages that what happened, and the time of day, call for. The entry we follow is numbered first."""
    with means.database.transaction() as session:
        leaves.integrate(session)
    limits, hours, made, more = reminder_limits(means.settings), quiet_hours(means.settings), 0, True
    while more:
        with means.database.transaction() as session:
            told = announcing.tell(session, limits=limits, hours=hours, by=SCHEDULER, at=means.clock())
        made, more = made + told.made, told.more
    return {"made": made}


def _link(days: int, session: Session, row: DeliveryRow, at: datetime) -> str | None:
    return admissions.path(session, row, days=days, by=SCHEDULER, at=at)


def send(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Send the messages that are due, each outside any transaction."""
    settings = means.settings
    post = sending.Post(
        means.database,
        means.keys,
        means.clock,
        SCHEDULER,
        Ways(settings.home, settings.allow_private_addresses),
        settings.base_url,
        settings.time_zone,
        # With a provider to sign in at, a link that lets in by itself would only be one more thing to lose.
        (lambda session, row, at: None) if settings.oidc_issuer else partial(_link, settings.link_days),
    )
    return {**sending.send_due(post)}


def try_channels(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Send a test by every channel in use, so that one which broke in silence is known before it is needed."""
    with means.database.transaction() as session:
        used = [row for row in notices.channels(session) if row.status == ChannelStatus.ON]
        for row in used:
            channels.test(session, row, by=SCHEDULER, at=means.clock())
    return {"tested": len(used)}


JOBS: dict[str, Job] = {
    job.name: job
    for job in (
        Job("read_system", read_system, lane=lambda payload: f"reading:{payload['system']}"),
        Job("read_all", read_all),
        Job("detect", detect, lane=lambda payload: "detect"),
        Job("judge_models", judge_models, lane=lambda payload: "detect"),
        Job("settle", settle, lane=lambda payload: "detect"),
        Job("judge_controls", judge_controls, lane=lambda payload: "controls"),
        Job("judge_channels", judge_channels, lane=lambda payload: "detect"),
        Job("prove", prove, lane=lambda payload: f"proof:{payload.get('system')}"),
        Job("open_removals", open_removals),
        Job("remove", remove, lane=lambda payload: f"system:{payload['system']}"),
        Job("wake_lanes", wake_lanes),
        Job("end_access", end_access),
        Job("forget", forget),
        Job("open_due_campaigns", open_due_campaigns, lane=lambda payload: "campaigns"),
        Job("go_on_reviews", go_on_reviews, lane=lambda payload: "campaigns"),
        Job("escalate_reviews", escalate_reviews, lane=lambda payload: "campaigns"),
        Job("open_small_reviews", open_small_reviews, lane=lambda payload: "campaigns"),
        Job("hand_over", hand_over, lane=lambda payload: "campaigns"),
        Job("tell", tell, lane=lambda payload: "tell"),
        Job("send", send, lane=lambda payload: "send"),
        Job("try_channels", try_channels),
    )
}

SCHEDULE: tuple[Tick, ...] = (
    Tick("read_all", "hour=2 minute=30", "%Y-%m-%d"),
    Tick("detect", "hour=5 minute=0", "%Y-%m-%d"),
    Tick("settle", "minute=10", "%Y-%m-%dT%H"),
    Tick("judge_controls", "hour=5 minute=45", "%Y-%m-%d"),
    Tick("judge_channels", "hour=6 minute=0", "%Y-%m-%d"),
    Tick("end_access", "minute=20", "%Y-%m-%dT%H"),
    Tick("forget", "hour=4 minute=0", "%Y-%m-%d"),
    Tick("open_due_campaigns", "minute=*", "%Y-%m-%dT%H:%M"),
    Tick("go_on_reviews", "minute=*/5", "%Y-%m-%dT%H:%M"),
    Tick("escalate_reviews", "minute=20", "%Y-%m-%dT%H"),
    Tick("wake_lanes", "minute=*/5", "%Y-%m-%dT%H:%M"),
    Tick("hand_over", "minute=15", "%Y-%m-%dT%H"),
    Tick("tell", "minute=*", "%Y-%m-%dT%H:%M"),
    Tick("send", "minute=*", "%Y-%m-%dT%H:%M"),
    Tick("try_channels", "day=1 hour=9 minute=0", "%Y-%m"),
)

# What people hear of, and nothing else follows.
_TOLD = (
    Kind.SNAPSHOT_FAILED, Kind.FINDING_ASSIGNED, Kind.FINDINGS_OVERDUE, Kind.FINDINGS_ESCALATED, Kind.WAIVER_ASKED,
    Kind.WAIVER_ENDED, Kind.CAMPAIGN_OPENED, Kind.CAMPAIGN_ESCALATED, Kind.ROUND_BEGUN, Kind.CAMPAIGN_CANCELLED,
    Kind.ATTESTATION_ENDING, Kind.TASK_REASSIGNED, Kind.TASK_PASSED_ON, Kind.CONTROL_OWNER_NAMED,
)  # fmt: skip
# What the checklist is looked at again for.
_PROMISES = (
    Kind.ATTESTATION_ANSWERED, Kind.EXEMPTION_ANSWERED, Kind.REGISTER_UPLOADED, Kind.ASSESSMENT_SUBMITTED,
    Kind.ASSESSMENT_ANSWERED, Kind.SCOPE_CONFIRMED, Kind.STATEMENT_APPROVED,
)  # fmt: skip
# Quiet kinds are those that nothing follows; a test checks that each kind is either quiet or has a row here.
FOLLOWS: dict[Kind, tuple[str, ...]] = (
    dict.fromkeys(QUIET, ()) | dict.fromkeys(_TOLD, ("tell",)) | dict.fromkeys(_PROMISES, ("judge_controls",))
) | {
    Kind.SYNC_REQUESTED: ("read_system",),
    Kind.SNAPSHOT_SEALED: ("detect", "prove", "open_small_reviews", "hand_over", "tell"),
    Kind.DETECTION_RAN: ("tell", "judge_controls", "open_small_reviews"),  # which rules call for, too
    Kind.DETECTION_REQUESTED: ("detect",),
    Kind.CAMPAIGN_REMINDED: ("send",),
    Kind.REMEDIATION_UNDONE: ("prove",),  # whose return is over
    Kind.CAMPAIGN_CLOSED: ("open_removals", "tell", "judge_controls"),
    Kind.OUTCOME_SIGNED: ("hand_over",),  # which looks at what waits for somebody
    Kind.TASK_SUBMITTED: ("tell", "go_on_reviews"),
    Kind.BUNDLE_APPROVED: ("judge_models",),
    Kind.BUNDLE_REVISED: ("judge_models",),
    Kind.BUNDLE_RETIRED: ("judge_models",),
    Kind.REMOVAL_REQUESTED: ("remove",),
    Kind.REMOVALS_RESUMED: ("wake_lanes",),
    Kind.REMOVALS_RELEASED: ("remove",),
    Kind.LANE_CHANGED: ("remove",),
    Kind.CHANNEL_CHANGED: ("judge_channels", "tell"),
    Kind.CHANNEL_TESTED: ("judge_channels", "tell"),
    Kind.NOTICES_MADE: ("send",),
    Kind.NOTICE_REPLAYED: ("send",),
}


def slot(tick: Tick, at: datetime) -> str:
    """A tick's id at a moment of the operator's zone."""
    return f"{tick.job}:{at.strftime(tick.slot)}"
