"""Rows of compliance: what lines came out as, what is on file for them, and what the organisation governs."""

from app.compliance.tables.filed import AttestationRow, ExemptionRow, RegisterLineRow, RegisterRow
from app.compliance.tables.governed import AssessmentRow, ConfirmationRow, ScopeRow, StatementRow
from app.compliance.tables.judged import OutcomeRow, StatusRunRow

__all__ = [
    "AssessmentRow", "AttestationRow", "ConfirmationRow", "ExemptionRow", "OutcomeRow", "RegisterLineRow",
    "RegisterRow", "ScopeRow", "StatementRow", "StatusRunRow",
]  # fmt: skip
