"""Every kind of thing that can have happened. `jobs.FOLLOWS` says what follows each; a test checks that none is left out.

A kind is written `noun.past-participle`. New kinds are added here and in `jobs.FOLLOWS`, in one change.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What kind of thing happened; the value stands in the ledger for good and is never renamed."""

    # installation and actors
    INSTALLATION_MADE = "installation.made"
    ACTOR_MADE = "actor.made"
    ACTOR_CHANGED = "actor.changed"
    TOKEN_MADE = "token.made"  # noqa: S105  (a kind of entry, no secret)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    HOOK_MADE = "hook.made"
    HOOK_ROTATED = "hook.rotated"
    HOOK_ENDED = "hook.ended"
    LINK_MADE = "link.made"
    SESSION_BEGUN = "session.begun"
    SESSION_ENDED = "session.ended"
    KEY_ROTATED = "key.rotated"
    # inventory
    SYSTEM_ADDED = "system.added"
    SYSTEM_CHANGED = "system.changed"
    SYSTEM_REMOVED = "system.removed"
    WRITING_SWITCHED = "writing.switched"
    SYNC_REQUESTED = "sync.requested"
    SNAPSHOT_SEALED = "snapshot.sealed"
    SNAPSHOT_FAILED = "snapshot.failed"
    REPLAY_RECORDED = "replay.recorded"
    PAST_IMPORTED = "past.imported"  # answers of a review that was made elsewhere
    ROSTER_UPLOADED = "roster.uploaded"
    ROSTER_APPROVED = "roster.approved"
    IDENTITY_MATCHED = "identity.matched"
    PERSON_ERASED = "person.erased"
    LOGINS_FORGOTTEN = "logins.forgotten"
    SESSIONS_FORGOTTEN = "sessions.forgotten"
    LOGINS_SEEN = "logins.seen"
    # detection
    DETECTION_REQUESTED = "detection.requested"
    DETECTION_RAN = "detection.ran"
    PRIVILEGE_JUSTIFIED = "privilege.justified"
    RULE_LIMIT_SET = "rule.limit_set"
    RULE_ALERTS_SWITCHED = "rule.alerts_switched"
    FINDING_ACKNOWLEDGED = "finding.acknowledged"
    FINDING_ASSIGNED = "finding.assigned"
    FINDING_COMMENTED = "finding.commented"
    FINDINGS_PASSED_ON = "findings.passed_on"
    FINDINGS_OVERDUE = "findings.overdue"
    FINDINGS_ESCALATED = "findings.escalated"
    WAIVER_ASKED = "waiver.asked"
    WAIVER_APPROVED = "waiver.approved"
    WAIVER_REFUSED = "waiver.refused"
    WAIVER_ENDED = "waiver.ended"
    # review
    SCHEDULE_ADDED = "schedule.added"
    SCHEDULE_CHANGED = "schedule.changed"
    SCHEDULE_REMOVED = "schedule.removed"
    CAMPAIGN_OPENED = "campaign.opened"
    CAMPAIGN_OVERRIDDEN = "campaign.overridden"
    EXCLUSIONS_APPROVED = "exclusions.approved"
    POPULATION_ACCEPTED = "population.accepted"
    OUTCOME_SIGNED = "outcome.signed"
    CONTROL_OWNER_NAMED = "control_owner.named"
    CAMPAIGN_REMINDED = "campaign.reminded"
    CAMPAIGN_ESCALATED = "campaign.escalated"
    ROUND_BEGUN = "round.begun"
    ROUND_SKIPPED = "round.skipped"
    CAMPAIGN_CLOSED = "campaign.closed"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    TASK_REASSIGNED = "task.reassigned"
    TASK_PASSED_ON = "task.passed_on"
    TASK_SUBMITTED = "task.submitted"
    TASK_REOPENED = "task.reopened"
    DELEGATION_MADE = "delegation.made"
    DELEGATION_ENDED = "delegation.ended"
    DECISION_RECORDED = "decision.recorded"
    BUNDLE_DRAFTED = "bundle.drafted"
    BUNDLE_REVISED = "bundle.revised"
    BUNDLE_APPROVED = "bundle.approved"
    BUNDLE_RETIRED = "bundle.retired"
    DRIFT_LISTED = "drift.listed"
    DRIFT_DECIDED = "drift.decided"
    # remediation
    REMEDIATION_OPENED = "remediation.opened"
    REMOVAL_REQUESTED = "removal.requested"
    REMOVALS_STOPPED = "removals.stopped"
    REMOVALS_RESUMED = "removals.resumed"
    REMOVALS_RELEASED = "removals.released"
    LANE_CHANGED = "lane.changed"
    ACT_BEGUN = "act.begun"
    ACT_ENDED = "act.ended"
    REMEDIATION_MOVED = "remediation.moved"
    REMEDIATION_VERIFIED = "remediation.verified"
    REMEDIATION_RETURNED = "remediation.returned"
    REMEDIATION_UNDONE = "remediation.undone"
    REMEDIATION_PAPER = "remediation.paper"
    # compliance
    CONTROLS_JUDGED = "controls.judged"
    ATTESTATION_MADE = "attestation.made"
    ATTESTATION_ANSWERED = "attestation.answered"
    ATTESTATION_ENDING = "attestation.ending"
    EXEMPTION_MADE = "exemption.made"
    EXEMPTION_ANSWERED = "exemption.answered"
    REGISTER_UPLOADED = "register.uploaded"
    ASSESSMENTS_OPENED = "assessments.opened"
    ASSESSMENT_SUBMITTED = "assessment.submitted"
    ASSESSMENT_ANSWERED = "assessment.answered"
    SCOPE_CHANGED = "scope.changed"
    SCOPE_CONFIRMED = "scope.confirmed"
    STATEMENT_MADE = "statement.made"
    STATEMENT_APPROVED = "statement.approved"
    # evidence
    PACKET_SEALED = "packet.sealed"
    # notices
    CHANNEL_ADDED = "channel.added"
    CHANNEL_CHANGED = "channel.changed"
    CHANNEL_TESTED = "channel.tested"
    SUBSCRIPTION_ADDED = "subscription.added"
    SUBSCRIPTION_ENDED = "subscription.ended"
    PREFERENCE_CHANGED = "preference.changed"
    NOTICES_MADE = "notices.made"
    NOTICES_SENT = "notices.sent"
    NOTICE_REPLAYED = "notice.replayed"


