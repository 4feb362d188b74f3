"""What a refusal calls by the names of the API's fields and addresses, by those of the command line."""

from __future__ import annotations

from app.kit.refusal import Refusal

# What stands in a refusal, and what is typed here for it.
OURS = {
    '"control_owner": "<roster key>"': "--control-owner and their roster id",
    '"approver": "<roster key>"': '"approver": "<roster key>" in the file that --scope names',
    "or with POST /api/v1/acceptances, and you bring it when opening": (
        "or with `rolecall campaign accept`, and you bring it with --acceptance"
    ),
    "or with POST /api/v1/approvals, and you bring it when opening": (
        "or with POST /api/v1/approvals, and you bring it with --approval"
    ),
}


def said(refusal: Refusal) -> str:
    """A refusal with its way out, as it is told here."""
    told = f"{refusal.reason}\n{refusal.way_out}".strip()
    for theirs, ours in OURS.items():
        told = told.replace(theirs, ours)
    return told
