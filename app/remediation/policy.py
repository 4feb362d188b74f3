"""When a removal may move, and why a machine may not carry it out. Pure.

The interlocks hold without locks, because one system's removals run in one lane and everything here is read again just
before each call. Whatever stands against a call turns the removal into a person's task; it never disappears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.kit.refusal import Refusal
from app.ways import Way


class Status(StrEnum):
    """Where a removal stands. Only `verified` means that it is true in the CRM."""

    OPEN = "open"  # promised; nothing done yet, or to be tried again
    BY_HAND = "by_hand"  # a person's task, with steps
    ACTING = "acting"  # a call was begun and its end is not known
    ACTED = "acted"  # done as far as we know; no proof
    DECLINED = "declined"  # the CRM said no; a person's task, with its sentence
    VERIFIED = "verified"  # a later complete reading lacks it
    RETURNED = "returned"  # it was gone, and is back: a person looks at it
    UNDONE = "undone"  # decided anew: it may be there again, or stay


# From each status, where a removal may go. What was verified may come back; only what was undone has ended for good, and
# a call whose end is not known is waited for before that.
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.ACTING, Status.ACTED, Status.BY_HAND, Status.VERIFIED, Status.UNDONE}),
    Status.BY_HAND: frozenset({Status.OPEN, Status.ACTED, Status.VERIFIED, Status.UNDONE}),
    Status.ACTING: frozenset({Status.OPEN, Status.ACTED, Status.BY_HAND, Status.DECLINED}),
    Status.ACTED: frozenset({Status.OPEN, Status.VERIFIED, Status.UNDONE}),
    Status.DECLINED: frozenset({Status.OPEN, Status.ACTED, Status.VERIFIED, Status.UNDONE}),
    Status.VERIFIED: frozenset({Status.RETURNED, Status.UNDONE}),
    Status.RETURNED: frozenset({Status.OPEN, Status.VERIFIED, Status.UNDONE}),
    Status.UNDONE: frozenset(),
}
# What a reading may prove. ACTING is left to the lane, which looks first.
PROVABLE = tuple(status for status in Status if Status.VERIFIED in MOVES[status])
STOPPED = Refusal(
    "stopped", "Removals are stopped everywhere.", "Take away ROLECALL_STOP_REMOVALS or the file STOP in the home."
)
OWN_ACCOUNT = Refusal(
    "own_account",
    "This is the account that Rolecall itself signs in with.",
    "Give Rolecall a credential of another account first, then remove this one by hand.",
)
LAST_ADMINISTRATOR = Refusal(
    "last_administrator",
    "This is the last account known to be able to administer the system.",
    "Make sure that another administrator can sign in, then do it by hand.",
)
NOT_BY_API = Refusal(
    "not_by_api", "The system's API cannot take this away.", "Do it by hand; the removal has the steps."
)
# What a machine would do to take away a thing of each kind; any one of them that is switched on will do.
ACTS_FOR: Mapping[str, tuple[str, ...]] = {
    "account": ("deactivate", "remove_account"),
    "grant": ("remove_grant",),
    "credential": ("revoke_credential",),
    "integration": ("revoke_credential",),
}
# What no executor is asked to change: what access contains.
BY_A_PERSON = ("group", "definition")
CONTENTS = Refusal(
    "contents", "What access contains is changed by a person.", "Do it by hand; the removal has the steps."
)
MOST_PAPERS = 20  # about one removal
SHORTEST_REASON = 5  # letters: "ok" tells an auditor nothing
TASKS = (Status.BY_HAND, Status.DECLINED)  # what waits for a person


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one run over one system may take away. `percent` of what it holds counts from `percent_from` on."""

    per_run: int = 200
    percent: int = 10
    percent_from: int = 10


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known just before a call. `administers` None: the system does not say what the account may do."""

    act: str  # ActKind
    kind: str  # of the subject
    writing: frozenset[str]
    able: frozenset[str]  # kinds of act that the executor's credential may carry out; empty: it did not say
    own_keys: frozenset[str]  # accounts that Rolecall's own credentials belong to
    account_key: str | None
    account_kind: str | None
    administers: bool | None
    other_administrators: int
    authority: str | None = None  # of a grant


def later(status: str, opened_at: datetime, since: datetime, read_at: datetime) -> bool:
    """Whether a reading that began at `read_at` can say something about a removal. What is a person's task may have been
    done at any time since it was promised; of what was acted on, only a reading begun afterwards tells."""
    return read_at > (opened_at if Status(status) in TASKS else since)


def why_not_hand_in(status: str, note: str, papers: int, *, again: bool) -> Refusal | None:
    """Why a paper about a removal is not taken: nothing of it was a person's to do, nobody says what it shows, it is
    there already (`again`), or there are too many. It never moves the removal."""
    if status in (Status.OPEN, Status.ACTING, Status.UNDONE):
        told = "Nothing of this was done by a person yet."
        return Refusal("no_task", told, "Hand in what shows that it was done by hand, once it is a person's.")
    if len(note.strip()) < SHORTEST_REASON:
        return Refusal("no_reason", "Say what it shows.", "A sentence to the auditor is enough.", 422)
    if again:
        return Refusal("there_already", "This file was handed in for it before.", "Hand in another.")
    if papers >= MOST_PAPERS:
        return Refusal("too_many", f"{MOST_PAPERS} files are there already.", "Put the rest into one.")
    return None


def why_not_move(now: str, to: Status) -> Refusal | None:
    """Whether a removal may go from one status to another."""
    if to in MOVES[Status(now)]:
        return None
    return Refusal("no_such_move", f"A removal that is {now.replace('_', ' ')} cannot become {to.replace('_', ' ')}.")


def why_not_open(campaign_status: str) -> Refusal | None:
    """Promises are made when the campaign has closed, for until then decisions may be answered by others."""
    if campaign_status == "closed":
        return None
    return Refusal(
        "campaign_not_closed", f"The campaign is {campaign_status}.", "Removals begin when it has been closed."
    )


def why_not_start(finding_status: str, reason: str, wanted: int) -> Refusal | None:
    """Whether a revocation may be started from a finding: it is open, somebody says why, and something is to go."""
    if finding_status != "open":
        return Refusal("finding_not_open", f"The finding is {finding_status}.", "There is nothing to take away for it.")
    if len(reason.strip()) < SHORTEST_REASON:
        told = "Say why it is taken away, in a few words."
        return Refusal("no_reason", told, "The auditor reads it, and whoever misses the access.", 422)
    if not wanted:
        return Refusal("nothing_chosen", "Nothing was chosen to be taken away.", "Choose at least one thing.", 422)
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one thing that somebody wants to take away. `underway`: a removal of it that is not proved yet."""

    kind: str
    there: bool
    underway: str | None
    account_key: str | None
    own_keys: frozenset[str]
    administers: bool | None
    other_administrators: int


