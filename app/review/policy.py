"""What may be done with a review, and why not: opening, deciding, reassigning, closing.

campaign   open ──▶ closed
             └────▶ cancelled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal
from app.review import apart, aside, changing, independence, submission, turns
from app.review.submission import TaskStatus
from app.review.trust import Reading
from app.ways import Way


class Status(StrEnum):
    """Where a campaign is."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.CLOSED, Status.CANCELLED}),
    Status.CLOSED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class Answer(StrEnum):
    """What a reviewer can say."""

    KEEP = "keep"
    REMOVE = "remove"
    CHANGE = "change"
    ACKNOWLEDGE = "acknowledge"  # with one answer for a person, what the role model of their job covers; no keeping


WITHDRAW = "withdraw"  # takes an answer back to none; kept as a decision of its own, and no answer to an item
STAYS = frozenset({Answer.KEEP, Answer.ACKNOWLEDGE})
_ANSWERS, _ASIDE = frozenset(Answer), frozenset(aside.Aside)
BULK = 5_000  # decisions per call
REASSIGN = 10_000  # items per call


# --- opening ---


@dataclass(frozen=True, slots=True)
class Override:
    """A second person's word that a review may open although its readings fall short. `by` signed in as themselves."""

    by: Actor
    reason: str


def why_not_open(lacks: Sequence[Mapping[str, str]], override: Override | None, by: Actor) -> Refusal | None:
    """Why a campaign may not open on these readings: something lacks, and no second person answered for it."""
    if not lacks:
        return None
    if override is not None:
        return why_not_override(override, by)
    first, more = lacks[0], len(lacks) - 1
    read = {"incomplete": "not read completely", "stale": "read too long ago"}.get(first["verdict"], "not read")
    return Refusal(
        "readings_lack",
        f"{first['system']}: the {first['stream'].replace('_', ' ')} were {read} ({first['because']})"
        + (f"; and {more} more." if more else "."),
        "Read it again once the cause is gone, leave it out of scope with a reason, or let a second person override.",
        facts={"lacks": [dict(lack) for lack in lacks]},
    )


def why_not_override(override: Override, by: Actor) -> Refusal | None:
    """Why an override does not count: it takes two different people, both of whom may open campaigns, and a reason."""
    same_person = by.identity_id is not None and by.identity_id == override.by.identity_id
    if override.by.id == by.id or same_person:
        return _no_override("needs a second person", "Ask another administrator to give it.")
    if not override.by.has(Role.ADMIN) or "schedule" in (override.by.way, by.way):
        return _no_override(
            "is given by two people who may open campaigns, not by a schedule", "Open it by hand, in two."
        )
    if not override.reason.strip():
        return _no_override("needs a reason, which is printed on the evidence", "Say why.")
    return None


def why_not_due(due_at: datetime, at: datetime) -> Refusal | None:
    """Why a campaign cannot be due then: it would be over before it began."""
    if due_at > at:
        return None
    return Refusal(
        "bad_due", f"It would be due at {due_at.isoformat()}, which has passed.", "Name a later time.", status=422
    )


def why_not_rosterless(needs_roster: bool, rosters: int) -> Refusal | None:
    """Why a review may not do without a roster: there is one, and leaving it aside would hide who works here."""
    if needs_roster or not rosters:
        return None
    return Refusal(
        "bad_scope", "A roster is connected, so the review rests on it.", 'Say "roster": "required".', status=422
    )


def why_not_read(readings: Sequence[Reading]) -> Refusal | None:
    """Why there is nothing to freeze at, which nobody can override: a system was never read."""
    unread = next((seen for seen in readings if seen.needs and seen.snapshot_id is None), None)
    if unread is None:
        return None
    return Refusal("never_read", f"{unread.system} has never been read.", "Read it, or leave it out of scope.")


def why_not_reviewed(alone: int) -> Refusal | None:
    """Why a campaign may not open: `alone` items have no reviewer who is able, not concerned and did not set it up."""
    if not alone:
        return None
    return Refusal(
        "no_reviewer",
        f"For {alone} items nobody independent is left to decide; whoever sets a review up does not decide in it.",
        "Name a second fallback reviewer, or an owner for the system.",
        facts={"items": alone},
    )


def why_not_empty(items: int) -> Refusal | None:
    """Why a campaign may not open: its scope holds nothing, which is more often a slip of the pen than the truth."""
    return None if items else Refusal("empty", "Nothing is in this scope.", "Check its systems, kinds and department.")


def why_not_cancel(reason: str) -> Refusal | None:
    """Why a campaign may not be cancelled: nobody said why."""
    return None if reason.strip() else _no_answer("cancelling needs a reason", "Say why.")


