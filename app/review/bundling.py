"""Role models: the access that a job is meant to have, versioned, with an owner who answers for it.

bundle    live ──▶ retired
version   draft ──▶ approved ──▶ superseded (by the next that is approved)
            └─────▶ withdrawn (by the next draft, or with its bundle)

A version covers for a year from its approval. Without one that is approved, a job's access is decided in full. Privileged
access is never covered. The set-wise twin of `covers` is in `shown`; a property test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.actors.actor import Actor
from app.kit.refusal import Refusal
from app.review import chain

LASTS = timedelta(days=365)  # how long its owner's word holds
SHARE = 80  # per cent of a job's people who hold something, before it is proposed as meant for the job
PEERS = 5  # fewer people than this have no custom that could be proposed

FACTS = chain.PERSON  # what a job may be told by


class BundleStatus(StrEnum):
    """Whether a role model is in use."""

    LIVE = "live"
    RETIRED = "retired"


class VersionStatus(StrEnum):
    """Where one version of a role model is."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.DRAFT: frozenset({VersionStatus.APPROVED, VersionStatus.WITHDRAWN}),
    VersionStatus.APPROVED: frozenset({VersionStatus.APPROVED, VersionStatus.SUPERSEDED, VersionStatus.WITHDRAWN}),
    VersionStatus.SUPERSEDED: frozenset(),
    VersionStatus.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Content:
    """One entitlement of a role model, as far as it matters whether it may be in one. `known`: what it allows is."""

    label: str
    privileged: bool
    known: bool
    live: bool = True


def lasts(approved_at: datetime | None, at: datetime) -> bool:
    """Whether an approval still counts at a moment."""
    return approved_at is not None and at < approved_at + LASTS


def covers(
    *,
    in_model: bool,
    approved_at: datetime | None,
    privileged: bool,
    known: bool,
    temporary: bool,
    found: bool,
    new: bool,
    alone: bool,
    idle: bool,
    employed: bool | None,
    at: datetime,
) -> bool:
    """Whether one answer for a person covers this grant: the job is meant to have it, and nothing about it is unusual.

    `found` and `idle` speak of the account as well where the account itself is not asked about; `alone`: nobody else of
    five or more with the same job holds it.
    """
    plain = not (privileged or temporary or found or new or alone or idle)
    return in_model and lasts(approved_at, at) and known and plain and employed is True


def state(status: str, approved_at: datetime | None, at: datetime) -> str | None:
    """Why a version covers nothing, in words for a page; None if it covers."""
    if status == VersionStatus.APPROVED:
        if lasts(approved_at, at):
            return None
        since = approved_at.date().isoformat() if approved_at else "?"
        return f"its owner approved it on {since}, more than a year ago, and has to approve it again"
    return {
        VersionStatus.DRAFT: "its owner has not approved it yet",
        VersionStatus.SUPERSEDED: "a later version was approved in its place",
        VersionStatus.WITHDRAWN: "it was withdrawn",
    }[VersionStatus(status)]


# --- why not ---


def why_not_contents(contents: Sequence[Content], asked: int) -> Refusal | None:
    """Why these entitlements cannot be a role model: there are none, some are unknown, or some can never be covered."""
    if not asked:
        return _bad("it names no access", "Name at least one entitlement.")
    if len(contents) < asked or not all(content.live for content in contents):
        return _bad("something in it is not there (any more) in a connected CRM", "Choose from what there is.")
    mighty = [content.label for content in contents if content.privileged]
    if mighty:
        return _bad(
            f"privileged access is never covered ({', '.join(mighty[:5])})", "Leave it out; it is decided alone."
        )
    dark = [content.label for content in contents if not content.known]
    if dark:
        told = f"the system does not say what it allows ({', '.join(dark[:5])})"
        return _bad(told, "Leave it out; it is decided alone.")
    return None


def why_not_owner(able: bool) -> Refusal | None:
    """Why somebody cannot own a role model: they do not work here."""
    return None if able else _bad("its owner has left or is no person", "Name somebody who works here.")


def why_not_proposed(people: int, contents: int, least: int) -> Refusal | None:
    """Why nothing can be proposed from peers: there are too few of them, or they have nothing in common."""
    if people < least:
        return Refusal(
            "too_few_peers",
            f"{people} people have this job in the CRMs; a custom needs {least}.",
            "Draft it by hand.",
            status=409,
        )
    if not contents:
        return Refusal(
            "nothing_in_common", "The people of this job hold nothing in common.", "Draft it by hand.", status=409
        )
    return None


def why_not_live(status: str) -> Refusal | None:
    """Why nothing more becomes of a role model: it was retired."""
    if status == BundleStatus.LIVE:
        return None
    return Refusal("retired", "This role model was retired.", "Draft a new one.")


def why_not_approve(
    bundle_status: str, status: str, *, owner_id: int, own_job: bool | None, contents: Refusal | None, by: Actor
) -> Refusal | None:
    """Why this actor may not approve this version. `own_job`: whether it is a model of the approver's own job, None if that
    is not known; `contents`: why its entitlements, as they are by now, could not be one."""
    gone = why_not_live(bundle_status)
    if gone is not None:
        return gone
    if VersionStatus.APPROVED not in MOVES[VersionStatus(status)]:
        return Refusal("superseded", f"This version is {status}.", "Look at the latest one.")
    if by.identity_id is None or by.identity_id != owner_id:
        return Refusal(
            "not_owner", "Only its owner approves a role model.", "Ask the owner, or name another.", status=403
        )
    if by.way in ("link", "hook"):
        return Refusal("sign_in_for_this", "A role model is not approved that way.", "Sign in to do it.", status=403)
    if own_job is not False:
        return Refusal(
            "own_job",
            "Nobody approves the role model of their own job.",
            "Name an owner whose job it is not.",
            status=403,
        )
    return contents


def why_not_retire(status: str, reason: str) -> Refusal | None:
    """Why a role model cannot be retired."""
    return why_not_live(status) or (None if reason.strip() else _bad("retiring needs a reason", "Say why."))


def too_late() -> Refusal:
    """Somebody else changed it first."""
    return Refusal("too_late", "Somebody changed this role model meanwhile.", "Look at it again.", status=412)


def _bad(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_bundle", f"This role model cannot be taken: {reason}.", way_out, status=422)