def why_not_revoke(now: Standing) -> Refusal | None:
    """Whether one thing may be taken away outside a review. What a machine may not do, but a person may, is no reason: it
    becomes a person's task."""
    if now.underway is not None:
        told = "It is being taken away already."
        return Refusal(
            "underway", told, "Look at that removal; it can be tried again.", facts={"removal": now.underway}
        )
    if not now.there:
        return Refusal("gone", "It is not there any more, as last read.", "Have the system read again.")
    if now.account_key is not None and now.account_key in now.own_keys:
        return OWN_ACCOUNT
    sure = now.administers is True and now.other_administrators == 0
    return LAST_ADMINISTRATOR if now.kind in ("account", "grant") and sure else None


def why_not_undo(status: str, wish: str, reason: str, *, own: bool) -> Refusal | None:
    """Whether a removal may be undone. `own`: the access is that of whoever asks."""
    if wish == "restore":
        return Refusal("gives_back", "This gives access back already.", "Have the access taken away again instead.")
    if status == Status.UNDONE:
        return Refusal("undone", "This removal was undone already.", "Look at what gives the access back.")
    if status == Status.ACTING:
        told = "A call was begun, and its end is not known yet."
        return Refusal("acting", told, "Wait until the system has been looked at again.")
    if own:
        told = "It is your own access, and nobody decides on their own."
        return Refusal("own_access", told, "Ask another administrator.", status=403)
    if len(reason.strip()) < SHORTEST_REASON:
        told = "Say why it may be there again, in a few words."
        return Refusal("no_reason", told, "The auditor reads it beside what was decided first.", 422)
    return why_not_move(status, Status.UNDONE)