def why_not_frozen(
    expected: Mapping[int, int] | None, frozen: Mapping[int, int], latest: Mapping[int, int]
) -> Refusal | None:
    """Why the population is not the one it should be: a system was read again since it was looked at, or just now.

    All map a system's id to a snapshot's: what the opener saw, what was frozen, what is there at the end of freezing.
    """
    if dict(frozen) == dict(latest) and (expected is None or dict(expected) == dict(frozen)):
        return None
    return Refusal(
        "read_again",
        "A system was read again while this campaign was being prepared.",
        "Look at the new reading and open the campaign on it.",
        facts={"snapshots": {str(system): snapshot for system, snapshot in latest.items()}},
    )


def _no_override(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_override", f"An override {reason}.", way_out, status=403)


# --- deciding ---


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What deciding on an item depends on. `concerned`: whose access it is, by every tie that is known now."""

    status: str  # the campaign's
    kind: str
    reviewer_id: int
    concerned: frozenset[int]
    privileged: bool
    task_status: str = TaskStatus.OPEN
    campaign_id: int | None = None
    configurer_id: int | None = None  # who set the campaign up
    owner_id: int | None = None  # who signs its outcome
    answered: bool = False
    heir: int | None = None  # who is asked next, if it is set aside
    against: str | None = None  # the worst severity of what is seriously wrong with it, as shown
    covered: bool = False  # whether the role model of a job covers it
    round: int = 1  # in which it is, or was last, asked
    campaign_round: int = 1  # the present one


def why_not_decide(
    item: ItemFacts, answer: str, *, reason: str, change_to: str | None, changeable: bool, by: Actor
) -> Refusal | None:
    """Why this actor may not give this answer. `changeable`: `change_to` names another live entitlement of the system."""
    return (
        why_not_move(item.status)
        or _why_not_reviewer(item, by)
        or apart.why_not_apart(by.identity_id, item.configurer_id, item.owner_id)
        or apart.why_not_this_way(by, item.campaign_id, item.privileged)
        or submission.why_not_draft(item.task_status)
        or turns.why_not_in_this_round(item.round, item.campaign_round, item.answered)
        or _why_not_answer(item, answer, reason, change_to, changeable)
    )


def why_not_bulk(item_ids: Sequence[int]) -> Refusal | None:
    """Why these items cannot be decided on in one call: too many, or one of them twice."""
    if len(item_ids) > BULK:
        return _no_answer(f"{len(item_ids)} items are more than {BULK} in one call", "Send them in parts.")
    if len(set(item_ids)) < len(item_ids):
        return _no_answer("an item is named twice", "Say one thing about each.")
    return None


def too_late(*, version: int, answer: str | None, who: str | None, at: datetime | None) -> Refusal:
    """Somebody else was first: what they said, who they are and when."""
    told = f'{who} said "{answer}" at {at.isoformat(timespec="seconds")}' if at else "it was changed meanwhile"
    return Refusal(
        "too_late",
        f"This item is no longer as you saw it: {told}.",
        "Look at it again and decide on what is there now.",
        status=412,
        facts={"by": who, "at": at.isoformat() if at else None, "answer": answer, "version": version},
    )


def why_not_move(status: str) -> Refusal | None:
    """Why a campaign cannot be worked on any more."""
    if status == Status.OPEN:
        return None
    return Refusal(
        "campaign_ended", f"This campaign is {status}; what was decided in it stands.", "Decide in the next one."
    )


def why_not_change(status: str, task_status: str) -> Refusal | None:
    """Why no answer of a share can be given or changed any more: its campaign has ended, or it was submitted."""
    return why_not_move(status) or submission.why_not_draft(task_status)


def _why_not_reviewer(item: ItemFacts, by: Actor) -> Refusal | None:
    if by.identity_id is None:
        return Refusal(
            "nobody", "You are not known as a person here, so you cannot decide.", "Sign in as yourself.", status=403
        )
    own = independence.why_not_independent(by.identity_id, item.concerned)
    if own is None and by.identity_id != item.reviewer_id:
        return Refusal(
            "not_reviewer",
            "This item is another reviewer's.",
            "Ask an administrator to reassign it; whoever decides is on record as its reviewer.",
            status=403,
        )
    return own


def _why_not_answer(
    item: ItemFacts, answer: str, reason: str, change_to: str | None, changeable: bool
) -> Refusal | None:
    if answer == WITHDRAW:
        nothing = Refusal("not_answered", "This item has no answer.", "There is nothing to take back.")
        return None if item.answered else nothing
    if answer in _ASIDE:
        return aside.why_not_aside(item.heir, change_to)
    if answer not in _ANSWERS:
        return _no_answer(f'"{answer}" is not an answer', f"Answer {', '.join((*Answer, *aside.Aside))}.")
    if answer == Answer.ACKNOWLEDGE and (not item.covered or item.privileged):
        return _no_answer("no approved role model covers it", "Decide on it in full: keep, remove or change.")
    if not reason.strip() and (answer not in STAYS or item.privileged):
        what = "keep privileged access" if answer == Answer.KEEP else answer
        return _no_answer(f"to {what} needs a reason", "Say why.")
    if not reason.strip() and item.against is not None:
        return _no_answer(f"to {answer} it against a finding of {item.against} severity needs a reason", "Say why.")
    return changing.why_not_change(answer, item.kind, change_to, changeable=changeable)


def _no_answer(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_answer", f"This answer cannot be taken: {reason}.", way_out, status=422)


# --- reassigning ---


def why_not_hand_on(found: int, named: int | None) -> Refusal | None:
    """Why these items cannot be handed on in one call: none, too many, or some that are not of this campaign."""
    if found > REASSIGN:
        return _no_answer(f"these are more than {REASSIGN} items in one call", "Hand them on in parts.")
    if not found or (named is not None and found != named):
        return Refusal("not_found", "Not all of these items are in this campaign.", "Name others.", status=404)
    return None


def why_not_reassign(
    *,
    reviewers: frozenset[int],
    concerned: frozenset[int],
    to_id: int,
    able: bool,
    reason: str,
    by: Actor,
    configurer_id: int | None = None,
    owner_id: int | None = None,
    submitted: bool = False,
) -> Refusal | None:
    """Why items may not go to another reviewer. `reviewers` have them now, `concerned` are the people they are about,
    `able` says whether the new reviewer is here for the rest of the campaign, `submitted` whether some were submitted."""
    runs = by.has(Role.ADMIN) and (by.scope is None or "run_campaigns" in by.scope)
    if not runs and (by.identity_id is None or reviewers != {by.identity_id}):
        return Refusal(
            "not_reviewer", "Only their reviewer or an administrator hands items on.", "Ask one.", status=403
        )
    if by.identity_id is not None and by.identity_id in concerned:
        return Refusal(
            "self_review", "Nobody chooses the reviewer of their own access.", "Ask another administrator.", status=403
        )
    if submitted:
        return submission.why_not_draft(TaskStatus.SUBMITTED)
    if to_id in concerned:
        return Refusal(
            "self_review", "Some of these items are the new reviewer's own access.", "Choose somebody else.", status=403
        )
    if to_id in apart.of(configurer_id, owner_id):
        return apart.why_not_apart(to_id, configurer_id, owner_id)
    if not able:
        return Refusal(
            "not_able", "The new reviewer has left, is away throughout or is no person.", "Choose somebody else."
        )
    if not reason.strip():
        return Refusal("bad_answer", "Handing items on needs a reason.", "Say why.", status=422)
    return None


# --- closing ---


def why_not_close(
    status: str,
    *,
    undecided: Mapping[str, int],
    privileged_undecided: int,
    drift_undecided: int,
    unanswered: str | None,
    drafts: Sequence[str] = (),
) -> Refusal | None:
    """Why a campaign may not close. `undecided` counts the items without an outcome per reviewer's name, `drafts` names
    who has answered all and not submitted; `unanswered` says what becomes of the silent ones, and lets drafts stand as
    they are; silence never keeps privileged access, and privileged drift is decided first."""
    if unanswered not in (None, Answer.KEEP, Answer.REMOVE):
        return _no_answer(f'unanswered items cannot "{unanswered}"', "Say keep or remove.")
    moved = why_not_move(status)
    if moved:
        return moved
    if undecided and unanswered is None:
        told = ", ".join(f"{name}: {count}" for name, count in undecided.items())
        return Refusal(
            "undecided",
            f"{sum(undecided.values())} items have no decision ({told}).",
            "Have them decided or reassigned, or say what no answer means.",
            facts={"undecided": dict(undecided)},
            way=Way.SAY_WHAT_SILENCE_MEANS,
        )
    if drafts and unanswered is None:
        return Refusal(
            "not_submitted",
            f"Answered and not submitted yet: {', '.join(drafts)}.",
            "Have them submit; or say what no answer means, which takes their answers as they are.",
            facts={"drafts": list(drafts)},
            way=Way.SAY_WHAT_SILENCE_MEANS,
        )
    if unanswered == Answer.KEEP and privileged_undecided:
        return Refusal(
            "undecided",
            f"{privileged_undecided} privileged items have no decision, and silence does not keep privileged access.",
            "Have them decided, or have removed what has no answer.",
            way=Way.LET_SILENCE_REMOVE,
        )
    if drift_undecided:
        return Refusal(
            "drift_undecided",
            f"{drift_undecided} privileged {'changes have' if drift_undecided > 1 else 'change has'} no decision yet.",
            "List the drift and decide on them first.",
            facts={"drift": drift_undecided},
        )
    return None


def why_not_unseen(seen: str | None, silent: str) -> Refusal | None:
    """Why a closing is not the one that was looked at: other items have no answer by now. Both are digests of which."""
    if seen is None or seen == silent:
        return None
    told = "Other items than those that you looked at have no answer by now."
    return Refusal("unseen", told, "Look once more, then close it.", status=412)
