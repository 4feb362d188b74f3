"""How a review goes on: its rounds, what nobody answered, what closing would make of it, and handing it on."""

from __future__ import annotations

from collections.abc import Mapping

from app.cli import wording
from app.cli.installation import find_campaign, opened, operator
from app.cli.telling import Telling, shown
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.means import removals_common
from app.review import former
from app.review import rounds as turning
from app.review import silences as verbs
from app.review.silence import POLICY
from app.stories import silences


def preview(telling: Telling, name: str, answer: str | None) -> None:
    """What would be taken away."""
    if answer not in (None, "keep", "remove", POLICY):
        raise Refused(
            Refusal("bad_answer", f'No answer cannot be "{answer}".', "Say keep, remove or policy.", status=422)
        )
    with opened() as means, means.database.reading() as session:
        told = silences.preview(
            session, find_campaign(means, name), answer, common=removals_common(means.settings), by=operator(),
            at=clock.now(),
        )  # fmt: skip
    asked = ", ".join(f"{who}: {count}" for who, count in told.by_reviewer.items()) or "nobody is silent"
    telling.say(f"{name}: {told.items} items have no answer ({asked}); {told.privileged} are privileged.", style="bold")
    if told.stays or told.goes:
        telling.say(f"Of them, what was said in a round before stands: {told.stays} stay, {told.goes} go.")
    if told.items > told.stays + told.goes:
        telling.say(f"Closing would {told.answer} {'the others' if told.stays or told.goes else 'them'}.")
    telling.table(
        ("system", "by Rolecall", "by hand", "why by hand"),
        (
            (each.system, _counted(each.carried_out), _counted(each.by_hand), "; ".join(why for why, _ in each.because))
            for each in told.takes_away
        ),
        empty="Nothing would be taken away.",
    )
    for each in told.takes_away:
        for why in each.held:
            telling.say(f"{each.system}: {why}")
    if told.accounts:
        telling.say(f"{told.accounts} accounts would lose something, {told.emptied} of them every grant they hold.")
    if told.refusal is not None:
        telling.say(f"Not now: {told.refusal.reason} {wording.out(told.refusal)}")
    telling.answer(
        {
            "answer": told.answer, "items": told.items, "seen": told.seen, "privileged": told.privileged,
            "stays": told.stays, "goes": told.goes,
            "by_reviewer": dict(told.by_reviewer), "accounts": told.accounts, "emptied": told.emptied,
            "takes_away": [
                {
                    "system": each.system, "carried_out": dict(each.carried_out), "by_hand": dict(each.by_hand),
                    "held": list(each.held),
                }
                for each in told.takes_away
            ],
            "refused": told.refusal.reason if told.refusal is not None else None,
        }
    )  # fmt: skip


def _counted(kinds: Mapping[str, int]) -> str:
    """How many of each kind, in words: "1 account, 20 grants"."""
    return shown({kind if count == 1 else f"{kind}s": count for kind, count in kinds.items()})


def pass_on(telling: Telling, name: str, to: str, reason: str) -> None:
    """Ask somebody else."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            told = verbs.pass_on(session, found.id, to=to, reason=reason, by=operator(), at=clock.now())
    telling.say(told.said())
    telling.answer({"moved": told.moved, "stayed": told.stayed, "theirs": told.theirs})


def rounds(telling: Telling, name: str) -> None:
    """All rounds."""
    with opened() as means, means.database.reading() as session:
        rows = former.rounds(session, find_campaign(means, name).id)
    telling.table(
        ("#", "round", "status", "asked", "due"),
        ((r.number, r.name, r.status, r.asked or "", r.due_at.date() if r.due_at else "") for r in rows),
        empty=f"{name} has one round.",
    )
    telling.answer(
        [{"number": r.number, "name": r.name, "status": r.status, "asked": r.asked, "due_at": r.due_at} for r in rows]
    )


def next_round(telling: Telling, name: str, resort: str | None) -> None:
    """Begin it."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            row = turning.go_on(session, found.id, resort=resort, by=operator(), at=clock.now())
    told = f"asks about {row.asked} items" if row.asked else "had nothing to ask, and is skipped"
    telling.say(f"Round {row.number}, {row.name}, {told}.")
    telling.answer({"number": row.number, "status": row.status, "asked": row.asked})
