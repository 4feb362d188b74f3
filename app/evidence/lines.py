"""Rows as the lines of a packet: one JSON document each, times in UTC, null where the system did not say.

Derived facts only. When and from where somebody signed in stays out: what a reviewer saw of it, as a band, is in `shown`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.evidence.queries import Line
from app.inventory.packing import RECEIPT
from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.remediation.tables import ActRow, PaperRow

_FLAGS = {"true": True, "false": False}
_FLAGGED = frozenset({"active", "frozen"})
_ACCOUNT = (
    "id", "key", "username", "email", "name", "active", "frozen", "kind", "title", "department", "manager_key",
    "employee_number", "licence", "created", "matched_by", "native", "began",
)  # fmt: skip
_GRANT = ("id", "source", "authority", "key", "granted", "granted_by", "until", "effective", "began")
_ENTITLEMENT = ("id", "key", "kind", "name", "label", "description", "privileges", "native", "revocable", "began")
_INTEGRATION = ("id", "key", "kind", "name", "publisher", "scopes", "active", "created", "derived", "began")
_CREDENTIAL = ("id", "key", "kind", "label", "scopes", "active", "created", "expires", "began")
_DRIFT = ("id", "subject", "change", "privileged", "shown", "answer", "reason", "by", "at")
_PAPER = ("digest", "note", "by", "at")
_REMEDIATION = (
    "id", "subject", "wish", "change_to", "until", "life", "status", "because", "target", "before", "after", "steps",
    "opened_at", "due_at", "acted_at", "verified_at",
)  # fmt: skip
_ACT = ("number", "kind", "says", "request", "status", "begun_at", "ended_at", "receipt", "because")


def account(row: Line, before: Mapping[str, str | None]) -> dict[str, Any]:
    """An account with what later readings changed taken back."""
    told = _plain(row[0], _ACCOUNT)
    for field, value in before.items():
        if field in told:
            told[field] = _FLAGS.get(value or "") if field in _FLAGGED else value
    return {**told, "identity": row[1]}


def entitlement(row: Line) -> dict[str, Any]:
    """Something an account can hold."""
    return _plain(row[0], _ENTITLEMENT)


def nesting(row: Line) -> dict[str, Any]:
    """Whoever holds the one also holds the other."""
    edge, holder, held = row
    return {"id": edge.id, "holder": holder, "held": held, "kind": edge.kind, "began": _text(edge.began)}


def grant(row: Line) -> dict[str, Any]:
    """A direct grant."""
    of, account_key, username, entitlement_key, entitlement_name = row
    return {
        **_plain(of, _GRANT),
        "account": account_key,
        "username": username,
        "entitlement": entitlement_key,
        "entitlement_name": entitlement_name,
    }


def integration(row: Line) -> dict[str, Any]:
    """A program with its own way in."""
    return {**_plain(row[0], _INTEGRATION), "owner": row[1]}


def credential(row: Line) -> dict[str, Any]:
    """The token or key it enters by; never its value."""
    return {**_plain(row[0], _CREDENTIAL), "account": row[1], "integration": row[2]}


def receipt(system: SystemRow, snapshot: SnapshotRow, stream: StreamRow, rests: str) -> dict[str, Any]:
    """How one stream of one reading went. `rests`: why the packet rests on it (frozen, roster, verifying)."""
    return {
        **_plain(stream, RECEIPT),
        "rests": rests,
        "system": system.id,
        "system_name": system.name,
        "snapshot": snapshot.id,
        "system_key": snapshot.coverage.get("key"),
        "connector": snapshot.connector,
        "principal": snapshot.principal,
        "api_version": snapshot.api_version,
        "snapshot_digest": snapshot.digest,
        "sealed_at": _text(snapshot.sealed_at),
    }


def item(row: Line, decisions: Sequence[Line], rounds: Sequence[Line] = ()) -> dict[str, Any]:
    """One thing that was decided on: what the reviewer saw, whose it is, and what was said, in order."""
    of, subject = row[0], row[0].subject_identity_id
    return {
        "item": of.id,
        "kind": of.kind,
        "subject": of.subject,
        "system": of.system_id,
        "system_name": row.system_name,
        "account": row.account_key,
        "username": row.username,
        "whose": row.subject_key,
        "whose_identity": subject,
        "privileged": of.privileged,
        "risk": of.risk,
        "shown": of.shown,
        "reviewer": row.reviewer_key,
        "reviewer_name": row.reviewer_name,
        "reviewer_identity": row.reviewer_id,
        "chosen_by": of.chosen_by,
        "delegation": _delegation(row),
        "reviewed_for": row.giver_name,
        "outcome": of.outcome,
        "settled": of.settled,
        "round": of.round,
        "rounds": [_round(each) for each in rounds],
        "role_model": _model(of),
        "decisions": [_decision(said, subject, row.model) for said in decisions],
    }


def _delegation(row: Line) -> dict[str, Any] | None:
    """By which delegation somebody reviews for somebody else; None: by none. The log has its scope, by its number."""
    if row.delegation is None:
        return None
    return {
        "number": row.delegation,
        "from": row.giver_key,
        "from_name": row.giver_name,
        "began": _text(row.delegated_from),
        "until": _text(row.delegated_until),
    }


def _round(row: Line) -> dict[str, Any]:
    """What an earlier round came to: who was asked, by which step, and what they said; null: nothing."""
    _, former, key, name = row
    return {
        "round": former.round,
        "reviewer": key,
        "reviewer_name": name,
        "reviewer_identity": former.reviewer_id,
        "chosen_by": former.chosen_by,
        "answer": former.answer,
    }


def _decision(row: Line, subject: int | None, model: str | None) -> dict[str, Any]:
    _, said, leaf, key, name, *_ = row
    known = said.by_identity_id is not None and subject is not None
    return {
        "entry": str(said.id),
        "leaf": leaf,
        "answer": said.answer,
        "reason": said.reason,
        "change_to": said.change_to,
        "until": _text(said.until),
        "by": said.by,
        "by_identity": said.by_identity_id,
        "by_person": key,
        "by_name": name,
        "way": said.way,
        "delegation": _delegation(row),  # as it was then, whoever reviews it now
        # Under which version of which role model it was acknowledged; what was decided on in full has none.
        "model": model if said.answer == "acknowledge" else None,
        "round": said.round,
        "at": _text(said.at),
        # None: it is nobody's, or who acted is not a known person; `concerned` in the ledger entry says more.
        "self_review": said.by_identity_id == subject if known else None,
    }


def _model(of: Any) -> str | None:
    """The role model that covers it, as its reviewer read it; None: it was decided on in full."""
    told = (of.shown or {}).get("model") if of.bundle_version_id is not None else None
    return f"{told['name']} v{told['number']}" if told else None


def drift(row: Line) -> dict[str, Any]:
    """What came or went while the campaign was open, and what was said about it."""
    return _plain(row[0], _DRIFT)


def remediation(
    row: Line, acts: Sequence[ActRow], papers: Sequence[PaperRow], meanwhile: dict[str, Any] | None
) -> dict[str, Any]:
    """A removal from the look before to the reading that proved it, and what was done until then."""
    of = row[0]
    proof = None
    if of.verified_snapshot_id is not None:
        proof = {
            "snapshot": of.verified_snapshot_id,
            "read_at": _text(row.read_at),
            "read_by": row.read_by,
            "digest": row.read_digest,
        }
    return {
        **_plain(of, _REMEDIATION),
        "item": of.item_id,
        "undoes": _text(of.undoes_id),
        "system": of.system_id,
        "system_name": row.system_name,
        "meanwhile": meanwhile,
        "acts": [{"act": str(act.id), **_plain(act, _ACT)} for act in acts],
        "papers": [_plain(paper, _PAPER) for paper in papers],  # no proof
        "verified_by": proof,
    }


def _plain(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _text(getattr(row, name)) for name in names}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    return str(value)
