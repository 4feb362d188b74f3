"""Why not: every reason for which inventory declines to do what it was asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.kit.refusal import Refusal
from app.ways import Way
from connectors.connector import ActKind
from connectors.records import Stream

ROSTER_DAYS = 7  # older than this, leavers and managers are guesses
ROSTER_SHRINK = 0.05  # a roster that lost more of its people than this is a cut file until somebody says otherwise
ACTS = frozenset(str(kind) for kind in ActKind)


def switched_off(config: Mapping[str, Any]) -> Mapping[Stream, str]:
    """Streams that are read only where an operator switched them on, and are not here; with how to."""
    if config.get("sessions") == "on":
        return {}
    return {Stream.SESSIONS: 'switched off; set "sessions" to "on" in the system\'s configuration'}


def why_not_kind(kind: str, known: Sequence[str]) -> Refusal | None:
    """A system must be of a kind that there is a connector for."""
    if kind in known:
        return None
    return Refusal(
        "unknown_kind", f"There is no connector of kind {kind!r}.", f"Choose one of: {', '.join(known)}.", 422
    )


def why_not_class(held: str) -> Refusal | None:
    """What a system holds is classed by one of four words."""
    if held in CLASSES:
        return None
    return Refusal("no_such_class", f"There is no class {held!r}.", f"There are: {', '.join(CLASSES)}.", 422)


def why_not_name(name: str, taken: bool) -> Refusal | None:
    """Systems are told apart by name."""
    if not name.strip():
        return Refusal("no_name", "A system needs a name.", "Name it as your people call it.", 422)
    if taken:
        return Refusal("name_taken", f"There is a system named {name} already.", "Choose another name.")
    return None


def why_not_credentials(reader: Mapping[str, str], executor: Mapping[str, str] | None) -> Refusal | None:
    """What proves a removal must not be what carried it out."""
    if executor is not None and executor and dict(executor) == dict(reader):
        return Refusal(
            "same_credential",
            "The executor's credential is the reader's.",
            "Register a second one in the CRM: the reader's should not be able to change anything.",
            422,
        )
    return None


CLASSES = ("public", "internal", "confidential", "restricted")  # of what a system holds
OURSELVES = "rolecall"  # the kind of the one system that is this installation
OWN_ACTS = ("deactivate", "remove_grant", "revoke_credential")


def has_executor(kind: str, secret: bytes | None) -> bool:
    """Whether acts can be carried out: by a credential of its own, or here by the house's own verbs."""
    return secret is not None or kind == OURSELVES


def why_not_remove(kind: str) -> Refusal | None:
    """Who may do what here is under review like everything else, and nobody can take it out of sight."""
    if kind != OURSELVES:
        return None
    return Refusal("ourselves", "This installation reviews itself, always.", "Its writing can be switched off.", 403)


def why_not_configure(
    has_executor: bool, *, reader: Mapping[str, str] | None, executor: Mapping[str, str] | None
) -> Refusal | None:
    """A stored credential is sent only to the address that it was given for."""
    if reader is not None and (executor is not None or not has_executor):
        return None
    lacking = "reader's" if reader is None else "executor's"
    return Refusal(
        "credential_again",
        f"Another configuration needs the {lacking} credential again: it may lead to another address.",
        "Send the credentials along with it.",
        422,
    )


def why_not_write(kinds: Sequence[str], *, has_executor: bool) -> Refusal | None:
    """Writing is switched on per kind of act, and only with a credential of its own."""
    if unknown := sorted(set(kinds) - ACTS):
        return Refusal(
            "unknown_act", f"There is no such act: {', '.join(unknown)}.", f"Choose of: {', '.join(sorted(ACTS))}.", 422
        )
    if kinds and not has_executor:
        return Refusal(
            "no_executor",
            "The system has no executor credential, so it stays read-only.",
            "Give it one that differs from the reader's, then switch writing on.",
        )
    return None


