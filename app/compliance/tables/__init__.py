"""Rows of compliance: what lines came out as, what is on file for them, and what the organisation governs."""

from app.compliance.tables.filed import AttestationRow, DocumentRow, ExemptionRow, RegisterLineRow, RegisterRow
from app.compliance.tables.judged import OutcomeRow, StatusRunRow

__all__ = [
    "AttestationRow", "DocumentRow", "ExemptionRow", "OutcomeRow", "RegisterLineRow", "RegisterRow", "StatusRunRow",
]  # fmt: skip