# Entries that nothing follows get no pending row, so that a million decisions do not queue a million errands.
QUIET = frozenset(
    {
        Kind.INSTALLATION_MADE,
        Kind.ACTOR_MADE,
        Kind.ACTOR_CHANGED,
        Kind.TOKEN_MADE,
        Kind.TOKEN_REVOKED,
        Kind.HOOK_MADE,
        Kind.HOOK_ROTATED,
        Kind.HOOK_ENDED,
        Kind.LINK_MADE,
        Kind.SESSION_BEGUN,
        Kind.SESSION_ENDED,
        Kind.KEY_ROTATED,
        Kind.SYSTEM_ADDED,
        Kind.SYSTEM_CHANGED,
        Kind.SYSTEM_REMOVED,
        Kind.WRITING_SWITCHED,
        Kind.REPLAY_RECORDED,
        Kind.PAST_IMPORTED,
        Kind.ROSTER_UPLOADED,
        Kind.ROSTER_APPROVED,
        Kind.IDENTITY_MATCHED,
        Kind.PERSON_ERASED,
        Kind.LOGINS_FORGOTTEN,
        Kind.SESSIONS_FORGOTTEN,
        Kind.LOGINS_SEEN,
        Kind.PRIVILEGE_JUSTIFIED,
        Kind.RULE_LIMIT_SET,
        Kind.RULE_ALERTS_SWITCHED,
        Kind.FINDING_ACKNOWLEDGED,
        Kind.FINDING_COMMENTED,
        Kind.FINDINGS_PASSED_ON,
        Kind.WAIVER_APPROVED,
        Kind.WAIVER_REFUSED,
        Kind.SCHEDULE_ADDED,
        Kind.SCHEDULE_CHANGED,
        Kind.SCHEDULE_REMOVED,
        Kind.CAMPAIGN_OVERRIDDEN,
        Kind.EXCLUSIONS_APPROVED,
        Kind.POPULATION_ACCEPTED,
        Kind.ROUND_SKIPPED,
        Kind.TASK_REOPENED,
        Kind.DELEGATION_MADE,
        Kind.DELEGATION_ENDED,
        Kind.DECISION_RECORDED,
        Kind.BUNDLE_DRAFTED,
        Kind.DRIFT_LISTED,
        Kind.DRIFT_DECIDED,
        Kind.REMEDIATION_OPENED,
        Kind.REMOVALS_STOPPED,
        Kind.ACT_BEGUN,
        Kind.ACT_ENDED,
        Kind.REMEDIATION_MOVED,
        Kind.REMEDIATION_VERIFIED,
        Kind.REMEDIATION_RETURNED,
        Kind.REMEDIATION_PAPER,
        Kind.CONTROLS_JUDGED,
        Kind.ATTESTATION_MADE,
        Kind.EXEMPTION_MADE,
        Kind.ASSESSMENTS_OPENED,
        Kind.SCOPE_CHANGED,
        Kind.STATEMENT_MADE,
        Kind.PACKET_SEALED,
        Kind.CHANNEL_ADDED,
        Kind.SUBSCRIPTION_ADDED,
        Kind.SUBSCRIPTION_ENDED,
        Kind.PREFERENCE_CHANGED,
        Kind.NOTICES_SENT,
    }
)
