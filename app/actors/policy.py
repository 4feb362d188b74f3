"""What each role may do here, as tables: acts by role, and when a token or a role has ended.

The API's routes are held against `MAY` by a test: a route without an act here does not pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from math import ceil

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal


class May(StrEnum):
    """Everything a door can be asked to do, named for what it does."""

    SEE_SELF = "see and end one's own sign-ins and tokens"
    SEE_SYSTEMS = "see systems and their readings"
    SEE_ACCESS = "see who can reach what"
    SEE_FINDINGS = "see findings"
    SEE_CAMPAIGNS = "see campaigns and their progress"
    SEE_OWN_ITEMS = "see the items given to oneself"
    SEE_ALL_ITEMS = "see every item"
    SEE_REMEDIATIONS = "see removals and what became of them"
    SEE_LEDGER = "see the ledger and its checkpoints"
    TAKE_EVIDENCE = "build and download evidence"
    DECIDE = "decide on items"
    RUN_CAMPAIGNS = "open and close campaigns, hand items to others"
    READ_SYSTEMS = "have systems read"
    RUN_SYSTEMS = "add systems, change credentials, switch writing"
    JUSTIFY = "put reasons for privileges on file"
    SEE_OWN_FINDINGS = "see findings of one's own"
    COMMENT_OWN_FINDINGS = "comment on findings of one's own"
    HANDLE_FINDINGS = "own findings, comment on them, take note of them, ask for waivers"
    APPROVE_WAIVERS = "approve waivers that somebody else asked for"
    SEE_SIGN_INS = "see when and how one person signed in"
    SEE_PERSONAL_VALUES = "see names and reasons in the ledger"
    START_REMOVALS = "have access taken away without a review"
    UNDO_REMOVALS = "have access given back that was taken away"
    DO_BY_HAND = "report removals done by hand"
    STOP_REMOVALS = "stop every removal, and let them go on"
    RELEASE_REMOVALS = "release removals that need a second person"
    SEE_NOTICES = "see channels and what became of messages"
    SEE_CHECKLIST = "see the checklist and what is on file for it"
    ATTEST = "put words, registers and cards on file"
    APPROVE_PAPERS = "approve what others put on file"
    RUN_NOTICES = "run channels and subscriptions, send messages again"
    RUN_ACTORS = "make actors, roles and tokens"


_SEEING = frozenset(
    {
        May.SEE_SELF,
        May.SEE_SYSTEMS,
        May.SEE_ACCESS,
        May.SEE_FINDINGS,
        May.SEE_OWN_FINDINGS,
        May.SEE_CAMPAIGNS,
        May.SEE_ALL_ITEMS,
        May.SEE_OWN_ITEMS,
        May.SEE_REMEDIATIONS,
        May.SEE_LEDGER,
        May.SEE_NOTICES,
        May.SEE_CHECKLIST,
    }
)
MAY: dict[Role, frozenset[May]] = {
    # Times of sign-ins are IT security's alone, for a works council has a say in who looks at them.
    Role.ADMIN: frozenset(May) - {May.SEE_SIGN_INS},
    Role.IT_SECURITY: _SEEING
    | {May.READ_SYSTEMS, May.JUSTIFY, May.DO_BY_HAND, May.DECIDE}
    | {May.HANDLE_FINDINGS, May.COMMENT_OWN_FINDINGS, May.APPROVE_WAIVERS}
    | {May.ATTEST, May.APPROVE_PAPERS}
    | {May.SEE_SIGN_INS, May.SEE_PERSONAL_VALUES, May.START_REMOVALS, May.UNDO_REMOVALS}
    | {May.STOP_REMOVALS, May.RELEASE_REMOVALS},
    Role.REVIEWER: frozenset(
        {May.SEE_SELF, May.SEE_OWN_ITEMS, May.DECIDE, May.SEE_OWN_FINDINGS, May.COMMENT_OWN_FINDINGS}
    ),
    Role.AUDITOR: _SEEING | {May.TAKE_EVIDENCE},
    Role.SERVICE: frozenset({May.SEE_SELF, May.SEE_SYSTEMS, May.SEE_FINDINGS, May.SEE_OWN_FINDINGS, May.READ_SYSTEMS}),
}
_SAID = {Role.IT_SECURITY: "IT security"}  # as people say it, where that is not the word itself
_NEVER_BY_LINK = frozenset(
    {May.SEE_OWN_FINDINGS, May.COMMENT_OWN_FINDINGS}
)  # a message's link is for a review's items, and can be passed on


def why_not(actor: Actor, act: May) -> Refusal | None:
    """Whether one of the actor's roles allows the act, and its token, if it is cut down to some acts, does too."""
    by_link = actor.way == "link" and act in _NEVER_BY_LINK
    if not by_link and any(act in MAY[role] for role in actor.roles):
        return _why_not_in_scope(actor, act)
    if actor.way == "link":
        return Refusal(
            "not_by_link",
            f"You came by a link from a message, and may not {act} that way.",
            "Sign in to do this.",
            status=403,
        )
    fitting = ", ".join(_SAID.get(role, role) for role in Role if act in MAY[role])
    return Refusal(
        "not_allowed",
        f"You may not {act}.",
        f"This needs one of the roles: {fitting}. An admin can give it to you.",
        status=403,
    )


