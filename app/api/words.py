"""The words that answers and filters are limited to, each set with a name, so that generated clients have them as types.

They are those of the stages; a test holds the two against each other.
"""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FindingStatus(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLOSED = "closed"
    WAIVED = "waived"


class WaiverStatus(StrEnum):
    """Where a waiver stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class ApproveOrRefuse(StrEnum):
    """What somebody else says to a waiver."""

    APPROVE = "approve"
    REFUSE = "refuse"


class DataClass(StrEnum):
    """How what a system holds is classed."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class Outcome(StrEnum):
    """What a line of the checklist came out as, the weakest first."""

    FAIL = "FAIL"
    EXPIRED = "EXPIRED"
    NOT_EVALUABLE = "NOT_EVALUABLE"
    ATTESTED = "ATTESTED"
    PASS = "PASS"  # noqa: S105  an outcome, no password
    NOT_APPLICABLE = "NOT_APPLICABLE"


class FilingStatus(StrEnum):
    """Where a word, or a reason why a line does not apply, stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class FilingAnswer(StrEnum):
    """What can be said to one."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RegisterKind(StrEnum):
    """What a register is of."""

    TRAINING = "training"
    SCREENING = "screening"
    CONFIDENTIALITY = "confidentiality"
    THIRD_PARTY_NDA = "third_party_nda"
    CONTRACTS = "contracts"
    VENDORS = "vendors"


class AssessmentStatus(StrEnum):
    """Where one turn of an integration's card stands."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    DECLINED = "declined"


class ScopeKind(StrEnum):
    """What the scope is made of."""

    SYSTEMS = "systems"
    INTEGRATIONS = "integrations"
    CLASSES = "classes"
    GROUPS = "groups"
    PLACES = "places"


class CampaignStatus(StrEnum):
    """Where a review stands."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RoundStatus(StrEnum):
    """Where a round of a review is."""

    PLANNED = "planned"
    OPEN = "open"
    ENDED = "ended"
    SKIPPED = "skipped"


class TaskStatus(StrEnum):
    """Where a reviewer's share stands."""

    OPEN = "open"
    SUBMITTED = "submitted"


class ItemKind(StrEnum):
    """What there is to decide on."""

    GRANT = "grant"
    ACCOUNT = "account"
    INTEGRATION = "integration"
    CREDENTIAL = "credential"
    GROUP = "group"
    DEFINITION = "definition"


class Answer(StrEnum):
    """What a reviewer says to an item."""

    KEEP = "keep"
    REMOVE = "remove"
    CHANGE = "change"
    ACKNOWLEDGE = "acknowledge"


class Aside(StrEnum):
    """Why a reviewer decides nothing: the item is not theirs, or they cannot say."""

    NOT_MINE = "not_mine"
    CANNOT_SAY = "cannot_say"


class Word(StrEnum):
    """What a reviewer may say to an item: an answer, or that they set it aside."""

    KEEP = "keep"
    REMOVE = "remove"
    CHANGE = "change"
    ACKNOWLEDGE = "acknowledge"
    NOT_MINE = "not_mine"
    CANNOT_SAY = "cannot_say"


class Said(StrEnum):
    """What a decision says: an answer, that the item is set aside, or that what was said before is taken back."""

    KEEP = "keep"
    REMOVE = "remove"
    CHANGE = "change"
    ACKNOWLEDGE = "acknowledge"
    NOT_MINE = "not_mine"
    CANNOT_SAY = "cannot_say"
    WITHDRAW = "withdraw"


class BundleStatus(StrEnum):
    """Whether a role model is in use."""

    LIVE = "live"
    RETIRED = "retired"


class BundleVersionStatus(StrEnum):
    """Where one version of a role model is."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class DriftChange(StrEnum):
    """What came of access, or of what it contains, while a review ran."""

    BEGAN = "began"
    ENDED = "ended"
    CHANGED = "changed"


class KeepOrRemove(StrEnum):
    """What is to become of what nobody was asked about."""

    KEEP = "keep"
    REMOVE = "remove"


class Wish(StrEnum):
    """What was promised: that access goes, is exchanged, gets an end, or is given back."""

    REMOVE = "remove"
    CHANGE = "change"
    TIME_BOX = "time_box"
    RESTORE = "restore"


class Reach(StrEnum):
    """How much of a time a log covers; of a part, what was seen was done, and there may be more."""

    WHOLE = "whole"
    PART = "part"
    UNKNOWN = "unknown"


class RemediationStatus(StrEnum):
    """Where a removal stands; only `verified` means that the system has said so since."""

    OPEN = "open"
    BY_HAND = "by_hand"
    ACTING = "acting"
    ACTED = "acted"
    DECLINED = "declined"
    VERIFIED = "verified"
    RETURNED = "returned"
    UNDONE = "undone"


class ActStatus(StrEnum):
    """How one call went."""

    PLANNED = "planned"
    BEGUN = "begun"
    DONE = "done"
    DECLINED = "declined"
    SKIPPED = "skipped"
    AMBIGUOUS = "ambiguous"


class SnapshotStatus(StrEnum):
    """Where a reading stands."""

    READING = "reading"
    SEALED = "sealed"
    FAILED = "failed"


class Verdict(StrEnum):
    """How far a stream of a reading may be trusted. Absence counts only in the first two."""

    COMPLETE = "complete"
    EXPLAINED = "explained"
    INCOMPLETE = "incomplete"
    NOT_COLLECTED = "not_collected"


class AccountKind(StrEnum):
    """Who signs in with an account."""

    PERSON = "person"
    SERVICE = "service"
    GUEST = "guest"
    UNKNOWN = "unknown"


class RoleName(StrEnum):
    """What an actor may do here; docs/api.md has the table."""

    ADMIN = "admin"
    IT_SECURITY = "it_security"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    SERVICE = "service"


class ChannelKind(StrEnum):
    """By what messages leave."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    APPRISE = "apprise"
    FILE = "file"


class ChannelState(StrEnum):
    """Whether a channel is used; `dead` after it failed for long."""

    ON = "on"
    OFF = "off"
    DEAD = "dead"
    REMOVED = "removed"


class ChannelSwitch(StrEnum):
    """What a channel may be switched to."""

    ON = "on"
    OFF = "off"
    REMOVED = "removed"


class DeliveryStatus(StrEnum):
    """Where a message stands. `folded`: it left inside another; `dropped`: its reader was done before it left."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    FOLDED = "folded"
    DROPPED = "dropped"


class EventName(StrEnum):
    """What can be told."""

    REVIEW_OPENED = "review.opened"
    REVIEW_GIVEN = "review.given"
    REVIEW_DUE = "review.due"
    REVIEW_OVERDUE = "review.overdue"
    REVIEW_ESCALATED = "review.escalated"
    REVIEW_SUBMITTED = "review.submitted"
    REVIEW_CLOSED = "review.closed"
    REVIEW_UNSIGNED = "review.unsigned"
    REVIEW_CANCELLED = "review.cancelled"
    REMOVAL_BY_HAND = "removal.by_hand"
    REMOVAL_FAILED = "removal.failed"
    REMOVAL_HELD = "removal.held"
    REMOVAL_OVERDUE = "removal.overdue"
    REMOVAL_RETURNED = "removal.returned"
    READING_FAILED = "reading.failed"
    READING_PARTIAL = "reading.partial"
    ROSTER_STALE = "roster.stale"
    FINDING_OPENED = "finding.opened"
    FINDING_BASELINE = "finding.baseline"
    FINDING_ASSIGNED = "finding.assigned"
    FINDING_OVERDUE = "finding.overdue"
    FINDING_ESCALATED = "finding.escalated"
    WAIVER_ASKED = "waiver.asked"
    WAIVER_ENDING = "waiver.ending"
    WAIVER_ENDED = "waiver.ended"
    ATTESTATION_ENDING = "attestation.ending"
    ACCOUNTS_DIGEST = "accounts.digest"
    CHANNEL_FAILED = "channel.failed"
    CHANNEL_TEST = "channel.test"


class ReplayVerdict(StrEnum):
    """What reading a sample again came to. Drifted: all that differs came later, by the system's own word."""

    SAME = "same"
    DRIFTED = "drifted"
    DIFFERS = "differs"
    INCOMPLETE = "incomplete"
