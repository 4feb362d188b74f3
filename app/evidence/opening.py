"""Which entries of the log are opened in a packet: their personal values say who decided what, why, and on what grounds.

Of all others only the commitments are there.
"""

from __future__ import annotations

from app.ledger.kinds import Kind

SHOWN = frozenset(
    {
        Kind.CAMPAIGN_OPENED,
        Kind.CAMPAIGN_OVERRIDDEN,
        Kind.EXCLUSIONS_APPROVED,
        Kind.POPULATION_ACCEPTED,
        Kind.OUTCOME_SIGNED,
        Kind.CONTROL_OWNER_NAMED,
        Kind.CAMPAIGN_ESCALATED,
        Kind.ROUND_BEGUN,
        Kind.ROUND_SKIPPED,
        Kind.CAMPAIGN_CLOSED,
        Kind.CAMPAIGN_CANCELLED,
        Kind.TASK_REASSIGNED,
        Kind.TASK_PASSED_ON,
        Kind.DECISION_RECORDED,
        Kind.DRIFT_LISTED,
        Kind.DRIFT_DECIDED,
        Kind.REMEDIATION_OPENED,
        Kind.REMOVAL_REQUESTED,
        Kind.ACT_BEGUN,
        Kind.ACT_ENDED,
        Kind.REMEDIATION_MOVED,
        Kind.REMEDIATION_VERIFIED,
        Kind.REMEDIATION_RETURNED,
        Kind.REMEDIATION_UNDONE,
        Kind.REMEDIATION_PAPER,
    }
)