def overtaken() -> Refusal:
    """Somebody else was first."""
    return Refusal("changed_meanwhile", "The removal was moved by somebody else.", "Look again and repeat.", 412)


def why_not_leave(reviews: Sequence[str], removals: int) -> Refusal | None:
    """A system is not taken out of sight while somebody counts on it: an open review, or a removal without its proof."""
    if not reviews and not removals:
        return None
    waiting = [f"the review {name}" for name in reviews] + ([f"{removals} removals"] if removals else [])
    return Refusal(
        "needed",
        f"The system is needed by {', '.join(waiting)}.",
        "Close or cancel the review, and let the removals be proved, first.",
    )


def why_not_run(planned: int, held: int, what: str, caps: Caps) -> Refusal | None:
    """Whether one run would take too much away at once. `planned` of the `held` ones of a kind (`what`, plural)."""
    facts = {"planned": planned, "held": held}
    # Kept, and read at every door.
    way_out = (
        "Check the review's scope. If it is right, raise the limit: on the system's page, under what holds its removals, "
        "by `rolecall system lane`, or by the API; for all systems with ROLECALL_MAX_REMOVALS_{}."
    )
    if planned > caps.per_run:
        told = f"{planned} {what} would be removed in one run; the limit is {caps.per_run}."
        return Refusal("too_many_removals", told, way_out.format("PER_RUN"), facts=facts)
    if planned > caps.percent_from and planned * 100 > held * caps.percent:
        told = f"{planned} of {held} {what} would be removed in one run; the limit is {caps.percent} %."
        return Refusal("too_large_a_share", told, way_out.format("PERCENT"), facts=facts)
    return None


def why_not_perform(now: Circumstances) -> Refusal | None:
    """Why a machine may not make this call, now. The first reason found, the gravest first."""
    return _own(now) or _last_administrator(now) or _not_a_person(now) or _elsewhere(now) or _switched_off(now)


def why_not_give_back(now: Circumstances) -> Refusal | None:
    """Why a machine may not give access back, now. It takes nothing from anybody, so nobody has to be spared."""
    return _elsewhere(now) or _switched_off(now)


def _own(now: Circumstances) -> Refusal | None:
    if now.account_key is None or now.account_key not in now.own_keys:
        return None
    return OWN_ACCOUNT


def _last_administrator(now: Circumstances) -> Refusal | None:
    if now.kind not in ("account", "grant") or now.administers is False or now.other_administrators > 0:
        return None
    if now.administers is None:
        told = "The system does not say what this account may do, and no other administrator is known."
        return replace(LAST_ADMINISTRATOR, reason=told)
    return LAST_ADMINISTRATOR


def _not_a_person(now: Circumstances) -> Refusal | None:
    if now.kind not in ("account", "grant") or now.account_kind not in ("guest", "service"):
        return None
    return Refusal(
        "not_a_person",
        f"This is a {now.account_kind} account: a site or a program may stop working without it.",
        "Ask whoever runs it, then do it by hand.",
    )


def _elsewhere(now: Circumstances) -> Refusal | None:
    if now.authority in (None, "crm"):
        return None
    where = {"idp": "a group of the identity provider", "policy": "an access policy"}.get(
        str(now.authority), "another system"
    )
    return Refusal(
        "granted_elsewhere",
        f"This access comes from {where}; taken away in the CRM it would come back.",
        "Take it away where it comes from.",
    )


def _switched_off(now: Circumstances) -> Refusal | None:
    act = now.act.replace("_", " ")
    if now.act not in now.writing:
        return Refusal(
            "writing_off",
            f"The system is read-only for this kind of act ({act}).",
            "Do it by hand, or let an administrator switch it on.",
        )
    if now.able and now.act not in now.able:
        return Refusal(
            "executor_may_not",
            f"The executor's credential may not do this ({act}).",
            "Do it by hand, or give it the right.",
        )
    return None


def why_not_erase(statuses: Sequence[Status]) -> Refusal | None:
    """Why nobody can be erased now: a removal of their access is not over, and needs to know whose it is."""
    going = [status for status in statuses if status not in (Status.VERIFIED, Status.UNDONE)]
    if not going:
        return None
    told = f"{len(going)} removals of this person's access are under way."
    return Refusal("under_way", told, "Let them be verified first.", way=Way.REMOVALS)