def _why_not_in_scope(actor: Actor, act: May) -> Refusal | None:
    if actor.scope is None or named(act) in actor.scope:
        return None
    return Refusal(
        "not_in_scope",
        f"This token may not {act}.",
        f"Make one whose scope has {named(act)}, or one without a scope.",
        status=403,
    )


def named(act: May) -> str:
    """An act's short name, as scopes of tokens are written: `see_findings`."""
    return act.name.lower()


def why_not_scope(scope: Collection[str]) -> Refusal | None:
    """Why a token cannot have this scope: it is empty, or names what is no act."""
    known = {named(act) for act in May}
    strange = sorted(set(scope) - known)
    if scope and not strange:
        return None
    reason = f'"{strange[0]}" is nothing a token can be for.' if strange else "A scope of nothing opens nothing."
    return Refusal("bad_scope", reason, f"Name some of: {', '.join(sorted(known))}.", status=422)


def not_signed_in() -> Refusal:
    """What whoever presents a cookie that opens nothing is told, whatever the reason."""
    return Refusal("not_signed_in", "You are not signed in, or not any more.", "Sign in again.", status=401)


def used_before() -> Refusal:
    """What lets somebody in lets them in once."""
    return Refusal(
        "used_before", "This sign-in was used already.", "Go back to the start and sign in again.", status=400
    )


def why_not_enter(
    *, revoked: datetime | None, expires: datetime, ended: datetime | None, at: datetime
) -> Refusal | None:
    """Whether a token may still be used. The answer never says which of the reasons it was to somebody outside."""
    if revoked is not None or expires <= at or ended is not None:
        return Refusal("not_signed_in", "This token is not valid.", "Ask an admin for a new one.", status=401)
    return None


def why_not_token(ended: datetime | None) -> Refusal | None:
    """A token for whoever gets in no more would open nothing, and look as if it did."""
    if ended is None:
        return None
    return Refusal("actor_ended", "This actor gets in no more.", "Make a new one.")


def why_not_days(days: int) -> Refusal | None:
    """What opens a door has an end."""
    if 1 <= days <= 365:
        return None
    return Refusal("hook_days", "A hook is good for 1 to 365 days.", "Choose another number.", status=422)


def why_not_hook(ended: datetime | None, roles: Collection[str]) -> Refusal | None:
    """A hook decides, so it is for whoever may."""
    if ended is not None or any(May.DECIDE in MAY[Role(role)] for role in roles):
        return why_not_token(ended)
    return Refusal("no_reviewer", "This actor may not decide on anything.", "Give it the role reviewer first.")