def why_not_pin(pinned: str | None, key: str, *, name: str) -> Refusal | None:
    """A system is one org or portal for ever: a credential of another one must not overwrite what was seen here."""
    if pinned is None or pinned == key:
        return None
    return Refusal(
        "another_org",
        f"{name} is {pinned}, but this credential enters {key}.",
        "Use a credential of the same org, or add the other one as a system of its own.",
    )


def why_not_seal(*, status: str, began_at: datetime, latest: datetime | None) -> Refusal | None:
    """Readings are merged in the order in which they began; an overtaken one would bring back the past."""
    if status == "failed":
        return Refusal("reading_failed", "The reading failed and cannot be sealed.", "Start another one.")
    if latest is not None and latest > began_at:
        return Refusal(
            "overtaken", "A reading that began later has been sealed already.", "Nothing is lost: it is newer."
        )
    return None


def why_not_approve_roster(*, uploaded_by: str, approved_by: str | None, by: str) -> Refusal | None:
    """A second person vouches for a roster."""
    if approved_by is not None:
        return Refusal("approved_already", f"The roster was approved already, by {approved_by}.")
    if uploaded_by == by:
        return Refusal("own_upload", "Whoever handed the roster in cannot approve it.", "Ask somebody else.", 403)
    return None


def why_not_upload_roster(*, kind: str, extracted_at: datetime, at: datetime) -> Refusal | None:
    """Rosters are handed in to roster systems, and were extracted before they are."""
    if kind != "roster":
        return Refusal("no_roster", "Only a system of kind roster takes roster files.", "Add one first.", 422)
    if extracted_at > at:
        told = f"The roster says that it was extracted at {extracted_at.isoformat()}, which is still to come."
        return Refusal("from_the_future", told, "Correct the time.", 422)
    return None


def why_not_replay(*, sample: int, read: Collection[Stream]) -> Refusal | None:
    """A sample is held against a reading that was whole; against any other, a difference would say nothing."""
    if sample < 1:
        return Refusal("no_sample", "A sample needs at least one account.", "Ask for some.", 422)
    if lacking := [each for each in (Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS) if each not in read]:
        told = f"The newest reading is not complete in {', '.join(lacking)}."
        return Refusal("no_complete_reading", told, way=Way.READ_AGAIN)
    return None


def shrunk(now: int, before: int) -> bool:
    """Whether a roster lost so many people that it looks like a cut file."""
    return now < before * (1 - ROSTER_SHRINK)


def why_not_trust_roster(
    *,
    extracted_at: datetime | None,
    people: int,
    before: int,
    approved_at: datetime | None,
    max_age_days: int = ROSTER_DAYS,
    at: datetime,
) -> Refusal | None:
    """Whether leavers and managers may rest on a roster.

    `people` in it, `before` in the one before. A second person's approval excuses the shrinking, and counts as a look of
    that day for its age.
    """
    if shrunk(people, before) and approved_at is None:
        return Refusal(
            "roster_shrunk",
            f"The roster names {people} people where the one before named {before}.",
            "Check the export; if it is right, somebody other than the uploader approves it.",
            facts={"people": people, "before": before},
        )
    known = [when for when in (extracted_at, approved_at) if when is not None]
    if not known or at - max(known) > timedelta(days=max_age_days):
        days = (at - max(known)).days if known else None
        told = f"{days} days old" if days is not None else "of unknown age"
        return Refusal("roster_stale", f"The roster is {told}.", "Hand in a fresh export.", facts={"days": days})
    return None


def why_not_match(*, ended: bool, erased: bool) -> Refusal | None:
    """An account is given by hand only to somebody who can be named."""
    if ended:
        return Refusal("account_gone", "The account is no longer in the system.", "Nothing needs matching.")
    if erased:
        return Refusal("identity_erased", "That person was erased on request.", "Choose another identity.")
    return None
