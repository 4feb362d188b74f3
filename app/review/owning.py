"""The control owner of a review: accepts what is to be reviewed before it opens, and signs what came of it afterwards.

Their word before is bound to a digest of the population that they were shown, and the review opens on no other. A
schedule keeps a standing word for what its scope says, good for a year. Their signature is bound to the entry that closed
the review. They decide on nothing in it (`apart`), and whoever sets it up is somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actors.actor import Actor
from app.kit.refusal import Refusal
from app.ledger import jcs
from app.review import exclusions
from app.review.scope import Scope
from app.ways import Way

_SHORTEST = 10
_MORE = ("control_owner", "definitions")  # of a scope, beside what an approver of exclusions is asked about
UNOWNED = Refusal(
    "no_control_owner", "This review names no control owner.", "Name somebody else than yourself.", status=422,
    way=Way.NAME_CONTROL_OWNER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A control owner's word. `population`: the digest of what they were shown; None: a standing word, for a schedule."""

    by: str
    identity_id: int | None
    remark: str
    at: datetime
    population: str | None = None

    def written(self) -> dict[str, Any]:
        """As a schedule keeps it."""
        return {"by": self.by, "identity": self.identity_id, "remark": self.remark, "at": self.at.isoformat()}


def kept(written: Mapping[str, Any] | None) -> Acceptance | None:
    """A standing word as a schedule kept it."""
    if written is None:
        return None
    return Acceptance(written["by"], written["identity"], written["remark"], datetime.fromisoformat(written["at"]))


def parts(scope: Scope) -> dict[str, Any]:
    """What of a scope a standing word is for: what is asked about, what is left out, and who answers for it."""
    written = scope.written()
    return exclusions.parts(scope) | {part: written.get(part) for part in _MORE}


def digest(population: Mapping[str, Any]) -> str:
    """SHA-256 over what a review is of (`vouching.population`), written as RFC 8785 says."""
    return hashlib.sha256(jcs.dumps(population)).hexdigest()


def serves(scope: Scope, acceptance: Acceptance | None) -> exclusions.Approval | None:
    """The owner's word as the approver's, where the scope names one person for both: they saw what is left out."""
    if acceptance is None or scope.approver is None or scope.approver != scope.control_owner:
        return None
    return exclusions.Approval(acceptance.by, acceptance.identity_id, acceptance.remark, acceptance.at)


# --- before ---


def why_not_unowned(scope: Scope, *, needed: bool) -> Refusal | None:
    """Why a review may not open without a control owner: this installation wants one, and none is named."""
    if not needed or scope.control_owner is not None:
        return None
    return UNOWNED


def why_not_accepted(
    scope: Scope,
    acceptance: Acceptance | None,
    owner_id: int | None,
    *,
    population: str | None,
    set_up_by: int | None,
    by: Actor,
    at: datetime,
    called: str | None = None,
) -> Refusal | None:
    """Why a review of this `population` may not open: its owner's word is missing, somebody else's, too old, or for another
    population. None is a schedule that is added, for which alone, as for its reviews, a word may stand. `called` is the
    owner in words."""
    if scope.control_owner is None:
        return None
    owner = called or scope.control_owner
    if acceptance is None:
        way = Way.ASK_STANDING_WORD if population is None else Way.ASK_CONTROL_OWNER
        return _not_yet(f"waits for the word of {owner}, its control owner", "Ask for it.", way)
    if acceptance.identity_id is None or acceptance.identity_id != owner_id:
        return _not(f"was accepted by somebody else than {owner}", "Ask the control owner.")
    if acceptance.by == by.id or owner_id in (by.identity_id, set_up_by):
        return _not("is accepted by who sets it up", "Let somebody else open it, or name another control owner.")
    if at - acceptance.at > exclusions.GOOD_FOR:
        told = f"was accepted on {acceptance.at.date().isoformat()}, over a year ago"
        return _not_yet(told, f"Ask {owner} for a new word, and change the schedule with it.")
    if acceptance.population != population and acceptance.population is not None and population is not None:
        return Refusal(
            "other_population",
            "What would be opened is not what its control owner accepted: something was read, or changed, since.",
            f"Ask {owner} to look again.",
        )
    if (acceptance.population is None) != (population is None or by.way == "schedule"):
        told = "for a schedule only" if acceptance.population is None else "for one review only"
        return _not_yet(f"was accepted {told}", "Ask for a word for this.")
    return None


def why_not_accept(scope: Scope, identity_id: int | None, owner_id: int | None, remark: str) -> Refusal | None:
    """Why somebody may not accept a population: it names no owner, or another, or they say nothing about it."""
    if scope.control_owner is None:
        return UNOWNED
    if identity_id is None or identity_id != owner_id:
        told = f"is for {scope.control_owner} to accept, who is not you"
        return _not(told, "Sign in as who the scope names, or let it name you.")
    return why_not_remark(remark)


def why_not_remark(remark: str) -> Refusal | None:
    """Why a word does not count: nothing is said with it, or hardly anything."""
    if len(remark.strip()) >= _SHORTEST:
        return None
    return Refusal(
        "does_not_fit", "Say what you looked at, in a sentence.", "It is printed on the evidence.", status=422
    )


# --- afterwards ---


def why_not_sign(
    *, status: str, owner_id: int | None, signed: bool, decided: int, closed_by: str | None, by: Actor
) -> Refusal | None:
    """Why this actor may not sign what came of a review: it is not closed, signed already, not theirs, closed by them, or
    some of it is their own deciding (`decided`)."""
    if status != "closed":
        return Refusal("not_closed", "Only what is closed can be signed.", "Close it first.")
    if signed:
        return Refusal("signed_already", "This outcome is signed; what was signed stands.", "Look at the signature.")
    if owner_id is None:
        return Refusal("no_control_owner", "This review has no control owner.", "Name one on its page.")
    if by.identity_id != owner_id:
        return Refusal(
            "not_the_owner", "Its control owner signs it, who is not you.", "Sign in as who is named.", status=403
        )
    if decided:
        return Refusal(
            "decided_in_it",
            f"You decided on {decided} of it yourself, and nobody signs their own answers.",
            "Have an administrator name another control owner.",
            status=403,
        )
    if closed_by == by.id:
        return Refusal(
            "closed_it", "You closed it yourself.", "Have an administrator name another control owner.", status=403
        )
    return None


def why_not_named(
    *, status: str, signed: bool, able: bool, share: int, decided: int, set_up: bool, reason: str, who: int, by: Actor
) -> Refusal | None:
    """Why somebody cannot become a review's control owner: it is over, they are not here, it would be their own word, or
    they have or had a `share` in it."""
    if status == "cancelled" or signed:
        return Refusal("campaign_ended", "Nothing is left to sign in this review.", "Look at its page.")
    if not able:
        return Refusal("not_able", "They have left, are away or are no person.", "Choose somebody else.")
    if set_up or by.identity_id == who:
        return Refusal(
            "own_word", "Who sets a review up, or names its owner, does not sign it.", "Choose somebody else."
        )
    if share or decided:
        return Refusal(
            "decided_in_it",
            f"They have {share} items of it and decided on {decided}; nobody signs their own answers.",
            "Choose somebody else.",
        )
    if not reason.strip():
        return Refusal("bad_answer", "Naming another control owner needs a reason.", "Say why.", status=422)
    return None


def _not_yet(reason: str, way_out: str, way: Way | None = None) -> Refusal:
    return Refusal("not_accepted", f"This review {reason}.", way_out, way=way)


def _not(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_acceptance", f"This review {reason}.", way_out, status=403)