def why_not_exchange(
    ended: datetime | None, expires: datetime, overlap_until: datetime | None, at: datetime
) -> Refusal | None:
    """Why a hook gets no other secret now: it has ended, or its former one still counts and would be cut off."""
    if ended is not None or expires <= at:
        return Refusal("hook_ended", "This hook has ended.", "Make a new one.")
    if overlap_until is not None and at < overlap_until:
        return Refusal(
            "still_overlapping",
            f"Its former secret still counts, until {overlap_until.isoformat(timespec='minutes')}.",
            "Wait until then. If a secret was stolen, end this hook and make another.",
        )
    return None


def exchanged_meanwhile() -> Refusal:
    """Two gave a hook another secret at once; the second one's would have cut off the first one's."""
    return Refusal("changed_meanwhile", "Somebody else gave it another secret just now.", "Look again.", status=412)


def why_not_link(ended: datetime | None) -> Refusal | None:
    """A link for whoever gets in no more would open nothing, and look as if it did."""
    return why_not_token(ended)


def why_not_named(name: str) -> Refusal | None:
    """Nobody can be asked for who has no name."""
    if name.strip():
        return None
    return Refusal("no_name", "An actor needs a name.", "Go back and write it.", status=422)


def dead_link() -> Refusal:
    """What whoever opens a link that opens nothing is told, whatever the reason."""
    return Refusal(
        "dead_link",
        "This link opens nothing: it was used, it has expired, or it is not whole.",
        "Ask whoever sent it for a new one, or sign in. If you copied it, copy all of it.",
        status=400,
    )


def too_many_tries(seconds: int) -> Refusal:
    """Too many different wrong things were presented; `seconds` until the next may be."""
    minutes = max(1, ceil(seconds / 60))  # a minute too early would only count as one more
    return Refusal(
        "too_many_tries",
        "Too many tries to get in have failed, from your network or with this link or token.",
        f"Wait {'a minute' if minutes == 1 else f'{minutes} minutes'}, then try once more. Whoever is signed in stays so. "
        "If it was not you, tell whoever looks after this installation.",
        status=429,
        facts={"retry_after": seconds},
    )


def too_many_calls(seconds: int, limit: int) -> Refusal:
    """A token was used more often than it may be."""
    return Refusal(
        "too_many_calls",
        f"This token has made its {limit} calls of this minute.",
        f"Wait {seconds} seconds. An operator can allow more: ROLECALL_REQUESTS_PER_MINUTE.",
        status=429,
        facts={"retry_after": seconds},
    )


def in_no_group(admins: Sequence[str]) -> Refusal:
    """Somebody the provider vouches for has no role here."""
    return Refusal(
        "in_no_group",
        "We know who you are, but you are in no group that may come in here, or your role has ended.",
        f"{_ask(admins)} to give you a role, or your IT to put you into a group that has one.",
        status=403,
    )


def address_taken(admins: Sequence[str]) -> Refusal:
    """An address that belongs to somebody else here."""
    return Refusal(
        "address_taken",
        "Your address belongs here to somebody who signs in with another account of the provider.",
        f"{_ask(admins)} to end the old one; an address alone lets nobody in.",
        status=403,
    )


def not_any_more(admins: Sequence[str]) -> Refusal:
    """An actor that was ended."""
    return Refusal("actor_ended", "You get in here no more.", f"{_ask(admins)} if that is a mistake.", status=403)


def _ask(admins: Sequence[str]) -> str:
    return f"Ask {' or '.join(admins)}, who administer Rolecall," if admins else "Ask whoever administers Rolecall"


def why_not_without_admin(others: int, what: str) -> Refusal | None:
    """Why an admin's role stays: `others` are the admins who would be left, and without one nobody could make another."""
    if others:
        return None
    return Refusal(
        "last_admin",
        f"This is the last admin, so you cannot {what}.",
        "Make somebody else an admin first.",
    )


def why_not_give(role: Role, until: datetime | None, at: datetime) -> Refusal | None:
    """An auditor comes from outside, so the role always has an end; no role ends in the past."""
    if role is Role.AUDITOR and until is None:
        return Refusal("end_missing", "An auditor's role needs an end.", "Give a date.", status=422)
    if until is not None and until <= at:
        return Refusal("end_in_the_past", "The role would end in the past.", "Give a later date.", status=422)
    return None
